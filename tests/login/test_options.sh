# Options: of the module's line in a PAM stack, and of nsisolate-init's command line.  Wrong ones are refused
# with a message that says what was expected.
. tests/stage.sh

stack() { own_stack "session required pam_nsisolate.so $*"; } # stack OPTION...
app() { "$BUILD/tests/pam_app" stage "$@"; }

# ---- the module's ----

# options | what the log must say
wrong_options() {
	cat <<-'END'
		conf=nsisolate.conf|conf=nsisolate\.conf: expected an absolute path
		conf=|conf=: expected an absolute path
		rescue_group=|rescue_group=: expected the name of a group
		open close|`open` and `close` on one line
		debgu|unknown argument 'debgu'
		debug conf=/etc/nsisolate.conf Open|unknown argument 'Open'
	END
}

test_a_wrong_option_refuses_and_says_what_was_expected() {
	local options words
	printf '[all]\n' | conf
	while IFS='|' read -r options words; do
		stack "$options"
		: >$LOGS/syslog
		app alice remember refused same 2>/dev/null || fail "let in with: $options"
		logged "session refused: user=.*$words" >/dev/null
		: >$LOGS/syslog
		app root remember open same close same 2>/dev/null || fail "root is kept out by: $options"
		logged "^<81>.*NOT isolated: .*$words" >/dev/null
	done < <(wrong_options)
	nothing_left
}

test_debug_names_the_rule_of_a_user_who_is_not_isolated() {
	printf '[ours]\nuser = alice\nisolate = no\n[other]\nuser = bob\n' | conf
	stack debug
	app alice open run 'test "$(uname -n)" = lab' close || fail "alice"
	logged '^<87>.*not isolated: user=alice rule=ours' >/dev/null
	app carol open run 'test "$(uname -n)" = lab' close || fail "carol"
	logged '^<87>.*not isolated: user=carol rule=\(none\)' >/dev/null
	: >$LOGS/syslog
	stack
	app alice open close
	not_logged 'not isolated' # without being asked
	nothing_left
}

# ---- what the application did before, or does meanwhile ----

# like a hub, with one handle per user
test_a_second_session_in_one_process_is_refused_in_words_of_its_own() {
	local said
	printf '[ours]\nuser = carol\nisolate = no\n[all]\nhostname = %%u-lab\n' | conf
	stack
	for second in bob carol alice nosuchuser; do
		: >$LOGS/syslog
		app alice remember open also $second refused end first \
			run 'test "$(uname -n)" = alice-lab' close same end 2>/dev/null || fail "$second"
		said=$(logged 'session refused: user=')
		assert_match "$said" 'has a session open already, of alice \(id .*one process per login'
		[[ $said != *iniparser* && $said != */proc* ]] || fail "words about something else: $said"
	done
	# one after the other is fine
	app alice remember open close also bob open run 'test "$(uname -n)" = bob-lab' close same 2>/dev/null ||
		fail "bob behind alice"
	nothing_left
}

test_root_is_let_in_outside_of_anothers_session() {
	printf '[root]\nuid = 0\nisolate = no\n[all]\n' | conf
	stack
	app alice remember open also root open run 'test "$(uname -n)" = lab' same close \
		first close same end || fail "root beside alice"
	logged '^<81>.*NOT isolated: user=root is let in \(uid 0; the process has left that session\): .*of alice' >/dev/null
	logged 'session closed: user=alice' >/dev/null
	printf '[all]\nhostname = %%u-%%l\n' | conf
	app alice remember open also root open run 'test "$(uname -n)" = root-lab' close same first close same end ||
		fail "root, isolated, beside alice"
	nothing_left
}

test_an_application_that_has_left_its_pid_namespace_already_is_refused() {
	printf '[all]\n' | conf
	stack
	# an empty directory looks as if /proc were not mounted
	unshare --pid "$BUILD/tests/pam_app" stage alice refused 2>/dev/null || fail "let in"
	logged 'session refused: user=alice.*no other session open in this process' >/dev/null
	unshare --pid sh -c "sleep 50 & exec '$BUILD/tests/pam_app' stage alice refused" 2>/dev/null || fail "let in"
	logged 'session refused: user=alice.*has left its PID namespace already' >/dev/null
	pkill -KILL -x sleep
	nothing_left
}

