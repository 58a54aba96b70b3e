# What a user can try against the walls of a session; and that a command finds nothing else changed.
. tests/stage.sh

inside() { on "$user" "$@"; }

check_kill_everything() {
	local other
	timeout "$(pace_seconds 400)" ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" 'sleep 301; exit 9' >/dev/null 2>&1 &
	other=$!
	as "$user" sleep 302 &
	wait_for pgrep -u "$user" -f '^sleep 301' || fail "no other session"
	wait_for pgrep -u "$user" -f '^sleep 302' || fail "no process outside"
	inside 'kill -KILL -1' 2>/dev/null
	assert_eq "$(pgrep -u "$user" -c -f '^sleep 30[12]')" 2 "the user's processes outside of the session"
	pkill -u "$user" -f '^sleep 30[12]'
	wait $other
	assert_eq $? 9 "the other session's own end"
}
test_kill_of_everything_reaches_the_own_session_only() { separate; both check_kill_everything; }

# allowed COMMAND...: prints those that succeed in a session, one per line
allowed() {
	printf '%s\n' "$@" | inside 'while read -r try; do
		sh -c "$try" >/dev/null 2>&1 </dev/null && echo "$try"; done; echo tried'
}
OWN_MOUNTS='unshare --user --map-root-user --mount'

check_proc() {
	assert_eq "$(allowed 'umount /proc' 'umount -l /proc' "$OWN_MOUNTS umount /proc" \
		"$OWN_MOUNTS umount -l /proc" "$OWN_MOUNTS --pid --fork umount -l /proc")" tried allowed
	# it is the umount that fails there, not what precedes it
	assert_eq "$(allowed "$OWN_MOUNTS mount -t tmpfs none /tmp" | head -1)" \
		"$OWN_MOUNTS mount -t tmpfs none /tmp" "allowed"
}
test_what_proc_covers_cannot_be_uncovered() { both check_proc; }

check_hosts_cover() {
	local write='echo 127.0.0.9 evil >>/etc/hosts'
	assert_eq "$(allowed 'umount /etc/hosts' "$OWN_MOUNTS umount /etc/hosts" \
		"$OWN_MOUNTS umount -l /etc/hosts")" tried allowed
	# in the shell's session nobody else sees the file, and it is the user's own
	[ "$user" = dave ] || assert_eq "$(allowed "$write")" tried allowed
	inside "$write" 2>/dev/null
	grep -q evil /etc/hosts && fail "it came through to the host"
	return 0
}
test_the_hosts_file_can_be_neither_uncovered_nor_changed() { both check_hosts_cover; }

check_enter() {
	local kind tries=()
	for kind in mnt uts pid user; do
		tries+=("nsenter --$kind=/proc/1/ns/$kind true" "readlink /proc/1/ns/$kind")
	done
	assert_eq "$(allowed "${tries[@]}")" tried allowed
}
test_the_namespaces_of_pid_1_are_closed_to_its_user() { both check_enter; }

check_trace() {
	command -v strace >/dev/null && inside 'timeout 5 strace -p 1' 2>/dev/null && fail "PID 1 was traced"
	assert_match "$(inside 'cat /proc/1/maps /proc/1/mem /proc/1/auxv 2>&1 | sort -u | head -3')" \
		"ermission denied" "memory of PID 1"
	assert_match "$(inside 'ls -l /proc/1/cwd /proc/1/root /proc/1/exe' 2>&1)" "ermission denied"
	# none of the user's processes shows another namespace
	assert_eq "$(inside 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -E "mnt:|uts:|pid:|pidfd"')" "" \
		"descriptors of namespaces and of processes"
}
test_no_descriptor_or_memory_of_ours_is_in_reach() { both check_trace; }

check_descriptors() {
	# sockets and pipes have unique numbers: compare only which descriptors there are, and of what kind
	look='ls -l /proc/self/fd | sed "s/.* \([0-9]*\) -> \([a-z]*\).*/\1 \2/; /^total/d"'
	assert_eq "$(inside "$look")" "$(on carol "$look")" "descriptors, compared with a plain login"
}
test_a_command_has_the_descriptors_of_a_plain_login() { both check_descriptors; }

# What a process inherits: as seen by the shell of $user, and by a plain login of carol's.
INHERITED='
	grep -E "^(SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt|NoNewPrivs|Seccomp|CapInh|CapPrm|CapEff|CapAmb|Umask):" \
		/proc/self/status
	cat /proc/self/oom_score_adj /proc/self/cgroup /proc/self/coredump_filter /proc/self/limits
	nice
	readlink /proc/self/root /proc/self/ns/net /proc/self/ns/ipc /proc/self/ns/cgroup
	ps -o sched= -p $$
	env | cut -d= -f1 | sort'
check_inheritance() {
	# bash for all three
	printf '%s\n' "$INHERITED" >$STAGE/inherited
	chmod 644 $STAGE/inherited
	on carol "bash $STAGE/inherited" >$STAGE/wanted
	assert_match "$(cat $STAGE/wanted)" SigBlk "what a plain login shows"
	diff $STAGE/wanted <(inside "bash $STAGE/inherited") || fail "this is not what a plain login has"
	rm $STAGE/inherited $STAGE/wanted
}
test_a_command_inherits_what_a_plain_login_gives() {
	! [ -d $STAGE/profile ] || skip "what counts for \`make coverage\` has a variable of its own"
	both check_inheritance
}

check_identity() {
	assert_eq "$(inside 'id -u; id -g')" "$(id -u "$user")
$(id -g "$user")"
	inside 'touch own; mkdir d; mv own d; chmod 600 d/own; rm -r d' || fail "work in its own home"
	assert_eq "$(inside 'stat -c %U:%G .')" "$user:$user" "owner of its home"
}
test_users_keep_their_ids_and_their_files() { both check_identity; }

test_supplementary_groups_stay_through_the_module() {
	echo "crew:x:6001:alice,carol" >>/etc/group
	sshd_start
	assert_eq "$(on alice 'id -Gn')" "alice crew"
	sshd_stop
	sed -i /^crew:/d /etc/group
	nothing_left
}

check_depth() {
	# a container of the user's own in the session, as podman or bubblewrap make it
	assert_eq "$(inside 'unshare --user --map-root-user --pid --fork --mount-proc --uts sh -c "
		hostname nested; hostname; echo \$\$; ps -e | wc -l" | tr "\n" " "; hostname')" \
		"nested 1 4 $user-lab"
}
test_a_user_can_make_namespaces_of_his_own_inside() { both check_depth; }

check_names() {
	assert_eq "$(allowed 'echo evil >/proc/sys/kernel/hostname' 'hostname evil' \
		'unshare --user --map-root-user hostname evil')" tried allowed
	assert_eq "$(hostname)" lab
}
test_the_hostname_cannot_be_changed_by_proc_or_a_user_namespace() { both check_names; }
