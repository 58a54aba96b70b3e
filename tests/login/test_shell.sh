# nsisolate-shell as a login shell, by ForceCommand and by hand; nsisolate-init by hand.
. tests/stage.sh

shell() { as dave /usr/bin/nsisolate-shell "$@"; }
init() { as dave /usr/libexec/nsisolate/nsisolate-init "$@"; }

test_a_command_is_one_argument() {
	assert_eq "$(shell -c 'printf "%s|" "$0" "$@"' zero 'one two' three)" "zero|one two|three|"
}

test_all_arguments_are_handed_on() {
	assert_match "$(shell -e -u -c 'echo $-')" "ue|eu" "options"
	echo 'echo script $1' >/home/dave/script
	assert_eq "$(shell /home/dave/script word)" "script word"
	rm /home/dave/script
}

test_a_login_shell_knows_that_it_is_one() {
	sshd_start
	assert_match "$(on dave -tt <<<'echo "name=$0"; exit' | tr -d '\r')" "name=-sh" "argv[0] at a terminal"
	assert_match "$(on dave 'echo "name=$0"')" "name=/bin/sh" "argv[0] of a command"
	sshd_stop
	nothing_left
}

test_SHELL_is_the_real_shell() {
	assert_eq "$(shell -c 'echo $SHELL')" /bin/sh
}

test_exit_statuses_and_deaths_are_exact() {
	local status signal
	for status in 0 1 2 42 64 126 127 128 137 254 255; do
		shell -c "exit $status"
		assert_eq $? $status "exit status"
	done
	for signal in HUP INT QUIT TERM KILL USR1 SEGV ABRT PIPE ALRM; do
		shell -c "kill -$signal \$\$" 2>/dev/null
		assert_eq $? $((128 + $(kill -l $signal))) "death by SIG$signal"
	done
}

test_a_shell_that_is_missing_is_named() {
	local output
	printf '[all]\nshell = /no/such/shell\n' | conf
	output=$(shell -c true 2>&1)
	assert_eq $? 127 "exit status"
	assert_match "$output" "cannot run /no/such/shell: No such file or directory"
}

test_a_rule_cannot_make_it_start_itself() {
	local output
	printf '[all]\nshell = /usr/bin/nsisolate-shell\n' | conf
	output=$(shell -c true 2>&1)
	assert_eq $? 1 "exit status"
	assert_match "$output" "is nsisolate-shell itself"
	assert_eq "$(/usr/bin/nsisolate-shell -c 'echo root got in' 2>/dev/null)" "root got in"
	ln -s /usr/bin/nsisolate-shell /usr/bin/other-name
	printf '[all]\nshell = /usr/bin/other-name\n' | conf
	assert_match "$(shell -c true 2>&1)" "is nsisolate-shell itself" "by another name"
	rm /usr/bin/other-name
}

test_inside_a_session_it_only_execs() {
	assert_eq "$(shell -c 'nsisolate-shell -c "readlink /proc/self/ns/pid"; readlink /proc/self/ns/pid' |
		uniq | wc -l)" 1 "namespaces"
	assert_eq "$(shell -c 'nsisolate-shell -c "hostname; ps -e | grep -c nsisolate-init"')" "dave-lab
1"
}

test_inside_a_session_the_shell_is_still_the_rules() {
	printf '[dave]\nuser = dave\nshell = /bin/bash\n' | conf
	assert_eq "$(shell -c 'exec nsisolate-shell -c "hostname; echo \$0"' 2>&1)" "dave-lab
/bin/bash"
	# already isolated: a configuration that has become invalid refuses nobody
	assert_match "$(shell -c 'printf x >>conf; nsisolate-shell --config=conf -c "hostname; echo \$0"' 2>&1)" \
		'nsisolate-shell: .*conf.*dave-lab./bin/sh$'
}

