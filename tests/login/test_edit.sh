# nsisolatectl as root, with the file and the accounts that logins use.
. tests/stage.sh

CONF=$SYSCONFDIR/nsisolate.conf

# An editor that writes its standard input into the file
editor_writes() {
	printf '#!/bin/sh\nprintf %%b %q >"$1"\n' "$1" >/tmp/editor
	chmod 755 /tmp/editor
	export EDITOR=/tmp/editor
	unset SUDO_EDITOR VISUAL
}

alice_sees() { su alice -s /bin/sh -c hostname </dev/null 2>&1; }

test_what_is_edited_counts_for_the_next_login() {
	pam_stack su 'session required pam_nsisolate.so'
	conf <<<$'[users]\nuser = nobody\n'
	assert_eq "$(alice_sees)" lab
	editor_writes '[users]\nuser = alice\nhostname = %u-%l-edited\n'
	assert_match "$(nsisolatectl edit </dev/null)" "$CONF is installed"
	assert_eq "$(alice_sees)" alice-lab-edited
}

test_a_broken_edit_locks_nobody_out() {
	pam_stack su 'session required pam_nsisolate.so'
	conf <<<$'[users]\nuser = alice\nhostname = %u-before\n'
	editor_writes '[users\nuser = alice\n'
	assert_match "$(nsisolatectl edit </dev/null)" "expected \] .*left as it is"
	assert_eq "$(alice_sees)" alice-before
	assert_eq "$(ls "$CONF"*)" "$CONF" "what lies beside it"
}

test_owner_group_and_mode_are_kept() {
	conf <<<'[users]'
	chgrp adm "$CONF"
	chmod 640 "$CONF"
	# even if the editor writes a new file
	editor_writes '[staff]\n'
	sed -i '2s/^/rm "$1"; umask 0; /' /tmp/editor
	assert_match "$(nsisolatectl edit </dev/null)" "is installed"
	assert_eq "$(cat "$CONF")" '[staff]'
	assert_eq "$(stat -c '%U %G %a' "$CONF")" "root adm 640"
}

test_a_file_that_others_can_write_is_refused_and_fixed() {
	conf <<<'[users]'
	chmod 664 "$CONF"
	assert_eq "$(nsisolatectl check; echo $?)" \
		"$CONF: error: is writable by users other than root (mode 0664); fix: \`chmod go-w $CONF\`
2"
	chmod go-w "$CONF"
	chown alice "$CONF"
	assert_eq "$(nsisolatectl check; echo $?)" \
		"$CONF: error: is owned by uid 5001, expected root; fix: \`chown root $CONF\`
2"
	chown root "$CONF"
	assert_eq "$(nsisolatectl check; echo $?)" 0
}

test_the_log_has_the_first_error_of_check() {
	pam_stack su 'session required pam_nsisolate.so'
	conf <<<$'[users]\nuser = no-such-user\nfrom = 10.0.0.0/33\nisolate = perhaps\n'
	alice_sees >/dev/null && fail "alice got in"
	assert_eq "$(logged 'session refused' | sed 's/.*user=alice: //')" \
		"$(nsisolatectl check | grep -m 1 ': error: ')"
}

test_groups_that_cannot_be_looked_up_decide_nothing() {
	local seen
	conf <<<$'[staff]\nuser = alice\ngroup = *, !staff\nisolate = no\n[users]\n'
	cp /etc/nsswitch.conf /tmp/nsswitch.conf
	sed -i 's/^group:.*/group: files/' /etc/nsswitch.conf
	mv /etc/group /etc/group.away
	seen=$(nsisolatectl explain alice; echo "status $?")
	json=$(nsisolatectl explain --json alice)
	shell=$(setpriv --reuid 5001 --regid 5001 --clear-groups "$BINDIR/nsisolate-shell" -c true 2>&1
		echo "status $?")
	mv /etc/group.away /etc/group
	cp /tmp/nsswitch.conf /etc/nsswitch.conf
	assert_match "$seen" 'undecided: rule \[staff\], group: .*NSS failed.*would be refused.*status 2'
	assert_match "$json" '"key":"group".*"matched":null,"pattern":"!staff"\}\].*"matched":null\}.*"error":"rule \[staff\]'
	assert_match "$json" '"isolate":null,"observe":false,"rule":null,"settings":\{\}\}$'
	assert_match "$shell" 'rule \[staff\], group: .*NSS failed.*status 1'
}
