# Whatever the bytes of a configuration, a command line, an answer or a message are: no crash, no
# disagreement.  Here each fuzzer runs over its corpus, which has everything that it ever found; `make fuzz`
# continues from there.
# needs: nobody
. tests/stage.sh

corpus() { # corpus TARGET
	assert_match "$(bounded 1000 tests/fuzz/run "$1" 0 2>&1)" '^[0-9]{2,} files$'
}
test_configurations_are_read_or_refused() { corpus rules; }
test_command_lines_of_the_engine_are_read_or_refused() { corpus init; }
test_answers_of_the_engine_are_read_or_refused() { corpus answer; }
test_words_on_a_shared_sessions_socket_are_read_or_refused() { corpus join; }
test_arguments_and_environments_of_the_shell_are_read_or_refused() { corpus shell; }
