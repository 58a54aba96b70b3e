# A broken configuration: who is refused, who gets in anyway, and what they are told.
. tests/stage.sh

CONF=$SYSCONFDIR/nsisolate.conf
REFUSED='this login is refused because its session cannot be isolated'

# a stack with nothing but the module, with this control word and these arguments
stack() { own_stack "session $1 pam_nsisolate.so ${*:2}"; }
app() { local user=$1; shift; "$BUILD/tests/pam_app" stage "$user" "$@"; }
OUTSIDE='test "$(uname -n)" = lab && test "$(cat /proc/1/comm)" = stage_init'

broken() { printf '[users]\nuid = 1000-59999\nhostnam = %%u\n' | conf; }

# in each row: LINE, what the message must contain, and the file as a format of printf(1)
rows() {
	cat <<-'END'
		2|unknown key 'hostnam' .did you mean hostname|[r]\nhostnam = x\n
		3|'perhaps': expected yes, no or observe|[r]\nuid = 1\nisolate = perhaps\n
		2|expected seconds, from 0 to|[r]\ngrace = -1\n
		2|'pit': expected uts, pid.*did you mean pid|[r]\nnamespaces = uts, pit\n
		2|expected a uid or a range|[r]\nuid = 5-3\n
		2|expected a uid or a range|[r]\nuid = alice\n
		2|expected ADDRESS/BITS|[r]\nfrom = 10.0.0.0/33\n
		2|%q|[r]\nhostname = %%q\n
		2|expected kill or linger|[r]\nlogout = perhaps\n
		2|expected deny or allow|[r]\non_error = panic\n
		2|expected the absolute path of a shell|[r]\nshell = bash\n
		3|'user' is already set, in line 2|[r]\nuser = a\nuser = b\n
		3|\[r\] is there already|[r]\nuser = a\n[r]\nuser = b\n
		1|is not in a section|user = a\n[r]\n
		2|expected `key = value`|[r]\nthis is not valid\n
		1|expected \] at the end|[r\nuser = a\n
		2|NUL|[r]\nuser = a\0b\n
		2|backslash|[r]\nuser = a # and so on \\\n
		2|a value is missing|[r]\nuser =\n
	END
}

test_every_mistake_is_refused_with_its_file_and_line() {
	local line word text log
	stack required
	while IFS='|' read -r line word text; do
		# shellcheck disable=SC2059 # the row is the format
		printf "$text" | conf
		: >$LOGS/syslog
		app alice remember refused same 2>/dev/null || fail "let in with: $text"
		log=$(logged 'pam_nsisolate.*session refused: user=alice')
		assert_match "$log" "$CONF:$line:[0-9]+: error: |$CONF:$line: error: " "place of: $text"
		assert_match "$log" "$word" "words about: $text"
	done < <(rows)
	nothing_left
}

check_refusal() {
	local seen
	broken
	seen=$(on "$user" 'echo in' 2>&1)
	assert_match "$seen" "$([ "$user" = alice ] && echo "$REFUSED" || echo "$CONF:3:.*hostname")"
	[[ $seen != *$'in'$'\n'* && $seen != in ]] || fail "the command ran: $seen"
	on "$user" true 2>/dev/null
	[ $? != 0 ] || fail "the status is 0"
}
test_an_ssh_login_is_refused_and_its_user_told() { both check_refusal; }

test_the_log_names_user_file_line_and_the_nearest_word() {
	broken
	sshd_start
	on alice true 2>/dev/null
	assert_match "$(logged 'session refused')" \
		"sshd.*pam_nsisolate\(sshd:session\): session refused: user=alice: $CONF:3:.*hostname"
	sshd_stop
	nothing_left
}

