# isolate = observe: a rule on trial.  The log says what a login would have got, and the login is left alone.
. tests/stage.sh

settings() { # settings LINE...: the rule on trial
	printf '[trial]\nisolate = observe\nshell = /bin/sh\n'
	printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"
HERE='readlink /proc/self/ns/pid /proc/self/ns/uts /proc/self/ns/mnt; hostname'
OBSERVED='session observed: user=%s rule=trial service=%s from=%s hostname=%s namespaces=%s scope=user logout=linger'

test_a_login_of_the_module_is_left_alone_and_logged() {
	own_stack
	settings 'scope = user' 'logout = linger' 'namespaces = uts, pid, ipc' 'hostname = %u-%r'
	assert_eq "$("$BUILD/tests/pam_app" stage alice rhost 192.0.2.1 remember open same run "$HERE" close same end)" \
		"$(sh -c "$HERE")" "where it is"
	# shellcheck disable=SC2059
	logged "pam_nsisolate\(stage:session\): $(printf "$OBSERVED" alice stage 192.0.2.1 alice-trial uts,pid,mount,ipc)\$" >/dev/null
	assert_eq "$(grep -c 'pam_nsisolate' $LOGS/syslog)" 1 "lines of the module"
	rm /etc/pam.d/stage
	nothing_left
}

test_so_is_one_of_the_shell() {
	settings 'scope = user' 'logout = linger'
	assert_eq "$(as dave "$NSISOLATE_SHELL" -c "$HERE")" "$(as dave sh -c "$HERE")" "where it is"
	# shellcheck disable=SC2059
	logged "nsisolate-shell.*: $(printf "$OBSERVED" dave nsisolate-shell - dave-lab uts,pid,mount)\$" >/dev/null
	nothing_left
}

test_what_it_would_have_got_cannot_refuse_a_login() {
	own_stack
	settings 'scope = user'
	: >/run/nsisolate
	assert_eq "$("$BUILD/tests/pam_app" stage alice open run 'echo in' close end)" in
	rm /run/nsisolate /etc/pam.d/stage
}

test_a_rule_behind_it_does_not_match() {
	own_stack
	settings
	printf '[all]\n' >>"$SYSCONFDIR/nsisolate.conf"
	assert_eq "$("$BUILD/tests/pam_app" stage alice open run 'hostname' close end)" lab "the hostname"
	rm /etc/pam.d/stage
}

test_explain_list_and_doctor_say_so() {
	local text
	own_stack
	settings 'scope = user'
	text=$(nsisolatectl explain --service stage alice)
	assert_match "$text" 'not isolated by rule \[trial\], which is on trial; with isolate = yes:'
	assert_match "$text" 'isolate +observe +\[trial\] '
	assert_match "$text" 'hostname +alice-lab .*%u-%l'
	assert_match "$(nsisolatectl explain --service stage --json alice)" '"isolate":false,"observe":true,"rule":"trial"'
	assert_match "$(nsisolatectl list 2>&1)" 'the rule \[trial\] is on trial \(isolate = observe\): its logins are not isolated'
	assert_match "$(nsisolatectl doctor 2>&1)" 'warning +/etc/nsisolate.conf +the rule \[trial\] is on trial'
	printf '[all]\nscope = user\n' | conf
	! nsisolatectl list 2>&1 | grep -q trial || fail "a rule that isolates is reported"
	assert_match "$(nsisolatectl explain --service stage --json alice)" '"isolate":true,"observe":false'
	rm /etc/pam.d/stage
}

# Faults of a rule are reported while it is on trial.
test_check_warns_as_if_it_isolated() {
	settings 'namespaces = uts'
	assert_match "$(nsisolatectl check)" 'the hostname cannot be looked up in the session'
	settings 'linger_max = 1h'
	assert_match "$(nsisolatectl check)" 'logout is kill'
	printf '[a]\nisolate = observed\n' | conf
	assert_match "$(nsisolatectl check)" "'observed': expected yes, no or observe \(did you mean observe\?\)"
}
