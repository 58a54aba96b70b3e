# nsisolatectl census says what a user learns of another one; each channel has its control here: it is seen from
# outside, and by a session whose rule does not close it.
. tests/stage.sh
. tests/login/bare.sh
. tests/login/world.sh

CHANNELS='processes and command lines
a procfs mounted elsewhere
programs that others start (inotify)
TCP ports and whose they are
connecting to 127.0.0.1
abstract sockets
System V shared memory and queues
POSIX message queues
names and writes in /tmp
names and writes in /var/tmp
names and writes in /dev/shm
terminals: whose, how long idle
logins in utmp, wtmp and lastlog
logins in /run/systemd/sessions
homes: owners, sizes and times
mail: owners, sizes and times
names of accounts
control groups of others
how many keys others have
load, and other counters of the kernel
units and their processes by D-Bus
logins by D-Bus
asking the user'\''s own systemd
units for the user'\''s next systemd
jobs of cron, outside
jobs of at, outside'

# A machine that has every channel, as far as there can be a stage with it
furnish() {
	cgroup2_mount
	mount -t tmpfs -o mode=755 stage /srv # it is empty
	touch /run/utmp /etc/at.deny
	install -D -o bob -m 600 /dev/null /var/mail/bob
	mkdir -p /run/systemd/system /run/systemd/sessions
	echo UID=5002 >/run/systemd/sessions/7
	install -m 755 /bin/true /usr/local/bin/crontab
	install -m 755 /bin/true /usr/local/bin/at
	install -d -o alice -m 700 /run/user/5001
	as alice socat UNIX-LISTEN:/run/user/5001/bus,fork SYSTEM:true 2>/dev/null & MANAGERS_BUS=$!
	wait_for test -S /run/user/5001/bus || fail "no listener for the user's bus"
	bus answer
}
bus() { # bus WORD: see bus.py
	command -v python3 >/dev/null || skip "no python3 for a bus"
	[ -z "${BUS:-}" ] || { kill "$BUS"; wait "$BUS" 2>/dev/null; }
	rm -rf /run/dbus
	python3 tests/login/bus.py /run/dbus/system_bus_socket "$1" &
	BUS=$!
	wait_for test -S /run/dbus/system_bus_socket || fail "no bus"
}
clear_away() {
	clear_up
	nothing_left
	assert_eq "$(sed 1d /proc/sysvipc/shm /proc/sysvipc/msg | grep -v '^ *key')" "" "System V IPC that is left"
}
clear_up() {
	kill "$BUS"
	pkill -u alice -x socat
	wait "$BUS" "$MANAGERS_BUS" 2>/dev/null
	umount /srv /sys/fs/cgroup
	rm -r /run/dbus /run/systemd /run/user /run/utmp /etc/at.deny /var/mail/bob /usr/local/bin/{crontab,at}
}

# in a control group of its own, as a login is; that is on the machine, so it is removed in any case
in_group() { # in_group COMMAND...
	local group=/sys/fs/cgroup/stage.$$.$RANDOM status
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || { "$@"; return; }
	mkdir $group || fail "no cgroup of our own"
	(echo "$BASHPID" >$group/cgroup.procs && "$@")
	status=$?
	wait_for rmdir $group || fail "something is left in $group: $(cat $group/cgroup.procs)"
	return $status
}
# One line for each channel: what is in the columns PLAIN and SESSION, and the channel
census() {
	local table
	table=$(in_group nsisolatectl census alice 2>$STAGE/said)
	STATUS=$?
	[ $STATUS != 2 ] || fail "no census: $(cat $STAGE/said)"
	SEEN=$(awk -F'  +' 'NR > 2 { print $2 $3, $1 }' <<<"$table")
	TABLE=$table
}
closed() { sed -n 's/^y- //p' <<<"$SEEN"; }

# ---- every channel ----