test_root_gets_in_un_isolated_with_an_alert() {
	broken
	sshd_start
	assert_eq "$(on root 'hostname; cat /proc/1/comm' 2>&1)" "lab
stage_init"
	# authpriv is facility 10, alert priority 1
	assert_match "$(logged 'session NOT isolated: user=root')" "^<81>.*$CONF:3:"
	sshd_stop
	assert_eq "$(as_root_shell -c 'hostname' 2>/dev/null)" lab "root's nsisolate-shell"
	assert_match "$(as_root_shell -c true 2>&1)" "$CONF:3:" "what it says"
	nothing_left
}
as_root_shell() { "$NSISOLATE_SHELL" "$@"; }

test_users_who_share_roots_uid_get_in_too() {
	echo "toor:x:0:0::/root:/bin/sh" >>/etc/passwd
	broken
	stack required
	app toor remember open same run true close || fail "refused"
	assert_match "$(logged 'session NOT isolated: user=toor')" '^<81>'
	sed -i /^toor:/d /etc/passwd
	nothing_left
}

test_optional_lets_in_un_isolated() {
	broken
	stack optional
	app alice remember open same run "$OUTSIDE" close same || fail "see above"
	logged 'session refused: user=alice' >/dev/null
	nothing_left
}

test_a_rescue_group_gets_in_with_an_alert_and_nobody_else() {
	local group
	group=$(id -Gn carol | tr ' ' '\n' | grep -E '^(sudo|wheel)$')
	broken
	stack required no_such_argument "rescue_group=$group"
	app carol remember open same run "$OUTSIDE" close || fail "a member is refused"
	assert_match "$(logged 'session NOT isolated: user=carol')" "^<81>.*rescue_group"
	app alice refused 2>/dev/null || fail "another one is let in"
	stack required rescue_group=nobody_has_this
	app carol refused 2>/dev/null || fail "let in by a group that does not exist"
	nothing_left
}

test_a_rescue_group_does_not_bypass_a_rule() {
	local group
	group=$(id -Gn carol | tr ' ' '\n' | grep -E '^(sudo|wheel)$')
	printf '[all]\nservice = stage\n' | conf
	stack required "rescue_group=$group"
	app carol open run 'test "$(uname -n)" = carol-lab' close || fail "not isolated"
	nothing_left
}

# things that the file itself can be
refused_for() { # refused_for REGEX [USER]
	local log
	: >$LOGS/syslog
	timeout "$(pace_seconds 200)" "$BUILD/tests/pam_app" stage "${2:-alice}" refused 2>/dev/null ||
		fail "let in, or it hangs, with $(ls -ld "$CONF")"
	log=$(logged 'session refused')
	assert_match "$log" "$CONF: error: .*$1"
}
test_a_file_that_is_none_or_that_others_can_write_is_refused() {
	stack required
	rm -f "$CONF"; refused_for 'cannot be opened: No such file'
	mkdir "$CONF"; refused_for directory; rmdir "$CONF"
	mkfifo "$CONF"; refused_for 'not a regular file'; rm "$CONF"
	ln -s /nowhere "$CONF"; refused_for link; rm "$CONF"
	ln -s /dev/zero "$CONF"; refused_for 'not a regular file'; rm "$CONF"
	head -c 2000000 /dev/zero | tr '\0' '#' >"$CONF"; refused_for larger
	conf </dev/null; chown 5001 "$CONF"; refused_for 'owned by uid 5001'; chown 0 "$CONF"
	chmod 664 "$CONF"; refused_for 'writable by users other than root'
	chmod 646 "$CONF"; refused_for 'writable by users other than root'; chmod 644 "$CONF"
	app alice open run "$OUTSIDE" close || fail "an empty file is not a mistake"
	nothing_left
}

test_the_shell_refuses_a_file_that_its_user_may_not_read() {
	conf "$TOP/conf/nsisolate.conf"
	chmod 600 "$CONF"
	as dave "$NSISOLATE_SHELL" -c 'echo in' >$STAGE/out 2>&1
	assert_eq $? 1 status
	assert_match "$(cat $STAGE/out)" "$CONF: error: cannot be opened: Permission denied"
	chmod 644 "$CONF"
	rm $STAGE/out
}

