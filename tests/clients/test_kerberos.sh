# Kerberos, with a KDC: tickets from outside, in each kind of cache, and what a session does with them.
. tests/clients/client.sh

REALM=LAB.EXAMPLE.ORG

kdc_start() {
	mkdir -p /var/lib/krb5kdc /etc/krb5kdc
	cat >/etc/krb5.conf <<-CONF
		[libdefaults]
		default_realm = $REALM
		dns_lookup_kdc = false
		rdns = false
		[realms]
		$REALM = {
			kdc = 127.0.0.1
		}
	CONF
	cat >/etc/krb5kdc/kdc.conf <<-CONF
		[realms]
		$REALM = {
			database_name = /var/lib/krb5kdc/principal
			key_stash_file = /etc/krb5kdc/stash
			kdc_listen = 127.0.0.1:88
			kdc_tcp_listen = 127.0.0.1:88
		}
	CONF
	rm -f /var/lib/krb5kdc/* /etc/krb5kdc/stash
	kdb5_util -r $REALM create -s -P master >/dev/null 2>$LOGS/kdc || fail "$(cat $LOGS/kdc)"
	for name in alice dave; do kadmin.local -q "addprinc -pw ticket $name" >>$LOGS/kdc 2>&1; done
	krb5kdc -n >>$LOGS/kdc 2>&1 &
	KDC=$!
	wait_for listens 88 || fail "no KDC: $(cat $LOGS/kdc)"
}
kdc_stop() { kill $KDC; wait $KDC; rm -f /run/krb5kdc.pid; }

# gets NAME CACHE: a ticket for NAME into CACHE, outside of every session
gets() { as "$1" env KRB5CCNAME="$2" sh -c 'echo ticket | kinit >/dev/null' || fail "no ticket in $2"; }
# has NAME CACHE: whose ticket a session of NAME finds there
has() { on "$1" "KRB5CCNAME=$2 klist 2>&1 | sed -n 's/^Default principal: //p'"; }
# renews NAME CACHE: whether a session can get a new ticket into the same cache, and destroy it
renews() { on "$1" "export KRB5CCNAME=$2; echo ticket | kinit >/dev/null && klist -s && kdestroy && echo renewed" 2>&1; }

runtime() { # of the user of this number
	mkdir -p /run/user
	install -d -m 700 -o "$1" -g "$1" "/run/user/$1"
}

test_tickets_in_files_and_directories_are_there() {
	local cache user way=module
	kdc_start
	sshd_start
	for user in alice dave; do
		uid=$(id -u $user)
		runtime $uid
		for cache in FILE:/tmp/krb5cc_$uid DIR:/run/user/$uid/krb5cc FILE:/run/user/$uid/krb5cc_x; do
			[ $user = alice ] || pam_stack sshd ''
			gets $user $cache
			printf '[users]\nuid = 1000-59999\nprivate = /tmp\n' | conf
			assert_eq "$(has $user $cache)" "$user@$REALM" "$cache in a session of $user"
			assert_eq "$(renews $user $cache)" renewed "$cache in a session of $user"
		done
		rm -rf /run/user /tmp/krb5cc_*
	done
	sshd_stop
	kdc_stop
	nothing_left
}

test_tickets_in_keyrings_are_there_but_in_the_shells_sessions() {
	kdc_start
	gets alice KEYRING:persistent:5001
	gets dave KEYRING:persistent:5004
	sshd_start
	printf '[users]\nuid = 1000-59999\n' | conf
	assert_eq "$(has alice KEYRING:persistent:5001)" "alice@$REALM" "through the module"
	pam_stack sshd ''
	assert_eq "$(has dave KEYRING:persistent:5004)" '' "through the shell"
	assert_eq "$(renews dave KEYRING:persistent:5004)" renewed "its own"
	sed -i '/^default_realm/a default_ccache_name = KEYRING:persistent:%{uid}' /etc/krb5.conf
	assert_match "$(nsisolatectl doctor)" 'keyrings +Kerberos. default_ccache_name is KEYRING:persistent' "what doctor says"
	sshd_stop
	for user in alice dave; do as $user kdestroy -c KEYRING:persistent:$(id -u $user); done
	kdc_stop
	nothing_left
}

# libpam-krb5: the ticket that a login gets
ticket_of_login() { # with the password, and no key
	printf '#!/bin/sh\necho ticket\n' >$STAGE/askpass
	chmod 755 $STAGE/askpass
	SSH_ASKPASS=$STAGE/askpass SSH_ASKPASS_REQUIRE=force timeout "$(pace_seconds 1200)" ssh -F /dev/null \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o PubkeyAuthentication=no \
		-o NumberOfPasswordPrompts=1 alice@127.0.0.1 \
		'klist 2>&1 | sed -n "s/^Default principal: //p"'
	rm $STAGE/askpass
}
krb5_stack() { # krb5_stack SESSION-LINE...
	{ printf '%s\n' 'auth required pam_krb5.so' 'account required pam_permit.so'
		printf '%s\n' "$@"; } >/etc/pam.d/sshd
}

test_the_ticket_of_a_login_is_there_and_gone_at_its_end() {
	kdc_start
	client_stack sshd
	printf '[users]\nuid = 1000-59999\nprivate = /tmp\n' | conf
	sshd_start PasswordAuthentication=yes KbdInteractiveAuthentication=yes
	krb5_stack 'session optional pam_krb5.so' "$MODULE"
	assert_eq "$(ticket_of_login)" "alice@$REALM" "with one line"
	assert_match "$(ls /tmp)" krb5cc_5001 "what the host keeps"
	rm -f /tmp/krb5cc_*
	krb5_stack "$MODULE close" 'session optional pam_krb5.so' "$MODULE"
	assert_eq "$(ticket_of_login)" "alice@$REALM" "with a pair"
	assert_eq "$(ls /tmp | grep krb5)" '' "what the host keeps"
	sshd_stop
	kdc_stop
	client_stack sshd
	nothing_left
}
