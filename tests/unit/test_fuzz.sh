# A minute of fuzzing: whatever a configuration's bytes are, no crash, no hang, no disagreement.
# needs: nobody
. tests/stage.sh

# 20 s of inputs up to so many bytes; what it finds is shown, with the input
fuzz() {
	local found
	found=$(tests/fuzz/run 20 -max_len="$1" 2>&1)
	case $? in
	0) assert_match "$found" "Done [0-9]{3,} runs" ;;
	77) skip "there is no libFuzzer" ;;
	*) fail "$found" ;;
	esac
}

test_the_seed_corpus_is_read_or_refused() {
	assert_match "$(tests/fuzz/run 0 2>&1)" "^[0-9]{2,} files\$"
}

test_twenty_seconds_of_short_inputs_find_nothing() { fuzz 100; }
test_twenty_seconds_of_inputs_find_nothing() { fuzz 1000; }
test_twenty_seconds_of_long_inputs_find_nothing() { fuzz 20000; }
