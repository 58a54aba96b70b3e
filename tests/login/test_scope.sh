# scope = user: all logins of a user under one rule share one session.
. tests/stage.sh

DIR=$STAGE/members
declare -A job  # by a member's name: the process that waits for its login
declare -A pid_1 # by a member's name: its session's PID 1, whose number, unlike an inode's, is not soon reused

# settings LINE...: the rule of all logins, and a PAM stack with nothing but the module
settings() {
	printf '[all]\nscope = user\n'
	printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"
stack() { own_stack; }

# A member of a shared session: says where it is, then does what it is told.  member NAME
MEMBER='dir=${0%/*}
{ cd /proc/self/ns && readlink pid uts mnt ipc net cgroup time user; hostname; } >$dir/$1.new
mv $dir/$1.new $dir/$1.seen
cd /
while test -p $dir/$1.words; do
	# nothing: the writer of the last line has not closed it yet
	read -r line <$dir/$1.words || continue
	[ "$line" != leave ] || exit 0
	eval "$line" >$dir/$1.new 2>&1
	mv $dir/$1.new $dir/$1.said
done'

before_each() {
	cd / || exit # the tree may be in the host's /tmp
	rm -rf $DIR # left by a test that failed
	mkdir -p -m 1777 $DIR
	chmod 1777 $DIR
	echo "$MEMBER" >$DIR/member
	stack
	settings "$@"
	# where the shell keeps the sockets of its shared sessions
	mkdir -p /run/user/5004
	chown dave:dave /run/user/5004
	chmod 700 /run/user/5004
}
after_each() {
	rm -rf $DIR /run/user /run/nsisolate /etc/pam.d/stage
	nothing_left
}
each_way() { # each_way FUNCTION: with $way and $user
	for way in module shell; do
		user=alice
		[ $way = module ] || user=dave
		before_each
		"$@"
		after_each
	done
}

# enter VIA COMMAND: a login of $user that runs it
enter() (
	case $1 in
	module) exec "$BUILD/tests/pam_app" stage "$user" remember open run "$2" close same end ;;
	shell) as "$user" XDG_RUNTIME_DIR=/run/user/5004 "$NSISOLATE_SHELL" -c "$2" ;;
	sshd) on "$user" "$2" ;;
	su) exec su "$user" -s /bin/sh -c "$2" ;;
	login) exec expect -c "source $TOP/tests/login/spawn_login.exp; set timeout $PATIENCE; spawn_login $user; expect -re {[\$#] $}; send {$2}; send \\r; expect eof" ;;
	esac
)

# member NAME [VIA]: logs in, and stays until told to leave
member() {
	mkfifo -m 666 $DIR/$1.words
	enter "${2:-$way}" "exec sh $DIR/member $1" >$DIR/$1.log 2>&1 &
	job[$1]=$!
	wait_for test -e $DIR/$1.seen ||
		fail "$1 does not get in: $(cat $DIR/$1.log; grep nsisolate $LOGS/syslog; ps -ef)"
	pid_1[$1]=$(init_of $1)
	[[ ${pid_1[$1]} =~ ^[0-9]+$ ]] || fail "PID 1 of $1: '${pid_1[$1]}'"
}
send() { timeout "$(pace_seconds 100)" sh -c 'echo "$1" >"$2"' send "$2" $DIR/$1.words || fail "$1 does not listen"; }
tell() { # tell NAME COMMAND: prints its output
	rm -f $DIR/$1.said
	send "$1" "$2"
	wait_for test -e $DIR/$1.said || fail "$1 does not do: $2"
	cat $DIR/$1.said
}
leave() { # leave NAME...
	local name
	for name; do
		send $name leave
		wait "${job[$name]}" || fail "$name ends with status $?: $(cat $DIR/$name.log)"
	done
}
set_of() { head -n 1 $DIR/$1.seen; }
all_of() { head -n 8 $DIR/$1.seen; }
name_of() { tail -n 1 $DIR/$1.seen; }
same_session() { assert_eq "$(all_of $2)" "$(all_of $1)" "namespaces of $2, as of $1"; }
other_session() { [ "${pid_1[$1]}" != "${pid_1[$2]}" ] || fail "$1 and $2 share $(set_of $1)"; }

