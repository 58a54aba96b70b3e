# What our processes that stay in a session may still do: nothing but their work.
. tests/stage.sh

status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$2/status"; }
filters() { case $(uname -m) in x86_64 | i?86 | aarch64 | arm* | riscv64 | ppc64le | s390x) ;; *) return 1 ;; esac; }
is_held() { [ "$(status_of NoNewPrivs "$1")" = 1 ]; }
is_filtered() { [ "$(status_of Seccomp "$1")" = 2 ]; }

# checks that a process has no privilege beyond its work
check_process() { # check_process PID
	local set uid
	uid=$(id -u "$user")
	# it gives up what it can only when the command has been started
	wait_for is_held "$1" || fail "no_new_privs of process $1: $(status_of NoNewPrivs "$1")"
	for set in CapInh CapPrm CapEff CapAmb; do
		assert_match "$(status_of $set "$1")" '^0+$' "$set of process $1"
	done
	assert_eq "$(status_of Uid "$1" | tr '\t' ' ')" "$uid $uid $uid $uid" "ids of process $1"
	# the memory of a process that is not dumpable does not belong to its user: proc(5)
	assert_eq "$(stat -c %u "/proc/$1/mem")" 0 "the owner of the memory of process $1"
	filters || return 0
	wait_for is_filtered "$1" || fail "no filter: Seccomp: $(status_of Seccomp "$1")"
}

pid_1s() {
	local pid
	for pid in $(inits "$user"); do
		# the shell's outer process is the user's own, outside
		[ "$(awk '/^NSpid:/ { print NF - 1, $NF }' "/proc/$pid/status")" != "2 1" ] || echo "$pid"
	done
}
has_pid_1() { [ -n "$(pid_1s)" ]; }

check_pid_1() {
	local other
	on "$user" 'sleep 20' &
	other=$!
	wait_for pgrep -u "$user" -x sleep || fail "no command"
	wait_for has_pid_1 || fail "no PID 1"
	check_process "$(pid_1s)"
	# it has none of its caller's descriptors and variables: the module's has the answer's line, its leader,
	# its signals and what keeps its hostname; the shell's, whose environment is its user's own, has a line and its signals
	if [ "$user" = alice ]; then
		assert_eq "$(find "/proc/$(pid_1s)/fd" -type l | wc -l)" 4 "descriptors: $(ls -l "/proc/$(pid_1s)/fd")"
		assert_eq "$(tr '\0' '\n' <"/proc/$(pid_1s)/environ" | grep -E '^(PATH|HOME|LC_ALL|SHELL|SSH_.*|BUILD)=')" "" \
			"variables of sshd's"
	else
		assert_eq "$(find "/proc/$(pid_1s)/fd" -type l | wc -l)" 2 "descriptors: $(ls -l "/proc/$(pid_1s)/fd")"
	fi
	pkill -u "$user" -x sleep
	wait $other
}
test_pid_1_has_no_privilege_and_a_filter() { separate; both check_pid_1; }

check_command() {
	assert_eq "$(on "$user" 'grep -E "^(Seccomp|NoNewPrivs|Seccomp_filters):" /proc/self/status | tr -s "\t " " "')" \
		"$(on carol 'grep -E "^(Seccomp|NoNewPrivs|Seccomp_filters):" /proc/self/status | tr -s "\t " " "')" \
		"of a command, compared with a plain login"
}
test_the_filter_is_pid_1s_alone() { both check_command; }

# ---- step by step, while the session is set up ----

# steps ROLE: its privileges at each of its system calls, see at_step.c
steps() {
	own_stack
	ASAN_OPTIONS=detect_leaks=0 timeout "$(pace_seconds 500)" "$BUILD/tests/at_step" "$1" all nobody \
		"$BUILD/tests/pam_app" stage alice open close | grep -E '^(clone|say|[0-9]+) [0-9a-f]{16} ' >$STAGE/steps
	[ "$(wc -l <$STAGE/steps)" -ge 10 ] || fail "only so many steps of $1: $(cat $STAGE/steps)"
}

# The helper needs its privileges for the system calls before it starts PID 1; after that, in memory that is
# then PID 1's, it exits.
test_the_helper_ends_when_it_needs_its_privileges_no_more() {
	! sanitized || skip "sanitizers have an end of their own"
	printf '[all]\n' | conf
	steps helper
	awk '$1 == "clone" { on = 1 } on' $STAGE/steps >$STAGE/last
	[ "$(wc -l <$STAGE/last)" = 2 ] || fail "calls from PID 1's start on: $(cat $STAGE/last)"
	nothing_left
}

