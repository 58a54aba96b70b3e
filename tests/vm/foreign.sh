# foreign.sh - disks of another processor than this machine's: image.sh starts it as a process of its own.
#
#	foreign.sh RELEASE      what image_make does, for trixie_arm64
#
# It has two kernels: for RELEASE, and for RELEASE_16k, whose pages are of 16 KiB.  The system's programs are
# run by qemu-user, as binfmt_misc tells the kernel while a disk is made.  That ends with this process's mount
# namespace, or, where the machine has mounted binfmt_misc itself, with the line at the end of `register`.
# Nothing is compiled there: image_package has the package and the tests from tests/cross.
set -u
. "$VM/image.sh"
ARCH=${1#*_}
SYSTEM_PACKAGES=${SYSTEM_PACKAGES/cloud-amd64/cloud-$ARCH}
LATER_PACKAGES=libiniparser-dev
PURPOSES='(.*,)?test'

register() {
	local name=nsisolate-$ARCH-$$ any='\x00\x00\x00\x00' all='\xff\xff\xff\xff' bytes mask
	# the first 20 bytes of its programs, elf(5): any OS, an executable or a library
	bytes='\x7fELF\x02\x01\x01\x00'$any$any'\x02\x00\xb7\x00'
	mask=$all'\xff\xff\xff\x00'$all$all'\xfe\xff\xff\xff'
	# F: it is opened now, and not in the tree
	mount -t binfmt_misc binfmt_misc /mnt &&
		echo ":$name:M::$bytes:$mask:$(command -v qemu-aarch64-static):F" >/mnt/register || return
	# shellcheck disable=SC2064
	trap "echo -1 >/mnt/$name" EXIT
}

base_make() { mirror_base "${1%%_*}" "$2/base" "$ARCH"; }
build_make() { :; }

# before image.sh looks for the kernel: the other one, and what tests/run needs
image_system_settings() { # image_system_settings TREE
	local dir=${1%/*}
	tree_online "$1"
	in_tree "$1" apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install make linux-image-arm64-16k &&
		in_tree_script "$1" test <"$DEPENDENCIES" || return
	tree_offline "$1"
	mv "$1"/boot/vmlinuz-*-16k "$dir/system-16k.kernel" && mv "$1"/boot/initrd.img-*-16k "$dir/system-16k.initrd"
}

register && image_make_own "$1"
