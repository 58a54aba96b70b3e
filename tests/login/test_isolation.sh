# What an isolated session sees, and what it does not.
. tests/stage.sh

# a command in a session, its words joined as ssh does
inside() { on "$user" "$@"; }

check_hostname() {
	assert_eq "$(inside hostname)" "$user-lab" hostname
	assert_eq "$(inside uname -n)" "$user-lab" nodename
	assert_eq "$(hostname)" lab "the host's own name"
}
test_each_user_has_a_hostname_and_the_host_keeps_its_own() { both check_hostname; }

check_init() {
	assert_eq "$(inside cat /proc/1/comm)" nsisolate-init "comm of PID 1"
	# it shortens its title a moment after the command has started
	assert_match "$(inside 'while ps -o args= -p 1 | grep -q -e --uts; do :; done; ps -o args= -p 1')" \
		"^nsisolate-init: $user (users shared|shell-users nsisolate-shell)\$"
}
test_pid_1_is_nsisolate_init_and_says_whose_session_it_is() { both check_init; }

check_processes() {
	local seen
	seen=$(inside 'ps -e -o comm= | sort | uniq -c | sed "s/^ *//"')
	assert_eq "$(grep -vE '^[0-9]+ (bash|sh|nsisolate-init|ps|sort|uniq|sed|sshd|sshd-session)$' <<<"$seen")" "" \
		"processes of others"
	assert_eq "$(inside 'ls -d /proc/[0-9]* | xargs stat -c %U 2>/dev/null | sort -u | tr "\n" " "')" \
		"$user " "owners of what is in /proc"
}
test_nothing_of_anybody_else_is_in_ps_or_proc() { both check_processes; }

check_signals() {
	local outside
	sleep 60 &
	outside=$!
	assert_match "$(inside "kill -0 $outside" 2>&1)" "No such process" "kill of an outside pid"
	kill $outside
}
test_an_outside_process_cannot_be_signalled() { both check_signals; }

test_two_logins_do_not_see_each_other() {
	local first second
	separate
	sshd_start
	# keep the first one: the kernel reuses the number of a namespace that is gone
	on alice 'echo $(readlink /proc/self/ns/pid /proc/self/ns/uts /proc/self/ns/mnt); exec sleep 20' >/run/stage/first &
	wait_for test -s /run/stage/first
	first=$(cat /run/stage/first)
	second=$(on alice 'readlink /proc/self/ns/pid; pgrep -x sleep || echo none')
	assert_match "$second" none "a sleep of the other login"
	[ "${first%% *}" != "${second%%$'\n'*}" ] || fail "both logins share $first"
	for kind in pid uts mnt; do
		[[ $first != *"$(readlink /proc/self/ns/$kind)"* ]] || fail "the host's $kind namespace"
	done
	pkill -x sleep
	wait %2
	sshd_stop
	rm /run/stage/first
	nothing_left
}

check_proc_mount() {
	local word
	for word in nosuid nodev noexec; do
		assert_match "$(inside "grep ' /proc proc ' /proc/mounts | tail -1")" "$word" "/proc"
	done
}
test_proc_is_mounted_nosuid_nodev_noexec() { both check_proc_mount; }

check_hosts() {
	local before
	before=$(cat /etc/hosts)
	assert_match "$(inside "getent hosts $user-lab")" "127.0.1.1 +lab $user-lab" "lookup of its own name"
	assert_eq "$(inside cat /etc/hosts)" "$before

127.0.1.1	lab $user-lab" "/etc/hosts inside"
	assert_eq "$(cat /etc/hosts)" "$before" "/etc/hosts outside"
}
test_the_hostname_can_be_looked_up_and_the_hosts_file_is_the_hosts() { both check_hosts; }

