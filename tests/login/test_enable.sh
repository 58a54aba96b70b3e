# nsisolatectl enable and disable: what they do to PAM's files, and what becomes of logins.
. tests/stage.sh

OPEN='session required pam_nsisolate.so'
MARK='# nsisolatectl enable: '

stack() { cat >"/etc/pam.d/${1:-try}"; } # standard input becomes that stack
vendors() { cat >"/usr/lib/pam.d/${1:-try}"; }
permit() { printf '%s required pam_permit.so\n' auth account session; }
said() { "$@" 2>&1; echo "status $?"; }
enable() { said nsisolatectl enable "$@"; }
disable() { said nsisolatectl disable "$@"; }
# everything about files except times and inodes
looks() { stat -c '%n %F %N %U %G %a %s %h' "$@"; cksum "$@"; } 2>/dev/null
login() { "$BUILD/tests/pam_app" "${1:-try}" alice open run hostname close 2>&1; }
isolated() { [[ "$(login "$@")" = alice-lab* ]]; }

# Only stacks of the test's own, until it ends
private() {
	KEPT=$STAGE/kept
	mkdir -p $KEPT $KEPT/etc $KEPT/vendors
	cp -a /etc/pam.d/. $KEPT/etc
	mkdir -p /usr/lib/pam.d
	mount --bind $KEPT/vendors /usr/lib/pam.d
	trap 'umount /usr/lib/pam.d; umount -q -l /mnt; rm -rf /etc/pam.d/*; cp -a $KEPT/etc/. /etc/pam.d; rm -rf $KEPT' EXIT
	find /etc/pam.d -mindepth 1 -delete
	printf '%s required pam_deny.so\n' auth account session | stack other
	printf '[users]\nuser = alice\n' | conf
}

