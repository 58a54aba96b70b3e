# Programs that users run in a session.
. tests/clients/client.sh

in_session() { su - alice -c "$1" </dev/null; }

at_terminal() { # at_terminal USER PROGRAM COMMAND
	expect -f tests/clients/at_terminal.exp "$2" ssh -tt "${SSH_OPTIONS[@]}" "$1@127.0.0.1" "$3" >$STAGE/said
}

edits() {
	sshd_start
	at_terminal alice emacs 'emacs-nox -nw -Q note' || fail "$way: $(cat -v $STAGE/said)"
	assert_eq "$(cat /home/alice/note)" written "$way: what was written"
	# each has its own program and terminal, and the name that is in its lock files
	assert_eq "$(in_session 'emacs-nox --batch -Q --eval "(progn (princ (system-name)) (terpri)
		(let ((p (start-process \"p\" (current-buffer) \"sh\" \"-c\" \"tty >/dev/null && uname -n\")))
		(set-process-sentinel p (function ignore)) (while (accept-process-output p)) (princ (buffer-string))))"')" \
		"$UNAME"$'\n'"$UNAME" "$way: its processes"
	rm -rf /home/alice/{note,.emacs.d}
	sshd_stop
}
test_emacs_edits() {
	pam_stack su "$MODULE"
	plain_and_isolated edits
}

locks() {
	sshd_start
	at_terminal alice vlock vlock || fail "$way: $(cat -v $STAGE/said)"
	sshd_stop
}
test_vlock_locks_a_terminal_and_unlocks_it_but_in_the_shells_sessions() {
	plain_and_isolated locks
	pam_stack sshd ''
	sshd_start
	printf '[users]\nuid = 1000-59999\n' | conf
	at_terminal dave vlock vlock
	assert_eq $? 2 "it unlocks: say so in nsisolate-shell(8)"
	pkill -u dave
	sshd_stop
	nothing_left
}

becomes_root() {
	assert_eq "$(in_session 'sudo -n sh -c "id -u; uname -n; cat /proc/1/comm"')" "0
$UNAME
$([ $way = plain ] && cat /proc/1/comm || echo nsisolate-init)" "$way"
}
test_sudo_gives_root_in_the_session_but_in_the_shells() {
	pam_stack su "$MODULE"
	printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\n' alice dave >/etc/sudoers.d/stage
	chmod 440 /etc/sudoers.d/stage
	plain_and_isolated becomes_root
	printf '[users]\nuid = 1000-59999\n' | conf
	assert_match "$(as dave nsisolate-shell -c 'sudo -n id -u' 2>&1)" 'sudo: ' "by nsisolate-shell"
	rm -rf /etc/sudoers.d/stage /run/sudo
	nothing_left
}

computes() {
	assert_eq "$(in_session 'mpirun.openmpi --oversubscribe -n 2 sh -c "uname -n; echo \$OMPI_COMM_WORLD_SIZE" 2>&1' | sort)" \
		"2
2
$UNAME
$UNAME" "$way"
}
test_mpirun_starts_the_ranks_of_this_host_in_the_session() {
	command -v mpirun.openmpi >/dev/null || skip "no Open MPI here"
	pam_stack su "$MODULE"
	plain_and_isolated computes
}

# at(1) tells atd by a signal to the number in its pid file, which in a session is nobody's: the job is there, and
# starts when atd looks for itself
due() { in_session 'echo "uname -n >out" | at now' 2>/dev/null; }
jobs_start() {
	atd -f >/dev/null 2>&1 &
	wait_for test -s /run/atd.pid || fail "no atd"
	due
	if [ $way != plain ]; then
		sleep 2
		[ ! -e /home/alice/out ] || fail "atd hears of it: say so in nsisolate(7)"
		assert_match "$(as alice atq)" alice "the job"
		pkill -HUP -x atd
	fi
	wait_for test -s /home/alice/out || fail "$way: it does not start"
	assert_eq "$(cat /home/alice/out)" lab "$way: where it runs"
	kill $!
	wait $!
	rm /home/alice/out /run/atd.pid
}
test_a_job_of_at_from_a_session_starts_late() {
	pam_stack su "$MODULE"
	plain_and_isolated jobs_start
	printf '[users]\nuid = 1000-59999\n' | conf
	assert_match "$(as dave nsisolate-shell -c 'echo true | at now' 2>&1)" 'not have permission' "by nsisolate-shell"
	nothing_left
}