# as dave, or by su, in a session that the module made for alice: like an sshd that was started in there
test_inside_the_session_of_somebody_else_there_is_one_of_ones_own() {
	local client
	sshd_start
	on alice 'exec sleep 300' &
	client=$!
	wait_for pgrep -u alice -x sleep || fail "no session"
	# the control: alice's own shell in there is in her session
	assert_eq "$(nsisolatectl enter alice/1 -- nsisolate-shell -c hostname)" alice-lab
	assert_eq "$(nsisolatectl enter --root alice/1 -- setpriv --reuid dave --regid dave --init-groups \
		env HOME=/home/dave nsisolate-shell -c 'hostname; ps -e | grep -c sleep')" "dave-alice-lab
0" "a login as sshd has it"
	assert_eq "$(nsisolatectl enter --root alice/1 -- su - dave -c hostname)" dave-alice-lab su
	pkill -u alice -x sleep
	wait $client
	sshd_stop
	nothing_left
}

# in_container WORD...: process 1 of a PID namespace, with the name of our init, runs a command there
in_container() {
	cp /bin/bash /tmp/nsisolate-init
	chmod 755 /tmp/nsisolate-init
	"$@" /tmp/nsisolate-init -c 'cat /proc/1/comm; eval "$0"; :' "$COMMAND"
	rm /tmp/nsisolate-init
}

test_a_container_whose_first_process_has_that_name_is_not_a_session() {
	assert_eq "$(COMMAND='su - dave -c hostname' in_container unshare --pid --fork --mount-proc)" \
		"nsisolate-init
dave-lab" "root's"
	as dave unshare --user --map-current-user true || skip "unshare cannot map the current user"
	assert_eq "$(COMMAND='nsisolate-shell -c hostname' in_container \
		as dave unshare --user --map-current-user --pid --fork --mount --mount-proc)" "nsisolate-init
dave-lab" "the user's own"
	nothing_left
}

# root has one only if a rule says so
test_root_in_a_session_of_roots_has_no_second_one() {
	printf '[root]\nuser = root\n' | conf
	assert_eq "$(nsisolate-shell -c 'nsisolate-shell -c "readlink /proc/self/ns/pid"; readlink /proc/self/ns/pid' |
		uniq | wc -l)" 1 "namespaces by the shell"
	sshd_start
	assert_eq "$(on root 'nsisolate-shell -c "readlink /proc/self/ns/pid"; readlink /proc/self/ns/pid' |
		uniq | wc -l)" 1 "namespaces by the module"
	sshd_stop
	nothing_left
}

test_where_no_rule_isolates_it_only_execs() {
	printf '[none]\nuser = nobody\n' | conf
	assert_eq "$(shell -c 'hostname; echo $SHELL')" "lab
/bin/sh"
	printf '[dave]\nuser = dave\nisolate = no\nshell = /bin/bash\n' | conf
	assert_eq "$(shell -c 'hostname; echo $SHELL')" "lab
/bin/bash" "with the rule's shell"
}

# ForceCommand replaces the key's command: README says so
test_a_key_bound_to_a_command_can_do_that_alone() {
	local user
	pam_stack sshd ''
	for user in alice dave; do # alice's shell is not ours: the control
		sed -i 's/^/command="echo only; hostname" /' /home/$user/.ssh/authorized_keys
	done
	sshd_start
	assert_eq "$(on alice 'echo all')" "only
lab" "without a session"
	assert_eq "$(on dave 'echo all')" "only
dave-lab" "a command"
	assert_eq "$(on dave -tt | tr -d '\r')" "only
dave-lab" "a terminal"
	assert_eq "$(on dave -s sftp </dev/null)" "only
dave-lab" "a subsystem"
	sshd_stop
	sshd_start 'ForceCommand=/usr/bin/nsisolate-shell -l'
	assert_eq "$(on dave 'echo all')" all "the command of a key is obeyed now: say so"
	sshd_stop
	# what sshd tells of the key that let in
	sshd_start 'ForceCommand=/usr/bin/nsisolate-shell -l' 'ExposeAuthInfo yes'
	assert_eq "$(on dave 'cat "$SSH_USER_AUTH"')" "publickey $(cut -d ' ' -f 1,2 $STAGE/keys/user.pub)" \
		"more than the key: say so in nsisolate-shell(8)"
	sshd_stop
	sed -i 's/^command="[^"]*" //' /home/{alice,dave}/.ssh/authorized_keys
	nothing_left
}

