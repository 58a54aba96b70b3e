# count.sh - what a login does, in numbers that no other load on the machine changes; sourced on the
# stage, by run and by test_budget.sh.
#
#	count_calls             lines `WHOSE NUMBER`: system calls of one login
#	count_where             the C library and the kernel: one has ways of its own to look up names and get memory,
#	                        the other may lack a call that another one stands in for
#	count_instructions      the same of instructions in user space, where there is valgrind
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

count_where() {
	echo "$(getconf GNU_LIBC_VERSION 2>/dev/null || echo another C library), Linux $(uname -r | cut -d. -f1-2)"
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
# mountinfo counts as one, for how long it is is the machine's
between() {
	awk -v from="$1" -v to="$2" '
		inside && $0 ~ to { found = 1; exit }
		/self\/mountinfo/ { mounts = 1 }
		/^close/ { mounts = 0 }
		mounts && /^read/ && mounts++ > 1 { next }
		inside { count++ }
		$0 ~ from { inside = 1 }
		END { if (!found) exit 1; print count + 0 }' "$3" ||
		{ echo "count.sh: no /$1/ .. /$2/ in $3: $(cat "$3")" >&2; return 1; }
}

count_calls() {
	local file number
	count_furnish
	# an audit record that libpam writes by itself is not counted either: a mark behind each call
	count_trace "$BUILD/tests/pam_app" counted alice open close mark open mark close mark || return
	file=$(trace_with '^sched_yield') || return
	number=$(awk '
		/^sched_yield/ { marks++; audit = 0; next }
		/AF_NETLINK|NETLINK_AUDIT/ { audit = 1 }
		marks && !audit { count++ }
		END { if (marks == 3) print count }' "$file")
	echo "module-application ${number:-?}"
	count_trace "$BUILD/tests/pam_app" counted alice open close || return
	file=$(trace_with '^clone3.*CLONE_NEWPID') || return
	echo "module-helper $(between '^execve' '^exit' "$file")"
	file=$(trace_with '^sendmsg.*"ready') || return
	echo "module-init $(between '' '^sendmsg.*"ready' "$file")"
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
}

# Instructions, by callgrind: of nsisolate-login, which decides and here finds no shell to exec, and of
# the module's two functions.  The engine cannot be run so: valgrind knows no clone3(2).
count_instructions() {
	local which
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
