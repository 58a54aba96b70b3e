# nsisolatectl end: ends sessions from outside, by their rule's logout policy or at once.
. tests/stage.sh

separate
is_running() { pgrep -u "$1" -f "^$2\$" >/dev/null; }
said() { "$@" 2>&1; echo "status $?"; }

# a process that only SIGKILL ends
STUBBORN='trap "" HUP TERM; sleep 301'

session_start() { # session_start [COMMAND [SLEEP]]: of $user, in the background, $client
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" "${1:-exec sleep 301}" \
		>/dev/null 2>&1 &
	client=$!
	wait_for is_running "$user" "${2:-sleep 301}" || fail "no session of $user"
}
session_gone() { ! pgrep -u "$user"; }

check_policy() {
	separate 'grace = 3'
	session_start "trap 'echo term >>~/job; sleep 0.3; echo done >>~/job; exit 0' TERM
		trap '' HUP; sleep 301 & while :; do wait; done"
	assert_match "$(said nsisolatectl end $user/1)" \
		"^ended: user $user, rule users.*, PID [0-9]+ \([0-9]+ processes\).status 0\$"
	assert_eq "$(cat "/home/$user/job")" "term
done" "what the job got, and had the time to do"
	wait_for session_gone || fail "there is left: $(ps -u $user -o pid,args)"
	wait $client
	rm "/home/$user/job"
}
test_end_is_the_rules_logout() { both check_policy; }

check_now() {
	local start
	separate 'grace = 20'
	session_start "trap 'echo told >>~/job' TERM HUP; sleep 301 & while :; do wait; done"
	start=$(now_ms)
	assert_match "$(said nsisolatectl end --now $user/1)" 'status 0$'
	assert_within "$start" 1000 20
	[ ! -e "/home/$user/job" ] || fail "something was told to the job"
	wait_for session_gone || fail "there is left: $(ps -u $user -o pid,args)"
	wait $client
}
test_now_asks_nobody() { both check_now; }

check_grace() {
	local start took
	separate 'grace = 1'
	session_start "$STUBBORN"
	start=$(now_ms)
	assert_match "$(said nsisolatectl end $user/1)" 'status 0$'
	took=$(($(now_ms) - start))
	[ $took -ge 900 ] || fail "it took $took ms only"
	assert_within "$start" 1000 20
	wait_for session_gone || fail "there is left: $(ps -u $user -o pid,args)"
	wait $client
}
test_what_ignores_everything_has_its_grace() { both check_grace; }

test_a_long_grace_outlives_ends_patience() {
	local out
	separate 'grace = 600'
	sshd_start
	user=alice
	session_start "$STUBBORN"
	out=$(said nsisolatectl end alice/1)
	assert_match "$out" 'told to end, but still running after 10 s: user alice, .*--now ends it at once.*status 3$'
	is_running alice 'sleep 301' || fail "it ended"
	assert_match "$(said nsisolatectl end --now alice/1)" 'status 0$'
	wait $client
	sshd_stop
	nothing_left
}

# With a login, and without one
check_lingering() {
	separate 'logout = linger' 'grace = 1'
	session_start "$STUBBORN"
	assert_match "$(said nsisolatectl end $user/1)" 'ended: .*status 0$'
	wait $client
	session_start "setsid sh -c '$STUBBORN' >/dev/null 2>&1 </dev/null &"
	wait $client
	assert_match "$(said nsisolatectl end $user/1)" 'ended: .*status 0$'
	wait_for session_gone || fail "there is left: $(ps -u $user -o pid,args)"
}
test_what_lingers_is_ended_too() { both check_lingering; }

test_all_sessions_of_a_user_and_of_nobody_else() {
	sshd_start
	user=bob
	session_start 'exec sleep 302' 'sleep 302'
	other=$client
	user=alice
	session_start 'exec sleep 303' 'sleep 303'
	first=$client
	session_start
	assert_eq "$(said nsisolatectl end --user alice | sed 's/PID.*/PID/' | sort)" \
		"ended: user alice, rule users, PID
ended: user alice, rule users, PID
status 0"
	wait_for session_gone || fail "there is left: $(ps -u alice -o pid,args)"
	is_running bob 'sleep 302' || fail "bob's session ended, too"
	assert_match "$(said nsisolatectl end --user alice)" 'alice has no sessions.status 1'
	assert_match "$(said nsisolatectl end --user nobody-at-all)" "there is no user 'nobody-at-all'.status 1"
	assert_match "$(said nsisolatectl end --now --user 5002)" 'user bob.*status 0'
	wait $other $first $client
	sshd_stop
	nothing_left
}

test_one_wrong_word_and_nothing_is_ended() {
	sshd_start
	user=alice
	session_start
	assert_match "$(said nsisolatectl end alice/1 alice/2)" '^nsisolatectl: there is no session alice/2.*status 1$'
	assert_match "$(said nsisolatectl end)" 'usage: nsisolatectl end .*status 2'
	assert_match "$(said nsisolatectl end --user alice alice/1)" 'usage: nsisolatectl end .*status 2'
	assert_match "$(said nsisolatectl end --nwo alice/1)" 'usage: nsisolatectl end .*status 2'
	is_running alice 'sleep 301' || fail "it was ended"
	# naming one twice is the same as once
	assert_eq "$(nsisolatectl end --now alice/1 "$(pgrep -u alice -x sleep)" | wc -l)" 1
	wait $client
	sshd_stop
	nothing_left
}

check_own() {
	local out
	session_start
	init=$(newest_pid1 $user)
	assert_match "$(said as bob nsisolatectl end $user/1)" 'there is no session.*status 1'
	assert_match "$(said as bob nsisolatectl end "$init")" 'cannot examine process [0-9]+: run as root.*status 1'
	is_running $user 'sleep 301' || fail "bob ended it"
	assert_match "$(said as $user nsisolatectl end $user/1)" 'ended: .*status 0'
	wait_for session_gone || fail "there is left: $(ps -u $user -o pid,args)"
	wait $client
}
test_a_user_can_end_his_own_from_outside() { both check_own; }

check_inside() {
	assert_match "$(on $user "$NSISOLATECTL end 1 2>&1; echo status \$?")" \
		'you are in it; log out instead.status 1'
	assert_match "$(on $user "$NSISOLATECTL end --now $user/1 2>&1; echo status \$?")" \
		'you are in it; log out instead.status 1'
}
test_the_session_that_one_is_in_is_left_by_logging_out() { both check_inside; }

# A pending signal is not queued again, and PID 1 does not obey one from inside: a user who keeps sending it
# SIGTERM could keep those from outside from being noticed.
check_flood() {
	local run
	for run in 1 2 3 4; do
		session_start 'trap "" TERM HUP; exec 2>/dev/null
			(while :; do kill -TERM 1; done) & (while :; do kill -TERM 1; done) & exec sleep 301'
		assert_match "$(said nsisolatectl end $user/1)" 'ended: .*status 0'
		wait $client
	done
}
test_a_flood_of_signals_from_inside_changes_nothing() {
	separate 'grace = 0'
	both check_flood
}

test_end_of_a_user_says_who_else_it_ends() {
	local said
	echo 'alix:x:5001:5001::/home/alice:/bin/bash' >>/etc/passwd
	sshd_start
	user=alice
	session_start
	said=$(nsisolatectl end --user alix 2>&1)
	assert_match "$said" "alix and alice are both uid 5001, so this session of alice's ends, too"
	wait_for session_gone || fail "there is left: $(ps -u alice -o pid,args)"
	sed -i '/^alix:/d' /etc/passwd
	wait "$client"
	sshd_stop
	nothing_left
}