# Where sshd knows that word, and 10.4 does not in a Match block
test_a_group_can_have_a_stack_with_the_module_of_its_own() {
	local option='PAMServiceName nsisolate-group'
	pam_stack sshd ''
	{ cat /etc/pam.d/sshd; echo 'session required pam_nsisolate.so'; } >/etc/pam.d/nsisolate-group
	printf '[group]\nservice = nsisolate-group\n' | conf
	sed -i 's/^/command="hostname" /' /home/{alice,bob}/.ssh/authorized_keys
	sshd_start
	sshd_stop
	printf 'Match Group alice\n\t%s\n' "$option" >>$STAGE/sshd_config
	if "$(command -v sshd)" -t -f $STAGE/sshd_config 2>$LOGS/sshd; then
		"$(command -v sshd)" -D -E $LOGS/sshd -f $STAGE/sshd_config &
		SSHD=$!
		wait_for listens 22 || fail "sshd does not listen: $(cat $LOGS/sshd)"
		assert_eq "$(on alice 'echo all'; on bob 'echo all')" "alice-lab
lab" "the command of the key of a member, and of somebody else"
		sshd_stop
	else
		assert_match "$(cat $LOGS/sshd)" 'Bad configuration option|not allowed within a Match block'
	fi
	rm /etc/pam.d/nsisolate-group
	sed -i 's/^command="[^"]*" //' /home/{alice,bob}/.ssh/authorized_keys
	nothing_left
}

# CAVEATS of nsisolate-shell(8); each compared with the same without a session
chown_says() { # chown_says UID GID: the result, for a file of dave's own
	echo "import errno, os
try:
    os.chown('/home/dave/file', $1, $2); print('done')
except OSError as error:
    print(errno.errorcode[error.errno])" >/home/dave/chown.py
	as dave python3 /home/dave/chown.py
	shell -c 'python3 /home/dave/chown.py'
}
test_what_the_manual_says_of_owners_and_groups_is_so() {
	echo 'crew:x:5050:dave' >>/etc/group
	as dave touch /home/dave/file
	assert_eq "$(chown_says 0 -1)" "EPERM
EINVAL" "to root, which fakeroot forgives only by the first of these"
	assert_eq "$(chown_says -1 5050)" "done
EINVAL" "to a group of dave's"
	assert_eq "$(chown_says -1 5004)" "done
done" "to dave's primary group"
	as dave chgrp crew /home/dave/file
	as dave sed -i s/a/b/ /home/dave/file
	assert_eq "$(stat -c %G /home/dave/file)" crew "the group behind sed -i, without a session"
	shell -c 'sed -i s/a/b/ /home/dave/file' # without a message
	assert_eq "$(stat -c %G /home/dave/file)" dave "the group behind sed -i"
	as dave chgrp crew /home/dave/file
	shell -c 'cp -p /home/dave/file /home/dave/copy' # likewise
	assert_eq "$(stat -c %G /home/dave/copy)" dave "the group behind cp -p"
	as dave rsync -a /home/dave/file /home/dave/copy || fail "rsync fails without a session"
	rm /home/dave/copy
	shell -c 'rsync -a /home/dave/file /home/dave/copy' 2>/dev/null
	assert_eq $? 23 "the status of rsync -a"
	rm -f /home/dave/{file,copy,chown.py}
	sed -i /^crew:/d /etc/group
}

