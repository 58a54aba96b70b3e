# In a Debian with the build dependencies: built again elsewhere, by another user, with another locale, time
# zone, umask and kernel's name, on a machine of another name and with one processor, more than a year later,
# the package in /out/deb is the same bytes.
. /tree/tests/packaging/inside.sh

useradd -m builder
mkdir -p /home/builder/quite/elsewhere/and/longer
cp -r /tree /home/builder/quite/elsewhere/and/longer/tree
chown -R builder: /home/builder
hostname elsewhere
umask 077
# the library that fakes the time must not affect programs that depend on files' times
setpriv --reuid builder --regid builder --init-groups --reset-env \
	env -C /home/builder/quite/elsewhere/and/longer/tree TZ=Pacific/Kiritimati LC_ALL=tr_TR.UTF-8 LANGUAGE=tr \
	DEB_BUILD_OPTIONS=nocheck HOME=/nonexistent setarch --uname-2.6 taskset 1 faketime -f '+400d' make -j1 deb
umask 022
# the control: that locale is one
test "$(LC_ALL=tr_TR.UTF-8 locale charmap)" = UTF-8
cd /home/builder/quite/elsewhere/and/longer/tree/build/deb
for file in *.deb; do cmp "$file" "/out/deb/$file"; done
set -- *.deb
test $# = 2
echo "NOTE: $(sha256sum nsisolate_*.deb | cut -c1-16)... twice"
