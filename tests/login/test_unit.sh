# A shared session leaves the first login's systemd unit, or stays in it: whatever systemd-run does, no login
# is refused or left out of the shared session because of that.
. tests/stage.sh

SYSTEMD_RUN=/usr/bin/systemd-run
SAID=/run/said

settings() { # settings LINE...: the rule of all logins
	printf '[all]\nscope = user\nshell = /bin/sh\ngrace = 0\n'
	printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"
is_running() { pgrep -f "^$1\$" >/dev/null; }

# puts what the caller starts from now on into a unit like a login's
in_a_logins_unit() {
	[ ! -e /run/systemd ] || fail "there is a systemd on the stage"
	cgroup2_mount
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	unit=/sys/fs/cgroup/user.slice/stage.$$
	mkdir -p $unit /run/systemd/system || fail "no unit"
	echo $BASHPID >$unit/cgroup.procs
	mkdir -p -m 1777 $SAID
	chmod 1777 $SAID
	own_stack
	install -d -o dave -m 700 /run/user/5004
	: >/run/user/5004/bus
}
out_of_it() {
	pkill -KILL -x sleep
	wait
	echo $BASHPID >"/sys/fs/cgroup$own/cgroup.procs"
	wait_for rmdir $unit || fail "still in the unit: $(xargs ps -o pid,args -p <$unit/cgroup.procs)"
	rmdir ${unit%/*} 2>/dev/null # where the machine has no such slice
	umount /sys/fs/cgroup
	rm -rf /run/systemd /run/user /run/nsisolate $SAID /etc/pam.d/stage
	nothing_left
}

# replaces systemd-run by this script; the original stays as it is
stand_in() {
	printf '#!/bin/sh\n%s\n' "$1" >$SAID/systemd-run
	chmod 755 $SAID/systemd-run
	[ -e $SYSTEMD_RUN ] || : >$SYSTEMD_RUN
	mount --bind $SAID/systemd-run $SYSTEMD_RUN
}

# login NAME: of $user by $way, which says where it is, and stays
login() {
	local seconds
	seconds=$((300 + ${#logins[@]}))
	logins+=($seconds)
	: >$LOGS/syslog
	if [ $way = module ]; then
		"$BUILD/tests/pam_app" stage alice open \
			run "readlink /proc/self/ns/pid >$SAID/$1; exec sleep $seconds" close end &
	else
		as dave "$NSISOLATE_SHELL" -c "readlink /proc/self/ns/pid >$SAID/$1; exec sleep $seconds" &
	fi
	wait_for is_running "sleep $seconds" || fail "$1 does not get in: $(cat $LOGS/syslog)"
	[ "$(cat $SAID/$1)" != "$(readlink /proc/self/ns/pid)" ] || fail "$1 is not isolated"
}
same_session() { assert_eq "$(cat $SAID/second)" "$(cat $SAID/first)" "the second login's session"; }

# each_way FUNCTION [LINE...]
each_way() {
	local check=$1
	shift
	for way in module shell; do
		logins=()
		settings "$@"
		in_a_logins_unit
		$check
		out_of_it
	done
}

check_stays() { # check_stays WHY
	login first
	logged "session opened: .* joined=no unit=login\$" >/dev/null
	logged "session without a comfort: .*: $1" >/dev/null
	login second
	logged "session opened: .* joined=yes unit=-\$" >/dev/null
	same_session
}

check_moves() {
	# what it is asked for, and what it does in the end
	# as the real one, it finds a user's manager by a variable only
	stand_in "echo \"\$@\" >$SAID/asked
case \"\$*\" in '--scope --user '*) [ \"\$XDG_RUNTIME_DIR\" = /run/user/5004 ] || exit 1 ;; esac
while [ \"\$1\" != -- ]; do shift; done
shift
exec \"\$@\""
	login first
	logged "session opened: .* joined=no unit=-\$" >/dev/null
	assert_match "$(cat $SAID/asked)" '--scope (--user )?--quiet --collect .*--unit=nsisolate-[0-9]+ -- '
	[ $way = module ] || assert_match "$(cat $SAID/asked)" '--user'
	! grep -q 'without a comfort' $LOGS/syslog || fail "$(cat $LOGS/syslog)"
	login second
	same_session
	# the first login is still its leader, although systemd-run was in between
	assert_eq "$(nsisolatectl list --json | grep -o '"logins":[0-9]*')" '"logins":2'
	pkill -x -f "sleep ${logins[0]}"
	one_left() { nsisolatectl list --json | grep -q '"logins":1,'; }
	wait_for one_left || fail "$(nsisolatectl list)"
	umount $SYSTEMD_RUN
}
test_a_shared_session_moves_to_a_scope_of_its_own() { each_way check_moves; }

check_missing() {
	[ ! -e $SYSTEMD_RUN ] || mv $SYSTEMD_RUN $SYSTEMD_RUN.away
	check_stays 'cannot run /usr/bin/systemd-run: No such file'
	[ ! -e $SYSTEMD_RUN.away ] || mv $SYSTEMD_RUN.away $SYSTEMD_RUN
}
test_without_systemd_run_it_stays() { each_way check_missing; }

check_denied() {
	stand_in 'exit 0'
	chmod 644 $SAID/systemd-run
	check_stays 'cannot run /usr/bin/systemd-run: Permission denied'
	umount $SYSTEMD_RUN
}
test_where_systemd_run_is_denied_it_stays() { each_way check_denied; }

check_fails() {
	stand_in 'echo moved; echo no >&2; exit 1'
	check_stays '/usr/bin/systemd-run failed'
	umount $SYSTEMD_RUN
}
test_where_systemd_run_fails_it_stays() { each_way check_fails; }

check_hangs() {
	stand_in "echo \$\$ >$SAID/hanging; exec sleep 299"
	check_stays '/usr/bin/systemd-run does not answer'
	! kill -0 "$(cat $SAID/hanging)" 2>/dev/null || fail "it hangs there still"
	umount $SYSTEMD_RUN
}
test_where_systemd_run_hangs_it_stays() { each_way check_hangs; }

test_the_next_logins_of_the_user_wait_no_longer_for_one_that_hangs() {
	local start i
	way=module logins=()
	settings
	in_a_logins_unit
	stand_in "exec sleep 299"
	start=$(now_ms)
	for i in 1 2 3 4 5; do
		"$BUILD/tests/pam_app" stage alice open run "readlink /proc/self/ns/pid >$SAID/$i; exec sleep 30$i" close end &
	done
	all_in() { [ "$(pgrep -c -f '^sleep 30[1-5]$')" = 5 ]; }
	wait_for all_in || fail "not all get in: $(cat $LOGS/syslog)"
	assert_within "$start" 2000 60
	assert_eq "$(cat $SAID/[1-5] | sort -u | wc -l)" 1 sessions
	umount $SYSTEMD_RUN
	out_of_it
}

# The machine's own, asking a manager that listens and does not answer, then one that does not exist.
test_the_real_systemd_run_without_a_systemd() {
	# a machine without it is a case of a missing one
	[ -s $SYSTEMD_RUN ] || { each_way check_missing; return; }
	way=module logins=()
	settings
	in_a_logins_unit
	check_stays '/usr/bin/systemd-run failed'
	pkill -KILL -x sleep
	wait
	settings 'hostname = %u'
	logins=()
	socat UNIX-LISTEN:/run/systemd/private,fork EXEC:'sleep 299' &
	wait_for test -S /run/systemd/private
	check_stays '/usr/bin/systemd-run does not answer'
	kill %%
	pkill socat
	out_of_it
}

# The process started by systemd-run does not ask systemd-run once more.
test_a_login_that_gives_up_leaves_no_systemd_run() {
	way=module logins=()
	settings
	in_a_logins_unit
	stand_in "echo \$\$ >$SAID/hanging; exec sleep 299"
	"$BUILD/tests/pam_app" stage alice open close end 2>/dev/null &
	wait_for test -s $SAID/hanging || fail "systemd-run was not asked"
	pkill -KILL -f -- 'nsisolate-init: alice'
	gone() { ! kill -0 "$(cat $SAID/hanging)" 2>/dev/null; }
	wait_for gone || fail "it hangs there still"
	wait
	umount $SYSTEMD_RUN
	out_of_it
}

# A user's manager ends with the last login: lingering sessions do not ask it, and the log says where they are.
test_what_lingers_in_the_shells_way_stays_and_says_so() {
	way=shell logins=()
	settings 'logout = linger'
	in_a_logins_unit
	stand_in "echo >$SAID/asked; exit 1"
	login first
	logged "session opened: .* joined=no unit=login\$" >/dev/null
	! grep -q 'without a comfort' $LOGS/syslog || fail "$(cat $LOGS/syslog)"
	[ ! -e $SAID/asked ] || fail "systemd-run was asked"
	login second
	same_session
	umount $SYSTEMD_RUN
	out_of_it
}

# Outside a login's unit, as under cron, no manager is asked.
test_elsewhere_it_does_not_move() {
	way=module logins=()
	settings
	in_a_logins_unit
	elsewhere=/sys/fs/cgroup/stage.$$ # the test itself may have been started from a login
	mkdir $elsewhere
	echo $BASHPID >$elsewhere/cgroup.procs
	stand_in "echo >$SAID/asked; exit 1"
	login first
	logged "session opened: .* joined=no unit=-\$" >/dev/null
	[ ! -e $SAID/asked ] || fail "systemd-run was asked"
	umount $SYSTEMD_RUN
	echo $BASHPID >$unit/cgroup.procs
	pkill -KILL -x sleep
	wait_for rmdir $elsewhere || fail "still there: $(xargs ps -o pid,args -p <$elsewhere/cgroup.procs)"
	out_of_it
}
