# nsisolatectl check, explain and edit, as any user can run them.
# needs: nobody
. tests/stage.sh

ctl() { "$NSISOLATECTL" "$@"; }

# Each test has a directory of its own, which is removed after it.
given() { # given [FILE]: standard input as $CONF, or as another file beside it
	if [ -z "${DIR:-}" ]; then
		DIR=$(mktemp -d)
		CONF=$DIR/nsisolate.conf
		trap 'rm -rf "$DIR"' EXIT
	fi
	mkdir -p "$(dirname "$DIR/${1:-nsisolate.conf}")"
	cat >"$DIR/${1:-nsisolate.conf}"
}

# A command's output and status, as one word
said() { "$@"; echo "status $?"; }

json() { # json EXPRESSION: in Python, where `it` is the JSON on standard input
	command -v python3 >/dev/null || skip "no python3 to read JSON with"
	python3 -c "import json, sys; it = json.load(sys.stdin); print($1)"
}

# In a terminal of 60 columns
in_terminal() {
	TERM=xterm script -qec "stty cols 60; $(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r'
}

# ---- check ----

test_check_says_nothing_of_what_is_right() {
	given <<<$'[a]\nuser = root'
	assert_eq "$(said ctl check "$CONF" 2>&1)" "status 0"
	assert_eq "$(said ctl check conf/nsisolate.conf 2>&1)" "status 0" "the shipped file"
}

test_check_shows_every_finding_with_its_place() {
	given <<-'END'
		[defaults]
		isolate = maybe
		[a]
		usr = root
		from = 10.0.0.0/33
	END
	assert_eq "$(said ctl check "$CONF")" "$CONF:2:11: error: 'maybe': expected yes, no or observe
    isolate = maybe
              ^
$CONF:4:1: error: unknown key 'usr' (did you mean user?)
    usr = root
    ^
$CONF:5:8: error: expected ADDRESS/BITS, as in 192.0.2.0/24 or 2001:db8::/32
    from = 10.0.0.0/33
           ^
status 2"
}

test_check_warns_with_status_1() {
	given <<<$'[a]\nuser = no-such-user'
	assert_eq "$(said ctl check "$CONF")" "$CONF:2:8: warning: there is no user 'no-such-user' here
    user = no-such-user
           ^
status 1"
}

test_check_warns_of_words_that_no_login_has() {
	given <<<$'[users]\nuid = 1000-59999\nservice = sshd\xc2\xa0'
	assert_match "$(said ctl check "$CONF")" "$CONF:3:15: warning: here is U\+00A0 \(no-break space\).*status 1"
	given <<<$'[users]\nuid = 1000-59999\ntty = /dev/tty1'
	assert_match "$(said ctl check "$CONF")" "$CONF:3:7: warning: .*write 'tty1'.*status 1"
	given <<<$'[users]\nuid = 1000-59999\nservice = sshd;login'
	assert_match "$(said ctl check "$CONF")" "$CONF:3:15: error: .* separated by commas.*status 2"
	# what people write to prevent such an error
	given <<<$'[users]\nuid = 1000-59999\nservice = "sshd;login"'
	assert_match "$(said ctl check "$CONF")" "$CONF:3:12: warning: .*separated by commas.*status 1"
	given <<<$'[users]\nuid = 1000-59999\nservice = sshd ;login'
	assert_match "$(said ctl check "$CONF")" "$CONF:3:16: warning: .*'login' does not count.*status 1"
	[ -e /etc/pam.d/sshd ] || skip "sshd has no PAM stack here"
	given <<<$'[users]\nuid = 1000-59999\nservice = ssh'
	assert_match "$(said ctl check "$CONF")" \
		"$CONF:3:11: warning: there is no PAM stack 'ssh' here.* \(did you mean sshd\?\).*status 1"
	given <<<$'[users]\nuid = 1000-59999\nservice = SSHD'
	assert_match "$(said ctl check "$CONF")" "$CONF:3:11: warning: .*write 'sshd'.*status 1"
	given <<<$'[users]\nuid = 1000-59999\nservice = sshd, login, remote, crond'
	assert_eq "$(said ctl check "$CONF" 2>&1)" "status 0"
}

