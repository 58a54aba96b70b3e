# Completion of nsisolatectl in bash and zsh, as installed, while a session is running.
. tests/stage.sh

# complete_bash WORD...: what bash offers for the last one
complete_bash() {
	bash --norc -c '
		. "$0" || exit
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_nsisolatectl "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' "$BASHCOMPDIR/nsisolatectl" nsisolatectl "$@" |
		sort | tr '\n' ' '
}

commands() { nsisolatectl --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | sort; }

session_start() {
	sshd_start
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 'exec sleep 301' >/dev/null 2>&1 &
	client=$!
	wait_for pgrep -u alice -x sleep || fail "no session"
}
session_over() {
	pkill -KILL -x sleep
	wait $client 2>/dev/null
	sshd_stop
	nothing_left
}

test_bash_offers_commands_options_and_sessions() {
	local command option
	session_start
	assert_eq "$(complete_bash '')" "$({ commands; echo --help; echo --version; } | sort | tr '\n' ' ')"
	assert_match "$(commands | tr '\n' ' ')" 'check .*end enter explain list tree '
	assert_eq "$(complete_bash en)" "enable end enter "
	# every option of a command
	for command in $(commands); do
		assert_eq "$(complete_bash "$command" -)" "$(nsisolatectl --help | grep "^  $command " |
			{ grep -oE -e '--[a-z-]*' || echo; } | sort -u | tr '\n' ' ')" "$command"
	done
	for command in tree enter end 'end alice/1' 'enter --root'; do
		# shellcheck disable=SC2086 # words
		assert_eq "$(complete_bash $command a)" "alice/1 " "$command"
	done
	assert_eq "$(complete_bash enter alice/1 -- nsisolatec)" "nsisolatectl "
	assert_eq "$(complete_bash explain dav)" "dave "
	assert_eq "$(complete_bash end --user dav)" "dave "
	assert_eq "$(complete_bash explain --service = nsis)" "nsisolate-shell "
	assert_match "$(complete_bash explain --service ss)" 'sshd '
	assert_match "$(complete_bash enable --dry-run ss)" 'sshd '
	assert_eq "$(complete_bash enable --rescue-group roo)" "root "
	assert_eq "$(complete_bash explain --from '')" " "
	assert_eq "$(complete_bash check /etc/nsisolate.con)" "/etc/nsisolate.conf "
	assert_eq "$(complete_bash nonsense '')" " "
	session_over
}

# A name is offered as it is, and is never executed.
test_bash_expands_no_name() {
	assert_eq "$(cur='' && . "$BASHCOMPDIR/nsisolatectl" &&
		_nsisolatectl_offer <<<'$(touch /tmp/expanded)/1' && echo "${COMPREPLY[@]}")" \
		'\$\(touch\ /tmp/expanded\)/1'
	[ ! -e /tmp/expanded ] || fail "a name was run"
}

test_zsh_offers_commands_options_and_sessions() {
	local lines
	session_start
	# each line, as typed up to the star and as completed
	mapfile -t lines <<-'END'
		nsisolatectl lis*t
		nsisolatectl explain --js*on
		nsisolatectl tree al*ice/1
		nsisolatectl enter --root al*ice/1
		nsisolatectl enter alice/1 -- nsisolatec*tl
		nsisolatectl end --user dav*e
		nsisolatectl explain --service=nsis*olate-shell
		nsisolatectl check /etc/nsisolate.con*f
	END
	assert_eq "$(expect -f tests/login/complete_zsh.exp "$ZSHCOMPDIR" "${lines[@]%\**}" 2>&1)" \
		"$(printf '%s \n' "${lines[@]/\*/}")"
	session_over
}
