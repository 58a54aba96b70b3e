# systemd-coredump and a crash in a session.
# image coredump trixie

crash='ulimit -c unlimited; sleep 600 & sleep 1; kill -SEGV $!; wait $! 2>/dev/null; echo $?'
record() { root "coredumpctl --no-pager info COREDUMP_UID=$1"; }

test_explore() {
	on carol "$crash"
	wait_for record 5003
	on alice "$crash"
	wait_for record 5001
	record 5003
	record 5001
	root "coredumpctl list --no-pager; coredumpctl -o /root/core dump COREDUMP_UID=5001 2>&1 | tail -3; ls -l /root/core; journalctl -q -o verbose COREDUMP_UID=5001 | grep -v MAPS | head -150"
	on alice 'coredumpctl --no-pager list; coredumpctl --no-pager info | head -30'
	root 'mkdir -p /etc/systemd/coredump.conf.d; printf "[Coredump]\nEnterNamespace=yes\n" >/etc/systemd/coredump.conf.d/vm.conf'
	on alice "$crash"
	sleep 20
	root "coredumpctl --no-pager -1 info COREDUMP_UID=5001"
	fail seen
}