test_check_of_something_that_is_not_a_file() {
	given </dev/null
	mkfifo "$DIR/fifo"
	ln -s nowhere "$DIR/link"
	assert_eq "$(said timeout "$(pace_seconds 100)" "$NSISOLATECTL" check "$DIR/fifo")" \
		"$DIR/fifo: error: is not a regular file (a FIFO, a socket or a device), expected a file
status 2"
	assert_eq "$(said ctl check "$DIR/link")" \
		"$DIR/link: error: is a link to a file that does not exist
status 2"
	assert_eq "$(said ctl check "$DIR")" "$DIR: error: is a directory, expected a file
status 2"
	assert_eq "$(said ctl check "$CONF")" \
		"$CONF: warning: there is no rule, so no login is isolated
status 1"
}

test_check_reads_the_drop_ins() {
	given <<<$'[a]\nuser = root'
	given nsisolate.conf.d/b.conf <<<$'[A]\nuid = 1'
	assert_match "$(said ctl check "$CONF")" \
		"^$CONF.d/b.conf:1:2: error: \[a\] is there already, at $CONF:1: .*status 2\$"
}

test_check_as_json() {
	given <<<$'[a]\nuser = no-such-user\nx\xff"\\= 1'
	ctl check --json "$CONF" >"$DIR/json"
	assert_eq $? 2 status
	assert_eq "$(json '[it["errors"], len(it["findings"])]' <"$DIR/json")" "[1, 1]"
	assert_eq "$(json '[(f["severity"], f["line"], f["column"]) for f in it["findings"]]' \
		<"$DIR/json")" "[('error', 3, 2)]"
	assert_eq "$(json 'ascii(it["findings"][0]["source"])' <"$DIR/json")" "'x\\ufffd\"\\\\= 1'"
	assert_eq "$(json 'sorted(it["findings"][0])' <"$DIR/json")" \
		"['column', 'file', 'line', 'severity', 'source', 'text']"
	given <<<'[a]'
	assert_eq "$(ctl check --json "$CONF")" '{"findings":[],"errors":0}'
}

test_a_login_says_the_first_error_that_check_says() {
	[ -x "$NSISOLATE_SHELL" ] || fail "no nsisolate-shell"
	given <<<$'[a]\nuser = root\n[b]\nisolate = mabye\n[c'
	chmod a+rx "$DIR" && chmod a+r "$CONF"
	local first
	first=$(ctl check "$CONF" | head -n 1)
	assert_match "$first" ":4:11: error: 'mabye': expected yes, no or observe"
	assert_eq "$("$NSISOLATE_SHELL" --config="$CONF" -c true 2>&1; echo "status $?")" \
		"nsisolate-shell: $first
status 1"
}

test_output_follows_the_terminal() {
	local long esc=$'\033'
	long="user = no-such-user$(printf ', root%.0s' {1..40})"
	given <<<"[a]
$long"
	assert_match "$(in_terminal "$NSISOLATECTL" check "$CONF")" "${esc}\[" "colour in a terminal"
	[[ $(ctl check "$CONF") != *$esc* ]] || fail "colour in a pipe"
	[[ $(NO_COLOR=1 in_terminal "$NSISOLATECTL" check "$CONF") != *$esc* ]] || fail "NO_COLOR"
	assert_eq "$(NO_COLOR=1 in_terminal "$NSISOLATECTL" check "$CONF" | sed -n 2p)" \
		"    ${long:0:56}" "cut to 60 columns"
	assert_eq "$(ctl check "$CONF" | sed -n 2p)" "    $long" "whole in a pipe"
}

# ---- explain ----

