# What the packages do to the login stacks: the PAM profile, and who keeps whom from being locked out.
. tests/stage.sh

PROFILE=$TOP/packaging/pam-configs/nsisolate
PRERM=$TOP/packaging/debian/prerm

need_profiles() { command -v pam-auth-update >/dev/null || skip "this distribution has no pam-auth-update"; }

# that of Debian 11 cannot --disable, and takes no such word for an error
profiles_disable() {
	if grep -q -e --disable "$(command -v pam-auth-update)"; then
		profiles --disable "$@"
	else
		profiles --package --remove "$@"
	fi
}

profiles() { DEBIAN_FRONTEND=noninteractive pam-auth-update "$@"; }

# the profile is known, and not chosen; the stacks have no line of the stage's
profile_install() {
	pam_stack sshd ''
	cp "$PROFILE" /usr/share/pam-configs/nsisolate
	profiles --package
	pam_stack su ''
	# dave's shell is a reason of its own not to remove anything
	sed -i '/^dave:/s|:[^:]*$|:/bin/sh|' /etc/passwd
	rm -rf "$STAGE/stacks"
	cp -a /etc/pam.d "$STAGE/stacks"
}

is_untouched() { diff -r "$STAGE/stacks" /etc/pam.d || fail "/etc/pam.d is not as it was"; }

last_session_line() { grep '^session' "/etc/pam.d/$1" | tail -n 1; }

test_the_profile_is_off_until_it_is_chosen() {
	need_profiles
	profile_install
	! grep -r pam_nsisolate "$STAGE/stacks" || fail "it chose itself"
}

test_the_profile_stands_last_and_goes_without_a_trace() {
	local stack
	need_profiles
	# what has the lowest priority that Debian's own profiles use, and a name that sorts anywhere
	for stack in aaa zzz; do
		sed 's/^Priority:.*/Priority: 0/; s/pam_nsisolate.so.*/pam_permit.so '$stack/ "$PROFILE" \
			>"/usr/share/pam-configs/$stack"
	done
	profile_install
	profiles --enable nsisolate aaa zzz
	for stack in common-session common-session-noninteractive; do
		assert_match "$(last_session_line $stack)" pam_nsisolate.so "the last line of $stack"
		assert_match "$(cat /etc/pam.d/$stack)" 'pam_permit.so aaa'
	done
	profiles_disable nsisolate aaa zzz
	is_untouched
	profiles --enable nsisolate
	profiles --package --remove nsisolate
	is_untouched
}

test_the_profile_isolates_what_the_rules_name() {
	need_profiles
	profile_install
	profiles --enable nsisolate
	sshd_start
	assert_eq "$(on alice hostname)" alice-lab
	assert_eq "$(on carol hostname)" lab "an administrator"
	assert_eq "$(on root hostname)" lab "root"
	assert_eq "$(su alice -c hostname)" lab "su, which the shipped rules do not name"
	printf '[jobs]\nuid = 1000-59999\nservice = su\n' | conf
	assert_eq "$(su alice -c hostname)" alice-lab "su, by a rule"
	profiles_disable nsisolate
}

test_a_broken_configuration_keeps_administrators_in() {
	need_profiles
	profile_install
	profiles --enable nsisolate
	sshd_start
	echo nonsense | conf
	on alice true && fail "alice was let in"
	getent group sudo >/dev/null || skip "no group sudo here"
	assert_eq "$(on carol hostname)" lab "carol, who is in the group sudo"
	assert_eq "$(on root hostname)" lab "root"
	profiles_disable nsisolate
}

test_a_module_that_is_gone_locks_nobody_out_of_the_profile() {
	need_profiles
	profile_install
	profiles --enable nsisolate
	sshd_start
	mv "$PAMDIR/pam_nsisolate.so" "$PAMDIR/away"
	assert_eq "$(on alice hostname)" lab "alice"
	assert_eq "$(on root hostname)" lab "root"
	mv "$PAMDIR/away" "$PAMDIR/pam_nsisolate.so"
	assert_eq "$(on alice hostname)" alice-lab "alice, when it is back"
	profiles_disable nsisolate
}

