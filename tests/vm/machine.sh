# machine.sh - one booted machine for one file of tests: source it.
#
# The machine is emulated in software by qemu, on a throw-away copy of its release's disk, with the kernel
# and systemd of that release.  Only its ssh can be reached, through a port of 127.0.0.1 that qemu chose.
# It ends with the process that booted it.
#
# Before the tests (tests/vm/run does it):
#	machine_make RELEASE DIR PACKAGE    a disk in the directory DIR, $M, a copy of that of the name
#	                        $IMAGE (see image.sh); nothing runs yet
#	machine_boot                        start it, wait for ssh; $BOOTED is the seconds it took
#	                        (there its serial console is /dev/$LINE)
#	machine_reset                       restores the state of machine_settle, without sessions
#	machine_settle                      records the state for machine_reset
#	machine_end
#
# Installing:
#	package_install         installs this tree's package, as an admin does, and enables its PAM profile
#	package_copy            only copies it, to /root/$DEB
#	passt_install           what network = user needs; fails if the release has no passt
#
# On it:
#	root WORD...            as root, past PAM's stacks: over one connection made at boot.  The words are
#	                        one command line, as in ssh
#	on USER [WORD...]       a login of its own by ssh (-tt and other options go first)
#	hold USER [-tt] [WORD...]   the same in the background, kept open until `release` or the test's end
#	release                 ends all that are held
#	conf                    standard input becomes nsisolate.conf
#	drop_in DIR             standard input becomes DIR/vm.conf, which goes away by itself
#	console USER COMMAND    prints COMMAND's output in a login at the serial console (console.exp)
#	inits USER              the PIDs of the nsisolate-init processes of USER's sessions
#	logged REGEX            wait for a line of this test's journal that matches; prints it
#	journal_fields          this test's journal, an entry a line, as JSON
#	knows KEY=VALUE         skip the test if nsisolate.conf does not have this yet
#	shell_isolates_dave     nsisolate-shell, and no PAM, is what isolates dave, by ssh and at the console
#	doctor [SUBJECT...]     problems and warnings that a machine as shipped has not, and what it finds of these
#	note TEXT               what the runner shows of a test that passes
#	nothing_left            fail unless no session, process, mount or namespace is left (waits)
#	wait_for COMMAND...     until it succeeds, at most 180 s: this machine is slow
#	assert_eq GOT WANTED [WHAT]     assert_match GOT REGEX [WHAT]     fail WORD...    skip REASON
#
# Users: alice 5001, bob 5002, dave 5004; carol 5003, in the group sudo and asked for no password;
# root.  One key lets in as each, and the password `isolate` as all but root.  The host is `lab`, and
# its name server never answers.

set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
. "$(dirname "${BASH_SOURCE[0]}")/image.sh"

SSH_OPTIONS=(-F /dev/null -i "$CACHE/key" -o BatchMode=yes -o StrictHostKeyChecking=no
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=180 -o IdentitiesOnly=yes
	-o ServerAliveInterval=10 -o ServerAliveCountMax=18 # a busy host stops it for half a minute
	-o KexAlgorithms=curve25519-sha256) # the fastest on an emulated CPU

