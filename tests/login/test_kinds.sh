# Every kind of namespace, in every combination, by the module and by the shell; and what each separates.
#
# alone: a limit on a user's processes (RLIMIT_NPROC) counts those of all stages, and this has a hundred.
. tests/stage.sh
. tests/login/bare.sh

KINDS=(uts pid mount ipc net cgroup time)
FILES=(uts pid mnt ipc net cgroup time) # their files below /proc/PID/ns

# with_unified COMMAND...: with the unified hierarchy in its place; the machine itself may have another one
# there
with_unified() {
	cgroup2_mount
	"$@"
	umount /sys/fs/cgroup
	nothing_left
}

# ---- every combination ----

# Prints what a session shows, by a shell that forks as little as possible; then waits.
# look DIRECTORY NUMBER
LOOK='exec >$1/seen.$2 2>&1
cd /proc/self/ns && readlink uts pid mnt ipc net cgroup time user
read -r word </proc/sys/kernel/hostname
echo $word
read -r word </proc/1/comm
echo $word
word=none
while read -r a b c d word e; do [ "$word" != /dev/mqueue ] || break; done </proc/self/mountinfo
echo $a
while read -r line; do case $line in 0::*) echo $line ;; esac; done </proc/self/cgroup
echo $2 >$1/up
read -r _ <$1/hold'

# What combination $1 must show: which namespaces are its own, hostname, PID 1, whether /dev/mqueue
# is its own, and its cgroup if that must be the root.  Sets $wanted.
want() {
	local i own=${complete[$1]}
	wanted=
	for i in "${!KINDS[@]}"; do ((!(own >> i & 1))) || wanted+="${KINDS[i]} "; done
	[ $way = module ] || wanted+="user "
	((own & 1)) && wanted+="$user-lab" || wanted+=lab
	((own & 2)) && wanted+=" nsisolate-init" || wanted+=" stage_init"
	((!(own & 8))) || wanted+=" own-queues"
	((!(own & 32))) || wanted+=" 0::/"
}
# The same from the output of LOOK: sets $got.
get() { # get LINE...
	local i
	got=
	for i in "${!ALL[@]}"; do
		[ "$1" = "${host[$i]}" ] || got+="${ALL[i]} "
		shift
	done
	got+="$1 $2"
	[ "$3" = "$mqueue" ] || ((!(own & 8))) || got+=" own-queues"
	((!(own & 32))) || got+=" $4"
}
ALL=("${KINDS[@]}" user)

# Which kinds bring others: pid, ipc and cgroup bring mount
complete_all() {
	local number
	complete=()
	for ((number = 1; number < 128; number++)); do
		complete[number]=$number
		((!(number & 2 + 8 + 32))) || complete[number]=$((number | 4))
	done
}

config_of() { # config_of NUMBER
	local i names=()
	for i in "${!KINDS[@]}"; do ((!($1 >> i & 1))) || names+=("${KINDS[i]}"); done
	printf '[all]\nnamespaces = %s\ngrace = 0\nhostname = %%u-lab\n' "$(IFS=,; echo "${names[*]}")" >"$DIR/$1.conf"
}

start_one() { # start_one NUMBER: in the background; reports a failure
	local command="exec sh $DIR/look $DIR $1"
	case $way in
	module)
		stack "kinds-$1" "conf=$DIR/$1.conf"
		"$BUILD/tests/pam_app" "kinds-$1" alice remember open run "$command" close same end
		;;
	shell) as dave "$NSISOLATE_SHELL" --config="$DIR/$1.conf" -c "$command" ;;
	esac >"$DIR/said.$1" 2>&1 || echo "failed $1" >"$DIR/up"
}

# check_batch NUMBER...: that many sessions at once
check_batch() {
	local number word pid args processes=0 started=()
	for number; do
		config_of "$number"
		start_one "$number" &
		started+=($!)
		((!(complete[number] & 2))) || processes=$((processes + 1))
	done
	for number; do
		read -r -t "$(pace_seconds 400)" -u 5 word || fail "only $(ls "$DIR"/seen.* | wc -l) of $# sessions came up"
		[[ $word =~ ^[0-9]+$ ]] || fail "$word: $(cd "$DIR" && cat "${word#failed }.conf" "said.${word#failed }"; grep refused $LOGS/syslog)"
	done
	# PID 1 of those that have one, and for the shell the outer process
	[ $way = module ] || processes=$((processes * 2))
	# those of sessions without a PID namespace exit by themselves, a moment after the login is in
	has_processes() { [ "$(pgrep -c -x nsisolate-init)" = $processes ]; }
	wait_for has_processes || fail "$(pgrep -c -x nsisolate-init) nsisolate-init processes, not $processes: $*"
	ps -e -o pid=,args= | while read -r pid args; do
		case $args in
		"sh $DIR/look "*)
			cd "/proc/$pid/ns" && readlink "${FILES[@]}" user >"$DIR/outside.${args##* }" ;;
		esac
	done
	for number; do echo >&6; done
	for word in "${started[@]}"; do wait "$word"; done
	for number; do check_one "$number"; done
	# what belongs to one session belongs to no other
	assert_eq "$(for number; do head -n 8 "$DIR/seen.$number"; done |
		grep -vxFf <(printf '%s\n' "${host[@]}") | sort | uniq -d)" "" "namespaces that two sessions share"
	gone() { ! pgrep -x nsisolate-init; }
	wait_for gone || fail "sessions that have ended are still there: $(ps -ef)"
}