# the shared sessions of a user, by their PID namespaces
sessions() {
	local pid
	for pid in $(pgrep -u "$1"); do readlink /proc/$pid/ns/pid; done 2>/dev/null |
		grep -vxF "$(readlink /proc/self/ns/pid)" | sort -u
}
count_sessions() { sessions "${1:-$user}" | wc -l; }
has_sessions() { [ "$(count_sessions "$1")" = "$2" ]; }
is_running() { pgrep -u "$user" -f "^$1\$" >/dev/null; }
is_gone() { ! is_running "$1"; }
# the PID 1 of a member's session
init_of() {
	local pid
	for pid in $(pgrep -u "$user" -x nsisolate-init); do
		[ "$(readlink /proc/$pid/ns/pid)" != "$(set_of $1)" ] || echo $pid
	done
}
# the leader of a member's login
leader_of() {
	case $way in
	module) pgrep -u root -f "^$BUILD/tests/pam_app .*/member $1 close" ;;
	shell) ps -o ppid= -p "$(pgrep -u $user -f "/member $1\$")" | tr -d ' ' ;;
	esac
}

# ---- one shared session ----

test_logins_by_sshd_su_and_login_share_one_session() {
	local name
	user=alice way=module
	before_each
	for name in sshd su login; do pam_stack $name 'session required pam_nsisolate.so'; done
	sshd_start
	for name in sshd su login module; do member by-$name $name; done
	for name in su login module; do same_session by-sshd by-$name; done
	for name in sshd su login module; do assert_eq "$(name_of by-$name)" alice-lab "hostname by $name"; done
	[ "$(set_of by-su)" != "$(readlink /proc/self/ns/pid)" ] || fail "it is the host's"
	assert_eq "$(inits alice | wc -l)" 1 "PID 1s"
	# they see and reach each other
	tell by-sshd 'sleep 301 & :' >/dev/null
	assert_match "$(tell by-login 'pgrep -f "^sleep 301"')" '^[0-9]+$' "what by-sshd runs"
	assert_eq "$(tell by-su 'pkill -f "^sleep 301" && echo killed')" killed
	# the first one's end does not end the others
	leave by-sshd
	assert_eq "$(tell by-su 'cat /proc/1/comm')" nsisolate-init "when the first one has left"
	leave by-su by-login
	assert_eq "$(tell by-module 'cat /proc/1/comm')" nsisolate-init "for the last one"
	leave by-module
	sshd_stop
	after_each
}

check_share() {
	member first
	member second
	same_session first second
	assert_eq "$(count_sessions)" 1 sessions
	tell first 'sleep 301 >/dev/null 2>&1 & echo started' >/dev/null
	leave first
	# the second can see, and end, what it left behind
	assert_eq "$(tell second 'pgrep -c -f "^sleep 301"')" 1 "what the first left"
	member third
	same_session second third
	assert_eq "$(tell third 'pkill -f "^sleep 301" && echo killed')" killed
	wait_for is_gone 'sleep 301' || fail "it lives"
	leave third second
	wait_for has_sessions $user 0 || fail "left: $(ps -u $user -o pid,args)"
}
test_a_later_login_sees_and_kills_what_an_earlier_one_left() { each_way check_share; }

check_kinds() {
	settings 'namespaces = uts, pid, mount, ipc, net, time' 'private = /tmp, /dev/shm' 'hostname = %u-%i'
	member first
	member second
	same_session first second
	assert_match "$(name_of first)" "^$user-[0-9a-f]{8}\$" hostname
	assert_eq "$(name_of second)" "$(name_of first)" "hostname by the session's id"
	tell first 'echo mine >/tmp/file; ipcmk -Q' >/dev/null
	assert_eq "$(tell second 'cat /tmp/file; ipcs -q | grep -c ^0x; ls -A /dev/shm')" "mine
1" "private directories and queues"
	leave first second
	wait_for has_sessions $user 0
	member third
	other_session first third
	assert_eq "$(name_of third)" "$(name_of first)" "hostname of the user's next session"
	leave third
}
test_every_kind_is_shared_and_the_id_is_the_sessions() { each_way check_kinds; }

test_the_id_is_what_pid_1_says() {
	user=alice way=module
	before_each 'hostname = %i'
	member first
	member second
	assert_eq "$(tr '\0' '\n' <"/proc/$(init_of first)/environ" | sed -n 's/^id=//p')" "$(name_of second)" id
	leave first second
	after_each
}