machine_make() {
	export RELEASE=$1 M=$2 PACKAGE=$3 DEB=${3##*/} LINE=ttyS0
	[[ $RELEASE != *_arm64* ]] || LINE=ttyAMA0
	rm -f "$M"/{disk,console,console.log,monitor,port,master,install.log}
	qemu-img create -q -f qcow2 -b "$CACHE/$RELEASE/${IMAGE:-system}.ext4" -F raw "$M/disk"
}

machine_boot() {
	local start=$SECONDS words more=${IMAGE:-system} qemu=(qemu-system-x86_64 -cpu max)
	more=${more^^}_WORDS
	# signed pointers, by a method that is quick to emulate
	[ $LINE = ttyS0 ] || qemu=(qemu-system-aarch64 -M virt -cpu "max,pauth-impdef=on")
	words=(-accel tcg,thread=multi -smp 2 -m "${MEMORY:-1024}" -no-user-config -display none
		-kernel "$CACHE/$RELEASE/${IMAGE:-system}.kernel" -initrd "$CACHE/$RELEASE/${IMAGE:-system}.initrd"
		-append "root=/dev/vda rw console=$LINE quiet ${!more:-} systemd.default_timeout_start_sec=600 \
			systemd.default_device_timeout_sec=600"
		-drive "file=$M/disk,if=virtio,cache=unsafe" -device virtio-rng-pci
		-netdev "user,id=lan,restrict=on,hostfwd=tcp:127.0.0.1:0-:22"
		-device virtio-net-pci,netdev=lan
		-chardev "socket,id=console,path=$M/console,server=on,wait=off,logfile=$M/console.log,logappend=on"
		-serial chardev:console -monitor "unix:$M/monitor,server=on,wait=off")
	setpriv --pdeathsig KILL nice "${qemu[@]}" "${words[@]}" >>"$M/qemu.log" 2>&1 8>&- &
	QEMU=$!
	until machine_port >"$M/port" && [ -s "$M/port" ]; do
		kill -0 "$QEMU" 2>/dev/null || fail "qemu did not start: $(cat "$M/qemu.log")"
		sleep 0.2
	done
	machine_wait
	BOOTED=$((SECONDS - start))
}

# Waits until it has booted, for the first time or again.  The connection made here is root's.
machine_wait() {
	local end=$((SECONDS + 600))
	until machine_connect; do
		[ $SECONDS -lt $end ] || fail "no ssh after 600 s: $(tail -n 20 "$M/console.log")"
		sleep 1
	done
	has_systemd || { wait_for root 'pgrep -x "a?getty"' || fail "it did not come to the login prompt"; return 0; }
	WAIT=120 root 'systemctl is-system-running --wait >/dev/null' || true
}

machine_port() {
	echo info usernet | timeout 5 socat -t 2 - "UNIX-CONNECT:$M/monitor" 2>/dev/null |
		awk '/HOST_FORWARD/ { print $4 }'
}

port() { cat "$M/port"; }
has_systemd() { root 'test -d /run/systemd/system'; }

machine_connect() {
	rm -f "$M/master"
	timeout 40 ssh -o ConnectTimeout=10 "${SSH_OPTIONS[@]}" -M -S "$M/master" -f -N -p "$(port)" \
		root@127.0.0.1 >/dev/null 2>&1 8>&-
}

machine_end() {
	[ -n "${QEMU:-}" ] || return 0
	kill "$QEMU" 2>/dev/null
	wait "$QEMU" 2>/dev/null
	QEMU=
}

# What tests change is put back from a copy; what they add has one of the names below.
machine_settle() {
	root 'cat >/root/reset; chmod 700 /root/reset; cd / && tar cf /root/settled etc/pam.d etc/passwd \
		etc/shadow etc/group etc/shells etc/ssh $(ls -d etc/nsisolate.conf* etc/systemd/logind.conf)
		/root/reset >/dev/null' <<-'END'
		#!/bin/sh
		cd /
		drop=$(find /etc /run/systemd -name vm.conf)
		rm -f $drop /etc/sudoers.d/vm /tmp/door
		tar df /root/settled >/dev/null 2>&1 || changed=yes
		[ -z "${changed:-}" ] || tar xpf /root/settled
		case $drop in *logind*) systemctl daemon-reload; systemctl restart systemd-logind ;; esac
		[ -z "${changed:-}$drop" ] || {
			# elogind takes all that comes from a session's control group for that session's
			[ -d /run/systemd/system ] || echo $$ >/sys/fs/cgroup/cgroup.procs
			service ssh restart >&2
		}
		[ ! -e /etc/systemd/system/user@.service.d ] || {
			rm -r /etc/systemd/system/user@.service.d
			systemctl daemon-reload
			systemctl restart user@0
		}
		rm -f /var/lib/systemd/linger/* /var/spool/cron/crontabs/*
		rm -f /home/*/[a-z]*
		! pgrep -U 5001,5002,5003,5004 >/dev/null || {
			loginctl terminate-user alice bob carol dave 2>/dev/null
			pkill -KILL -U 5001,5002,5003,5004 -x nsisolate-init
			[ ! -d /run/systemd/system ] || systemctl restart 'serial-getty@*'
		}
		if [ -d /run/systemd/system ]; then
			journalctl -n 0 --show-cursor -q | sed -n 's/^-- cursor: //p'
		else
			echo $(($(wc -l </var/log/auth.log) + 1))
		fi
	END
	mounts_settle
}

mounts_settle() { root 'cut -d" " -f 3- /proc/1/mountinfo | sort >/root/mounts'; }

machine_reset() { root /root/reset >"$M/mark"; }

# ---- installing ----

package_install() {
	package_copy
	{
		WAIT=300 root "DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 install /root/$DEB" &&
			root 'nsisolatectl enable common-session'
	} >>"$M/install.log" 2>&1 || fail "installing the package: $(tail -n 20 "$M/install.log")"
}

passt_install() {
	root 'ip route show default | grep -q . || ip route add default via 10.0.2.2
		command -v pasta >/dev/null ||
			DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 install passt' >>"$M/install.log" 2>&1
}

package_copy() { root "cat >/root/$DEB" <"$PACKAGE"; }

# ---- on it ----

root() {
	timeout --foreground "${WAIT:-300}" ssh "${SSH_OPTIONS[@]}" -S "$M/master" -p "$(port)" \
		root@127.0.0.1 "$@"
}

on() {
	local user=$1 options=()
	shift
	while [[ ${1-} = -* ]]; do
		options+=("$1")
		case $1 in -[oLRDSWi]) options+=("$2"); shift ;; esac
		shift
	done
	timeout --foreground 240 ssh "${SSH_OPTIONS[@]}" -p "$(port)" "${options[@]}" "$user@127.0.0.1" "$@"
}

