# systemd-coredump and a crash in a session.
# image coredump trixie

crash='ulimit -c unlimited; sleep 600 & sleep 3; kill -SEGV $!; wait $! 2>/dev/null; echo $?'
record() { root "coredumpctl --no-pager info COREDUMP_UID=$1"; }
frames() { sed -n 's/^ *#[0-9]* *0x[0-9a-f]* //p'; }

test_a_crash_in_a_session_is_recorded_like_any_other() {
	local user uid record
	for user in carol:5003 alice:5001; do
		uid=${user#*:} user=${user%:*}
		assert_eq "$(on $user "$crash")" 139 "what the shell of $user sees"
		wait_for record $uid || fail "no record of $user's"
	done
	assert_match "$(record 5003 | frames)" 'clock_nanosleep \(libc' "the control: a login that is not isolated"
	record=$(record 5001)
	assert_eq "$(frames <<<"$record")" "$(record 5003 | frames)" "the stack"
	assert_match "$record" 'Hostname: alice-lab' "where"
	assert_eq "$(on alice 'coredumpctl -q --no-pager info' | frames)" "$(frames <<<"$record")" "what the user finds inside"
	nothing_left
}
