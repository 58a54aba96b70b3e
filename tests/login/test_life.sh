# A session's end: whichever process dies first, and what the logout does to those that still run.
. tests/stage.sh

separate

is_running() { pgrep -u "$1" -f "^$2\$" >/dev/null; }

# a process that only SIGKILL ends
STUBBORN='trap "" HUP TERM; sleep 301'

# session_start [COMMAND [OPTION]]: a session of $user in the background, $client; ready when COMMAND's
# sleep runs
session_start() {
	timeout --foreground "$(pace_seconds 500)" ssh "${SSH_OPTIONS[@]}" ${2:+"$2"} "$user@127.0.0.1" \
		"${1:-$STUBBORN}" >$STAGE/out 2>&1 &
	client=$!
	wait_for is_running "$user" 'sleep 301' || fail "no session: $(cat $STAGE/out)"
}
session_gone() { ! pgrep -u "$user"; }

# The processes of the session of $user, as the host sees them.
pid_of() {
	case $1 in
	monitor) pgrep -u root -f "^sshd.*: $user \[(priv|postauth)\]" ;;
	child) pgrep -u "$user" -f "^sshd.*: $user@" ;;
	init) newest_pid1 "$user" ;;
	outer) oldest_outer "$user" ;;
	client) pgrep -P "$client" -x ssh ;;
	esac
}

# ---- deaths ----

# ends_after WHO SIGNAL...: starts a session, sends SIGNAL to WHO; the whole session must end in time.
ends_after() {
	local who=$1 signal start pid
	shift
	separate 'grace = 1'
	for signal; do
		session_start
		pid=$(pid_of "$who")
		[[ $pid =~ ^[0-9]+$ ]] || fail "not one process is the $who: '$pid' $(ps -ef)"
		start=$(now_ms)
		kill "-$signal" "$pid"
		wait_for session_gone || fail "after SIG$signal to the $who there is left:
$(ps -u "$user" -o pid,ppid,stat,args)"
		# the grace, and the cost of an end
		assert_within "$start" 1000 20 "the end after SIG$signal to the $who"
		wait "$client" 2>/dev/null
		assert_eq "$(on "$user" hostname)" "$user-lab" "the next login after SIG$signal to the $who"
	done
	rm -f $STAGE/out
}

module_deaths() { user=alice; sshd_start; ends_after "$@"; sshd_stop; nothing_left; }
test_the_monitors_death_ends_the_session() { module_deaths monitor KILL TERM; }
test_pid_1s_death_ends_the_session() { module_deaths init KILL; }
test_pid_1_told_to_end_ends_the_session() { module_deaths init TERM; }
test_the_death_of_sshds_child_ends_the_session() { module_deaths child KILL TERM; }
test_the_clients_death_ends_the_session() { module_deaths client KILL; }

shell_deaths() {
	user=dave
	pam_stack sshd ''
	sshd_start
	ends_after "$@"
	sshd_stop
	nothing_left
}
test_pid_1s_death_ends_the_session_of_the_shell() { shell_deaths init KILL; }
# PID 1 gives back used pages of its stack; where pages begin differs from process to process.
test_it_lives_wherever_its_stack_begins() {
	local i padding=
	for ((i = 0; i < 4096; i += 32)); do
		as dave setarch -R env PADDING=$padding "$NSISOLATE_INIT" --user --uts --pid --hostname=a -- true ||
			fail "ended by status $? with $i bytes more below the stack"
		padding+=................................
	done
}

test_the_outer_process_death_ends_the_session_of_the_shell() { shell_deaths outer KILL; }

# application ACTION...: pam_app, $app, in the background, with a stack with nothing but the module
application() {
	own_stack
	printf '[all]\nservice = stage\n' | conf
	"$BUILD/tests/pam_app" stage alice "$@" &
	app=$!
	logged 'session opened: user=alice' >/dev/null
}

test_an_application_whose_pid_1_died_can_fork_again_after_close() {
	application remember open pause 400 close same run 'test "$(uname -n)" = lab' end
	pkill -KILL -x nsisolate-init
	wait $app || fail "see above"
	logged 'session closed: .*reason=killed' >/dev/null
	rm /etc/pam.d/stage
	nothing_left
}

test_a_session_ends_when_it_is_closed_though_the_application_goes_on() {
	# ignore-children: the kernel reaps them, and PID 1 need not wait for it
	application ignore-children open background 'exec sleep 301' pause 300 close pause 600000
	gone() { ! pgrep -x nsisolate-init && ! is_running alice 'sleep 301'; }
	wait_for gone || fail "there is left: $(ps -u alice -o pid,ppid,stat,args)"
	kill $app || fail "the application ended, too"
	wait $app 2>/dev/null
	rm /etc/pam.d/stage
	nothing_left
}

