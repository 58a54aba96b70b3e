# What happens with programs whose PAM service a rule names: nsisolate(7), "Which applications".
. tests/clients/client.sh

users() { printf '[users]\nuid = 1000-59999\n%s\n' "$@" | conf; }
# alice's processes outside her sessions
outside() {
	local pid
	for pid in $(pgrep -u alice); do
		[ "$(readlink "/proc/$pid/ns/pid")" != "$(readlink /proc/self/ns/pid)" ] || cat "/proc/$pid/comm"
	done
}
starts() { # starts PORT COMMAND...: its output goes to $LOGS/program; waits until it listens
	local port=$1
	shift
	"$@" >$LOGS/program 2>&1 &
	PROGRAM=$!
	wait_for listens "$port" || fail "$1 does not listen: $(cat $LOGS/program)"
}
ends() {
	kill $PROGRAM
	wait $PROGRAM
	pkill -u alice
	rm -rf "$@"
	nothing_left
} 2>/dev/null

# ---- these can be named ----

# the X server, the window manager and the channel server of one login; the first two are stand-ins
xrdp_isolates() { # xrdp_isolates LINE: of the rule
	client_stack xrdp-sesman
	users "$1"
	printf '#!/bin/sh\nmkdir -p /tmp/.X11-unix\ntouch /tmp/.X11-unix/X10\nexec sleep 300\n' >/usr/local/bin/xserver
	printf '#!/bin/sh\n(uname -n; cat /proc/1/comm; id -un) >~/out\nsleep 300\n' >/usr/local/bin/manager
	chmod 755 /usr/local/bin/{xserver,manager}
	sed "s,^param=/usr/lib/xorg/Xorg,param=/usr/local/bin/xserver,; s,^LogFile=.*,LogFile=$LOGS/sesman,
		s,^DefaultWindowManager=.*,DefaultWindowManager=/usr/local/bin/manager,
		s,^EnableUserWindowManager=.*,EnableUserWindowManager=false," /etc/xrdp/sesman.ini >/etc/xrdp/stage.ini
	starts 3350 xrdp-sesman --nodaemon --config /etc/xrdp/stage.ini
	bounded 500 xrdp-sesrun -s 127.0.0.1 -c /etc/xrdp/stage.ini -t Xorg -F 0 alice <<<isolate || fail "no session"
	wait_for test -s /home/alice/out || fail "nothing ran: $(cat $LOGS/sesman)"
	assert_eq "$(cat /home/alice/out)" $'alice-lab\nnsisolate-init\nalice'
	wait_for pgrep -u alice xrdp-chansrv || fail "no channel server: $(cat $LOGS/sesman)"
	assert_eq "$(outside)" '' "outside of the session"
	pkill -u alice -x manager
	logged 'session closed: user=alice .*service=xrdp-sesman' >/dev/null
	wait_for sh -c '! pgrep -u alice' || fail "left: $(pgrep -lu alice)"
	ends /usr/local/bin/{xserver,manager} /home/alice/{out,.Xauthority} /tmp/.X11-unix /tmp/.xrdp /run/xrdp* \
		/etc/xrdp/stage.ini
}
test_xrdp_can_be_named() { xrdp_isolates ''; }
# its sockets are in /run/xrdp
test_xrdp_works_with_a_tmp_of_the_sessions_own() { xrdp_isolates 'private = /tmp'; }

# ---- these cannot ----

http_status() { # http_status URL USER:PASSWORD
	python3 -c '
import base64, sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1])
request.add_header("Authorization", "Basic " + base64.b64encode(sys.argv[2].encode()).decode())
try:
    print(urllib.request.urlopen(request).status)
except urllib.error.HTTPError as error:
    print(error.code)
' "$@"
}

# it reopens a memory file of its own through /proc/self/fd
test_cockpit_lets_nobody_in_whom_a_rule_isolates() {
	local isolate status=200
	client_stack cockpit
	for isolate in no yes; do
		users "isolate = $isolate"
		starts 9090 /usr/lib/cockpit/cockpit-ws --no-tls --address 127.0.0.1 --port 9090
		assert_eq "$(http_status http://127.0.0.1:9090/cockpit/login alice:isolate)" $status "isolate = $isolate"
		[ $isolate = no ] || logged 'session opened: user=alice .*service=cockpit' >/dev/null
		status=500
		ends /tmp/dbus-* /tmp/ssh-* /run/cockpit
	done
}

# what JupyterHub opens its sessions with; each call has a handle of its own
test_pamela_ends_a_session_as_soon_as_it_is_open() {
	client_stack login
	users ''
	python3 -c '
import os, pamela
for user in "alice", "bob":
    pamela.open_session(user)
assert os.uname().nodename == "lab"' || fail "see above"
	logged 'session closed: user=alice .*service=login .*reason=pam_end' >/dev/null
	logged 'session closed: user=bob .*service=login .*reason=pam_end' >/dev/null
	nothing_left
}