test_explain_tells_rule_reasons_and_sources() {
	given <<-'END'
		[defaults]
		grace = 7
		[none]
		uid = 1-5, 7
		[out]
		service = sshd
		user = *, !root
		[far]
		from = 192.0.2.0/24
		[all]
		user = r*
		hostname = %u.%r
	END
	assert_eq "$(said ctl explain --config "$CONF" root --from 198.51.100.1 --tty pts/1)" \
		"root (uid 0) by sshd from 198.51.100.1 on pts/1:
  $CONF:3: [none] uid 0: not in 1-5, 7
  $CONF:5: [out] user root: excluded by !root
  $CONF:8: [far] from 198.51.100.1: not in 192.0.2.0/24
  $CONF:10: [all] matches
isolated by rule [all]
  isolate      yes                    built-in
  privacy      processes              built-in
  namespaces   uts, pid, mount        built-in: uts, pid
  network      host                   built-in
  scope        session                built-in
  hostname     root.all               [all] $CONF:12: %u.%r
  domainname   -                      built-in
  hosts        yes                    built-in
  private      -                      built-in
  private_size 25%                    built-in
  inaccessible -                      built-in
  read_only    -                      built-in
  user_manager hide                   built-in
  shell        -                      built-in
  logout       kill                   built-in
  linger_max   -                      built-in
  grace        7                      [defaults] $CONF:2
  on_error     deny                   built-in
status 0"
}

test_explain_of_what_is_left_alone() {
	given <<<$'[a]\nuid = 0\nisolate = no\n[b]\nservice = sshd'
	assert_eq "$(ctl explain --config="$CONF" root)" "root (uid 0) by sshd:
  $CONF:1: [a] matches
not isolated by rule [a]
  isolate      no                     [a] $CONF:3"
	assert_eq "$(ctl explain --config="$CONF" daemon --service=cron)" "daemon (uid 1) by cron:
  $CONF:1: [a] uid 1: not in 0
  $CONF:4: [b] service cron: not in sshd
not isolated: no rule matches"
	assert_match "$(ctl explain --config="$CONF" daemon --service systemd-user)" \
		"not isolated: the service systemd-user never is"
}

test_explain_names_the_groups() {
	given <<<$'[a]\ngroup = no-such-group'
	assert_match "$(ctl explain --config "$CONF" "$(id -un)")" \
		"\[a\] group $(id -Gn | sed 's/ .*//').*: not in no-such-group"
}

test_explain_fails_where_it_cannot_tell() {
	given <<<$'[a]'
	assert_eq "$(said ctl explain --config "$CONF" no-such-user 2>&1)" \
		"nsisolatectl: there is no account 'no-such-user'
status 2"
	given <<<$'[a'
	assert_match "$(said ctl explain --config "$CONF" root 2>&1)" \
		":1:3: error: expected \] .*only uid 0 gets in.*status 2"
	assert_eq "$(ctl explain --config "$CONF" root 2>/dev/null)" "" "standard output"
}

test_explain_as_json() {
	given <<-'END'
		[defaults]
		grace = 7
		[out]
		uid = 0-9
		user = *, !root
		[all]
		hostname = %u.%r
	END
	ctl explain --config "$CONF" root --json >"$DIR/json"
	assert_eq "$(json 'sorted(it)' <"$DIR/json")" \
		"['doubt', 'error', 'from', 'gid', 'isolate', 'observe', 'rule', 'rules', 'service', 'settings', 'tty', 'uid', 'user']"
	assert_eq "$(json '[it["user"], it["service"], it["from"], it["isolate"], it["rule"], it["error"]]' \
		<"$DIR/json")" "['root', 'sshd', None, True, 'all', None]"
	assert_eq "$(json '[(r["rule"], r["line"], r["matched"]) for r in it["rules"]]' <"$DIR/json")" \
		"[('out', 3, False), ('all', 6, True)]"
	assert_eq "$(json '[(m["key"], m["values"], m["matched"], m["pattern"]) for m in it["rules"][0]["matchers"]]' \
		<"$DIR/json")" "[('user', ['root'], False, '!root')]"
	assert_eq "$(json '[it["settings"][k]["value"] for k in ("hostname", "grace", "shell")]' \
		<"$DIR/json")" "['root.all', '7', None]"
	assert_eq "$(json '[(s["source"], s["written"], s["line"]) for s in map(it["settings"].get, ("hostname", "grace", "hosts"))]' \
		<"$DIR/json")" "[('rule', '%u.%r', 7), ('defaults', '7', 2), ('built-in', 'yes', None)]"
}

