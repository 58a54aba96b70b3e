# What is installed: how it was compiled and linked, what it exports, and its files' privileges.
. tests/stage.sh

programs() { echo "$LIBEXECDIR/nsisolate/"{nsisolate-login,pam-judge,pam-load} "$SBINDIR/nsisolatectl"; }
module() { echo "$PAMDIR/pam_nsisolate.so"; }
compiled_for() { # compiled_for FLAG: whether the compiler accepts it, tested as in the Makefile
	echo 'int main(void) { return 0; }' | "${CC:-cc}" -O2 -Werror "$1" -x c -o /dev/null - 2>/dev/null
}
ours() { ! sanitized || skip "the sanitizers' flags are not those of what is installed"; }

test_no_file_has_a_setuid_bit_or_a_capability() {
	local root=$STAGE/root file
	local variables
	mapfile -t variables <"$BUILD/paths"
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES make -s -C "$TOP" BUILD="$BUILD" NO_BUILD=1 DESTDIR=$root \
		"${variables[@]}" install >/dev/null || fail "make install"
	[ "$(find $root -type f | wc -l)" -ge 8 ] || fail "that is not all: $(find $root -type f)"
	assert_eq "$(find $root -perm /7000)" "" "setuid, setgid or sticky"
	assert_eq "$(find $root -perm /022 ! -type l)" "" "writable for others"
	assert_eq "$(find $root ! -uid 0)" "" "not root's"
	assert_eq "$(getcap -r $root 2>&1)" "" "file capabilities"
	# the control
	file=$(find $root -name nsisolate-init)
	chmod u+s "$file" && setcap cap_sys_admin+ep "$root$BINDIR/nsisolate-shell" || fail "no control to be had"
	assert_eq "$(find $root -perm /7000)" "$file"
	assert_match "$(getcap -r $root)" cap_sys_admin
	rm -r $root
}

test_the_module_exports_what_pam_calls_and_nothing_else() {
	assert_eq "$(nm -D --defined-only "$(module)" | awk '{ print $3 }' | sort | tr '\n' ' ')" \
		"pam_sm_close_session pam_sm_open_session "
}

test_nothing_is_writable_and_executable_at_once() {
	local file
	for file in $(module) $(programs) "$NSISOLATE_INIT" "$NSISOLATE_SHELL"; do
		assert_match "$(readelf -lW "$file" | grep GNU_STACK)" ' RW +0x[0-9a-f]+$' "the stack of $file"
		assert_eq "$(readelf -lW "$file" | grep -E 'LOAD .* RWE')" "" "segments of $file"
		assert_eq "$(readelf -dW "$file" | grep -E 'TEXTREL|RPATH|RUNPATH')" "" "in $file"
	done
}

test_addresses_are_random_and_tables_read_only() {
	local file
	for file in $(module) $(programs); do
		assert_match "$(readelf -hW "$file" | grep Type:)" 'DYN' "$file"
		assert_match "$(readelf -lW "$file")" GNU_RELRO "$file"
		assert_match "$(readelf -dW "$file")" 'BIND_NOW|NOW' "$file"
	done
	for file in $(programs); do assert_match "$(readelf -dW "$file")" 'PIE' "$file"; done
	# nothing is loaded into it, whatever the environment says
	assert_eq "$(readelf -lW "$NSISOLATE_SHELL" | grep -E 'INTERP|DYNAMIC')" "" "what is loaded into nsisolate-shell"
	! sanitized || return 0
	# static and not PIE, which has a price at every login: the Makefile says how much.  Nothing is loaded
	# into it, whatever the environment says.
	assert_match "$(readelf -hW "$NSISOLATE_INIT" | grep Type:)" 'EXEC'
	assert_eq "$(readelf -lW "$NSISOLATE_INIT" | grep -E 'INTERP|DYNAMIC')" "" "what is loaded into nsisolate-init"
}

