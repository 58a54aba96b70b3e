# bash, by the tests of its source
. tests/suites/suite.sh

known=
test_each_test_ends_as_in_a_plain_login() { compare bash; }
