# libpam-tmpdir, which sets TMPDIR to a directory of its own.
. tests/clients/client.sh

made() { on alice 'test "$TMPDIR" = /tmp/user/5001 && dirname "$(mktemp)"; stat -c "%a %U" $TMPDIR' 2>&1; }

tmpdir_works() {
	sshd_start
	[ $way = plain ] || conf <<<$'[users]\nuid = 1000-59999\nprivate = /tmp'
	assert_eq "$(made)" '/tmp/user/5001
700 alice' "$way"
	[ $way = plain ] || { ls -A /tmp/user/5001 | grep -q . && fail "it is the host's"; }
	rm -rf /tmp/user/5001/*
	sshd_stop
	rm -r /tmp/user
}

test_a_program_finds_what_TMPDIR_names() {
	client_stack sshd "session optional pam_tmpdir.so
$MODULE"
	plain_and_isolated tmpdir_works
	# and after the module it makes the session's own
	client_stack sshd "$MODULE
session optional pam_tmpdir.so"
	plain_and_isolated tmpdir_works
}
