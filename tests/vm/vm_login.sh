# A login by ssh on a booted machine: what systemd, logind, sudo and AppArmor make of it.

test_a_session_has_its_own_hostname_and_processes() {
	local rules
	for rules in "as shipped" $'[users]\nuser = alice\nscope = session'; do
		[[ $rules = as* ]] || conf <<<"$rules"
		assert_eq "$(on alice 'hostname; cat /proc/1/comm; ps -e -o user= | sort -u')" "alice-lab
nsisolate-init
alice" "hostname, PID 1, whose processes it sees ($rules)"
		assert_eq "$(root hostname)" lab "the host's own name"
		nothing_left
	done
}

test_root_and_administrators_are_left_alone() {
	assert_eq "$(on root hostname)" lab "root's hostname"
	assert_eq "$(on carol 'hostname; readlink /proc/self/ns/pid')" "lab
$(root readlink /proc/1/ns/pid)" "the administrator's hostname and pid namespace"
	nothing_left
}

# since systemd 256 the user's manager has a session, too
id_of() { root "loginctl list-sessions --no-legend |
	awk '\$3 == \"$1\" && !/ manager/ { print \$1 }'"; }

test_loginctl_shows_the_session_and_its_scope_holds_all_of_it() {
	local id
	conf <<<$'[users]\nuser = alice\nscope = session\nlogout = kill'
	hold alice 'sleep 1000 & exec sleep 1001'
	id=$(id_of alice)
	assert_match "$id" '^[0-9]+$' "alice's one session in loginctl list-sessions"
	assert_eq "$(root "loginctl show-session $id -p Name -p Service -p Scope -p Remote -p State" |
		sort | tr '\n' ' ')" \
		"Name=alice Remote=yes Scope=session-$id.scope Service=sshd State=active " "the session"
	assert_eq "$(root "cd /sys/fs/cgroup/\$(systemctl show --value -p ControlGroup session-$id.scope) &&
		ps -o comm= -p \$(paste -sd, cgroup.procs) | sed 's/sshd.*/sshd/' | sort -u | tr '\n' ' '")" \
		"nsisolate-init sleep sshd " "what is in the scope"
	assert_eq "$(root "ps -o comm= -p \$(loginctl show-session $id --value -p Leader)" |
		sed 's/sshd.*/sshd/')" sshd "the session's leader"
	release
	nothing_left
}

test_the_session_knows_itself_in_logind() {
	assert_eq "$(on alice 'loginctl show-session "$XDG_SESSION_ID" --value -p Name
		loginctl show-session self --value -p Name
		echo "$XDG_RUNTIME_DIR"
		touch "$XDG_RUNTIME_DIR/file" && rm "$XDG_RUNTIME_DIR/file" && echo writable' 2>&1)" "alice
alice
/run/user/5001
writable" "what logind says inside"
	nothing_left
}

test_terminate_session_ends_it_with_all_it_started() {
	conf <<<$'[users]\nuser = alice\nscope = session\nlogout = kill'
	hold alice 'trap "" HUP TERM; (setsid sleep 1000 &); while :; do sleep 1; done'
	root "loginctl terminate-session $(id_of alice)"
	nothing_left
	release
}

test_sudo_in_a_session_works_and_does_not_complain_of_the_host() {
	root 'echo "alice ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/vm'
	assert_eq "$(on alice 'sudo -n id -u; sudo -n hostname; sudo -n -u bob id -un' 2>&1)" "0
alice-lab
bob" "sudo in the session, its complaints included"
	assert_eq "$(on alice -tt 'sudo -n id -u' 2>&1)" "0"$'\r' "sudo at a terminal"
	nothing_left
}

test_the_users_manager_is_never_isolated() {
	# a rule without `service`: every login, systemd-user included
	conf <<<$'[all]\nuid = 1000-60000'
	hold alice
	assert_eq "$(root 'systemctl is-active user@5001.service
		for pid in $(pgrep -u alice -x systemd); do readlink /proc/$pid/ns/pid /proc/$pid/ns/uts; done')" \
		"active
$(root readlink /proc/1/ns/pid /proc/1/ns/uts)" "the manager and its namespaces"
	release
	nothing_left
}

test_a_lingering_user_has_services_and_isolated_logins() {
	root 'loginctl enable-linger alice'
	assert_eq "$(on alice hostname)" alice-lab hostname
	nothing_left
	assert_eq "$(root 'systemctl is-active user@5001; loginctl disable-linger alice')" active \
		"the lingering user's manager"
}

