# nsisolatectl enter: what gets into a session, and what of the caller's does not.
. tests/stage.sh

is_running() { pgrep -u "$1" -f "^$2\$" >/dev/null; }

session_start() { # session_start [COMMAND]: of $user, in the background, $client; $init is its PID 1
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" "${1:-exec sleep 301}" \
		>$STAGE/out 2>&1 &
	client=$!
	wait_for is_running "$user" 'sleep 301' || fail "no session: $(cat $STAGE/out)"
	init=$(newest_pid1 "$user")
}

session_over() {
	pkill -KILL -x sleep
	wait $client 2>/dev/null
	rm -f $STAGE/out
}

# enter WORD...: its output and its status, as one word
said() { "$@" 2>&1; echo "status $?"; }

need_python() { command -v python3 >/dev/null || skip "no python3"; }

# ---- a command ----

check_inside() {
	local kind
	session_start
	for kind in uts pid mnt user; do
		assert_eq "$(nsisolatectl enter $user/1 -- readlink /proc/self/ns/$kind)" \
			"$(readlink /proc/"$init"/ns/$kind)" "the $kind namespace"
	done
	assert_eq "$(nsisolatectl enter $user/1 -- hostname)" "$user-lab"
	assert_match "$(nsisolatectl enter $user/1 -- ps -e -o pid=,comm=)" '^ +1 nsisolate-init'
	assert_eq "$(nsisolatectl enter $user/1 -- id -un)" "$user"
	assert_eq "$(nsisolatectl enter $user/1 -- sh -c 'cd ..; pwd; cd -')" "/home
/home/$user"
	# whichever word names it
	for word in "$init" "$(stat -L -c %i "/proc/$init/ns/pid")" "$(pgrep -u $user -x sleep)"; do
		assert_eq "$(nsisolatectl enter "$word" -- hostname)" "$user-lab" "by $word"
	done
	session_over
}
test_enter_is_inside_as_the_user() { both check_inside; }

