# What a session's name depends on: nscd, which looks it up on the host, and myhostname, which does not.  What finds
# other names: nscd and systemd-resolved, both by sockets that a session sees.
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

# ---- names of others: the resolver that knows them is on the host's own address ----

asks() { # asks WANTED LINE...: what a session of alice's by a rule with these lines finds
	local wanted=$1
	shift
	printf '%s\n' '[users]' 'uid = 1000-59999' "$@" | conf
	assert_eq "$("$BUILD/tests/pam_app" stage alice open run 'getent ahosts far.example | grep -c "192.0.2.77 *STREAM"' close end 2>/dev/null)" \
		"$wanted" "$*"
}

nscd_answers() {
	nscd_runs yes
	wait_for resolves || fail "the host does not find it: $(cat $LOGS/nscd)"
	asks 1 'network = user'
	asks 1 'network = none'
	asks 0 'network = none' 'inaccessible = /run/nscd'
	kill $!
	wait $!
	rm -rf /run/nscd
}
test_nscd_looks_names_up_for_sessions_without_a_network() { names nscd_answers; }

resolved_answers() {
	sed -i "s/^hosts:.*/hosts: files resolve [!UNAVAIL=return] dns/" /etc/nsswitch.conf
	echo 'systemd-resolve:x:991:991::/:/usr/sbin/nologin' >>/etc/passwd
	mkdir -p /run/systemd/resolve
	chown 991:991 /run/systemd/resolve
	printf '%s\n' '[Resolve]' DNS=$HOST LLMNR=no MulticastDNS=no DNSSEC=no Cache=no >/etc/systemd/resolved.conf
	SYSTEMD_LOG_TARGET=console /lib/systemd/systemd-resolved >$LOGS/resolved 2>&1 & local resolved=$!
	wait_for test -e /run/systemd/resolve/stub-resolv.conf || fail "resolved does not run: $(cat $LOGS/resolved)"
	ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	wait_for resolves || fail "the host does not find it: $(cat $LOGS/resolved)"
	asks 1 'network = user'
	asks 1 'network = none'
	# by its stub on 127.0.0.53
	sed -i "s/^hosts:.*/hosts: files dns/" /etc/nsswitch.conf
	wait_for resolves || fail "the stub does not answer: $(cat $LOGS/resolved)"
	asks 1 'network = user'
	asks 0 'network = none'
	kill $resolved
	wait $resolved
	rm -rf /run/systemd/resolve
	rmdir /run/systemd 2>/dev/null
	sed -i /^systemd-resolve:/d /etc/passwd
}
test_resolved_looks_names_up_for_sessions_by_its_socket_and_its_stub() {
	[ -e /lib/systemd/systemd-resolved ] || skip "no systemd-resolved here"
	names resolved_answers
}

resolves() { getent ahostsv4 far.example >/dev/null; }
names() {
	with_resolver() {
		python3 -c "$RESOLVER" $HOST & local stub=$!
		rm -f /etc/resolv.conf
		echo "nameserver $HOST" >/etc/resolv.conf
		sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf
		wait_for resolves || fail "no resolver"
		asks 1 'network = user' # the control
		asks 0 'network = none'
		"$@"
		kill $stub
	}
	own_stack
	cp -P /etc/resolv.conf /etc/nsswitch.conf $STAGE/
	world with_resolver "$@"
	rm /etc/resolv.conf /etc/pam.d/stage
	cp -P $STAGE/resolv.conf $STAGE/nsswitch.conf /etc/
	rm $STAGE/resolv.conf $STAGE/nsswitch.conf
	nothing_left
}