# ---- edit ----

# An editor that puts a text of $DIR into the file, the first one first: text.1, text.2, ...
editor() {
	cat >"$DIR/editor" <<-'END'
		#!/bin/sh
		here=$(dirname "$0")
		count=$(($(cat "$here/count" 2>/dev/null || echo 0) + 1))
		echo $count >"$here/count"
		echo "$1" >>"$here/seen"
		exec cp "$here/text.$count" "$1"
	END
	chmod +x "$DIR/editor"
	unset SUDO_EDITOR VISUAL
	export EDITOR=$DIR/editor
}

left_alone() { # the file is as it was, and there is nothing beside it
	assert_eq "$(cat "$CONF")" "$(cat "$DIR/before")" "the file"
	[ ! -e "$CONF.edit" ] || fail "$CONF.edit is left"
}

test_edit_installs_what_is_right() {
	given <<<$'[a]\nuser = root'
	given text.1 <<<$'[b]\nuid = 0'
	editor
	chmod 640 "$CONF"
	assert_eq "$(said ctl edit "$CONF" </dev/null)" \
		"$CONF is installed; it takes effect at the next login, where PAM or nsisolate-shell uses it.
status 0"
	assert_eq "$(cat "$CONF")" $'[b]\nuid = 0'
	assert_eq "$(stat -c %a "$CONF")" 640 mode
	assert_eq "$(cat "$DIR/seen")" "$CONF.edit" "what was edited"
	[ ! -e "$CONF.edit" ] || fail "$CONF.edit is left"
}

test_edit_never_installs_what_is_broken() {
	given <<<$'[a]\nuser = root'
	cp "$CONF" "$DIR/before"
	given text.1 <<<$'[a\n'
	editor
	assert_match "$(said ctl edit "$CONF" </dev/null)" \
		"^$CONF:1:3: error: expected \].*left as it is.*status 1\$"
	left_alone
	rm "$DIR/count"
	# and does not do it even when asked to
	assert_match "$(said ctl edit "$CONF" <<<$'i\ny\n\nx')" "What now\? .*What now\? .*status 1\$"
	left_alone
}

test_edit_asks_again_until_it_is_right() {
	given <<<$'[a]\nuser = root'
	given text.1 <<<$'[a\n'
	given text.2 <<<$'[a]\nusr = root'
	given text.3 <<<$'[a]\nuid = 0'
	editor
	assert_match "$(said ctl edit "$CONF" <<<$'e\ne')" \
		"expected \].*did you mean user.*is installed.*status 0"
	assert_eq "$(cat "$CONF")" $'[a]\nuid = 0'
}

test_edit_asks_before_it_installs_what_is_doubtful() {
	given <<<$'[a]\nuser = root'
	cp "$CONF" "$DIR/before"
	given text.1 <<<$'[a]\nuser = no-such-user'
	editor
	assert_match "$(said ctl edit "$CONF" <<<x)" "warning: there is no user .*status 1"
	left_alone
	rm "$DIR/count"
	assert_match "$(said ctl edit "$CONF" <<<i)" "is installed.*status 0"
	assert_eq "$(cat "$CONF")" "$(cat "$DIR/text.1")"
}

test_edit_of_nothing_changes_nothing() {
	given <<<$'[a]\nuser = root'
	cp "$CONF" "$DIR/before"
	local inode
	inode=$(stat -c %i "$CONF")
	assert_eq "$(EDITOR=true said ctl edit "$CONF")" "$CONF: unchanged
status 0"
	left_alone
	assert_eq "$(stat -c %i "$CONF")" "$inode" inode
}

test_edit_of_a_broken_file_left_as_it_was_says_that_it_is_broken() {
	given <<<$'[a\nuser = root'
	cp "$CONF" "$DIR/before"
	assert_match "$(EDITOR=true said ctl edit "$CONF")" \
		"expected \].*$CONF: unchanged, with these errors.*status 1"
	left_alone
	given <<<$'[a]\nuser = root\nisolate = yes\nhostname = x\n[b]\nuser = *'
	assert_match "$(EDITOR=true said ctl edit "$CONF")" "$CONF: unchanged.*status 0"
}

