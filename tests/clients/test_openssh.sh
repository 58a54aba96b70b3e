# OpenSSH's own regression tests, of the tree that OPENSSH points to (see run), where its users' logins are isolated.
# alone
. tests/clients/client.sh

# What has to do with sessions; the rest is about keys, ciphers and configuration.  REGRESS="WORD..." names others.
REGRESS=${REGRESS:-connect exit-status exit-status-signal envpass transfer banner stderr-data stderr-after-eof
	broken-pipe yes-head login-timeout agent agent-getpeereid agent-timeout agent-subprocess agent-restrict key-options
	scp scp3 scp-uri sftp sftp-cmds sftp-badcmds sftp-batch sftp-glob sftp-perm sftp-uri reconfigure dynamic-forward
	forwarding multiplex reexec localcommand forcecommand forward-control cert-userkey hostkey-agent authinfo
	channel-timeout connection-timeout percent}

regress() { # regress USER SUDO OPTIONS: sshd is root's by SUDO, or the user's own
	local user=$1 sudo=$2 options=$3 name failed='' home=/home/$1
	[ -d /usr/src/openssh ] || skip "no OPENSSH=DIR"
	mkdir -p /var/empty
	chmod 711 "$home" # one test starts ssh-add as nobody
	cp -a /usr/src/openssh "$home/openssh"
	grep -rlF "$OPENSSH" "$home/openssh" --include=Makefile | xargs sed -i "s|$OPENSSH|$home/openssh|g"
	chown -R "$user:" "$home/openssh"
	for name in $REGRESS; do
		if as "$user" env SUDO="$sudo" TEST_SSH_SSHD_CONFOPTS="$options" TEST_SSH_UNSAFE_PERMISSIONS=1 \
			make -C "$home/openssh" -s t-exec SKIP_UNIT=1 LTESTS="$name" SUDO="$sudo" \
			>"$home/said" 2>&1 </dev/null; then
			echo "ok $name" >&2
		else
			failed+=" $name"
			echo "FAILED $name" >&2
			tail -n 8 "$home/said" >&2
		fi
	done
	echo "$(grep -c 'session opened: user=' $LOGS/syslog) sessions" >&2
	rm -rf "$home/openssh" "$home/said"
	chmod 700 "$home"
	FAILED=${failed# }
}

test_regress_of_a_login_that_is_isolated_by_the_module() {
	printf '[users]\nuid = 1000-59999\nservice = sshd\n' | conf
	echo 'alice ALL=(ALL:ALL) NOPASSWD: ALL' >>/etc/sudoers
	regress alice sudo 'UsePAM yes'
	sed -i /^alice/d /etc/sudoers
	grep -q 'pam_nsisolate(sshd:session): session opened: user=alice' $LOGS/syslog || fail "nothing was isolated"
	assert_eq "$FAILED" '' "tests that fail"
}

test_regress_of_a_login_shell_that_is_nsisolate_shell() {
	printf '[users]\nuid = 1000-59999\n' | conf
	regress dave '' ''
	grep -q 'session opened: user=dave' $LOGS/syslog || fail "nothing was isolated"
	assert_eq "$FAILED" '' "tests that fail"
}
