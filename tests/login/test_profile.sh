# What the packages do to the login stacks: the PAM profile, and how nobody gets locked out.
. tests/stage.sh

PROFILES=$TOP/packaging/pam-configs
PROFILE=$PROFILES/nsisolate
PRERM=$TOP/packaging/debian/prerm
POSTINST=$TOP/packaging/debian/postinst

need_profiles() { command -v pam-auth-update >/dev/null || skip "this distribution has no pam-auth-update"; }

# Debian 11's has no --disable, and ignores unknown options
profiles_disable() {
	if grep -q -e --disable "$(command -v pam-auth-update)"; then
		profiles --disable "$@"
	else
		# only its dialog can do that; afterwards the profile is still registered
		profiles --package --remove "$@"
		printf '%s\n' "$@" >>/var/lib/pam/seen
	fi
}

profiles() { DEBIAN_FRONTEND=noninteractive pam-auth-update "$@"; }

# registers the profiles without selecting them; the stacks have no lines of the stage
profile_install() { # profile_install [DIR]
	pam_stack sshd ''
	cp "${1:-$PROFILES}"/nsisolate* /usr/share/pam-configs/
	profiles --package
	pam_stack su ''
	# dave's shell alone would be a reason not to remove anything
	sed -i '/^dave:/s|:[^:]*$|:/bin/sh|' /etc/passwd
	rm -rf "$STAGE/stacks"
	cp -a /etc/pam.d "$STAGE/stacks"
}

is_untouched() { diff -r "$STAGE/stacks" /etc/pam.d || fail "/etc/pam.d is not as it was"; }

last_session_line() { grep '^session' "/etc/pam.d/$1" | tail -n 1; }
ours() { sed -n 's/.*\tpam_nsisolate.so *//p' /etc/pam.d/common-session | tr '\n' ' '; }
isolated() { [[ "$(su alice -c hostname)" = alice-lab* ]]; }
by_su() { printf '[jobs]\nuid = 1000-59999\nservice = su\n' | conf; }

test_the_profile_is_off_until_it_is_chosen() {
	need_profiles
	profile_install
	! grep -r pam_nsisolate "$STAGE/stacks" || fail "it chose itself"
}

