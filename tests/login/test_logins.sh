# nsisolatectl list --logins: one line per login, even if several share a session; list --old and end --old:
# sessions that an upgrade has not reached.
. tests/stage.sh

settings() { # settings LINE...: the rule of all logins
	printf '[all]\n'
	printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"
stack() { # stack SERVICE...
	local service
	for service; do
		printf '%s required pam_permit.so\n' auth account password session >"/etc/pam.d/$service"
		echo 'session required pam_nsisolate.so' >>"/etc/pam.d/$service"
	done
}
is_running() { pgrep -f "^$1\$" >/dev/null; }

# login SERVICE USER SECONDS [ACTION...]: a login that lasts as long as its sleep; sets $leader
login() {
	local service=$1 user=$2 seconds=$3
	shift 3
	"$BUILD/tests/pam_app" "$service" "$user" "$@" open run "exec sleep $seconds" close end &
	leader=$!
	wait_for is_running "sleep $seconds" || fail "no login: $(cat $LOGS/syslog)"
}
over() {
	pkill -KILL -x sleep
	wait
	rm -rf /etc/pam.d/one /etc/pam.d/other /run/nsisolate /run/user
	nothing_left
}
logins() { nsisolatectl list --logins 2>&1 | sed -E 's/ +/ /g'; }
has_lines() { [ "$(logins | wc -l)" = "$1" ]; }

test_each_login_of_a_shared_session_is_a_line() {
	local one other
	stack one other
	settings 'scope = user' 'grace = 0'
	login one alice 301 rhost 192.0.2.1 tty pts/7
	one=$leader
	login other alice 302
	other=$leader
	login one bob 303 rhost 192.0.2.3
	assert_match "$(logins)" $'^SESSION RULE SERVICE FROM TTY LEADER AGE\n'"alice/1 all one 192.0.2.1 pts/7 $one [0-9]+s
alice/1 all other - - $other [0-9]+s
bob/1 all one 192.0.2.3 - $leader [0-9]+s\$"
	# the first one's line to PID 1 stays open, but its login is over
	pkill -x -f 'sleep 301'
	wait $one
	wait_for has_lines 3 || fail "$(logins)"
	assert_match "$(logins)" "alice/1 all other - - $other "
	# when the leader is killed the login is over, even if another process still holds its line
	kill -KILL "$other"
	wait $other 2>/dev/null
	wait_for has_lines 2 || fail "$(logins)"
	over
}

test_since_when_is_the_logins_own() {
	local said
	stack one
	settings 'scope = user'
	login one alice 301
	sleep 2.1
	login one alice 302
	said=$(logins | awk 'NR > 1 { sub(/s$/, "", $7); print $7 }' | tr '\n' ' ')
	set -- $said
	[ "$1" -ge $(($2 + 2)) ] || fail "the first is $1 s old, the second $2 s"
	over
}

test_a_login_of_its_own_session_is_a_line_too() {
	stack one
	settings 'scope = session' 'grace = 0'
	login one alice 301 rhost 192.0.2.1 tty pts/7
	assert_match "$(logins)" "alice/1 all one 192.0.2.1 pts/7 $leader [0-9]+s\$"
	over
	assert_eq "$(nsisolatectl list --logins 2>&1)" "no login is isolated"
}

test_in_the_shells_way_it_is_a_claim() {
	settings 'scope = user' 'shell = /bin/sh' 'grace = 0'
	install -d -o dave -m 700 /run/user/5004
	as dave SSH_CONNECTION='192.0.2.9 1 192.0.2.1 22' "$NSISOLATE_SHELL" -c 'exec sleep 301' &
	wait_for is_running 'sleep 301' || fail "no login"
	as dave "$NSISOLATE_SHELL" -c 'exec sleep 302' &
	wait_for is_running 'sleep 302' || fail "no second login"
	assert_match "$(logins)" "dave/1 \(all\) \(nsisolate-shell\) \(192.0.2.9\) - [0-9]+ [0-9]+s
dave/1 \(all\) \(nsisolate-shell\) - - [0-9]+ [0-9]+s\$"
	over
}

test_no_word_of_a_client_is_another_ones() {
	stack one
	settings 'scope = user'
	login one alice 301 rhost $'x service=root\ntty=pts/1\e[2J' tty 'tty1 from=lab'
	assert_match "$(logins)" "alice/1 all one x\?service\?root\?tty\?pts/1\?\[2J tty1\?from\?lab $leader [0-9]+s\$"
	over
}

test_json_has_the_same() {
	command -v python3 >/dev/null || skip "no python3 to read JSON with"
	stack one
	settings 'scope = user'
	login one alice 301 rhost 192.0.2.1
	login one alice 302
	assert_eq "$(nsisolatectl list --logins --json | python3 -c '
import json, sys
it = json.load(sys.stdin)
for login in it["logins"]:
    print([login[k] for k in ("session", "user", "uid", "rule", "verified", "service", "from", "tty")], 0 <= login["age"] < 60)
print(it["complete"])')" "['alice/1', 'alice', 5001, 'all', True, 'one', '192.0.2.1', None] True
['alice/1', 'alice', 5001, 'all', True, 'one', None, None] True
True"
	over
}

# A login works even if its facts cannot be passed on.
test_a_user_is_told_that_root_sees_more() {
	stack one
	settings 'scope = user'
	login one alice 301
	assert_match "$(as alice nsisolatectl list --logins 2>&1)" \
		'showing only your own sessions; run as root to see all.*alice/1 +\(all\) +\(shared\) +- +- +- '
	assert_match "$(as alice nsisolatectl list --old 2>&1; echo "status $?")" 'only root can see .*status 1'
	assert_match "$(as alice nsisolatectl end --old 2>&1; echo "status $?")" 'only root can see .*status 1'
	over
}

# ---- sessions with an older engine ----

test_old_sessions_are_shown_and_ended() {
	stack one
	settings 'grace = 0'
	assert_match "$(nsisolatectl list --old 2>&1; echo "status $?")" \
		'^no session has an nsisolate-init that has since been replaced.status 0$'
	login one alice 301
	login one bob 302
	cp -p "$NSISOLATE_INIT" "$NSISOLATE_INIT.new"
	mv "$NSISOLATE_INIT.new" "$NSISOLATE_INIT"
	login one alice 303
	assert_eq "$(nsisolatectl list --old | awk '$1 ~ "/" { print $1 }')" $'alice/1\nbob/1'
	assert_eq "$(nsisolatectl list --old --logins | awk '$1 ~ "/" { print $1 }')" $'alice/1\nbob/1'
	# in whatever order they end
	assert_match "$(nsisolatectl end --old 2>&1 | sort; echo "status ${PIPESTATUS[0]}")" \
		'^ended: user alice, .*ended: user bob, [^'$'\n'']*.status 0$'
	is_running 'sleep 303' || fail "the new one was ended, too"
	assert_eq "$(nsisolatectl list | awk '$1 ~ "/" { print $1 }')" alice/1
	assert_match "$(nsisolatectl end --old 2>&1; echo "status $?")" \
		'^no session has an nsisolate-init that has since been replaced.status 0$'
	is_running 'sleep 303' || fail "it was ended the second time"
	over
}

# upgraded FORMAT: what the package of that format prints when it has replaced an older one
upgraded() {
	local file=packaging/$1
	case $1 in
	debian) # the other programs that it runs are not installed everywhere
		printf '#!/bin/sh\n' | tee /usr/local/bin/add-shell >/usr/local/bin/pam-auth-update
		chmod 755 /usr/local/bin/add-shell /usr/local/bin/pam-auth-update
		PATH=/usr/local/bin:$PATH sh -eu $file/postinst configure "$2"
		rm /usr/local/bin/add-shell /usr/local/bin/pam-auth-update
		;;
	rpm)
		sed -n '/^%post$/,/^%preun$/{/^%/d;p}' $file/nsisolate.spec |
			sed "s,%{_bindir},$BINDIR,g; s,%{_sbindir},$SBINDIR,g" >$STAGE/post
		sh -eu $STAGE/post "${2:+1}${2:-1}"
		rm $STAGE/post
		;;
	arch) sh -euc ". $file/nsisolate.install; post_upgrade" ;;
	alpine) sh -eu $file/nsisolate.post-upgrade ;;
	esac
}
test_a_package_says_that_an_upgrade_reaches_no_session_that_lives() {
	local format
	stack one
	settings 'grace = 0'
	login one alice 301
	for format in debian rpm arch alpine; do
		assert_eq "$(upgraded $format 0 2>&1)" "" "$format, when all run the engine that is installed"
	done
	cp -p "$NSISOLATE_INIT" "$NSISOLATE_INIT.new"
	mv "$NSISOLATE_INIT.new" "$NSISOLATE_INIT"
	for format in debian rpm arch alpine; do
		assert_match "$(upgraded $format 0 2>&1)" 'nsisolatectl list --old shows them' "$format"
	done
	for format in debian rpm; do
		assert_eq "$(upgraded $format '' 2>&1)" "" "$format, when it is installed for the first time"
	done
	over
}

test_end_takes_one_way_to_say_which() {
	local words
	for words in '--old alice/1' '--old --user alice' '--user alice alice/1' ''; do
		# shellcheck disable=SC2086 # words
		assert_match "$(nsisolatectl end $words 2>&1; echo "status $?")" 'usage: .*status 2$'
	done
}