check_key() { # check_key LINES CHANNEL...: with these lines in the rule those channels are closed, and no other one
	local lines=$1
	shift
	rule "$lines"
	census
	assert_eq "$STATUS" 0 "status with $lines: $(cat $STAGE/said)"
	assert_eq "$(closed)" "$([ $# = 0 ] || printf '%s\n' "$@")" "closed with $lines"
	assert_eq "$(sed 's/^[^ ]* //' <<<"$SEEN")" "$CHANNELS" "channels"
	assert_eq "$(grep -v '^y[-y] ' <<<"$SEEN")" "" "not seen from outside with $lines"
}
MANAGER="asking the user's own systemd" # any mount namespace hides that
test_every_channel_is_seen_from_outside_and_closed_by_its_own_key() {
	furnish
	check_key 'namespaces = uts'
	check_key 'namespaces = uts, pid' 'processes and command lines' 'a procfs mounted elsewhere' "$MANAGER"
	check_key $'namespaces = pid\nuser_manager = keep' 'processes and command lines' 'a procfs mounted elsewhere'
	check_key $'namespaces = mount\nuser_manager = off' "$MANAGER" "units for the user's next systemd"
	mkdir -p /var/lib/systemd/linger
	touch /var/lib/systemd/linger/alice
	rule 'user_manager = off'
	census
	assert_eq "$STATUS" 1 "status where the user lingers"
	rm -r /var/lib/systemd/linger
	check_key $'namespaces = uts\nnetwork = none' 'TCP ports and whose they are' 'connecting to 127.0.0.1' \
		'abstract sockets'
	check_key 'namespaces = ipc' 'System V shared memory and queues' 'POSIX message queues' "$MANAGER"
	check_key $'namespaces = mount\nprivate = /tmp' 'names and writes in /tmp' "$MANAGER"
	check_key $'namespaces = mount\nprivate = /var/tmp' 'names and writes in /var/tmp' "$MANAGER"
	check_key $'namespaces = mount\nprivate = /dev/shm' 'names and writes in /dev/shm' "$MANAGER"
	check_key 'namespaces = cgroup' 'control groups of others' "$MANAGER"
	check_key $'namespaces = mount\ninaccessible = /var/mail' 'mail: owners, sizes and times' "$MANAGER"
	clear_away
}

# then there is no login of which a census could be taken
without_pasta() {
	rule 'network = user'
	assert_match "$(nsisolatectl census alice 2>&1)" 'network = user .*passt' "a census"
}
check_own_network() {
	rule 'network = user'
	census
	assert_eq "$STATUS" 0 "status: $(cat $STAGE/said)"
	assert_eq "$(closed | grep -E '^(TCP|connecting|abstract)')" "TCP ports and whose they are
connecting to 127.0.0.1
abstract sockets" "what is closed"
}
test_a_network_of_the_users_closes_what_no_network_closes() { world check_own_network; }

# either said in nsisolate(7), or closed by something else than a preset can be
LEFT_OPEN="programs that others start (inotify): not closed: see nsisolate(7)
terminals: whose, how long idle: not closed: see nsisolate(7)
logins in utmp, wtmp and lastlog: privacy/tmpfiles.conf, opt-in
logins in /run/systemd/sessions: not closed: see nsisolate(7)
homes: owners, sizes and times: not closed: see nsisolate(7)
mail: owners, sizes and times: inaccessible = /var/mail
names of accounts: not closed: see nsisolate(7)
how many keys others have: not closed: see nsisolate(7)
load, and other counters of the kernel: not closed: see nsisolate(7)
units and their processes by D-Bus: privacy/dbus.conf, opt-in
logins by D-Bus: privacy/dbus.conf, opt-in
units for the user's next systemd: user_manager = off
jobs of cron, outside: examples/jobs.conf: a rule for jobs
jobs of at, outside: examples/jobs.conf: a rule for jobs"

# README, "What one user learns of another": its lines are those of the command
check_strict() { # check_strict [LINE]: for a machine without pasta
	local line
	furnish
	rule 'privacy = strict' "$@"
	census
	assert_eq "$STATUS" 0 "status: $(cat $STAGE/said)"
	assert_eq "$(awk -F'  +' 'NR > 2 && $3 != "-" { print $1 ": " $4 }' <<<"$TABLE")" "$LEFT_OPEN" "what stays open"
	assert_eq "$(grep -v '^y[y-] ' <<<"$SEEN")" "" "not seen from outside"
	readme | grep -q . || fail "README has no census"
	while IFS= read -r line; do
		grep -qFx -- "$line" <<<"$TABLE" || fail "README has a line that the command has not: $line
$TABLE"
	done < <(readme)
	clear_up
}
test_strict_leaves_open_what_the_readme_shows() {
	without_pasta() { check_strict 'network = none'; }
	world check_strict
}
readme() { sed -n '/^# nsisolatectl census /,/^```/p' README.md | sed '1d; /^```/d'; }

