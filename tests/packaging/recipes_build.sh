# In a Debian with rpmbuild and makepkg: the RPM, Arch's package and the steps of Alpine's recipe, each with
# the files that `make install` installs.  This is not Fedora, Arch or Alpine: it does not test their
# compilers, nor names that differ there.
. /tree/tests/packaging/inside.sh

cp -r /tree /root/tree
cd /root/tree
version=$(sed -n 's/^VERSION = //p' Makefile)
make -s all
list() { (cd "$1" && find . ! -type d | sed 's/^\.//; s/\.gz$//' | sort); } # list DIR

# ---- RPM: the same bytes twice, anywhere; it installs, refuses removal while needed, is removed ----
make -s rpm BUILD=/out
mkdir /root/other
(umask 077 && TMPDIR=/root/other TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 make -s rpm BUILD=/root/other)
cmp /out/rpm/nsisolate-"$version"-1.x86_64.rpm /root/other/rpm/nsisolate-"$version"-1.x86_64.rpm
libdir=$(rpm --eval '%{_libdir}')
make -s install NO_BUILD=1 DESTDIR=/root/dest PAMDIR="$libdir/security"
rpm -qpl /out/rpm/nsisolate-*.rpm | sed 's/\.gz$//' |
	grep -vE '/\.build-id|^/usr/share/(doc|licenses)|^/usr/(libexec/nsisolate|share/nsisolate(/user@\.service\.d|/examples|/privacy|/selinux)?)$' | sort >/tmp/rpm
list /root/dest | diff - /tmp/rpm

cp /etc/shells /tmp/shells
install_rpm() { rpm "$@" /out/rpm/nsisolate-*.rpm; }
install_rpm -i --nodeps
grep -qx /usr/bin/nsisolate-shell /etc/shells
rpm -V --nodeps nsisolate
nsisolatectl check
echo '# ours' >>/etc/nsisolate.conf
install_rpm -U --nodeps --replacepkgs
grep -qx '# ours' /etc/nsisolate.conf
diff /etc/shells /tmp/shells | grep -c '^<' | grep -qx 1
# a line that cannot be removed prevents removal: for example in a file with two names
echo 'session required pam_nsisolate.so' >/etc/pam.d/ours
ln /etc/pam.d/ours /etc/pam.d/too
fails rpm -e nsisolate >/tmp/said 2>&1
grep -q '/etc/pam.d/.* has 2 hard links' /tmp/said
rpm -q nsisolate
rm /etc/pam.d/too
printf '%s\n' '# mine' '-session optional /lib64/security/pam_nsisolate.so' \
	'session [success=ok module_unknown=ignore default=bad] pam_nsisolate.so' >>/etc/pam.d/ours
rpm -e nsisolate
test "$(cat /etc/pam.d/ours)" = '# mine'
rm /etc/pam.d/ours
diff /tmp/shells /etc/shells
fails test -e /usr/sbin/nsisolatectl
grep -qx '# ours' /etc/nsisolate.conf.rpmsave
echo "NOTE: $(rpmbuild --version), with Debian's compiler"

# ---- Arch ----
git archive --prefix="nsisolate-$version/" -o "packaging/arch/nsisolate-$version.tar.gz" HEAD
useradd -m builder
cp -r packaging/arch /home/builder/arch
chown -R builder /home/builder
# Debian's makepkg comes without a configuration
printf '%s\n' 'CARCH=x86_64' 'CHOST=x86_64-pc-linux-gnu' "PKGEXT=.pkg.tar.gz" "SRCEXT=.src.tar.gz" \
	'OPTIONS=(strip docs !libtool staticlibs emptydirs zipman purge !debug !lto)' 'CFLAGS="-O2 -g"' \
	'DOC_DIRS=(usr/{,local/}{,share/}{doc,gtk-doc})' \
	'MAN_DIRS=({usr{,/local}{,/share},opt/*}/{man,info})' 'PURGE_TARGETS=(usr/{,share}/info/dir)' \
	'BUILDENV=(!distcc color !ccache check !sign)' 'INTEGRITY_CHECK=(sha256)' \
	'COMPRESSGZ=(gzip -c -f -n)' 'STRIP_BINARIES=--strip-all' 'STRIP_SHARED=--strip-unneeded' \
	'DLAGENTS=()' 'VCSCLIENTS=()' >/home/builder/makepkg.conf
(cd /home/builder/arch && su builder -c 'makepkg --nodeps --noconfirm --config ../makepkg.conf')
mkdir /root/arch
tar -x -C /root/arch -f /home/builder/arch/nsisolate-"$version"-1-x86_64.pkg.tar.gz
rm -rf /root/dest
make -s install NO_BUILD=1 DESTDIR=/root/dest SBINDIR=/usr/bin LIBEXECDIR=/usr/lib \
	PAMDIR=/usr/lib/security
list /root/arch | grep -vE '^/\.|^/usr/share/licenses/nsisolate/LICENSE$' >/tmp/arch
list /root/dest | diff - /tmp/arch
grep -qx 'backup = etc/nsisolate.conf' /root/arch/.PKGINFO
ln -s /root/tree/build/nsisolatectl /usr/sbin/nsisolatectl
ln -s /root/dest/usr/lib/nsisolate /usr/libexec/nsisolate
printf '%s\n' '# mine' 'session required pam_nsisolate.so' >/etc/pam.d/ours
sh -euc '. /root/arch/.INSTALL; post_install; post_install; pre_remove; post_remove'
test "$(cat /etc/pam.d/ours)" = '# mine'
rm /etc/pam.d/ours
diff /tmp/shells /etc/shells
echo "NOTE: $(makepkg --version | head -n 1), with Debian's compiler"

# ---- Alpine: the steps of its recipe, by hand; and that the code compiles with musl ----
mkdir /root/alpine
(
	. packaging/alpine/APKBUILD
	export pkgdir=/root/alpine
	test "$pkgver" = "$version"
	cp -r /tree /root/alpine-source
	cd /root/alpine-source
	build
	check
	package
)
rm -rf /root/dest
make -s install NO_BUILD=1 DESTDIR=/root/dest
list /root/alpine | grep -vx /usr/share/licenses/nsisolate/LICENSE >/tmp/alpine
list /root/dest | diff - /tmp/alpine
sh -eu packaging/alpine/nsisolate.post-install
sh -eu packaging/alpine/nsisolate.post-upgrade
printf '%s\n' '# mine' 'session required pam_nsisolate.so' >/etc/pam.d/ours
ln /etc/pam.d/ours /etc/pam.d/too
fails sh packaging/alpine/nsisolate.pre-deinstall
rm /etc/pam.d/too
sh -eu packaging/alpine/nsisolate.pre-deinstall
test "$(cat /etc/pam.d/ours)" = '# mine'
rm /etc/pam.d/ours
rm /usr/sbin/nsisolatectl /usr/libexec/nsisolate
sh -eu packaging/alpine/nsisolate.post-deinstall
diff /tmp/shells /etc/shells
# only compiled: the libraries here are for glibc
make -s -j2 BUILD=/root/musl CC='musl-gcc -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu' \
	CFLAGS=-O2 PAMDIR=/lib/security objects
echo "NOTE: every file compiles with musl $(dpkg-query -W -f '${Version}' musl-dev)"