test_edit_makes_the_directory_for_the_first_drop_in() {
	given <<<$'[a]\nuser = root'
	given text.1 <<<$'[c]\nuid = 5'
	editor
	assert_match "$(EDITOR=true said ctl edit "$CONF.d/c.conf")" "c.conf: unchanged.*status 0"
	[ ! -e "$CONF.d" ] || fail "$CONF.d is left"
	assert_match "$(umask 077; said ctl edit "$CONF.d/c.conf" </dev/null)" "is installed.*status 0"
	assert_eq "$(stat -c %a "$CONF.d")" 755 "mode of the directory"
}

test_remedies_name_the_file_as_a_shell_takes_it() {
	given </dev/null
	mkdir "$DIR/a b"
	printf '[a]\r\nuser = root\r\n' >"$DIR/a b/it's.conf"
	fix=$(ctl check "$DIR/a b/it's.conf" | sed -n 's/.*fix: `\(.*\)`$/\1/p')
	assert_match "$fix" "sed -i .*'$DIR/a b/it'"
	eval "$fix"
	assert_eq "$(said ctl check "$DIR/a b/it's.conf")" "status 0"
	printf '[a]\ruser = root\r' >"$DIR/a b/it's.conf"
	eval "$(ctl check "$DIR/a b/it's.conf" | sed -n 's/.*fix: `\(.*\)`$/\1/p')"
	assert_eq "$(said ctl check "$DIR/a b/it's.conf")" "status 0"
}

test_edit_leaves_all_when_the_editor_fails() {
	given <<<$'[a]\nuser = root'
	cp "$CONF" "$DIR/before"
	assert_eq "$(EDITOR=false said ctl edit "$CONF" 2>&1)" "nsisolatectl: the editor failed
status 2"
	left_alone
	assert_match "$(EDITOR=/no/such/editor said ctl edit "$CONF" 2>&1)" \
		"cannot start an editor .*No such file.*variable EDITOR.*status 2"
	left_alone
}

test_edit_takes_an_editor_with_arguments_and_no_shell() {
	given <<<$'[a]\nuser = root'
	EDITOR="sed -i  s/root/daemon/" ctl edit "$CONF" >/dev/null || fail "status $?"
	assert_eq "$(cat "$CONF")" $'[a]\nuser = daemon'
	assert_match "$(EDITOR="true; touch $DIR/owned" said ctl edit "$CONF" 2>&1)" "status 2"
	[ ! -e "$DIR/owned" ] || fail "a shell ran"
}

test_edit_is_done_by_one_at_a_time() {
	given <<<$'[a]\nuser = root'
	mkfifo "$DIR/hold"
	given hold.sh <<<"#!/bin/sh
read x <$DIR/hold"
	chmod +x "$DIR/hold.sh"
	EDITOR=$DIR/hold.sh ctl edit "$CONF" >/dev/null &
	wait_for test -e "$CONF.edit" || fail "the first edit does not begin"
	assert_eq "$(EDITOR=true said ctl edit "$CONF" 2>&1)" \
		"nsisolatectl: $CONF is being edited by someone else
status 2"
	echo >"$DIR/hold"
	wait
	assert_match "$(EDITOR=true said ctl edit "$CONF")" "status 0"
}

test_edit_does_not_overwrite_what_others_wrote() {
	given <<<$'[a]\nuser = root'
	given both.sh <<<"#!/bin/sh
echo '[theirs]' >$CONF
echo '[mine]' >\"\$1\""
	chmod +x "$DIR/both.sh"
	assert_match "$(EDITOR=$DIR/both.sh said ctl edit "$CONF" 2>&1)" \
		"was changed by someone else in the meantime; your text is in $CONF.edit.*status 2"
	assert_eq "$(cat "$CONF")" "[theirs]"
	assert_eq "$(cat "$CONF.edit")" "[mine]"
	# what such an edit leaves behind is not in the way of the next one
	assert_match "$(EDITOR=true said ctl edit "$CONF")" "unchanged.*status 0"
	[ ! -e "$CONF.edit" ] || fail "$CONF.edit is left"
}

