# What people do over ssh works as before, through the module and through the shell.
. tests/stage.sh

inside() { on "$user" "$@"; }
scp_() { timeout "$(pace_seconds 500)" scp -q "${SSH_OPTIONS[@]}" "$@"; }

check_status() {
	local status
	for status in 0 1 42 127 255; do
		inside "exit $status"
		assert_eq $? $status "exit status"
	done
}
test_exit_statuses_arrive() { both check_status; }

check_death() {
	local signal got wanted
	for signal in TERM KILL SEGV HUP; do
		got=$(inside "kill -$signal \$\$" 2>&1; echo "status $?")
		wanted=$(on carol "kill -$signal \$\$" 2>&1; echo "status $?")
		assert_eq "$got" "$wanted" "death by SIG$signal, compared with a plain login"
	done
}
test_death_by_signal_looks_as_without_us() { both check_death; }

check_silence() {
	assert_eq "$(inside true 2>&1)" "" "output of true"
	assert_eq "$(inside 'printf "%s|" a "b c" "*"' 2>&1)" "a|b c|*|" "words of a command"
	assert_eq "$(inside 'echo out; echo err >&2' 2>/dev/null)" out stdout
	assert_eq "$(inside 'echo out; echo err >&2' 2>&1 >/dev/null)" err stderr
}
test_nothing_is_added_to_what_a_command_prints() { both check_silence; }

check_stdin() {
	local before after
	head -c 3000000 /dev/urandom >/run/stage/random
	before=$(sha256sum </run/stage/random)
	after=$(inside cat </run/stage/random | sha256sum)
	rm /run/stage/random
	assert_eq "$after" "$before" "3 MB through cat"
}
test_three_megabytes_pass_through_stdin_and_back() { both check_stdin; }

check_environment() {
	local variables
	variables=$(STAGE_WORD=passed on "$user" -o SendEnv=STAGE_WORD \
		'echo "$USER $LOGNAME $HOME $PWD $STAGE_WORD"; basename "$SHELL"')
	assert_match "$variables" "^$user $user /home/$user /home/$user passed
(bash|sh)\$" environment
}
test_the_environment_is_that_of_a_login() { both check_environment; }

check_terminal() {
	local seen
	seen=$(on "$user" -tt 'tty; stty size >/dev/null && echo sized; hostname' 2>/dev/null | tr -d '\r')
	assert_match "$seen" "^/dev/pts/[0-9]+
sized
$user-lab\$" "a terminal"
	on "$user" -tt 'exit 42' >/dev/null 2>&1
	assert_eq $? 42 "exit status with a terminal"
}
test_a_terminal_is_one() { both check_terminal; }

check_scp() {
	local old
	head -c 100000 /dev/urandom >/run/stage/file
	scp_ /run/stage/file "$user@127.0.0.1:there" || fail "scp to the host"
	scp_ "$user@127.0.0.1:there" /run/stage/back || fail "scp from the host"
	cmp /run/stage/file /run/stage/back || fail "another file came back"
	# before OpenSSH 9 it was the only protocol, and needed no option
	scp -O 2>&1 | grep -q 'unknown option' || old=-O
	scp_ ${old:-} "$user@127.0.0.1:there" /run/stage/back || fail "scp by the old protocol"
	cmp /run/stage/file /run/stage/back || fail "another file came back by the old protocol"
	rm /run/stage/file /run/stage/back "/home/$user/there"
}
test_scp_both_ways() { both check_scp; }

check_sftp() {
	echo content >/run/stage/file
	printf 'put /run/stage/file there\nls\nget there /run/stage/back\nrm there\n' |
		timeout "$(pace_seconds 500)" sftp -q "${SSH_OPTIONS[@]}" -b - "$user@127.0.0.1" >/dev/null || fail sftp
	cmp /run/stage/file /run/stage/back || fail "another file came back"
	rm /run/stage/file /run/stage/back
}
test_sftp() { both check_sftp; }

test_internal_sftp_through_the_module() {
	SFTP=internal-sftp sshd_start
	user=alice check_sftp
	sshd_stop
	nothing_left
}

check_rsync() {
	mkdir /run/stage/tree; seq 1000 >/run/stage/tree/a; seq 2000 >/run/stage/tree/b
	timeout "$(pace_seconds 500)" rsync -a -e "ssh ${SSH_OPTIONS[*]}" /run/stage/tree "$user@127.0.0.1:" || fail "rsync to"
	timeout "$(pace_seconds 500)" rsync -a -e "ssh ${SSH_OPTIONS[*]}" "$user@127.0.0.1:tree" /run/stage/back || fail "rsync from"
	diff -r /run/stage/tree /run/stage/back/tree || fail "other files came back"
	rm -r /run/stage/tree /run/stage/back "/home/$user/tree"
}
test_rsync() { both check_rsync; }