test_the_stack_is_guarded_and_string_functions_are_checked() {
	local file
	ours
	for file in $(module) $(programs); do
		assert_match "$(nm -D "$file")" '__stack_chk_fail' "$file"
		# musl has no such functions
		! ldd --version 2>&1 | grep -qiE 'glibc|gnu' ||
			assert_match "$(nm -D "$file")" '__(sn|vsn|d|vd|f|vf)?printf_chk|__[a-z]+(cpy|cat|set|read)_chk' "$file"
	done
	# our own functions have the guard, not only its C library's
	assert_match "$(objdump -d --no-show-raw-insn "$BUILD/nsisolate-init" | awk '/^[0-9a-f]+ <filter_install>:/, /^$/')" \
		'__stack_chk_fail' "nsisolate-init"
}

test_jumps_land_where_they_may() {
	ours
	[ "$(uname -m)" = x86_64 ] && compiled_for -fcf-protection || return 0
	# the mark in the file is not checked: it is there only if the C library's own objects have it
	lands() { assert_match "$(objdump -d --no-show-raw-insn "$1" | grep -A1 "<$2>:")" endbr64 "$2 in $1"; }
	lands "$(module)" pam_sm_open_session
	lands "$BINDIR/nsisolate-shell" main
	lands "$LIBEXECDIR/nsisolate/nsisolate-login" main
	lands "$SBINDIR/nsisolatectl" main
	lands "$NSISOLATE_INIT" pid1_run
}

# dlsym(3) is in a library of its own up to glibc 2.33
test_it_links_to_what_it_needs() {
	assert_eq "$(readelf -dW "$(module)" | sed -n 's/.*NEEDED.*\[\(lib[a-z]*\)\..*/\1/p' | grep -vx libdl |
		sort | tr '\n' ' ')" \
		"libc libiniparser libpam "
}

# what `make analyze` and `make check-cross` ask: each lack has its word, and what lacks nothing has none
test_each_lack_is_named() {
	local dir=$STAGE/lacking flags
	# shellcheck disable=SC2054 # the linker's commas
	local whole=(-O2 -fstack-protector-all -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fPIE -pie -Wl,-z,relro -Wl,-z,now
		-Wl,-z,noexecstack)
	command -v readelf >/dev/null || skip "no readelf"
	ldd --version 2>&1 | grep -qiE 'glibc|gnu' || skip "musl has no functions that look at sizes"
	mkdir $dir
	printf '%s\n' '#ifdef BOTH' '__asm__(".section .both,\"awx\"; .byte 0; .text");' '#endif' \
		'#include <stdio.h>' 'int main(int argc, char **argv)' \
		'{ char text[9]; snprintf(text, argc, "%s", argv[0]); return text[0]; }' >$dir/one.c
	lacks() { "$TOP/tests/hardening" $dir 2>/dev/null | sed -n 's/^nsisolatectl hardening://p' | tr '\n' ' '; }
	assert_eq "$(lacks)" "everything "
	one() { gcc "${whole[@]}" "$@" -o $dir/nsisolatectl $dir/one.c || fail "it cannot be compiled with $*"; }
	one
	assert_eq "$(lacks)" ""
	while IFS='|' read -r wanted flags; do
		# shellcheck disable=SC2086 # words
		one $flags
		assert_match "$(lacks)" "^$wanted\$" "lacks with $flags"
	done <<-'END'
		pie |-no-pie -fno-pie
		relro |-Wl,-z,norelro
		bindnow |-Wl,-z,lazy
		stack |-Wl,-z,execstack
		writable |-DBOTH
		rpath |-Wl,-rpath,/nowhere
		canary |-fno-stack-protector
		fortify |-U_FORTIFY_SOURCE
	END
	mkdir $dir/pic
	if [ "$(uname -m)" = x86_64 ] && compiled_for -fcf-protection; then
		gcc -fcf-protection -c -o $dir/pic/one.o $dir/one.c
		assert_eq "$("$TOP/tests/hardening" $dir 2>/dev/null | grep one.o)" ""
		gcc -fcf-protection=none -c -o $dir/pic/one.o $dir/one.c
		assert_eq "$("$TOP/tests/hardening" $dir 2>/dev/null | grep one.o)" "one.o hardening:branches"
	fi
	rm -r $dir
}
