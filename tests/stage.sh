# stage.sh - a small machine inside this one, for a file of tests: source it.
#
# The stage has mount, PID, network, UTS and IPC namespaces of its own, the machine's own programs
# and PAM stacks, and writes nothing outside: /usr, /etc, /home, ... are overlays whose upper side
# is a tmpfs.  Its hostname is `lab`.  nsisolate is installed there by `make install`.  What runs in
# it, sshd and its sessions included, ends with it.
#
#	stage_enter "$@"        run the calling script again, on the stage (root)
#	on_stage                whether we are there
#	sshd_start [WORD...]    start sshd on 127.0.0.1:22, WORDs being -o options; waits until it listens
#	sshd_stop
#	on USER [WORD...]       ssh to the stage as USER, key and all (-tt and other options go first)
#	as USER COMMAND...      run COMMAND as that user, without a login
#	pam_stack SERVICE LINE  the machine's own stack of SERVICE, and LINE behind it
#	conf [FILE]             install standard input (or FILE) as nsisolate.conf
#	nothing_left            fail unless the stage is as it was after stage_enter (waits up to 5 s)
#	assert_eq GOT WANTED [WHAT]     assert_match GOT REGEX [WHAT]     fail WORD...    skip REASON
#	wait_for COMMAND...     until it succeeds, at most 5 s
#
# Users: alice 5001 and bob 5002; carol 5003, who is in the group sudo; dave 5004, whose login shell
# is nsisolate-shell; root.  sshd's log is $LOGS/sshd, syslog's is $LOGS/syslog.

set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
STAGE=/run/stage
LOGS=$STAGE/logs
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C

on_stage() { [ "${NSISOLATE_STAGE:-}" = 1 ]; }

stage_enter() {
	on_stage && return
	[ "$(id -u)" = 0 ] || { echo "stage.sh: needs root" >&2; exit 2; }
	NSISOLATE_STAGE=1 exec setsid --wait unshare --mount --pid --net --uts --ipc --fork \
		--kill-child --propagation unchanged \
		-- "$BUILD/tests/stage_init" bash "$0" "$@"
}

# ---- building it; stage_build is called once, on the stage ----

overlay() { # overlay DIR: writable, with nothing written
	local upper=$STAGE/over$1
	[ -d "$1" ] && [ ! -L "$1" ] || return 0
	mkdir -p "$upper" "$STAGE/work$1"
	mount -t overlay -o "lowerdir=$1,upperdir=$upper,workdir=$STAGE/work$1,xino=off" stage "$1" ||
		{ echo "stage.sh: no overlay over $1 to be had" >&2; exit 2; }
}

