# Every system call and every allocation of a login fails in turn: the login is then isolated in full or
# refused, nothing is left behind, and the application gets back what it had.  With FAULT=whole each call
# fails in every way in calls.h (`make fault`), with FAULT=each in one.  By default the same holds for the
# main cases; in variants of these (`varied`) every fourth call fails.
. tests/stage.sh
. tests/login/world.sh

export ASAN_OPTIONS=detect_leaks=0 # with `make sanitize`: it cannot look for leaks while traced
SWEEP=$BUILD/tests/sweep
outside() { local kind; for kind; do echo "$kind $(stat -L -c %i "/proc/self/ns/$kind")"; done; }
OUTSIDE=$(outside uts pid mnt)
export OUTSIDE
export PRELOAD=$BUILD/tests/fail_alloc.so
ISOLATED=0 REFUSED=10 LET_IN=11 ENDED=13 STUCK=14 HALF=15 # pam_app judge
WHOLE=42 NONE=43                         # verdict
ELSEWHERE=12                             # fail_alloc: another library did not survive it

if [ "${FAULT:-}" = whole ]; then each=(); else each=(-1); fi
varied() { [ -n "${FAULT:-}" ] || each=(-1 -k 4); }

# prepare [LINE...]: with LINEs in the rule
prepare() {
	umount -q /home/closed/mount # left by the previous test
	rm -rf /tmp/of-the-host /tmp/.X11-unix /run/nsisolate /run/user /home/closed
	install -m 755 "$BUILD/tests/verdict" "$SWEEP" "$PRELOAD" /usr/local/bin/
	own_stack "session required $BUILD/tests/pam_mark.so" 'session required pam_nsisolate.so' \
		"session required $BUILD/tests/pam_mark.so"
	printf '[all]\nservice = stage, nsisolate-shell\ngrace = 0\nshell = /usr/local/bin/verdict\n' >$STAGE/rule
	printf '%s\n' "$@" >>$STAGE/rule
	conf $STAGE/rule
}

# holds COMMAND...: runs a sweep, which must hold; prints its counts at once
holds() {
	local said status
	said=$("$@")
	status=$?
	echo "        fault: ${FUNCNAME[1]}, ${FUNCNAME[2]#test_}: ${said##*$'\n'}" >&7
	echo "${said##*$'\n'}" >>$STAGE/injected
	[ $status = 0 ] || fail "$said"
	[ -z "${HOLDER:-}${FURNISHED:-}" ] || return 0
	umount -q /home/closed/mount
	rm -rf /tmp/of-the-host /tmp/.X11-unix /run/nsisolate /run/user /home/closed
	nothing_left
	[ -z "${RUNTIME:-}" ] || runtime
	[ -z "${PRIVATE:-}" ] || host_files
}

# with `make sanitize` the allocator is not the C library's, and fail_alloc.so cannot interpose
allocations_fail() { ! sanitized || skip "sanitizers have an allocator of their own"; }

# module ROLE USER STATUSES [OPTION...]
module() {
	local role=$1 user=$2 statuses=$3
	shift 3
	# shellcheck disable=SC2086 # words
	HOSTNAME_IN="$user-lab${BESIDE:+ $user-lab-2}" holds ${WITHOUT:-} "$SWEEP" "${each[@]}" "$@" -m "$role" "$statuses" \
		"$BUILD/tests/pam_app" stage "$user" ${INTO:-} ${SAME-remember} judge /usr/local/bin/verdict ${SAME-same}
}

