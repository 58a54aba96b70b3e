# org.sh - an organisation on the stage: slapd with people.py's users and groups, queried by sssd or nslcd.
#
#	org_start [rfc2307bis] [wrong] [KEY=VALUE...]   slapd and sssd, with an empty cache; KEYs go to sssd's
#	                             domain; wrong: it knows nobody
#	org_start_nslcd [rfc2307bis]            slapd and nslcd
#	org_cold                     restart sssd, with an empty cache
#	org_sssd_stop, org_nslcd_stop           stop it, as its upgrade does
#	org_hang PROCESS             make it stop answering
#	org_stop                     remove all of it
#	org_end                      the same; nothing_left
#	stack                        /etc/pam.d/stage: pam_permit and pam_nsisolate
#	said WORD...                 a line for the table of what it costs
#	gets USER RULE-AND-MORE [NAME]          USER gets a session of this rule; NSS calls USER NAME
#	left_alone USER              USER gets in, and is not isolated
. tests/stage.sh

LDAP_DATA=/var/lib/ldap-stage

org_unpack() { # not over /: tar would replace links by directories
	local deb dir
	[ ! -e $STAGE/unpacked ] || return 0
	mkdir $STAGE/unpacked
	for deb in "$DEBS"/*.deb; do dpkg-deb -x "$deb" $STAGE/unpacked || fail "$deb"; done
	for dir in usr etc var lib; do
		[ ! -d $STAGE/unpacked/$dir ] || cp -a $STAGE/unpacked/$dir/. "$(realpath /$dir)/" || fail "$dir"
	done
	[ ! -d $STAGE/unpacked/sbin ] || cp -a $STAGE/unpacked/sbin/. "$(realpath /sbin)/"
	ldconfig
}

org_data() {
	[ ! -e $LDAP_DATA/there ] || return 0
	mkdir -p $LDAP_DATA
	# a group can have members by name, or by their DN
	sed '/NAME .posixGroup./,/MUST/ s/STRUCTURAL/AUXILIARY/' \
		/etc/ldap/schema/nis.schema >$LDAP_DATA/nis-bis.schema
	cat >$LDAP_DATA/slapd.conf <<-END
		include /etc/ldap/schema/core.schema
		include /etc/ldap/schema/cosine.schema
		include $LDAP_DATA/nis-bis.schema
		modulepath /usr/lib/ldap
		moduleload back_mdb
		moduleload deref
		pidfile /run/slapd-stage.pid
		sizelimit unlimited
		loglevel stats
		database mdb
		suffix "dc=example,dc=org"
		directory $LDAP_DATA
		maxsize 1073741824
		dbnosync
		index objectClass,uid,cn,uidNumber,gidNumber,memberUid,member eq
		overlay deref
	END
	python3 tests/directory/people.py >$LDAP_DATA/people.ldif
	slapadd -q -f $LDAP_DATA/slapd.conf -l $LDAP_DATA/people.ldif >$LOGS/slapadd 2>&1 || fail "$(tail $LOGS/slapadd)"
	touch $LDAP_DATA/there
}

org_slapd() {
	slapd -f $LDAP_DATA/slapd.conf -h ldap://127.0.0.1:389 -d 0 >$LOGS/slapd 2>&1 &
	SLAPD=$!
	wait_for listens 389 || fail "slapd does not listen: $(tail $LOGS/slapd)"
}

org_ldap() { # org_ldap SERVICE SCHEMA: starts slapd, and sets nsswitch.conf to SERVICE; sets $base
	[ -n "${DEBS:-}" ] || skip "run by make check-directory"
	org_unpack
	org_data
	org_slapd
	[ -e $STAGE/nsswitch ] || cp /etc/nsswitch.conf $STAGE/nsswitch
	printf '%s\n' "passwd: files systemd $1" "group: files systemd $1" 'shadow: files' 'hosts: files' >/etc/nsswitch.conf
	base=groups
	[ "$2" != rfc2307bis ] || base=bis
}

org_nslcd() {
	mkdir -p /run/nslcd
	chown nslcd /run/nslcd
	nslcd -n >$LOGS/nslcd 2>&1 &
	NSLCD=$!
	wait_for getent passwd u1 || fail "nslcd does not answer: $(tail $LOGS/nslcd; grep nslcd $LOGS/syslog)"
}

org_nslcd_stop() {
	[ -z "${NSLCD:-}" ] || { kill "$NSLCD"; wait "$NSLCD"; }
	NSLCD=
} 2>/dev/null

org_start_nslcd() {
	local base schema=${1:-rfc2307}
	org_ldap ldap "$schema"
	getent passwd nslcd || echo 'nslcd:x:106:65534::/run/nslcd:/usr/sbin/nologin' >>/etc/passwd
	cat >/etc/nslcd.conf <<-END
		uid nslcd
		gid nogroup
		uri ldap://127.0.0.1
		base dc=example,dc=org
		base group ou=$base,dc=example,dc=org
		reconnect_sleeptime 1
		reconnect_retrytime 1
		bind_timelimit 2
		timelimit 2
	END
	[ "$schema" != rfc2307bis ] || echo 'map group member member' >>/etc/nslcd.conf
	getent group nogroup || sed -i 's/^gid .*/gid nobody/' /etc/nslcd.conf
	org_nslcd
} >/dev/null

