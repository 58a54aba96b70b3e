# nslcd and slapd with 20,000 users: `make check-directory`, not part of `make check`.
. tests/directory/org.sh

test_a_group_of_the_directory_is_a_group() {
	local schema
	for schema in rfc2307 rfc2307bis; do
		org_start_nslcd $schema
		stack
		groups_are_groups
		org_end
	done
}

test_with_nslcd_down_nobody_is_locked_out() {
	org_start_nslcd
	stack
	shipped_rules
	gets u1 users
	org_nslcd_stop
	! getent group no-such-group || fail "a control"
	left_alone carol
	gets alice users
	assert_match "$(grep 'in doubt' $LOGS/syslog)" 'service ldap .*nsswitch'
	left_alone root
	assert_match "$(nsisolatectl doctor | grep '^problem')" 'names .*NSS failed at the service ldap'
	org_end
}

# nslcd has no cache
test_with_slapd_down_nobody_is_locked_out() {
	org_start_nslcd
	stack
	shipped_rules
	kill "$SLAPD" && wait "$SLAPD" 2>/dev/null
	! listens 389 || fail "a control: slapd runs"
	left_alone carol
	gets alice users
	assert_match "$(grep 'in doubt' $LOGS/syslog)" 'service ldap .*nsswitch'
	left_alone root
	org_slapd
	gets u1 users
	org_end
}

test_with_nslcd_hanging_root_waits_for_no_group() {
	local start
	org_start_nslcd
	stack
	printf '[staff]\ngroup = big1, !big2\n[all]\n' | conf
	org_hang nslcd
	gets root all
	logged 'in doubt: user=root .*rule \[staff\] was passed over' >/dev/null
	assert_match "$(nsisolatectl check)" 'service ldap of nsswitch.conf does not answer within 5 s'
	start=$(now_ms)
	assert_match "$(nsisolatectl doctor | grep '^problem')" 'names .*service ldap of nsswitch.conf does not answer'
	assert_within "$start" 30000 50 "doctor, where libnss-ldapd waits for 60 s,"
	org_end
}

# nothing is cached: every search counts, except those for the account and the list of its groups
test_a_login_asks_once_for_each_name_in_the_rules() {
	local user rule names asked schema
	for schema in rfc2307 rfc2307bis; do
		org_start_nslcd $schema
		stack
		for user in u2 u15002 u27 u205; do
			for rule in '' 'group = big2' 'group = big2, big3' 'group = big2, big3, staff people'; do
				printf '%s\n' ${rule:+'[x]' "$rule"} '[users]' 'uid = 1000-4294967294' | conf
				: >$LOGS/syslog
				gets $user users
				asked=$(grep -cE ' SRCH base="ou=(groups|bis),.*\(cn=' $LOGS/syslog)
				names=${rule//[!=,]/}
				[ "$asked" -le ${#names} ] || fail "$schema, $user, '$rule': $asked searches"
				said "nslcd, $schema, $user, '$rule': $asked searches for names"
			done
		done
		org_end
	done
}
