# Programs other than sshd that open sessions, each with the machine's own PAM stack and the module after
# it.
. tests/stage.sh

MODULE='session required pam_nsisolate.so'

# apply SERVICE...: adds the module to their stacks, and a rule that names them
apply() {
	local service services
	for service; do pam_stack "$service" "$MODULE"; done
	services=$*
	# without a number in the hostname, whatever has not ended yet
	printf '[users]\nuid = 1000-59999\nservice = %s\nhostname = %%u-lab\n' "${services// /, }" | conf
}
need() { command -v "$1" >/dev/null || fail "$1 is not installed"; }

# what a session of alice must print, and for which command
FACTS='uname -n; cat /proc/1/comm; id -un; getent hosts "$(uname -n)" | tr -s "[:space:]" " "'
IN_A_SESSION='alice-lab
nsisolate-init
alice
127.0.1.1 lab alice-lab '

# ---- su ----

test_su_with_a_login_shell() {
	apply su su-l
	assert_eq "$(su -l alice -c "$FACTS" 2>&1)" "$IN_A_SESSION"
	assert_eq "$(su -l alice -c 'echo "$HOME $PWD $USER $SHELL"')" "/home/alice /home/alice alice /bin/bash"
	assert_eq "$(su - alice -c 'hostname')" alice-lab
	nothing_left
}

test_su_keeps_the_working_directory() {
	apply su su-l
	mkdir -p /srv/some/where
	assert_eq "$(cd /srv/some/where && su alice -c 'pwd; hostname')" "/srv/some/where
alice-lab"
	rm -r /srv/some
	nothing_left
}

test_su_hands_on_status_and_signal() {
	local status
	apply su su-l
	for status in 0 1 42 255; do
		su alice -c "exit $status"
		assert_eq $? $status "status"
	done
	su alice -c 'kill -TERM $$' 2>/dev/null
	assert_eq $? 143 "death by SIGTERM"
	nothing_left
}

test_su_passes_its_input_on() {
	apply su su-l
	assert_eq "$(seq 100000 | su alice -c 'sha256sum')" "$(seq 100000 | sha256sum)"
	nothing_left
}

test_su_to_an_administrator_and_to_root_is_left_alone() {
	apply su su-l
	{ echo '[administrators]'; echo "group = sudo, wheel"; echo 'isolate = no'
		printf '[users]\nuid = 0-59999\n'; } | conf
	assert_eq "$(su carol -c hostname)" lab
	assert_eq "$(su alice -c hostname)" alice-lab
	nothing_left
}

test_su_that_is_refused_runs_nothing() {
	apply su su-l
	echo '[broken' | conf
	[ "$(su alice -c 'echo in' 2>/dev/null)" = "" ] || fail "it ran"
	su alice -c true 2>/dev/null && fail "the status is 0"
	assert_match "$(su alice -c true 2>&1)" "nsisolate: this login is refused"
	assert_eq "$(su root -c 'echo in' 2>/dev/null)" in root
	nothing_left
}

test_su_in_a_session_gives_one_in_the_session() {
	apply su su-l sshd
	sed -i /^hostname/d "$SYSCONFDIR/nsisolate.conf"
	sshd_start
	# root in alice's session: bob's session is nested in it, on a host called alice-lab
	echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stage
	assert_eq "$(on alice 'sudo su bob -c "hostname; ps -e -o user= | sort -u"; hostname')" "bob-alice-lab
bob
alice-lab"
	rm /etc/sudoers.d/stage
	sshd_stop
	nothing_left
}

test_background_jobs_end_with_su() {
	apply su su-l
	assert_eq "$(su alice -c 'nohup sleep 300 >/dev/null 2>&1 & echo started')" started
	nothing_left
}

test_su_killed_ends_its_session() {
	apply su su-l
	su alice -c 'trap "" HUP TERM; sleep 300' >/dev/null 2>&1 &
	wait_for pgrep -u alice -x sleep || fail "no session"
	kill -KILL $!
	wait $! 2>/dev/null
	nothing_left
}

# ---- runuser, sudo ----

test_runuser() {
	need runuser
	apply runuser runuser-l
	assert_eq "$(runuser -l alice -c "$FACTS" 2>&1)" "$IN_A_SESSION" "runuser -l"
	assert_eq "$(cd /srv && runuser alice -c 'pwd; hostname')" "/srv
alice-lab" runuser
	runuser alice -c 'exit 42'
	assert_eq $? 42 status
	nothing_left
}

