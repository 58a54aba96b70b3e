# A machine hardened at run time: what logins, nsisolate-shell and doctor make of each setting.
# last
# image audit trixie

what='hostname; cat /proc/1/comm; ps -e -o user= | sort -u'
isolated() { # isolated USER: what that prints in a session of the user's
	printf '%s-lab\nnsisolate-init\n%s\n' "$1" "$1"
}
as_before() { # after a test that failed, too
	root 'mount -o remount,rw /; mount -o remount,hidepid=0,gid=0 /proc
		sysctl -q kernel.unprivileged_userns_clone=1 user.max_user_namespaces=3000'
	mounts_settle
}
shell_for_dave() { # by nsisolate-shell only; everybody else by the module
	as_before
	root 'usermod -s /usr/bin/nsisolate-shell dave'
	conf <<-'END_OF_RULES'
		[by-shell]
		user = dave
		service = nsisolate-shell
		shell = /bin/bash
		scope = user
		[users]
		user = alice, bob
		service = sshd, login, su, su-l
		scope = user
	END_OF_RULES
}
logins_work() { # logins_work [SHELL]: new sessions, joined ones, and by su; SHELL: by nsisolate-shell, too
	local user users=(alice ${1:+dave})
	for user in "${users[@]}"; do
		hold "$user" 'exec sleep 3000'
		assert_eq "$(on "$user" "$what; pgrep -fx 'sleep 3000' | wc -l")" "$(isolated "$user")
1" "a login that joins the session of $user"
	done
	assert_eq "$(root "su -l bob -c '$what'")" "$(isolated bob)" "by su"
	assert_match "$(root 'nsisolatectl list')" 'alice/1 ' "nsisolatectl list"
	root 'nsisolatectl enter alice/1 -- true' </dev/null || fail "nsisolatectl enter"
	release
	for user in "${users[@]}" bob; do root "nsisolatectl end --user $user" >/dev/null 2>&1; done
	nothing_left
}

# ---- what can be taken back ----

test_audit_knows_the_login_in_a_session() {
	local session expected
	root 'auditctl -D >/dev/null; auditctl -a always,exit -F arch=b64 -S execve -F auid=5001 -k vm-exec >/dev/null
		auditctl -a always,exit -F arch=b64 -S setns -k vm-setns >/dev/null'
	hold alice 'cat /proc/self/sessionid; exec sleep 3000'
	on alice 'echo $(cat /proc/self/loginuid) $(cat /proc/self/sessionid) >door; exec /bin/true second' # joins
	session=$(root 'cat /home/alice/door')
	assert_match "$session" '^5001 [0-9]+$' "what the session itself reads"
	expected="auid=5001 .* ses=${session#* }"
	is_audited() { root 'ausearch --input-logs -k vm-exec --raw' | grep '^type=SYSCALL' | grep -F 'exe="/usr/bin/true"'; }
	wait_for is_audited || fail "no record of the command: $(root 'ausearch --input-logs -k vm-exec --raw' | tail -n 5)"
	assert_match "$(is_audited | tail -n 1)" " $expected " "the record of a command in a session"
	[ "${session#* }" != "$(sed -n 2p "$M/held.0")" ] || fail "both logins have the audit session ${session#* }"
	# by sshd, as root, but of this login
	assert_match "$(root 'ausearch --input-logs -k vm-setns --raw' | grep '^type=SYSCALL' | grep -E 'exe="[^"]*sshd-session"|exe="[^"]*nsisolate-init"' | tail -n 1)" \
		" $expected " "the record of the setns that joined"
	assert_eq "$(doctor)" "" "what doctor finds"
	release
	root 'auditctl -D >/dev/null; nsisolatectl end --user alice' >/dev/null 2>&1
	nothing_left
}

test_proc_with_hidepid_and_gid() {
	shell_for_dave
	root 'mount -o remount,hidepid=2,gid=sudo /proc'
	mounts_settle
	assert_eq "$(root 'setpriv --reuid 5002 --regid 5002 --clear-groups ps -e -o user= | sort -u')" bob "the control: hidepid"
	assert_match "$(doctor /proc)" '^ok: /proc: hidepid' doctor
	logins_work shell
	as_before
}

refused_by_shell() { # refused_by_shell WORDS
	local said
	said=$(on dave 'echo in' 2>&1) && fail "dave got in: $said"
	assert_match "$said" "$1" "what dave is told"
	! grep -qx in <<<"$said" || fail "the command ran: $said"
}
test_without_user_namespaces_the_shell_refuses_and_the_module_works() {
	local subject
	shell_for_dave
	assert_eq "$(on dave hostname)" dave-lab "the control: nsisolate-shell"
	for subject in kernel.unprivileged_userns_clone user.max_user_namespaces; do
		root "sysctl -q $subject=0"
		refused_by_shell "$subject"
		assert_match "$(doctor "$subject")" "^problem: $subject: " doctor
		logins_work
		as_before
		assert_eq "$(on dave hostname)" dave-lab "nsisolate-shell, when $subject is as before"
		nothing_left
	done
}

test_a_read_only_root() {
	shell_for_dave
	root 'systemctl -q stop auditd; journalctl --relinquish-var; sync; cut -d" " -f 3- /proc/1/mountinfo |
		sed "s, / / rw\(.*\) rw, / / ro\1 ro," | sort >/root/mounts; mount -o remount,ro /' || fail "it stays writable"
	assert_eq "$(root 'touch /etc/vm.conf 2>&1 | sed "s/.*: //"')" "Read-only file system" "the control"
	logins_work shell
	assert_eq "$(console alice "$what")" "$(isolated alice)" "at the console"
	assert_eq "$(doctor)" "" "what doctor finds"
	root 'nsisolatectl end --user alice' >/dev/null 2>&1
	nothing_left
	as_before
	root 'journalctl --flush; systemctl -q start auditd'
}

# ---- what cannot ----

test_lockdown_integrity() {
	root 'test -e /sys/kernel/security/lockdown' || skip "this kernel has no lockdown"
	shell_for_dave
	root 'echo integrity >/sys/kernel/security/lockdown'
	assert_match "$(root 'cat /sys/kernel/security/lockdown')" '\[integrity\]' "the control"
	assert_eq "$(doctor)" "" "what doctor finds"
	logins_work shell
}

test_yamas_ptrace_scope() {
	local scope
	shell_for_dave
	for scope in 1 2 3; do
		root "sysctl -q kernel.yama.ptrace_scope=$scope"
		assert_eq "$(root cat /proc/sys/kernel/yama/ptrace_scope)" $scope "the control"
		assert_eq "$(doctor)" "" "what doctor finds (ptrace_scope=$scope)"
		logins_work shell
	done
}
