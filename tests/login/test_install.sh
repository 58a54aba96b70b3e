# make install and make uninstall in a root of their own; the stage's own root has everything, too.
. tests/stage.sh

test_what_is_installed_elsewhere_is_uninstalled_there() {
	local root=$STAGE/elsewhere file files=()
	make() { command make -s NO_BUILD=1 BUILD="$BUILD" DESTDIR="$root" "$@" || fail "make $*"; }
	own() { ls -ld --time-style=full-iso "${files[@]}" 2>&1; }
	make install
	while read -r file; do files+=("${file#.}"); done < <(cd "$root" && find . -type f | sort)
	[ -x "$root$NSISOLATE_INIT" ] && [ ${#files[@]} -gt 10 ] || fail "that is not all: ${files[*]}"
	own >$STAGE/own
	echo '# mine' >>"$root$SYSCONFDIR/nsisolate.conf"
	make install
	make uninstall
	assert_eq "$(find "$root" -name '*nsisolate*')" "$root$SYSCONFDIR/nsisolate.conf" "what is left"
	assert_eq "$(tail -n 1 "$root$SYSCONFDIR/nsisolate.conf")" '# mine' "what the administrator wrote"
	make uninstall
	assert_eq "$(own)" "$(cat $STAGE/own)" "the same files of this machine"
	rm -r "$root" $STAGE/own
	nothing_left
}
