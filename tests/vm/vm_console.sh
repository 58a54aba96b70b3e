# A login at the console: agetty and login(1) on the serial line, with a password.

test_a_console_login_is_isolated() {
	assert_eq "$(console alice 'hostname; cat /proc/1/comm; tty; ps -e -o user= | sort -u')" "alice-lab
nsisolate-init
/dev/$LINE
alice" "hostname, PID 1, terminal, whose processes"
	logged 'pam_nsisolate\(login:session\): session opened:? .*user=alice' >/dev/null
	logged 'pam_nsisolate\(login:session\): session closed:? .*user=alice' >/dev/null
	nothing_left
}

test_a_console_session_has_its_place_in_logind() {
	assert_eq "$(console alice 'loginctl show-session "$XDG_SESSION_ID" -p Name -p TTY -p Service | sort | tr "\n" " "; echo')" "Name=alice Service=login TTY=$LINE " "the session"
	nothing_left
}

test_what_a_console_login_starts_ends_with_it() {
	conf <<<$'[users]\nuser = alice\nscope = session\nlogout = kill'
	assert_eq "$(console alice '(setsid sleep 4000 </dev/null >/dev/null 2>&1 &); sleep 1; pgrep -c -x sleep')" \
		1 "the job inside"
	nothing_left
}

test_an_administrators_console_login_is_left_alone() {
	assert_eq "$(console carol 'hostname; cat /proc/1/comm')" "lab
systemd" "hostname and PID 1"
	nothing_left
}

test_a_wrong_configuration_refuses_the_console_and_gives_it_back() {
	local status=0
	conf <<<$'[users]\nuser = alice\nisolat = yes'
	console alice hostname >/dev/null 2>&1 || status=$?
	assert_eq $status 1 "the console's login (1 is refused)"
	logged 'session refused: user=alice: .*isolat' >/dev/null
	conf <<<$'[users]\nuser = alice'
	assert_eq "$(console alice hostname)" alice-lab "the next login there"
	nothing_left
}