test_what_the_manual_says_of_sessions_of_one_connection_is_so() {
	local shared=(-o ControlPath=/run/stage/control)
	printf '[all]\n' | conf
	pam_stack sshd ''
	sshd_start
	echo 'sleep 300 & echo $! >/dev/null' >/home/dave/.ssh/rc
	on dave -o ControlMaster=yes -o ControlPersist=yes "${shared[@]}" true
	on dave "${shared[@]}" true
	wait_for has_ended dave || fail "what ~/.ssh/rc began lives on: say so in nsisolate-shell(8)"
	all_logged
	# by the log: the kernel gives the number of a namespace that has ended to the next
	assert_eq "$(grep -c 'session opened: user=dave .* joined=no' $LOGS/syslog)" 4 \
		"sessions of two channels, each with one of ~/.ssh/rc"
	ssh "${shared[@]}" -O exit dave@127.0.0.1 2>/dev/null
	rm -f /home/dave/.ssh/rc
	sshd_stop
	nothing_left
}

test_force_command_with_and_without_a_command() {
	pam_stack sshd ''
	sshd_start 'ForceCommand=/usr/bin/nsisolate-shell -l'
	assert_eq "$(on bob 'hostname; printf "%s|" "a b"')" "bob-lab
a b|" "the client's command"
	assert_eq "$(on bob <<<'hostname; shopt -q login_shell && echo login')" "bob-lab
login" "no command: a login shell"
	on bob 'exit 42'
	assert_eq $? 42 "exit status"
	sshd_stop
	nothing_left
}

test_an_own_configuration_needs_no_root() {
	echo '[mine]
hostname = %U-own' >/home/dave/my.conf
	assert_eq "$(shell --config=/home/dave/my.conf -c hostname)" 5004-own
	rm /home/dave/my.conf
}

test_a_wrong_configuration_is_refused_with_its_place() {
	local output
	printf '[all]\nisolat = yes\n' | conf
	output=$(shell -c true 2>&1)
	assert_eq $? 1 "exit status"
	assert_match "$output" "nsisolate.conf:2:1: error: unknown key 'isolat'" message
	assert_eq "$(/usr/bin/nsisolate-shell -c 'echo root got in' 2>/dev/null)" "root got in"
}

test_closed_stdio_does_not_matter() {
	shell -c 'hostname >/home/dave/out; exit 7' <&- >&- 2>&-
	assert_eq $? 7 "exit status"
	assert_eq "$(cat /home/dave/out)" dave-lab
	rm /home/dave/out
}

test_a_pipe_that_the_command_closes_is_closed() {
	assert_eq "$(as dave bash -c '/usr/bin/nsisolate-shell -c "exec >&- 2>&-; exec sleep 301" |
		{ cat; for i in {1..99}; do pgrep -x sleep >/dev/null && break; sleep 0.1; done
			pkill -x sleep && echo "it still runs"; }')" "it still runs" \
		"when the pipe's end is seen"
}

test_two_megabytes_of_arguments_and_environment_pass() {
	local big words=() i
	big=$(head -c 131000 /dev/zero | tr '\0' x) # the kernel's limit for a single one is 128 KiB
	for i in 1 2 3 4 5 6 7 8; do words+=("$big"); done
	assert_eq "$(as dave env A="$big" B="$big" C="$big" D="$big" E="$big" F="$big" G="$big" \
		/usr/bin/nsisolate-shell -c 'for w; do n=$((${n:-0} + ${#w})); done; echo $((n + 7 * ${#G}))' \
		zero "${words[@]}")" $((15 * 131000))
}