test_edit_of_a_drop_in_is_checked_with_the_rest() {
	given <<<$'[a]\nuser = root'
	given nsisolate.conf.d/b.conf <<<$'[b]\nuid = 4'
	given text.1 <<<$'[a]\nuid = 5'
	editor
	assert_match "$(said ctl edit "$CONF.d/b.conf" </dev/null)" \
		"b.conf:1:2: error: \[a\] is there already, at $CONF:1.*status 1"
	rm "$DIR/count"
	# nor one that does not exist yet
	assert_match "$(said ctl edit "$CONF.d/c.conf" </dev/null)" "c.conf:1:2: error.*status 1"
	[ ! -e "$CONF.d/c.conf" ] || fail "c.conf is there"
	rm "$DIR/count"
	given text.1 <<<$'[c]\nuid = 5'
	assert_match "$(said ctl edit "$CONF.d/c.conf" </dev/null)" "is installed.*status 0"
	assert_eq "$(stat -c %a "$CONF.d/c.conf")" 644 mode
	assert_eq "$(said ctl check "$CONF")" "status 0"
}

test_edit_says_when_a_file_counts() {
	given <<<$'[a]\nuser = root'
	given nsisolate.conf.d/b.conf <<<$'[b]\nuid = 4'
	given nsisolate.conf.d/site <<<$'[c]\nuid = 4'
	assert_match "$(EDITOR="sed -i s/4/5/" said ctl edit "$CONF.d/site")" \
		"site is installed; but no login reads it: names of drop-ins must end in .conf.*status 0"
	assert_match "$(EDITOR="sed -i s/4/5/" said ctl edit "$CONF.d/b.conf")" "next login, where .*status 0"
	assert_match "$(said ctl check "$CONF")" "nsisolate.conf.d/site: warning: is not read.*status 1"
	rm "$CONF.d/site"
	ln -s /dev/null "$CONF.d/c.conf"
	assert_eq "$(said ctl check "$CONF")" "status 0"
	assert_match "$(EDITOR=true said ctl edit "$CONF.d/c.conf" 2>&1)" "is masked.*status 2"
}

test_edit_follows_links() {
	given real.conf <<<$'[a]\nuser = root'
	CONF=$DIR/link.conf
	ln -s real.conf "$CONF"
	EDITOR="sed -i s/root/daemon/" ctl edit "$CONF" >/dev/null || fail "status $?"
	[ -L "$CONF" ] || fail "the link is gone"
	assert_eq "$(cat "$DIR/real.conf")" $'[a]\nuser = daemon'
}

test_edit_of_something_that_is_not_a_file() {
	given <<<'[a]'
	mkfifo "$DIR/fifo"
	assert_match "$(EDITOR=true said ctl edit "$DIR" 2>&1)" "cannot edit .*Is a directory.*status 2"
	assert_match "$(EDITOR=true said timeout "$(pace_seconds 100)" "$NSISOLATECTL" edit "$DIR/fifo" 2>&1)" \
		"cannot edit .*status 2"
	assert_match "$(EDITOR=true said ctl edit "$DIR/no/such.conf" 2>&1)" "No such file.*status 2"
}

# ---- the command line ----

test_wrong_calls_say_how_it_is_called() {
	local call
	for call in "check --jsn" "check a b" "explain" "explain --service" "explain a b" \
		"explain --colour root" "edit a b" "edit --now"; do
		# shellcheck disable=SC2086 # words
		assert_match "$(said ctl $call 2>&1)" "^usage: nsisolatectl ${call%% *} .*status 2\$" "$call"
	done
	assert_match "$(said ctl 2>&1)" "usage: nsisolatectl COMMAND.*status 2"
	assert_match "$(said ctl chekc 2>&1)" "there is no command 'chekc'.*status 2"
	assert_match "$(said ctl --help 2>/dev/null)" "usage: .*status 0"
	assert_match "$(said ctl --version)" "^nsisolatectl [0-9.]+.status 0"
}
