# An invalid configuration, a missing engine: nobody is let in half isolated, and root has
# a way to fix it.

wrong=$'[users]\nuser = alice\nisolat = yes'
refused() { # refused USER: no command runs for it
	local said
	said=$(on "$1" 'echo in' 2>&1) && fail "$1 got in: $said"
	! grep -qx in <<<"$said" || fail "the command of $1 ran: $said"
}

test_while_the_configuration_is_wrong_users_are_refused_and_root_gets_in() {
	conf <<<"$wrong"
	refused alice
	refused bob
	logged 'session refused: user=alice: .*isolat' >/dev/null
	assert_eq "$(on root 'hostname; readlink /proc/self/ns/pid')" "lab
$(root readlink /proc/1/ns/pid)" "root by key"
	logged 'NOT isolated: user=root' >/dev/null
	assert_match "$(journal_fields | grep '"PRIORITY":"1"')" 'NOT isolated: user=root' "the alerts"
	# and fixes it by the means at hand
	assert_match "$(on root nsisolatectl check 2>&1)" 'isolat.*did you mean' "what check says"
	on root 'printf "[users]\nuser = alice\n" >/etc/nsisolate.conf'
	assert_eq "$(on alice hostname)" alice-lab "a login after that"
	nothing_left
}

test_the_rescue_group_gets_in_to_fix_it() {
	root 'grep -q "pam_nsisolate.so rescue_group=sudo" /etc/pam.d/common-session' ||
		fail "the profile names no rescue group"
	conf <<<"$wrong"
	refused alice
	assert_eq "$(on carol 'hostname; sudo -n sed -i s/isolat/isolate/ /etc/nsisolate.conf')" lab \
		"the administrator"
	logged 'NOT isolated: user=carol' >/dev/null
	assert_eq "$(on alice hostname)" alice-lab "a login after that"
	nothing_left
}

test_a_configuration_that_others_can_write_is_refused() {
	root 'chmod 666 /etc/nsisolate.conf'
	refused alice
	assert_eq "$(on root hostname)" lab "root by key"
	root 'chmod 644 /etc/nsisolate.conf'
	assert_eq "$(on alice hostname)" alice-lab "a login after that"
}

engine=/usr/libexec/nsisolate/nsisolate-init
test_without_its_engine_users_are_refused_and_root_gets_in() {
	root "mv $engine $engine.away"
	refused alice
	assert_eq "$(on root hostname)" lab "root by key"
	assert_eq "$(on carol hostname)" lab "an administrator, whom no rule isolates"
	conf <<<$'[users]\nuser = alice\non_error = allow'
	assert_eq "$(on alice hostname 2>/dev/null)" lab "alice, with on_error = allow"
	root "mv $engine.away $engine"
	assert_eq "$(on alice hostname)" alice-lab "a login after that"
	nothing_left
}

test_where_the_kernel_gives_no_namespaces_users_are_refused_and_told() {
	root 'sysctl -q user.max_pid_namespaces=0'
	refused alice
	logged 'session refused: user=alice: .*max_pid_namespaces' >/dev/null
	assert_eq "$(on root hostname)" lab "root by key"
	root 'sysctl -q user.max_pid_namespaces=10000'
	assert_eq "$(on alice hostname)" alice-lab "a login after that"
	nothing_left
}