test_tmux_can_be_attached_to() {
	command -v tmux >/dev/null || skip "no tmux here"
	user=alice way=module
	before_each 'private = /tmp'
	sshd_start
	member first
	on alice 'tmux -f /dev/null new-session -d -s work "echo in the window; exec sleep 300"' ||
		fail "no tmux: status $?"
	assert_match "$(TERM=xterm on alice -tt 'tmux attach -t work \; run-shell "sleep 0.3" \; detach-client' | tr -d '\r' | cat -v)" \
		"in the window.*detached \(from session work\)" "attached by another login"
	leave first
	sshd_stop
	after_each
}

check_directory() {
	member first
	mkdir -p /srv/some/where
	assert_eq "$(cd /srv/some/where && enter $way 'pwd; hostname')" "/srv/some/where
$user-lab" "the working directory of a login that joins"
	rm -r /srv/some
	# what the host mounts later appears for all
	mkdir /run/stage/late
	mount -t tmpfs stage /run/stage/late
	touch /run/stage/late/file
	assert_eq "$(tell first 'ls /run/stage/late')$(enter $way 'ls /run/stage/late')" filefile "a later mount"
	umount /run/stage/late
	rmdir /run/stage/late
	leave first
}
test_a_login_that_joins_keeps_its_directory_and_sees_later_mounts() { each_way check_directory; }

check_hosts() {
	local ask='grep -c "$(hostname)" /etc/hosts; getent hosts 192.0.2.9 192.0.2.10 | tr -s " "; grep -c " /etc/hosts " /proc/self/mountinfo'
	local mount='grep " /etc/hosts " /proc/self/mountinfo'
	cp /etc/hosts $STAGE/hosts
	member first
	sed -i '$a 192.0.2.9 new' /etc/hosts
	assert_eq "$(tell first "$ask")" "0
192.0.2.9 new
0" "when the host has replaced its file"
	member second
	assert_eq "$(tell first "$ask")" "1
192.0.2.9 new
1" "with one more login"
	echo 192.0.2.10 newer >>/etc/hosts
	assert_eq "$(tell first "$ask" | tail -n 2)" "192.0.2.9 new
1" "when the host has written into its file"
	member third
	assert_eq "$(tell first "$ask")" "1
192.0.2.9 new
192.0.2.10 newer
1" "with one more login"
	before=$(tell first "$mount")
	enter $way true
	assert_eq "$(tell first "$mount")" "$before" "when nothing has changed"
	leave first second third
	mv $STAGE/hosts /etc/hosts
}
test_a_login_that_joins_renews_the_hosts_file() { each_way check_hosts; }

check_status() {
	member first
	enter $way 'exit 0' || fail "status $? for 0"
	if [ $way = shell ]; then
		enter shell 'exit 42'
		assert_eq $? 42 "status of a login that joins"
		enter shell 'kill -TERM $$' 2>/dev/null
		assert_eq $? 143 "death of a login that joins"
		assert_eq "$(seq 20000 | enter shell 'sha256sum')" "$(seq 20000 | sha256sum)" "input"
		assert_eq "$(enter shell 'echo $SHELL; id -u; id -Gn; umask; pwd')" "$(as dave sh -c \
			'echo $SHELL; id -u; id -Gn; umask; pwd')" "what it has"
	fi
	leave first
}
test_a_login_that_joins_has_its_own_status() { each_way check_status; }

# in the shell's sessions the outer process passes signals on, and stops when its command does
test_a_command_in_a_shared_session_is_signalled_and_stopped_through_its_outer_process() {
	local outer command
	user=dave way=shell
	before_each
	state_of() { [ "$(ps -o stat= -p "$1" | cut -c1)" = "$2" ]; }
	of_command() { # of_command PATTERN: the two processes
		wait_for is_running "$1" || fail "it does not run: $1"
		command=$(pgrep -o -u dave -f "^$1\$") # its child has the same command line until it execs
		outer=$(ps -o ppid= -p "$command" | tr -d ' ')
		assert_eq "$(cat "/proc/$outer/comm")" nsisolate-init "its parent"
	}
	as dave "$NSISOLATE_SHELL" -c 'trap "exit 7" TERM; sleep 302 & wait' &
	of_command "/bin/sh -c trap.*"
	kill -TERM "$outer"
	wait $!
	assert_eq $? 7 "its status, which the signal made"
	as dave "$NSISOLATE_SHELL" -c 'exec sleep 303' &
	of_command 'sleep 303'
	kill -STOP "$command"
	wait_for state_of "$outer" T || fail "the outer process does not stop: $(ps -ef)"
	kill -CONT "$outer"
	wait_for state_of "$command" S || fail "the command is not continued"
	kill -TERM "$outer"
	wait $!
	assert_eq $? 143 "its status"
	after_each
}

