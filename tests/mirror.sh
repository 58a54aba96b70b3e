# mirror.sh - where the tests get Debian from: this machine's own apt source.  Source it.
#
#	MIRROR        the archive that this machine's apt uses; set it in the environment if that is not Debian's
#	mirror_base RELEASE DIR [ARCH]      debootstrap's minbase of that release in DIR
#
# The mirror, its keyring and its proxies come from apt's configuration.

mirror_of_machine() { # that of the first source with a whole release
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Identifier: Packages' 2>/dev/null |
		awk '$1 !~ /-/ { print $2; exit }'
}
MIRROR=${MIRROR:-$(mirror_of_machine)}

mirror_keyring() { # the keyring of that source, if apt's configuration names a file
	local keyring
	keyring=$(grep -rhsoE "signed-by[=:] *[^] ]+" /etc/apt/sources.list /etc/apt/sources.list.d |
		sed 's/^[^=:]*[=:] *//' | while read -r file; do [ ! -r "$file" ] || echo "$file"; done | head -n 1)
	echo "${keyring:+--keyring=$keyring}"
}

mirror_base() {
	[ -n "$MIRROR" ] || { echo "this machine's apt has no mirror of Debian: set MIRROR"; return 1; }
	# an older release may be signed by keys that only debootstrap's own keyring has
	unshare --mount --pid --fork --kill-child --mount-proc --propagation private sh -c '
		release=$1 dir=$2 mirror=$3 keyring=$4; shift 4
		debootstrap --variant=minbase "$@" "$release" "$dir" "$mirror" || {
			[ -n "$keyring" ] && rm -rf --one-file-system "$dir" &&
				debootstrap --variant=minbase "$@" "$keyring" "$release" "$dir" "$mirror"
		}' mirror_base "$1" "$2" "$MIRROR" "$(mirror_keyring)" ${3:+"--arch=$3"} </dev/null
}
