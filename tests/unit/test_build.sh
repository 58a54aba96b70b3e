# How it is built, as far as `make -n` shows it; for other processors `make check-cross` builds it.
. tests/stage.sh

# of MAKE-ARGUMENTS: the value of that variable; what make says goes to $STAGE/said
value_of() { # value_of NAME MAKE-ARGUMENT...
	local name=$1
	shift
	printf 'include Makefile\nshow:\n\t@echo "$(%s)"\n' "$name" | made -f - show "$@"
}
made() { env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES make -s --no-print-directory -C "$TOP" BUILD=$STAGE/build "$@"; }

# A compiler for some other processor, as far as a file without a line can tell: gcc -m32 needs no library for it.
other() {
	[ "$(uname -m)" = x86_64 ] && gcc -m32 -x c -c -o $STAGE/other.o /dev/null || skip "no compiler for another processor"
}

test_a_musl_for_another_processor_is_not_taken() {
	command -v musl-gcc >/dev/null || skip "no musl-gcc"
	other
	# the control
	assert_match "$(value_of INIT_CC CC=gcc)" '/musl-gcc$' "for this machine"
	assert_eq "$(value_of INIT_CC CC='gcc -m32')" 'gcc -m32'
	assert_eq "$(value_of INIT_CC CC=gcc CFLAGS='-O2 -m32')" gcc
	rm -rf $STAGE/build $STAGE/other.o
}

test_without_check_for_this_compiler_make_says_so() {
	assert_match "$(made tests-unit -n PKG_CONFIG=false 2>&1)" 'false does not find Check.*set PKG_CONFIG'
	rm -rf $STAGE/build
}

# What the compiler asserts of their sizes (session_log.c) it does for 32 bits only where it compiles for them.
test_file_offsets_and_times_are_wide_in_all_that_is_compiled() {
	local lines
	lines=$(made -n all tests-unit tests-tools CC=gcc | grep -E ' -c |bench/')
	[ "$(wc -l <<<"$lines")" -gt 150 ] || fail "that is not all: $lines"
	assert_eq "$(grep -v -e '-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64' <<<"$lines")" ""
	rm -rf $STAGE/build
}

test_the_order_of_linking_is_the_same_in_every_locale() {
	mkdir -p $STAGE/locale
	localedef -i tr_TR -f UTF-8 $STAGE/locale/tr_TR.UTF-8 2>/dev/null || skip "no Turkish locale can be made"
	export LOCPATH=$STAGE/locale
	# the control: there it is another order
	[ "$(LC_ALL=tr_TR.UTF-8 sort <<<$'sshd.c\nsshd_blocks.c')" = $'sshd_blocks.c\nsshd.c' ] || skip "it sorts as C does"
	assert_eq "$(LC_ALL=tr_TR.UTF-8 value_of ctl_sources)" "$(value_of ctl_sources)"
	rm -rf $STAGE/locale $STAGE/build
}