check_canonical() {
	local wanted="lab.example.org example.org lab.example.org"
	local ask='echo "$(hostname -f) $(hostname -d) $(getent hosts "$(hostname)" | tr -s " " | cut -d" " -f2)"'
	cp /etc/hosts $STAGE/hosts
	echo '192.0.2.5 lab.example.org lab' >/etc/hosts
	assert_eq "$(eval "$ask")" "$wanted" "on the host"
	assert_eq "$(inside "$ask")" "$wanted" "in a session"
	assert_eq "$(inside "getent ahosts lab | awk '{ print \$1 }' | sort -u")" 192.0.2.5 "the machine's address"
	cp $STAGE/hosts /etc/hosts
	rm $STAGE/hosts
}
test_the_canonical_name_is_the_hosts() { both check_canonical; }

check_rename() {
	assert_match "$(inside 'hostname evil' 2>&1)" "(permitted|permission|must be root)" "hostname by the user"
	assert_eq "$(hostname)" lab
}
test_the_user_cannot_change_the_hostname() { both check_rename; }

check_trace() {
	assert_match "$(inside 'ls /proc/1/fd' 2>&1)" "denied" "descriptors of PID 1"
	assert_match "$(inside 'cat /proc/1/environ' 2>&1)" "denied" "environment of PID 1"
	inside 'kill -9 1; kill -TERM 1; kill -INT 1' || true
	inside 'kill -9 1; sleep 0.1; kill -TERM 1; sleep 0.1; echo alive' | grep -q alive ||
		fail "the session ended by a signal of its user to PID 1"
}
test_pid_1_cannot_be_read_or_ended_by_its_user() { both check_trace; }

test_root_and_administrators_are_left_alone() {
	sshd_start
	assert_eq "$(on root hostname)" lab "root's hostname"
	assert_eq "$(on carol hostname)" lab "the administrator's hostname"
	assert_eq "$(on carol readlink /proc/self/ns/pid)" "$(readlink /proc/self/ns/pid)"
	sshd_stop
	nothing_left
}

test_mounts_of_the_host_arrive_and_none_leaves() {
	mkdir /run/stage/late
	sshd_start
	on alice 'until [ -e /run/stage/late/file ]; do sleep 0.02; done; echo arrived' \
		>/run/stage/out &
	wait_for pgrep -u alice sleep
	mount -t tmpfs stage /run/stage/late
	touch /run/stage/late/file
	wait_for grep -q arrived /run/stage/out || fail "a later mount did not arrive"
	wait $!
	umount /run/stage/late
	rmdir /run/stage/late
	sshd_stop
	nothing_left # compares the host's mounts
}

# as on a host whose / is shared: podman checks that
test_mounts_of_the_session_reach_what_is_made_in_it_and_not_the_host() {
	echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stage
	mkdir /run/stage/there
	assert_eq "$(findmnt -no PROPAGATION /run | tail -n 1)" shared "outside"
	sshd_start
	assert_eq "$(on alice findmnt -no PROPAGATION /run | tail -n 1)" "shared,slave" "in a session"
	assert_eq "$(on alice 'sudo unshare --mount --propagation slave sh -c "echo up >/run/stage/up
		until mountpoint -q /run/stage/there; do sleep 0.02; done; echo arrived" &
		until [ -e /run/stage/up ]; do sleep 0.02; done
		sudo mount -t tmpfs stage /run/stage/there; wait')" arrived "in a mount namespace of the session's"
	! mountpoint -q /run/stage/there || fail "it has left the session"
	sshd_stop
	rm -r /etc/sudoers.d/stage /run/stage/up /run/stage/there
	nothing_left
}

test_sudo_in_a_session_works_and_knows_the_host() {
	command -v sudo >/dev/null || fail "sudo is missing"
	echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stage
	sshd_start
	assert_eq "$(on alice 'sudo id -u; sudo hostname' 2>&1)" "0
alice-lab" "sudo in the session"
	sshd_stop
	rm /etc/sudoers.d/stage
	nothing_left
}

check_leftovers() {
	inside 'nohup sleep 300 >/dev/null 2>&1 & (sleep 300 &) >/dev/null 2>&1; echo started' |
		grep -q started || fail "no background job"
	nothing_else=$(inside true 2>&1)
	assert_eq "$nothing_else" "" "output of true"
}
test_background_jobs_end_with_the_session() { separate; both check_leftovers; }
