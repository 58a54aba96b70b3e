# CPython, by the package libpython3-testsuite; PYTHON_TESTS="test_os test_pty" runs only these files.
. tests/suites/suite.sh

# no other uid is mapped: what plain is EPERM is EINVAL, which these tests do not expect
known='
shell	test_os:test.test_os.ChownFileTests.test_chown_without_permission	ok	error # chown(2)
shell	test_subprocess:test.test_subprocess.POSIXProcessTestCase.test_group	ok	- # setregid(2)
shell	test_subprocess:test.test_subprocess.POSIXProcessTestCase.test_user	ok	- # setreuid(2)
'
test_each_test_ends_as_in_a_plain_login() { compare python ${PYTHON_TESTS:-}; }