check_lost_terminal() {
	local who
	for who in client child; do
		session_start 'sleep 301' -tt
		kill -KILL "$(pid_of $who)"
		wait_for session_gone || fail "after the death of the $who there is left:
$(ps -u "$user" -o pid,ppid,stat,args)"
		wait "$client" 2>/dev/null
	done
	rm $STAGE/out
}
test_a_lost_terminal_ends_the_session() { both check_lost_terminal; }

check_listener() {
	session_start 'sleep 301; exit 9'
	kill -KILL "$SSHD"
	wait "$SSHD" 2>/dev/null
	# when a new one listens, whatever might have ended the session with its listener has had enough time
	sshd_start
	is_running "$user" 'sleep 301' || fail "it ended with the listener"
	assert_match "$(on "$user" hostname)" "^$user-lab(-2)?\$" "a new login beside it"
	pkill -u "$user" -x sleep
	wait "$client"
	assert_eq $? 9 "the old session's own end"
	rm $STAGE/out
}
test_a_session_outlives_the_listener() { both check_listener; }

check_neighbour() {
	local first
	session_start 'sleep 301; exit 9'
	first=$client
	timeout --foreground "$(pace_seconds 500)" ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" 'sleep 302; exit 9' >/dev/null 2>&1 &
	client=$!
	wait_for is_running "$user" 'sleep 302'
	kill -KILL "$(pid_of init)"
	wait $client 2>/dev/null
	is_running "$user" 'sleep 302; exit 9' && fail "the second session lives"
	is_running "$user" 'sleep 301' || fail "the first session ended with the second"
	pkill -u "$user" -x sleep
	wait $first
	assert_eq $? 9 "the first session's own end"
	rm $STAGE/out
}
test_the_death_of_one_session_leaves_the_users_other_one_alone() { both check_neighbour; }

# ---- logout = kill ----

# jobs: what a session leaves running.  Each records in $HOME/NAME what it received.
check_signals_at_logout() {
	separate 'logout = kill' 'grace = 2'
	cat >"/home/$user/job" <<-'END'
		#!/bin/bash
		# HUP has its default effect, except for jobs started by nohup
		trap "" HUP
		trap 'echo term >>$HOME/$1; sleep 0.4; echo done >>$HOME/$1; exit' TERM
		[ "$1" != shell ] || { trap "" TERM; trap 'echo hup >>$HOME/$1; exit' HUP; }
		echo up >>$HOME/$1
		[ "$1" != stopped ] || kill -STOP $$
		while :; do sleep 0.05; done
	END
	chmod 755 "/home/$user/job"
	on "$user" 'for job in plain stopped shell; do
			setsid ./job $job >/dev/null 2>&1 </dev/null &
			until grep -q up $job 2>/dev/null; do sleep 0.02; done
		done
		until ps -e -o stat=,args= | grep -q "^T.*[s]topped"; do sleep 0.02; done'
	wait_for session_gone || fail "there is left: $(ps -u "$user" -o stat,args)"
	assert_eq "$(cat "/home/$user/plain")" "up
term
done" "a job that traps TERM gets its time"
	assert_eq "$(cat "/home/$user/stopped")" "up
term
done" "a stopped job gets CONT, and so can hear it"
	assert_eq "$(cat "/home/$user/shell")" "up
hup" "what ignores TERM, as shells do, gets HUP"
	rm /home/"$user"/{job,plain,stopped,shell}
}
test_logout_sends_term_hup_and_cont() { both check_signals_at_logout; }

# how long a process that ignores everything lives after the session's own command: sets $start, $took
lives_for() { # lives_for GRACE
	separate "grace = $1"
	on "$user" '(trap "" HUP TERM; exec sleep 301) >/dev/null 2>&1 </dev/null &
		until ps -e -o args= | grep -q "[s]leep 301"; do sleep 0.02; done'
	start=$(now_ms)
	wait_for session_gone || fail "with grace = $1 there is left: $(ps -u "$user" -o stat,args)"
	took=$(($(now_ms) - start))
}
check_grace() {
	local start took
	lives_for 0
	assert_within "$start" 0 10 "with grace = 0 its life"
	lives_for 1
	# ssh to the module's session returns when the grace begins, to the shell's when PID 1 is gone
	assert_within "$start" 1000 10 "with grace = 1 its life"
	[ "$user" = dave ] || [ "$took" -gt 600 ] || fail "with grace = 1 it lived for $took ms only"
}
test_what_ignores_every_signal_is_killed_after_the_grace() { both check_grace; }

