# A storm: USERS (6) users log in at once, each twice, by rules that name groups; half of them have shared sessions, and
# 5 % of the clients are killed on the way.  Whom plain sshd lets in a session lets in, too; where memory is for half of
# them only, and the kernel ends processes, who gets in is isolated.  `make check-storm` has 500 users, and prints the
# table of tests/bench/README.md.  SEED repeats one.
#
# alone
. tests/stage.sh

USERS=${USERS:-6}
SEED=${SEED:-$RANDOM}
DIR=$STAGE/storm
HOME_OF_ALL=/home/storm
BOUND=$(pace_seconds $((300 + 20 * USERS)))
RULES='[defaults]
logout = kill
shell = /bin/bash
[storm-shared]
group = storm-shared
scope = user
[storm-alone]
group = storm-alone, storm-none
scope = session'

# Bash alone: where memory is short a fork fails.
PROFILE='unset HISTFILE
PS1="storm-ready "
look() {
	local file word uid host processes=0 strangers=0
	for file in /proc/[0-9]*/status; do
		while read -r word uid _; do
			[ "$word" = Uid: ] || continue
			processes=$((processes + 1))
			[ "$uid" = $UID ] || strangers=$((strangers + 1))
		done <$file
	done 2>/dev/null
	read -r host </proc/sys/kernel/hostname
	printf "\nstorm: %s %s %s\n" $host $processes $strangers
}'

users() { # s0, s1 ...: even ones share; one home for all, which they cannot write
	local i uid shared='' alone=''
	mkdir -p $HOME_OF_ALL/.ssh $DIR
	cp $STAGE/keys/user.pub $HOME_OF_ALL/.ssh/authorized_keys
	echo "$PROFILE" >$HOME_OF_ALL/.bash_profile
	touch $HOME_OF_ALL/.hushlogin
	cp /etc/passwd /etc/shadow /etc/group $DIR
	for ((i = 0; i < USERS; i++)); do
		uid=$((20000 + i))
		echo "s$i:x:$uid:$uid::$HOME_OF_ALL:/bin/bash" >&3
		echo "s$i:*:19000:0:99999:7:::" >&4
		[ $((i % 2)) = 0 ] && shared+=,s$i || alone+=,s$i
		# where nsisolate-shell's shared sessions are found
		[ $((i % 2)) != 0 ] || { mkdir -p -m 755 /run/user && mkdir -m 700 /run/user/$uid && chown $uid:$uid /run/user/$uid; }
	done 3>>/etc/passwd 4>>/etc/shadow
	printf '%s\n' "storm-shared:x:29998:${shared#,}" "storm-alone:x:29999:${alone#,}" >>/etc/group
	stage_state >$DIR/before
}
is_as_with_users() { [ "$(stage_state)" = "$(<$DIR/before)" ]; }
no_users() {
	local file
	for file in passwd shadow group; do cat $DIR/$file >/etc/$file; done
	rm -rf $HOME_OF_ALL $DIR /run/user
}

# ---- memory of sshd and all that it starts ----

# $GROUP: a control group for memory, if there can be one
memory_group() {
	local root
	root=$(awk '/ - cgroup .*[ ,]memory(,|$)/ { print $5; exit }' /proc/self/mountinfo) PEAK=memory.max_usage_in_bytes LIMIT_FILE=memory.limit_in_bytes
	if [ -z "$root" ]; then
		root=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo) PEAK=memory.peak LIMIT_FILE=memory.max
		[ -n "$root" ] && grep -qw memory "$root/cgroup.subtree_control" || { GROUP=; return 1; }
	fi
	rmdir "$root"/nsisolate-storm.* 2>/dev/null # of a test that failed
	GROUP=$(mktemp -d "$root/nsisolate-storm.XXXXXX" 2>/dev/null)
}
memory_limit() { # memory_limit BYTES, swap included
	echo "$1" >"$GROUP/$LIMIT_FILE"
	if [ -e "$GROUP/memory.memsw.limit_in_bytes" ]; then
		echo "$1" >"$GROUP/memory.memsw.limit_in_bytes"
	elif [ -e "$GROUP/memory.swap.max" ]; then
		echo 0 >"$GROUP/memory.swap.max"
	fi
}
memory_over() { [ -z "$GROUP" ] || wait_for rmdir "$GROUP" || fail "processes are left in $GROUP: $(cat "$GROUP/cgroup.procs")"; }
killed_for_memory() { # how many processes the kernel has ended
	sed -n 's/^oom_kill //p' "$GROUP/memory.oom_control" "$GROUP/memory.events" 2>/dev/null
}

