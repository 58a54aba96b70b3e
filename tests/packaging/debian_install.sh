# In a Debian with sshd: install, enable, upgrade and remove the package in /out/deb, with people logged
# in; at the end the system is as it was.
. /tree/tests/packaging/inside.sh

package=$(ls /out/deb/nsisolate_*.deb)
apt_get() { apt-get -q -y -o Dpkg::Use-Pty=0 "$@"; }

# every file and directory except logs, caches and the databases of dpkg and apt
system_state() {
	find / -xdev \( -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt \
		-o -path /out -o -path /tree -o -path /root \) -prune -o -printf '%p %y %m %U %G %l\n' | sort
	find /etc /var/lib/pam -type f -exec cksum {} + | sort
	find /run -path '/run/nsisolate*'
}
pam_state() { cksum /etc/pam.d/*; }
# once before, so that the files that adding a user changes have changed already
sshd_start
sshd_stop
system_state >/tmp/before
pam_state >/tmp/pam

# ---- installing it changes nothing for anybody ----
apt_get install "$package"
pam_state | diff /tmp/pam -
grep -qx /usr/bin/nsisolate-shell /etc/shells
nsisolatectl check
test ! -e /etc/apparmor.d/nsisolate
# profiles can name user namespaces since AppArmor 4
if dpkg --compare-versions "$(dpkg-query -W -f '${Version}' apparmor)" ge 4.0~; then
	apparmor_parser -Q -K /usr/share/nsisolate/apparmor/nsisolate
	echo "NOTE: $(apparmor_parser --version | head -n 1) takes the profile"
fi
sshd_start
test "$(on alice hostname)" = lab

# ---- until it is enabled ----
nsisolatectl enable common-session
for stack in common-session common-session-noninteractive; do
	grep '^session' /etc/pam.d/$stack | tail -n 1 | grep 'pam_nsisolate.so rescue_group=sudo'
	sed -n '/^# and here are more/,$p' /etc/pam.d/$stack | grep -m 1 '^session' | grep 'pam_nsisolate.so close'
done
test "$(on alice hostname)" = alice-lab
test "$(on root hostname)" = lab
nsisolatectl disable common-session
pam_state | diff /tmp/pam -
test "$(on alice hostname)" = lab
# as with the previous package, which had only the first profile: the upgrade enables both
pam-auth-update --enable nsisolate
sed -i /nsisolate-close/d /var/lib/pam/seen
fails grep 'pam_nsisolate.so close' /etc/pam.d/common-session

# ---- an upgrade ends no session, and changes no configuration ----
printf '[all]\nuid = 1000-60000\nscope = user\nhostname = ours\n' >/etc/nsisolate.conf
hold
init=$(pgrep -x nsisolate-init)
held 'sleep 1000 >/dev/null 2>&1 &'
dpkg-deb -R "$package" /tmp/next
sed -i 's/^Version: .*/Version: 0.1.0+next/' /tmp/next/DEBIAN/control
dpkg-deb --root-owner-group -b /tmp/next /tmp/nsisolate_next_amd64.deb
apt_get install /tmp/nsisolate_next_amd64.deb 2>&1 | tee /tmp/said
grep -q "nsisolatectl list --old shows them" /tmp/said
test "$(dpkg-query -W -f '${Version} ${db:Status-Status}' nsisolate)" = '0.1.0+next installed'
test "$(pgrep -x nsisolate-init)" = "$init"
held pgrep -x sleep
test "$(held hostname)" = ours
grep -qx 'hostname = ours' /etc/nsisolate.conf
pam-auth-update --package
grep 'pam_nsisolate.so close' /etc/pam.d/common-session
grep 'pam_nsisolate.so rescue_group' /etc/pam.d/common-session
# new logins join the existing sessions
test "$(on alice hostname)" = ours
on alice pgrep -x sleep
test "$(pgrep -x nsisolate-init)" = "$init"

# ---- it is not removed while logins need it ----
usermod -s /usr/bin/nsisolate-shell alice
apt_get remove nsisolate >/tmp/said 2>&1 && exit 1
grep -q 'alice has it as login shell' /tmp/said
test "$(dpkg-query -W -f '${db:Status-Status}' nsisolate)" = installed
nsisolatectl check || test $? = 1 # it warns about the hostname
usermod -s /bin/sh alice
test "$(on alice hostname)" = ours

# ---- it removes its lines, even those that others wrote ----
nsisolatectl enable sshd
echo 'session required pam_nsisolate.so' >>/etc/pam.d/su

# ---- its removal does not affect people who are logged in, until they log out ----
apt_get remove nsisolate
pam_state | diff /tmp/pam -
fails grep nsisolate /etc/shells
test "$(pgrep -x nsisolate-init)" = "$init"
held pgrep -x sleep
test "$(held hostname)" = ours
test "$(on alice hostname)" = lab
grep -qx 'hostname = ours' /etc/nsisolate.conf # a conffile
apt_get purge nsisolate
held pgrep -x sleep
let_go
wait_for is_not pgrep -x nsisolate-init
fails pgrep -x sleep
test "$(hostname)" = lab

# ---- and nothing behind ----
sshd_stop
rm -f /run/sshd.pid
system_state >/tmp/after
diff /tmp/before /tmp/after
