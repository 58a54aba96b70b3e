# coreutils, by the tests of its source; COREUTILS_TESTS="tests/misc/nohup.sh" runs only these.
. tests/suites/suite.sh

known=
test_each_test_ends_as_in_a_plain_login() { compare coreutils ${COREUTILS_TESTS:-}; }
