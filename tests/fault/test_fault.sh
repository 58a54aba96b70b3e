# Every system call and every allocation of a login fails in turn: it ends isolated in full or refused,
# nothing is left behind, and the application is given back as it was.  With FAULT=whole each call
# fails in every way that calls.h knows (`make fault`), else in one.
. tests/stage.sh

export ASAN_OPTIONS=detect_leaks=0 # with `make sanitize`: it cannot look for leaks while traced
SWEEP=$BUILD/tests/sweep
outside() { local kind; for kind; do echo "$kind $(stat -L -c %i "/proc/self/ns/$kind")"; done; }
OUTSIDE=$(outside uts pid mnt)
export OUTSIDE
export PRELOAD=$BUILD/tests/fail_alloc.so
ISOLATED=0 REFUSED=10 LET_IN=11 ENDED=13 # pam_app judge
WHOLE=42 NONE=43                         # verdict
ELSEWHERE=12                             # fail_alloc: another library did not survive it

if [ "${FAULT:-}" = whole ]; then each=(); else each=(-1); fi

# prepare [LINE...]: in the rule
prepare() {
	install -m 755 "$BUILD/tests/verdict" "$SWEEP" "$PRELOAD" /usr/local/bin/
	printf '%s required pam_permit.so\n' auth account password session >/etc/pam.d/stage
	printf 'session required %s\n' "$BUILD/tests/pam_mark.so" pam_nsisolate.so \
		"$BUILD/tests/pam_mark.so" >>/etc/pam.d/stage
	printf '[all]\nservice = stage, nsisolate-shell\ngrace = 0\nshell = /usr/local/bin/verdict\n' >$STAGE/rule
	printf '%s\n' "$@" >>$STAGE/rule
	conf $STAGE/rule
}

# holds COMMAND...: a sweep, which must hold; what it counted is shown at once
holds() {
	local said status
	said=$("$@")
	status=$?
	echo "        fault: ${FUNCNAME[1]}, ${FUNCNAME[2]#test_}: ${said##*$'\n'}" >&7
	echo "${said##*$'\n'}" >>$STAGE/injected
	[ $status = 0 ] || fail "$said"
	rm -f /tmp/of-the-host
	nothing_left
	[ -z "${PRIVATE:-}" ] || touch /tmp/of-the-host
}

# module ROLE USER STATUSES [OPTION...]
module() {
	local role=$1 user=$2 statuses=$3
	shift 3
	HOSTNAME_IN=$user-lab holds "$SWEEP" "${each[@]}" "$@" -m "$role" "$statuses" \
		"$BUILD/tests/pam_app" stage "$user" remember judge /usr/local/bin/verdict same
}

# shell ROLE STATUSES [OPTION...]
shell() {
	local role=$1 statuses=$2
	shift 2
	holds as dave env OUTSIDE="$OUTSIDE" ${PRIVATE:+PRIVATE=1} HOSTNAME_IN=dave-lab PRELOAD=/usr/local/bin/fail_alloc.so \
		sweep "${each[@]}" "$@" "$role" "$statuses" "$NSISOLATE_SHELL" -c anything
}

test_a_call_of_the_module_fails() { prepare; module application alice $ISOLATED,$REFUSED; }
test_a_call_of_the_helper_fails() { prepare; module helper alice $ISOLATED,$REFUSED; }
test_a_call_of_pid_1_fails() { prepare; module init alice $ISOLATED,$REFUSED; }
test_an_allocation_of_the_module_fails() {
	prepare
	module memory alice $ISOLATED,$REFUSED,$ELSEWHERE
}

# 137: it had begun, and ended with its PID 1.  127: ld.so could not even start the program.
test_a_call_of_the_shell_fails() { prepare; shell application $WHOLE,1,127,137; }
test_a_call_of_the_shells_pid_1_fails() { prepare; shell helper $WHOLE,1,137; }
test_a_call_of_the_shells_command_fails() { prepare; shell init $WHOLE,1,126,127,137; }
test_an_allocation_of_the_shell_fails() { prepare; shell memory $WHOLE,1,$ELSEWHERE; }

# ---- what the rule says of it, and root ----

test_root_gets_in_whatever_fails() { prepare; module application root $ISOLATED,$LET_IN; }
test_nor_is_root_kept_out_by_memory() { prepare; module memory root $ISOLATED,$LET_IN,$ELSEWHERE; }

test_on_error_allow_lets_in_whole_or_not_at_all() {
	prepare 'on_error = allow'
	# what cannot even be decided is refused
	module application alice $ISOLATED,$LET_IN,$REFUSED
}
test_so_it_does_where_the_engine_fails() {
	prepare 'on_error = allow'
	module helper alice $ISOLATED,$LET_IN
	module init alice $ISOLATED,$LET_IN
	shell application $WHOLE,$NONE,1,127,137
	shell helper $WHOLE,$NONE,137
}

# ---- all that a rule can ask for ----

everything() {
	local kinds='uts pid mount ipc net time'
	# where it is still version 1 no session can have it
	[ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || kinds+=' cgroup'
	prepare "namespaces = ${kinds// /, }" 'private = /tmp, /var/tmp, /dev/shm' \
		'domainname = example.org'
	export PRIVATE=1
	touch /tmp/of-the-host
	# shellcheck disable=SC2086 # words
	OUTSIDE=$(outside ${kinds/mount/mnt})
}
test_a_session_with_everything_is_whole_or_refused() {
	everything
	module application alice $ISOLATED,$REFUSED
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
}
test_so_it_is_through_the_shell() {
	everything
	shell application $WHOLE,1,127,137
	shell helper $WHOLE,1,137
}
# where there is no PID 1
test_names_alone_are_there_or_refused() {
	prepare 'namespaces = uts'
	OUTSIDE=$(outside uts)
	export NAMES_ONLY=1
	module application alice $ISOLATED,$REFUSED
	module helper alice $ISOLATED,$REFUSED
	module init alice $ISOLATED,$REFUSED
}

# ---- what fails for good ----

test_a_call_of_the_engine_fails_for_good() {
	prepare
	module helper alice $ISOLATED,$REFUSED -e
	module init alice $ISOLATED,$REFUSED,$ENDED -e
	shell helper $WHOLE,1,137 -e
}
test_memory_is_out_for_good() {
	prepare
	module memory alice $ISOLATED,$REFUSED,$ELSEWHERE -e
	shell memory $WHOLE,1,$ELSEWHERE -e
}

# the last one: of those that ran before it
test_all_of_them_held() {
	local sum
	[ -e $STAGE/injected ] || skip "no other test of this file ran"
	sum=$(awk '{ injected += $1; held += $3 } END { print injected " injected, " held " held" }' \
		$STAGE/injected)
	echo "        fault: $sum" >&7
	assert_match "$sum" '^([0-9]+) injected, ([0-9]+) held$'
	assert_eq "${BASH_REMATCH[2]}" "${BASH_REMATCH[1]}" held
}