check_git() {
	export GIT_SSH_COMMAND="ssh ${SSH_OPTIONS[*]}" GIT_CONFIG_GLOBAL=/dev/null
	as "$user" git init -q --bare "/home/$user/repo.git"
	timeout "$(pace_seconds 500)" git clone -q "$user@127.0.0.1:repo.git" /run/stage/clone 2>/dev/null || fail "git clone"
	(cd /run/stage/clone && git -c user.name=stage -c user.email=stage@lab commit -q --allow-empty \
		-m first && timeout "$(pace_seconds 500)" git push -q origin HEAD) || fail "git push"
	assert_eq "$(as "$user" git --git-dir "/home/$user/repo.git" log --all --format=%s)" first
	rm -r /run/stage/clone "/home/$user/repo.git"
}
test_git_over_ssh() { both check_git; }

check_channels() {
	local control=/run/stage/control i
	on "$user" -o ControlMaster=yes -o ControlPath=$control -N &
	wait_for test -S $control
	for i in 1 2 3 4 5; do
		on "$user" -o ControlPath=$control "sleep 0.2; echo $i \$(hostname)" >/run/stage/out$i &
	done
	wait_for_all() { [ "$(cat /run/stage/out? | wc -l)" = 5 ]; }
	wait_for wait_for_all || fail "not all channels answered"
	for i in 1 2 3 4 5; do assert_eq "$(cat /run/stage/out$i)" "$i $user-lab" "channel $i"; done
	ssh -o ControlPath=$control -O exit "$user@127.0.0.1" 2>/dev/null
	wait_for test ! -e $control
	rm /run/stage/out?
}
test_five_channels_of_one_connection() { both check_channels; }

check_forwarding() {
	local answer client port
	on "$user" -L 127.0.0.1:2201:127.0.0.1:22 -R 127.0.0.1:2202:127.0.0.1:22 \
		-o ExitOnForwardFailure=yes 'echo up; read line' </run/stage/fifo >/run/stage/up & client=$!
	exec 7>/run/stage/fifo
	wait_for grep -q up /run/stage/up || fail "no session for the forwardings"
	for port in 2201 2202; do
		answer=$(timeout "$(pace_seconds 100)" bash -c "exec 8<>/dev/tcp/127.0.0.1/$port; head -c 7 <&8")
		assert_eq "$answer" SSH-2.0 "what answers on port $port"
	done
	echo >&7
	exec 7>&-
	wait $client
	rm /run/stage/up
}
test_ports_are_forwarded_both_ways() {
	mkfifo /run/stage/fifo
	trap 'rm -f /run/stage/fifo' RETURN
	both check_forwarding
}

check_without_command() {
	local client
	on "$user" -N & client=$!
	wait_for pgrep -u "$user" sshd || fail "no session"
	pkill -x ssh
	wait $client 2>/dev/null
}
test_ssh_without_a_command() { both check_without_command; }

test_agent_forwarding() {
	local socket
	socket=$(ssh-agent -a /run/stage/agent)
	eval "$socket" >/dev/null
	ssh-add -q $STAGE/keys/user
	sshd_start
	for user in alice; do
		assert_match "$(on "$user" -A 'ssh-add -l')" ED25519 "keys of the agent"
	done
	sshd_stop
	kill "$SSH_AGENT_PID"
	wait_for test ! -e /run/stage/agent
	nothing_left
}

test_rekeying_in_the_middle() {
	sshd_start
	assert_eq "$(head -c 3000000 /dev/zero | on alice -o 'RekeyLimit=500K' 'wc -c; hostname')" "3000000
alice-lab"
	sshd_stop
	nothing_left
}

test_dropped_connections_end_their_sessions() {
	separate
	sshd_start
	on alice 'trap "" HUP; sleep 300' & client=$!
	wait_for pgrep -u alice sleep || fail "no session"
	pkill -KILL -x ssh
	wait $client 2>/dev/null
	gone() { ! pgrep -u alice; }
	wait_for gone || fail "alice still has $(pgrep -a -u alice)"
	sshd_stop
	nothing_left
}

test_a_network_that_goes_away_ends_the_session() {
	local client
	separate
	sshd_start ClientAliveInterval=1 ClientAliveCountMax=1
	on alice 'trap "" HUP; sleep 300' & client=$!
	wait_for pgrep -u alice sleep || fail "no session"
	ip link set lo down
	gone() { ! pgrep -u alice; }
	wait_for gone || fail "alice still has $(pgrep -a -u alice)"
	ip link set lo up
	pkill -KILL -x ssh
	wait $client 2>/dev/null
	sshd_stop
	nothing_left
}
