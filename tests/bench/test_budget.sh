# What a login does must not grow unseen: its system calls against tests/bench/budget.  That was taken with one
# C library and one kernel; others have a fifth more.
. tests/stage.sh
. tests/bench/count.sh

test_a_login_makes_no_more_system_calls_than_its_budget() {
	local whose number allowed grown= counted=0 more=0
	grep -qxF "# $(count_where)" tests/bench/budget || more=5
	! sanitized || skip "sanitizers make system calls of their own"
	count_calls >/run/counted || fail "they could not be counted"
	while read -r whose number; do
		allowed=$(awk -v whose="$whose" '$1 == whose { print $2 }' tests/bench/budget)
		echo "$whose: $number, budget ${allowed:-none}"
		[[ $number =~ ^[0-9]+$ && $allowed =~ ^[0-9]+$ ]] || fail "this is no comparison"
		[ $more = 0 ] || allowed=$((allowed + allowed / more + 1))
		counted=$((counted + 1))
		[ "$number" -le "$allowed" ] || grown+="$whose makes $number, and $allowed are its budget. "
	done </run/counted
	assert_eq $counted 7 "processes counted"
	[ -z "$grown" ] || fail "system calls of a login: ${grown}If they are worth it, say so in the
commit and take the new numbers by \`make bench-budget\`; tests/bench/count.sh says what is counted."
}