# ---- apart ----

check_rules_apart() {
	{ printf '[one]\nuser = %s\nscope = user\nhostname = one\n' $user
		printf '[two]\nscope = user\nhostname = %%u-two\n'; } | conf
	member first
	{ printf '[one]\nuser = nobody\nscope = user\nhostname = one\n'
		printf '[two]\nscope = user\nhostname = %%u-two\n'; } | conf
	member second
	other_session first second
	assert_eq "$(name_of first) $(name_of second)" "one $user-two"
	member third
	same_session second third
	assert_eq "$(count_sessions)" 2 "sessions of two rules"
	leave first second third
}
test_two_rules_are_two_sessions() { each_way check_rules_apart; }

test_two_users_are_two_sessions() {
	local first
	way=module
	before_each
	user=alice
	member first
	user=bob
	member second
	other_session first second
	assert_eq "$(count_sessions alice) $(count_sessions bob)" "1 1" sessions
	assert_match "$(tell second 'ps -e -o user= | sort -u')" "^bob\$" "whom bob sees"
	leave first second
	after_each
}

test_the_module_and_the_shell_have_sessions_of_their_own() {
	user=dave
	before_each
	way=module
	member first
	way=shell
	member second
	other_session first second
	leave first second
	after_each
}

test_scope_session_beside_it_shares_nothing() {
	user=alice way=module
	before_each
	member first
	printf '[all]\nscope = session\n' | conf
	member second
	other_session first second
	member third
	other_session second third
	leave second third first
	after_each
}

# ---- configuration ----

check_changed() {
	local line session descriptors
	settings 'grace = 0'
	member first
	descriptors=$(count_descriptors first)
	printf '# the same, and a comment\n[all]\nscope=user\ngrace = 0 # none\n' | conf
	member again
	same_session first again
	leave again
	for line in 'grace = 1' 'hostname = %u-new' 'domainname = example' 'namespaces = uts, pid, ipc' 'logout = linger' \
		'private = /tmp' 'user_manager = keep' 'hosts = no'; do
		settings "$line"
		[[ $line = grace* ]] || settings 'grace = 0' "$line"
		session="by-${line%% *}"
		member "$session"
		other_session first "$session"
		member "$session-2"
		same_session "$session" "$session-2"
		leave "$session" "$session-2"
		wait_for has_sessions $user 1 || fail "with $line there are $(count_sessions) sessions"
	done
	assert_eq "$(tell first 'cat /proc/1/comm; hostname')" "nsisolate-init
$user-lab" "the old one lives on with its login"
	settings 'grace = 0' 'domainname = last'
	member last
	assert_eq "$(count_descriptors last)" "$descriptors" "descriptors of a PID 1"
	leave first
	wait_for has_sessions "$user" 1 || fail "the old session does not end"
	member last-2
	same_session last last-2
	leave last last-2
}
count_descriptors() { find "/proc/${pid_1[$1]}/fd" -type l | wc -l; }
test_a_changed_configuration_gives_a_new_session_and_the_old_one_lives_on() { each_way check_changed; }

# ---- the end ----

check_last_one() {
	settings 'grace = 1'
	member first
	member second
	tell first '(trap "" HUP; exec sleep 301) >/dev/null 2>&1 & :' >/dev/null
	leave first
	is_running 'sleep 301' || fail "the first one's end ended it"
	assert_eq "$(find /run/nsisolate /run/user -type s 2>/dev/null | wc -l)" 1 "places to meet"
	leave second
	wait_for is_gone 'sleep 301' || fail "it outlives the last login"
	wait_for has_sessions $user 0 || fail "a session is left"
	assert_eq "$(pgrep -u $user -c -x nsisolate-init)" 0 "PID 1s"
	assert_eq "$(find /run/nsisolate /run/user -type s 2>/dev/null)" "" "places to meet that are left"
}
test_the_last_one_out_begins_the_logout() { each_way check_last_one; }

check_linger() {
	settings 'logout = linger'
	member first
	tell first '(trap "" HUP; exec sleep 301) >/dev/null 2>&1 & :' >/dev/null
	leave first
	is_running 'sleep 301' || fail "it was ended"
	member second
	same_session first second
	assert_eq "$(tell second 'pgrep -c -f "^sleep 301"')" 1 "what lingers"
	leave second
	is_running 'sleep 301' || fail "it was ended by the second logout"
	# killed while nobody is logged in, the session ends with it
	pkill -u $user -f '^sleep 301'
	wait_for has_sessions $user 0 || fail "left: $(ps -u $user -o pid,stat,args)"
	member third
	other_session first third
	leave third
	wait_for has_sessions $user 0 || fail "the third one's session has nobody, and is still there"
}
test_linger_keeps_the_session_and_it_can_be_joined_again() { each_way check_linger; }

