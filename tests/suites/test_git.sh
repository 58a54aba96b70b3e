# git, by the tests of its source; GIT_TESTS="t0005-signals.sh t7006-pager.sh" runs only these.
. tests/suites/suite.sh

known=
test_each_test_ends_as_in_a_plain_login() { compare git ${GIT_TESTS:-}; }
