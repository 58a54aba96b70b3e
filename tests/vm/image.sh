# image.sh - makes the disks that tests/vm/run boots, and the package that is installed there: source it.
#
# What is made here is kept in $CACHE, one directory per release, and made again when its contents (the
# lists below) change, or with FRESH=1:
#	base/            debootstrap's minbase
#	system.ext4      a small server as the distribution ships it: kernel, systemd, sshd, AppArmor, ...
#	system.kernel system.initrd   of that system
#	build/           base and a compiler: what the package is built in
#	debs/            what an admin's apt would fetch while installing nsisolate: our machines have no
#	                 network.  It is put on the disk, where apt looks for it.
#	key              valid for every user, on every disk of the cache
# None of it is ever in the source tree.
#
#	image_make RELEASE      makes all of that; quick when it exists
#	image_add RELEASE NAME  a disk of another name, with more on it (below: "other disks")
#	image_package RELEASE DIR   builds the tree's package in DIR/nsisolate, for this release
# RELEASE may be of another processor: foreign.sh.
#
# Needs root, debootstrap and mke2fs.  Every mount is made in a mount namespace of its own.

CACHE=${XDG_CACHE_HOME:-/var/cache}/nsisolate-vm
. "$VM/../mirror.sh"

# apparmor: Debian's installer installs it with every kernel
SYSTEM_PACKAGES="linux-image-cloud-amd64 initramfs-tools systemd-sysv udev dbus dbus-user-session
	libpam-systemd apparmor openssh-server openssh-client sudo cron at login passwd procps iproute2
	less e2fsprogs"
# on the disk, but not installed
LATER_PACKAGES="gcc make libc6-dev libpam0g-dev libiniparser-dev musl-tools"
DEPENDENCIES=$VM/../../packaging/install-dependencies
PURPOSES='build|deb' # of these

image_user() { # the shell commands that add NAME UID SHELL
	cat <<-END
		useradd -m -u $2 -s $3 $1
		echo $1:isolate | chpasswd
		install -d -m 700 -o $1 -g $1 /home/$1/.ssh
		install -m 600 -o $1 -g $1 /root/.ssh/authorized_keys /home/$1/.ssh/
	END
}

# The additions to the distribution: a name, an address, users, and nothing that needs the network.  The name
# server never answers, so that programs are seen to wait if they look up names that they should not.
image_settings() {
	cat <<-'END'
		set -eu
		echo lab >/etc/hostname
		printf '127.0.0.1\tlocalhost\n127.0.1.1\tlab\n::1\tlocalhost ip6-localhost\n' >/etc/hosts
		echo nameserver 10.0.2.3 >/etc/resolv.conf
		echo '/dev/vda / ext4 errors=remount-ro 0 1' >/etc/fstab
		printf '[Match]\nType=ether\n[Network]\nAddress=10.0.2.15/24\n' >/etc/systemd/network/lan.network
		systemctl -q enable systemd-networkd ssh
		systemctl -q mask apt-daily.timer apt-daily-upgrade.timer systemd-networkd-wait-online.service
		mkdir -p /var/log/journal
		usermod -p '*' root
		echo 'carol ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/carol
	END
	image_user alice 5001 /bin/bash
	image_user bob 5002 /bin/bash
	image_user carol 5003 /bin/bash
	image_user dave 5004 /bin/bash
	echo 'usermod -aG sudo carol'
}

# ---- being in a tree ---------------------------------------------------------------------------

# in_tree TREE COMMAND...: as root of that tree, with the network of this machine and no daemons
in_tree() {
	local tree=$1
	shift
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount --pid --fork --kill-child --propagation private sh -euc '
		tree=$1; shift
		mount --bind "$tree" "$tree"
		mount -t proc proc "$tree/proc"
		mount -t sysfs -o ro sysfs "$tree/sys"
		mount -t tmpfs -o mode=755 dev "$tree/dev"
		for name in null zero full random urandom tty; do
			: >"$tree/dev/$name"
			mount --bind "/dev/$name" "$tree/dev/$name"
		done
		mkdir "$tree/dev/pts" "$tree/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=666,gid=5,mode=620 devpts "$tree/dev/pts"
		ln -s pts/ptmx "$tree/dev/ptmx"
		ln -s /proc/self/fd "$tree/dev/fd"
		mount -t tmpfs -o mode=1777 shm "$tree/dev/shm"
		mount -t tmpfs -o mode=1777 tmp "$tree/tmp"
		exec chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
			DEBIAN_FRONTEND=noninteractive "$@"' in_tree "$tree" "$@" </dev/null
}

# The archive is reached as this machine does: by its proxies, its resolver and apt's configuration.
tree_online() {
	rm -f "$1/etc/resolv.conf"
	cat /etc/resolv.conf >"$1/etc/resolv.conf"
	apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https|Check-)' >"$1/etc/apt/apt.conf.d/90vm"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"
}

