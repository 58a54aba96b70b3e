# Functions for the steps in a system of root.sh: source it, in sh -eu.
#
#	fails COMMAND...        it must fail (`!` would not stop a sh -e)
#	sshd_start      on 127.0.0.1:22, for alice, whom no rule leaves out
#	sshd_stop       alice is gone, too
#	on USER WORD... a login
#	hold            a login of alice's that stays, and runs commands by `held COMMAND`
#	let_go          ends it
#	wait_for COMMAND...     until it succeeds, at most 10 s

fails() {
	if "$@"; then
		echo "this succeeded: $*"
		exit 1
	fi
}

SSH="-F /dev/null -i /root/key -o BatchMode=yes -o StrictHostKeyChecking=no
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10"

sshd_start() {
	[ -e /root/key ] || ssh-keygen -q -t ed25519 -N '' -f /root/key
	id alice 2>/dev/null || useradd -m -s /bin/sh alice
	for home in /root /home/alice; do
		mkdir -p -m 700 $home/.ssh
		cp /root/key.pub $home/.ssh/authorized_keys
		chown -R --reference=$home $home/.ssh
	done
	mkdir -p /run/sshd
	/usr/sbin/sshd -o ListenAddress=127.0.0.1 -o UseDNS=no -E /var/log/sshd.log
	wait_for ssh $SSH alice@127.0.0.1 true
}

sshd_stop() {
	kill "$(cat /run/sshd.pid)"
	wait_for is_not pgrep '^sshd'
	userdel -r alice
	rm -rf /root/key* /root/.ssh
}

on() {
	user=$1
	shift
	timeout 30 ssh $SSH "$user@127.0.0.1" "$@" </dev/null
}

hold() { timeout 120 ssh $SSH -M -S /root/held -f -N alice@127.0.0.1; held true; }
held() { timeout 30 ssh $SSH -S /root/held alice@127.0.0.1 "$@" </dev/null; }
let_go() { ssh $SSH -S /root/held -O exit alice@127.0.0.1; }

is_not() { if "$@"; then return 1; fi; }

wait_for() {
	tries=100
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "never: $*"; return 1; }
		sleep 0.1
	done
}