# shell ROLE STATUSES [OPTION...]
shell() {
	local role=$1 statuses=$2 program=$NSISOLATE_SHELL
	# nsisolate-shell allocates nothing, and lets no library into what it starts
	[ $role != memory ] || program=$LIBEXECDIR/nsisolate/nsisolate-login
	shift 2
	! sanitized || skip "a sanitizer does not survive it where its own calls fail (the module's part was done)"
	holds as dave env OUTSIDE="$OUTSIDE" ${PRIVATE:+PRIVATE=1} ${NAMES_ONLY:+NAMES_ONLY=1} HOSTNAME_IN="dave-lab${BESIDE:+ dave-lab-2}" PRELOAD=/usr/local/bin/fail_alloc.so \
		sweep "${each[@]}" "$@" "$role" "$statuses" $program -c anything
}

# a group of alice's besides her own; if it is lost no rule matches her
club() { grep -q ^club: /etc/group || echo 'club:x:7001:bob,alice' >>/etc/group; }
test_a_call_of_the_module_that_asks_for_groups_fails() {
	varied
	! sanitized || skip "a sanitizer does not survive it where its own calls fail, for what NSS loads"
	prepare 'group = club'
	club
	# 134: a failing futex(2) makes the C library itself abort
	module application alice $ISOLATED,$REFUSED,134
}
test_a_call_of_the_module_fails() { prepare; module application alice $ISOLATED,$REFUSED; }
test_a_call_of_the_module_that_asks_for_no_manager_fails() {
	local logind=/usr/lib/systemd/systemd-logind
	varied
	prepare 'user_manager = off'
	mkdir -p ${logind%/*}
	! [ -e $logind ] || mv $logind $logind.away
	printf 'x\0user-light\0background-light\0' >$logind
	own_stack "session required $BUILD/tests/pam_mark.so" 'session required pam_nsisolate.so close' \
		"session required $BUILD/tests/pam_systemd.so" 'session required pam_nsisolate.so' \
		"session required $BUILD/tests/pam_mark.so"
	module application alice $ISOLATED,$REFUSED
	# 127: from ld.so
	sanitized || module memory alice $ISOLATED,$REFUSED,$ELSEWHERE,127
	rm $logind
	! [ -e $logind.away ] || mv $logind.away $logind
}
test_a_call_of_the_helper_fails() { prepare; module helper alice $ISOLATED,$REFUSED; }
test_a_call_of_pid_1_fails() { prepare; module init alice $ISOLATED,$REFUSED; }
test_an_allocation_of_the_module_fails() {
	varied
	allocations_fail
	# with everything that needs allocations: drop-ins, and a group that no other rule can replace
	prepare 'group = club'
	club
	mkdir "$SYSCONFDIR/nsisolate.conf.d"
	printf '[more]\nuser = nobody\n' >"$SYSCONFDIR/nsisolate.conf.d/more.conf"
	printf '[most]\nuser = nobody\n' >"$SYSCONFDIR/nsisolate.conf.d/most.conf"
	# 127: from ld.so, out of memory for a library that NSS loads
	module memory alice $ISOLATED,$REFUSED,$ELSEWHERE,127
	rm -r "$SYSCONFDIR/nsisolate.conf.d"
	# groups because of a name
	prepare 'hostname = %g-lab'
	module memory alice $ISOLATED,$REFUSED,$ELSEWHERE,127
}
test_an_allocation_for_an_odd_account_fails() {
	varied
	allocations_fail
	# a user whose group has no name
	prepare 'group = 5098'
	echo 'nameless:x:5098:5098::/home/alice:/bin/sh' >>/etc/passwd
	[ "${FAULT:-}" != whole ] || module memory nameless $ISOLATED,$REFUSED,$ELSEWHERE,127
	# a list without end
	printf 'huge:x:5099:5099:%s:/home:/bin/sh\n' "$(head -c 1200000 /dev/zero | tr '\0' x)" >>/etc/passwd
	module memory huge $REFUSED,$ELSEWHERE,127
	stage_forget nameless 5098
	stage_forget huge 5099
}
test_an_allocation_that_would_tell_of_a_wrong_word_fails() {
	varied
	allocations_fail
	prepare 'nonsense = 1'
	module memory alice $REFUSED,$ELSEWHERE,127
	# for a file that turns out to be longer than its size
	sed -i 's,pam_nsisolate.so,& conf=/proc/version,' /etc/pam.d/stage
	module memory alice $REFUSED,$ELSEWHERE,127
	prepare 'nonsense = 1'
	# whether a broken configuration locks somebody out depends on NSS
	sed -i 's/pam_nsisolate.so/& rescue_group=alice/' /etc/pam.d/stage
	module memory alice $LET_IN,$REFUSED,$ELSEWHERE,127
}

# 137: it had started, and ended with its PID 1.  127: ld.so could not even start the program.
test_a_call_of_the_shell_fails() { prepare; shell application $WHOLE,1,127,137; }
test_a_call_of_the_shells_pid_1_fails() { prepare; shell helper $WHOLE,1,137; }
test_a_call_of_the_shells_command_fails() { prepare; shell init $WHOLE,1,126,127,137; }
test_an_allocation_of_the_shell_fails() { varied; allocations_fail; prepare; shell memory $WHOLE,1,$ELSEWHERE; }

# ---- where the application is ----

test_in_a_chroot_it_is_whole_or_refused() {
	varied
	prepare
	chroot_build /home/stage-chroot
	FURNISHED=1 INTO='chroot /home/stage-chroot chdir /'
	module application alice $ISOLATED,$REFUSED
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
	# with a lasting failure: 1, it exits where it would otherwise be outside its chroot
	SAME=
	module application alice $ISOLATED,$REFUSED,$STUCK,1 -e
	FURNISHED=
	chroot_remove /home/stage-chroot
	nothing_left
}
# otherwise ours would become standard input and output
test_without_descriptors_it_is_whole_or_refused() {
	varied
	prepare
	INTO=close-all
	module application alice $ISOLATED,$REFUSED
}
# where a child has to find the root; the way back is closed, and so leads to "/"
test_in_a_directory_that_root_may_not_enter_it_is_whole_or_refused() {
	varied
	! sanitized || skip "a sanitizer does not survive it where its own calls fail"
	prepare
	install -d -m 700 -o alice -g alice /home/alice/private
	cd /home/alice/private || fail "no directory"
	SAME= WITHOUT='setpriv --bounding-set=-dac_override,-dac_read_search'
	module application alice $ISOLATED,$REFUSED
	cd "$TOP" || fail "no way back"
	rmdir /home/alice/private
}

# ---- what the rule says of it, and root ----

test_root_gets_in_whatever_fails() { prepare; module application root $ISOLATED,$LET_IN; }
test_nor_is_root_kept_out_by_memory() { varied; allocations_fail; prepare; module memory root $ISOLATED,$LET_IN,$ELSEWHERE; }

# let in: only because the machine lacks something, never because of what a user can cause
test_on_error_allow_lets_in_whole_or_not_at_all() {
	varied
	prepare 'on_error = allow'
	module application alice $ISOLATED,$LET_IN,$REFUSED -a $LET_IN
}
test_so_it_does_where_the_engine_fails() {
	varied
	prepare 'on_error = allow'
	module helper alice $ISOLATED,$LET_IN,$REFUSED -a $LET_IN
	module init alice $ISOLATED,$LET_IN,$REFUSED -a $LET_IN
	shell application $WHOLE,$NONE,1,127,137 -a $NONE
	shell helper $WHOLE,$NONE,1,137 -a $NONE
}

# ---- everything that a rule can ask for ----

everything() {
	local kinds='uts pid mount ipc net time'
	# with cgroup v1 no session can have it
	[ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || kinds+=' cgroup'
	prepare "namespaces = ${kinds// /, }" 'private = /tmp, /var/tmp, /dev/shm' \
		'domainname = example.org' 'read_only = /home/closed' \
		'inaccessible = /home/closed/inaccessible/directory, /home/closed/inaccessible/file'
	export PRIVATE=1
	host_files
	# shellcheck disable=SC2086 # words
	OUTSIDE=$(outside ${kinds/mount/mnt})
}
host_files() {
	touch /tmp/of-the-host
	install -d -m 1777 /tmp/.X11-unix # a session gets the same
	mkdir -p /home/closed/inaccessible/directory /home/closed/mount
	mount -t tmpfs stage /home/closed/mount
	install -m 666 /dev/null /home/closed/mount/file
	install -m 666 /dev/null /home/closed/file
	install -m 666 /dev/null /home/closed/inaccessible/file
	install -m 666 /dev/null /home/closed/inaccessible/directory/file
}
test_a_session_with_everything_is_whole_or_refused() {
	varied
	everything
	module application alice $ISOLATED,$REFUSED
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
}
test_so_it_is_through_the_shell() {
	varied
	everything
	shell application $WHOLE,1,127,137
	shell helper $WHOLE,1,137
}
test_a_cgroup_namespace_is_there_or_refused() {
	varied
	prepare 'namespaces = uts, pid, cgroup'
	cgroup2_mount
	OUTSIDE=$(outside uts pid mnt cgroup)
	FURNISHED=1
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
	FURNISHED=
	umount /sys/fs/cgroup
	nothing_left
}

# without a PID 1
test_names_alone_are_there_or_refused() {
	varied
	prepare 'namespaces = uts'
	OUTSIDE=$(outside uts)
	export NAMES_ONLY=1
	module application alice $ISOLATED,$REFUSED
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
}

# and with mounts, where the file system of /etc/hosts cannot stay below /proc
test_mounts_without_processes_are_there_or_refused() {
	varied
	prepare 'namespaces = uts, mount'
	OUTSIDE=$(outside uts mnt)
	export NAMES_ONLY=1
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
}

# where the outer process becomes the command, and a child first tries whether it can
test_names_alone_through_the_shell_are_there_or_not_at_all() {
	varied
	prepare 'namespaces = uts'
	OUTSIDE=$(outside uts)
	export NAMES_ONLY=1
	shell application $WHOLE,1,126,127 -x 4 # itself, nsisolate-login, nsisolate-init, the command
	prepare 'namespaces = uts, time'
	OUTSIDE=$(outside uts time)
	shell application $WHOLE,1,126,127 -x 4
	OUTSIDE=$(outside uts)
	prepare 'namespaces = uts' 'on_error = allow'
	shell application $WHOLE,$NONE,1,126,127 -x 4 -a $NONE
	shell helper $WHOLE,$NONE,1 -a $NONE
}

# with pasta; the first child of the shell's PID 1 is what makes the network
test_a_network_with_a_way_out_is_there_or_refused() {
	varied
	prepare 'network = user'
	world swept
}
swept() {
	OUTSIDE=$(outside uts pid mnt net)
	FURNISHED=1
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
	shell helper $WHOLE,1,137
	shell init $WHOLE,1,137
	prepare 'network = user' 'on_error = allow'
	mkdir -p /run/user # the world's
	module init alice $ISOLATED,$LET_IN,$REFUSED -a $LET_IN
	shell init $WHOLE,$NONE,1,137 -a $NONE
	FURNISHED=
	rm -f /etc/pam.d/stage
}
without_pasta() { module application alice $REFUSED; }

# ---- scope = user: a shared session is created or joined ----

runtime() { # where the shells find each other
	RUNTIME=1
	install -d -m 700 -o dave -g dave /run/user/5004
}

# the very first one, which creates the directory of the sockets; rm is another child
first_login() {
	HOSTNAME_IN="alice-lab alice-lab-2" holds "$SWEEP" "${each[@]}" "$@" sh -c "rm -rf /run/nsisolate
		exec '$BUILD/tests/pam_app' stage alice remember judge /usr/local/bin/verdict same"
}
test_a_shared_session_is_made_whole_or_refused() {
	local BESIDE=1 # the one before, whose PID 1 was killed, may still have the name
	prepare 'scope = user'
	runtime
	# the short form checks no more than without a shared session
	[ "${FAULT:-}" != whole ] || module application alice $ISOLATED,$REFUSED
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
	first_login -n 2 helper $ISOLATED,$REFUSED
	shell application $WHOLE,1,127,137
	shell helper $WHOLE,1
	shell helper $WHOLE,1,126,127,137 -n 2
	shell init $WHOLE,1,137
}

# where systemd would end the shared session with the login that created it, and refuses to move it
test_a_shared_session_that_cannot_leave_its_unit_stays_in_it() {
	varied
	local unit=/sys/fs/cgroup/user.slice/stage.$$ own
	prepare 'scope = user'
	cgroup2_mount
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	mkdir -p $unit /run/systemd/system || fail "no unit"
	: >>/usr/bin/systemd-run
	mount --bind /dev/null /usr/bin/systemd-run
	FURNISHED=1
	# the scope contains the sweep and what it starts
	echo $BASHPID >$unit/cgroup.procs
	module helper alice $ISOLATED,$REFUSED
	logged "session without a comfort: .*cannot run /usr/bin/systemd-run" >/dev/null
	logged "session opened: .* unit=login" >/dev/null
	echo $BASHPID >"/sys/fs/cgroup$own/cgroup.procs"
	FURNISHED=
	rmdir $unit
	rmdir ${unit%/*} 2>/dev/null # where the machine has no such slice
	umount /usr/bin/systemd-run /sys/fs/cgroup
	rm -r /run/systemd /run/nsisolate
	nothing_left
}

# joined SWEEP WORD...: with an existing shared session, which survives whatever happens to a login that
# joins
joined() {
	if [ "$1" = module ]; then
		"$BUILD/tests/pam_app" stage alice open run 'exec sleep 5000' close &
	else
		runtime
		sed -i 's,^shell = .*,shell = /bin/sh,' "$SYSCONFDIR/nsisolate.conf"
		as dave "$NSISOLATE_SHELL" -c 'exec sleep 5000' &
	fi
	HOLDER=$!
	wait_for pgrep -x sleep || fail "nobody holds the session"
	SET=$(logged 'session opened: .*joined=no' | sed -nE 's/.* init=([0-9]+) .*/\1/p' | tail -n 1)
	BESIDE=1 # what cannot be joined has ended, or a session is made beside it
	sed -i 's,^shell = .*,shell = /usr/local/bin/verdict,' "$SYSCONFDIR/nsisolate.conf"
	[ -z "${PROC_ELSEWHERE:-}" ] || mount -t proc proc "$PROC_ELSEWHERE" # each login's helper covers it again
	"$@"
	[ -z "${PROC_ELSEWHERE:-}" ] || umount "$PROC_ELSEWHERE"
	all_logged
	! grep 'session NOT isolated' $LOGS/syslog | grep -v "cannot run $NSISOLATE_INIT: " || fail "this lets in"
	{ kill -0 "$SET" && pgrep -x sleep >/dev/null; } || fail "the session ended with a login that failed: $(ps -ef)"
	[ "$(grep -c "session opened: .* init=$SET .*joined=yes" $LOGS/syslog)" -ge 3 ] ||
		fail "so few joined it: $(cat $LOGS/syslog)"
	BESIDE=
	pkill -x sleep
	wait $HOLDER
	HOLDER=
	rm -rf /run/nsisolate /run/user
	nothing_left
	: >$LOGS/syslog
}
test_a_shared_session_is_joined_or_refused() {
	prepare 'scope = user'
	joined module application alice $ISOLATED,$REFUSED
	joined module helper alice $ISOLATED,$REFUSED
	joined shell application $WHOLE,1,127,137
	joined shell helper $WHOLE,1
	joined shell helper $WHOLE,1,126,127,137 -n 2
}
# beside one that has its hostname: under the next one, or, where that cannot be found, under the same
test_a_second_session_is_whole_or_refused() {
	prepare 'scope = session'
	"$BUILD/tests/pam_app" stage alice open run 'exec sleep 5000' close &
	HOLDER=$! BESIDE=1
	wait_for pgrep -x sleep || fail "nobody has the name"
	module helper alice $ISOLATED,$REFUSED
	logged 'session opened: .*hostname=alice-lab-2 ' >/dev/null
	logged "session without a comfort: .*hostname may be another session's" >/dev/null
	module init alice $ISOLATED,$REFUSED
	pkill -x sleep
	wait $HOLDER
	HOLDER='' BESIDE=''
	rm -rf /run/nsisolate
	nothing_left
}
# another procfs that was mounted before, and one mounted while the shared session existed
test_a_procfs_elsewhere_is_covered_or_the_login_refused() {
	prepare
	export PROC_ELSEWHERE=$STAGE/elsewhere
	mkdir "$PROC_ELSEWHERE"
	mount -t proc proc "$PROC_ELSEWHERE"
	FURNISHED=1
	module init alice $ISOLATED,$REFUSED
	shell helper $WHOLE,1,137
	FURNISHED=
	umount "$PROC_ELSEWHERE"
	prepare 'scope = user'
	joined module helper alice $ISOLATED,$REFUSED
	joined shell helper $WHOLE,1,126,127,137 -n 2
	rmdir "$PROC_ELSEWHERE"
	unset PROC_ELSEWHERE
	nothing_left
}
# a session that cannot be joined is not a reason to go without; a missing engine is
test_on_error_allow_does_not_change_that() {
	prepare 'scope = user' 'on_error = allow'
	joined module helper alice $ISOLATED,$REFUSED,$LET_IN -a $LET_IN
	joined shell helper $WHOLE,1
	joined shell helper $WHOLE,1,126,127,137 -n 2
}

# ---- failures that last ----

test_a_call_of_the_engine_fails_for_good() {
	varied
	prepare
	module helper alice $ISOLATED,$REFUSED -e
	module init alice $ISOLATED,$REFUSED,$ENDED -e
	shell helper $WHOLE,1,137 -e
}
# Then there may not be a way back, and the application stays where it is: the log says so loudly.  Even then
# a login is isolated or refused, and root gets in.
test_a_call_of_the_module_fails_for_good() {
	prepare
	export SAME=
	module application alice $ISOLATED,$REFUSED,$STUCK -e
	logged 'session refused: user=alice.*and then: cannot return' >/dev/null
	logged '^<82>.*the application could not be given back all it had' >/dev/null
	module application root $ISOLATED,$LET_IN,$STUCK,$HALF -e
	logged '^<81>.*uid 0, HALF isolated' >/dev/null
	# nor does a rule let anybody in half isolated
	varied
	prepare 'on_error = allow'
	module application alice $ISOLATED,$LET_IN,$REFUSED,$STUCK -e -a $LET_IN
	[ "${FAULT:-}" = whole ] || return 0
	prepare 'scope = user'
	module application alice $ISOLATED,$REFUSED,$STUCK -e
}
test_memory_is_out_for_good() {
	varied
	allocations_fail
	prepare
	module memory alice $ISOLATED,$REFUSED,$ELSEWHERE -e
	shell memory $WHOLE,1,$ELSEWHERE -e
}

# the last one of those run before
test_all_of_them_held() {
	local sum
	[ -e $STAGE/injected ] || skip "no other test of this file ran"
	sum=$(awk '{ injected += $1; held += $3 } END { print injected " injected, " held " held" }' \
		$STAGE/injected)
	echo "        fault: $sum" >&7
	assert_match "$sum" '^([0-9]+) injected, ([0-9]+) held$'
	assert_eq "${BASH_REMATCH[2]}" "${BASH_REMATCH[1]}" held
}