test_signals_to_the_outer_process_reach_the_command() {
	local signal
	for signal in TERM INT HUP USR1; do
		rm -f /run/stage/out
		# without job control a shell makes its jobs ignore SIGINT
		set -m
		shell -c "trap 'echo got; exit 9' $signal; echo up; while :; do sleep 0.05; done" \
			>/run/stage/out &
		set +m
		wait_for grep -q up /run/stage/out
		kill -$signal "$(oldest_outer dave)"
		wait $!
		assert_eq $? 9 "status after SIG$signal"
		assert_match "$(cat /run/stage/out)" got "trap of SIG$signal"
		wait_for has_ended dave # or it is found as the next one
	done
	rm /run/stage/out
	nothing_left
}

has_ended() { [ -z "$(inits "$1")" ]; }

# only a process of the session will continue it
test_a_shell_that_is_stopped_and_continued_from_within_goes_on() {
	# shellcheck disable=SC2016 # the session's shell's
	local scope stopped='until grep -q "^State:.T" /proc/$$/status; do sleep 0.1; done'
	pam_stack sshd ''
	install -d -m 755 /run/user
	install -d -m 700 -o dave -g dave /run/user/5004
	for scope in session user; do
		printf '[all]\nscope = %s\n' $scope | conf
		sshd_start
		# control: alice's own shell
		on alice -tt "{ $stopped; kill -CONT \$\$; } & kill -STOP \$\$; exit 5"
		assert_eq $? 5 "status of a shell that is not isolated"
		on dave -tt "{ $stopped; kill -CONT \$\$; } & kill -STOP \$\$; exit 5"
		assert_eq $? 5 "status at a terminal, scope = $scope"
		on dave "{ $stopped; kill -CONT \$\$; } & kill -STOP \$\$; exit 5"
		assert_eq $? 5 "status without a terminal, scope = $scope"
		# and it was stopped meanwhile
		assert_eq "$(on dave "{ $stopped; echo second; kill -CONT \$\$; } & kill -STOP \$\$; echo third")" "second
third" "order"
		assert_eq "$(on dave 'kill -TSTP $$; echo on')" on "SIGTSTP without a terminal"
		# if the kernel drops the signal, it is as if it had been dropped for the shell, too
		on dave -tt 'kill -TSTP $$; exit 6'
		assert_eq $? 6 "status behind SIGTSTP, scope = $scope"
		sshd_stop
	done
	wait_for has_ended dave
	rm -r /run/user
	nothing_left
}

