# A hostile session, and an administrator who looks into it from a terminal.
. tests/stage.sh

# typed COMMAND: types COMMAND into a root shell at a terminal; says whether the injected input was run
typed() {
	rm -f /tmp/injected
	cp "$TOP/tests/login/hostile.py" $STAGE/hostile.py
	chmod 644 $STAGE/hostile.py
	COMMAND="$1" expect -c '
		log_user 0
		set timeout $env(PATIENCE)
		spawn env PS1=ready: bash --norc --noprofile
		expect ready:
		send -- "$env(COMMAND); echo ov\"\"er\r"
		expect over
		expect ready:
		sleep 2
		send -- "echo al\"\"l; exit\r"
		expect eof' >/dev/null
	if [ -e /tmp/injected ]; then echo injected; else echo nothing; fi
	rm -f /tmp/injected $STAGE/hostile.py
}
INJECT="python3 $STAGE/hostile.py inject 'touch /tmp/injected\n'"

check_enter() {
	local client
	on "$user" 'exec sleep 301' &
	client=$!
	wait_for pgrep -u "$user" -x sleep || fail "no session"
	assert_eq "$(typed "nsisolatectl enter $user/1 -- $INJECT")" nothing "typed at root's terminal from a session"
	pkill -u "$user" -x sleep
	wait $client
}
test_nothing_is_typed_at_the_terminal_of_an_admin_who_enters() {
	# the control; root's own, which every kernel allows (dev.tty.legacy_tiocsti)
	assert_eq "$(typed "$INJECT")" injected "without enter"
	both check_enter
}

# ridden COMMAND: the same while a process of dave's, outside all sessions, traces what starts as dave
ridden() {
	local rider
	cp "$TOP/tests/login/hostile.py" $STAGE/ride.py
	chmod 644 $STAGE/ride.py
	as dave setsid python3 $STAGE/ride.py ride "exec $INJECT" >$STAGE/rides 2>&1 &
	rider=$!
	wait_for grep -q riding $STAGE/rides || fail "no rider: $(cat $STAGE/rides)"
	typed "$1"
	pkill -KILL -u dave
	wait $rider
	rm -f $STAGE/ride.py
}
test_nothing_that_doctor_starts_is_in_the_hands_of_a_user() {
	# the control: a process of dave's that root starts at a terminal, as su does without a pty of its own
	assert_eq "$(ridden 'setpriv --reuid dave --regid dave --clear-groups sh -c "sleep 1; sh -c :; sleep 1"')" \
		injected "by a process that root began as dave"
	pam_stack sshd ''
	nsisolatectl doctor | grep -q 'user namespaces .*tried for dave.*: it works' || fail "$(nsisolatectl doctor)"
	assert_eq "$(ridden 'for i in 1 2 3 4 5; do nsisolatectl doctor; done >/dev/null')" nothing "by doctor"
	grep 'a shell' $STAGE/rides && fail "a shell that doctor began was traced"
	rm $STAGE/rides
}
