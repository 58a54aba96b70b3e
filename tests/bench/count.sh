# count.sh - what a login does, in numbers that no other load on the machine changes; sourced on the
# stage, by run and by test_budget.sh.
#
#	count_calls             lines `WHOSE NUMBER`: system calls of one login
#	count_where             the C library and the kernel: one has ways of its own to look up names and get memory,
#	                        the other may lack a call that another one stands in for
#	count_pages             the same of minor faults and of context switches
#	count_instructions      the same of instructions in user space, where there is valgrind
#	count_wakeups           a comment, where there is tracefs: who is woken, and how often by a process on another
#	                        processor, which is the scheduler's choice: a mean of 20 logins, which no budget holds
#
# The calls of a login through the module (module-) and through nsisolate-shell (shell-), by process:
#	module-application      in open and close; the second time, when the C library knows NSS and syslog
#	module-helper           nsisolate-init, from its main to its end
#	module-init             PID 1, until it has said that it is ready
#	shell-first             nsisolate-shell, until it execs nsisolate-login
#	shell-decide            nsisolate-login, from its main until it execs nsisolate-init
#	shell-outer             nsisolate-init, from its main until it waits for the session
#	shell-init              PID 1, until it has started the command
# What a C library does before main is its own, and so is what NSS does for more than files.
#
# Of both (module-, shell-):
#	-copies                 forks that copy the page tables: neither vfork(2) nor CLONE_VM
#	-execs                  programs that are started, of the shell with its command
#
# What a kernel does for it, the C library's start included:
#	...-faults              minor faults: pages touched for the first time, or after a fork copied them
#	...-switches            voluntary context switches: how often the process waits, and is woken.  With all
#	                        on one processor, where none preempts another: the least; elsewhere who waits for
#	                        whom depends on how fast each is
# of module-application (open and close, the first time), module-helper, module-init (until it waits for
# the session's end), and of shell-outer (nsisolate-shell and what it becomes) and shell-init.

count_where() {
	local engine=musl
	! grep -q GLIBC_TUNABLES "$NSISOLATE_INIT" || engine=glibc
	echo "$(getconf GNU_LIBC_VERSION 2>/dev/null || echo another C library), engine with $engine, Linux $(
		uname -r | cut -d. -f1-2)"
}

count_furnish() {
	local i
	printf '%s required pam_permit.so\n' auth account password session >/etc/pam.d/counted
	echo 'session required pam_nsisolate.so' >>/etc/pam.d/counted
	printf '%s: files\n' passwd group shadow hosts >/etc/nsswitch.conf
	{
		for i in 1 2 3 4 5 6 7 8 9; do printf '[rule-%d]\nuser = student%d*, !root\n' $i $i; done
		printf '[everybody]\n'
	} | conf
	[ -d /run/user ] || mkdir /run/user # as every machine with systemd has it
	mkdir -p /run/count
	chmod 1777 /run/count
}

# One file /run/count/trace.PID a process.
count_trace() {
	rm -f /run/count/trace.*
	strace -ff -qq -e signal=none -o /run/count/trace "$@" >/run/count/said 2>&1 ||
		{ cat /run/count/said >&2; return 1; }
}

# The one trace that has a line that matches.
trace_with() {
	local files
	files=$(grep -lE -e "$1" /run/count/trace.*)
	[ "$(wc -w <<<"$files")" = 1 ] || { echo "count.sh: traces that have /$1/: $files" >&2; return 1; }
	echo "$files"
}