check_ending() {
	settings 'grace = 2'
	member first
	tell first '(trap "" HUP TERM; exec sleep 301) >/dev/null 2>&1 & :' >/dev/null
	leave first
	is_running 'sleep 301' || fail "it has no grace"
	member second
	other_session first second
	assert_eq "$(tell second 'pgrep -f "^sleep 301" || echo none')" none "what the new session has of the old one"
	member third
	same_session second third
	wait_for is_gone 'sleep 301' || fail "the old session does not end"
	wait_for has_sessions $user 1 || fail "sessions: $(sessions $user)"
	assert_eq "$(tell second 'cat /proc/1/comm')" nsisolate-init "the new session, when the old one has ended"
	leave second third
}
test_a_login_while_a_session_ends_gets_a_new_one() { each_way check_ending; }

check_init_killed() {
	member first
	member second
	tell second 'sleep 301 >/dev/null 2>&1 & :' >/dev/null
	kill -KILL "${pid_1[first]}"
	wait_for is_gone 'sleep 301' || fail "it outlives PID 1"
	wait "${job[first]}" "${job[second]}" 2>/dev/null
	member third
	other_session first third
	member fourth
	same_session third fourth
	leave third fourth
}
test_pid_1_killed_ends_the_shared_session_and_the_next_login_gets_a_new_one() { each_way check_init_killed; }

check_leader_killed() {
	local leader
	settings 'grace = 0'
	member first
	member second
	leader=$(leader_of first)
	[[ $leader =~ ^[0-9]+$ ]] || fail "not one process is the leader: $leader, $(ps -ef)"
	kill -KILL "$leader"
	wait "${job[first]}" 2>/dev/null
	assert_eq "$(tell second 'cat /proc/1/comm')" nsisolate-init "for the second, when the first was killed"
	member third
	same_session second third
	leave second
	leader=$(leader_of third)
	kill -KILL "$leader"
	wait "${job[third]}" 2>/dev/null
	wait_for has_sessions $user 0 || fail "the last leader's death does not end it: $(ps -ef)"
}
test_a_leader_killed_is_a_logout() { each_way check_leader_killed; }

test_a_pid_1_that_hangs_keeps_nobody_for_ever() {
	local start init
	user=alice way=module
	before_each
	member first
	init=$(init_of first)
	kill -STOP "$init"
	start=$(now_ms)
	"$BUILD/tests/pam_app" stage alice remember open run "readlink /proc/self/ns/pid" close same end \
		>$STAGE/out 2>&1
	kill -CONT "$init"
	assert_within "$start" 6000 30
	# refused or let into a session of its own, never let in without one
	if grep -q '^pid:' $STAGE/out; then
		[ "$(grep '^pid:' $STAGE/out)" != "$(readlink /proc/self/ns/pid)" ] || fail "not isolated"
	else
		logged 'session refused' >/dev/null
	fi
	rm $STAGE/out
	assert_eq "$(tell first 'cat /proc/1/comm')" nsisolate-init "the first one, afterwards"
	leave first
	after_each
}

# LOGINS (200) says how many; `make soak` has a thousand.
test_logins_by_the_hundred_leave_nothing_in_a_shared_session() {
	local init before
	user=alice way=module
	before_each
	has_descriptors() { [ "$(find "/proc/$init/fd" -type l | wc -l)" = "$1" ]; }
	member first
	init=${pid_1[first]}
	before=$(find "/proc/$init/fd" -type l | wc -l)
	"$BUILD/tests/pam_app" stage alice repeat "${LOGINS:-200}" open close || fail "one of them is not let in"
	assert_eq "$(grep -c "session opened: user=alice .*init=$init .*joined=yes" $LOGS/syslog)" "${LOGINS:-200}" "joined"
	wait_for has_descriptors "$before" || fail "PID 1 keeps some: $(ls -l "/proc/$init/fd")"
	assert_match "$(nsisolatectl list)" ' logins=1 '
	member last
	same_session first last
	leave first last
	after_each
}

# ---- a PID 1 that has no room ----