stage_devices() {
	local tty
	mount -t tmpfs -o mode=755,nosuid stage /dev
	mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/zero c 1 5; mknod -m 666 /dev/full c 1 7
	mknod -m 666 /dev/random c 1 8; mknod -m 666 /dev/urandom c 1 9
	mknod -m 666 /dev/tty c 5 0
	mkdir -p /dev/pts /dev/shm
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 stage /dev/pts
	mount -t tmpfs -o mode=1777,nosuid,nodev stage /dev/shm
	ln -s pts/ptmx /dev/ptmx
	ln -s /proc/self/fd /dev/fd
	for tty in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${tty%:*}" "/dev/${tty#*:}"; done
}

stage_user() { # stage_user NAME UID SHELL
	grep -q "^$1:" /etc/passwd && sed -i "/^$1:/d" /etc/passwd /etc/shadow /etc/group
	echo "$1:x:$2:$2::/home/$1:$3" >>/etc/passwd
	echo "$1:*:19000:0:99999:7:::" >>/etc/shadow
	echo "$1:x:$2:" >>/etc/group
	mkdir -p "/home/$1/.ssh"
	cp "$STAGE/keys/user.pub" "/home/$1/.ssh/authorized_keys"
	chown -R "$2:$2" "/home/$1"
	chmod 700 "/home/$1" "/home/$1/.ssh"
}

stage_users() {
	local group=sudo
	mkdir -p "$STAGE/keys" /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$STAGE/keys/user"
	ssh-keygen -q -t ed25519 -N '' -f "$STAGE/keys/host"
	getent group sudo >/dev/null || group=wheel
	getent group $group >/dev/null || echo "$group:x:27:" >>/etc/group
	stage_user alice 5001 /bin/bash
	stage_user bob 5002 /bin/bash
	stage_user carol 5003 /bin/bash
	stage_user dave 5004 /usr/bin/nsisolate-shell
	sed -i "s/^\($group:[^:]*:[^:]*:\)\(.*\)/\1carol,\2/; s/,\$//" /etc/group
	echo /usr/bin/nsisolate-shell >>/etc/shells
	mkdir -p /root/.ssh && cp "$STAGE/keys/user.pub" /root/.ssh/authorized_keys
	chmod 700 /root /root/.ssh
	getent passwd sshd >/dev/null || echo "sshd:x:74:65534::/run/sshd:/usr/sbin/nologin" >>/etc/passwd
	# nobody on the stage is greeted, nor mourned for being away
	touch /root/.hushlogin /home/{alice,bob,carol,dave}/.hushlogin
	rm -f /etc/motd /etc/nologin /run/nologin
	touch /run/motd.dynamic # pam_motd makes it at the first login
}

stage_build() {
	hostname lab
	ip link set lo up
	mount -t tmpfs -o mode=755 stage /run
	mkdir -p $STAGE $LOGS /run/lock
	chmod 711 $STAGE
	local dir
	for dir in /usr /etc /home /root /var /lib /tmp; do overlay "$dir"; done
	chmod 1777 /tmp
	stage_devices
	printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.1.1\tlab\n' >/etc/hosts
	echo lab >/etc/hostname
	"$BUILD/tests/syslog_sink" /dev/log $LOGS/syslog &
	wait_for test -S /dev/log
	rm -f /etc/nsisolate.conf
	make --no-print-directory -s -C "$TOP" BUILD="$BUILD" install >$LOGS/install 2>&1 ||
		{ cat $LOGS/install >&2; exit 2; }
	stage_users
	pam_stack sshd 'session required pam_nsisolate.so'
	stage_state >$STAGE/before
}

# ---- using it ----

pam_stack() {
	[ -e "$STAGE/pam.$1" ] || cp "/etc/pam.d/$1" "$STAGE/pam.$1"
	{ cat "$STAGE/pam.$1"; printf '%s\n' "$2"; } >"/etc/pam.d/$1"
}

conf() { cat "${1:--}" >/etc/nsisolate.conf; }

sshd_start() {
	local word options=()
	for word; do options+=(-o "$word"); done
	cat >$STAGE/sshd_config <<-END
		Port 22
		ListenAddress 127.0.0.1
		HostKey $STAGE/keys/host
		UsePAM yes
		PasswordAuthentication no
		PermitRootLogin yes
		PidFile none
		UseDNS no
		PrintMotd no
		AcceptEnv LANG LC_* STAGE_*
		MaxStartups 100
		MaxSessions 20
		Subsystem sftp $(sftp_server)
	END
	/usr/sbin/sshd -D -E $LOGS/sshd -f $STAGE/sshd_config "${options[@]}" &
	SSHD=$!
	wait_for listens 22
}

sftp_server() {
	local path
	for path in /usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh /usr/libexec; do
		[ -x "$path/sftp-server" ] && { echo "$path/sftp-server"; return; }
	done
}

listens() { ss -Hltn "sport = :$1" | grep -q .; }

sshd_stop() {
	[ -n "${SSHD:-}" ] || return 0
	kill "$SSHD" 2>/dev/null
	wait "$SSHD" 2>/dev/null
	SSHD=
}

SSH_OPTIONS=(-F /dev/null -i $STAGE/keys/user -o BatchMode=yes -o StrictHostKeyChecking=no
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10 -o IdentitiesOnly=yes)

on() { # the words that begin with a dash are ssh's
	local user=$1 options=()
	shift
	while [ "${1:0:1}" = - ]; do
		options+=("$1")
		case $1 in -[oLRSWi]) options+=("$2"); shift ;; esac
		shift
	done
	timeout --foreground 30 ssh "${SSH_OPTIONS[@]}" "${options[@]}" "$user@127.0.0.1" "$@"
}

as() {
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --init-groups env -i HOME="/home/$user" USER="$user" \
		LOGNAME="$user" PATH="$PATH" LC_ALL=C SHELL=/bin/sh "$@"
}

# ---- what must be true ----

fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*"; exit 77; }

assert_eq() { [ "$1" = "$2" ] || fail "${3:-value}: got '$1', wanted '$2'"; }
assert_match() { [[ $1 =~ $2 ]] || fail "${3:-value}: got '$1', wanted /$2/"; }

wait_for() { # with a look every 10 ms: there is no one event for "whatever COMMAND asks"
	local end=$((SECONDS + 5))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.01
	done
}

# processes that are not the stage's own, mounts, pid and uts namespaces, and files that could stay
stage_state() {
	stage_processes
	sort /proc/1/mountinfo
	hostname
	ls -A /run /tmp /dev/shm /dev/pts
}

stage_processes() {
	ps -e -o uid=,comm= | awk '$2 == "nsisolate-init" || ($1 >= 5000 && $1 < 6000)'
	lsns -n -o TYPE -t pid; lsns -n -o TYPE -t uts
}

is_as_before() { cmp -s $STAGE/before <(stage_state); }

nothing_left() {
	wait_for is_as_before || fail "the stage is not as it was:
$(diff $STAGE/before <(stage_state))
$(ps -e -o user,pid,ppid,stat,comm)"
}

# ---- both ways in ----

# both FUNCTION: runs FUNCTION with $user an isolated user: alice through the module, then dave
# through nsisolate-shell with no module anywhere.  sshd runs meanwhile.
both() {
	local way
	for way in module shell; do
		if [ $way = module ]; then user=alice; else user=dave; pam_stack sshd ''; fi
		echo "--- through the $way, as $user" >&2
		sshd_start
		"$@"
		sshd_stop
		pam_stack sshd 'session required pam_nsisolate.so'
		nothing_left
	done
}
