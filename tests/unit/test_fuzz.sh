# A minute of fuzzing: whatever a configuration's bytes are, no crash, no hang, no disagreement; then the
# command lines and the sockets.  Each begins with the corpus.
# needs: nobody
. tests/stage.sh

# what it finds is shown, with the input
fuzz() { # fuzz TARGET SECONDS [LIBFUZZER-OPTION...]
	local found
	found=$(tests/fuzz/run "$@" 2>&1)
	case $? in
	0) assert_match "$found" "Done [0-9]{3,} runs" ;;
	77) skip "there is no libFuzzer" ;;
	*) fail "$found" ;;
	esac
}

test_no_command_line_of_the_engine_finds_anything() { fuzz init 7; }
test_no_answer_of_the_engine_finds_anything() { fuzz answer 7; }
test_nothing_said_on_a_shared_sessions_socket_finds_anything() { fuzz join 7; }
test_no_argument_or_environment_of_the_shell_finds_anything() { fuzz shell 7; }

# which is what there is without libFuzzer
test_the_seed_corpus_is_read_or_refused() {
	assert_match "$(tests/fuzz/run rules 0 2>&1)" "^[0-9]{2,} files\$"
}

test_short_long_and_very_long_inputs_find_nothing() {
	local length
	FUZZER=$(mktemp -d)/fuzz
	export FUZZER
	for length in 100 1000 20000; do fuzz rules 10 -max_len=$length; done
	rm -r "${FUZZER%/*}"
}
