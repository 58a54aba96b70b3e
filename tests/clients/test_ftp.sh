# FTP servers, which open the session in the process that then serves it, as the user.
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
	plain_and_isolated proftpd_runs
}