# it must be refused with these words, and change nothing
refuses() { # refuses WORDS SERVICE
	local as_it_was
	as_it_was=$(looks /etc/pam.d/*)
	assert_match "$(enable "$2")" "$1.*status 1" "what enable says"
	assert_eq "$(looks /etc/pam.d/*)" "$as_it_was" "/etc/pam.d"
	assert_eq "$(find /etc/pam.d/ -name '.*')" "" "what lies beside it"
}

# enables it; it must isolate, and be as before after `disable`
there_and_back() {
	local as_it_was
	as_it_was=$(looks /etc/pam.d/*)
	assert_match "$(enable try)" 'try: from now on .*status 0'
	isolated || fail "not isolated: $(login), by $(cat /etc/pam.d/try)"
	assert_match "$(enable try)" 'already enabled.*status 0' "once more"
	assert_match "$(disable try)" 'is as it was before
status 0'
	assert_eq "$(looks /etc/pam.d/*)" "$as_it_was" "/etc/pam.d"
	assert_eq "$(login)" lab "a login after that"
}

test_enable_writes_the_pair_and_disable_takes_it_back() {
	private
	permit | stack
	there_and_back
	enable try >/dev/null
	assert_eq "$(grep -v '^#' /etc/pam.d/try)" "$OPEN close
$(permit)
$OPEN"
	assert_match "$(disable try)" 'is as it was before'
	assert_match "$(disable try)" 'nothing in /etc/pam.d/try names pam_nsisolate.so
status 0'
}

test_a_last_line_without_its_end_is_ended() {
	private
	permit | head -c -1 | stack
	there_and_back
	{ permit; printf '# a comment'; } | stack
	there_and_back
	{ permit; printf '# a comment \\'; } | stack
	there_and_back
	{ printf '#%%PAM-1.0\n\n'; permit; printf '\n\n   '; } | stack
	there_and_back
}

test_comments_with_the_line_ends_of_another_system_stay() {
	private
	{ printf '#%%PAM-1.0\r\n# mine\r\n'; permit; printf '# the end\r\n'; } | stack
	there_and_back
	{ permit; printf '# the end\r'; } | stack
	there_and_back
	permit | sed 's/$/\r/' | stack
	refuses 'without any change, every login is refused' try
}

test_a_line_that_goes_on_and_takes_ours_for_its_own_is_refused() {
	private
	{ permit; printf 'session optional pam_permit.so \\\n'; } | stack
	refuses 'ends in a backslash|without any change, every login is refused' try
	{ permit; printf 'session optional pam_permit.so \\\n\n'; } | stack
	refuses 'ends in a backslash|without any change, every login is refused' try
	# if the stack ends there, there is nothing to refuse
	{ permit; printf 'session optional \\\n  pam_permit.so\n'; } | stack
	there_and_back
}

test_a_stack_that_would_not_isolate_is_refused() {
	private
	{ permit; echo 'session sufficient pam_permit.so'; } | stack
	refuses 'no login is isolated' try
	{ permit; echo 'session sufficient pam_mkhomedir.so'; } | stack
	refuses 'not every login is isolated: what .*pam_mkhomedir.so in /etc/pam.d/try:[0-9]+' try
	{ permit; echo 'session [success=1 default=ignore] pam_succeed_if.so uid >= 1000 quiet'; } | stack
	refuses 'not every login is isolated|every login is refused' try
	{ permit; echo 'session [success=die default=ignore] pam_nsisolate.so'; } | stack
	refuses 'every login is refused' try
	{ permit; echo 'session include nowhere'; } | stack
	refuses 'without any change, every login is refused' try
	{ permit; echo 'session required pam_nowhere.so'; } | stack
	refuses 'without any change, every login is refused: /etc/pam.d/try:[0-9]+: there is no .*pam_nowhere.so' try
}

test_nobody_is_locked_out_for_a_module_that_is_not_there() {
	private
	permit | stack
	mv "$PAMDIR/pam_nsisolate.so" $KEPT/away
	enable try >$KEPT/said
	mv $KEPT/away "$PAMDIR/pam_nsisolate.so"
	assert_match "$(cat $KEPT/said)" 'try:[0-9]+: there is no .*pam_nsisolate.so.*status 1'
	assert_eq "$(cat /etc/pam.d/try)" "$(permit)"
	# nor for a file that exists and is not a module
	cp "$PAMDIR/pam_nsisolate.so" $KEPT/away
	echo text >"$PAMDIR/pam_nsisolate.so"
	enable try >$KEPT/said
	cp $KEPT/away "$PAMDIR/pam_nsisolate.so"
	assert_match "$(cat $KEPT/said)" 'try:[0-9]+: .*pam_nsisolate.so cannot be loaded: .*status 1'
	assert_eq "$(cat /etc/pam.d/try)" "$(permit)"
}

completed() { # standard input has one half of the pair
	local as_it_was
	stack
	as_it_was=$(cat /etc/pam.d/try)
	assert_match "$(enable try)" 'from now on .*status 0'
	isolated || fail "not isolated: $(login)"
	assert_eq "$(grep -c '^session.*pam_nsisolate.so' /etc/pam.d/try)" 2 "lines of ours"
	assert_match "$(grep -v '^#' /etc/pam.d/try | head -n 1)" 'pam_nsisolate.so close$' "the first line"
	assert_match "$(enable try)" 'already enabled' "once more"
	grep -v '^#' /etc/pam.d/try | grep -Fx "$as_it_was" | diff <(echo "$as_it_was") - || fail "the half is another"
}
test_half_of_the_pair_is_completed() {
	private
	{ permit; echo "$OPEN rescue_group=sudo"; } | completed
	{ permit; echo "$OPEN open"; } | completed
	{ echo "$OPEN close"; permit; } | completed
	# and both are removed
	assert_match "$(disable try)" '2 lines that name pam_nsisolate.so are removed.*status 0'
	assert_eq "$(cat /etc/pam.d/try)" "$(permit)"
}

test_what_was_changed_since_loses_our_lines_only() {
	private
	permit | stack
	enable try >/dev/null
	echo 'session optional pam_permit.so mine' >>/etc/pam.d/try
	sed -i 's/^auth .*/auth sufficient pam_permit.so/' /etc/pam.d/try
	assert_match "$(disable try)" '2 lines that name pam_nsisolate.so are removed.*status 0'
	assert_eq "$(cat /etc/pam.d/try)" 'auth sufficient pam_permit.so
account required pam_permit.so
session required pam_permit.so
session optional pam_permit.so mine'
	# written by hand, over several lines, with comments of its own
	{ permit; printf '%s\n' '-session \' '# why' 'optional pam_nsisolate.so # not' \
		'# pam_nsisolate.so' 'session required pam_permit.so last'; } | stack
	assert_match "$(disable try)" '1 line that names pam_nsisolate.so is removed'
	assert_eq "$(cat /etc/pam.d/try)" "$(permit)
# why
# pam_nsisolate.so
session required pam_permit.so last"
}

test_a_jump_that_would_go_over_the_end_keeps_disable_from_it() {
	private
	{ permit; echo 'session [success=1 default=ignore] pam_permit.so'; echo "$OPEN"; } | stack
	cp /etc/pam.d/try $KEPT/try
	assert_eq "$(login)" lab
	assert_match "$(disable try)" 'is unchanged; remove the lines by hand: .*every login is refused.*status 1'
	cmp /etc/pam.d/try $KEPT/try || fail "it was changed"
	# if it would then jump over another line, that is for the administrator to judge
	echo 'session required pam_permit.so' >>/etc/pam.d/try
	assert_match "$(disable try)" 'is removed.*status 0'
	assert_eq "$(login)" lab
}

test_the_rescue_group_is_an_argument_of_the_last_line() {
	private
	permit | stack
	assert_match "$(enable --rescue-group sudo try)" 'status 0'
	assert_eq "$(tail -n 1 /etc/pam.d/try)" "$OPEN rescue_group=sudo"
	assert_match "$(enable --rescue-group=wheel try)" 'from now on .*status 0'
	assert_eq "$(grep -v '^#' /etc/pam.d/try)" "$OPEN close
$(permit)
$OPEN rescue_group=wheel"
	assert_match "$(disable try)" 'is as it was before'
	assert_match "$(enable --rescue-group 'a b' try)" 'usage: .*status 2'
}

# ---- where the file is ----

test_the_vendors_stack_is_included_and_comes_back() {
	private
	permit | vendors
	assert_eq "$(login)" lab "a login before"
	assert_match "$(enable try)" 'by /etc/pam.d/try, which includes /usr/lib/pam.d/try
status 0'
	isolated || fail "not isolated: $(login)"
	assert_eq "$(grep -v '^#' /etc/pam.d/try)" "auth include /usr/lib/pam.d/try
account include /usr/lib/pam.d/try
password include /usr/lib/pam.d/try
$OPEN close
session include /usr/lib/pam.d/try
$OPEN"
	# an update of the vendor's file takes effect
	echo 'session required pam_deny.so' >>/usr/lib/pam.d/try
	! login >/dev/null || fail "the vendor's update does not count"
	permit | vendors
	assert_match "$(enable try)" 'already enabled'
	assert_match "$(disable try)" '/etc/pam.d/try: is gone, as it was before
status 0'
	[ ! -e /etc/pam.d/try ] || fail "the vendor's file is masked"
	assert_eq "$(login)" lab "a login after that"
	# what somebody added to it stays
	enable try >/dev/null
	sed -i '3i auth required pam_permit.so mine' /etc/pam.d/try
	assert_match "$(disable try)" '2 lines .* removed'
	grep -q mine /etc/pam.d/try || fail "a line of the administrator's is gone"
	assert_eq "$(login)" lab "a login by what is left"
}

test_a_vendors_stack_that_ends_early_is_refused() {
	private
	{ permit; echo 'session sufficient pam_mkhomedir.so'; } | vendors
	refuses 'not every login is isolated: what .*pam_mkhomedir.so in /usr/lib/pam.d/try:4' try
}

test_a_stack_that_leaves_sessions_to_other_is_refused() {
	private
	permit | stack other
	permit | grep -v session | stack
	refuses 'no session line.*other decides' try
	# an empty file, which masks the vendor's
	permit | vendors
	stack </dev/null
	refuses 'no session line' try
	rm /etc/pam.d/try
	permit | grep -v session | vendors
	refuses '/usr/lib/pam.d/try has no session line' try
	# for which it can be enabled itself
	assert_match "$(enable other)" 'the same file counts for try
status 0'
	isolated || fail "not isolated: $(login)"
	assert_match "$(disable other)" 'is as it was before'
}

test_invalid_names_are_refused() {
	private
	permit | stack
	refuses 'no stack of this name' nowhere
	refuses 'lower case: did you mean try' TRY
	refuses 'not a valid name of a PAM service' ../pam.d/try
	refuses 'not a valid name of a PAM service' ''
	permit | stack systemd-user
	refuses 'never isolated' systemd-user
	assert_match "$(enable)" 'usage: .*status 2'
	assert_match "$(disable --all try)" 'usage: .*status 2'
	assert_match "$(said as alice "$NSISOLATECTL" enable try)" 'only root.*status 1'
}

test_links_stay_and_other_services_are_named() {
	private
	permit >$KEPT/stack
	ln -s $KEPT/stack /etc/pam.d/try
	ln -s try /etc/pam.d/second
	printf '%s include try\n' auth account session | stack third
	permit | stack fourth
	assert_match "$(enable try)" 'the same file counts for (second, third|third, second)
status 0'
	[ -L /etc/pam.d/try ] && [ -L /etc/pam.d/second ] || fail "a link is gone"
	isolated third || fail "third is not isolated: $(login third)"
	assert_eq "$(login fourth)" lab
	assert_match "$(disable third)" 'is still isolated, by .*status 1'
	assert_match "$(disable second)" 'is as it was before'
	assert_eq "$(cat $KEPT/stack)" "$(permit)"
	ln -sfn /nowhere /etc/pam.d/try
	refuses 'is a dangling link' try
	permit | vendors
	ln -sfn /usr/lib/pam.d/try /etc/pam.d/try
	refuses 'which a package owns' try
}

test_owner_mode_and_attributes_are_kept() {
	local attributes
	private
	permit | stack
	attributes() {
		stat -c '%U %G %a' /etc/pam.d/try
		python3 -c 'import os; p = "/etc/pam.d/try"; print([(n, os.getxattr(p, n)) for n in sorted(os.listxattr(p))])'
	}
	command -v python3 >/dev/null || skip "no python3"
	chown alice:adm /etc/pam.d/try
	chmod 640 /etc/pam.d/try
	python3 -c '
import os, struct
os.setxattr("/etc/pam.d/try", "trusted.mine", b"yes")
try:
	os.setxattr("/etc/pam.d/try", "system.posix_acl_access", struct.pack("<I", 2) + b"".join(
		struct.pack("<HHI", *e) for e in ((1, 6, 2**32 - 1), (2, 4, 5002), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1))))
except OSError: pass
' || skip "no extended attributes here"
	attributes=$(attributes)
	assert_match "$(enable try)" 'status 0'
	assert_eq "$(attributes)" "$attributes"
	umask 077
	disable try >/dev/null
	assert_eq "$(attributes)" "$attributes" "after disable"
}