test_enter_joins_every_kind_of_namespace() {
	kinds='uts pid mnt ipc net time'
	# where the machine's control groups are of the old kind such a namespace is not available
	[ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || kinds+=' cgroup'
	separate "namespaces = $(sed 's/mnt/mount/; s/ /, /g' <<<"$kinds")"
	both check_every_kind
}
check_every_kind() {
	local kind
	session_start
	for kind in $kinds; do
		[ "$(readlink /proc/"$init"/ns/$kind)" != "$(readlink /proc/self/ns/$kind)" ] ||
			fail "the session has no $kind namespace of its own"
		assert_eq "$(nsisolatectl enter $user/1 -- readlink /proc/self/ns/$kind)" \
			"$(readlink /proc/"$init"/ns/$kind)" "the $kind namespace"
	done
	session_over
}

check_belongings() {
	local out
	session_start
	exec 7<>$STAGE/out
	mkdir -p /run/secret && cd /run/secret && chmod 700 .
	out=$(LD_PRELOAD='' LD_LIBRARY_PATH=/run/secret SECRET=1 TERM=vt52 LANG=C.UTF-8 \
		nsisolatectl enter $user/1 -- sh -c 'env; ls -l /proc/$$/fd' | cat)
	cd "$TOP"
	rmdir /run/secret
	exec 7>&-
	assert_eq "$(grep = <<<"$out" | grep -v PWD | sort)" "HOME=/home/$user
LANG=C.UTF-8
LOGNAME=$user
PATH=/usr/local/bin:/usr/bin:/bin
SHELL=$1
TERM=vt52
USER=$user"
	assert_eq "$(awk '/->/ { print $9 }' <<<"$out" | tr '\n' ' ')" "0 1 2 " descriptors
	# by posix_spawn(3), which leaves signals ignored that only the kernel knows
	out=$(python3 -c 'import os, sys
status = os.waitpid(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0)[1]
sys.exit(status != 0)' nsisolatectl enter $user/1 -- \
		sh -c 'cat /proc/self/status; cut -d" " -f5-7 /proc/$$/stat') || fail "enter failed"
	assert_match "$out" $'\nUid:\t'"$(id -u $user)"$'\t'"$(id -u $user)"$'\t'"$(id -u $user)"$'\t'
	assert_match "$out" $'\nSigBlk:\t0+\n'
	assert_match "$out" $'\nSigIgn:\t0+\n'
	assert_match "$out" $'\nCapEff:\t0+\n'
	assert_match "$out" $'\nCapPrm:\t0+\n'
	assert_match "$out" $'\nCapInh:\t0+\n'
	# a session of its own (setsid), with no terminal: the caller's are out of reach
	assert_match "$out" $'\n[0-9]+ [0-9]+ 0$' "session and terminal"
	session_over
}
test_nothing_of_the_caller_comes_along() {
	need_python
	user=alice
	sshd_start
	check_belongings /bin/bash
	sshd_stop
	pam_stack sshd ''
	user=dave
	sshd_start
	check_belongings /bin/sh # behind nsisolate-shell
	sshd_stop
	nothing_left
}

test_the_groups_are_those_of_the_user() {
	printf '[all]\nuser = carol\n' | conf
	user=carol
	sshd_start
	session_start
	assert_eq "$(nsisolatectl enter carol/1 -- id -Gn)" "$(id -Gn carol)"
	assert_match "$(id -Gn carol)" ' (sudo|wheel)'
	session_over
	sshd_stop
	nothing_left
}

check_status() {
	local status
	session_start
	for status in 0 1 42 125 255; do
		nsisolatectl enter $user/1 -- sh -c "exit $status"
		assert_eq $? $status
	done
	for status in TERM KILL SEGV HUP; do
		# a shell's 128 + N does not show whether it was a signal
		assert_eq "$(python3 -c 'import subprocess, sys; print(-subprocess.call(sys.argv[1:]))' \
			nsisolatectl enter $user/1 -- sh -c "kill -$status \$\$")" \
			"$(kill -l $status)" "death by SIG$status"
	done
	assert_match "$(said nsisolatectl enter $user/1 -- no-such-command)" \
		'cannot run no-such-command: No such file or directory.status 127'
	assert_match "$(said nsisolatectl enter $user/1 -- /etc/passwd)" \
		'cannot run /etc/passwd: Permission denied.status 126'
	session_over
}
test_status_and_signals_are_the_commands() { need_python; both check_status; }

check_pipes() {
	session_start
	assert_eq "$(head -c 3000000 /dev/zero | nsisolatectl enter $user/1 -- sh -c 'cat; echo no >&2' \
		2>/dev/null | wc -c)" 3000000
	assert_eq "$(nsisolatectl enter $user/1 -- sh -c 'echo out; echo err >&2' 2>&1 >/dev/null)" err
	assert_eq "$(nsisolatectl enter $user/1 -- cat <&- 2>&1)" "" "with standard input closed"
	assert_eq "$(printf 'echo one $0\nexit 3\n' | said nsisolatectl enter $user/1)" \
		"one -$1
status 3" "a shell that reads from a pipe"
	session_over
}
test_pipes_pass_bytes() {
	user=alice
	sshd_start
	check_pipes bash
	sshd_stop
	user=dave
	pam_stack sshd ''
	sshd_start
	check_pipes sh
	sshd_stop
	nothing_left
}

check_told_to_end() {
	local pid
	session_start
	nsisolatectl enter $user/1 -- sh -c 'trap "exit 9" TERM; sleep 302 & wait' &
	pid=$!
	wait_for pgrep -x -f 'sleep 302'
	kill $pid
	wait $pid
	assert_eq $? 9 "status after SIGTERM to enter"
	# that comes when the command runs, and enter does not know it yet
	strace -qq -o /dev/null -e inject=recvfrom:delay_exit=500000 \
		nsisolatectl enter $user/1 -- sh -c 'trap "exit 9" TERM; sleep 304 & wait' &
	pid=$!
	wait_for pgrep -x -f 'sleep 304'
	pkill -P $pid
	wait $pid
	assert_eq $? 9 "status after SIGTERM to enter that has just started"
	nsisolatectl enter $user/1 -- sleep 303 &
	pid=$!
	wait_for pgrep -x -f 'sleep 303'
	nsisolatectl end --now $user/1 >/dev/null
	wait $pid
	assert_eq $? 137 "status when the session ends"
	wait $client
	rm $STAGE/out
}
test_signals_and_the_sessions_end_reach_the_command() { separate; both check_told_to_end; }

# What a hostile session would do to a file that it got: truncate, rewind, reopen it, write to it later
SPOIL='import os, time
def attempt(what, function):
    try: function(); print("could", what, flush=True)
    except OSError: pass
attempt("cut", lambda: os.ftruncate(1, 0))
attempt("wind back", lambda: os.lseek(0, 0, 0))
print(os.read(0, 9).decode(), flush=True)
if os.fork() == 0:
    time.sleep(0.3)
    print("later", flush=True)
    os._exit(0)
print("now", flush=True)'
check_files() {
	session_start
	cd $STAGE
	printf 'secret' >given
	for way in plain enter; do
		echo before >log
		case $way in
		plain) python3 -c "$SPOIL" <given >>log ;; # the control
		enter) nsisolatectl enter $user/1 -- python3 -c "$SPOIL" <given >>log 2>/dev/null ;;
		esac
		sleep 0.7
		tr '\n' ' ' <log >got.$way
	done
	assert_eq "$(cat got.plain)" "could cut could wind back secret now later "
	assert_eq "$(cat got.enter)" "before secret now "
	# two descriptors of one file keep their order; each can be opened by name
	nsisolatectl enter $user/1 -- sh -c 'for i in 1 2 3; do echo out; echo err >/dev/stderr; done' >log 2>&1
	assert_eq "$(tr '\n' ' ' <log)" "out err out err out err "
	assert_eq "$(echo fed | nsisolatectl enter $user/1 -- cat /dev/stdin)" fed
	# a process that writes when nobody reads ends by that
	assert_eq "$(nsisolatectl enter $user/1 -- sh -c 'yes; kill -l $? >&2' 2>&1 >/dev/full | cat)" PIPE
	assert_eq "$(nsisolatectl enter $user/1 -- yes | head -n 1; echo "${PIPESTATUS[*]}")" "y
141 0"
	rm given log got.*
	session_over
}
test_a_session_gets_no_file_of_the_callers() { need_python; both check_files; }

