# What a session does not separate, and what leads around it: what nsisolate(7) says, no less and no more.
. tests/stage.sh

settings() { # settings LINE...: the one rule for users
	printf '[users]\nuid = 1000-59999\nservice = sshd, nsisolate-shell\n'
	printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"

is_running() { pgrep -u "$1" -f "^$2\$" >/dev/null; }

# ---- files, sockets, network ----

check_files() {
	as bob sh -c 'echo of-bob >/tmp/bob; chmod 644 /tmp/bob; mkdir -m 700 /tmp/closed'
	settings
	assert_eq "$(on "$user" 'cat /tmp/bob; ls /tmp/closed 2>/dev/null || echo closed')" "of-bob
closed" "another's files in /tmp"
	settings 'private = /tmp'
	assert_eq "$(on "$user" 'ls -A /tmp')" "" "/tmp with private"
	rm -r /tmp/bob /tmp/closed
}
test_files_are_what_their_permissions_make_them() { both check_files; }

# listeners of bob's, which answer anybody
LISTENERS='UNIX-LISTEN:/tmp/socket,mode=777 ABSTRACT-LISTEN:nsisolate TCP-LISTEN:7007,bind=127.0.0.1,reuseaddr'
ASK='for at in UNIX-CONNECT:/tmp/socket ABSTRACT-CONNECT:nsisolate TCP:127.0.0.1:7007; do
	socat -u $at - 2>/dev/null || echo none; done'
check_sockets() {
	local at
	for at in $LISTENERS; do
		as bob socat "$at,fork" SYSTEM:'echo answered' 2>/dev/null &
	done
	listening() { [ -S /tmp/socket ] && listens 7007 && grep -q @nsisolate /proc/net/unix; }
	wait_for listening || fail "no listeners"
	settings
	assert_eq "$(on "$user" "$ASK")" "answered
answered
answered" "by a path, abstract, by loopback"
	settings 'namespaces = uts, pid, net'
	assert_eq "$(on "$user" "$ASK")" "answered
none
none" "the same with net"
	pkill -u bob -x socat
	silent() { ! pgrep -u bob -x socat; }
	wait_for silent
	rm -f /tmp/socket
}
test_sockets_answer_except_with_net() { both check_sockets; }

check_ipc() {
	local id
	id=$(as bob ipcmk -M 64 -p 644 | tr -dc 0-9)
	settings
	assert_eq "$(on "$user" "ipcs -m | awk '{ print \$2 }' | grep -cx $id")" 1 "bob's shared memory"
	settings 'namespaces = uts, pid, ipc'
	assert_eq "$(on "$user" "ipcs -m | awk '{ print \$2 }' | grep -cx $id")" 0 "the same with ipc"
	ipcrm -m "$id"
}
test_system_v_ipc_is_the_hosts_except_with_ipc() { both check_ipc; }

check_names() {
	local before inside
	settings
	assert_eq "$(on "$user" 'getent passwd bob | cut -d: -f1; ls /dev/pts')" "bob
$(ls /dev/pts)" "names of users and terminals"
	assert_eq "$(on "$user" "head -1 /proc/stat | cut -c 1-4")" "cpu " "what the kernel tells of the machine"
	before=$(cut -d. -f1 /proc/uptime)
	inside=$(on "$user" "cut -d. -f1 /proc/uptime")
	[ "$before" -le "$inside" ] && [ "$inside" -le "$(cut -d. -f1 /proc/uptime)" ] ||
		fail "up for $before s before, $inside s inside"
}
test_names_and_the_kernels_figures_are_the_hosts() { both check_names; }

# ---- the same user, outside ----

has_ended() { ! pgrep -f "^$1\$" >/dev/null; }
check_outside() {
	local init
	settings
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" 'exec sleep 301' >/dev/null 2>&1 &
	wait_for is_running "$user" 'sleep 301' || fail "no session"
	as "$user" pgrep -f '^sleep 301$' >/dev/null || fail "it is not seen from outside"
	as bob pgrep -f '^sleep 301$' >/dev/null || fail "not by another user who is outside"
	init=$(newest_pid1 "$user")
	as bob kill -KILL "$init" 2>/dev/null && fail "another user can end it"
	as "$user" kill -KILL "$init" || fail "its user cannot"
	wait $!
	wait_for has_ended 'sleep 301' || fail "it did not end"
}
test_a_process_of_the_same_user_outside_sees_and_ends_the_session() { both check_outside; }

# ---- root ----

test_root_in_a_session_of_the_module_is_root() {
	settings
	sshd_start
	echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stage
	assert_eq "$(on alice 'sudo readlink /proc/self/ns/user')" "$(readlink /proc/self/ns/user)" \
		"the user namespace"
	assert_eq "$(on alice 'sudo grep CapEff /proc/self/status')" "$(grep CapEff /proc/self/status)" \
		"capabilities"
	rm /etc/sudoers.d/stage
	sshd_stop
	nothing_left
}

test_in_the_shells_way_there_is_no_root() {
	settings
	pam_stack sshd ''
	sshd_start
	echo 'dave ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stage
	on dave 'sudo -n true' 2>/dev/null && fail "sudo works"
	cp /bin/id /usr/local/bin/id-of-root
	chmod 4755 /usr/local/bin/id-of-root
	assert_eq "$(as dave id-of-root -u)" 0 "a setuid program outside"
	assert_eq "$(on dave 'id-of-root -u; id -u')" "5004
5004" "the same in the session"
	rm /usr/local/bin/id-of-root /etc/sudoers.d/stage
	sshd_stop
	nothing_left
}

# ---- ways around ----

test_internal_sftp_is_outside_of_the_shells_session() {
	settings
	pam_stack sshd ''
	SFTP=internal-sftp sshd_start
	fetch() { # FILE, whose size is 0
		echo "get /proc/sys/kernel/hostname $STAGE/fetched" |
			timeout "$(pace_seconds 500)" sftp -q -b - "${SSH_OPTIONS[@]}" dave@127.0.0.1 >/dev/null 2>&1
		cat $STAGE/fetched
	}
	assert_eq "$(fetch)" lab "what internal-sftp sees"
	sshd_stop
	SFTP='' sshd_start
	assert_eq "$(fetch)" dave-lab "what sftp-server sees"
	sshd_stop
	rm $STAGE/fetched
	nothing_left
}

test_a_cron_job_that_no_rule_names_is_outside() {
	local daemon table
	if command -v cron >/dev/null; then
		daemon=(cron -f) table=/var/spool/cron/crontabs/alice
	else
		daemon=(crond -n) table=/var/spool/cron/alice
	fi
	pam_stack "${daemon[0]}" 'session required pam_nsisolate.so'
	settings
	echo "@reboot (hostname; cat /proc/1/comm; echo end) >/home/alice/out" >$table
	chown alice $table
	chmod 600 $table
	"${daemon[@]}" >/dev/null 2>&1 &
	wait_for grep -q end /home/alice/out || fail "it did not run"
	assert_eq "$(cat /home/alice/out)" "lab
stage_init
end"
	kill $!
	wait $! 2>/dev/null
	rm -f /home/alice/out $table /run/crond.* /run/cron.*
	nothing_left
}

test_optional_lets_everybody_in_while_the_rules_are_broken() {
	echo '[broken' | conf
	sshd_start
	on alice true 2>/dev/null && fail "required lets in"
	pam_stack sshd 'session optional pam_nsisolate.so'
	assert_eq "$(on alice hostname)" lab optional
	sshd_stop
	nothing_left
}

# With the shell users can make it fail by their own limits; they gain nothing by that.
test_on_error_allow_is_not_the_users_choice_in_the_shell() {
	local scope limit
	with() { as dave prlimit "$1" "$NSISOLATE_SHELL" -c 'read -r name </proc/1/comm; echo "$name"' 2>/dev/null; }
	mkdir -p /run/user/5004
	chown dave:dave /run/user/5004
	chmod 700 /run/user/5004
	for scope in session user; do
		settings 'on_error = allow' "scope = $scope"
		assert_eq "$(with --nproc=100)" nsisolate-init "scope = $scope"
		for limit in --nproc=1 --nofile={3..16} --as={1..9}00000 --memlock=0 --stack=65536 --fsize=0 --sigpending=0; do
			[ "$(with $limit)" != stage_init ] || fail "scope = $scope, $limit"
		done
	done
	rm -r /run/user
	nothing_left
}