# PID 1 has its own process group and, without a terminal, its own session
test_the_callers_process_group_is_the_commands_and_not_pid_1s() {
	local outer
	printf '[all]\nlogout = kill\n' | conf # with `linger` PID 1 would not end what runs
	as dave setsid --wait /usr/bin/nsisolate-shell -c "trap got=yes TERM; echo up
		until [ \"\${got:-}\" ]; do sleep 0.05; done; sleep 0.3; exit 7" >/run/stage/out &
	wait_for grep -q up /run/stage/out || fail "nothing runs"
	outer=$(oldest_outer dave)
	kill -TERM -- "-$(ps -o pgid= -p "$outer" | tr -d ' ')" # PID 1 would end the session, by SIGHUP, too
	wait $!
	assert_eq $? 7 "the status of who traps a signal to its process group"
	# a job that nobody could ever continue is not stopped: the control, and in a session
	as dave timeout "$PATIENCE" setsid --wait bash -c 'sleep 0.2; kill -TSTP $$; exit 6'
	assert_eq $? 6 "status behind SIGTSTP, without us"
	as dave timeout "$PATIENCE" setsid --wait /usr/bin/nsisolate-shell -c 'sleep 0.2; kill -TSTP $$; exit 6'
	assert_eq $? 6 "status behind SIGTSTP"
	rm /run/stage/out
	nothing_left
}

# signals that C libraries reserve: 34 is musl's, and glibc's SIGRTMIN
test_no_signal_is_left_out() {
	local signal
	for signal in 34 35 64; do
		rm -f /run/stage/out
		shell -c "exec python3 -c 'import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [$signal])
print(\"up\", flush=True); print(int(signal.sigwait([$signal])))'" >/run/stage/out &
		wait_for grep -q up /run/stage/out
		kill -$signal "$(oldest_outer dave)"
		wait $!
		assert_eq "$(tail -n 1 /run/stage/out)" $signal "a signal to the outer process"
		shell -c "kill -$signal \$\$" 2>/dev/null
		assert_eq $? $((128 + signal)) "death by signal $signal"
		assert_eq "$(as dave python3 -c "
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [$signal])
os.execl('$NSISOLATE_INIT', 'init', '--user', '--uts', '--pid', '--', 'grep', 'SigBlk', '/proc/self/status')")" \
			"SigBlk:	$(printf %016x $((1 << (signal - 1))))" "blocked"
	done
	rm /run/stage/out
	nothing_left
}

# The promises that the suites of tini, dumb-init and catatonit test of theirs, where no test above has them.

# but those that stop, SIGKILL, SIGSTOP and the news of a child
test_every_signal_to_the_outer_process_is_passed_on_once_and_in_order() {
	cat >$STAGE/hear.py <<-'END'
		import signal
		mine = signal.valid_signals() - {9, 17, 18, 19, 20, 21, 22}
		signal.pthread_sigmask(signal.SIG_BLOCK, mine | {32, 33})
		print("up", flush=True)
		while True:
		    number = int(signal.sigwait(mine))
		    print(number, flush=True)
		    if number == 15:
		        break
	END
	chmod 644 $STAGE/hear.py
	shell -c "exec python3 $STAGE/hear.py" >$STAGE/out &
	wait_for grep -q up $STAGE/out || fail "it does not run: $(cat $STAGE/out)"
	local signal sent=
	for signal in $(seq 1 8) $(seq 10 14) 16 $(seq 23 31) $(seq 34 64) 15; do
		kill -"$signal" "$(oldest_outer dave)"
		sent+="$signal "
		wait_for grep -qx "$signal" $STAGE/out || fail "signal $signal is not passed on: $(cat $STAGE/out)"
	done
	wait $!
	assert_eq $? 0 "status"
	assert_eq "$(tail -n +2 $STAGE/out | tr '\n' ' ')" "$sent"
	rm $STAGE/{out,hear.py}
	nothing_left
}

states_are() { # states_are LETTERS: of the outer process and of its command
	local pid
	for pid in "$(oldest_outer dave)" "$(pgrep -u dave -f "^python3 $STAGE/stop.py")"; do
		[[ $(ps -o stat= -p "$pid") = [$1]* ]] || return
	done
}
test_signals_that_stop_stop_both_and_sigcont_continues_both() {
	local signal before
	cat >$STAGE/stop.py <<-'END'
		import signal, time
		signal.signal(signal.SIGCONT, lambda *_: print("on", flush=True))
		print("up", flush=True)
		while True:
		    time.sleep(60)
	END
	chmod 644 $STAGE/stop.py
	set -m # a process group that somebody can continue
	shell -c "exec python3 $STAGE/stop.py" >$STAGE/out &
	set +m
	wait_for grep -q up $STAGE/out || fail "it does not run: $(cat $STAGE/out)"
	for signal in TSTP TTIN TTOU; do
		kill -$signal "$(oldest_outer dave)"
		wait_for states_are T || fail "SIG$signal does not stop both: $(ps -u dave -o stat,args)"
		before=$(grep -cx on $STAGE/out)
		kill -CONT "$(oldest_outer dave)"
		wait_for states_are RS || fail "SIGCONT does not continue both: $(ps -u dave -o stat,args)"
		# it may be told twice: by the one who continues, and since the outer process goes on
		is_heard() { [ "$(grep -cx on $STAGE/out)" -gt "$before" ]; }
		wait_for is_heard || fail "the command does not hear of SIGCONT behind SIG$signal: $(cat $STAGE/out)"
	done
	kill -TERM "$(oldest_outer dave)"
	wait $!
	assert_eq $? 143 status
	rm $STAGE/{out,stop.py}
	nothing_left
}

test_the_command_has_the_callers_blocked_and_ignored_signals() {
	local way said plain=
	for way in "'grep'" "'$NSISOLATE_INIT', '--user', '--uts', '--pid', '--', 'grep'"; do
		said=$(as dave python3 -c "
import os, signal
for number in signal.SIGINT, signal.SIGTTOU, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD, 64:
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGILL, signal.SIGTTIN, signal.SIGUSR2, 63})
words = [$way, '-E', 'Sig(Blk|Ign|Cgt)', '/proc/self/status']
os.execvp(words[0], words)")
		assert_match "$said" 'SigIgn:.[0-9a-f]*[1-9a-f]'
		assert_eq "$said" "${plain:=$said}" "in a session, compared with plain"
	done
	nothing_left
}

