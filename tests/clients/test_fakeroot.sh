# fakeroot, and what nsisolate-shell(8) says about it.
. tests/clients/client.sh

PACK='cd && mkdir -p made && fakeroot sh -c "chown 0:0 made && chown 1:1 made && tar cf made.tar made" && tar tvf made.tar | grep -c daemon; rm -r made made.tar'
fakes() { assert_eq "$(su alice -c "$PACK" 2>&1)" 1 "$way"; }
test_fakeroot_in_a_session() {
	pam_stack su "$MODULE"
	plain_and_isolated fakes
	# in the shell's session a chown fails with another errno than the one that fakeroot ignores
	printf '[users]\nuid = 1000-59999\n' | conf
	assert_match "$(as dave nsisolate-shell -c "$PACK" 2>&1)" 'Invalid argument' "by nsisolate-shell"
	as dave sh -c 'cd && rm -rf made made.tar'
	nothing_left
}