tree_offline() { rm -f "$1/etc/resolv.conf" "$1/etc/apt/apt.conf.d/90vm" "$1/usr/sbin/policy-rc.d"; }

tree_install() { # tree_install TREE PACKAGE...: with the release's updates
	local tree=$1
	shift
	in_tree "$tree" sh -euc 'apt-get -q update
		apt-get -q -y -o Dpkg::Use-Pty=0 dist-upgrade
		apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install "$@"' install "$@"
}

# ---- making it ---------------------------------------------------------------------------------

base_make() { # base_make RELEASE DIR
	mirror_base "$1" "$2/base"
}

system_make() { # system_make DIR [NAME [PACKAGE...]]: DIR/NAME.ext4, with those packages besides
	local dir=$1 name=${2:-system}
	local tree=$dir/$name
	shift $(($# < 2 ? $# : 2))
	cp -a --reflink=auto "$dir/base" "$tree"
	tree_online "$tree"
	# shellcheck disable=SC2086
	tree_install "$tree" $SYSTEM_PACKAGES "$@" || return
	# shellcheck disable=SC2086 # (Debian 11 has no passt)
	in_tree "$tree" sh -euc 'apt-get -q clean
		! apt-cache show passt >/dev/null 2>&1 || set -- "$@" passt
		apt-cache show polkitd >/dev/null 2>&1 && set -- "$@" polkitd || set -- "$@" policykit-1
		apt-get -q -y --download-only install "$@"' later $LATER_PACKAGES || return
	install -d -m 700 "$tree/root/.ssh"
	install -m 600 "$CACHE/key.pub" "$tree/root/.ssh/authorized_keys"
	tree_offline "$tree"
	image_settings | in_tree_script "$tree" || return
	[ "$(type -t "image_${name}_settings")" != function ] || "image_${name}_settings" "$tree" || return
	cp "$(readlink -f "$tree"/boot/vmlinuz-*)" "$dir/$name.kernel"
	cp "$(readlink -f "$tree"/boot/initrd.img-*)" "$dir/$name.initrd"
	rm -f "$dir/$name.ext4"
	mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -d "$tree" "$dir/$name.ext4" 6G || return
	rm -rf --one-file-system "$tree"
}

in_tree_script() { # in_tree_script TREE WORD...: standard input is the script, of those arguments
	local tree=$1
	shift
	cat >"$tree/root/script"
	in_tree "$tree" sh /root/script "$@" || return
	rm "$tree/root/script"
}

build_make() {
	local dir=$1
	cp -a --reflink=auto "$dir/base" "$dir/build"
	tree_online "$dir/build"
	tree_install "$dir/build" make && in_tree_script "$dir/build" build deb <"$DEPENDENCIES"
}

# what the cached files depend on
image_recipe() { declare -f image_user image_settings tree_online system_make build_make image_system_settings
	echo "$MIRROR" "$SYSTEM_PACKAGES" "$LATER_PACKAGES"; grep -P "^\t($PURPOSES) " "$DEPENDENCIES"; }

image_make() {
	local own=${1%_16k} part
	case $1 in
	*_*) unshare --mount --propagation private bash "$VM/foreign.sh" "$own" || return ;;
	*) image_make_own "$1" || return ;;
	esac
	[ "$own" != "$1" ] || return 0
	mkdir -p "$CACHE/$1" && ln -sfn "../$own/system.ext4" "$CACHE/$1/" || return
	for part in kernel initrd; do ln -sfn "../$own/system-16k.$part" "$CACHE/$1/system.$part" || return; done
}

image_make_own() { # of this machine's processor
	local release=$1 dir=$CACHE/$1 recipe
	recipe=$(image_recipe | sha256sum)
	mkdir -p "$CACHE" && chmod 700 "$CACHE" || return
	mkdir -p "$dir"
	exec {lock}>"$CACHE/lock.$release"
	flock "$lock"
	[ -e "$CACHE/key" ] || (flock 9
		[ -e "$CACHE/key" ] || ssh-keygen -q -t ed25519 -N '' -C nsisolate-vm -f "$CACHE/key") 9>"$CACHE/lock"
	if [ -z "${FRESH:-}" ] && [ "$(cat "$dir/recipe" 2>/dev/null)" = "$recipe" ]; then
		exec {lock}>&-
		return
	fi
	rm -rf --one-file-system "$dir/recipe" "$dir/system" "$dir/build" ${FRESH:+"$dir/base"}
	[ -e "$dir/base.ok" ] && [ -d "$dir/base" ] || {
		rm -rf --one-file-system "$dir/base" "$dir/base.ok"
		base_make "$release" "$dir" && : >"$dir/base.ok" || return
	}
	system_make "$dir" && build_make "$dir" && echo "$recipe" >"$dir/recipe" || return
	exec {lock}>&-
}

