# sysvinit as PID 1, elogind as logind: no unit, no scope of our own, no journal, and / is private.
# image sysvinit trixie

what='hostname; cat /proc/1/comm; ps -e -o user= | sort -u'
isolated='alice-lab
nsisolate-init
alice'
runtime_files() { root 'find /run/nsisolate -mindepth 1 ! -type d ! -name +hostnames'; }
gone() {
	nothing_left
	assert_eq "$(runtime_files)" "" "what is left below /run/nsisolate"
}

test_logins_by_ssh_at_the_console_and_by_su_are_isolated() {
	assert_eq "$(root 'cat /proc/1/comm; test -d /run/systemd/system || echo no systemd
		loginctl show-session self -p Id >/dev/null && pgrep -x elogind-daemon >/dev/null && echo elogind')" "init
no systemd
elogind" "the control: what runs here"
	assert_eq "$(on alice "$what")" "$isolated" "a command by ssh"
	logged 'pam_nsisolate\(sshd:session\): session opened: user=alice .* unit=-' >/dev/null
	logged 'pam_nsisolate\(sshd:session\): session closed: user=alice ' >/dev/null
	assert_eq "$(on alice -tt "$what; tty" 2>/dev/null | tr -d '\r')" "$isolated
/dev/pts/0" "at a terminal"
	assert_eq "$(console alice "$what; tty")" "$isolated
/dev/ttyS0" "at the console"
	assert_eq "$(on carol 'hostname; cat /proc/1/comm')" "lab
init" "an administrator's"
	conf <<<$'[users]\nuser = alice\nservice = su, su-l'
	assert_eq "$(root "su alice -c '$what'; su -l alice -c hostname")" "$isolated
alice-lab" "by su"
	assert_eq "$(root hostname)" lab "the host's own name"
	gone
}

test_what_a_login_starts_ends_with_it_if_a_rule_says_so() {
	conf <<<$'[users]\nuser = alice\nscope = session\nlogout = kill'
	on alice '(setsid sleep 4000 </dev/null >/dev/null 2>&1 &); sleep 0.3; pgrep -c -x sleep' | grep -qx 1 || fail "no job"
	gone
	assert_eq "$(console alice '(setsid sleep 4000 </dev/null >/dev/null 2>&1 &); sleep 1; pgrep -c -x sleep')" \
		1 "the job inside, at the console"
	gone
}

# (Its terminate-session ends nothing, not even in a login that is not isolated.)
test_elogind_knows_the_session() {
	hold alice
	assert_match "$(root 'loginctl list-sessions --no-legend')" '[0-9]+ +5001 +alice +- +- +active' "outside"
	assert_eq "$(on alice 'loginctl show-session "$XDG_SESSION_ID" -p Name -p Service | sort | tr "\n" " "
		touch "$XDG_RUNTIME_DIR/file" && echo "$XDG_RUNTIME_DIR"' 2>&1)" "Name=alice Service=sshd /run/user/5001" \
		"what it says inside"
	release
	root 'nsisolatectl end --user alice' >/dev/null 2>&1
	gone
}

test_as_shipped_the_next_login_finds_what_the_last_one_left_running() {
	on alice 'setsid sleep 4001 </dev/null >/dev/null 2>&1 & sleep 0.3'
	wait_for root '! pgrep -u alice sshd' || fail "the first login goes on"
	assert_eq "$(on alice 'pgrep -fx "sleep 4001" | wc -l; hostname; touch "$XDG_RUNTIME_DIR/file" && echo writable')" "1
alice-lab
writable" "what the next login sees"
	assert_eq "$(console alice 'pgrep -fx "sleep 4001" | wc -l')" 1 "what one at the console sees"
	assert_match "$(root 'nsisolatectl list')" 'alice/1 +users +alice-lab' list
	root 'nsisolatectl end --user alice' >/dev/null
	gone
}

test_doctor_knows_a_login_that_no_rule_isolates() {
	conf <<<$'[users]\nuser = alice\nservice = su'
	hold alice
	assert_match "$(doctor processes)" 'ok: processes: ' "what it finds"
	conf <<<$'[users]\nuser = alice\nservice = su, sshd'
	assert_match "$(doctor processes)" "warning: processes: [0-9]+ of alice's .* run outside all sessions" "of a login from before the rule"
	release
	root 'pkill -u alice -x sleep' # which is nobody's session
	gone
}

# It has no scope of its own here, and stays in the first login's.
test_a_shared_session_outlives_the_login_that_made_it() {
	hold alice -tt 'sleep 3000'
	hold alice -tt 'sleep 3001'
	pkill -P "${HELD[0]}"
	sleep 5
	assert_eq "$(on alice 'pgrep -fx "sleep 3001" | wc -l; touch "$XDG_RUNTIME_DIR/file" && echo writable')" "1
writable" "the second login's process, as a third login sees it"
	release
	root 'nsisolatectl end --user alice' >/dev/null 2>&1
	gone
}

test_nsisolate_shell_isolates_without_root() {
	shell_isolates_dave
	assert_eq "$(root "su -l dave -c hostname")" dave-lab "by su"
	gone
}

sees_later_mount() { # a session that is there when the mount is made
	hold alice
	root 'mount -t tmpfs later /mnt; echo later >/mnt/seen
		nsenter -t $(pgrep -x nsisolate-init) -m cat /mnt/seen 2>/dev/null; umount /mnt'
	release
	root 'nsisolatectl end --user alice' >/dev/null 2>&1
}
test_doctor_is_right_here() {
	assert_eq "$(doctor)" "" "what it finds"
	assert_match "$(doctor 'PAM elogind-user')" '^ok: .* never isolates this service' "of elogind's own service"
	assert_match "$(doctor mounts)" '^ok: mounts: / is not shared ' "of mounts"
	assert_eq "$(sees_later_mount)" "" "what a session sees of a later mount"
	root 'mount --make-rshared /'
	assert_match "$(doctor mounts)" '^ok: mounts: / is shared: ' "of mounts, when / is shared"
	assert_eq "$(sees_later_mount)" later "what a session sees of a later mount"
	root 'mount --make-rprivate /'
	gone
}
