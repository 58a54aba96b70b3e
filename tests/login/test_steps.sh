# Death at every step of a session's set-up and end: of the application, of the helper that it starts, of
# PID 1.  at_step (tests/tools) kills when a system call is entered: with STEPS=all at each one (`make
# fault`), otherwise at every third.
. tests/stage.sh

[ "${STEPS:-}" = all ] && stride=1 || stride=3

export ASAN_OPTIONS=detect_leaks=0 # with `make sanitize`: it cannot look for leaks while traced

prepare() {
	own_stack
	printf '[all]\nservice = stage\ngrace = 0\n' | conf
}

# sweep ROLE VICTIM STATUS ACTION...: VICTIM dies at each step of ROLE in turn; the application must exit
# with STATUS (a regex), and nothing may be left
sweep() {
	local role=$1 victim=$2 wanted=$3 step=0 status
	shift 3
	while :; do
		step=$((step + stride))
		timeout -k 1 "$PATIENCE" "$BUILD/tests/at_step" "$role" $step "$victim" \
			"$BUILD/tests/pam_app" stage alice "$@" >/run/stage/app 2>&1
		status=$?
		[ $status != 99 ] || break
		[[ $status =~ ^($wanted)$ ]] || fail "status $status: $(cat /run/stage/app)"
		wait_for no_session || fail "left: $(cat /run/stage/app; ps -ef)"
	done
	[ $step -gt 10 ] || fail "only $step steps were seen"
	rm /run/stage/app
	nothing_left
}
no_session() { ! pgrep -x nsisolate-init; }

test_the_application_dies_at_any_step_of_its_own() {
	prepare
	sweep application application 137 mark open close mark
}
test_the_application_dies_at_any_step_of_the_helper() {
	prepare
	sweep helper application 137 mark open close mark
}
test_the_application_dies_at_any_step_of_pid_1() {
	prepare
	sweep init application "137|0" mark open close mark
}
test_the_helper_dies_at_any_step_of_its_own() {
	prepare
	sweep helper helper 0 remember mark attempt mark same run 'test $(uname -n) = lab'
}
test_pid_1_dies_at_any_step_of_its_own() {
	prepare
	sweep init init 0 remember mark attempt mark same run 'test $(uname -n) = lab'
}
test_both_die_at_any_step_of_the_application() {
	prepare
	sweep application inits 0 remember mark attempt mark same run 'test $(uname -n) = lab'
}

# A login that joins a shared session whose PID 1 dies makes a new one: it is never refused.  If it has
# joined already, it cannot start anything.  Each step is tried: the moment that matters is one of them.
test_pid_1_of_a_shared_session_dies_at_any_step_of_a_helper_that_joins() {
	local step=0 status first
	prepare
	printf '[all]\nservice = stage\nscope = user\ngrace = 0\n' | conf
	while :; do
		step=$((step + 1))
		: >$LOGS/syslog
		mkfifo /run/stage/hold
		"$BUILD/tests/pam_app" stage alice open run 'read -r _ </run/stage/hold' close end >/run/stage/first 2>&1 &
		first=$!
		exec 6>/run/stage/hold # when the first login is in
		# its child is not reaped, so PID 1 stays when it is killed, but without namespaces
		kill -STOP $first
		timeout -k 1 "$PATIENCE" "$BUILD/tests/at_step" helper $step "$(newest_pid1 alice)" \
			"$BUILD/tests/pam_app" stage alice mark open run 'test $(uname -n) = alice-lab' close mark >/run/stage/app 2>&1
		status=$?
		kill -CONT $first
		exec 6>&-
		wait $first
		rm /run/stage/hold
		wait_for no_session || fail "left: $(cat /run/stage/app; ps -ef)"
		[ $status != 99 ] || break
		not_logged 'session refused'
		[ $status = 0 ] || grep -qx 'pam_app: failed: run' /run/stage/app ||
			fail "step $step, status $status: $(cat /run/stage/app)"
	done
	[ $step -gt 10 ] || fail "only $step steps were seen"
	rm -r /run/stage/app /run/stage/first /run/nsisolate
	nothing_left
}

# ---- the same for nsisolate-shell's engine: the outer process, PID 1 ----

# sweep_shell ROLE VICTIM STATUS
sweep_shell() {
	local role=$1 victim=$2 wanted=$3 step=0 status
	while :; do
		step=$((step + stride))
		AT_STEP_FROM_START=1 timeout -k 1 "$PATIENCE" "$BUILD/tests/at_step" "$role" $step "$victim" \
			/usr/libexec/nsisolate/nsisolate-init --user --uts --pid --hosts \
			--hostname=held-lab --grace=0 -- \
			sh -c 'test "$(uname -n)" = held-lab && exit 42' >/run/stage/app 2>&1
		status=$?
		[ $status != 99 ] || break
		[[ $status =~ ^($wanted)$ ]] || fail "status $status: $(cat /run/stage/app)"
		wait_for no_session || fail "left: $(cat /run/stage/app; ps -ef)"
	done
	[ $step -gt 10 ] || fail "only $step steps were seen"
	rm /run/stage/app
	nothing_left
}
test_the_outer_process_dies_at_any_step_of_its_own() { sweep_shell application application 137; }
test_the_outer_process_dies_at_any_step_of_pid_1() { sweep_shell helper application '137|42'; }
# refused (1) while the session is set up; 137 when it had begun; 42 when it was over
test_pid_1_of_the_shell_dies_at_any_step_of_its_own() { sweep_shell helper helper '1|137|42'; }