# Otherwise a process that was chrooted during the session would be let out.
test_an_application_that_changed_its_root_stays_in_the_sessions_mounts() {
	printf '[all]\n' | conf
	stack
	app root open chroot /home close || fail "it cannot be closed"
	logged '^<82>.*the application changed its root during the session' >/dev/null
	nothing_left
}

test_no_user_is_no_session() {
	printf '[all]\n' | conf
	stack
	"$BUILD/tests/pam_app" stage '' refused 2>/dev/null || fail "let in"
	logged 'session refused.*the application named no user' >/dev/null
	nothing_left
}

# ---- nsisolate-init's ----

test_a_leader_that_cannot_be_seen_is_reported() {
	assert_eq "$(unshare --pid --fork "$NSISOLATE_INIT" --attach --host-mount=1 --uts --pid | cat)" \
		"failed the leader is outside of this PID namespace"
	nothing_left
}

# command line | what it must say
wrong_lines() {
	cat <<-'END'
		-- true|no kind of namespace is named
		--uts|expected either --attach or -- COMMAND
		--uts --|expected either --attach or -- COMMAND
		--uts --attach --host-mount=1 -- true|expected either --attach or -- COMMAND
		--uts --nonsense -- true|--nonsense: unknown option
		--uts=1 -- true|--uts: takes no value
		--uts --uid=root -- true|--uid=root: expected an id
		--uts --gid=4294967295 -- true|--gid=4294967295: expected an id
		--uts --gid= -- true|--gid=: expected an id
		--uts --scope=user -- true|--scope=user needs --pid
		--pid --scope=some -- true|--scope=some: expected session or user
		--user --uts --attach|--attach with --user needs --scope=user
		--pid --attach|needs a parent in a mount namespace of its own
		--pid --attach --host-mount=0|expected an inode number
		--pid --attach --host-mount=-1|expected an inode number
		--pid --moved=x -- true|--moved=x: unknown option
		--pid --grace=never -- true|--grace=never: expected a number
		--uts --hostname= -- true|--hostname: expected 1 to
		--uts --hostname -- true|--hostname: expected =VALUE
	END
}

test_a_wrong_command_line_runs_nothing() {
	local line words said status
	while IFS='|' read -r line words; do
		# shellcheck disable=SC2086 # words
		said=$("$NSISOLATE_INIT" ${line/true/echo it ran} 2>&1)
		status=$?
		assert_eq $status 2 "status of $line ($said)"
		assert_match "$said" "^nsisolate-init: .*$words" "what it says of $line"
		[[ $said != *'it ran'* ]] || fail "it ran: $line"
	done < <(wrong_lines)
	nothing_left
}

test_help_and_version_say_what_they_are_asked() {
	assert_match "$("$NSISOLATE_INIT" --help)" '^usage: nsisolate-init .*--attach.*--private=LIST'
	assert_match "$("$NSISOLATE_INIT" --version)" '^nsisolate-init [0-9.]+$'
	! "$NSISOLATE_INIT" --help >/dev/full 2>&1 || fail "it does not see that nothing was written"
	! "$NSISOLATE_INIT" --version >/dev/full 2>&1 || fail "nor for --version"
}

# The title it gets through systemd-run: the first word alone.
test_the_title_it_is_given_is_the_one_that_is_shown() {
	# PID 1 takes it once the command has started
	assert_eq "$("$NSISOLATE_INIT" --pid --title=a-title --hostname=inside --uts -- sh -c '
		until [ "$(tr -d "\0" </proc/1/cmdline)" = a-title ]; do sleep 0.01; done; echo shown')" shown "the title"
}

test_a_shared_session_of_a_shell_without_a_runtime_directory_is_refused() {
	printf '[all]\nscope = user\n' | conf
	! as dave "$NSISOLATE_SHELL" -c 'echo in' >$STAGE/said 2>&1 || fail "let in"
	assert_match "$(cat $STAGE/said)" '/run/user/5004, through which .* cannot be opened \(pam_systemd makes it\)'
	rm $STAGE/said
	nothing_left
}
