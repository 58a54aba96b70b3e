# Who looks a session's name up on the host: nscd.
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