# close_one PATH MODE: dave is refused because of it, and check tells root; then it is opened again
close_one() {
	local before
	before=$(stat -c %a "$1")
	chmod "$2" "$1"
	as dave "$NSISOLATE_SHELL" -c 'echo in' >$STAGE/out 2>&1
	assert_eq $? 1 "status, $1 being $2"
	assert_match "$(nsisolatectl check; echo "status $?")" \
		"^$1: warning: not readable by everybody: .*status 1\$" "what check says"
	chmod "$before" "$1"
}

test_check_judges_every_file_with_its_readers_rights() {
	mkdir -m 755 "$CONF.d"
	for conf in /dev/null "$TOP/conf/nsisolate.conf"; do # no rule for it: then dave's login shell counts
		conf "$conf"
		printf '[more]\nuser = alice\n' >"$CONF.d/more.conf"
		as dave "$NSISOLATE_SHELL" -c true || fail "dave does not get in"
		assert_eq "$(nsisolatectl check)" ''
		close_one "$CONF" 600
		close_one "$CONF.d/more.conf" 640
		close_one "$CONF.d" 700
		close_one "$CONF.d" 754
	done
	close_one "$(dirname "$CONF")" 750
	rm -r "$CONF.d" $STAGE/out
}

test_conf_names_another_file() {
	printf '[all]\nservice = stage\nhostname = other\n' >$STAGE/other.conf
	stack required conf=$STAGE/other.conf
	app alice open run 'test "$(uname -n)" = other' close || fail "see above"
	stack required conf=$STAGE/none.conf
	app alice refused 2>/dev/null || fail "a missing file is taken for an empty one"
	assert_match "$(logged 'session refused')" "$STAGE/none.conf"
	rm $STAGE/other.conf
	nothing_left
}

test_a_corrected_file_applies_from_the_next_login_on() {
	broken
	sshd_start
	on alice true 2>/dev/null && fail "let in while it is broken"
	conf "$TOP/conf/nsisolate.conf"
	assert_eq "$(on alice hostname)" alice-lab
	sshd_stop
	nothing_left
}

test_an_odd_user_name_still_gets_a_valid_hostname() {
	local name long
	long=$(printf 'x%.0s' {1..32})
	printf '[all]\nservice = stage\n' | conf
	stack required
	for name in a.b_c Ünï "$long" 12345 _ a--; do
		echo "$name:x:5010:5010::/:/bin/sh" >>/etc/passwd
		# RFC 1123: letters, digits, inner hyphens and dots
		app "$name" open run 'uname -n | grep -qE "^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?\$" &&
			! uname -n | grep -q "^lab\$"' close || fail "for the name $name"
		sed -i '/:5010:5010:/d' /etc/passwd
	done
	printf '[all]\nservice = stage\nhostname = %%u%%u%%u%%u-%%l\n' | conf
	echo "$long:x:5010:5010::/:/bin/sh" >>/etc/passwd
	app "$long" open run 'test "$(uname -n | tr -d "\n" | wc -c)" -le 64' close || fail "too long"
	sed -i '/:5010:5010:/d' /etc/passwd
	nothing_left
}

test_an_unknown_user_is_refused() {
	printf '[all]\nservice = stage\n' | conf
	stack required
	app nosuchuser refused 2>/dev/null || fail "let in"
	assert_match "$(logged 'session refused')" nosuchuser
	nothing_left
}

test_root_without_an_account_gets_a_shell_of_nsisolate_shell() {
	printf '[all]\nservice = nsisolate-shell\n' | conf
	sed -i.kept '/^root:/d' /etc/passwd
	sed -i.kept 's/^passwd:.*/passwd: files/' /etc/nsswitch.conf # as another service may synthesise root
	! getent passwd root || fail "root has an account"
	assert_match "$("$NSISOLATE_SHELL" -c 'echo $((6 * 7))' 2>&1)" "no account 'uid 0'.*42\$"
	mv /etc/passwd.kept /etc/passwd
	mv /etc/nsswitch.conf.kept /etc/nsswitch.conf
	nothing_left
}
