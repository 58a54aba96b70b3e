# exim, which is setuid root: the user it runs as, and what becomes of a mail in transit at logout.
. tests/clients/client.sh

exim_stage() { # exim_stage DELAY: exim sends all mail to a sink, which takes that long to accept it
	getent passwd Debian-exim >/dev/null || {
		echo 'Debian-exim:x:105:105::/var/spool/exim4:/usr/sbin/nologin' >>/etc/passwd
		echo 'Debian-exim:x:105:' >>/etc/group
	}
	mkdir -p /etc/exim4 /var/spool/exim4/{input,msglog,db} /var/log/exim4
	chown -R Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4
	rm -rf /var/spool/exim4/{input,msglog,db}/* /var/log/exim4/*
	cat >/etc/exim4/exim4.conf <<-'CONF'
		log_file_path = /var/log/exim4/%slog
		keep_environment =
		begin routers
		all:
		  driver = manualroute
		  route_list = * 127.0.0.1
		  self = send
		  transport = smtp
		begin transports
		smtp:
		  driver = smtp
		  port = 2525
		begin retry
		* * F,2h,1s
	CONF
	chmod 644 /etc/exim4/exim4.conf
	: >$STAGE/sink
	python3 tests/clients/smtp_sink.py 2525 $STAGE/sink "$1" &
	SINK=$!
	wait_for listens 2525 || fail "no sink"
}

exim_unstage() {
	kill $SINK
	wait $SINK
	rm -f $STAGE/sink
	rm -rf /run/exim4
}

has_mails() { [ "$(grep -c ^mail $STAGE/sink)" = "$1" ]; }
no_exim() { ! pgrep -x exim4; }
SEND='echo text | /usr/sbin/sendmail -oi -odb bob@example.net'

# again HOW_OFTEN: as often the mail went out, when exim has looked at its queue once more
again() {
	wait_for no_exim || fail "exim goes on: $(ps -ef)"
	exim4 -qff
	assert_eq "$(grep -c ^mail $STAGE/sink)" "$1" "how often it went out, $2: $(cat /var/log/exim4/mainlog)"
	assert_eq "$(exim4 -bpc)" 0 "what is left in the queue"
}

exim_runs() {
	cp /etc/hosts $STAGE/hosts
	echo '127.0.1.1 lab.example.org lab' >/etc/hosts
	exim_stage 0
	sshd_start
	on alice "$SEND; until grep -q ^mail $STAGE/sink; do sleep 0.05; done"
	wait_for no_exim || fail "exim goes on: $(ps -ef)"
	sshd_stop
	assert_eq "$(cat $STAGE/sink)" "hello lab.example.org
from <alice@lab.example.org>
mail" "what the other server is told, $way"
	exim_unstage
	cat $STAGE/hosts >/etc/hosts
	rm $STAGE/hosts
}
# (With privacy = strict what exim sends at once goes through the user's network, where the host's loopback, which the
# other server is on, cannot be reached.)
test_mail_is_the_machines() { WAYS='plain isolated' plain_and_isolated exim_runs; }

# nsisolate-shell(8): it is not root there, and would read root's configuration
test_a_session_of_the_shells_sends_no_mail() {
	local said
	exim_stage 0
	printf '[users]\nuid = 1000-59999\n' | conf
	as dave sh -c "$SEND" || fail "nor does anybody else"
	wait_for has_mails 1 || fail "no mail"
	said=$(as dave nsisolate-shell -c "$SEND" 2>&1) && fail "it is accepted: say so in nsisolate-shell(8)"
	assert_match "$said" "wrong owner"
	wait_for no_exim
	exim_unstage
	nothing_left
}

# nsisolate.conf(5), `grace`: processes of root get no signal at the end
test_a_mail_on_its_way_at_logout_needs_the_grace() {
	local grace
	exim_stage 4
	# so that a signal would not let it finish
	as alice sh -c "$SEND"
	wait_for has_mails 1 || fail "no mail on its way"
	pkill -TERM -x exim4
	again 2 "on the host, ended by SIGTERM"
	sshd_start
	for grace in 1 60; do
		: >$STAGE/sink
		printf '[users]\nuid = 1000-59999\ngrace = %s\n' $grace | conf
		on alice "$SEND; until grep -q ^mail $STAGE/sink; do sleep 0.05; done"
		again $((grace == 1 ? 2 : 1)) "grace = $grace"
	done
	sshd_stop
	exim_unstage
	nothing_left
}