# orphans, and orphans of orphans
test_what_becomes_pid_1s_child_is_reaped_and_the_commands_child_is_not() {
	cat >$STAGE/orphans.py <<-'END'
		import glob, os, time
		def fork():
		    if os.fork():
		        os._exit(0)
		def zombies():
		    for path in glob.glob("/proc/[0-9]*/stat"):
		        try:
		            state, parent = open(path).read().rsplit(") ", 1)[1].split()[:2]
		        except (FileNotFoundError, ProcessLookupError):
		            continue
		        if (state, parent) == ("Z", "1"):
		            yield path
		own = os.fork()
		if not own:
		    os._exit(11)
		for i in range(60):
		    child = os.fork()
		    if not child:
		        fork()
		        time.sleep(0.002 * (i % 5))
		        fork()
		        time.sleep(0.002 * (i % 7))
		        os._exit(i)
		    os.waitpid(child, 0)
		while len(glob.glob("/proc/[0-9]*")) > 4 or list(zombies()):
		    time.sleep(0.02)
		print(os.waitpid(own, 0)[1] >> 8)
	END
	chmod 644 $STAGE/orphans.py
	assert_eq "$(shell -c "exec timeout $PATIENCE python3 $STAGE/orphans.py")" 11 "its own child's status"
	rm $STAGE/orphans.py
	nothing_left
}

test_what_is_left_ends_with_the_session() {
	separate
	shell -c 'trap "" HUP; (trap "" HUP TERM; exec sleep 300) >/dev/null 2>&1 &
		until pgrep -x sleep >/dev/null; do :; done; exit 3'
	assert_eq $? 3 "exit status"
	pgrep -u dave sleep >/dev/null || fail "the sleep did not get its grace"
	nothing_left
}

test_linger_waits_for_the_last_process() {
	printf '[all]\nlogout = linger\n' | conf
	shell -c 'sleep 1 >/dev/null 2>&1 & exit 0'
	sleep 0.3
	pgrep -u dave sleep >/dev/null || fail "it was ended"
	pgrep -x nsisolate-init >/dev/null || fail "PID 1 did not wait"
	nothing_left
}

# killed WHICH: the oldest nsisolate-init is the outer process, the newest is PID 1
killed() {
	separate
	rm -f /run/stage/out
	shell -c 'trap "" HUP TERM; echo up; while :; do sleep 1; done' >/run/stage/out &
	wait_for grep -q up /run/stage/out
	pkill -KILL "$1" -x nsisolate-init
	wait $!
	assert_eq $? 137
	rm /run/stage/out
	nothing_left
}
test_the_outer_process_killed_ends_the_session() { killed -o; }
test_pid_1_killed_ends_the_session_and_is_logged() { killed -n; }

test_no_setuid_program_works_inside() {
	assert_match "$(shell -c 'sudo -n id' 2>&1)" "sudo" "sudo must say no"
	assert_eq "$(shell -c 'sudo -n id' >/dev/null 2>&1; echo $?)" 1
}