test_a_login_that_no_rule_isolates_sees_as_much_as_a_plain_one() {
	furnish
	printf '%s\n' '[all]' 'isolate = no' | conf
	census
	assert_eq "$STATUS" 0 status
	assert_eq "$(sed 's/ .*//' <<<"$SEEN" | sort -u)" yy
	assert_match "$TABLE" '^alice \(uid 5001\) by sshd: not isolated by rule \[all\]'
	conf "$TOP/conf/nsisolate.conf"
	assert_match "$(nsisolatectl census --service su alice)" 'by su: not isolated: no rule matches'
	assert_match "$(nsisolatectl census alice)" 'by sshd: isolated by rule \[users\]'
	clear_away
}

test_jobs_are_closed_by_a_rule_for_their_services_and_their_stacks() {
	furnish
	jobs() { grep ' jobs of ' <<<"$SEEN" | sed 's/ .*//' | tr '\n' ' '; }
	printf '%s\n' '[all]' 'service = sshd, cron, crond, atd' | conf
	rm -f /etc/pam.d/{cron,crond,atd}
	census
	assert_eq "$(jobs)" "yy yy " "without stacks"
	cp /etc/pam.d/sshd /etc/pam.d/cron
	census
	assert_eq "$(jobs)" "y- yy " "with cron's, which has the line"
	cp /etc/pam.d/sshd /etc/pam.d/atd
	census
	assert_eq "$(jobs)" "y- y- " "with both"
	printf '%s\n' '[all]' 'service = sshd, cron' | conf
	census
	assert_eq "$(jobs)" "y- yy " "with a rule for cron alone"
	echo alice >/etc/at.deny
	census
	assert_eq "$(jobs)" "y- -- " "of a user who may not use at"
	rm /etc/pam.d/{cron,atd}
	clear_away
}

test_services_on_the_bus_are_asked() {
	furnish
	bus_rows() { nsisolatectl census alice | awk -F'  +' '/by D-Bus/ { print $2, $3, $4 }'; }
	rule
	assert_eq "$(bus_rows)" "y y privacy/dbus.conf, opt-in
y y privacy/dbus.conf, opt-in"
	bus refuse
	assert_eq "$(bus_rows | sed 's/ privacy.*//')" "- -
- -" "where a policy refuses"
	bus nobody
	assert_eq "$(bus_rows)" "n/a n/a no systemd on the bus
n/a n/a no logind on the bus"
	clear_away
}

# ---- what the machine lacks ----

test_what_a_machine_does_not_have_is_named() {
	mount -t tmpfs -o mode=755 stage /sys/fs/cgroup
	mount -t tmpfs -o mode=755 stage /var/mail
	mount -t tmpfs -o mode=755 stage /dev/mqueue
	rule
	assert_eq "$(nsisolatectl census alice | awk -F'  +' '$2 == "n/a" && $3 == $2 { print $1 ": " $4 }' |
		grep -vE '^(jobs|a procfs|logins in (utmp|/run))')" "mail: owners, sizes and times: no mail of somebody else in /var/mail
control groups of others: no cgroup2 at /sys/fs/cgroup
units and their processes by D-Bus: no system bus here
logins by D-Bus: no system bus here
asking the user's own systemd: alice has no manager now
units for the user's next systemd: no systemd here"
	census
	# by its name a queue is there nevertheless
	assert_match "$SEEN" 'yy POSIX message queues'
	umount /dev/mqueue /var/mail /sys/fs/cgroup
	nothing_left
}

# ---- a promise that is not kept ----