# ---- removing the package: packaging/debian/prerm ----

may_remove() { DEBIAN_FRONTEND=noninteractive sh "$PRERM" remove 2>&1; }

gets_in_without_us() {
	local result
	mv "$PAMDIR/pam_nsisolate.so" "$PAMDIR/away"
	su alice -c true
	result=$?
	mv "$PAMDIR/away" "$PAMDIR/pam_nsisolate.so"
	return $result
}

test_removal_stops_where_a_login_would_fail_and_only_there() {
	local control said
	need_profiles
	profile_install
	for control in 'session required' 'session requisite' '-session required' 'SESSION Required' \
		'session [success=ok default=bad]' 'session [success=ok module_unknown=die default=ignore]' \
		'session [default=die]' 'session optional' '-session optional' 'session sufficient' \
		'session [success=ok module_unknown=ignore default=bad]' 'session [success=ok default=ignore]' \
		'# session required'; do
		pam_stack su "$control pam_nsisolate.so"
		if said=$(may_remove); then
			gets_in_without_us || fail "'$control' locked out and was overlooked"
		else
			! gets_in_without_us || fail "'$control' locks nobody out, but: $said"
			assert_match "$said" '/etc/pam.d/su:[0-9]+:' "what it says"
		fi
		pam_stack su ''
	done
}

test_removal_stops_at_an_included_stack_and_one_that_has_a_path() {
	need_profiles
	profile_install
	printf '@include ours\n' >/etc/pam.d/theirs
	printf 'session required %s/pam_nsisolate.so conf=/etc/x.conf # why\n' "$PAMDIR" >/etc/pam.d/ours
	assert_match "$(may_remove)" '/etc/pam.d/ours:1:'
	rm /etc/pam.d/ours /etc/pam.d/theirs
}

test_removal_stops_where_it_is_somebodys_shell() {
	local said
	need_profiles
	profile_install
	sed -i '/^dave:/s|:[^:]*$|:/usr/bin/nsisolate-shell|' /etc/passwd
	said=$(may_remove) && fail "dave was overlooked"
	assert_match "$said" 'dave'
	sed -i '/^dave:/s|:[^:]*$|:/bin/sh|' /etc/passwd
	mkdir -p /etc/ssh/sshd_config.d
	printf 'Match Group students\n\tforcecommand /usr/bin/nsisolate-shell -l\n' \
		>/etc/ssh/sshd_config.d/students.conf
	said=$(may_remove) && fail "the ForceCommand was overlooked"
	assert_match "$said" 'students.conf:2:'
	rm /etc/ssh/sshd_config.d/students.conf
	may_remove || fail "nothing depends on it any more"
}

test_a_refused_removal_leaves_the_profile_chosen() {
	local said
	need_profiles
	profile_install
	profiles --enable nsisolate
	add-shell /usr/bin/nsisolate-shell
	pam_stack su 'session required pam_nsisolate.so'
	said=$(may_remove) && fail "su was overlooked"
	assert_match "$(last_session_line common-session)" pam_nsisolate.so
	grep -q '^/usr/bin/nsisolate-shell$' /etc/shells || fail "it is no longer in /etc/shells"
	pam_stack su ''
	may_remove
	is_untouched
	! grep -q '^/usr/bin/nsisolate-shell$' /etc/shells || fail "it is still in /etc/shells"
}

test_upgrades_touch_nothing() {
	local words
	need_profiles
	profile_install
	profiles --enable nsisolate
	pam_stack su 'session required pam_nsisolate.so'
	tar -C /etc -c . | cksum >"$STAGE/etc"
	for words in 'upgrade 9' 'failed-upgrade 1' 'deconfigure in-favour other 1 removing us 1'; do
		# shellcheck disable=SC2086
		sh "$PRERM" $words || fail "prerm $words"
	done
	assert_eq "$(tar -C /etc -c . | cksum)" "$(cat "$STAGE/etc")" "what is in /etc"
	pam_stack su ''
	profiles_disable nsisolate
}
