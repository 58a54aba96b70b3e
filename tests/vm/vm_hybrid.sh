# cgroup v1 with systemd's own hierarchy in v2 ("hybrid"): /proc/PID/cgroup has many lines, and scopes are in two places.
# image hybrid trixie

test_logins_are_isolated_in_their_control_groups() {
	assert_eq "$(root 'stat -f -c %T /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd')" "tmpfs
cgroup2fs
cgroupfs" "the control: the hierarchies"
	assert_eq "$(on alice 'hostname; cat /proc/1/comm; ps -e -o user= | sort -u')" "alice-lab
nsisolate-init
alice" "by ssh"
	assert_eq "$(console alice 'hostname; cat /proc/1/comm')" "alice-lab
nsisolate-init" "at the console"
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
	assert_eq "$(root 'nsisolatectl doctor --json' | python3 -c 'import json, sys
for f in json.load(sys.stdin):
    if f["verdict"] != "ok" and f["subject"] not in ("cron", "at", "/proc", "hosts"): print(f["verdict"], f["subject"], f["why"], sep=": ")')" \
		"" "what doctor finds"
	root 'usermod -s /usr/bin/nsisolate-shell dave'
	conf <<<$'[users]\nuser = dave\nservice = nsisolate-shell\nshell = /bin/bash'
	assert_eq "$(on dave 'hostname; cat /proc/1/comm')" "dave-lab
nsisolate-init" "by nsisolate-shell"
	nothing_left
}
