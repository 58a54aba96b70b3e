# scope = user: fifty logins of a user at the same instant get one shared session, whatever is killed meanwhile.
#
# ROUNDS (3) says how often, for each way in; `make soak` has 100.
#
# alone: a limit on a user's processes (RLIMIT_NPROC) counts those of all stages, and this has a hundred.
. tests/stage.sh

ROUNDS=${ROUNDS:-3}
AT_ONCE=${AT_ONCE:-50}
DIR=$STAGE/crowd

# the shared sessions of $user, by their PID namespaces
sessions() {
	local pid
	for pid in $(pgrep -u "$user"); do readlink /proc/$pid/ns/pid; done 2>/dev/null |
		grep -vxF "$(readlink /proc/self/ns/pid)" | sort -u
}
count_sessions() { sessions | wc -l; }
has_sessions() { [ "$(count_sessions)" = "$1" ]; }

# One of the crowd: says where it is, and ends when the holder of $DIR/hold lets go.
ONE='readlink /proc/self/ns/pid >$1/seen/$2.new; mv $1/seen/$2.new $1/seen/$2; read -r _ <$1/hold'

# the messages of those whose PID 1 is killed, and of their shell
DYING='.*(failed: run|fork: Cannot allocate memory|Cannot fork| Killed +setpriv .*)'

one() { # one NUMBER: a login that waits at the gate
	local command="exec sh $DIR/one $DIR $1"
	case $way in
	module) "$BUILD/tests/pam_app" stage alice gate $DIR/gate open run "$command" close end ;;
	shell)
		flock -s 8
		as dave XDG_RUNTIME_DIR=/run/user/5004 "$NSISOLATE_SHELL" -c "$command" 8<&-
		;;
	esac >$DIR/log/$1 2>&1 8<$DIR/gate
	echo $? >$DIR/ended/$1
}

at_gate() { [ "$(pgrep -c -x 'pam_app|flock')" = "$AT_ONCE" ]; }
# the PIDs of those of the crowd that are alive
living() { pgrep -u $user -f "^sh $DIR/one "; }
sets_of() { while read -r pid; do readlink /proc/$pid/ns/pid; done 2>/dev/null | sort -u; }
living_sessions() { living | sets_of; }
# each has said where it is and is alive, or has ended, and none of them is in a session that is dying
settled() {
	local number
	[ "$({ ls $DIR/ended; for number in $(living | xargs -r ps -o args= -p | grep -o '[0-9]*$'); do
		[ ! -e $DIR/seen/$number ] || echo $number
	done; } | sort -u | wc -l)" = "$AT_ONCE" ] &&
		[ -z "$(comm -23 <(living_sessions) <(pgrep -u $user -x nsisolate-init | sets_of))" ]
}
is_dead() { ! readlink /proc/$1/ns/pid; }

# kill_some WHAT: while they log in
kill_some() {
	local number
	sleep "0.0$((RANDOM % 10))"
	case $1 in
	leaders)
		for number in $(shuf -i "1-$AT_ONCE" -n $((AT_ONCE / 3))); do
			touch $DIR/killed/$number
			case $way in
			module) pkill -KILL -f "^$BUILD/tests/pam_app .*/one $DIR $number close" ;;
			shell) pkill -KILL -o -u dave -f "/one $DIR $number\$" ;;
			esac
			[ $((RANDOM % 4)) != 0 ] || sleep 0.01
		done
		;;
	init)
		for number in $(newest_pid1 $user); do
			kill -KILL $number
			wait_for is_dead $number
		done
		;;
	esac
}

# one_round WHAT: fifty logins at one instant, with kills of WHAT
one_round() {
	local number ended alive
	rm -rf $DIR/{seen,ended,killed,log,gate,hold}
	mkdir $DIR/{ended,killed,log}
	mkdir -m 1777 $DIR/seen
	chmod 1777 $DIR/seen
	mkfifo -m 666 $DIR/hold
	: >$DIR/gate
	: >$LOGS/syslog
	exec 6<>$DIR/hold 9>$DIR/gate
	flock 9
	for ((number = 1; number <= AT_ONCE; number++)); do one $number 6>&- 9>&- & done
	wait_for at_gate || fail "$(pgrep -c -x 'pam_app|flock') of $AT_ONCE stand at the gate"
	exec 9>&-
	kill_some "$1" 6>&-
	wait_for settled || fail "some neither get in nor are refused:
$(cat $DIR/log/* | sort | uniq -c); $(ps -u root,$user -o ppid,pid,stat,wchan,args | tail -n 60)"
	ended=$(ls $DIR/ended | wc -l) alive=$(living | wc -l)
	echo "$way, kills of $1: $ended of $AT_ONCE have ended, $alive processes live" >&2
	# never refused, never let in without isolation; those whose PID 1 was killed can do nothing, and say so
	assert_eq "$(grep 'session refused' $LOGS/syslog)" "" "logins that the log calls refused"
	assert_eq "$(for number in $DIR/log/*; do
		[ -e "$DIR/killed/${number##*/}" ] || cat "$number"
	done | { [ "$1" != init ] || grep -vxE "$DYING"; } | sort | uniq -c)" "" "what logins say"
	assert_eq "$(grep -lxF "$(readlink /proc/self/ns/pid)" $DIR/seen/*)" "" "logins that were not isolated"
	case $1 in
	none) assert_eq "$ended $alive" "0 $AT_ONCE" "logins that have ended, and that live" ;;
	leaders)
		for ((number = 1; number <= AT_ONCE; number++)); do
			[ -e $DIR/killed/$number ] || [ ! -e $DIR/ended/$number ] ||
				fail "$number was left alone, and has ended: $(cat $DIR/ended/$number)"
		done
		;;
	esac
	# those that are alive are in one session, and there is no other
	[ "$alive" = 0 ] || assert_eq "$(living_sessions | wc -l)" 1 "sessions that show themselves"
	[ "$ended" = $AT_ONCE ] || wait_for has_sessions 1 || fail "there are $(count_sessions) sessions: $(ps -ef)"
	exec 6>&-
	wait
	wait_for has_sessions 0 || fail "left: $(ps -u $user -o pid,stat,args)"
}

check_crowd() {
	local round kinds=(none leaders init)
	printf '[all]\nscope = user\ngrace = 0\n' | conf
	mkdir -p -m 755 $DIR
	echo "$ONE" >$DIR/one
	for ((round = 0; round < ROUNDS; round++)); do
		one_round ${kinds[round % 3]}
		[ $((round % 10)) != 9 ] || echo "        $((round + 1)) of $ROUNDS rounds through the $way" >&7
	done
}
test_fifty_logins_at_once_make_one_session() {
	own_stack
	# where the shell keeps the sockets of its shared sessions
	mkdir -p /run/user/5004
	chown dave:dave /run/user/5004
	chmod 700 /run/user/5004
	for way in module shell; do
		user=alice
		[ $way = module ] || user=dave
		check_crowd
	done
	rm -rf $DIR /run/user /run/nsisolate /etc/pam.d/stage
	nothing_left
}