# ---- cases where it cannot be done ----

test_a_file_that_cannot_be_replaced_is_left_with_words() {
	private
	mount -t tmpfs -o size=12k none /mnt
	permit >/mnt/try
	ln -sfn /mnt/try /etc/pam.d/try
	refuses() {
		assert_match "$(enable try)" "$1.*status 1"
		assert_eq "$(cat /mnt/try | tr -d '\0')" "$(permit)"
		assert_eq "$(find /mnt -name '.*')" ""
	}
	head -c 99999 /dev/zero >/mnt/full 2>/dev/null
	refuses 'No space left'
	rm /mnt/full
	mount -o remount,ro /mnt
	refuses 'Read-only'
	mount -o remount,rw /mnt
	ln /mnt/try /mnt/second
	refuses 'has 2 hard links'
	rm /mnt/second
	# a file that is a mount, as in containers
	mount --bind /mnt/try /mnt/try
	refuses 'cannot replace'
	umount /mnt/try
	truncate -s 4k /mnt/try
	refuses 'NUL bytes'
	permit >/mnt/try
	if chattr +i /mnt/try 2>/dev/null; then
		enable try >$KEPT/said
		chattr -i /mnt/try
		assert_match "$(cat $KEPT/said)" 'chattr -ia.*status 1'
	fi
	assert_match "$(enable try)" 'from now on .*status 0' "with nothing in its way"
}