org_hang() { kill -STOP "$(pgrep -x "$1")"; }

org_start() {
	local word base schema=rfc2307 sign='getent passwd u1 || getent passwd u1@example.org'
	[[ " $* " != *" rfc2307bis "* ]] || schema=rfc2307bis
	[[ " $* " != *" wrong "* ]] || sign='[ -S /var/lib/sss/pipes/nss ]'
	org_ldap sss $schema
	mkdir -p /etc/sssd
	cat >/etc/sssd/sssd.conf <<-END
		[sssd]
		services = nss
		domains = example.org
		[nss]
		filter_users = root
		[domain/example.org]
		id_provider = ldap
		auth_provider = none
		access_provider = permit
		ldap_uri = ldap://127.0.0.1
		ldap_search_base = dc=example,dc=org
		ldap_group_search_base = ou=$base,dc=example,dc=org
		ldap_schema = $schema
		ldap_id_use_start_tls = false
		cache_credentials = false
	END
	for word; do [[ $word != *=* ]] || echo "$word" >>/etc/sssd/sssd.conf; done
	chmod 600 /etc/sssd/sssd.conf
	org_cold
}

# how often COMMAND makes slapd search; sets $searches
org_searches() { # org_searches COMMAND...
	all_logged # or earlier searches would count
	: >$LOGS/syslog
	"$@" >/dev/null || fail "$*: $(cat $LOGS/syslog)"
	all_logged
	searches=$(grep -c ' SRCH base="[^"]' $LOGS/syslog) # an empty base asks for the server's features, once a connection
}

org_sssd_stop() {
	[ -z "${SSSD:-}" ] || { kill "$SSSD"; wait "$SSSD"; }
	SSSD=
} 2>/dev/null

org_sssd() {
	sssd -i >$LOGS/sssd 2>&1 &
	SSSD=$!
	local end=$((SECONDS + 40)) # at first it may not reach its server, and wait
	until eval "${sign:-getent passwd u1}"; do
		[ $SECONDS -lt $end ] || fail "sssd does not answer: $(tail $LOGS/sssd /var/log/sssd/*)"
		sleep 0.1
	done >/dev/null
}

org_cold() {
	org_sssd_stop
	find /var/lib/sss/db /var/lib/sss/mc -type f -delete
	org_sssd
}

org_stop() {
	pkill -CONT -x 'sssd_nss|nslcd'
	org_sssd_stop
	org_nslcd_stop
	kill "$SLAPD" && wait "$SLAPD"
	cp $STAGE/nsswitch /etc/nsswitch.conf
	rm -rf /etc/pam.d/stage /run/sssd.pid /run/slapd-stage.pid /run/nslcd
} 2>/dev/null
org_end() { org_stop; nothing_left; } 2>/dev/null

stack() { # stack OPTION...
	printf '%s required pam_permit.so\n' auth account password session >/etc/pam.d/stage
	echo "session required pam_nsisolate.so $*" >>/etc/pam.d/stage
}
app() { timeout 50 "$BUILD/tests/pam_app" stage "$@"; }
shipped_rules() { sed 's/^service = .*/&, stage/' "$TOP/conf/nsisolate.conf" | conf; }

gets() {
	: >$LOGS/syslog
	app "$1" open close || fail "$1 does not get in: $(cat $LOGS/syslog)"
	logged "session opened: user=${3:-${1/ /.}} rule=$2" >/dev/null
}
# with a directory of either schema, by whichever service
groups_are_groups() {
	printf '[staff]\ngroup = staff people, Teachers\n[big]\ngroup = big*\n[users]\nuid = 1000-4294967294\n' | conf
	gets u1 staff
	gets u2 staff
	gets u3 big
	gets u15002 users
	gets 'john smith' staff
	gets frieda staff
	gets alice users
}
left_alone() {
	: >$LOGS/syslog
	app "$1" open close || fail "$1 does not get in: $(cat $LOGS/syslog)"
	not_logged 'session opened'
}
said() { echo "        $*" >&7; } 2>/dev/null # at once: other output is kept until the end of the test
