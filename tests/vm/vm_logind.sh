# Logout from logind's point of view: KillUserProcesses, parallel sessions, restarted daemons.

logind_kills() { # logind_kills yes|no
	drop_in /etc/systemd/logind.conf.d <<<$'[Login]\nKillUserProcesses='"$1"
	root 'systemctl restart systemd-logind'
}

job='setsid sleep 5000 </dev/null >/dev/null 2>&1 & sleep 0.5; echo started'
has_job() { root 'pgrep -u alice -x sleep'; }
has_no_job() { ! has_job; }

test_kill_ends_background_jobs_whatever_logind_does() {
	local setting
	conf <<<$'[users]\nuser = alice\nscope = session\nlogout = kill'
	for setting in no yes; do
		logind_kills $setting
		assert_eq "$(on alice "$job")" started
		wait_for has_no_job || fail "a job outlived its session (KillUserProcesses=$setting)"
		nothing_left
	done
}

# what logind kills is what it would kill without nsisolate
test_as_shipped_the_next_login_finds_them_where_logind_does_not_kill() {
	local setting count
	for setting in no yes; do
		logind_kills $setting
		if [ $setting = no ]; then count=1; else count=0; fi
		assert_eq "$(on alice "$job")" started
		sleep 5
		assert_eq "$(on alice 'pgrep -x sleep | wc -l; hostname')" "$count
alice-lab" "the next login (KillUserProcesses=$setting)"
		root 'nsisolatectl end --user alice >/dev/null 2>&1; true'
		nothing_left
	done
}

test_linger_lets_them_run_where_logind_does_not_kill() {
	logind_kills no
	conf <<<$'[users]\nuser = alice\nlogout = linger'
	assert_eq "$(on alice "$job")" started
	sleep 5
	has_job >/dev/null || fail "the job ended with the session"
	assert_eq "$(root 'pid=$(pgrep -u alice -x sleep); cat /proc/$pid/root/proc/1/comm
		nsenter -t $pid -u hostname')" "nsisolate-init
alice-lab" "where the job lives"
	root 'pkill -u alice -x sleep'
	nothing_left
}

test_linger_ends_where_logind_kills_and_nothing_stays() {
	logind_kills yes
	conf <<<$'[users]\nuser = alice\nlogout = linger'
	assert_eq "$(on alice "$job")" started
	wait_for has_no_job || fail "the job is there, in spite of KillUserProcesses=yes"
	nothing_left
}

test_one_session_ends_and_the_users_other_one_goes_on() {
	local setting
	for setting in no yes; do
		logind_kills $setting
		conf <<<$'[users]\nuser = alice\nscope = session'
		hold alice 'sleep 3000'
		on alice true
		sleep 3 # the grace of the other one
		root 'pgrep -u alice -x sleep' >/dev/null ||
			fail "the other session ended, too (KillUserProcesses=$setting)"
		release
		nothing_left
	done
}

test_a_shared_session_outlives_the_login_that_made_it() {
	local setting
	knows scope=user
	for setting in no yes; do
		logind_kills $setting
		conf <<<$'[users]\nuser = alice\nscope = user'
		hold alice 'sleep 3000'
		hold alice 'sleep 3001'
		pkill -P "${HELD[0]}"
		sleep 5
		assert_eq "$(root 'pgrep -u alice -fx "sleep 3001" | wc -l')" 1 \
			"the second login's process (KillUserProcesses=$setting)"
		assert_eq "$(on alice 'pgrep -fx "sleep 3001" | wc -l')" 1 "the same, as a third login sees it"
		release
		nothing_left
	done
}

test_restarts_of_sshd_and_logind_leave_sessions_as_they_are() {
	local before
	conf <<<$'[users]\nuser = alice\nscope = session'
	hold alice 'while :; do hostname; sleep 1; done'
	before=$(inits alice)
	root 'systemctl restart ssh systemd-logind'
	assert_eq "$(inits alice)" "$before" "PID 1 of the session"
	assert_eq "$(on alice hostname)" alice-lab-2 "a login after the restart, beside the other one"
	assert_eq "$(root 'loginctl list-sessions --no-legend' | grep ' alice ' | grep -vc ' manager ')" 1 \
		"the session in loginctl"
	release
	nothing_left
}

test_a_reexecuted_systemd_leaves_sessions_as_they_are() {
	local before
	conf <<<$'[users]\nuser = alice\nscope = session'
	hold alice
	before=$(inits alice)
	root 'systemctl daemon-reexec'
	assert_eq "$(inits alice)" "$before" "PID 1 of the session"
	release
	nothing_left
}

# ---- the drop-in that hides others' processes from users' managers: nsisolate(7) ----

example() { # its first example, as shown to an admin
	awk '/^\.Sh / { on = /EXAMPLES/ } /^\.Ed/ { inside = 0 } inside { print }
		on && /^\.Bd -literal/ && !count++ { inside = 1 }' "$VM/../../conf/nsisolate.7" | sed 's/\\e/\\/g'
}
by_manager() { # by_manager USER UID COMMAND: what it says, started by the user's manager
	root "runuser -u $1 -- env -i XDG_RUNTIME_DIR=/run/user/$2 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$2/bus \
		/usr/bin/systemd-run --user --wait --pipe --quiet $3" 2>&1
}
owners() { by_manager "$@" '/bin/ps -e -o user=' | sort -u | tr '\n' ' '; }

test_the_managers_drop_in_hides_others_and_disturbs_nobody() {
	local version
	version=$(root 'systemctl --version' | sed -n 's/^systemd \([0-9]*\).*/\1/p')
	conf <<<$'[users]\nuser = alice\nlogout = kill'
	[ "$version" -ge 252 ] || skip "with systemd $version no user's manager starts with it: nsisolate(7) says so"
	hold alice
	wait_for root 'test -S /run/user/5001/bus' || fail "alice has no manager"
	assert_match "$(owners alice 5001)" ' root ' "whose processes a user unit sees without it"
	release
	nothing_left
	root "set -e; $(example); systemctl stop user@5001; systemctl restart user@0" || fail "the example"
	hold alice
	wait_for root 'test -S /run/user/5001/bus' || fail "alice has no manager"
	assert_eq "$(root 'systemctl is-active user@5001; systemctl show -p DropInPaths --value user@5001' |
		grep -xE 'active|.*/etc/systemd/system/user@.service.d/nsisolate.conf.*' | wc -l)" 2 \
		"$(root 'systemctl status user@5001'): active, and by the drop-in"
	assert_eq "$(owners alice 5001)" "alice " "whose processes a user unit sees with it"
	assert_eq "$(root "loginctl list-sessions --no-legend | awk '\$3 == \"alice\" && !/ manager/ { print \$1 }' |
		xargs loginctl show-session -p State -p Service" | sort | tr '\n' ' ')" "Service=sshd State=active " \
		"alice's session"
	assert_eq "$(on alice hostname)" alice-lab-2 "another login"
	# root's manager is as before
	assert_eq "$(root 'systemctl is-active user@0')" active "root's manager"
	assert_match "$(owners root 0)" 'alice .*root ' "whose processes root's manager sees"
	assert_eq "$(root 'systemd-analyze verify user@5001.service' 2>&1 | grep -i nsisolate)" "" \
		"what systemd-analyze says of it"
	release
	nothing_left
}