test_the_profile_stands_last_and_goes_without_a_trace() {
	local stack
	need_profiles
	# a profile with the lowest priority that Debian's own use, and a name that sorts anywhere
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
	assert_match "$(su alice -c hostname)" ^alice-lab "su, by a rule"
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

test_each_profile_alone_both_and_none() {
	local stack
	need_profiles
	profile_install
	by_su
	assert_eq "$(ours)" ""
	profiles --enable nsisolate
	assert_eq "$(ours)" "rescue_group=sudo "
	isolated || fail "not isolated by the first one alone"
	profiles --enable nsisolate-close
	assert_eq "$(ours)" "close rescue_group=sudo "
	isolated || fail "not isolated by both"
	for stack in common-session common-session-noninteractive; do
		assert_match "$(last_session_line $stack)" 'pam_nsisolate.so rescue_group=sudo' "the last line of $stack"
		# before all additional ones
		assert_match "$(sed -n '/^# and here are more/,$p' /etc/pam.d/$stack | grep -m 1 '^session')" \
			'pam_nsisolate.so close' "the first line of $stack"
	done
	profiles_disable nsisolate
	assert_eq "$(ours)" "close "
	assert_eq "$(su alice -c hostname)" lab "by the second one alone"
	profiles_disable nsisolate-close
	is_untouched
}

test_enable_chooses_both_profiles_and_sees_whether_that_did_it() {
	local said
	need_profiles
	profile_install
	by_su
	assert_match "$(nsisolatectl enable --dry-run common-session)" '--enable nsisolate nsisolate-close'
	is_untouched
	# one of the two is not enough
	profiles --enable nsisolate
	assert_match "$(nsisolatectl enable common-session)" ': from now on ' || fail "it says that it failed"
	isolated || fail "not isolated"
	assert_eq "$(ours)" "close rescue_group=sudo "
	assert_match "$(nsisolatectl enable common-session)" 'already enabled' "once more"
	nsisolatectl disable common-session || fail "it says that it failed"
	is_untouched
	# if somebody changed the files pam-auth-update does nothing, and reports success
	sed -i '/^# and here are more/a session optional pam_permit.so mine' /etc/pam.d/common-session
	cp /etc/pam.d/common-session $STAGE/changed
	said=$(profiles --enable nsisolate nsisolate-close 2>&1) || fail "it says that it failed: $said"
	cmp /etc/pam.d/common-session $STAGE/changed || fail "this pam-auth-update does it"
	said=$(nsisolatectl enable common-session 2>&1) && fail "called done: $said"
	assert_match "$said" 'did nothing.*--force.*nsisolatectl enable sshd login'
	cmp /etc/pam.d/common-session $STAGE/changed || fail "it was changed"
	# other lines that name the module there have to be removed by hand
	echo 'session required pam_nsisolate.so' >>/etc/pam.d/common-session
	nsisolatectl disable common-session || fail "it says that it failed"
	cmp /etc/pam.d/common-session $STAGE/changed || fail "the line stays"
	cp $STAGE/stacks/common-session /etc/pam.d/common-session
	rm $STAGE/changed
	is_untouched
}

test_enable_edits_the_services_own_file_beside_the_profiles() {
	need_profiles
	profile_install
	by_su
	nsisolatectl enable su || fail "it says that it failed"
	isolated || fail "not isolated"
	nsisolatectl disable su || fail "it says that it failed"
	is_untouched
}

# The previous package had the first profile only.
test_an_upgrade_chooses_the_second_profile_exactly_where_the_first_is() {
	need_profiles
	mkdir $STAGE/old
	cp "$PROFILE" $STAGE/old
	profile_install $STAGE/old
	upgrade() { cp "$PROFILES"/* /usr/share/pam-configs/; DEBIAN_FRONTEND=noninteractive sh "$POSTINST" configure 0.1.0; }
	of_old() { rm /usr/share/pam-configs/nsisolate-close; sed -i /nsisolate-close/d /var/lib/pam/seen; }
	upgrade
	assert_eq "$(ours)" "" "where it is not chosen"
	of_old
	profiles --enable nsisolate
	upgrade
	assert_eq "$(ours)" "close rescue_group=sudo " "where it is chosen"
	# a profile that is registered already is for the administrator to select
	profiles_disable nsisolate-close
	upgrade
	assert_eq "$(ours)" "rescue_group=sudo " "once more"
	may_remove
	is_untouched
	rm -r $STAGE/old
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

named() { grep -rh 'pam_nsisolate' /etc/pam.d /usr/lib/pam.d 2>/dev/null | grep -v '^#'; }

test_removal_leaves_no_line_that_names_the_module() {
	local control said
	need_profiles
	profile_install
	for control in 'session required' 'session requisite' '-session required' 'SESSION Required' \
		'session [success=ok default=bad]' 'session [success=ok module_unknown=die default=ignore]' \
		'session [default=die]' 'session optional' '-session optional' 'session sufficient' \
		'session [success=ok module_unknown=ignore default=bad]' 'session [success=ok default=ignore]'; do
		pam_stack su "$control pam_nsisolate.so"
		said=$(may_remove) || fail "'$control' keeps it: $said"
		assert_match "$said" '/etc/pam.d/su: 1 line' "what it says"
		assert_eq "$(named)" "" "what is left of '$control'"
		gets_in_without_us || fail "'$control' locks out"
	done
	pam_stack su '# session required pam_nsisolate.so'
	may_remove >/dev/null || fail "a comment keeps it"
	pam_stack su ''
	is_untouched
}

test_removal_looks_into_all_directories_and_through_links() {
	need_profiles
	profile_install
	mkdir -p /usr/lib/pam.d $STAGE/elsewhere
	printf '@include ours\n' >/etc/pam.d/theirs
	printf 'session required %s/pam_nsisolate.so conf=/etc/x.conf # why\n' "$PAMDIR" >$STAGE/elsewhere/ours
	ln -s $STAGE/elsewhere/ours /etc/pam.d/ours
	echo 'session required pam_nsisolate.so' >/usr/lib/pam.d/vendors
	may_remove >/dev/null || fail "it stops"
	assert_eq "$(named; cat $STAGE/elsewhere/ours)" ""
	rm -r /etc/pam.d/ours /etc/pam.d/theirs /usr/lib/pam.d/vendors $STAGE/elsewhere
}

test_removal_stops_where_a_line_has_to_stay() {
	local said
	need_profiles
	profile_install
	pam_stack su 'session required pam_nsisolate.so'
	ln /etc/pam.d/su /etc/pam.d/su-too
	said=$(may_remove) && fail "the line was overlooked"
	assert_match "$said" '/etc/pam.d/su.* has 2 hard links.*not removed'
	rm /etc/pam.d/su-too
	pam_stack su ''
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
	profiles --enable nsisolate nsisolate-close
	add-shell /usr/bin/nsisolate-shell
	sed -i '/^dave:/s|:[^:]*$|:/usr/bin/nsisolate-shell|' /etc/passwd
	said=$(may_remove) && fail "dave was overlooked"
	sed -i '/^dave:/s|:[^:]*$|:/bin/sh|' /etc/passwd
	assert_match "$(last_session_line common-session)" pam_nsisolate.so
	grep -q '^/usr/bin/nsisolate-shell$' /etc/shells || fail "it is no longer in /etc/shells"
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
