# stage.sh - a small machine inside this one, for a file of tests: source it.
#
# The stage has mount, PID, network, UTS and IPC namespaces of its own, the machine's own programs
# and PAM stacks, and writes nothing outside: /usr, /etc, /var and /lib are overlays whose upper side
# is a tmpfs; /home, /root, /tmp, /run and /dev are new.  Its hostname is `lab`.  nsisolate is
# installed there by `make install`, from $BUILD.  What runs in it, sshd and its sessions included,
# ends with it.  No network reaches it.
#
# Getting there (tests/run does this for every file that needs root):
#	stage_enter "$@"        run the calling script again, on the stage (root)
#	stage_build             set it up: once
#	on_stage                whether we are there
#
# Logging in:
#	sshd_start [WORD...]    start sshd on 127.0.0.1:22, WORDs being -o options; waits until it listens
#	sshd_stop
#	on USER [WORD...]       ssh to the stage as USER, key and all (-tt and other options go first)
#	"${SSH_OPTIONS[@]}"     the same options for scp, sftp, rsync, git; the host is USER@127.0.0.1
#	as USER COMMAND...      run COMMAND as that user, without a login
#	both FUNCTION           run FUNCTION with $user isolated by the module, then by nsisolate-shell
#	pam_stack SERVICE LINE  the machine's own stack of SERVICE, and LINE behind it
#	own_stack [LINE...]     the stack `stage`: it lets everybody in, and behind that come LINEs, or the module's
#	conf [FILE]             install standard input (or FILE) as nsisolate.conf; a test begins with the
#	                        shipped one
#	separate [LINE...]      the same, but each login of a user is a session that ends with it, by one
#	                        rule [users], which says these LINEs, too
#
#	cgroup2_mount           the unified hierarchy at /sys/fs/cgroup
#	umount PATH...          umount(8), but waits for what has just ended and is still there
#	chroot_build DIR        make a chroot with the stage's programs, /etc, /dev and /proc
#	chroot_remove DIR
#
# Looking from outside:
#	inits USER              the PIDs of the nsisolate-init processes of USER's sessions
#	logged REGEX            wait until a line of this test's syslog matches; prints it
#	not_logged REGEX        fail if one of the lines until now matches
#	all_logged              wait until all that was sent to syslog until now is in $LOGS/syslog
#	nothing_left            fail unless the stage is as it was after stage_build (waits for it)
#	wait_for COMMAND...     until it succeeds: at most 200 tries and the time of 50 plain logins
#	login_ms and the like   how long a test may take: see pace.sh
#
# Reporting:
#	assert_eq GOT WANTED [WHAT]     assert_match GOT REGEX [WHAT]     fail WORD...    skip REASON
#
# Users: alice 5001 and bob 5002; carol 5003, who is in the group sudo (or wheel); dave 5004, whose
# login shell is nsisolate-shell; root.  One key is valid for each of them, and so is the password `isolate`.
# sshd's log is $LOGS/sshd, syslog's $LOGS/syslog; both are empty at the start of every test.
#
# A file with a line `# needs: nobody` is run by an ordinary user: on the stage by alice when root runs
# the tests, otherwise by the caller, with a build of its own.  It finds the programs in
# $NSISOLATE_SHELL, $NSISOLATE_INIT and $NSISOLATECTL, has a $HOME and a /tmp, and can use
# need_user_namespaces, which skips the test where the kernel gives users none.

set -u
. "$(dirname "${BASH_SOURCE[0]}")/pace.sh"
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
STAGE=/run/stage
LOGS=$STAGE/logs
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C
unset CDPATH ENV BASH_ENV SSH_AUTH_SOCK TMPDIR LANG LANGUAGE
umask 022

# PREFIX, SYSCONFDIR and so on: where this build goes
paths_of() {
	[ -r "$1/paths" ] || { echo "stage.sh: nothing is built in $1, run make first" >&2; exit 2; }
	set -a
	. "$1/paths"
	NSISOLATE_SHELL=$BINDIR/nsisolate-shell
	NSISOLATE_INIT=$LIBEXECDIR/nsisolate/nsisolate-init
	NSISOLATECTL=$SBINDIR/nsisolatectl
	set +a
}

