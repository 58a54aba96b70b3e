# last
# The package is upgraded, and purged, while people are logged in.  (The order matters: the last test
# removes it.)

holds() { # what the held login of alice's still sees, one answer per second
	root 'tail -n 1 /home/alice/seen'
}
hold_alice() {
	hold alice 'while :; do echo "$(hostname) $(cat /proc/1/comm)" >seen.new; mv seen.new seen; sleep 1; done'
}
still() {
	root 'rm -f /home/alice/seen'
	wait_for root 'test -s /home/alice/seen' || fail "the open session stands still, $1"
	assert_eq "$(holds)" "alice-lab nsisolate-init" "what the open session sees, $1"
}

test_an_upgrade_ends_no_session_and_keeps_the_configuration() {
	local before
	conf <<<$'[users]\nuser = alice\n# kept'
	hold_alice
	before=$(inits alice)
	root "rm -rf next; dpkg-deb -R $DEB next && sed -i 's/^Version: .*/&+next/' next/DEBIAN/control &&
		dpkg-deb --root-owner-group -b next next.deb &&
		DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 install ./next.deb" \
		>"$M/upgrade.log" 2>&1 || fail "the upgrade: $(tail -n 20 "$M/upgrade.log")"
	assert_match "$(root "dpkg-query -W -f '\${Version} \${Status}' nsisolate")" \
		'\+next install ok installed$' "what dpkg says"
	assert_eq "$(inits alice)" "$before" "PID 1 of the open session"
	still "after the upgrade"
	assert_eq "$(root 'tail -n 1 /etc/nsisolate.conf')" '# kept' "the end of the configuration"
	assert_eq "$(on alice hostname)" alice-lab-2 "a new login, beside the open session"
	release
	nothing_left
}

test_removal_is_refused_where_logins_would_fail_without_it() {
	root 'usermod -s /usr/bin/nsisolate-shell dave'
	! root 'dpkg -r nsisolate' >"$M/remove.log" 2>&1 || fail "it went"
	assert_match "$(cat "$M/remove.log")" 'dave has it as login shell' "what it said"
	assert_eq "$(on alice hostname)" alice-lab "a login after that"
	nothing_left
}

test_a_purge_ends_no_session_and_leaves_nothing() {
	conf <<<$'[shared]\nuser = bob\nscope = user\n[users]\nuser = alice'
	hold_alice
	hold bob
	root 'DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 purge nsisolate' \
		>"$M/purge.log" 2>&1 || fail "the purge: $(tail -n 20 "$M/purge.log")"
	still "after the purge"
	assert_eq "$(on alice hostname)" lab "a login after it"
	release
	nothing_left
	assert_eq "$(root 'grep -l nsisolate /etc/pam.d/* /etc/shells; ls -d /etc/nsisolate* \
		/usr/libexec/nsisolate /usr/bin/nsisolate* /usr/sbin/nsisolate* /run/nsisolate' 2>/dev/null)" "" \
		"what is there of it"
}
