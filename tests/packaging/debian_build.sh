# In a Debian with the build dependencies: the package passes lintian, and contains what `make install`
# installs.  It is in /out/deb afterwards; debian_again.sh builds it a second time.
. /tree/tests/packaging/inside.sh

cp -r /tree /root/here
make -C /root/here deb
rm -rf /out/deb
cp -r /root/here/build/deb /out/deb
cd /out/deb

lintian --version
lintian --allow-root --tag-display-limit 0 --fail-on error,warning ./*.changes
echo "NOTE: $(lintian --version), profile $(dpkg-vendor --query vendor): no error, no warning"

# ---- what is in it ----
dpkg-deb --fsys-tarfile nsisolate_*.deb | tar -t | grep -v '/$' | sed 's/^\.//; s/\.gz$//' |
	grep -vE '^/usr/share/(doc|lintian|pam-configs|nsisolate/apparmor)/' | sort >/tmp/package
cp -r /tree /root/source
cd /root/source
make -s -j2 install BUILD=/root/other PREFIX=/opt/n SYSCONFDIR=/opt/n/etc PAMDIR=/opt/n/lib/security
pamdir=$(dirname "$(grep pam_nsisolate.so /tmp/package)")
make -s install DESTDIR=/root/dest PAMDIR="$pamdir" BUILD=/root/other NO_BUILD=1
(cd /root/dest && find . ! -type d | sed 's/^\.//' | sort) >/tmp/installed
diff /tmp/package /tmp/installed

# no setuid bit, no file capability, nothing that others may write, in either package
dpkg-deb --fsys-tarfile /out/deb/nsisolate_*_*.deb | tar -tvf - >/tmp/modes
test -z "$(awk '$1 ~ /[sStT]|^[^l].......w/ || $2 != "root/root"' /tmp/modes)"
test -z "$(find /root/dest -type f -perm /6022)"

make -s uninstall DESTDIR=/root/dest PAMDIR="$pamdir"
test "$(cd /root/dest && find . ! -type d)" = ./etc/nsisolate.conf

# ---- another prefix is compiled in, not only installed to ----
test -e /opt/n/lib/security/pam_nsisolate.so
test ! -e /usr/bin/nsisolate-shell
echo nonsense >/opt/n/etc/nsisolate.conf
fails /opt/n/sbin/nsisolatectl check >/tmp/said 2>&1
grep -q /opt/n/etc/nsisolate.conf:1 /tmp/said
# an admin's file is left alone
make -s install BUILD=/root/other PREFIX=/opt/n SYSCONFDIR=/opt/n/etc PAMDIR=/opt/n/lib/security
grep -qx nonsense /opt/n/etc/nsisolate.conf

# ---- the AppArmor profile is there, and not in force ----
grep ' ./usr/share/nsisolate/apparmor/nsisolate$' /tmp/modes
fails grep /etc/apparmor.d /tmp/modes