test_sudo_to_a_user() {
	need sudo
	# Debian 11 has one stack for both
	if [ -e /etc/pam.d/sudo-i ]; then apply sudo sudo-i; else apply sudo; fi
	assert_eq "$(sudo -i -u alice sh -c "$FACTS" 2>&1)" "$IN_A_SESSION" "sudo -i"
	assert_eq "$(cd /srv && sudo -u alice sh -c 'pwd; hostname' 2>&1)" "/srv
alice-lab" "sudo -u"
	sudo -u alice sh -c 'exit 42'
	assert_eq $? 42 status
	nothing_left
}

# ---- login ----

check_login() {
	expect -f tests/login/login.exp "$@" >$STAGE/terminal 2>&1 ||
		fail "status $?: $(tail -c 1500 $STAGE/terminal | tr -d '\r' | cat -v)"
	rm $STAGE/terminal
}
test_login_at_a_terminal() {
	need expect
	apply login
	check_login alice alice-lab
	nothing_left
}

test_login_that_is_hung_up_leaves_nothing() {
	need expect
	apply login
	check_login alice alice-lab hang-up
	nothing_left
}

test_login_of_the_shell_user_is_isolated_by_the_shell() {
	separate
	need expect
	pam_stack login ''
	check_login dave dave-lab
	nothing_left
}

# ---- cron, at ----

# the users other than the job's and the daemon's, and whether bob's sleep from outside is visible
JOB_FACTS='hostname; cat /proc/1/comm; ps -e -o user= -o comm= | grep -Ev "^(alice|root +(cron|crond|atd)) "; pgrep -x sleep; echo end'
IN_A_JOB='alice-lab
nsisolate-init
end'

# cron is Debian's; crond is cronie, of Fedora and Arch
test_a_cron_job_when_a_rule_names_cron() {
	local daemon table
	if command -v cron >/dev/null; then
		daemon=(cron -f) table=/var/spool/cron/crontabs/alice
	else
		need crond
		daemon=(crond -n) table=/var/spool/cron/alice
	fi
	apply "${daemon[0]}"
	as bob sleep 301 &
	wait_for pgrep -u bob -x sleep
	echo "@reboot ($JOB_FACTS) >/home/alice/out" >$table
	chown alice $table
	chmod 600 $table
	"${daemon[@]}" >/dev/null 2>&1 &
	wait_for grep -q end /home/alice/out || fail "it ran: $(cat /home/alice/out 2>&1)"
	assert_eq "$(cat /home/alice/out)" "$IN_A_JOB"
	kill $!
	pkill -u bob -x sleep
	wait 2>/dev/null
	rm -f /home/alice/out $table /run/crond.* /run/cron.*
	nothing_left
}

# nsisolate(7) says so
test_at_in_a_session_signals_the_process_that_has_atds_pid_there() {
	need atd
	apply su
	su alice -c 'sleep 300 & echo $! >/home/alice/victim
		until [ -s /run/atd.pid ]; do sleep 0.05; done
		echo true | at now 2>/dev/null
		wait $!; echo $?' >/home/alice/out 2>/dev/null &
	wait_for test -s /home/alice/victim
	cp /home/alice/victim /run/atd.pid
	wait $!
	assert_eq "$(tail -n 1 /home/alice/out)" 129 "a process of alice's with the number of atd"
	rm -f /home/alice/{out,victim} /run/atd.pid /var/spool/cron/atjobs/a*
	nothing_left
}

test_an_at_job_when_a_rule_names_atd() {
	need atd
	apply atd
	as bob sleep 301 &
	wait_for pgrep -u bob -x sleep
	atd -f >/dev/null 2>&1 &
	wait_for test -s /run/atd.pid
	echo "($JOB_FACTS) >/home/alice/out" | as alice at now 2>/dev/null
	wait_for grep -q end /home/alice/out || fail "it ran: $(cat /home/alice/out 2>&1)"
	assert_eq "$(cat /home/alice/out)" "$IN_A_JOB"
	kill $!
	pkill -u bob -x sleep
	wait 2>/dev/null
	rm -f /home/alice/out /run/atd.pid
	nothing_left
}
