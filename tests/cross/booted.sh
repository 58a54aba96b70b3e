# booted.sh - what built.sh has built, on a kernel of that processor: a machine of qemu-system that has only an
# initramfs with the unit tests, the installed programs and busybox.  To be sourced by built.sh.

case $ARCH in
i386) machine='qemu-system-i386 -M pc' console=ttyS0 ;;
armhf) machine='qemu-system-arm -M virt -cpu cortex-a15' console=ttyAMA0 ;;
arm64) machine='qemu-system-aarch64 -M virt -cpu cortex-a57' console=ttyAMA0 ;;
riscv64) machine='qemu-system-riscv64 -M virt' console=ttyS0 ;;
ppc64el) machine='qemu-system-ppc64 -M pseries -vga none' console=hvc0 ;;
s390x) machine='qemu-system-s390x -M s390-ccw-virtio' console=ttysclp0 ;;
esac

root=/root/initramfs
mkdir -p $root/bin $root/dev $root/etc $root/proc $root/run $root/sys $root/tmp $root/tests
cp -a /root/package/. $root/
cp -r /etc/pam.d $root/etc/
cp build/tests/check_* $root/tests/
mkdir -p $root/conf $root/usr/lib/locale
cp conf/nsisolate.conf $root/conf/
cp -a /root/kernel/C.utf8 $root/usr/lib/locale/
cp /root/kernel/busybox $root/bin/busybox
ln -s busybox $root/bin/sh
printf 'root:x:0:0::/:/bin/sh\nalice:x:5001:5001::/tmp:/bin/sh\n' >$root/etc/passwd
printf 'root:x:0:\nsudo:x:27:\nalice:x:5001:\n' >$root/etc/group
printf '127.0.0.1\tlocalhost\n' >$root/etc/hosts
# its libraries, and the loader where the programs look for it
mkdir -p "$root/lib/$DEB_HOST_MULTIARCH"
find "/lib/$DEB_HOST_MULTIARCH" "/usr/lib/$DEB_HOST_MULTIARCH" -maxdepth 1 -name '*.so.*' \
	-exec cp -a {} "$root/lib/$DEB_HOST_MULTIARCH/" \;
loader=$(readelf -lW build/nsisolatectl | sed -n 's/.*program interpreter: \(.*\)]/\1/p')
mkdir -p "$root$(dirname "$loader")"
cp -L "$loader" "$root$loader"

cat >$root/init <<-'END'
	#!/bin/busybox sh
	/bin/busybox --install -s /bin
	export PATH=/bin CK_DEFAULT_TIMEOUT=1200 CK_TIMEOUT_MULTIPLIER=10
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t devtmpfs dev /dev
	exec </dev/console >/dev/console 2>&1
	mount -t tmpfs tmp /tmp
	ip link set lo up
	hostname outside
	bad=0
	say() { echo "BOOTED $*"; }
	wrong() { say "WRONG $*"; bad=$((bad + 1)); }
	is() { [ "$2" = "$3" ] || wrong "$1: '$2' instead of '$3'"; }

	uname -srm
	cat /proc/sys/kernel/seccomp/actions_avail
	for test in /tests/check_*; do
		$test >/tmp/said 2>&1 || wrong "$test: $(cat /tmp/said)"
		say "$(grep Checks: /tmp/said)"
	done

	init=/usr/libexec/nsisolate/nsisolate-init
	session() { $init --uts --pid --hostname=inside --grace=1 "$@"; }
	is hostname "$(session -- hostname)" inside
	is processes "$(session -- sh -c 'set -- /proc/[0-9]*; echo $#')" 2
	is 'the host' "$(hostname)" outside
	session -- sh -c 'exit 42'
	is status $? 42
	session -- sh -c 'kill -SEGV $$'
	is 'death by a signal' $? 139
	# it comes behind the answer
	is 'the filter of PID 1' "$(session -- sh -c '
		for i in 1 2 3 4 5 6 7 8 9; do ! grep -q "Seccomp:.2" /proc/1/status || break; sleep 1; done
		grep Seccomp: /proc/1/status')" 'Seccomp:	2'
	# PID 1 waits, reaps, and is not busy with calls that are refused
	is 'life of PID 1' "$(session -- sh -c '
		for i in 1 2 3 4 5; do (sh -c "sleep 0.$i; exit 3" &); done
		sleep 3
		zombies=$(grep -l "^State:.Z" /proc/[0-9]*/status)
		set -- $(cat /proc/1/stat)
		[ $((${14} + ${15})) -lt 50 ] && echo "idle${zombies:+, $zombies}"')" idle
	# one that ignores the end has its grace; one that lingers is waited for
	session -- sh -c '(trap "" TERM HUP; sleep 60) & sleep 0.3; exit 5' >/dev/null
	is 'status behind the grace' $? 5
	session --logout=linger -- sh -c 'sh -c "sleep 2; echo done >/tmp/lingered" & exit 6' >/dev/null
	is 'status before what lingers' $? 6
	is 'what lingers' "$(sleep 4; cat /tmp/lingered)" done
	is 'what is left' "$(pidof nsisolate-init sleep)" ''
	printf '[all]\nhostname = %%u-of-it\n' >/etc/nsisolate.conf
	is 'nsisolate-shell' "$(su alice -c '/usr/bin/nsisolate-shell -c hostname')" alice-of-it
	say "WRONGS $bad"
	poweroff -f
	sleep 9
	reboot -f
END
chmod 755 $root/init
(cd $root && find . | cpio -o -H newc --quiet -R 0:0) >/root/initrd
# shellcheck disable=SC2086 # words
timeout 1200 $machine -m 768 -nographic -no-reboot -nic none -kernel /root/kernel/kernel -initrd /root/initrd \
	-append "console=$console panic=-1 quiet" </dev/null 2>&1 | sed -u 's/\r$//' | tee /root/console
booted=$(sed -n 's/^BOOTED [0-9]*%: Checks: \([0-9]*\),.*/\1/p' /root/console | awk '{ sum += $1 } END { print sum + 0 }')
grep -qx 'BOOTED WRONGS 0' /root/console
