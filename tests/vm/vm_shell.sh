# nsisolate-shell, without the PAM module: as login shell, and by sshd's ForceCommand.

shell=/usr/bin/nsisolate-shell
without_pam() { root "sed -i '/pam_nsisolate/d' /etc/pam.d/*"; }
what="hostname; cat /proc/1/comm; ps -e -o user= | sort -u; cat /proc/self/uid_map | tr -s ' '"
isolated="dave-lab
nsisolate-init
dave
 5004 5004 1"

as_login_shell() {
	without_pam
	root "usermod -s $shell dave"
	conf <<<$'[users]\nuser = dave\nservice = nsisolate-shell\nshell = /bin/bash\n'"${1:-}"
}

test_as_login_shell_it_isolates_without_root() {
	as_login_shell
	assert_eq "$(on dave "$what")" "$isolated" "a command by ssh"
	assert_eq "$(on dave -tt 'hostname; echo $SHELL' | tr -d '\r')" "dave-lab
/bin/bash" "at a terminal"
	assert_eq "$(console dave 'hostname; echo $0')" "dave-lab
-bash" "at the console"
	nothing_left
}

test_in_its_session_logind_knows_the_login_and_ends_it() {
	local id
	as_login_shell
	hold dave 'trap "" HUP TERM; (setsid sleep 1000 &); while :; do sleep 1; done'
	id=$(root "loginctl list-sessions --no-legend | awk '\$3 == \"dave\" && !/ manager/ { print \$1 }'")
	assert_match "$id" '^[0-9]+$' "dave's one session"
	root "loginctl terminate-session $id"
	nothing_left
	release
}

test_with_the_module_too_there_is_one_session() {
	root "usermod -s $shell dave"
	conf <<<$'[users]\nuser = dave\nservice = sshd, nsisolate-shell\nshell = /bin/bash'
	assert_eq "$(on dave 'hostname; cat /proc/1/comm; pgrep -c nsisolate; echo $0')" "dave-lab
nsisolate-init
1
/bin/bash" "in a session of the module"
	nothing_left
}

test_forcecommand_isolates_commands_and_logins() {
	without_pam
	conf <<<$'[users]\nuser = dave\nservice = nsisolate-shell'
	drop_in /etc/ssh/sshd_config.d <<<$'Match User dave\n\tForceCommand /usr/bin/nsisolate-shell -l'
	root 'systemctl restart ssh'
	assert_eq "$(on dave "$what")" "$isolated" "a command by ssh"
	assert_eq "$(echo 'hostname; exit' | on dave 2>/dev/null | tail -n 1)" dave-lab "a login shell"
	assert_eq "$(on bob hostname)" lab "another user"
	nothing_left
}

test_user_manager_hide_holds_here_too() {
	local door
	as_login_shell
	hold dave -tt
	root 'systemctl is-active user@5004 >/dev/null' || fail "dave has no manager to be hidden"
	for door in 'systemctl --user is-active basic.target' 'systemd-run --user --wait --pipe --quiet hostname' \
		'busctl --address=unix:path=/run/user/5004/systemd/private status'; do
		! on dave "$door >/dev/null 2>&1 </dev/null" || fail "this leads out: $door"
	done
	release
	nothing_left
}

test_a_shared_session_outlives_the_login_that_made_it() {
	local setting
	for setting in no yes; do
		drop_in /etc/systemd/logind.conf.d <<<$'[Login]\nKillUserProcesses='$setting
		root 'systemctl restart systemd-logind'
		as_login_shell 'scope = user'
		hold dave -tt 'sleep 3000'
		hold dave -tt 'sleep 3001'
		pkill -P "${HELD[0]}"
		sleep 5
		assert_eq "$(root 'pgrep -u dave -fx "sleep 3001" | wc -l')" 1 \
			"the second login's process (KillUserProcesses=$setting)"
		assert_eq "$(on dave 'pgrep -fx "sleep 3001" | wc -l')" 1 "the same, as a third login sees it"
		release
		nothing_left
	done
}