# ---- who may ----

test_root_inside_is_the_machines_root() {
	local out
	sshd_start
	user=alice
	session_start
	out=$(nsisolatectl enter --root alice/1 -- sh -c 'id -u; hostname; pwd; env; cat /proc/self/status')
	assert_match "$out" $'^0\nalice-lab\n/root\n'
	assert_match "$out" $'\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n'
	assert_match "$out" $'\nUSER=root\n'
	assert_match "$out" $'\nCapEff:\t0*[1-9a-f]'
	session_over
	sshd_stop
	nothing_left
}

test_root_is_refused_where_a_user_can_lure_it() {
	pam_stack sshd ''
	sshd_start
	user=dave
	session_start
	assert_match "$(said nsisolatectl enter --root dave/1 -- touch /tmp/done)" \
		'root does not exist in a session of nsisolate-shell.* without --root you enter as dave.status 125'
	[ ! -e /tmp/done ] || fail "it was run"
	session_over
	sshd_stop
	nothing_left
}

# Programs that dave has mounted over everything in dave's session are run by nobody but dave.
test_a_hostile_session_gets_only_its_own_user() {
	local out
	need_python
	pam_stack sshd ''
	sshd_start
	user=dave
	session_start
	mkdir /tmp/bin
	printf '#!/bin/bash\necho lured\ncat /proc/$$/status\n' >/tmp/bin/id
	chmod 755 /tmp/bin/id
	as dave python3 - "$(pgrep -u dave -x sleep)" <<-'END' || fail "dave cannot mount in dave's own session"
		import ctypes, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		fds = [os.open(f'/proc/{sys.argv[1]}/ns/{kind}', os.O_RDONLY) for kind in ('user', 'mnt')]
		for fd in fds:
		    if libc.setns(fd, 0): sys.exit(os.strerror(ctypes.get_errno()))
		if libc.mount(b'/tmp/bin/id', b'/usr/bin/id', None, 4096, None):
		    sys.exit(os.strerror(ctypes.get_errno()))
	END
	out=$(nsisolatectl enter dave/1 -- id)
	assert_match "$out" $'^lured\n.*Uid:\t5004\t5004\t5004\t5004\n'
	assert_match "$out" $'\nCapEff:\t0+\n'
	session_over
	rm -r /tmp/bin
	sshd_stop
	nothing_left
}