test_two_at_a_time_are_one_and_a_refusal() {
	private
	permit | stack
	flock /etc/pam.d/try nsisolatectl enable try >$KEPT/said 2>&1
	assert_match "$(cat $KEPT/said)" 'being changed by someone else'
	# what a killed run left is removed by the next
	echo half >/etc/pam.d/.try.nsisolatectl
	enable try >/dev/null
	assert_eq "$(find /etc/pam.d/ -name '.*')" ""
}

test_killed_at_any_call_it_leaves_the_old_file_or_the_new_one() {
	local old new call i
	private
	permit | stack
	command -v strace >/dev/null || skip "no strace"
	strace -qq -o /dev/null true 2>/dev/null || skip "nobody can be traced here"
	old=$(cat /etc/pam.d/try)
	enable try >/dev/null
	new=$(cat /etc/pam.d/try)
	for call in openat:1 openat:2 write:1 fchown:1 fchmod:1 fsync:1 rename:1; do
		printf '%s\n' "$old" | stack
		strace -qq -o /dev/null -P /etc/pam.d/try -P /etc/pam.d/.try.nsisolatectl \
			-e "inject=${call%:*}:signal=KILL:when=${call#*:}" nsisolatectl enable try >/dev/null 2>&1
		i=$(cat /etc/pam.d/try)
		[ "$i" = "$old" ] || [ "$i" = "$new" ] || fail "killed at $call: $i"
		login >/dev/null || fail "killed at $call: $(login)"
	done
	printf '%s\n' "$old" | stack
	enable try >/dev/null
	assert_eq "$(cat /etc/pam.d/try; find /etc/pam.d/ -name '.*')" "$new"
}