HELD=()
hold() { # prints `held` when it is logged in
	local said=$M/held.${#HELD[@]} user=$1 terminal=()
	shift
	[ "${1-}" != -tt ] || { terminal=(-tt); shift; }
	: >"$said"
	{
		on "$user" "${terminal[@]}" "echo held; ${*:-sleep 600}" </dev/null || echo "ssh ended: $?"
	} >"$said" 2>&1 &
	HELD+=($!)
	wait_for grep -q held "$said" || fail "no session of $user: $(cat "$said")"
}

release() {
	local pid
	for pid in "${HELD[@]}"; do
		pkill -P "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	HELD=()
}

conf() { root 'cat >/etc/nsisolate.conf'; }
drop_in() { root "mkdir -p $1; cat >$1/vm.conf"; }
console() { timeout 300 expect "$VM/console.exp" "$M/console" "$@"; }
inits() { root "pgrep -u $1 -x nsisolate-init"; }

journal() { # this test's; without systemd, what sshd and the like told syslog
	local mark
	mark=$(cat "$M/mark")
	root "if [ -d /run/systemd/system ]; then journalctl -q -o short --after-cursor '$mark'
		else tail -n '+$mark' /var/log/auth.log; fi"
}
is_logged() { journal | grep -E "$1"; }
logged() {
	wait_for is_logged "$1" || fail "no line of the journal matches /$1/:
$(journal | tail -n 30)"
	is_logged "$1"
}

# Filtered by us: journalctl's own filters lose the first match after a cursor (systemd 252).
journal_fields() { root "journalctl -q -o json --after-cursor '$(cat "$M/mark")'"; }

# Asks the installed nsisolate.
knows() {
	local said
	said=$(root "umask 022; printf '[word]\n$1\n' >/root/word.conf; nsisolatectl check /root/word.conf" 2>&1)
	case $?:$said in
	[01]:*) ;;
	*unknown*) skip "nsisolate.conf does not know ${1%%=*} yet" ;;
	*) fail "nsisolatectl check with $1: $said" ;;
	esac
}

# ---- what must be true ----

fail() { echo "FAILED: $*" >&2; exit 1; }
note() { echo "$*" >>"$M/notes"; }
skip() { echo "SKIPPED: $*"; exit 77; }
assert_eq() { [ "$1" = "$2" ] || fail "${3:-value}: got '$1', wanted '$2'"; }
assert_match() { [[ $1 =~ $2 ]] || fail "${3:-value}: got '$1', wanted /$2/"; }

wait_for() {
	local end=$((SECONDS + 180))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.3
	done
}

# systemd keeps the user's manager for ten seconds after the last logout.  elogind 255 misses the end of some
# sessions, and keeps them in the state `closing`, without a process.
left() {
	root "pgrep -x nsisolate-init -a
		loginctl list-sessions --no-legend | grep -E ' (alice|bob|carol|dave) ' | grep -v ' manager ' |
			if [ -d /run/systemd/system ]; then cat; else grep -v ' closing '; fi
		[ ! -d /run/systemd/system ] ||
			systemctl list-units --no-legend --plain 'session-*.scope' | grep -E ' (alice|bob|carol|dave)\$'
		ps -e -o user=,pid=,ppid=,args= | grep -E '^(alice|bob|carol|dave) ' |
			grep -vE '(systemd|\(sd-pam\)|dbus-daemon)( |\$)'
		cut -d' ' -f 3- /proc/1/mountinfo | sort | comm -13 /root/mounts - | grep -v ' /run/'
		lsns -n -t pid -o NPROCS,COMMAND | tail -n +2
		hostname | grep -vx lab" 2>&1
}
is_clean() { [ -z "$(left)" ]; }
doctor() {
	root 'nsisolatectl doctor --json' >"$M/doctor"
	# its own complaints, too: no finding is not a good one
	python3 - "$M/doctor" "$@" 2>&1 <<-'END'
		import json, sys
		for f in json.load(open(sys.argv[1])):
		    bad = f["verdict"] in ("problem", "warning") and f["subject"] not in ("cron", "at", "hosts", "/proc")
		    if bad or f["subject"] in sys.argv[2:]:
		        print(f["verdict"], f["subject"], f["why"], sep=": ")
	END
}
nothing_left() { wait_for is_clean || fail "left behind: $(left)"; }

shell_isolates_dave() {
	local what='hostname; cat /proc/1/comm; ps -e -o user= | sort -u'
	root "sed -i '/pam_nsisolate/d' /etc/pam.d/*; usermod -s /usr/bin/nsisolate-shell dave"
	conf <<<$'[users]\nuser = dave\nservice = nsisolate-shell\nshell = /bin/bash'
	assert_eq "$(on dave "$what; tr -s ' ' </proc/self/uid_map")" "dave-lab
nsisolate-init
dave
 5004 5004 1" "a command by ssh"
	assert_eq "$(console dave 'hostname; echo $0')" "dave-lab
-bash" "at the console"
}
