# systemd-coredump and a crash in a session.
# image coredump trixie

crash='ulimit -c unlimited; sleep 600 & sleep 1; kill -SEGV $!; wait $! 2>/dev/null; echo $?'
record() { root "coredumpctl --no-pager info COREDUMP_UID=$1"; }

test_explore() {
	on carol "$crash"
	wait_for record 5003
	on alice "$crash"
	wait_for record 5001
	root "ls /var/lib/systemd/coredump"
	record 5003 | sed -n '/Command/,$p'
	record 5001 | sed -n '/Command/,$p'
	root 'mkdir -p /etc/systemd/coredump.conf.d; printf "[Coredump]\nEnterNamespace=yes\n" >/etc/systemd/coredump.conf.d/vm.conf'
	on alice "$crash"
	sleep 20
	root "coredumpctl --no-pager -1 info COREDUMP_UID=5001" | sed -n '/Command/,$p'
	fail seen
}