# Not the variable alone: what follows would otherwise change the machine itself.
on_stage() { [ "${NSISOLATE_STAGE:-}" = 1 ] && [ "$(cat /proc/1/comm)" = stage_init ]; }

# Whether a stage is possible here, determined once; $STAGE_POSSIBLE says why not.
stage_possible() {
	if [ -z "${STAGE_POSSIBLE:-}" ]; then
		STAGE_POSSIBLE=$(stage_control 2>&1) && STAGE_POSSIBLE=yes
		export STAGE_POSSIBLE
	fi
	[ "$STAGE_POSSIBLE" = yes ]
}
stage_control() { # tries everything that a stage needs
	[ "$(id -u)" = 0 ] || { echo "it needs root"; return 1; }
	# everything below /proc, which is always a mount; in a chroot "/" may not be one
	unshare --mount --pid --net --uts --ipc --fork --kill-child --propagation unchanged sh -c '
		mount --make-private /proc && mount -t proc proc /proc && mount -t tmpfs none /proc &&
			mkdir /proc/up /proc/work /proc/over && mount -t overlay \
			-o lowerdir=/etc,upperdir=/proc/up,workdir=/proc/work none /proc/over' 2>&1 |
		head -n 1 | grep . && return 1
	return 0
}

stage_enter() { # with STAGE_TERMINAL=1 the terminal stays the controlling one
	on_stage && return
	stage_possible || { echo "stage.sh: there can be no stage here: $STAGE_POSSIBLE" >&2; exit 2; }
	[ -x "$BUILD/tests/stage_init" ] ||
		{ echo "stage.sh: nothing is built in $BUILD, run make check" >&2; exit 2; }
	# each dies with its parent, so that the stage ends with the process that runs the tests
	local bound=(setpriv --pdeathsig KILL) session
	session=("${bound[@]}" setsid --wait)
	[ -z "${STAGE_TERMINAL:-}" ] || session=()
	NSISOLATE_STAGE=1 exec "${session[@]}" "${bound[@]}" unshare --mount --pid --net --uts --ipc --fork \
		--kill-child --propagation unchanged \
		-- "$BUILD/tests/stage_init" bash "$0" "$@"
}

# ---- building it; stage_build is called once, on the stage ----

overlay() { # overlay DIR: writable, with nothing written
	local upper=$STAGE/over$1
	[ -d "$1" ] && [ ! -L "$1" ] || return 0
	mkdir -p "$upper" "$STAGE/work$1"
	chmod --reference="$1" "$upper"
	local more=${STAGE_LOWER:-}$1 # tests/clients/run: what it fetched
	[ "$more" != "$1" ] && [ -d "$more" ] && more+=: || more=
	mount -t overlay -o "lowerdir=$more$1,upperdir=$upper,workdir=$STAGE/work$1,xino=off" stage "$1" ||
		{ echo "stage.sh: no overlay over $1 to be had" >&2; exit 2; }
}

fresh() { # fresh DIR MODE: empty
	local dir
	dir=$(readlink -f "$1") && [ -d "$dir" ] || return 0
	mount -t tmpfs -o "mode=$2,nosuid,nodev" stage "$dir"
}

# Shows again what a covered directory hides: the original, not a copy.
uncover() { # uncover KEPT PATH
	[ "$1" -ef "$2" ] && return
	mkdir -p "$2" && mount --bind "$1" "$2"
}

stage_directories() {
	local dir kept=$STAGE/kept
	mkdir -p $kept/top $kept/build
	mount --bind --make-private "$TOP" $kept/top
	mount --bind --make-private "$BUILD" $kept/build
	for dir in /usr /etc /var /lib /lib64 /bin /sbin; do overlay "$dir"; done
	fresh /home 755
	fresh /root 711
	fresh /tmp 1777
	uncover $kept/top "$TOP"
	uncover $kept/build "$BUILD"
	umount $kept/top $kept/build
	rm -r $kept
	cd "$TOP" || exit 2
}

