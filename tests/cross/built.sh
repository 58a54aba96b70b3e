# built.sh - in a Debian with a compiler for $ARCH: the package for it, and its programs under qemu-user.
# To be sourced by sh -eu.

set -x
fails() {
	if "$@"; then
		echo "this succeeded: $*"
		exit 1
	fi
}

cp -r /tree /root/tree
cd /root/tree
mv packaging/debian debian
eval "$(dpkg-architecture -a "$ARCH" -s)"
case $DEB_HOST_GNU_CPU in
i686) qemu=qemu-i386-static machine='Intel 80386' ;;
arm) qemu=qemu-arm-static machine=ARM ;;
aarch64) qemu=qemu-aarch64-static machine=AArch64 ;;
riscv64) qemu=qemu-riscv64-static machine=RISC-V ;;
powerpc64le) qemu=qemu-ppc64le-static machine=PowerPC64 ;;
s390x) qemu=qemu-s390x-static machine='IBM S/390' ;;
esac

# ---- the package: no warning, and all of it for that processor ----
WERROR=1 dpkg-buildpackage -us -uc -b -a "$ARCH"
rm -f /out/*
cp ../nsisolate*.deb /out/
dpkg-deb -x ../nsisolate_*_"$ARCH".deb /root/package
find /root/package -type f | while read -r file; do
	! readelf -h "$file" >/tmp/header 2>/dev/null || echo "$file $(sed -n 's/^ *Machine: *//p' /tmp/header)"
done >/tmp/machines
cat /tmp/machines
test "$(wc -l </tmp/machines)" = 7
fails grep -vE " $machine" /tmp/machines
# with the musl of that processor, which the package says: its licence wants that
init=/root/package/usr/libexec/nsisolate/nsisolate-init
fails grep -q 'GNU C Library' $init
dpkg-deb -f ../nsisolate_*_"$ARCH".deb Built-Using | grep -q '^musl (= '

test -n "$(find /root/package -path "*/lib/$DEB_HOST_MULTIARCH/security/pam_nsisolate.so")"

# ---- its programs ----
tools=tests-tools
# where tests/fault's sweep knows the registers
case $ARCH in riscv64 | ppc64el | s390x) tools= ;; esac
printf 'include debian/rules\nall-tests:\n\t$(MAKE) $(MAKE_ARGS) %s tests-unit\n' "$tools" >/root/tests.mk
WERROR=1 make -s -f /root/tests.mk all-tests
if [ -n "$SHIP" ]; then
	tar -c --exclude='*.[od]' -f /out/built.tar build
	exit
fi
$qemu $init --version
# as on the machine itself, where tests/analyze.known has the reasons
tests/hardening build "$DEB_HOST_GNU_TYPE-gcc" | grep -vxF "$(sed -n 's/^\([^ ]* hardening:[a-z]*\) .*/\1/p' tests/analyze.known)" >/root/lacks || :
cat /root/lacks
test ! -s /root/lacks
# What qemu-user is not like a kernel in, and which test shows that.  It has no seccomp(2), and check_filter
# says itself what it leaves out then.
cat >/root/known <<-'END'
	our_own_process_is_read_as_it_is  its own /proc/self/stat says that no memory is used
END
# the locale C.UTF-8 is the build machine's, whose bytes are in the other order
[ "$ARCH" != s390x ] || echo a_name_can_be_pasted >>/root/known
checks=0 known=0
for test in build/tests/check_*; do
	$qemu "$test" >/root/said 2>&1 || :
	cat /root/said
	grep -q '^[0-9]*%: Checks: [1-9]' /root/said
	checks=$((checks + $(sed -n 's/^[0-9]*%: Checks: \([0-9]*\),.*/\1/p' /root/said)))
	known=$((known + $(grep -c '^[^ ]*:[FE]:' /root/said || :)))
	fails sh -c 'sed -n "s/^[^ ]*:[FE]:[^:]*:\([^:]*\):.*/\1/p" /root/said |
		grep -vxF "$(cut -d" " -f1 /root/known)"'
done
booted=-
[ -z "$BOOT" ] || . /tree/tests/cross/booted.sh
echo "ROW: $checks | $known | $booted |"

# ---- 32 bits: a file whose inode number has more, as on XFS, NFS and overlays ----
[ "$DEB_HOST_ARCH_BITS" = 32 ] || exit 0
mkdir /mnt/lower /mnt/upper /mnt/wide
mount -t tmpfs lower /mnt/lower
mount -t tmpfs upper /mnt/upper
mkdir /mnt/upper/dir /mnt/upper/work
cp conf/nsisolate.conf /mnt/lower/
mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper/dir,workdir=/mnt/upper/work,xino=on wide /mnt/wide
inode=$(stat -c %i /mnt/wide/nsisolate.conf)
test ${#inode} -gt 10 # digits; it may be more than sh counts to
# the control
printf '%s\n' '#include <sys/stat.h>' 'int main(int argc, char **argv)' \
	'{ struct stat status; return argc != 2 || stat(argv[1], &status) < 0; }' |
	"$DEB_HOST_GNU_TYPE-gcc" -x c -o /root/narrow -
fails $qemu /root/narrow /mnt/wide/nsisolate.conf
$qemu /root/narrow conf/nsisolate.conf
$qemu build/nsisolatectl check /mnt/wide/nsisolate.conf