test_a_user_enters_his_own_session_of_the_shell() {
	pam_stack sshd ''
	sshd_start
	user=dave
	session_start
	cd /
	assert_eq "$(said as dave nsisolatectl enter dave/1 -- sh -c 'hostname; pwd; id -Gn; exit 4')" "dave-lab
/home/dave
dave
status 4"
	assert_match "$(said as dave nsisolatectl enter --root dave/1 -- id)" '--root is for root.*status 125'
	assert_match "$(said as bob nsisolatectl enter dave/1 -- id)" 'there is no session dave/1.*status 125'
	assert_match "$(said as bob nsisolatectl enter "$init" -- id)" 'cannot examine process [0-9]+: run as root.*status 125'
	session_over
	sshd_stop
	nothing_left
}

test_only_root_enters_a_session_of_the_module() {
	sshd_start
	user=alice
	session_start
	cd /
	assert_match "$(said as alice nsisolatectl enter alice/1 -- id)" \
		'only root can enter.*status 125'
	assert_match "$(said on alice "$NSISOLATECTL enter 1 -- id")" \
		'you are already in this session.*status 125'
	session_over
	sshd_stop
	nothing_left
}

# Between root's nsisolatectl and the command there is a process with alice's ids, which her other processes
# can neither inspect nor trace.
test_the_envoy_cannot_be_traced() {
	local log=$STAGE/strace
	command -v strace >/dev/null || skip "no strace"
	sshd_start
	user=alice
	session_start
	! sanitized || export ASAN_OPTIONS=detect_leaks=0 # which it cannot look for while traced
	strace -f -o $log -e trace=prctl,setresuid,setns,execve,clone3,close_range \
		nsisolatectl enter alice/1 -- true || fail "see above"
	# not dumpable before it joins, and again once it has become alice; not counted: UTS namespaces alone, of
	# which it looks the sessions' hostnames up
	awk '/setns\(.*, CLONE_NEWUTS\)/ { next }
		/prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE/ { hidden++ }
		/setns\(/ { if (!hidden) exit 1; joined++ }
		/setresuid\(5001/ { became = hidden }
		/execve\("[^"]*\/true"/ { if (!joined || !became || hidden <= became) exit 1; ran++ }
		END { exit !ran }' $log || fail "$(cat $log)"
	rm $log
	session_over
	sshd_stop
	nothing_left
}

# ---- a terminal ----

check_terminal() {
	session_start
	expect -f tests/login/enter.exp $user "$(hostname)" nsisolatectl enter $user/1 >$STAGE/terminal 2>&1 ||
		fail "status $?: $(tail -c 2500 $STAGE/terminal | tr -d '\r' | cat -v)"
	rm $STAGE/terminal
	session_over
}
test_a_person_at_a_terminal() { both check_terminal; }
