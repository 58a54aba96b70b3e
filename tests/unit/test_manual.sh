# nsisolate.conf(5): it is well formed, and what it shows is true.
# needs: nobody
. tests/stage.sh

PAGE=conf/nsisolate.conf.5

# Writes each example of the page into a file of its own in $DIR.
examples() {
	DIR=$(mktemp -d)
	trap 'rm -rf "$DIR"' EXIT
	awk -v dir="$DIR" '/^\.Bd -literal/ { file = dir "/" ++count ".conf"; next }
		/^\.Ed/ { file = "" }
		file { print >file }' "$PAGE"
}

test_the_page_is_clean_mdoc() {
	command -v mandoc >/dev/null || skip "no mandoc"
	# which other pages are installed depends on the machine
	assert_eq "$(mandoc -Tlint "$PAGE" 2>/dev/null | grep -v 'referenced manual not found: ')" ""
}

test_so_are_the_other_pages() {
	local page count=0
	command -v mandoc >/dev/null || skip "no mandoc"
	for page in {conf,pam_module,shell,shell/*}/*.[1-8]; do
		[ -e "$page" ] || continue
		count=$((count + 1))
		assert_eq "$(mandoc -Tlint "$page" 2>/dev/null |
			grep -v 'referenced manual not found: ')" "" "$page"
	done
	assert_eq $count 6 "pages"
}

# Every page of ours that a page refers to must exist.
test_the_pages_refer_to_pages_that_are_there() {
	local name section
	while read -r name section; do
		[ "$(find conf pam_module shell -name "$name.$section" | wc -l)" = 1 ] ||
			fail "there is no $name($section)"
	done < <(sed -n 's/^\.Xr \([a-z_.-]*nsisolate[a-z_.-]*\) \([0-9]\).*/\1 \2/p' \
		conf/*.[1-8] pam_module/*.[1-8] shell/*.[1-8] shell/*/*.[1-8] | sort -u)
}

test_every_example_is_well_formed() {
	local example count=0
	examples
	for example in "$DIR"/*.conf; do
		count=$((count + 1))
		# accounts named in the examples need not exist here
		assert_eq "$("$NSISOLATECTL" check "$example" | grep -A 2 -E ': (error|warning): ' |
			grep -vE '^--$|there is no (user|group|PAM stack) |^ ')" "" "$example"
	done
	assert_eq $count 5 "examples in the page"
}

test_every_example_decides() {
	local example
	examples
	for example in "$DIR"/*.conf; do
		"$NSISOLATECTL" explain --config "$example" root >"$DIR/out" || fail "$example"
		assert_match "$(cat "$DIR/out")" "not isolated: no rule matches" "$example"
		# each of its rules was tried
		assert_eq "$(grep -c "^  $example:" "$DIR/out")" \
			"$(grep '^\[' "$example" | grep -vc defaults)" "$example"
	done
}

# "Default: ..." of the page against what the program says of a rule without settings
test_the_defaults_are_those_of_the_program() {
	local page program
	DIR=$(mktemp -d)
	trap 'rm -rf "$DIR"' EXIT
	echo '[all]' >"$DIR/conf"
	page=$(awk '/^\.It Ic [a-z_]+ Ns Li =/ { key = $3 }
		/^\.Sh TEMPLATES/ { exit }
		/^Default: [0-9]+\.$/ { print key, substr($2, 1, length($2) - 1); next }
		/^Default:$/ { getline; gsub(/^\.(Cm|Ql) | \.$/, ""); print key, $0 }' "$PAGE" | sort)
	program=$("$NSISOLATECTL" explain --config "$DIR/conf" root |
		awk '/ built-in/ && $1 != "namespaces" && $1 != "hostname" && $2 != "-" { print $1, $2 }
			/ built-in: / { key = $1; sub(/.* built-in: /, ""); print key, $0 }' | sort)
	assert_eq "$page" "$program"
	assert_eq "$(wc -l <<<"$page")" 12 "settings with a default"
}

# The page has every key of the program, and no other.
test_the_page_has_every_key() {
	local keys
	keys=$(sed -nE 's/^	\[KEY_[A-Z_]*\] = \{"([a-z_]*)".*/\1/p' conf/rules/keys.c conf/common/settings.c | sort)
	[ "$(grep -cx -e user -e scope <<<"$keys")" = 2 ] || fail "no matchers, or no settings"
	assert_eq "$(sed -n 's/^\.It Ic \([a-z_]*\) Ns Li =.*/\1/p' "$PAGE" | sort)" "$keys"
}

# Every setting's option of nsisolate-init is in its help and its page.
test_help_and_page_of_the_engine_have_every_option() {
	local option count=0
	"$NSISOLATE_INIT" --help >"$HOME/help"
	while read -r option; do
		count=$((count + 1))
		grep -qE -- "--$option([= ]|$)" "$HOME/help" || fail "--$option is not in --help"
		grep -qE "^\\.It.* Fl -$option( |$)" shell/init/nsisolate-init.8 || fail "--$option is not in the page"
	done < <(sed -nE 's/^	(\[KEY_[A-Z_ +1]*\] = )\{("[a-z_]*"|NULL), "([a-z-]*)", SHAPE_.*/\3/p' conf/common/settings.c)
	[ $count -ge 12 ] || fail "the table has $count options"
}