# PID 1 starts with everything that root has here.  From becoming the user on it never has anything; only then
# does it say that the session is ready.
test_pid_1_gives_up_every_privilege_before_it_answers() {
	local none=0000000000000000
	printf '[all]\nnamespaces = uts, pid, ipc, net\nprivate = /tmp\n' | conf
	steps init
	assert_match "$(head -n 1 $STAGE/steps)" "^[^ ]+ [0-9a-f]*[1-9a-f][0-9a-f]* .* 0 0\$" "the first step"
	assert_eq "$(awk -v none=$none '$2 != none && gone { print } $2 == none { gone = 1 }' $STAGE/steps)" "" \
		"privileges that came back"
	assert_eq "$(awk -v none=$none '$2 == none' $STAGE/steps | awk '{ print $3, $5 }' | sort -u)" "$none 5001" \
		"what is permitted, and who it is, from then on"
	# behind the line that says which process it is
	assert_eq "$(grep ^say $STAGE/steps | sed -n 2p)" "say $none $none 1 5001" "as it answers"
	rm $STAGE/steps
	nothing_left
}

# ---- its whole life, under strace: none of its calls is refused ----

# refused FILE: calls that failed with ENOSYS once the filter was in place
refused() { awk '/^([0-9]+ +)?seccomp\(/ { on = 1; next } on && /ENOSYS/' "$1"; }

# life WANTED COMMAND...: runs it under strace; that many PID 1s must have had a filter, and no call refused
life() {
	local wanted=$1 file found=0 trace=$STAGE/life
	shift
	mkdir -p $trace
	chmod 1777 $trace
	timeout "$(pace_seconds 1000)" strace -ff -qq -e signal=none -o $trace/of "$@" >$STAGE/life.said 2>&1 </dev/null
	for file in $trace/of.*; do
		grep -qE '^seccomp\(.*= 0$' "$file" || continue
		found=$((found + 1))
		sed '1,/^seccomp(/d' "$file" | cut -d'(' -f1 | sort | uniq -c | sort -rn | tr -s '\n ' ' ' >&2
		assert_eq "$(refused "$file")" "" "calls of PID 1 that its filter refused"
	done
	assert_eq $found "$wanted" "PID 1s with a filter ($(cat $STAGE/life.said))"
	rm -rf $trace $STAGE/life.said /run/nsisolate
	nothing_left
}

need_strace() {
	command -v strace >/dev/null || skip "no strace"
	filters || skip "no filter for this architecture"
	! sanitized || skip "sanitizers have calls of their own"
}

# jobs that outlive the session, ignore the first signals of the end, are stopped, or orphans
JOBS_OF_ALL_KINDS='(trap "" TERM HUP; sleep 2; :) & sleep 100 & kill -STOP $!; (sleep 0.2 &); sleep 0.4'

test_pid_1_of_the_module_makes_no_call_that_is_refused() {
	need_strace
	printf '[all]\ngrace = 1\n' | conf
	life 1 "$BUILD/tests/pam_app" sshd alice open run "$JOBS_OF_ALL_KINDS" close
}

test_pid_1_that_lingers_makes_no_call_that_is_refused() {
	need_strace
	printf '[all]\nlogout = linger\nnamespaces = uts, pid, ipc\nprivate = /tmp\n' | conf
	life 1 "$BUILD/tests/pam_app" sshd alice open run '(sleep 1; sleep 0.5) & sleep 0.1' close
}

# logins that join, one after a change of the rule, one with garbage
test_pid_1_of_a_shared_session_makes_no_call_that_is_refused() {
	need_strace
	cat >$STAGE/logins <<-'END'
		in=$(dirname "$0")/in
		install -d -m 777 $in
		login() {
			"$BUILD/tests/pam_app" sshd alice open \
				run ": >$in/$1; until [ -e $in/over ]; do sleep 0.1; done" close &
			until [ -e $in/$1 ]; do sleep 0.1; done
		}
		conf() { printf '[all]\nscope = user\ngrace = 1\n%s\n' "$1" >"$SYSCONFDIR/nsisolate.conf"; }
		conf
		login 1; login 2; login 3
		echo nonsense | socat -u - UNIX-CONNECT:/run/nsisolate/5001/all,type=5
		conf 'hostname = other'
		login 4
		: >$in/over
		wait
	END
	life 2 bash $STAGE/logins
	rm -r $STAGE/logins $STAGE/in
}

test_pid_1_of_the_shell_makes_no_call_that_is_refused() {
	need_strace
	printf '[all]\ngrace = 1\n' | conf
	life 1 setpriv --reuid dave --regid dave --init-groups env -i HOME=/home/dave PATH="$PATH" \
		"$NSISOLATE_SHELL" -c "$JOBS_OF_ALL_KINDS; exit 3"
}