# ---- --dry-run ----

test_a_dry_run_changes_nothing_and_shows_the_change() {
	local i
	private
	for i in 1 2 3 4; do
		case $i in
		1) permit | stack ;;
		2) permit | head -c -1 | stack ;;
		3) { printf '# %s\n' 1 2 3 4 5; permit; permit; permit; permit; printf '# end'; } | stack ;;
		4) { permit; echo "$OPEN"; } | stack ;;
		esac
		cp /etc/pam.d/try $KEPT/old
		assert_match "$(nsisolatectl enable --dry-run try | tee $KEPT/difference)" 'logins would be isolated'
		cmp /etc/pam.d/try $KEPT/old || fail "it was changed"
		enable try >/dev/null
		cp /etc/pam.d/try $KEPT/new
		nsisolatectl disable --dry-run try >$KEPT/back
		cmp /etc/pam.d/try $KEPT/new || fail "disable changed it"
		command -v patch >/dev/null || continue
		patch -s $KEPT/old <$KEPT/difference || fail "no patch: $(cat $KEPT/difference)"
		cmp $KEPT/old $KEPT/new || fail "the patch is another change"
		disable try >/dev/null
		patch -s $KEPT/new <$KEPT/back || fail "no patch: $(cat $KEPT/back)"
		cmp /etc/pam.d/try $KEPT/new || fail "that patch is another change"
	done
	rm /etc/pam.d/try
	permit | vendors
	assert_match "$(enable --dry-run try)" '^--- /dev/null.*\+auth include /usr/lib/pam.d/try.*status 0'
	[ ! -e /etc/pam.d/try ] || fail "it made a file"
}

