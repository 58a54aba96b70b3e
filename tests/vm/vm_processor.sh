# arch arm64
# limit 10800
# On another processor: the unit tests, with the filter of PID 1 in a kernel that knows it, and the fault sweep.

test_the_processor_and_its_pages_are_those_that_were_asked_for() {
	local pages=4096
	[[ $RELEASE != *_16k ]] || pages=16384
	assert_eq "$(root 'uname -m; getconf PAGESIZE')" "aarch64
$pages" "processor and page"
}

# there FILE...: tests/run, with what tests/cross has built
there() {
	root 'test -e tree/build' || {
		tar -C "$VM/../.." --exclude=./.git --exclude=./build -c . | root 'mkdir -p tree && tar -x -C tree'
		root 'tar -x -C tree' <"${PACKAGE%/*}/built.tar"
	}
	WAIT=10800 root "cd tree && tests/run $*" >"$M/there" 2>&1 ||
		fail "tests/run: $(grep -A 30 ^FAILED "$M/there" || tail -n 30 "$M/there")"
	assert_match "$(tail -n 1 "$M/there")" '^[1-9][0-9]* passed, 0 failed, ' "the last line"
	note "$(tail -n 1 "$M/there")"
	grep '^skipped' "$M/there" | while read -r line; do note "$line"; done
}

test_the_unit_tests_pass() { there 'tests/unit/check_*.c'; }

test_whatever_call_fails_a_login_is_whole_or_refused() { there tests/fault/test_fault.sh; }
