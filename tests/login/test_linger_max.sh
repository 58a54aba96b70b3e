# linger_max: how long lingering processes may live after the last logout; and what `list` says meanwhile.
. tests/stage.sh

settings() { # settings LINE...: the rule of all logins
	printf '[all]\nlogout = linger\nshell = /bin/sh\ngrace = 0\n'
	printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"
furnish() {
	own_stack
	install -d -o dave -m 700 /run/user/5004
}
over() {
	pkill -KILL -x sleep
	wait
	rm -rf /etc/pam.d/stage /run/nsisolate /run/user
	nothing_left
}
is_running() { pgrep -f "^$1\$" >/dev/null; }
is_gone() { ! pgrep -f "^$1\$" >/dev/null; }
# login COMMAND: alice's by the module, or dave's by the shell; ends with COMMAND
login() {
	if [ $way = module ]; then
		"$BUILD/tests/pam_app" stage alice open run "$1" close end
	else
		as dave "$NSISOLATE_SHELL" -c "$1"
	fi
}
JOB='setsid sh -c "trap \"\" HUP; exec sleep 301" >/dev/null 2>&1 </dev/null &'
# each_way FUNCTION: with both scopes
each_way() {
	for way in module shell; do
		for scope in user session; do
			furnish
			"$@"
			over
		done
	done
}
field() { nsisolatectl list --json | grep -oE "\"$1\":[0-9a-z]*" | cut -d: -f2 | tr '\n' ' '; }
has() { [[ $(field "$1") =~ ^$2\ $ ]]; } # has FIELD REGEX

check_ends() {
	settings "scope = $scope" 'linger_max = 2s'
	login "$JOB"
	wait_for is_running 'sleep 301' || fail "$way, $scope: it did not linger"
	wait_for has left '[0-9]+' || fail "$way, $scope: no word that it is left: $(nsisolatectl list --json)"
	wait_for is_gone 'sleep 301' || fail "$way, $scope: it lives on: $(nsisolatectl list)"
	no_session() { ! pgrep -x nsisolate-init; }
	wait_for no_session || fail "$way, $scope: PID 1 lives on"
}
test_what_lingers_ends_after_its_time() { each_way check_ends; }

check_grace() {
	settings "scope = $scope" 'linger_max = 1s'
	sed -i 's/^grace = 0/grace = 1/' "$SYSCONFDIR/nsisolate.conf"
	login 'setsid sh -c "trap \"echo told >>/tmp/told; exit\" TERM; trap \"\" HUP; sleep 301 & wait" >/dev/null 2>&1 </dev/null &'
	wait_for is_running 'sleep 301' || fail "$way, $scope: it did not linger"
	wait_for is_gone 'sleep 301' || fail "$way, $scope: it lives on"
	wait_for test -s /tmp/told
	assert_eq "$(cat /tmp/told)" told "$way, $scope: what it was sent first"
	rm /tmp/told
}
test_it_has_its_grace() { each_way check_grace; }

check_no_limit() {
	settings "scope = $scope"
	login "$JOB"
	wait_for is_running 'sleep 301' || fail "$way, $scope: it did not linger"
	wait_for has left '[1-9]' || fail "$way, $scope: $(nsisolatectl list --json)"
	assert_eq "$(field ends)" "null " "$way, $scope: when it ends"
	assert_match "$(nsisolatectl list --left)" 'AGE +LEFT +ENDS'$'\n''[a-z]+/1 .* [0-9]+s +[0-9]+s +-$'
}
test_without_a_limit_it_is_known_since_when_there_is_no_login() { each_way check_no_limit; }

test_a_login_that_joins_stops_it_and_the_next_logout_starts_it_again() {
	local init
	way=module
	furnish
	settings 'scope = user' 'linger_max = 1h'
	login "$JOB"
	wait_for has ends '3[0-9]{3}' || fail "$(nsisolatectl list --json)"
	init=$(newest_pid1 alice)
	# the clock that includes suspends
	grep -q 'clockid: 7' /proc/$init/fdinfo/* || fail "no timer on CLOCK_BOOTTIME: $(cat /proc/$init/fdinfo/*)"
	sleep 2.1
	login 'exec sleep 302' &
	wait_for is_running 'sleep 302' || fail "nobody joins"
	assert_eq "$(newest_pid1 alice)" "$init" "the session that it joined"
	assert_eq "$(field left)$(field ends)" "null null " "with a login"
	assert_eq "$(nsisolatectl list --left 2>&1)" "no session is without a login"
	assert_match "$(nsisolatectl list)" 'AGE'$'\n'
	pkill -x -f 'sleep 302'
	wait $!
	wait_for has left '[01]' || fail "it did not begin anew: $(nsisolatectl list --json)"
	has ends '(3600|359[89])' || fail "$(nsisolatectl list --json)"
	assert_match "$(nsisolatectl list --left)" $'\nalice/1 .* [01]s +(1h00m|59m59s|59m58s)$'
	over
}

test_what_was_joined_in_time_is_not_ended() {
	local seconds=$(($(login_ms) * 20 / 1000 + 2))
	way=module
	furnish
	settings 'scope = user' "linger_max = ${seconds}s"
	login "$JOB"
	login 'exec sleep 302' &
	wait_for is_running 'sleep 302' || fail "nobody joins"
	sleep $((seconds + 1))
	{ is_running 'sleep 301' && is_running 'sleep 302'; } || fail "ended with a login there"
	over
}

test_a_login_outlives_the_time() {
	way=module
	furnish
	settings 'scope = user' 'linger_max = 1s'
	login 'exec sleep 302' &
	wait_for is_running 'sleep 302'
	login "$JOB"
	sleep 2.1
	{ is_running 'sleep 301' && is_running 'sleep 302'; } || fail "ended with a login there"
	over
}

# A logout ordered by an administrator while people are logged in does not start a countdown for them.
test_end_with_logins_there_begins_it_at_the_last_logout() {
	way=module
	furnish
	settings 'scope = user' 'linger_max = 1s'
	login "$JOB exec sleep 302" &
	wait_for is_running 'sleep 302'
	wait_for is_running 'sleep 301'
	kill -TERM "$(newest_pid1 alice)"
	sleep 2.1
	{ is_running 'sleep 301' && is_running 'sleep 302'; } || fail "ended with a login there"
	pkill -x -f 'sleep 302'
	wait_for is_gone 'sleep 301' || fail "it lives on"
	over
}

test_a_user_is_told_that_root_sees_which() {
	assert_match "$(as alice nsisolatectl list --left 2>&1; echo "status $?")" 'only root can see .*status 1$'
}