check_one() {
	local what wanted got own=${complete[$1]} inside outside
	what="$(<"$DIR/$1.conf")"
	mapfile -t inside <"$DIR/seen.$1"
	mapfile -t outside <"$DIR/outside.$1"
	want "$1"
	get "${inside[@]}"
	assert_eq "$got" "$wanted" "$what from inside"
	assert_eq "${outside[*]}" "${inside[*]:0:8}" "$what from outside, as from inside"
	[ ! -s "$DIR/said.$1" ] || fail "$what it says: $(cat "$DIR/said.$1")"
}

# check_combinations WAY WHICH: those that are WHICH (with, without) cgroup
check_combinations() {
	local i number numbers=() way=$1 user=alice
	[ $way = module ] || user=dave
	mapfile -t host < <(cd /proc/self/ns && readlink "${FILES[@]}" user)
	mqueue=$(awk '$5 == "/dev/mqueue" { print $1 }' /proc/self/mountinfo)
	complete_all
	DIR=$STAGE/kinds
	rm -rf "$DIR"
	mkdir -m 1777 "$DIR"
	echo "$LOOK" >"$DIR/look"
	mkfifo -m 666 "$DIR/up" "$DIR/hold"
	exec 5<>"$DIR/up" 6<>"$DIR/hold"
	for ((number = 1; number < 128; number++)); do
		((number & 32)) && i=with || i=without
		[ $i != "$2" ] || numbers+=($number)
	done
	for ((i = 0; i < ${#numbers[@]}; i += 32)); do check_batch "${numbers[@]:i:32}"; done
	exec 5>&- 6>&-
	rm -r "$DIR"
}
test_every_combination_without_cgroup_through_the_module() { check_combinations module without; nothing_left; }
test_every_combination_with_cgroup_through_the_module() { with_unified check_combinations module with; }
test_every_combination_without_cgroup_through_the_shell() { check_combinations shell without; nothing_left; }
test_every_combination_with_cgroup_through_the_shell() { with_unified check_combinations shell with; }

# ---- net ----

check_net() {
	rule 'namespaces = uts, pid, net'
	socat TCP-LISTEN:7001,bind=127.0.0.1,reuseaddr,fork SYSTEM:'echo the host' 2>/dev/null & local server=$!
	socat ABSTRACT-LISTEN:stage,fork SYSTEM:'echo the host' 2>/dev/null & local abstract=$!
	wait_for listens 7001
	assert_eq "$(socat -u TCP:127.0.0.1:7001 -) $(socat -u ABSTRACT-CONNECT:stage -)" \
		"the host the host" "the listeners, from the host"
	assert_eq "$(in_session 'ip -o link' | sed 's/: <.*//')" "1: lo" "devices"
	assert_match "$(in_session 'ip -o addr show up')" "1: lo .* inet 127.0.0.1/8" "addresses"
	assert_match "$(in_session 'socat -u TCP:127.0.0.1:7001 - 2>&1')" "Connection refused" "the host's port"
	assert_match "$(in_session 'socat -u ABSTRACT-CONNECT:stage - 2>&1')" "Connection refused" \
		"the host's abstract socket"
	assert_match "$(in_session 'socat -u TCP:192.0.2.1:80,connect-timeout=2 - 2>&1')" "unreachable" "the world"
	assert_eq "$(in_session '
		socat TCP-LISTEN:7002,bind=127.0.0.1,reuseaddr SYSTEM:"echo the session" &
		socat -u TCP:127.0.0.1:7002,retry=100,interval=0.02 -; wait' 2>/dev/null)" "the session" \
		"its own port, over its own loopback"
	assert_match "$(in_session 'ip link set lo down 2>&1; ip link add x type dummy 2>&1')" "not permitted" \
		"changes by the user"
	kill $server $abstract
	wait $server $abstract 2>/dev/null
}
test_net_is_a_loopback_that_works_and_nothing_else() { bare check_net; }

# A virtual cable from the host into a session: its inner end disappears with the session, and so the other
check_cable() {
	rule 'namespaces = uts, pid, net' 'grace = 0'
	in_session 'echo up >&2; exec sleep 300' 2>$STAGE/up &
	wait_for pgrep -u $user -x sleep || fail "no session"
	ip link add stage0 type veth peer name stage1 netns "$(pgrep -u $user -x sleep)" 2>/dev/null ||
		skip "no pair of virtual network devices is to be had here"
	ip link show stage0 >/dev/null || fail "no cable"
	pkill -u $user -x sleep
	wait $!
	no_cable() { ! ip link show stage0; }
	wait_for no_cable || fail "$(ip link)"
	rm $STAGE/up
}
test_network_devices_of_a_session_go_with_it() { bare check_cable; }

# ---- ipc ----

check_ipc() {
	local queue
	rule 'namespaces = uts, pid, ipc'
	queue=$(ipcmk -Q | grep -o '[0-9]*$')
	touch /dev/mqueue/of-the-host
	chmod 666 /dev/mqueue/of-the-host
	assert_eq "$(in_session 'ipcs -q -m -s | grep -c ^0x; ls /dev/mqueue')" 0 "queues of the host"
	assert_eq "$(in_session 'ipcmk -Q >/dev/null; ipcmk -M 4096 >/dev/null; ipcmk -S 1 >/dev/null
		touch /dev/mqueue/mine; ipcs -q -m -s | grep -c ^0x; ls /dev/mqueue')" "3
mine" "its own"
	assert_eq "$(ipcs -q -m -s | grep -c ^0x)" 1 "what the host has afterwards"
	assert_eq "$(ls /dev/mqueue)" of-the-host "the host's queues afterwards"
	assert_match "$(in_session 'grep " /dev/mqueue " /proc/self/mountinfo | tail -1')" \
		"nosuid,nodev,noexec" "options of /dev/mqueue"
	# without it they are shared, otherwise this test would prove nothing
	rule 'namespaces = uts, pid'
	assert_eq "$(in_session 'ipcs -q | grep -c ^0x; ls /dev/mqueue')" "1
of-the-host" "without ipc"
	ipcrm -q "$queue"
	rm /dev/mqueue/of-the-host
}
test_ipc_objects_are_neither_seen_nor_left() { bare check_ipc; }

# ---- cgroup ----

# a cgroup of our own, in which the session begins; it is on the machine, so it is removed in any case
in_cgroup() { # in_cgroup COMMAND
	mkdir "$CGROUP" || fail "no cgroup of our own"
	(echo "$BASHPID" >"$CGROUP/cgroup.procs" && in_session "$1")
	wait_for rmdir "$CGROUP" || fail "something is left in $CGROUP: $(cat "$CGROUP/cgroup.procs")"
}
check_cgroup() {
	rule 'namespaces = uts, pid, cgroup' 'grace = 0'
	assert_eq "$(in_cgroup 'grep ^0:: /proc/self/cgroup; ls -d /sys/fs/cgroup/cgroup.type /sys/fs/cgroup/stage.*
		grep -c . /sys/fs/cgroup/cgroup.procs' 2>/dev/null | sed '/^[0-9]*$/s/[1-9].*/some/')" \
		"0::/
/sys/fs/cgroup/cgroup.type
some" "its own part, as if it were all"
	assert_match "$(in_cgroup 'mkdir /sys/fs/cgroup/x 2>&1; echo 1 >/sys/fs/cgroup/cgroup.procs')" \
		"Permission denied" "changes by the user"
	assert_match "$(in_cgroup 'grep " /sys/fs/cgroup " /proc/self/mountinfo | tail -1')" \
		" / /sys/fs/cgroup .*nosuid,nodev,noexec.* cgroup2 " "the mount"
	rule 'namespaces = uts, pid'
	assert_match "$(in_cgroup 'grep ^0:: /proc/self/cgroup; ls -d /sys/fs/cgroup/stage.*')" \
		"0::.*/stage[.][0-9.]+.*/sys/fs/cgroup/stage[.]" "without cgroup"
}
check_cgroup_each_way() {
	CGROUP=/sys/fs/cgroup/stage.$$.$RANDOM
	trap 'rmdir "$CGROUP" 2>/dev/null; sshd_stop' EXIT
	each_way check_cgroup
}
test_cgroup_shows_the_sessions_own_part_as_all() { with_unified check_cgroup_each_way; }

check_no_cgroup2() {
	rule 'namespaces = uts, pid, cgroup'
	case $way in
	module)
		"$BUILD/tests/pam_app" stage alice remember refused same 2>/dev/null || fail "let in"
		assert_match "$(logged 'session refused')" "/sys/fs/cgroup is not the unified hierarchy" log
		;;
	shell)
		assert_match "$(in_session 'echo in' 2>&1)" "/sys/fs/cgroup is not the unified hierarchy" message
		assert_eq "$(in_session 'echo in' 2>/dev/null)" "" "what ran"
		;;
	esac
}
test_cgroup_without_the_unified_hierarchy_is_refused_in_clear_words() {
	mount -t tmpfs -o mode=755 none /sys/fs/cgroup || fail "nothing to mount over"
	stack stage
	user=alice way=module check_no_cgroup2
	user=dave way=shell check_no_cgroup2
	umount /sys/fs/cgroup
	nothing_left
}

test_cgroup_where_the_host_shows_none_has_nothing_to_cover() {
	stack stage
	user=alice way=module
	rule 'namespaces = uts, pid, cgroup'
	# nothing there at all; then only the directory in sysfs
	mount -t tmpfs none /sys
	assert_eq "$(in_session 'echo in' 2>&1)" in "without /sys/fs/cgroup"
	umount /sys
	mount -t sysfs none /sys
	assert_eq "$(in_session 'ls /sys/fs/cgroup && echo in' 2>&1)" in "with nothing in /sys/fs/cgroup"
	umount /sys
	nothing_left
}

# ---- time ----

check_time() {
	local inside outside
	rule 'namespaces = uts, pid, time'
	read -r inside _ < <(in_session 'cat /proc/uptime')
	read -r outside _ </proc/uptime
	[ $((${outside%.*} - ${inside%.*})) -le "$(pace_seconds 50)" ] && [ "${inside%.*}" -le "${outside%.*}" ] ||
		fail "up for $inside s inside, for $outside s outside"
	inside=$(in_session 'date +%s') outside=$(date +%s)
	[ $((outside - inside)) -le "$(pace_seconds 50)" ] || fail "$inside inside, $outside outside"
	assert_eq "$(in_session 'cat /proc/self/timens_offsets' | tr -s ' ')" "monotonic 0 0
boottime 0 0" "offsets"
	# and a process's age is right: it is counted from the boot
	# (ps shows a process younger than a clock tick as 2^64 ticks old)
	assert_match "$(in_session 'sleep 0.1; ps -o etimes= -p $$')" "^ +[0-9]{1,2}\$" "age of the session's shell"
}
test_time_changes_no_clock() { bare check_time; }

# ---- no PID 1 ----

check_no_process() {
	rule 'namespaces = uts, mount, ipc, net, time' 'private = /tmp'
	assert_eq "$(in_session 'hostname; while pgrep -x nsisolate-init >/dev/null; do sleep 0.01; done; ps -e -o comm= | grep -c stage_init')" "$user-lab
1" "processes of ours, with those of the host in sight"
	in_session 'sleep 300 >/dev/null 2>&1 & exit 0' || fail "status $?"
	wait_for pgrep -u $user -x sleep || fail "without a PID namespace there is nothing that ends it"
	pkill -u $user -x sleep
}
test_without_pid_no_process_of_ours_stays() { bare check_no_process; }

# ---- all of them ----

check_all() {
	rule 'namespaces = uts, pid, mount, ipc, net, cgroup, time' 'private = /tmp, /var/tmp, /dev/shm' \
		'grace = 0'
	in_session '
		(trap "" HUP TERM; exec sleep 300 >/dev/null 2>&1) & ipcmk -Q; touch /dev/mqueue/x /tmp/x /dev/shm/x
		unshare --user --map-root-user --mount mount -t tmpfs none /mnt
		until pgrep -x sleep; do :; done' >/dev/null || fail "status $?"
}
test_nothing_is_left_of_all_kinds_together() { with_unified each_way check_all; }

# ---- a kernel that refuses, as the limits of a container have it ----

test_each_kinds_limit_is_named_when_it_is_reached() {
	local kind file
	stack stage
	for kind in ipc:ipc net:net cgroup:cgroup time:time; do
		file=/proc/sys/user/max_${kind#*:}_namespaces
		rule "namespaces = uts, pid, ${kind%:*}"
		: >$LOGS/syslog
		# the limits of a user namespace made by root; the machine's are not touched
		unshare --user --map-root-user --mount --pid --fork sh -c "
			mount -t proc proc /proc
			echo 0 >$file
			exec $BUILD/tests/pam_app stage alice remember refused same" 2>/dev/null ||
			fail "with $file at 0: let in, or not as it was"
		assert_match "$(logged 'session refused')" "no new ${kind%:*} namespace .*user.max_${kind#*:}_namespaces"
	done
	nothing_left
}
