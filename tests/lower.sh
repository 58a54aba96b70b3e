# lower.sh - Debian's packages on the stage, and not on the machine: source it.
#
#	lower_fetch DIR PACKAGE...      fetches PACKAGEs and what they need, and unpacks all that DIR has below DIR/root
#
# With STAGE_LOWER=DIR/root (stage.sh) the stage has these files below its overlays; no script of the packages runs, and
# the machine gets none of their daemons, PAM modules and users.

lower_fetch() {
	local dir=$1 root=$1/root package deb name
	shift
	command -v apt-get >/dev/null || { echo "$0: only where there is apt-get" >&2; return 2; }
	mkdir -p "$dir/debs/partial"
	for package; do # one at a time: some rule each other out
		apt-get -y -qq --no-install-recommends --download-only -o Dir::Cache::archives="$dir/debs" \
			-o Debug::NoLocking=1 install "$package" >&2 || return
	done
	[ -n "$(find "$dir/debs" -name '*.deb' -newer "$root/stamp" 2>/dev/null || echo new)" ] || return 0
	rm -rf "$root"
	mkdir -p "$root"/{usr,etc,var}
	for deb in "$dir"/debs/*.deb; do
		[ ! -e "$deb" ] || dpkg-deb -x "$deb" "$root" || return
	done
	rm -rf "$root"/var/{run,lock}
	for name in bin sbin lib lib64; do # where these are links to those of /usr
		[ -L /$name ] && [ -d "$root/$name" ] || continue
		mkdir -p "$root/usr/$name"
		cp -a "$root/$name/." "$root/usr/$name/" || return
		rm -r "${root:?}/$name"
	done
	touch "$root/stamp"
}
