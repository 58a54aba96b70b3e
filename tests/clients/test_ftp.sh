# FTP servers, which open the session in the process that then serves it, as the user.  Not with privacy = strict:
# they would listen for data in the user's network, where no client reaches them.
. tests/clients/client.sh

proftpd_runs() {
	cat >/run/stage/proftpd.conf <<-'CONF'
		ServerName stage
		DefaultAddress 127.0.0.1
		Port 2121
		UseIPv6 off
		User nobody
		Group nogroup
		PidFile /run/stage/proftpd.pid
		ScoreboardFile /run/stage/proftpd.scoreboard
		DelayEngine off
		WtmpLog off
		AuthPAM on
		AuthPAMConfig proftpd
		AuthOrder mod_auth_pam.c* mod_auth_unix.c
		RequireValidShell off
		AllowOverwrite on
		<Limit LOGIN>
		AllowAll
		</Limit>
	CONF
	proftpd --nodaemon -c /run/stage/proftpd.conf >$LOGS/proftpd 2>&1 &
	wait_for listens 2121 || fail "proftpd does not listen: $(cat $LOGS/proftpd)"
	python3 tests/clients/ftp_session.py 2121 || fail "$way: see above, and $(cat $LOGS/proftpd)"
	kill $!
	wait $!
	rm -f /run/stage/proftpd.*
}
test_proftpd_serves() {
	client_stack proftpd
	WAYS='plain isolated' plain_and_isolated proftpd_runs
	logged 'pam_nsisolate\(proftpd:session\): session closed' >/dev/null
	# it has become alice by then
	not_logged '^<82>' # an alarm at each logout
}

# its handler of SIGCHLD waits for a child: it must not get the signal for another one
vsftpd_runs() {
	cat >/run/stage/vsftpd.conf <<-'CONF'
		listen=YES
		listen_address=127.0.0.1
		listen_port=2122
		background=NO
		local_enable=YES
		write_enable=YES
		session_support=YES
		isolate_network=NO
		pam_service_name=vsftpd
		secure_chroot_dir=/run/stage/empty
		nopriv_user=nobody
		ftp_username=nobody
	CONF
	mkdir -p /run/stage/empty
	vsftpd /run/stage/vsftpd.conf >$LOGS/vsftpd 2>&1 &
	wait_for listens 2122 || fail "vsftpd does not listen: $(cat $LOGS/vsftpd)"
	python3 tests/clients/ftp_session.py 2122 || fail "$way: see above, and $(cat $LOGS/vsftpd)"
	kill $!
	wait $!
	rm -r /run/stage/vsftpd.conf /run/stage/empty
}
test_vsftpd_with_session_support_serves() {
	client_stack vsftpd
	WAYS='plain isolated' plain_and_isolated vsftpd_runs
}