test_init_refuses_to_touch_the_hosts_mounts() {
	assert_match "$(/usr/libexec/nsisolate/nsisolate-init --attach --uts --pid 2>&1)" "mount namespace of its own"
	assert_match "$(/usr/libexec/nsisolate/nsisolate-init --attach --uts --pid \
		--host-mount="$(stat -L -c %i /proc/self/ns/mnt)" 2>&1)" "this is the host's mount namespace"
	nothing_left
}

test_init_says_what_is_wrong_with_its_command_line() {
	local output
	for words in "|no kind of namespace" "--uts|expected either --attach or -- COMMAND" \
		"--uts --frob -- true|--frob: unknown option" "--uts --grace=x -- true|expected a number" \
		"--uts --logout=never -- true|expected kill or linger" "--uts=1 -- true|takes no value"; do
		output=$(init ${words%%|*} 2>&1)
		assert_eq $? 2 "status of: ${words%%|*}"
		[[ $output == *"${words#*|}"* ]] || fail "'${words%%|*}' says: $output"
	done
}

test_at_a_terminal_it_is_a_job_like_any_other() {
	timeout "$(pace_seconds 1000)" expect -f tests/login/outer.exp setpriv --reuid dave --regid dave --init-groups \
		env -i TERM=dumb HOME=/home/dave PATH="$PATH" bash --norc --noediting >/run/stage/terminal 2>&1 ||
		fail "status $?: $(tr -d '\r' </run/stage/terminal | cat -v)"
	rm /run/stage/terminal
	nothing_left
}

test_root_by_hand_stays_root_with_its_groups() {
	local before
	before=$(id)
	assert_eq "$(/usr/libexec/nsisolate/nsisolate-init --uts --pid --hostname=hand -- \
		sh -c 'id; hostname; grep CapEff /proc/self/status')" "$before
hand
$(grep CapEff /proc/self/status)"
}

# raise_and_use HOW: run by HOW, with soft limits far below the hard ones; raises them, and prints how many
# processes and queued signals it can then have
raise_and_use() {
	cat >$STAGE/use.py <<-'END'
		import ctypes, os, resource, signal
		for which in resource.RLIMIT_NPROC, resource.RLIMIT_SIGPENDING:
		    soft, hard = resource.getrlimit(which)
		    print(soft, hard)
		    resource.setrlimit(which, (hard, hard))
		children = []
		try:
		    for _ in range(200):
		        child = os.fork()
		        if not child:
		            signal.pause()
		        children.append(child)
		except OSError:
		    pass
		for child in children:
		    os.kill(child, signal.SIGKILL)
		    os.wait()
		libc = ctypes.CDLL(None)
		signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
		print(len(children), sum(
		    libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), None) == 0 for _ in range(200)))
	END
	as dave bash -c 'ulimit -Su 150 -Si 150; ulimit -Hu 600 -Hi 600; exec "$@"' - "$@" \
		python3 $STAGE/use.py
}

test_limits_can_be_raised_to_the_hard_ones_as_without() {
	local wanted="150 600
150 600
200 200"
	need_user_namespaces
	assert_eq "$(raise_and_use env)" "$wanted" "without a session"
	# kernels before 5.14 do not count like that
	[ "$(raise_and_use unshare --user)" != "$wanted" ] || echo "(this kernel has no such ceiling)"
	assert_eq "$(raise_and_use /usr/bin/nsisolate-shell -c '"$0" "$@"')" "$wanted" "in a session"
	conf <<<$'[all]\nnamespaces = uts'
	assert_eq "$(raise_and_use /usr/bin/nsisolate-shell -c '"$0" "$@"')" "$wanted" "with no PID 1"
	conf <<<$'[all]\nscope = user'
	mkdir -p -m 755 /run/user
	install -d -o dave -g dave -m 700 /run/user/5004
	assert_eq "$(raise_and_use /usr/bin/nsisolate-shell -c '"$0" "$@"')" "$wanted" "in a shared one"
	rm -r /run/user
}