stage_devices() {
	local word kept=$STAGE/kept
	mkdir $kept
	# private: otherwise mounts over /dev would come along
	mount --bind --make-private /dev $kept
	mount -t tmpfs -o mode=755,nosuid stage /dev
	for word in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		# shellcheck disable=SC2086
		set -- ${word//:/ }
		mknod -m 666 "/dev/$1" c "$2" "$3" 2>&- && continue
		# not permitted in some containers
		: >"/dev/$1" && mount --bind "$kept/$1" "/dev/$1"
	done
	umount $kept
	rmdir $kept
	mkdir /dev/pts /dev/shm /dev/mqueue
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 stage /dev/pts
	mount -t tmpfs -o mode=1777,nosuid,nodev stage /dev/shm
	mount -t mqueue stage /dev/mqueue
	ln -s pts/ptmx /dev/ptmx
	ln -s /proc/self/fd /dev/fd
	for word in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${word%:*}" "/dev/${word#*:}"; done
}

# The machine may have such users of its own: remove them on the stage.
stage_forget() { # stage_forget NAME UID
	local file
	for file in /etc/passwd /etc/shadow /etc/group /etc/gshadow; do
		[ ! -e "$file" ] || sed -i "/^$1:/d; /^[^:]*:[^:]*:$2:/d" "$file"
	done
}

stage_user() { # stage_user NAME UID SHELL
	stage_forget "$1" "$2"
	echo "$1:x:$2:$2::/home/$1:$3" >>/etc/passwd
	echo "$1:$STAGE_PASSWORD:19000:0:99999:7:::" >>/etc/shadow
	echo "$1:x:$2:" >>/etc/group
	mkdir -p "/home/$1/.ssh"
	cp "$STAGE/keys/user.pub" "/home/$1/.ssh/authorized_keys"
	chown -R "$2:$2" "/home/$1"
	chmod 700 "/home/$1" "/home/$1/.ssh"
}

# crypt(3) of the password `isolate`
STAGE_PASSWORD='$6$nsisolate$zh0strQa1.1JXutJCYGG0iLcgZ0oAFOTvmAydWT2elkYkXQQJJOLDr5qVXutywilpbGALjl/wCmZhccwRWDI81'

stage_users() {
	local group=sudo
	mkdir -p "$STAGE/keys"
	ssh-keygen -q -t ed25519 -N '' -f "$STAGE/keys/user"
	ssh-keygen -q -t ed25519 -N '' -f "$STAGE/keys/host"
	getent group sudo >/dev/null || group=wheel
	getent group $group >/dev/null || echo "$group:x:27:" >>/etc/group
	stage_user alice 5001 /bin/bash
	stage_user bob 5002 /bin/bash
	stage_user carol 5003 /bin/bash
	stage_user dave 5004 "$NSISOLATE_SHELL"
	sed -i "s/^\($group:[^:]*:[^:]*:\)\(.*\)/\1carol,\2/; s/,\$//" /etc/group
	echo "$NSISOLATE_SHELL" >>/etc/shells
	mkdir -p /root/.ssh && cp "$STAGE/keys/user.pub" /root/.ssh/authorized_keys
	chmod 700 /root/.ssh
	getent passwd sshd >/dev/null || echo "sshd:x:74:65534::/run/sshd:/usr/sbin/nologin" >>/etc/passwd
	# no greeting on the stage, and no complaint about missing mail
	touch /root/.hushlogin /home/{alice,bob,carol,dave}/.hushlogin
	rm -f /etc/motd /etc/nologin /etc/update-motd.d/*
	touch /run/motd.dynamic # pam_motd makes it at the first login
}

stage_build() {
	local -
	set -e
	export CCACHE_DISABLE=1 # what calls a compiler would leave files where the caller's CCACHE_DIR is
	paths_of "$BUILD"
	hostname lab
	ip link set lo up
	# an ACK is delayed by 40 ms, twice per login; disable that where possible
	for route in 127.0.0.0/8 127.0.0.1; do
		ip route change local $route dev lo proto kernel scope host src 127.0.0.1 table local quickack 1 || true
	done 2>/dev/null
	mount -t tmpfs -o mode=755,nosuid,nodev stage /run
	mkdir -p $STAGE $LOGS /run/lock /run/sshd
	chmod 711 $STAGE
	if [ -d "$BUILD/profile" ]; then # `make coverage`
		mkdir $STAGE/profile
		mount --bind "$BUILD/profile" $STAGE/profile
		unset LLVM_PROFILE_FILE
	fi
	stage_directories
	stage_devices
	rm -f /etc/hosts # which may be a link
	printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.1.1\tlab\n' >/etc/hosts
	echo lab >/etc/hostname
	"$BUILD/tests/syslog_sink" /dev/log $LOGS/syslog &
	wait_for test -S /dev/log || fail "no log daemon: $(ls -l /dev)"
	rm -f "$SYSCONFDIR/nsisolate.conf"
	stage_install
	stage_users
	stage_reset
	stage_state >$STAGE/before
	STAGE_MOUNTS=$(</proc/1/mountinfo)
}

# Before every test: restores what another test changed, or left behind when it failed.
stage_reset() {
	local stack
	# shellcheck disable=SC2046
	kill -KILL $(stage_processes pid) 2>/dev/null || true
	[ "$(</proc/1/mountinfo)" = "${STAGE_MOUNTS:-}" ] || stage_unmount
	for stack in $STAGE/pam.*; do [ ! -e "$stack" ] || cp "$stack" "/etc/pam.d/${stack##*/pam.}"; done
	pam_stack sshd 'session required pam_nsisolate.so'
	rm -rf "$SYSCONFDIR/nsisolate.conf" # it may be a FIFO, and writing to that would block
	rm -rf /run/nsisolate
	conf "$TOP/conf/nsisolate.conf"
	: >$LOGS/sshd
	: >$LOGS/syslog
}

# Removes what a failed test left behind, so that the next one does not fail because of it.
stage_clean() {
	# not without the list: everything would count as new, and the tree is in one of these directories
	[ -s $STAGE/before ] || return 0
	find /run /tmp /dev/shm -xdev -path $STAGE -prune -o -print | sort | comm -23 - <(sort $STAGE/before) |
		sort -r | xargs -r -d '\n' rm -rf --one-file-system --
}

stage_unmount() { # what was mounted since then, the last one first
	[ -e $STAGE/before ] || return 0
	sort /proc/1/mountinfo | comm -23 - <(grep -E '^[0-9]+ [0-9]+ [0-9]+:' $STAGE/before) |
		sort -rn | awk '{ print $5 }' | xargs -r -n1 umount -l
}

# Installs what was built, below DIR if given.
stage_make_install() {
	local variables
	mapfile -t variables <"$BUILD/paths"
	# the flags of an outer make are not meant for this one
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES make --no-print-directory -s -C "$TOP" \
		BUILD="$BUILD" NO_BUILD=1 "${variables[@]}" ${1:+DESTDIR="$1"} install
}

# tests/run has done that once for all stages, below $INSTALLED.
stage_install() {
	[ -n "${INSTALLED:-}" ] && cp -a "$INSTALLED/." / 2>/dev/null ||
		stage_make_install >$LOGS/install 2>&1 || { cat $LOGS/install >&2; exit 2; }
}

# ---- using it ----

pam_stack() {
	[ -e "/etc/pam.d/$1" ] || fail "this machine has no PAM stack of the name $1"
	[ -e "$STAGE/pam.$1" ] || cp "/etc/pam.d/$1" "$STAGE/pam.$1"
	{ cat "$STAGE/pam.$1"; printf '%s\n' "$2"; } >"/etc/pam.d/$1"
}

own_stack() {
	printf '%s required pam_permit.so\n' auth account password session
	[ $# != 0 ] || set -- 'session required pam_nsisolate.so'
	printf '%s\n' "$@"
} >/etc/pam.d/stage

conf() { cat "${1:--}" >"$SYSCONFDIR/nsisolate.conf"; }

separate() {
	{
		sed '/^# Everyone else/,$d' "$TOP/conf/nsisolate.conf"
		printf '%s\n' '[users]' 'uid = 1000-4294967294' 'service = sshd, login, remote, nsisolate-shell' "$@"
	} | conf
}

sshd_start() {
	local word options=() startups=100
	for word; do
		options+=(-o "$word")
		case $word in MaxStartups=*) startups=${word#*=} ;; esac # here the last word counts, not the first
	done
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
		MaxStartups $startups
		MaxSessions 20
		Subsystem sftp ${SFTP:-$(sftp_server)}
	END
	"$(command -v sshd)" -D -E $LOGS/sshd -f $STAGE/sshd_config "${options[@]}" &
	SSHD=$!
	wait_for listens 22 || fail "sshd does not listen: $(tail -5 $LOGS/sshd)"
}

sftp_server() {
	local path
	for path in /usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh /usr/libexec; do
		[ -x "$path/sftp-server" ] && { echo "$path/sftp-server"; return; }
	done
}

listens() { ss -Hltn "sport = :$1" | grep -q .; }

chroot_build() {
	local dir
	mkdir -p "$1"
	for dir in usr etc lib lib64 bin proc dev; do
		[ -e /$dir ] || continue
		if [ -L /$dir ]; then cp -P /$dir "$1/"; continue; fi
		mkdir "$1/$dir"
		mount --rbind --make-rslave /$dir "$1/$dir"
	done
	[ ! -d $STAGE/profile ] || { mkdir -p "$1$STAGE/profile" && mount --bind $STAGE/profile "$1$STAGE/profile"; }
}

chroot_remove() {
	umount -R "$1"/{usr,etc,lib,lib64,bin,proc,dev} "$1$STAGE/profile" 2>/dev/null
	rm -rf --one-file-system "$1"
}

sshd_stop() {
	[ -n "${SSHD:-}" ] || return 0
	kill "$SSHD" 2>/dev/null
	wait "$SSHD" 2>/dev/null
	SSHD=
}

SSH_OPTIONS=(-F /dev/null -i $STAGE/keys/user -o BatchMode=yes -o StrictHostKeyChecking=no
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=60 -o IdentitiesOnly=yes
	-o KexAlgorithms=curve25519-sha256) # the default costs as much as two logins

on() { # words that begin with a dash are ssh's
	local user=$1 options=()
	shift
	while [[ ${1-} = -* ]]; do
		options+=("$1")
		case $1 in -[oLRDSWi]) options+=("$2"); shift ;; esac
		shift
	done
	bounded 500 ssh "${SSH_OPTIONS[@]}" "${options[@]}" "$user@127.0.0.1" "$@"
}

as() {
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --init-groups env -i HOME="/home/$user" USER="$user" \
		LOGNAME="$user" PATH="$PATH" LC_ALL=C SHELL=/bin/sh "$@"
}

sanitized() { grep -q __asan_init "$BUILD/tests/pam_app"; } # built by `make sanitize`

inits() { pgrep -u "$1" -x nsisolate-init; } # the oldest first
is_pid1() { grep -q '^NSpid:.*[[:space:]]1$' "/proc/$1/status"; } 2>/dev/null
# PID 1 of USER's newest session, and the process outside the oldest one that nsisolate-shell made.  Not by
# pkill -n and -o: start times have a resolution of one tick, and the two may be equal.
newest_pid1() { # newest_pid1 USER
	local pid init=
	for pid in $(inits "$1"); do ! is_pid1 "$pid" || init=$pid; done
	[ -n "$init" ] && echo "$init"
}
oldest_outer() { # oldest_outer USER
	local pid
	for pid in $(inits "$1"); do is_pid1 "$pid" || { echo "$pid"; return; }; done
	return 1
}

logged() {
	wait_for grep -qE "$1" $LOGS/syslog || fail "no line of the log matches /$1/: $(cat $LOGS/syslog)"
	grep -E "$1" $LOGS/syslog
}

all_logged() { # the sink reads in order, some time later
	local mark=all-logged-$RANDOM$RANDOM
	logger $mark
	wait_for grep -q $mark $LOGS/syslog || fail "nothing is logged: $(cat $LOGS/syslog)"
}

not_logged() {
	all_logged
	! grep -E "$1" $LOGS/syslog || fail "a line of the log matches /$1/"
}

# ---- assertions ----

fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*"; exit 77; }

assert_eq() { [ "$1" = "$2" ] || fail "${3:-value}: got '$1', wanted '$2'"; }
assert_match() { [[ $1 =~ $2 ]] || fail "${3:-value}: got '$1', wanted /$2/"; }

wait_for() { # polls, since COMMAND can ask for anything
	local looks=0 end=
	until "$@" >/dev/null 2>&1; do
		# 200 tries may be too quick for a slow machine: after them it gets the time of 50 logins
		if ((++looks >= 200)); then
			end=${end:-$(($(now_ms) + 50 * $(login_ms)))}
			[ "$(now_ms)" -lt "$end" ] || return 1
		fi
		if ((looks < 20)); then sleep 0.01; else sleep 0.04; fi
	done
}

# The unified hierarchy at /sys/fs/cgroup, until umount.  If the machine has mounted it, a bind mount:
# mounting it again, from the machine's own cgroup namespace, would change its options for everyone.
cgroup2_mount() {
	local there
	there=$(awk '/ - cgroup2 / && $4 == "/" { print $5; exit }' /proc/self/mountinfo)
	if [ -n "$there" ]; then
		mount --bind "$there" /sys/fs/cgroup || fail "$there cannot be bound"
	else
		mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || skip "no cgroup2 is to be had here"
	fi
}

# A session has copies of the mounts, and the kernel takes them away a moment after its last process: until then a
# mount below which the session had something is busy.
umount() {
	local path
	[[ $1 != -* ]] || { command umount "$@"; return; }
	for path; do wait_for command umount "$path" || command umount "$path" || return; done
}

need_user_namespaces() {
	local why
	why=$(unshare --user true 2>&1) || skip "no user namespaces for users here: $why"
}

# what a session could leave behind: processes, namespaces, mounts, a hostname, files
stage_state() {
	stage_processes
	lsns -n -o NS,TYPE | sort
	sort /proc/1/mountinfo
	hostname
	cat /etc/hosts
	# the directories in which a user's logins find each other stay, without their sockets, and so do the files for
	# the numbers of hostnames, which are empty; motd.dynamic.new stays of a login that was killed in pam_motd
	find /run /tmp /dev -xdev -path $STAGE -prune -o -print |
		grep -vE '^/run/(motd\.dynamic\.new|nsisolate(/[0-9]+(/\+hostnames)?)?)$' | sort
	ls -A /dev/shm /dev/pts /dev/mqueue
}

# except the tests' own helpers and this file's sshd
stage_processes() { # with the word pid: their PIDs only
	ps -e -o pid=,uid=,comm= | awk -v sshd="${SSHD:-0}" -v only="${1:-}" '
		$1 == sshd || $2 == 0 && $3 ~ /^(stage_init|syslog_sink|bash|timeout|ps|awk|mawk|gawk|cmp|diff)$/ { next }
		{ if (only) print $1; else print $2, $3 }'
}

is_as_before() { [ "$(stage_state)" = "$(cat $STAGE/before)" ]; }

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

# stage.sh possible: prints `yes`, or why a stage is not possible
if [ "${BASH_SOURCE[0]}" = "$0" ] && [ "${1:-}" = possible ]; then
	stage_possible
	echo "$STAGE_POSSIBLE"
fi