# ---- files that programs write, and --all ----

test_files_of_a_program_are_left_with_words() {
	private
	{ printf '# Generated by authselect\n# Do not modify this file manually\n'; permit; } | stack system-auth
	mkdir -p /etc/authselect
	printf 'sssd\nwith-mkhomedir\n$(reboot)\n' >/etc/authselect/authselect.conf
	refuses '--base-on=sssd.*select custom/isolated with-mkhomedir$' system-auth 2>/dev/null ||
		assert_match "$(enable system-auth)" 'base-on=sssd.*custom/isolated with-mkhomedir
.*is unchanged
status 1'
	rm -r /etc/authselect
	{ printf '#%%PAM-1.0\n#\n# This file is autogenerated by pam-config. All changes\n'; permit; } | stack common-session-pc
	ln -s common-session-pc /etc/pam.d/common-session
	printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' 'session include common-session' | stack
	refuses 'name the services themselves' common-session
	# no program writes the service's own file
	assert_match "$(enable try)" 'status 0'
	isolated || fail "not isolated: $(login)"
}

test_disable_all_looks_everywhere_and_through_links() {
	private
	permit | stack
	enable try >/dev/null
	{ permit; echo "-session optional $PAMDIR/pam_nsisolate.so"; } >$KEPT/stack
	ln -s $KEPT/stack /etc/pam.d/linked
	{ permit; echo 'session [success=ok module_unknown=ignore default=bad] pam_nsisolate.so'; } | vendors vendors
	ln -s /nowhere /etc/pam.d/nowhere
	{ permit; echo "$OPEN"; } | sed 's/^/try /' >/etc/pam.conf
	assert_match "$(disable --dry-run --all)" '/etc/pam.d/try: would be.*status 0'
	assert_match "$(disable --all)" '/etc/pam.d/try: is as it was before.*status 0'
	assert_eq "$(cat /etc/pam.d/try /etc/pam.d/linked /usr/lib/pam.d/vendors /etc/pam.conf | grep nsisolate)" "" "what is left"
	[ -L /etc/pam.d/linked ] || fail "the link is gone"
	rm /etc/pam.conf
	# one that cannot be changed is reported, and does not keep others from being changed
	permit | stack
	enable try >/dev/null
	{ permit; echo "$OPEN"; } >$KEPT/stack
	ln $KEPT/stack $KEPT/second
	assert_match "$(disable --all)" 'has 2 hard links.*not every line.*status 1'
	assert_eq "$(cat /etc/pam.d/try)" "$(permit)"
}

test_every_stack_of_this_machine_is_given_back() {
	local file service enabled=0
	pam_stack sshd ''
	looks /etc/pam.d/* >$STAGE/looks
	for file in /etc/pam.d/* /usr/lib/pam.d/*; do
		service=${file##*/}
		case $service in common-* | '*') continue ;; esac
		nsisolatectl enable "$service" >$STAGE/said 2>&1 && enabled=$((enabled + 1))
		nsisolatectl disable "$service" >>$STAGE/said 2>&1 || fail "$service: $(cat $STAGE/said)"
		looks /etc/pam.d/* | diff $STAGE/looks - || fail "$service: $(cat $STAGE/said)"
	done
	[ $enabled -gt 3 ] || fail "only $enabled of these stacks can be enabled: $(cat $STAGE/said)"
	rm $STAGE/looks $STAGE/said
}
