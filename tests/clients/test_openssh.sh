# OpenSSH's own regression tests, of the tree that OPENSSH points to (see run): plain, and where its users' logins are
# isolated.  In each way sshd is root's, by sudo, except in tests that start a second one in a session of the first: in
# nsisolate-shell's sessions neither sudo nor pam_unix's helper works.
# alone
. tests/clients/client.sh

# The tests that concern sessions; the rest are about keys, ciphers and configuration.  An older tree lacks some.
# Without agent-ptrace, which opens no session, and is skipped where homes are mounted nosuid, as on the stage.
# REGRESS="WORD..." names others.
REGRESS=${REGRESS:-connect connect-privsep connect-uri proxy-connect exit-status exit-status-signal envpass transfer banner
	stderr-data stderr-after-eof broken-pipe yes-head login-timeout agent agent-getpeereid agent-timeout
	agent-subprocess agent-restrict key-options keys-command principals-command scp scp3 scp-uri sftp sftp-chroot
	sftp-cmds sftp-badcmds sftp-batch sftp-glob sftp-perm sftp-resume sftp-uri reconfigure dynamic-forward forwarding
	multiplex reexec localcommand forcecommand match-subsystem forward-control cert-userkey hostkey-agent authinfo
	channel-timeout connection-timeout penalty penalty-expire percent}

regress() { # regress USER
	local user=$1 name home=/home/$1 said failed='' passed=0 sudo pam
	[ -d /usr/src/openssh ] || skip "no OPENSSH=DIR"
	mkdir -p /var/empty
	chmod 711 "$home" # one test starts ssh-add as nobody
	cp -a /usr/src/openssh "$home/openssh"
	grep -rlF "$OPENSSH" "$home/openssh" --include=Makefile | xargs sed -i "s|$OPENSSH|$home/openssh|g"
	chown -R "$user:" "$home/openssh"
	echo "$user ALL=(ALL:ALL) NOPASSWD: ALL" >>/etc/sudoers
	for name in $REGRESS; do
		[ -e "$home/openssh/regress/$name.sh" ] || { echo "        $name: not in this tree" >&7; continue; }
		sudo=sudo pam=yes
		case $user/$name in dave/agent | dave/agent-restrict) sudo='' pam=no ;; esac
		sed -i "s/\(UsePAM[[:space:]]*\).*/\1$pam/" "$home/openssh/regress/test-exec.sh"
		if ! said=$(as "$user" env SUDO=$sudo TEST_SSH_UNSAFE_PERMISSIONS=1 \
			make -C "$home/openssh" -s t-exec SKIP_UNIT=1 LTESTS="$name" SUDO=$sudo 2>&1 </dev/null); then
			failed+=" $name"
			echo "FAILED $name" >&2
			tail -n 8 <<<"$said" >&2
		elif grep -qE "^(SKIPPED|[Ss]kipped)" <<<"$said"; then
			echo "        $name: $(grep -E "^(SKIPPED|[Ss]kipped)" <<<"$said")" >&7
		else
			passed=$((passed + 1))
		fi
	done
	sed -i "/^$user/d" /etc/sudoers
	echo "        $passed of OpenSSH's tests pass" >&7
	rm -rf "$home/openssh"
	chmod 700 "$home"
	assert_eq "$failed" '' "tests that fail"
}

test_regress_of_a_plain_login() {
	printf '[users]\nuid = 1000-59999\nisolate = no\n' | conf
	regress alice
	! grep 'session opened: user=' $LOGS/syslog || fail "something was isolated"
}

test_regress_of_a_login_that_is_isolated_by_the_module() {
	printf '[users]\nuid = 1000-59999\nservice = sshd\n' | conf
	regress alice
	logged 'pam_nsisolate\(sshd:session\): session opened: user=alice' >/dev/null
}

test_regress_of_a_login_shell_that_is_nsisolate_shell() {
	printf '[users]\nuid = 1000-59999\nservice = nsisolate-shell\n' | conf
	regress dave
	logged 'session opened: user=dave' >/dev/null
}
