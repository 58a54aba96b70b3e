# root.sh - throw-away Debian systems, to build in and to install in: source it.
#
# What is slow to make is kept in $CACHE, one directory per release: `base`, which is debootstrap's
# minbase, and layers above it.  FRESH=1 makes them again.  Everything else is an overlay that disappears
# with its command.  Nothing on the machine itself is changed; the archive is reached as this machine does:
# by its resolver, its proxies, and apt's configuration.
#
#	root_base RELEASE                      debootstrap, unless it exists
#	root_layer RELEASE NAME ON COMMAND     what COMMAND changes above the layer ON, kept as NAME
#	root_run RELEASE ON OUT COMMAND        COMMAND above the layer ON, with no network but loopback;
#	                                       /out is the directory OUT, the rest is thrown away
#	root_online RELEASE ON OUT COMMAND     the same with the network
#
# COMMAND is run by sh.  /tree is the tree to be tested, read-only; the hostname is `lab`.
# Needs root, debootstrap and $TREE.

CACHE=${CACHE:-${XDG_CACHE_HOME:-/var/cache}/nsisolate-packages}
. "$(dirname "${BASH_SOURCE[0]}")/../mirror.sh"

root_base() {
	local dir=$CACHE/$1
	[ -z "${FRESH:-}" ] || rm -rf --one-file-system "$dir"
	[ ! -e "$dir/base.done" ] || return 0
	mkdir -p "$dir" && rm -rf --one-file-system "$dir/base"
	mirror_base "$1" "$dir/base" && : >"$dir/base.done"
}

# the directories of a layer and those below it, the layer first
root_lower() {
	local on=$2 lower=
	while [ "$on" != base ]; do
		lower=$lower$CACHE/$1/$on:
		on=$(cat "$CACHE/$1/$on.on") || return
	done
	echo "$lower$CACHE/$1/base"
}

# root_enter NET LOWER UPPER OUT COMMAND: UPPER is a directory, or empty for one that is forgotten
root_enter() {
	local net=()
	[ "$1" = online ] || net=(--net)
	# shellcheck disable=SC2016 # the inner shell's
	TREE=$TREE APT=$(apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https|Check-)') \
		setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc "${net[@]}" --fork --kill-child \
		--propagation private sh -euc '
		net=$1 lower=$2 upper=$3 out=$4 command=$5
		umask 022
		hostname lab
		scratch=$(mktemp -d)
		mount -t tmpfs -o mode=755 scratch "$scratch"
		work=$upper.work
		if [ -z "$upper" ]; then
			upper=$scratch/upper work=$scratch/work
		fi
		root=$scratch/root
		mkdir -p "$upper" "$work" "$root"
		mount -t overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" root "$root"
		mount -t proc proc "$root/proc"
		mount -t sysfs -o ro sysfs "$root/sys"
		mount -t tmpfs -o mode=755 dev "$root/dev"
		for name in null zero full random urandom tty; do
			: >"$root/dev/$name"
			mount --bind "/dev/$name" "$root/dev/$name"
		done
		mkdir "$root/dev/pts" "$root/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=666,gid=5,mode=620 devpts "$root/dev/pts"
		ln -s pts/ptmx "$root/dev/ptmx"
		ln -s /proc/self/fd "$root/dev/fd"
		for name in dev/shm tmp; do mount -t tmpfs -o mode=1777 tmp "$root/$name"; done
		mount -t tmpfs -o mode=755 run "$root/run"
		mkdir -p "$root/tree" "$root/out" "$root/run/lock"
		mount --bind -o ro "$TREE" "$root/tree"
		mount --bind "$out" "$root/out"
		printf "127.0.0.1\tlocalhost\n127.0.1.1\tlab\n" >"$root/etc/hosts"
		echo lab >"$root/etc/hostname"
		# installation must not start daemons
		printf "#!/bin/sh\nexit 101\n" >"$root/usr/sbin/policy-rc.d"
		chmod 755 "$root/usr/sbin/policy-rc.d"
		rm -f "$root/etc/resolv.conf"
		if [ "$net" = online ]; then
			cat /etc/resolv.conf >"$root/etc/resolv.conf"
			printf "%s\n" "$APT" >"$root/etc/apt/apt.conf.d/90machine"
		else
			ip link set lo up
		fi
		cd "$root"
		# no chroot: user namespaces cannot be made in one
		mkdir -p .before
		pivot_root . .before
		umount -l /.before
		rmdir /.before
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TERM=dumb \
			DEBIAN_FRONTEND=noninteractive sh -euc "$command"' root_enter "$1" "$2" "$3" "$4" "$5" </dev/null
}

root_run() { root_enter offline "$(root_lower "$1" "$2")" '' "$3" "$4"; }
root_online() { root_enter online "$(root_lower "$1" "$2")" '' "$3" "$4"; }

# It is made again when its COMMAND changes, or a layer below it was made again.
root_layer() {
	local release=$1 name=$2 on=$3 command=$4 dir=$CACHE/$1 out status recipe
	recipe=$(echo "$on" "$command" "$(cat "$dir/$on.done")" | sha256sum)
	[ "$(cat "$dir/$name.done" 2>/dev/null)" != "$recipe" ] || return 0
	rm -rf --one-file-system "$dir/$name" "$dir/$name.work" "$dir/$name.done"
	echo "$on" >"$dir/$name.on"
	out=$(mktemp -d)
	root_enter online "$(root_lower "$release" "$on")" "$dir/$name" "$out" "$command"
	status=$?
	rm -rf "$out" "$dir/$name.work"
	[ $status = 0 ] && echo "$recipe" >"$dir/$name.done"
}