test_a_channel_that_is_open_although_its_rule_closes_it_is_status_1() {
	# an engine that leaves something out
	mv "$NSISOLATE_INIT" "$NSISOLATE_INIT.real"
	cat >"$NSISOLATE_INIT" <<-END
		#!/bin/bash
		for word; do shift; case \$word in --private=*) ;; *) set -- "\$@" "\$word" ;; esac; done
		exec "$NSISOLATE_INIT.real" "\$@"
	END
	chmod 755 "$NSISOLATE_INIT"
	rule 'private = /tmp'
	census
	nsisolatectl census --json alice >$STAGE/json 2>/dev/null
	mv "$NSISOLATE_INIT.real" "$NSISOLATE_INIT"
	assert_eq "$STATUS" 1 status
	assert_match "$SEEN" 'yy names and writes in /tmp'
	assert_eq "$(cat $STAGE/said)" \
		"nsisolatectl: open although the rule [all] has private = /tmp: names and writes in /tmp"
	command -v python3 >/dev/null && assert_eq "$(python3 -c '
import json, sys
it = json.load(sys.stdin)
print([it[key] for key in ("user", "uid", "service", "isolate", "rule")])
print([row["channel"] for row in it["channels"] if row["broken"]])
print([row for row in it["channels"] if row["channel"] in ("tmp", "processes", "programs", "logind")])' <$STAGE/json)" \
"['alice', 5001, 'sshd', True, 'all']
['tmp']
[{'channel': 'processes', 'text': 'processes and command lines', 'plain': True, 'session': False, 'closed_by': 'namespaces = pid', 'broken': False, 'why': None}, {'channel': 'programs', 'text': 'programs that others start (inotify)', 'plain': True, 'session': True, 'closed_by': None, 'broken': False, 'why': None}, {'channel': 'tmp', 'text': 'names and writes in /tmp', 'plain': True, 'session': True, 'closed_by': 'private = /tmp', 'broken': True, 'why': None}, {'channel': 'logind', 'text': 'logins by D-Bus', 'plain': None, 'session': None, 'closed_by': 'privacy/dbus.conf, opt-in', 'broken': False, 'why': 'no system bus here'}]"
	nothing_left
}

# ---- who looks ----

# A bus that never answers keeps the process that looks where it can be looked at: from outside first, then in the
# session; with a second of patience each.  $looking is its PID.
while_it_looks() { # while_it_looks COMMAND...
	bus hang
	rule
	nsisolatectl census alice >$STAGE/table 2>$STAGE/said &
	pid=$!
	wait_for pgrep -u alice -x nsisolatectl || fail "nobody looks: $(cat $STAGE/said)"
	looking=$(pgrep -u alice -x nsisolatectl)
	"$@"
}
end_it() {
	kill "$BUS"
	wait "$BUS" 2>/dev/null
	wait $pid
	STATUS=$?
	rm -r /run/dbus
	nothing_left
}

check_privileges() {
	local status
	# what it has of descriptors is the witness's socket, and then the bus's
	two() { [ "$(find /proc/$looking/fd -type l | wc -l)" = 2 ]; }
	wait_for two || fail "it does not ask the bus: $(ls -l /proc/$looking/fd)"
	status=$(cat /proc/$looking/status)
	assert_eq "$(grep -E '^(Uid|Groups|NoNewPrivs|Cap(Inh|Prm|Eff|Amb)):' <<<"$status" | tr -s '\t ' ' ' |
		sed 's/ $//')" "Uid: 5001 5001 5001 5001
Groups: 5001 6001
CapInh: 0000000000000000
CapPrm: 0000000000000000
CapEff: 0000000000000000
CapAmb: 0000000000000000
NoNewPrivs: 1" "what it has"
	assert_match "$status" $'\nGid:\t5001\t5001\t6553[0-9]\t5001\n'
	assert_eq "$(ls -l /proc/$looking/fd | grep -c 'socket:')" 2 "sockets"
	# nobody but root can make it say something else
	as alice prlimit --pid $looking --nofile=1 2>/dev/null && fail "alice sets its limits"
	as alice cat /proc/$looking/environ 2>/dev/null && fail "alice reads its memory"
}
test_the_process_that_looks_is_the_user_and_no_more() {
	echo "crew:x:6001:alice" >>/etc/group
	while_it_looks check_privileges
	end_it
	assert_eq "$STATUS" 0 "status: $(cat $STAGE/said)"
	sed -i /^crew:/d /etc/group
}

