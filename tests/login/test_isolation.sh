# What an isolated session sees, and what it does not.
. tests/stage.sh

test_hostname() {
	sshd_start
	assert_eq "$(on alice hostname)" alice-lab hostname
	sshd_stop
	nothing_left
}
