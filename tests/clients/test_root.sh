# What root's tools, and others that go by a PID, take a session for: nsisolate(7), "Root" and "Side doors".
. tests/clients/client.sh

as_root() { su - alice -c "sudo -n sh -c '$1'" </dev/null 2>&1; }
furnish() { # furnish [LINE...]: alice may become root, and the rule has LINEs
	pam_stack su "$MODULE"
	echo 'alice ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/stage
	chmod 440 /etc/sudoers.d/stage
	printf '%s\n' '[users]' 'uid = 1000-59999' 'grace = 0' "$@" | conf
}
over() {
	rm -rf /etc/sudoers.d/stage /run/sudo "$@"
	nothing_left
}
outside() { pgrep -x "$1"; } # its daemons that are there after all logouts

# Debian's own scripts, with start-stop-daemon and without, where there is no systemd
test_a_service_that_is_restarted_goes_on_and_the_second_one_ends_with_the_session() {
	local first said
	furnish 'logout = kill'
	cron -f &
	first=$!
	wait_for test -s /run/crond.pid || fail "no cron"
	said=$(as_root 'service cron restart; pgrep -x cron')
	assert_match "$said" 'Starting periodic command scheduler: cron\.' "what it is told"
	assert_match "$said" $'\n[0-9]+$' "the second one, which runs in the session"
	only_first() { [ "$(outside cron)" = $first ]; }
	wait_for only_first || fail "outside: $(outside cron), the first one is $first"
	# with linger the second one goes on, beside the first
	furnish 'logout = linger'
	as_root 'service cron restart' >/dev/null
	only_two() { [ "$(outside cron | wc -l)" = 2 ]; }
	wait_for only_two || fail "outside: $(outside cron)"
	pkill -x cron
	wait $first
	over /run/crond.{pid,reboot}
}

test_sshd_that_is_started_in_a_session_locks_out_at_its_end() {
	furnish 'logout = kill'
	printf 'Port 22\nListenAddress 127.0.0.1\nHostKey %s\nUsePAM yes\n' $STAGE/keys/host >/etc/ssh/sshd_config
	service ssh start
	wait_for listens 22 || fail "no sshd"
	assert_match "$(as_root 'service ssh restart')" 'Restarting .*: sshd' "what it is told"
	assert_eq "$(outside sshd)" "$(cat /run/sshd.pid)" "the same one as before"
	pkill -x sshd
	wait_for sh -c '! pgrep -x sshd' || fail "it does not end"
	as_root 'service ssh start' >/dev/null
	wait_for sh -c '! pgrep -x sshd' || fail "it lives on: say so in nsisolate(7)"
	! listens 22 || fail "somebody listens"
	over /run/sshd.pid
}

test_the_hostname_and_the_hosts_file_are_the_sessions_only() {
	furnish
	assert_eq "$(as_root 'hostname other; hostname')" other
	assert_eq "$(hostname)" lab "the host's"
	cp /etc/hosts $STAGE/hosts
	assert_match "$(as_root 'sed -i s/lab/lib/ /etc/hosts')" 'cannot rename .*: Device or resource busy'
	assert_match "$(as_root 'echo 192.0.2.1 new >>/etc/hosts; cat /etc/hosts')" '192.0.2.1 new'
	cmp /etc/hosts $STAGE/hosts || fail "the host's file is another"
	[[ $(as_root 'cat /etc/hosts') != *new* ]] || fail "the next session has it: say so in nsisolate(7)"
	over $STAGE/hosts
}

test_ansible_takes_the_engine_for_the_service_manager() {
	local how
	furnish 'logout = kill'
	command -v ansible >/dev/null || skip "no Ansible here"
	how='LC_ALL=C.UTF-8 ansible localhost -c local'
	assert_match "$(su - alice -c "$how -m setup -a filter=ansible_service_mgr" 2>&1)" \
		'"ansible_service_mgr": "nsisolate-init"'
	# which it has no module for, so that it does what an init script does: nothing to the first one
	cron -f &
	wait_for test -s /run/crond.pid || fail "no cron"
	assert_match "$(su - alice -c "$how -b -m service -a 'name=cron state=restarted'" 2>&1)" '"state": "started"'
	alone() { [ "$(outside cron)" = $! ]; }
	wait_for alone || fail "outside: $(outside cron)"
	kill $!
	wait $!
	over /run/crond.{pid,reboot} /home/alice/.ansible
}

test_strace_and_kill_find_no_daemon_by_its_PID_file() {
	local pid
	furnish
	sleep 300 &
	pid=$!
	echo $pid >/run/daemon.pid
	assert_match "$(as_root "timeout 5 strace -p \$(cat /run/daemon.pid)")" 'No such process'
	assert_match "$(as_root "kill \$(cat /run/daemon.pid)")" 'No such process'
	kill $pid || fail "it has been killed"
	wait $pid
	over /run/daemon.pid
}

test_polkit_refuses_every_caller_of_a_session() {
	local check='pkcheck -p $$ -a org.freedesktop.policykit.exec && pkexec id -u'
	furnish
	command -v pkcheck >/dev/null && [ -x /usr/lib/polkit-1/polkitd ] || skip "no polkit here"
	chmod 4755 /usr/bin/pkexec # as its package does
	mkdir -p /run/dbus
	dbus-daemon --system --nofork &
	wait_for test -S /run/dbus/system_bus_socket || fail "no bus"
	echo 'polkit.addRule(function() { return polkit.Result.YES; });' >/etc/polkit-1/rules.d/10-stage.rules
	/usr/lib/polkit-1/polkitd --no-debug >/dev/null 2>&1 &
	furnish 'isolate = no'
	allowed() { [ "$(su - alice -c "$check" 2>/dev/null)" = 0 ]; }
	wait_for allowed || fail "the control: $(su - alice -c "$check" 2>&1)"
	furnish
	assert_match "$(su - alice -c "$check" 2>&1)" 'process with PID [0-9]+ has been replaced|does not exist|No such' "pkcheck"
	! su - alice -c 'pkexec id -u' 2>/dev/null || fail "pkexec works: say so in nsisolate(7)"
	kill %1 %2 # the bus, and polkitd
	wait
	over /run/dbus /run/polkit-1
}