# by default it opens none; otherwise it opens one in a thread, is refused, and continues without
test_jupyterhub_starts_everything_outside() {
	local opens
	client_stack login
	users 'service = login'
	for opens in False True; do
		cat >$STAGE/hub.py <<-END
			from jupyterhub.proxy import Proxy
			class NoProxy(Proxy):
			    should_start = False
			    async def add_route(self, *words): pass
			    async def delete_route(self, *words): pass
			    async def get_all_routes(self): return {}
			c.JupyterHub.proxy_class = NoProxy
			c.JupyterHub.db_url = "sqlite://"
			c.JupyterHub.cookie_secret = b"x" * 32
			c.JupyterHub.hub_port = 8081
			c.PAMAuthenticator.open_sessions = $opens
			c.Authenticator.allowed_users = {"alice"}
			c.JupyterHub.services = [{"name": "test", "api_token": "only-for-the-test"}]
			c.JupyterHub.load_roles = [{"name": "test", "services": ["test"], "scopes": ["admin:servers"]}]
			c.Spawner.cmd = ["sh", "-c", "uname -n >~/host; port=\${JUPYTERHUB_SERVICE_URL%/user*}; "
			    "exec python3 -m http.server --bind 127.0.0.1 \${port##*:}", "sh"]
		END
		: >$LOGS/syslog
		(cd $STAGE && exec jupyterhub -f hub.py) >$LOGS/program 2>&1 &
		PROGRAM=$!
		wait_for wait_for listens 8081 || fail "no hub: $(cat $LOGS/program)"
		python3 -c '
import urllib.request
urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8081/hub/api/users/alice/server", data=b"{}",
    headers={"Authorization": "token only-for-the-test"}))' || fail "$(cat $LOGS/program)"
		wait_for test -s /home/alice/host || fail "nothing runs: $(cat $LOGS/program)"
		assert_eq "$(cat /home/alice/host)" lab
		if [ $opens = True ]; then
			logged 'session refused: user=alice: the application has .* threads' >/dev/null
		else
			not_logged nsisolate
		fi
		ends $STAGE/hub.py $STAGE/jupyterhub* /home/alice/host
	done
}

test_dovecot_ends_a_session_before_it_serves() {
	local how seen=
	client_stack dovecot
	users ''
	printf '%s:x:%s:65534::/:/bin/false\n' dovenull 5101 dovecot 5102 >>/etc/passwd
	printf '%s:x:%s:\n' dovenull 5101 dovecot 5102 >>/etc/group
	for how in '' 'session=yes '; do
		cat >$STAGE/dovecot.conf <<-END
			protocols = imap
			listen = 127.0.0.1
			ssl = no
			disable_plaintext_auth = no
			base_dir = /run/dovecot
			state_dir = /run/dovecot
			log_path = $LOGS/dovecot
			mail_location = maildir:~/Maildir
			passdb {
			  driver = pam
			  args = ${how}dovecot
			}
			userdb {
			  driver = passwd
			}
			service imap-login {
			  inet_listener imap {
			    port = 1143
			  }
			}
		END
		starts 1143 dovecot -F -c $STAGE/dovecot.conf
		exec {mail}<>/dev/tcp/127.0.0.1/1143
		echo '1 login alice isolate' >&$mail
		wait_for pgrep -u alice -x imap || fail "no process of alice's: $(cat $LOGS/dovecot)"
		assert_eq "$(outside)" imap "outside, '$how'"
		exec {mail}>&-
		[ -z "$how" ] || logged 'session closed: user=alice .*service=dovecot .*reason=logout' >/dev/null
		[ -n "$how" ] || not_logged nsisolate
		ends $STAGE/dovecot.conf /run/dovecot /home/alice/Maildir
	done
	sed -i '/^dove/d' /etc/passwd /etc/group
}

test_samba_ends_a_session_before_it_serves() {
	local seen
	client_stack samba
	users 'private = /tmp'
	mkdir -p $STAGE/samba /run/samba /var/log/samba
	cat >$STAGE/smb.conf <<-END
		[global]
		interfaces = 127.0.0.1
		bind interfaces only = yes
		smb ports = 1445
		obey pam restrictions = yes
		private dir = $STAGE/samba
		state directory = $STAGE/samba
		cache directory = $STAGE/samba
		lock directory = $STAGE/samba
		pid directory = $STAGE/samba
		log file = $LOGS/smbd
		disable netbios = yes
		load printers = no
		[tmp]
		path = /tmp
	END
	printf 'isolate\nisolate\n' | pdbedit -s $STAGE/smb.conf -t -a alice >/dev/null || fail "pdbedit"
	touch /tmp/outside
	starts 1445 smbd -F -s $STAGE/smb.conf
	seen=$(smbclient -s $STAGE/smb.conf -p 1445 -U alice%isolate //127.0.0.1/tmp -c ls)
	assert_match "$seen" outside "the share's files"
	logged 'session closed: user=alice .*service=samba .*seconds=0 .*reason=pam_end' >/dev/null
	ends $STAGE/smb.conf $STAGE/samba /run/samba /tmp/outside
}
