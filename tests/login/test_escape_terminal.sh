# A hostile session, and an administrator who looks into it from his terminal.
. tests/stage.sh

# typed COMMAND: COMMAND is typed into a root shell at a terminal; says whether what was injected ran
typed() {
	rm -f /tmp/injected
	cp "$TOP/tests/login/hostile.py" $STAGE/hostile.py
	chmod 644 $STAGE/hostile.py
	COMMAND="$1" expect -c '
		log_user 0
		set timeout 10
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
test_nothing_is_typed_at_the_terminal_of_who_enters() {
	# the control; root's own, which every kernel allows (dev.tty.legacy_tiocsti)
	assert_eq "$(typed "$INJECT")" injected "without enter"
	both check_enter
}
