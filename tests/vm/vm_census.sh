# nsisolatectl census where there is what no stage has: systemd and logind with their D-Bus, control groups of logins,
# records of logins, a user's manager, cron and at.

rows() { root 'nsisolatectl census alice' | awk -F'  +' 'NR > 2 { print $2 $3, $1 }'; }

# expect ROW...: each is one of the rows
expect() {
	local row got
	got=$(rows)
	for row; do grep -qFx -- "$row" <<<"$got" || fail "not '$row' in:
$got"; done
}

test_census_sees_each_channel_of_a_booted_machine() {
	conf <<<$'[users]\nuser = alice, bob\nservice = sshd\nnamespaces = uts, pid, ipc, cgroup\nnetwork = none\nprivate = /tmp, /var/tmp, /dev/shm'
	hold bob -tt 'sleep 3000'
	hold alice -tt 'sleep 3000'
	root 'systemctl is-active user@5001 >/dev/null' || fail "alice has no manager to be hidden"
	expect 'y- processes and command lines' 'y- a procfs mounted elsewhere' 'y- TCP ports and whose they are' \
		'y- connecting to 127.0.0.1' 'y- abstract sockets' 'y- System V shared memory and queues' \
		'y- POSIX message queues' 'y- names and writes in /tmp' 'y- names and writes in /var/tmp' \
		'y- names and writes in /dev/shm' 'y- control groups of others' "y- asking the user's own systemd" \
		'yy programs that others start (inotify)' 'yy terminals: whose, how long idle' \
		'yy logins in /run/systemd/sessions' 'yy homes: owners, sizes and times' 'yy names of accounts' \
		'yy how many keys others have' 'yy load, and other counters of the kernel' \
		'yy units and their processes by D-Bus' 'yy logins by D-Bus' "yy units for the user's next systemd" \
		'yy jobs of cron, outside' 'yy jobs of at, outside'
	release
	nothing_left
}

test_census_knows_when_jobs_have_sessions_of_their_own() {
	conf <<<$'[users]\nuser = alice\nservice = sshd, cron, atd'
	expect 'y- jobs of cron, outside' 'y- jobs of at, outside'
	conf <<<$'[users]\nuser = alice\nservice = sshd'
	expect 'yy jobs of cron, outside' 'yy jobs of at, outside' 'yy control groups of others'
	nothing_left
}
