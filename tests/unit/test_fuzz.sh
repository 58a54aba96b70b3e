# A minute of fuzzing: whatever a configuration's bytes are, no crash, no hang, no disagreement; then the
# command lines and the sockets.
# needs: nobody
. tests/stage.sh

# 10 s of inputs up to so many bytes; what it finds is shown, with the input
fuzz() {
	local found
	found=$(tests/fuzz/run 10 -max_len="$1" 2>&1)
	case $? in
	0) assert_match "$found" "Done [0-9]{3,} runs" ;;
	77) skip "there is no libFuzzer" ;;
	*) fail "$found" ;;
	esac
}

# ten seconds of another target
fuzz_other() {
	local found
	found=$(tests/fuzz/run "$1" 10 2>&1)
	case $? in
	0) assert_match "$found" "Done [0-9]{3,} runs" ;;
	77) skip "there is no libFuzzer" ;;
	*) fail "$found" ;;
	esac
}
test_no_command_line_of_the_engine_finds_anything() { fuzz_other init; }
test_no_answer_of_the_engine_finds_anything() { fuzz_other answer; }
test_nothing_said_on_a_shared_sessions_socket_finds_anything() { fuzz_other join; }
test_no_argument_or_environment_of_the_shell_finds_anything() { fuzz_other shell; }

test_the_other_corpora_do_what_they_did() {
	local target
	for target in init answer join shell; do
		assert_match "$(tests/fuzz/run $target 0 2>&1)" "^[0-9]+ files\$"
	done
}

test_the_seed_corpus_is_read_or_refused() {
	assert_match "$(tests/fuzz/run 0 2>&1)" "^[0-9]{2,} files\$"
}

test_ten_seconds_of_short_inputs_find_nothing() { fuzz 100; }
test_ten_seconds_of_inputs_find_nothing() { fuzz 1000; }
test_ten_seconds_of_long_inputs_find_nothing() { fuzz 20000; }