check_client() {
	separate 'grace = 600'
	on "$user" '(trap "" HUP TERM; exec sleep 301) >/dev/null 2>&1 </dev/null &
		until pgrep -x sleep >/dev/null; do sleep 0.02; done; exit 5'
	assert_eq $? 5 status
	is_running "$user" 'sleep 301' || fail "the client waited for the session's end"
	pkill -KILL -u "$user" -x sleep
	wait_for session_gone || fail "PID 1 waits for nobody: $(ps -u "$user" -o stat,args)"
}
test_the_client_does_not_wait_for_the_grace() { both check_client; }

test_a_login_during_another_ones_grace_is_not_touched() {
	user=alice
	separate 'grace = 1'
	sshd_start
	on alice '(trap "" HUP TERM; exec sleep 302) >/dev/null 2>&1 </dev/null &
		until ps -e -o args= | grep -q "[s]leep 302"; do sleep 0.02; done'
	session_start 'sleep 301; exit 9'
	gone() { ! is_running alice 'sleep 302'; }
	wait_for gone || fail "the first one's job lives on"
	is_running alice 'sleep 301' || fail "the second session ended with the first"
	pkill -u alice -x sleep
	wait $client
	assert_eq $? 9
	rm $STAGE/out
	sshd_stop
	nothing_left
}

# ---- logout = linger ----

check_linger() {
	separate 'logout = linger'
	timeout "$(pace_seconds 200)" ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" \
		'nohup sleep 301 >/dev/null 2>&1 </dev/null & exit 6' >/dev/null 2>&1 &
	client=$!
	wait_for is_running "$user" 'sleep 301' || fail "no session"
	# the client of the module's session ends; the shell's outer process does not wait, either
	wait $client
	assert_eq $? 6 status
	is_running "$user" 'sleep 301' || fail "it was ended"
	pgrep -u "$user" -x nsisolate-init >/dev/null || fail "it has no PID 1"
	assert_match "$(nsenter -t "$(pid_of init)" -u -p -m hostname)" "$user-lab" "its namespaces"
	pkill -u "$user" -x sleep
	wait_for session_gone || fail "PID 1 outlives the last process: $(ps -u "$user" -o stat,args)"
}
test_linger_lets_it_run_to_its_end_and_no_longer() { both check_linger; }

test_linger_holds_when_the_monitor_dies() {
	user=alice
	separate 'logout = linger'
	sshd_start
	session_start '(trap "" HUP; exec sleep 301) >/dev/null 2>&1 </dev/null & wait'
	kill -KILL "$(pid_of monitor)"
	# sshd's child, a process of the session like any other, ends with its connection
	kill -KILL "$(pid_of client)"
	wait $client 2>/dev/null
	gone() { [ "$(pgrep -u alice -c -f '^sshd')" = 0 ]; }
	wait_for gone || fail "sshd's child waits for nobody"
	is_running alice 'sleep 301' || fail "it was ended"
	pkill -u alice -x sleep
	wait_for session_gone || fail "there is left: $(ps -u alice -o pid,ppid,stat,args)"
	rm $STAGE/out
	sshd_stop
	nothing_left
}

# ---- PID 1 ----

check_storm() {
	assert_eq "$(on "$user" '
		for i in $(seq 40); do (for j in $(seq 40); do (true &) done) & done; wait
		until [ $(ps -e -o stat= | grep -c Z) = 0 ]; do sleep 0.02; done
		echo reaped')" reaped
}
test_orphans_are_reaped() { both check_storm; }

check_signals_to_init() {
	# every signal except STOP and KILL, which the kernel itself keeps from PID 1
	assert_eq "$(on "$user" 'trap "" HUP INT QUIT TERM USR1 USR2 ALRM PIPE
		for signal in $(seq 1 64); do kill -$signal 1 2>/dev/null; done
		sleep 0.1; cat /proc/1/comm')" nsisolate-init
}
test_no_signal_from_inside_ends_pid_1() { both check_signals_to_init; }

