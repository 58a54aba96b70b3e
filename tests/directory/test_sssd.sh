# sssd and slapd with 20,000 users: `make check-directory`, not part of `make check`.
. tests/directory/org.sh

test_a_group_of_the_directory_is_a_group() {
	org_start
	stack
	groups_are_groups
	org_end
}

test_names_with_a_domain_are_matched_as_they_are() {
	org_start use_fully_qualified_names=true
	stack
	printf '[staff]\ngroup = Teachers@example.org, staff people@example.org\n[domain]\nuser = *@example.org\n[users]\n' | conf
	gets 'john smith@example.org' staff 'john.smith@example.org'
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
	assert_match "$(nsisolatectl explain --service stage alice)" 'cannot be decided for sudo'
	assert_match "$(nsisolatectl doctor | grep '^problem')" 'names .*NSS failed at the service sss'
	left_alone carol
	gets alice users
	assert_match "$(grep 'in doubt' $LOGS/syslog)" 'service sss .*nsswitch'
	left_alone root
	# from the memory that sssd shares with its clients
	gets u1 users
	org_end
}

# sssd keeps answering from its cache
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
	org_hang sssd_nss
	gets root all
	logged 'in doubt: user=root .*rule \[staff\] was passed over' >/dev/null
	org_end
}

test_with_sssd_hanging_check_explain_and_doctor_say_so() {
	org_start
	printf '[staff]\ngroup = staff people\n[all]\nservice = stage\n' | conf
	org_hang sssd_nss
	assert_match "$(nsisolatectl check)" 'service sss of nsswitch.conf does not answer within 5 s'
	assert_match "$(nsisolatectl explain --service stage alice)" 'in doubt: .*service sss'
	assert_match "$(nsisolatectl doctor | grep '^problem')" 'names .*service sss of nsswitch.conf does not answer'
	org_end
}

# two services that run, and know nobody
test_with_a_wrong_sssd_local_users_get_in() {
	local how
	for how in ldap_search_base=dc=wrong ldap_default_authtok=wrong; do
		org_start wrong ldap_default_bind_dn=cn=none,dc=example,dc=org $how
		stack
		shipped_rules
		! id u1 2>/dev/null || fail "a control: $how"
		left_alone carol
		gets alice users
		left_alone root
		org_end
	done
}

test_a_name_in_another_case_matches_nobody_and_check_says_so() {
	local seen
	org_start case_sensitive=false
	stack
	printf '[a]\nuser = ALICEL\n[b]\ngroup = Teachers\n[users]\nuid = 1000-4294967294\n' | conf
	assert_eq "$(id -un ALICEL)" alicel "a control"
	gets ALICEL users alicel
	gets frieda users
	seen=$(nsisolatectl check)
	assert_match "$seen" "NSS calls this user 'alicel', and only that name matches"
	assert_match "$seen" "NSS calls this group 'teachers', and only that name matches"
	org_end
}

# sssd's answer for a domain that is down is the same as for a nonexistent group
test_with_one_of_two_domains_away_the_other_decides() {
	local rules
	org_start
	sed -i 's/^domains = .*/&, away.org/' /etc/sssd/sssd.conf
	printf '[domain/away.org]\nid_provider = ldap\nldap_uri = ldap://127.0.0.2\nldap_search_base = dc=away,dc=org\n' \
		>>/etc/sssd/sssd.conf
	org_cold
	stack
	printf '[big]\ngroup = big1, !big2\n[users]\nuid = 1000-4294967294\n' | conf
	gets u1 big
	gets u15002 users
	gets alice users
	left_alone root
	shipped_rules
	gets u2 users
	left_alone carol
	org_end
}

# two groups with one gid: sssd keeps the one that it saw last
test_a_second_name_of_a_gid_is_reported() {
	local other
	org_start
	stack
	other=$(getent group 210002 | cut -d: -f1)
	[ "$other" = pupils ] && other=learners || other=pupils
	printf '[a]\ngroup = %s\n[users]\nuid = 1000-4294967294\n' $other | conf
	gets u4 a
	gets u5 a
	nsisolatectl check >$STAGE/said
	getent group 210002 | grep -q "^$other:" || assert_match "$(cat $STAGE/said)" 'NSS calls the gid of this group'
	rm $STAGE/said
	org_end
}

# which takes it as the answer that no such group exists: the two cannot be distinguished
test_doctor_knows_that_nscd_hides_a_failure() {
	org_start
	stack
	mkdir -p /run/nscd /var/cache/nscd
	nscd -F >$LOGS/nscd 2>&1 &
	wait_for test -S /run/nscd/socket || fail "no nscd: $(cat $LOGS/nscd)"
	printf '[a]\ngroup = *, !staff people\n[users]\nuid = 1000-4294967294\n' | conf
	id -G u1 >/dev/null # the account and its gids alone
	org_sssd_stop
	gets u1 a # who is in that group
	assert_match "$(nsisolatectl doctor)" 'nscd +caches groups.*the service sss'
	nscd --shutdown
	app u1 refused 2>/dev/null || fail "without nscd it is known that it cannot be told"
	rm -rf /run/nscd /var/cache/nscd
	org_end
}