test_what_the_user_kills_is_no_finding() {
	while_it_looks eval 'as alice kill -KILL $looking'
	end_it
	assert_eq "$STATUS" 2 status
	assert_match "$(cat $STAGE/said)" 'the process that looks as alice was killed'
	assert_eq "$(cat $STAGE/table)" ""
}

# ---- nothing is left ----

nothing_of_the_witness() {
	nothing_left
	assert_eq "$(grep -hv '^ *key' /proc/sysvipc/shm /proc/sysvipc/msg)" "" "System V IPC"
	assert_eq "$(ls -d /var/tmp/nsisolate-census.* 2>/dev/null)" ""
}
test_nothing_is_left_whenever_it_is_killed() {
	local ms start
	rule
	start=$(now_ms)
	nsisolatectl census alice >/dev/null || fail "status $?"
	ms=$(($(now_ms) - start))
	nothing_of_the_witness
	for moment in 1 2 3 4 5 6 7 8 9 10 11; do
		nsisolatectl census alice >/dev/null 2>&1 &
		sleep "$(printf '0.%03d' $((ms * moment / 12 % 1000)))"
		kill -KILL $!
		wait $! 2>/dev/null
		nothing_of_the_witness
	done
	# as a terminal's ^C does, or a runner of jobs
	for moment in 2 5 8; do
		setsid nsisolatectl census alice >/dev/null 2>&1 &
		sleep "$(printf '0.%03d' $((ms * moment / 12 % 1000)))"
		kill -KILL -$!
		wait $! 2>/dev/null
		nothing_of_the_witness
	done
}

# The witness has files and queues for a moment only: strace(1) makes that moment last, or kills it then, before the
# second of its message queues is made, which in turn is the last thing of all.
at_the_moment() { # at_the_moment INJECTION: starts it
	command -v strace >/dev/null && strace -qq -o /dev/null true 2>/dev/null || skip "nobody can be traced here"
	rule
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=msgget -e inject=msgget:"$1":when=3 \
		nsisolatectl census alice >$STAGE/table 2>$STAGE/said &
	pid=$!
}
test_nothing_is_left_when_the_witness_is_killed() {
	at_the_moment signal=KILL
	wait $pid
	assert_eq $? 2 status
	assert_match "$(cat $STAGE/said)" 'the witness was killed'
	nothing_of_the_witness
}
test_nothing_is_left_when_it_is_killed_and_the_witness_has_files_and_queues() {
	at_the_moment delay_enter=1000000
	wait_for compgen -G '/tmp/nsisolate-census.*' || fail "no file: $(cat $STAGE/said)"
	assert_eq "$(compgen -G '/var/tmp/nsisolate-census.*' | wc -l; compgen -G '/dev/mqueue/nsisolate-census.*' | wc -l)" \
		$'1\n1' "its other files and queue"
	pkill -KILL -o -x nsisolatectl
	wait $pid
	nothing_of_the_witness
}

# ---- the command line ----

test_it_is_for_root_outside_of_sessions_and_for_a_user_who_is_there() {
	said() { "$@" 2>&1; echo "status $?"; }
	assert_match "$(said nsisolatectl census)" '^usage: nsisolatectl census .*status 2$'
	assert_match "$(said nsisolatectl census --jsn alice)" '^usage: nsisolatectl census .*status 2$'
	assert_match "$(said as alice "$NSISOLATECTL" census alice)" 'only root can take a census.*status 2'
	assert_match "$(said nsisolatectl census no-such-user)" "no-such-user.*status 2"
	assert_match "$(said nsisolatectl census root)" 'root sees everything.*status 2'
	echo '[broken' | conf
	assert_match "$(said nsisolatectl census alice)" 'nsisolate.conf:1:.*error.*status 2'
	rule 'network = user' # pasta is not there, or it is
	mv "$NSISOLATE_INIT" "$NSISOLATE_INIT.away"
	assert_match "$(said nsisolatectl census alice)" 'cannot run .*nsisolate-init.*status 2'
	mv "$NSISOLATE_INIT.away" "$NSISOLATE_INIT"
	rule
	stack stage
	assert_match "$("$BUILD/tests/pam_app" stage root remember open run "nsisolatectl census alice 2>&1; echo \$?" close same end)" \
		'inside a session.*2'
	rm /etc/pam.d/stage
	nothing_left
}
