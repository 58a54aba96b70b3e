# What a session's name depends on: nscd, which looks it up on the host, and myhostname, which does not.
. tests/clients/client.sh

nscd_runs() { # nscd_runs yes|no: with a cache of hosts or not
	printf '%s\n' 'server-user root' 'paranoia no' 'enable-cache passwd no' 'enable-cache group no' \
		"enable-cache hosts $1" >/etc/nscd.conf
	mkdir -p /run/nscd /var/cache/nscd
	nscd -F >$LOGS/nscd 2>&1 &
	wait_for test -S /run/nscd/socket || fail "nscd does not run: $(cat $LOGS/nscd)"
}

found() { on alice 'getent hosts "$(hostname)" || echo none'; }

test_the_sessions_name_is_found_but_where_nscd_has_a_cache_of_hosts() {
	sshd_start
	for cache in yes no; do
		nscd_runs $cache
		assert_match "$(getent hosts lab)" '127.0.1.1 +lab' "on the host"
		case $cache in
		yes) assert_eq "$(found)" none "with a cache of hosts"
			assert_match "$(nsisolatectl doctor)" 'nscd +caches hosts' "what doctor says" ;;
		no) assert_match "$(found)" '127.0.1.1 +lab alice-lab' "with none" ;;
		esac
		kill $!
		wait $!
		rm -rf /run/nscd
	done
	sshd_stop
	nothing_left
}

# a session in which the host's file is replaced; what it then finds
found_later() {
	on alice "touch $STAGE/began; until [ -e $STAGE/replaced ]; do sleep 0.05; done
		getent hosts \"\$(hostname)\"" >$STAGE/out &
	wait_for test -e $STAGE/began || fail "no session"
	sed -i '$a 192.0.2.9 new' /etc/hosts
	touch $STAGE/replaced
	wait $!
	rm $STAGE/began $STAGE/replaced
	cat $STAGE/out
}

test_myhostname_finds_the_name_when_the_host_has_replaced_its_file() {
	chmod 1777 $STAGE
	cp /etc/hosts $STAGE/hosts
	cp /etc/nsswitch.conf $STAGE/nsswitch.conf
	sshd_start
	sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf
	assert_eq "$(found_later)" '' "without myhostname"
	sed -i 's/^hosts:.*/hosts: files myhostname dns/' /etc/nsswitch.conf
	assert_match "$(found_later)" ' alice-lab( |$)' "with myhostname"
	sshd_stop
	chmod 711 $STAGE
	mv $STAGE/hosts /etc/hosts
	mv $STAGE/nsswitch.conf /etc/nsswitch.conf
	rm $STAGE/out
	nothing_left
}