# between FROM TO FILE: the calls from after the first line that matches FROM to before TO; to read
# mountinfo counts as one, and so do statmount(2)s, for how many mounts there are is the machine's
between() {
	awk -v from="$1" -v to="$2" '
		inside && $0 ~ to { found = 1; exit }
		/self\/mountinfo/ { mounts = 1 }
		/^close/ { mounts = 0 }
		mounts && /^read/ && mounts++ > 1 { next }
		/^(statmount|syscall_0x1c9)[(]/ && asked++ { next }
		inside { count++ }
		$0 ~ from { inside = 1 }
		END { if (!found) exit 1; print count + 0 }' "$3" ||
		{ echo "count.sh: no /$1/ .. /$2/ in $3: $(cat "$3")" >&2; return 1; }
}

# The copying forks and the execs of one login, in the traces in /run/count.
count_forks() { # count_forks WAY
	cat /run/count/trace.* | awk -v way="$1" '
		/^(clone|clone3|fork)[(]/ && !/CLONE_VM/ { copies++ }
		/^execve[(].* = 0$/ && !/^execve[(]"[^"]*(pam_app|setpriv)"/ { execs++ }
		END { print way "-copies " copies + 0 "\n" way "-execs " execs + 0 }'
}

count_calls() {
	local file number
	count_furnish
	# an audit record that libpam writes by itself is not counted either: a mark behind each call
	# the second time when the first session has ended, or its hostname has a number
	count_trace "$BUILD/tests/pam_app" counted alice open close \
		run 'while pgrep -u alice -x nsisolate-init; do sleep 0.02; done' mark open mark close mark || return
	file=$(trace_with '^sched_yield') || return
	number=$(awk '
		/^sched_yield/ { marks++; audit = 0; next }
		/AF_NETLINK|NETLINK_AUDIT/ { audit = 1 }
		marks && !audit { count++ }
		END { if (marks == 3) print count }' "$file")
	echo "module-application ${number:-?}"
	count_trace "$BUILD/tests/pam_app" counted alice open close || return
	file=$(trace_with '^clone[(].*CLONE_NEWPID') || return
	echo "module-helper $(between '^execve' '^exit' "$file")"
	file=$(trace_with '^sendmsg.*"ready') || return
	echo "module-init $(between '' '^sendmsg.*"ready' "$file")"
	count_forks module
	count_trace setpriv --reuid alice --regid alice --init-groups \
		"$NSISOLATE_SHELL" -c true || return
	file=$(trace_with '^clone3.*CLONE_NEWPID') || return
	echo "shell-first $(between '^execve[(]"[^"]*nsisolate-shell"' '^execve.*nsisolate-login' "$file")"
	number=$(awk '/^execve.*nsisolate-login/ { on = 1 } on' "$file" >/run/count/shell
		between '^fcntl.*F_GET_SEALS' '^execve.*nsisolate-init' /run/count/shell)
	echo "shell-decide $number"
	echo "shell-outer $(between '^execve.*nsisolate-init' '^poll' "$file")"
	file=$(trace_with '^sethostname') || return
	echo "shell-init $(between '' '^vfork' "$file")"
	count_forks shell
}

# COMMAND on one processor, where what is woken waits until its waker does: sched(7), SCHED_BATCH
alone() { taskset -c "$(taskset -pc $BASHPID | sed 's/.*: //; s/[-,].*//')" chrt --batch 0 "$@"; }

# Whether all of alice's inits wait for the end of their sessions: they give up system calls just before
all_wait() {
	local pid
	for pid in $(inits alice); do
		! is_pid1 "$pid" || { grep -q '^Seccomp:.*2' "/proc/$pid/status" && set -- one; }
		grep -q '^State:.S' "/proc/$pid/status" || return
	done
	[ $# = 1 ]
}

# so_far PID: the minor faults and the waits of a process, and of it when it was another program
so_far() {
	awk 'NR == FNR { sub(/.*[)] /, ""); faults = $8; next }
		/^voluntary_ctxt_switches/ { print faults, $2 }' "/proc/$1/stat" "/proc/$1/status"
}

count_pages_once() {
	local gate pid said=/run/count/said
	exec {gate}>/run/count/gate && flock -x "$gate" || return
	: >$said
	alone "$BUILD/tests/pam_app" counted alice cost open cost gate /run/count/gate cost close cost >>$said \
		2>&1 {gate}>&- &
	wait_for all_wait && echo "init $(so_far "$(newest_pid1 alice)")" >>$said
	exec {gate}>&-
	wait $! || { cat $said >&2; return 1; }
	awk '/^cost/ && ++line % 2 == 0 { faults += $2; waits += $3; helper += $4; helper_waits += $5 }
		/^init/ { init = $2; init_waits = $3 }
		function tell(who, faults, waits) {
			print "module-" who "-faults", faults
			print "module-" who "-switches", waits
		}
		END { tell("application", faults, waits); tell("helper", helper, helper_waits); tell("init", init, init_waits) }
		' $said
	alone setpriv --reuid alice --regid alice --init-groups "$BUILD/tests/at_exec" "$NSISOLATE_SHELL" \
		-c 'exec sleep 1000' >$said 2>&1 &
	# a command that waits for the disk is not there yet
	{ wait_for pgrep -u alice -x sleep && wait_for all_wait; } || { cat $said >&2; return 1; }
	for pid in $(inits alice); do
		if is_pid1 "$pid"; then echo "init $(so_far "$pid")"; else echo "outer $(so_far "$pid")"; fi
	done >>$said
	pkill -u alice -x sleep
	wait $!
	awk '{ faults[$1] = $2; waits[$1] = $3 }
		function tell(who, from, to) {
			print "shell-" who "-faults", faults[to] - faults[from]
			print "shell-" who "-switches", waits[to] - waits[from]
		}
		END {
			tell("first", "nsisolate-shell", "nsisolate-login")
			tell("decide", "nsisolate-login", "nsisolate-init")
			tell("outer", "nsisolate-init", "outer")
			tell("init", "", "init")
		}' $said
}

count_pages() {
	local i
	count_furnish
	for i in 1 2 3 4 5; do count_pages_once || return; done |
		awk '!($1 in least) || $2 < least[$1] { least[$1] = $2 } END { for (what in least) print what, least[what] }' | sort
}

# Instructions, by callgrind: of nsisolate-login, which decides and here finds no shell to exec, and of
# the module's two functions.  The engine cannot be run so: valgrind knows no clone3(2).
count_instructions() {
	command -v valgrind >/dev/null || { echo "# no valgrind here: no instructions are counted"; return; }
	count_furnish
	{
		sed '/^\[everybody\]/,$d' "$SYSCONFDIR/nsisolate.conf"
		printf '[everybody]\nisolate = no\nshell = /nowhere\n'
	} >/run/count/conf && conf /run/count/conf
	(cd /run/count && as alice valgrind --tool=callgrind --callgrind-out-file=/run/count/shell.out \
		"$LIBEXECDIR/nsisolate/nsisolate-login" -c true) >/run/count/said 2>&1
	echo "shell-decide-instructions $(awk '/^(summary|totals):/ { print $2; exit }' /run/count/shell.out)"
	valgrind --tool=callgrind --callgrind-out-file=/run/count/module.out \
		--toggle-collect=pam_sm_open_session --toggle-collect=pam_sm_close_session \
		"$BUILD/tests/pam_app" counted alice open close >/run/count/said 2>&1
	echo "module-decide-instructions $(awk '/^(summary|totals):/ { print $2; exit }' /run/count/module.out)"
}

# Wake-ups of one login, mean of 20: `# module-wakeups ALL, across processors ACROSS: WAKER->WOKEN NUMBER, ...`
trace_wakeups() { # trace_wakeups WAY COMMAND...
	local way=$1 i trace=/run/count/tracefs/instances/nsisolate
	shift
	mkdir $trace || return 0
	echo 'comm == "pam_app" || comm == "nsisolate-init" || comm == "nsisolate-shell"' |
		tee $trace/events/sched/sched_{waking,wakeup,wakeup_new}/filter >/dev/null
	echo 1 | tee $trace/events/sched/sched_{waking,wakeup,wakeup_new}/enable >/dev/null
	for i in {1..20}; do "$@"; done >/dev/null 2>&1
	echo 0 >$trace/tracing_on
	awk -v way="$way" '
		/^#/ { next }
		{
			match($0, / \[[0-9]+\] /)
			cpu = substr($0, RSTART + 2, RLENGTH - 3) + 0
			waker = substr($0, 1, RSTART - 1)
			sub(/-[0-9]+ *$/, "", waker)
			gsub(/ /, "", waker)
			match($0, /comm=.* pid=/)
			woken = substr($0, RSTART + 5, RLENGTH - 10)
			match($0, / pid=[0-9]+/)
			pid = substr($0, RSTART, RLENGTH)
			target = $0
			sub(/.*target_cpu=/, "", target)
		}
		/sched_waking:/ { from[pid] = cpu; by[pid] = waker; next }
		/sched_wakeup_new:/ { from[pid] = cpu; by[pid] = waker }
		{
			all++
			if (from[pid] == target + 0)
				next
			across++
			pairs[by[pid] "->" woken]++
		}
		END {
			printf "# %s-wakeups %.1f, across processors %.1f:", way, all / 20, across / 20
			for (pair in pairs)
				if (pairs[pair] >= 2)
					printf " %s %.1f", pair, pairs[pair] / 20
			print ""
		}' $trace/trace
	rmdir $trace
}

count_wakeups() {
	mkdir -p /run/count/tracefs
	mount -t tracefs none /run/count/tracefs 2>/dev/null || return 0
	[ ! -d /run/count/tracefs/events/sched ] || {
		trace_wakeups module "$BUILD/tests/pam_app" counted alice open close
		trace_wakeups shell setpriv --reuid alice --regid alice --init-groups "$NSISOLATE_SHELL" -c true
	}
	umount /run/count/tracefs
}