# the last line in the log on a login that did not get in
# With the shell users can take PID 1's descriptors away: they only keep themselves out.
test_a_shared_session_without_descriptors_takes_no_login_and_lives_on() {
	local init
	user=dave way=shell
	before_each
	member first
	init=$(init_of first)
	# enough for poll(2) and accept(2), and too few for a login's descriptors
	as dave prlimit --pid "$init" --nofile=8:
	enter shell 'echo let in' 2>&1 | grep -q 'take no further login' || fail "let in"
	as dave prlimit --pid "$init" --nofile=1024:
	member second
	same_session first second
	leave second first
	after_each
}

test_a_shared_session_without_memory_takes_no_login_and_lives_on() {
	local init tracer heap i
	command -v strace >/dev/null || skip "no strace"
	! sanitized || skip "sanitizers have an allocator of their own"
	user=alice way=module
	before_each
	member first
	init=$(init_of first)
	strace -qq -o /dev/null -p "$init" -e trace=brk,mmap,mremap -e inject=brk,mmap,mremap:error=ENOMEM &
	tracer=$!
	wait_for grep -q "TracerPid:.[1-9]" /proc/$init/status
	# thirty have room in the rest of the first page
	hold() { "$BUILD/tests/pam_app" stage alice open pause 600000 2>/dev/null & holders+=($!); }
	local holders=()
	for ((i = 0; i < 100; i++)); do
		hold
		! grep -q 'take no further login' $LOGS/syslog || break
		sleep 0.02
	done
	kill $tracer
	wait $tracer 2>/dev/null
	heap=$(awk '/\[heap\]/ { print $1 }' "/proc/$init/maps")
	if [ $i = 100 ]; then
		kill "${holders[@]}"
		((0x${heap#*-} - 0x${heap%-*} < 65536)) || skip "its C library had memory for a hundred logins already"
		fail "a hundred logins need no memory: $heap"
	fi
	assert_eq "$(pgrep -u alice -c -x nsisolate-init)" 1 "PID 1s"
	member second
	same_session first second
	kill "${holders[@]}" 2>/dev/null
	wait "${holders[@]}" 2>/dev/null
	leave second first
	after_each
}

# ---- a procfs elsewhere ----

check_proc_mounted_later() {
	local shown="test -e $STAGE/later/1/root/. || cat $STAGE/later/1/comm"
	mkdir $STAGE/later
	member first
	mount -t proc proc $STAGE/later
	assert_eq "$(tell first "$shown")" stage_init "what arrives in a session"
	member second
	assert_eq "$(tell second "$shown")" nsisolate-init "what the second login sees"
	assert_eq "$(tell first "$shown")" nsisolate-init "and from then on the first"
	assert_eq "$(cat $STAGE/later/1/comm)" stage_init outside
	member third
	assert_eq "$(tell third "grep -c ' $STAGE/later ' /proc/self/mountinfo")" 2 "of it, and of what covers it"
	leave first second third
	umount $STAGE/later
	rmdir $STAGE/later
}
test_each_login_of_a_shared_session_covers_a_procfs_mounted_meanwhile() { each_way check_proc_mounted_later; }

# ---- what is a login's own ----

# a service whose stack gives these, in the way of most stacks: before the module
gives() { # gives SERVICE FILES PROCESSES UMASK
	printf '* - %s\n' "nofile $2" "nproc $3" >"$STAGE/$1.limits"
	own_stack "session required pam_limits.so conf=$STAGE/$1.limits" "session required pam_umask.so umask=$4" \
		'session optional pam_loginuid.so' 'session required pam_keyinit.so force revoke' \
		'session required pam_nsisolate.so'
	[ "$1" = stage ] || mv /etc/pam.d/stage "/etc/pam.d/$1"
}
GIVEN='ulimit -n; sed -n "s/^Max processes *//p" /proc/self/limits; umask; cat /proc/self/loginuid; echo
python3 -c "import ctypes; print(ctypes.CDLL(\"libkeyutils.so.1\").keyctl_get_keyring_ID(-3, 0))" 2>&1'
given() { "$BUILD/tests/pam_app" "$1" alice open run "$GIVEN${2:+; $2}" close end; }

test_each_login_of_a_shared_session_has_what_its_own_stack_gave_it() {
	local service said keyrings=() plain=()
	command -v python3 >/dev/null || skip "no python3 here"
	user=alice way=module
	before_each
	gives other 300 800 077
	gives stage 200 900 022
	printf '[all]\nisolate = no\n' >"$SYSCONFDIR/nsisolate.conf"
	for service in stage other; do plain+=("$(given $service)"); done
	assert_match "${plain[0]}" $'^200\n900 .*\n00[02]2\n.*\n[0-9]+$' "the control: the one service"
	assert_match "${plain[1]}" $'^300\n800 .*\n00[07]7\n.*\n[0-9]+$' "the control: the other one"
	settings
	given stage "sleep 3600 & touch $DIR/in; until test -e $DIR/go; do sleep 0.05; done; kill \$!" >$STAGE/first & job[first]=$!
	wait_for test -e $DIR/in || fail "no first login: $(cat $STAGE/first)"
	for service in other stage; do
		said=$(given $service 'pgrep -f "^sleep 3600" >/dev/null; echo "shared: $?"')
		assert_eq "${said##*$'\n'}" "shared: 0" "with the first login's processes"
		said=${said%$'\n'*}
		keyrings+=("${said##*$'\n'}")
		assert_eq "${said%$'\n'*}" "$([ $service = stage ] && echo "${plain[0]%$'\n'*}" || echo "${plain[1]%$'\n'*}")" \
			"what a login by $service has"
	done
	touch $DIR/go
	wait "${job[first]}"
	assert_eq "$(sed '$d' $STAGE/first)" "${plain[0]%$'\n'*}" "what the first login has"
	keyrings+=("$(tail -n 1 $STAGE/first)")
	assert_eq "$(printf '%s\n' "${keyrings[@]}" | grep -x '[0-9]*' | sort -u | wc -l)" 3 "keyrings: ${keyrings[*]}"
	rm $STAGE/{first,stage.limits,other.limits} /etc/pam.d/other
	after_each
}

# ---- what a user does to PID 1 ----

# no login was let in without isolation
not_isolated() { not_logged 'session NOT isolated'; }

# Same uid, same gids: prlimit(2) needs no more than that, whether or not the process can be traced.
test_pid_1_keeps_its_limits_from_its_user() {
	user=alice way=module
	before_each 'on_error = allow'
	member first
	# outside all sessions it works between two of the user's processes
	as alice sh -c 'sleep 60 & prlimit --pid $! --nofile=7:7; status=$?; kill $!; exit $status' ||
		fail "prlimit does not work at all"
	tell first 'prlimit --pid 1 --nofile=7:7' | grep -q 'not permitted' || fail "PID 1 has new limits"
	as alice prlimit --pid "${pid_1[first]}" --nofile=7:7 2>/dev/null && fail "PID 1 has new limits, from outside"
	member second
	same_session first second
	not_isolated
	leave first second
	after_each
}

check_stopped() {
	local start
	settings 'on_error = allow'
	member first
	as "$user" kill -STOP "${pid_1[first]}" || fail "PID 1 cannot be stopped"
	start=$(now_ms)
	member second
	assert_within "$start" 1000 30
	same_session first second
	not_isolated
	leave first second
}
test_a_shared_session_whose_pid_1_is_stopped_is_continued_and_joined() { each_way check_stopped; }

# held by a debugger, which SIGCONT does not end
check_held() {
	local holder
	command -v strace >/dev/null || skip "no strace"
	settings 'on_error = allow'
	member first
	strace -qq -o /dev/null -p "${pid_1[first]}" -e trace=accept4 -e inject=accept4:delay_enter=60000000 &
	holder=$!
	wait_for grep -q "TracerPid:.[1-9]" "/proc/${pid_1[first]}/status"
	enter "$way" 'echo let in' >$STAGE/said 2>&1
	! grep -q 'let in' $STAGE/said || fail "let in"
	logged 'session refused: .*the user.s other sessions do not answer' >/dev/null
	kill -KILL $holder
	member second
	same_session first second
	not_isolated
	leave first second
}
test_a_shared_session_whose_pid_1_does_not_answer_takes_no_login_and_lives_on() { each_way check_held; }

# ---- root's directory ----

state_is_bad() { # state_is_bad REGEX: a login is refused with a matching message, whatever on_error says
	: >$LOGS/syslog
	"$BUILD/tests/pam_app" stage alice remember refused same 2>/dev/null || fail "let in, or not as it was: $1"
	assert_match "$(logged 'session refused: user=alice')" "$1" log
	settings 'on_error = allow'
	"$BUILD/tests/pam_app" stage alice remember refused same 2>/dev/null || fail "on_error = allow: $1"
	settings
	no_session() { ! pgrep -x nsisolate-init; }
	wait_for no_session || fail "a session is left of what was refused: $(ps -ef)"
}
test_state_that_somebody_else_made_is_refused() {
	user=alice way=module
	before_each
	rm -rf /run/nsisolate
	mkdir -m 700 /run/nsisolate
	chown alice /run/nsisolate
	state_is_bad /run/nsisolate
	chown root /run/nsisolate
	chmod 777 /run/nsisolate
	state_is_bad /run/nsisolate
	rm -r /run/nsisolate
	mkdir -m 700 /run/stage/elsewhere
	ln -s /run/stage/elsewhere /run/nsisolate
	state_is_bad /run/nsisolate
	assert_eq "$(ls -A /run/stage/elsewhere)" "" "what was written through the link"
	rm -r /run/nsisolate /run/stage/elsewhere
	: >/run/nsisolate
	state_is_bad /run/nsisolate
	rm /run/nsisolate
	mkdir -m 700 /run/nsisolate
	mount -t tmpfs -o ro,mode=700 none /run/nsisolate
	state_is_bad '/run/nsisolate.*[Rr]ead-only'
	umount /run/nsisolate
	rmdir /run/nsisolate
	member first
	assert_eq "$(stat -c '%a %u' /run/nsisolate)" "700 0" "/run/nsisolate as it is made"
	leave first
	after_each
}

test_something_else_in_the_sockets_place_is_not_a_session() {
	local name
	user=alice way=module
	before_each 'logout = linger'
	member first
	name=$(find /run/nsisolate -type s)
	[ -n "$name" ] || fail "no socket in /run/nsisolate: $(ls -lA /run/nsisolate)"
	leave first
	wait_for has_sessions alice 0
	# a socket that nobody listens on any longer, as after a crash; then a file, a link and a stranger
	member second
	kill -KILL "${pid_1[second]}"
	wait "${job[second]}" 2>/dev/null
	rm -f "$name"
	: >"$name"
	member third
	other_session second third
	leave third
	wait_for has_sessions alice 0
	rm -f "$name"
	ln -s /dev/log "$name"
	member fourth
	leave fourth
	wait_for has_sessions alice 0
	[ -S /dev/log ] || fail "the link's end is gone"
	rm -f "$name"
	# of the same type: only its owner distinguishes it from a shared session
	as bob socat UNIX-LISTEN:$DIR/bobs,type=5,fork SYSTEM:'cat >>/tmp/bob-hears; sleep 20' 2>/dev/null &
	wait_for test -S $DIR/bobs
	mv $DIR/bobs "$name"
	chmod 777 "$name"
	member fifth
	assert_eq "$(tell fifth 'cat /proc/1/comm; ps -e -o user= | sort -u')" "nsisolate-init
alice" "with bob's socket there"
	assert_eq "$(cat /tmp/bob-hears 2>/dev/null)" "" "what bob is asked"
	# a session's end takes away no other's, which an engine of another version can make
	: >"$name.next"
	mv "$name.next" "$name"
	leave fifth
	wait_for has_sessions alice 0
	rm "$name" || fail "it was taken away"
	pkill -u bob
	rm -f /tmp/bob-hears
	after_each
}

test_a_user_finds_no_way_to_the_sessions_of_others() {
	user=alice way=module
	before_each
	member first
	assert_match "$(as bob ls /run/nsisolate 2>&1)" "denied" "/run/nsisolate, for bob"
	assert_match "$(tell first 'ls /run/nsisolate')" "denied" "/run/nsisolate, for whom it is about"
	assert_eq "$(tell first 'ss -xl 2>/dev/null | grep -c nsisolate-[a-z]* ; ls /proc/1/fd 2>&1 | grep -c denied')" "0
1" "the abstract sockets, and PID 1's descriptors"
	leave first
	after_each
}

# ---- explain, check ----

test_explain_and_check_know_it() {
	settings
	local text
	text=$(nsisolatectl explain --service stage alice)
	assert_match "$text" "scope +user .*nsisolate.conf:2"
	assert_match "$(nsisolatectl explain --service stage --json alice)" '"scope": ?\{"value": ?"user"'
	printf '[all]\n' | conf
	assert_match "$(nsisolatectl explain --service stage alice)" "scope +session +built-in"
	settings 'namespaces = uts'
	assert_match "$(nsisolatectl check)" "nsisolate.conf:[23]:[0-9]+: error: .*pid"
	printf '[all]\nscope = usr\n' | conf
	assert_match "$(nsisolatectl check)" "nsisolate.conf:2:9: error: 'usr': expected session or user \(did you mean user\?\)"
}
