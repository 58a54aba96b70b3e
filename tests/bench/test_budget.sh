# What a login does must not grow unnoticed: compares its numbers with tests/bench/budget.  That was measured
# with one C library and one kernel; others may have a fifth more system calls, and pages of their own.
. tests/stage.sh
. tests/bench/count.sh

# at_most WHOSE ALLOWED: where the budget was taken what varies between two runs is added, elsewhere more
at_most() {
	local here=0
	! grep -qxF "# $(count_where)" tests/bench/budget || here=1
	case $1 in
	*-copies | *-execs) echo "$2" ;;
	*-faults) echo $((here ? $2 + $2 / 10 + 3 : 2 * $2 + 30)) ;;
	*-switches) echo $((here ? $2 + 1 : $2 + 4)) ;;
	*) echo $((here ? $2 : $2 + $2 / 5 + 1)) ;;
	esac
}

holds_budget() { # holds_budget HOW-MANY-LINES WHAT <LINES
	local whose number allowed grown='' counted=0
	while read -r whose number; do
		allowed=$(awk -v whose="$whose" '$1 == whose { print $2 }' tests/bench/budget)
		echo "$whose: $number, budget ${allowed:-none}"
		[[ $number =~ ^[0-9]+$ && $allowed =~ ^[0-9]+$ ]] || fail "cannot compare"
		counted=$((counted + 1))
		[ "$number" -le "$(at_most "$whose" "$allowed")" ] ||
			grown+="$whose is $number, and $allowed are its budget. "
	done
	assert_eq $counted "$1" "numbers compared"
	[ -z "$grown" ] || fail "$2 of a login: ${grown}If they are worth it, say so in the
commit and take the new numbers by \`make bench-budget\`; tests/bench/count.sh says what is counted."
}

test_a_login_makes_no_more_system_calls_than_its_budget() {
	! sanitized || skip "sanitizers make system calls of their own"
	count_calls >/run/counted || fail "they could not be counted"
	holds_budget 11 "system calls" </run/counted
}

test_a_login_touches_no_more_pages_and_waits_no_more_often_than_its_budget() {
	! sanitized || skip "sanitizers have memory of their own"
	alone true || skip "processes cannot be bound to one processor here"
	# by its filter, shell/init/filter.c
	[[ $(uname -m) =~ ^(x86_64|aarch64|riscv64)$ ]] && grep -q '^Seccomp:' /proc/self/status ||
		skip "PID 1 does not show here that it waits"
	count_pages >/run/counted || fail "they could not be counted"
	holds_budget 14 "minor faults and waits" </run/counted
}