# ---- one storm ----

# storm WAY RATE [BYTES]: what storm.py saw is in $DIR/WAY, what it took in $last and $peak
storm() {
	local way=$1 rate=$2 bytes=${3:-} shell=/bin/bash look=() penalties=() status=0
	pam_stack sshd ''
	[ $way != module ] || pam_stack sshd 'session required pam_nsisolate.so'
	[ $way != shell ] || shell=$NSISOLATE_SHELL
	[ $way = plain ] || look=(look)
	sed -i "s|^\(s[0-9]*:x:2[0-9]*:.*:\)[^:]*$|\1$shell|" /etc/passwd
	conf <<<"$RULES"
	# who is killed while logging in would keep the others out
	"$(command -v sshd)" -t -f /dev/null -h $STAGE/keys/host -o PerSourcePenalties=no 2>/dev/null && penalties=(PerSourcePenalties=no)
	ulimit -S -n "$(ulimit -H -n)"
	sshd_start MaxStartups=$((10 * USERS + 100)) "${penalties[@]}"
	! memory_group || echo "$SSHD" >"$GROUP/cgroup.procs" || GROUP=
	[ -z "$bytes" ] || memory_limit "$bytes"
	: >$LOGS/syslog
	rm -f $DIR/go $DIR/$way
	mkfifo $DIR/go
	python3 tests/storm/storm.py "$USERS" 2 "$rate" 5 "$SEED" "$BOUND" "${look[@]}" -- \
		ssh "${SSH_OPTIONS[@]}" -tt <$DIR/go >$DIR/$way 2>$DIR/errors &
	exec 6>$DIR/go
	wait_for_held $! || status=1
	peak=- oom=0
	if [ -n "$GROUP" ]; then
		[ ! -e "$GROUP/$PEAK" ] || peak=$(($(cat "$GROUP/$PEAK") >> 20))
		oom=$(killed_for_memory)
		[ -z "$bytes" ] || memory_limit -1 2>/dev/null || memory_limit max
	fi
	echo over >&6
	exec 6>&-
	wait $! || status=1
	last=$(sed -n 's/^last //p' $DIR/$way)
	sshd_stop
	[ $status = 0 ] || fail "$way: some do not come to an end (seed $SEED): $(cat $DIR/errors; grep -E '^(said|client .* stuck)' $DIR/$way | tail)"
	# a PID 1 that the kernel ended leaves its socket, which the next login replaces
	[ -z "$bytes" ] || find /run/user /run/nsisolate -type s -delete 2>/dev/null
	assert_eq "$(find /run/user -type s)" '' "$way: sockets left (seed $SEED)"
	rm -rf /run/user/*/nsisolate
	wait_for is_as_with_users || fail "$way: left behind (seed $SEED): $(diff $DIR/before <(stage_state))"
	memory_over
}
wait_for_held() { # wait_for_held PID
	while ! grep -qs "^held" $DIR/$way; do
		kill -0 "$1" 2>/dev/null || return
		sleep 0.2
	done
}
count() { grep -c "^client [^ ]* [^ ]* $2 " $DIR/$1; } # count WAY FATE
refused_by_us() { grep -c 'session refused' $LOGS/syslog; } # in the last storm
row() { # row NAME WAY
	printf '        | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$1" $((2 * USERS)) "$(count $2 in)" "$(count $2 refused)" \
		"$(refused_by_us)" "$(count $2 killed)" "$last" "$peak" >&7
}
heading() { # heading RATE
	local rate="$1 a second"
	[ $1 != 0 ] || rate='all at once'
	printf '        |%s|\n' >&7 \
		" $USERS users, each twice, $rate | logins | in | refused | ... by nsisolate | clients killed | last prompt, s | most memory, MB " \
		'---|---|---|---|---|---|---|---'
}

# Each session that told is alone, and so, seen from outside, is each process.  For nsisolate-shell sshd's own child and
# the session's outer processes are the host's.
each_alone() { # each_alone WAY
	assert_eq "$(awk '
		$1 == "client" && $6 != "-" && ($6 !~ "^" $2 "-lab(-[0-9]+)?$" || $8 != 0 || $7 < 2)' $DIR/$1)" '' \
		"$1: sessions that are not isolated (seed $SEED)"
	assert_eq "$(awk -v way=$1 '
		$1 != "process" { next }
		$3 == "host" && (way != "shell" || $4 !~ /^(sshd|sshd-session|nsisolate-.*)$/) { print "outside:", $0 }
		$3 != "host" && ($3 in of) && of[$3] != $2 { print "together:", of[$3], $2 }
		{ of[$3] = $2 }
		' $DIR/$1)" '' "$1: processes that are not where they belong (seed $SEED)"
}
# Those that share have one set of namespaces, and perhaps one that ends since a client was killed; the others have one
# for each login.
each_its_own() { # each_its_own WAY
	assert_eq "$(awk '
		$1 == "process" && $3 != "host" && !(($2, $3) in seen) { seen[$2, $3]; sets[$2]++ }
		$1 == "client" { $4 == "in" ? logins[$2]++ : killed[$2]++ }
		END {
			for (user in logins) {
				shared = substr(user, 2) % 2 == 0
				if (sets[user] < (shared ? 1 : logins[user]) || sets[user] > (shared ? 1 : logins[user]) + killed[user])
					print user, logins[user], "logins,", sets[user] + 0, "sets"
			}
		}' $DIR/$1)" '' "$1: sessions (seed $SEED)"
}

# ---- the promises ----

slower() { # half of what came through, half of that ...
	rate=$((rate ? rate / 2 : 2 * USERS / (${last%.*} + 1)))
	[ $rate != 0 ] || rate=1
}

# The rate at which plain sshd refuses none, from all at once on
find_rate() {
	local try
	rate=0
	for try in 1 2 3 4 5; do
		storm plain $rate
		[ "$(count plain refused)" != 0 ] || return 0
		echo "        plain sshd refuses $(count plain refused) at this rate: $rate" >&7
		slower
	done
	fail "plain sshd refuses some at $rate a second, too"
}

# Whom nsisolate refuses is one too many.  If it is sshd or the client that gave up, the machine may have become slower:
# what plain sshd does now tells.
lets_all_in() { # lets_all_in WAY
	local try strikes=0 said
	for try in 1 2 3 4; do
		storm $1 $rate
		[ "$(count $1 refused)" != 0 ] || return 0
		said=$(grep -m 5 ^said $DIR/$1; grep -m 5 'session refused' $LOGS/syslog)
		[ "$(refused_by_us)" = 0 ] || break
		storm plain $rate
		if [ "$(count plain refused)" != 0 ]; then
			slower
		else
			[ $((++strikes)) != 2 ] || break
		fi
		heading $rate
		row plain plain
	done
	fail "$1: it refuses $(count $1 refused) at this rate: $rate (seed $SEED): $said"
}

test_a_storm_shuts_nobody_out_that_plain_sshd_lets_in() {
	local way
	users
	rm -f $STAGE/storm.*
	find_rate
	heading $rate
	row plain plain
	for way in module shell; do
		lets_all_in $way
		row $way $way
		echo "$peak" >$STAGE/storm.$way
		each_alone $way
		each_its_own $way
	done
	echo $rate >$STAGE/storm.rate
	no_users
	nothing_left
}

test_in_a_storm_without_memory_who_gets_in_is_isolated() {
	local way rate=0
	users
	[ ! -e $STAGE/storm.rate ] || rate=$(<$STAGE/storm.rate)
	heading $rate
	for way in module shell; do
		[ -e $STAGE/storm.$way ] || { storm $way $rate && echo "$peak" >$STAGE/storm.$way; }
		peak=$(<$STAGE/storm.$way)
		[ "$peak" != - ] || { no_users; skip "no control group for memory is to be had here"; }
		storm $way $rate $((peak << 19))
		row "$way, half of that memory ($oom processes ended by the kernel)" $way
		[ "$oom" != 0 ] || fail "$way: the kernel has ended nothing, with $((peak << 10)) kB"
		each_alone $way
	done
	no_users
	nothing_left
}
