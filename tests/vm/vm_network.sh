# network = user: the device as udev makes it, pasta of the release, sshd's forwarding.

rules=$'[users]\nuser = alice, bob\nnetwork = user\nscope = user\nlogout = kill'

# serve NAME: answers on the session's port 8888, until the login ends
serve() { echo "perl -MIO::Socket::INET -e '\$l = IO::Socket::INET->new(LocalAddr => \"127.0.0.1\",
	LocalPort => 8888, Listen => 5, ReuseAddr => 1) or die; while (\$c = \$l->accept) { print \$c \"of $1\\n\"; close \$c }'"; }
# reach ADDRESS PORT: the first line that comes from there
reach() { echo "bash -c 'exec 3<>/dev/tcp/$1/$2 && read -r -u 3 line && echo \"\$line\"' 2>&1"; }
listens() { on "$1" 'ss -Hltn "sport = :8888" | grep -q .'; }

test_without_passt_check_says_so_and_nobody_gets_in() {
	root '! command -v pasta' >/dev/null || skip "passt is installed already"
	conf <<<"$rules"
	assert_match "$(root nsisolatectl check 2>&1)" 'error.*network = user needs /usr/bin/pasta.*passt' check
	! on alice 'echo in' 2>/dev/null | grep -qx in || fail "alice got in"
	nothing_left
}

test_each_users_localhost_is_the_users_own() {
	local user
	passt_install || skip "this release has no passt"
	conf <<<"$rules"
	assert_match "$(root 'nsisolatectl doctor')" 'ok +network = user' doctor
	assert_match "$(on carol "$(reach 127.0.0.1 22)")" ^SSH "the control: the host's loopback without isolation"
	for user in alice bob; do
		hold $user "$(serve $user)"
		wait_for listens $user || fail "no server of $user's"
	done
	for user in alice bob; do
		assert_eq "$(on $user "$(reach 127.0.0.1 8888)")" "of $user" "from a second login"
		assert_eq "$(on $user -W localhost:8888 </dev/null | head -n 1)" "of $user" "by ssh's forwarding"
	done
	assert_match "$(on alice "$(reach 127.0.0.1 22)")" 'refused' "the host's loopback"
	assert_match "$(on alice "$(reach 10.0.2.15 22)")" ^SSH "the host's own address"
	assert_eq "$(root 'ss -Hltn "sport = :8888"')" "" "on the host"
	release
	nothing_left
}

test_switches_for_unprivileged_users_do_not_forbid_it() {
	local switch
	passt_install || skip "this release has no passt"
	conf <<<"$rules"
	for switch in kernel.unprivileged_userns_clone=0 kernel.apparmor_restrict_unprivileged_userns=1; do
		root "sysctl -q -w $switch" 2>/dev/null || continue # not of this kernel
		assert_match "$(on alice "$(reach 10.0.2.15 22)")" ^SSH "$switch"
		root "sysctl -q -w ${switch%=*}=$((1 - ${switch#*=}))"
		echo "seen with $switch"
	done
	# a limit of none at all is another thing
	root 'sysctl -q -w user.max_user_namespaces=0'
	! on alice 'echo in' 2>/dev/null | grep -qx in || fail "alice got in"
	assert_match "$(root nsisolatectl doctor)" 'problem +network = user +user.max_user_namespaces is 0' doctor
	root 'sysctl -q -w user.max_user_namespaces=65536'
	assert_match "$(on alice "$(reach 10.0.2.15 22)")" ^SSH "with the limit as before"
	nothing_left
}
