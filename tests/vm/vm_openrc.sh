# OpenRC with sysvinit's PID 1 and elogind: what vm_sysvinit.sh shows, as far as services and cgroups differ.
# image openrc trixie

what='hostname; cat /proc/1/comm; ps -e -o user= | sort -u'
isolated='alice-lab
nsisolate-init
alice'

test_logins_by_ssh_at_the_console_and_by_su_are_isolated() {
	assert_match "$(root 'cat /proc/1/comm; rc-status --runlevel; rc-service ssh status 2>&1; pgrep -x elogind-daemon')" \
		'^init
default
sshd is running.
[0-9]+$' "the control: what runs here"
	assert_eq "$(on alice "$what")" "$isolated" "a command by ssh"
	logged 'pam_nsisolate\(sshd:session\): session opened: user=alice .* unit=-' >/dev/null
	assert_eq "$(console alice "$what; tty")" "$isolated
/dev/ttyS0" "at the console"
	conf <<<$'[users]\nuser = alice\nservice = su, su-l'
	assert_eq "$(root "su alice -c '$what'; su -l alice -c hostname")" "$isolated
alice-lab" "by su"
	nothing_left
}

test_logout_ends_what_a_rule_says() {
	conf <<<$'[users]\nuser = alice\nscope = session\nlogout = kill'
	on alice '(setsid sleep 4000 </dev/null >/dev/null 2>&1 &); sleep 0.3; pgrep -c -x sleep' | grep -qx 1 || fail "no job"
	nothing_left
	assert_eq "$(root 'find /run/nsisolate -mindepth 1 ! -type d ! -name +hostnames')" "" "what is left below /run/nsisolate"
}

test_logins_share_their_session_whose_first_one_may_end() {
	hold alice -tt 'setsid sleep 3000 & sleep 3002'
	hold alice -tt 'sleep 3001'
	pkill -P "${HELD[0]}"
	sleep 5
	assert_eq "$(on alice 'pgrep -fx "sleep 300[01]" | wc -l; touch "$XDG_RUNTIME_DIR/file" && echo writable')" "2
writable" "the first two logins' processes, as a third login sees them"
	# out of the control group of root's login, by which elogind would go
	root 'echo $$ >/sys/fs/cgroup/cgroup.procs; service ssh restart' >/dev/null
	assert_eq "$(on alice 'pgrep -fx "sleep 300[01]" | wc -l')" 2 "the same, after a restart of sshd"
	release
	root 'nsisolatectl end --user alice' >/dev/null 2>&1
	nothing_left
}

test_nsisolate_shell_isolates_without_root() {
	shell_isolates_dave
	nothing_left
}

test_doctor_is_right_here() {
	local mounts='is not shared'
	! root 'grep -E "^[0-9]+ [0-9]+ [^ ]+ / / .* shared:" /proc/1/mountinfo' >/dev/null || mounts='is shared'
	assert_match "$(doctor mounts)" "^ok: mounts: / $mounts [^"$'\n'']*$' "what it finds"
	nothing_left
}