# ---- other disks -------------------------------------------------------------------------------
# NAME_PACKAGES, image_NAME_settings TREE, and NAME_WORDS for the kernel's command line; with only these it is
# the release's own disk.  With NAME_SYSTEM, the packages instead of SYSTEM_PACKAGES, it has another init than
# systemd.

SELINUX_PACKAGES="selinux-policy-default selinux-basics policycoreutils auditd"
SELINUX_WORDS="security=selinux selinux=1 enforcing=1"
image_selinux_settings() { # the labels go to the disk with the files
	sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$1/etc/selinux/config"
	in_tree "$1" setfiles -F -e /proc -e /sys -e /dev /etc/selinux/default/contexts/files/file_contexts /
}

COREDUMP_PACKAGES="systemd-coredump libdw1t64 libelf1t64" # they read stacks
AUDIT_PACKAGES=auditd

# the release's own disk, with cgroup v1 beside v2, and alone: systemd's words for it (since 256 it wants the last)
HYBRID_WORDS="systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0"
HYBRID_WORDS+=" SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"
LEGACY_WORDS=${HYBRID_WORDS/controller=0/controller=1}

# The system's D-Bus, udev and sshd come with scripts for it, or have them in orphan-sysvinit-scripts.
NO_SYSTEMD="linux-image-cloud-amd64 initramfs-tools sysvinit-core initscripts orphan-sysvinit-scripts udev dbus
	elogind libpam-elogind apparmor openssh-server openssh-client sudo cron at login passwd procps iproute2
	less e2fsprogs rsyslog ifupdown"
SYSVINIT_SYSTEM="$NO_SYSTEMD sysv-rc"
SYSVINIT_WORDS=net.ifnames=0
image_sysvinit_settings() {
	sed -i '/^[1-6]:.*getty/d; s/^#\(T0:.*ttyS0\)/\1/' "$1/etc/inittab"
	grep -q '^T0:' "$1/etc/inittab" || return
	printf 'auto lo eth0\niface lo inet loopback\niface eth0 inet static\n\taddress 10.0.2.15/24\n' \
		>"$1/etc/network/interfaces"
}
OPENRC_SYSTEM="$NO_SYSTEMD openrc"
OPENRC_WORDS=$SYSVINIT_WORDS
image_openrc_settings() { image_sysvinit_settings "$1"; }

image_add() (
	dir=$CACHE/$1 name=$2 packages=${2^^}_PACKAGES system=${2^^}_SYSTEM
	[ -z "${!system:-}" ] || {
		SYSTEM_PACKAGES=${!system}
		eval "$(declare -f image_settings | sed '/systemctl\|systemd/d')"
	}
	[ -n "${!packages:-}${!system:-}" ] || {
		for part in ext4 kernel initrd; do ln -sfn "system.$part" "$dir/$name.$part" || exit; done
		exit
	}
	recipe=$( (image_recipe; declare -f "image_${name}_settings"; echo "${!packages:-}") | sha256sum)
	exec {lock}>"$CACHE/lock.$1"
	flock "$lock"
	# shellcheck disable=SC2086 # words
	[ "$(cat "$dir/$name.recipe" 2>/dev/null)" = "$recipe" ] || {
		rm -rf --one-file-system "$dir/$name.recipe" "$dir/$name"
		system_make "$dir" "$name" ${!packages:-} && echo "$recipe" >"$dir/$name.recipe" || exit
	}
)

# ---- the package -------------------------------------------------------------------------------

# By tests/cross, from the last commit, and only once; with what tests/run needs to run there.
image_package_crossed() {
	local arch=${1#*_}
	arch=${arch%_16k}
	[ -e "$RESULTS/cross/$arch/built.tar" ] ||
		env -u CACHE RELEASE="${1%%_*}" SHIP=1 BUILD="$RESULTS" "$VM/../cross/run" "$arch" || return
	cp "$RESULTS/cross/$arch"/{nsisolate_*.deb,built.tar} "$2/"
}

# In that release's own chroot: the libraries have different names in each.
image_package() { # image_package RELEASE DIR
	local build=$CACHE/$1/build made lock
	[[ $1 != *_* ]] || { image_package_crossed "$@"; return; }
	exec {lock}>"$CACHE/lock.$1" # another checkout may build there, too
	flock "$lock"
	rm -rf "$build/nsisolate" && mkdir "$build/nsisolate" || return
	tar -C "$VM/../.." --exclude=./.git --exclude=./build -cf - . | tar -C "$build/nsisolate" -xf - || return
	in_tree "$build" make -C /nsisolate -s deb || return
	made=$(find "$build/nsisolate/build/deb" -name 'nsisolate_*.deb')
	[ -n "$made" ] || { echo "no package was built"; return 1; }
	cp "$made" "$2/" && exec {lock}>&-
}
