# cgroup v1, alone and with systemd's own hierarchy in v2 ("hybrid"): /proc/PID/cgroup has many lines.
# image hybrid trixie
# image legacy bookworm trixie

test_logins_are_isolated_and_end_with_what_they_started() {
	local what='hostname; cat /proc/1/comm; ps -e -o user= | sort -u' isolated mounted=cgroup
	isolated='alice-lab
nsisolate-init
alice'
	[ "$IMAGE" = legacy ] || mounted+=$'\n'cgroup2
	assert_eq "$(root 'stat -f -c %T /sys/fs/cgroup; awk "\$3 ~ /^cgroup/ { print \$3 }" /proc/mounts | sort -u')" "tmpfs
$mounted" "the control: the hierarchies"
	conf <<<$'[users]\nuser = alice\nservice = sshd, login, su, su-l\nscope = session\nlogout = kill'
	assert_eq "$(on alice "$what; (setsid sleep 4000 </dev/null >/dev/null 2>&1 &)")" "$isolated" "by ssh"
	nothing_left
	assert_eq "$(console alice "$what")" "$isolated" "at the console"
	assert_eq "$(root "su -l alice -c '$what'")" "$isolated" "by su"
	nothing_left
}

test_a_namespace_of_control_groups_is_refused_and_doctor_says_so() {
	local why='/sys/fs/cgroup is not the unified hierarchy \(cgroup2\), which a session can see its own part of'
	conf <<<$'[users]\nuser = alice\nnamespaces = uts, pid, cgroup'
	assert_match "$(on alice hostname 2>&1)" 'this login is refused' "what alice is told"
	logged "session refused: user=alice: $why" >/dev/null
	assert_match "$(root nsisolatectl doctor)" "problem +namespace cgroup +$why" doctor
	conf <<<$'[users]\nuser = alice'
	assert_eq "$(on alice hostname)" alice-lab "the next login, without"
	nothing_left
}

test_a_shared_session_has_its_scope_and_outlives_its_first_login() {
	drop_in /etc/systemd/logind.conf.d <<<$'[Login]\nKillUserProcesses=yes'
	root 'systemctl restart systemd-logind'
	hold alice 'sleep 3000'
	assert_eq "$(root 'sed -n "s,.*:/system.slice/nsisolate-[0-9]*\.scope,scope,p" /proc/$(pgrep -x nsisolate-init)/cgroup | sort -u')" \
		scope "the session's unit"
	hold alice 'sleep 3001'
	pkill -P "${HELD[0]}"
	sleep 5
	assert_eq "$(on alice 'pgrep -fx "sleep 3001" | wc -l')" 1 "the second login's process, as a third login sees it"
	release
	root 'nsisolatectl end --user alice' >/dev/null 2>&1
	nothing_left
}

test_nsisolate_shell_and_doctor() {
	assert_eq "$(doctor)" "" "what doctor finds"
	root 'usermod -s /usr/bin/nsisolate-shell dave'
	conf <<<$'[users]\nuser = dave\nservice = nsisolate-shell\nshell = /bin/bash\nscope = user'
	hold dave 'sleep 3000'
	assert_eq "$(on dave 'hostname; cat /proc/1/comm; pgrep -fx "sleep 3000" | wc -l')" "dave-lab
nsisolate-init
1" "a second login by nsisolate-shell"
	release
	root 'nsisolatectl end --user dave' >/dev/null 2>&1
	nothing_left
}