# The kernel reports process 0 as the sender of such a signal, as for one from outside.
check_news_to_init() {
	local victim
	# the control
	as "$user" sleep 302 &
	wait_for pgrep -u "$user" -x sleep || fail "no victim"
	victim=$(pgrep -u "$user" -x sleep)
	assert_eq "$(as "$user" python3 $STAGE/hostile.py notify "$victim" 15)" "sent
done"
	wait $!
	assert_eq $? 143 "what it does to another process"
	assert_eq "$(on "$user" "python3 $STAGE/hostile.py notify 1 15; sleep 0.3; echo alive")" "sent
done
alive"
}
test_no_news_of_the_kernels_ends_pid_1() {
	cp "$TOP/tests/login/hostile.py" $STAGE/hostile.py
	chmod 644 $STAGE/hostile.py
	both check_news_to_init
	rm $STAGE/hostile.py
}

check_idle() {
	local before after
	session_start 'sleep 301; exit 9'
	read -r _ before < <(grep ^voluntary_ctxt "/proc/$(pid_of init)/status")
	sleep 4 # no event to wait for: nothing must happen
	read -r _ after < <(grep ^voluntary_ctxt "/proc/$(pid_of init)/status")
	assert_eq "$after" "$before" "wake-ups of an idle PID 1 in four seconds"
	pkill -u "$user" -x sleep
	wait $client
	rm $STAGE/out
}
test_an_idle_pid_1_sleeps() { both check_idle; }

# Only root in a session can do that; PID 1 then tries again, and ends with the last process.
test_linger_ends_with_the_last_process_where_proc_was_taken_away() {
	own_stack
	printf '[all]\nservice = stage\nlogout = linger\n' | conf
	"$BUILD/tests/pam_app" stage root open run \
		'sleep 2.5 >/dev/null 2>&1 & mount -t tmpfs -o mode=0 none /proc' close || fail "see above"
	sleep 1
	pgrep -x nsisolate-init >/dev/null || fail "it ended before its last process"
	wait_for is_as_before || fail "it outlives its last process"
	nothing_left
}

# out of descriptors or memory, which only a debugger can bring about: PID 1 tries again
test_linger_ends_with_the_last_process_that_could_not_be_watched_at_once() {
	local init tracer
	command -v strace >/dev/null || skip "no strace"
	own_stack
	printf '[all]\nservice = stage\nlogout = linger\n' | conf
	"$BUILD/tests/pam_app" stage alice open background 'exec sleep 2.5' pause 1000 close &
	# not the helper, which has the same name
	init=$(logged 'session opened: user=alice' | sed -nE 's/.* init=([0-9]+) .*/\1/p')
	strace -qq -o $STAGE/trace -p "$init" -e trace=pidfd_open -e inject=pidfd_open:error=ENFILE:when=1 &
	tracer=$!
	wait_for grep -q "TracerPid:.[1-9]" "/proc/$init/status"
	wait %1
	sleep 0.5
	pgrep -x nsisolate-init >/dev/null || fail "it ended before its last process"
	wait $tracer
	grep -q INJECTED $STAGE/trace || fail "nothing failed: $(cat $STAGE/trace)"
	rm $STAGE/trace
	nothing_left
}

# ---- what runs as root in a session ----

# as_root COMMAND: a session of alice's that ends once the COMMAND run by sudo has started; its script is $STAGE/root
as_root() {
	printf '%s\n' "$1" >$STAGE/root
	on alice "sudo sh $STAGE/root >/dev/null 2>&1 & until [ -e $STAGE/began ]; do sleep 0.05; done"
}
root_gone() { ! pgrep -u root -f "$STAGE/root" && session_gone; }

test_roots_programs_are_told_of_the_end_by_sudo_and_have_the_grace() {
	local start told="trap 'echo told >>$STAGE/told' TERM HUP; >$STAGE/began; while :; do sleep 0.1; done"
	user=alice
	echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stage
	sshd_start
	separate 'grace = 1'
	as_root "$told"
	wait_for root_gone || fail "it outlives the session: $(ps -ef)"
	assert_eq "$(sort -u $STAGE/told)" told "what sudo waits for"
	rm $STAGE/told $STAGE/began
	# whose sudo has exited, like a mailer that has become root
	start=$(now_ms)
	as_root "(
		$told
	) &"
	wait_for root_gone || fail "it outlives the session: $(ps -ef)"
	[ ! -e $STAGE/told ] || fail "it was told"
	[ $(($(now_ms) - start)) -ge 1000 ] || fail "it did not have its grace"
	rm $STAGE/began
	# one that needs less than the grace
	separate 'grace = 3600'
	as_root "(
		>$STAGE/began; sleep 1; >$STAGE/done
	) &"
	wait_for test -e $STAGE/done || fail "it came to no end of its own"
	wait_for root_gone || fail "the session waits for nobody"
	sshd_stop
	rm -rf $STAGE/{began,done,out,root} /etc/sudoers.d/stage /run/sudo
	nothing_left
}
