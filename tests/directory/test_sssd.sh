# sssd and slapd with 20,000 users: `make check-directory`, and no part of `make check`.
. tests/directory/org.sh

gets() { # gets USER RULE-AND-MORE
	: >$LOGS/syslog
	app "$1" open close || fail "$1 does not get in: $(cat $LOGS/syslog)"
	logged "session opened: user=${1/ /.} rule=$2" >/dev/null
}
left_alone() { # left_alone USER
	: >$LOGS/syslog
	app "$1" open close || fail "$1 does not get in: $(cat $LOGS/syslog)"
	! grep 'session opened' $LOGS/syslog || fail "$1 is isolated"
}

test_a_group_of_the_directory_is_a_group() {
	org_start
	stack
	printf '[staff]\ngroup = staff people, Teachers\n[big]\ngroup = big*\n[users]\nuid = 1000-\n' | sed 's/1000-/1000-4294967294/' | conf
	gets u1 staff
	gets u2 staff
	gets u3 big
	gets u15002 users
	gets 'john smith' staff
	gets frieda staff
	gets alice users
	org_end
}

test_names_with_a_domain_are_matched_as_they_are() {
	org_start use_fully_qualified_names=true
	stack
	printf '[staff]\ngroup = Teachers@example.org\n[domain]\nuser = *@example.org\n[users]\n' | conf
	gets frieda@example.org staff
	gets u3@example.org 'domain .*hostname=u3-example-org-lab'
	gets alice users
	org_end
}

test_with_sssd_down_nobody_is_locked_out() {
	org_start
	stack
	shipped_rules
	gets u1 users
	id u1 >/dev/null
	org_sssd_stop
	! getent group no-such-group || fail "a control"
	left_alone carol
	gets alice users
	assert_match "$(grep 'in doubt' $LOGS/syslog)" 'service sss .*nsswitch'
	left_alone root
	# from the memory that sssd shares with its clients
	gets u1 users
	org_end
}

# what sssd has in its cache it goes on saying
test_with_slapd_down_sssds_cache_decides() {
	org_start
	stack
	printf '[staff]\ngroup = staff people\n[users]\n' | conf
	gets u1 staff
	gets alice users
	kill "$SLAPD" && wait "$SLAPD" 2>/dev/null
	! listens 389 || fail "a control: slapd runs"
	gets u1 staff
	gets alice users
	left_alone_or_in root
	org_slapd
	org_end
}
left_alone_or_in() { app "$1" open close || fail "$1 does not get in"; }

test_with_sssd_hanging_root_waits_for_no_group() {
	org_start
	stack
	printf '[staff]\ngroup = big1, !big2\n[all]\n' | conf
	kill -STOP "$(pgrep -x sssd_nss)"
	: >$LOGS/syslog
	app root open close || fail "root does not get in"
	logged 'session opened: user=root rule=all' >/dev/null
	logged 'in doubt: user=root .*rule \[staff\] was passed over' >/dev/null
	org_end
}

# ---- what it costs ----

rules() { printf '%s\n' "$1" '[users]' 'uid = 1000-4294967294' | conf; }
opens() { app "$1" time open close; } # opens USER: microseconds
least() { sort -n | head -n 1; }
warm() { for _ in 1 2 3 4 5 6 7 8 9; do opens "$1"; done | least; }
searches() { # searches USER: sets $searches, how often the directory is asked where only the account is in the cache
	org_cold
	getent passwd "$1" >/dev/null
	: >$LOGS/syslog
	app "$1" open close
	searches=$(grep -c ' SRCH base' $LOGS/syslog)
}

# two for the list of the user's groups, one a name, and some of sssd's own; a control sees that all are counted
test_a_cold_login_asks_once_for_each_name_in_the_rules() {
	local user
	org_start
	stack
	for user in u1 u15002 u27 u205; do
		rules ''
		searches $user
		assert_eq "$searches" 0 "searches for $user by uid"
		rules $'[x]\ngroup = g1, g2'
		searches $user
		[ "$searches" -le 9 ] || fail "two groups, $user: $searches searches"
		rules $'[x]\ngroup = sudo, wheel, admin'
		searches $user
		[ "$searches" -le 9 ] || fail "three groups, $user: $searches searches"
	done
	rules $'[x]\ngroup = g*'
	searches u205
	[ "$searches" -gt 200 ] || fail "all groups of u205: $searches searches"
	org_end
}

# at most twice what a rule by uid costs; five times, for what else the machine does
twice_uid() { # twice_uid USER RULE
	local uid group
	for _ in 1 2 3 4 5; do
		rules ''
		uid=$(warm "$1")
		rules "$2"
		group=$(warm "$1")
		said "$1, '${2##*$'\n'}': $group us, by uid $uid us"
		[ "$group" -gt $((2 * uid)) ] || return 0
	done
	fail "$1, '$2': $group us, by uid $uid us"
}
said() { echo "        $schema $*" >&7; } 2>/dev/null

test_a_warm_login_costs_at_most_twice_one_by_uid() {
	local user schema
	for schema in rfc2307 rfc2307bis; do
		org_start $schema
		stack
		for user in u1 u15002 u27 u205; do
			twice_uid $user $'[x]\ngroup = g1, g2'
			twice_uid $user $'[x]\ngroup = sudo, wheel, admin'
			twice_uid $user $'[x]\ngroup = big1'
		done
		org_end
	done
}