# What an isolated user could reach outside through the manager that systemd runs for every user.
manager_is_there() { root "systemctl is-active user@5001.service && test -S /run/user/5001/bus"; }
side_doors='systemctl --user is-active basic.target
systemd-run --user --wait --pipe --quiet hostname
XDG_RUNTIME_DIR=/run/user/5001 systemd-run --user --wait --pipe --quiet hostname
DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/5001/bus busctl --user status
busctl --address=unix:path=/run/user/5001/systemd/private status'

test_user_manager_keep_leaves_the_manager_in_reach() {
	knows user_manager=keep
	conf <<<$'[users]\nuser = alice\nuser_manager = keep'
	# by the bus: systemctl's own socket needs the manager's PID, and in here it has none
	assert_eq "$(on alice 'hostname; env -u XDG_RUNTIME_DIR systemctl --user is-active basic.target
		systemd-run --user --wait --pipe --quiet hostname' 2>&1)" "alice-lab
active
lab" "what the manager says, and what it runs"
	nothing_left
}

test_user_manager_hide_puts_systemd_run_user_out_of_reach() {
	local door
	conf <<<$'[users]\nuser = alice\nuser_manager = hide'
	hold alice
	wait_for manager_is_there || fail "alice has no manager to be hidden"
	while read -r door; do
		if on alice "$door >/tmp/door 2>&1 </dev/null"; then
			fail "this leads out: $door: $(root cat /tmp/door)"
		fi
	done <<<"$side_doors"
	# the manager itself keeps running, and users who are not isolated have theirs
	assert_eq "$(on carol systemctl --user is-active basic.target)" active "the administrator's"
	release
	nothing_left
}

test_without_isolation_systemctl_user_works() {
	conf <<<$'[nobody]\nuser = alice\nisolate = no'
	assert_eq "$(on alice 'hostname; systemctl --user is-active basic.target' 2>&1)" "lab
active" "systemctl --user"
	nothing_left
}

test_apparmor_is_on_and_denies_nothing() {
	assert_eq "$(root cat /sys/module/apparmor/parameters/enabled)" Y "AppArmor in this kernel"
	on alice true || fail "no login"
	assert_eq "$(root "journalctl -q -b | grep -E 'apparmor=\"DENIED\"'")" "" "denials since boot"
}

test_the_journal_tells_of_open_and_close() {
	on alice true
	logged 'pam_nsisolate\(sshd:session\): session opened:? .*user=alice' >/dev/null
	logged 'pam_nsisolate\(sshd:session\): session closed:? .*user=alice' >/dev/null
	assert_eq "$(journal_fields | grep '"SYSLOG_FACILITY":"10"' | grep -c 'pam_nsisolate(sshd')" 2 \
		"lines of the facility authpriv"
}

test_twenty_logins_leave_nothing_and_no_unit_failed() {
	local n logins=()
	for n in {1..20}; do
		on alice 'sleep 0.5; hostname' >"$M/out.$n" 2>&1 &
		logins+=($!)
		[ $((n % 5)) != 0 ] || wait "${logins[@]}"
	done
	wait "${logins[@]}"
	assert_eq "$(cat "$M"/out.* | sort | uniq -c | sed 's/^ *//')" "20 alice-lab" "what they saw"
	nothing_left
	assert_eq "$(root 'systemctl --failed --no-legend --plain')" "" "failed units"
}

test_files_go_in_and_out_by_scp_and_sftp() {
	head -c 300000 /dev/urandom >"$M/file"
	scp -q -P "$(port)" "${SSH_OPTIONS[@]}" "$M/file" alice@127.0.0.1:file || fail "scp"
	(cd "$M" && echo get file back | sftp -q -P "$(port)" "${SSH_OPTIONS[@]}" -b - alice@127.0.0.1) >/dev/null || fail sftp
	cmp "$M/file" "$M/back" || fail "the file came back changed"
	nothing_left
}

# The shipped rules name neither cron nor at, /proc is visible to everybody, and Debian does not install
# libnss-myhostname: doctor may warn about these.
test_doctor_finds_no_problem_on_a_healthy_machine() {
	local way findings
	for way in 'root nsisolatectl' 'root runuser -u alice -- /usr/sbin/nsisolatectl' \
		'on alice /usr/sbin/nsisolatectl'; do
		$way doctor --json >"$M/doctor" 2>&1
		findings=$(python3 - "$M/doctor" 2>&1 <<-'END'
			import json, sys
			for finding in json.load(open(sys.argv[1])):
			    print(finding["verdict"], finding["subject"], finding["why"], sep=": ")
		END
		) || fail "$way doctor: $(cat "$M/doctor")"
		assert_match "$findings" 'ok: ' "what is in order, by $way"
		assert_eq "$(grep -E '^(problem|warning)' <<<"$findings" |
			grep -vE '^warning: .*(cron|at\b|atd|/proc|hidepid|myhostname)')" "" "what $way doctor finds"
	done
	nothing_left
}
