# network = user: a loopback of the user's own, and pasta(1) as the way out.  Where there is no pasta the
# tests see that nobody gets in without it.
. tests/stage.sh
. tests/login/bare.sh
. tests/login/world.sh

# On a machine that has no pasta: who is told what
without_pasta() {
	local way=module user=alice
	rule 'network = user'
	assert_match "$(nsisolatectl check 2>&1)" "error.*$PASTA.*package passt" "check"
	assert_match "$(stack stage; in_session true 2>&1)" "refused" "a login"
	rm -f /etc/pam.d/stage
}

pastas() { pgrep -u "$user" -f "^$PASTA "; }

# ---- what is reached, and what is not ----

check_reach() {
	rule 'network = user'
	assert_eq "$(socat -u TCP:127.0.0.1:7001 -) $(socat -u ABSTRACT-CONNECT:stage -)" "the host the host" \
		"the host's own, from the host"
	wait_for answers 127.0.0.1 || fail "UDP on the host"
	assert_match "$(in_session 'socat -u TCP:127.0.0.1:7001 - 2>&1')" "Connection refused" "the host's loopback"
	assert_match "$(in_session 'socat -u TCP6:[::1]:7001 - 2>&1')" "Connection refused" "the same, IPv6"
	assert_match "$(in_session 'socat -u ABSTRACT-CONNECT:stage - 2>&1')" "Connection refused" \
		"an abstract socket"
	assert_eq "$(in_session "socat -u TCP:$HOST:7002 -; socat -u TCP:$BEYOND:7003 -")" "the host
beyond" "the world"
	# new versions of pasta look every second whether what they were started with is there
	assert_eq "$(in_session "sleep 2; socat -u TCP:$HOST:7002 -")" "the host" "the world, two seconds later"
	if [ ! -e /sys/kernel/security/apparmor ]; then
		rmdir /run/user
		assert_eq "$(in_session "socat -u TCP:$HOST:7002 -")" "the host" "without /run/user"
		mkdir /run/user
	fi
	# a caller that ignores SIGPIPE, as Python does, for which old versions of pasta fail
	assert_eq "$(trap '' PIPE; in_session 'echo in')" in "a caller that ignores SIGPIPE"
	# what pasta forwards to the host's loopback if it is let
	assert_eq "$(in_session '
		for address in 127.0.0.1 169.254.2.1 169.254.2.2 169.254.2.3; do
			socat -u TCP:$address:7001,connect-timeout=1 - 2>/dev/null
			echo | socat -t 1 - UDP:$address:7001 2>/dev/null
		done')" "" "by pasta's addresses"
}
answers() { [ "$(echo | socat -t 1 - "UDP:$1:7001")" = "the host" ]; }
test_the_world_is_reached_and_nothing_of_the_hosts_loopback() { world each_way check_reach; }

# ---- names ----

# Answers each query with the address 192.0.2.77, and nothing else
STUB='
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.53", 53))
while True:
    query, peer = s.recvfrom(512)
    end = query.index(b"\0", 12) + 5
    kind = query[end - 4:end - 2]
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\x4d" if kind == b"\0\1" else b""
    s.sendto(query[:2] + b"\x81\x80\0\1\0" + (b"\1" if answer else b"\0") + b"\0\0\0\0"
        + query[12:end] + answer, peer)
'
check_names() {
	local seen
	rule 'network = user'
	# a link into /run, as systemd-resolved has it
	mkdir -p /run/resolve
	printf 'search lab.example\nnameserver 127.0.0.53\n' >/run/resolve/stub
	rm -f /etc/resolv.conf
	ln -s /run/resolve/stub /etc/resolv.conf
	printf 'hosts: files dns\n' >/etc/nsswitch.conf
	python3 -c "$STUB" & local stub=$!
	wait_for resolves || fail "the stub does not answer here"
	seen=$(in_session 'cat /etc/resolv.conf; getent ahostsv4 far.example | head -n 1 | tr -s " "')
	assert_eq "$seen" "search lab.example
nameserver 169.254.2.3
192.0.2.77 STREAM far.example" "in the session"
	# a resolver elsewhere is reached as it is
	echo 'nameserver 192.0.2.1' >/run/resolve/stub
	assert_eq "$(in_session 'cat /etc/resolv.conf; grep -c resolve/stub /proc/self/mountinfo')" \
		"nameserver 192.0.2.1
0" "another resolver"
	rm /etc/resolv.conf
	assert_eq "$(in_session 'cat /etc/resolv.conf 2>&1; echo in')" \
		"cat: /etc/resolv.conf: No such file or directory
in" "no file"
	kill $stub
	rm -r /run/resolve
	cp $STAGE/resolv.conf /etc/resolv.conf
	cp $STAGE/nsswitch.conf /etc/nsswitch.conf
}
resolves() { getent ahostsv4 far.example >/dev/null; }
test_a_resolver_on_the_hosts_loopback_answers() {
	cp /etc/resolv.conf /etc/nsswitch.conf $STAGE/ 2>/dev/null
	world each_way check_names
	rm -f $STAGE/resolv.conf $STAGE/nsswitch.conf
}

# ---- without pasta ----

check_refused() {
	local line
	mv $PASTA $PASTA.away
	rule 'network = user'
	assert_match "$(nsisolatectl check 2>&1)" "error.*$PASTA.*package passt" "check"
	assert_match "$(nsisolatectl check --json)" '"errors": ?1' "check"
	assert_match "$(in_session 'echo IN' 2>&1)" "refused" "a login without pasta"
	rule 'network = user' 'on_error = allow'
	assert_match "$(in_session 'echo IN' 2>&1)" "IN" "a login without pasta that may go without"
	# what is there, but does not connect: the user might have caused that
	for line in 'exit 1' 'echo no such option; exit 1' 'exec sleep 300' 'echo 17; exit 1'; do
		printf '#!/bin/sh\n%s\n' "$line" >$PASTA
		chmod 755 $PASTA
		[ "$line" != 'echo 17; exit 1' ] || rule 'network = user' # it says that it is ready
		answer=$(in_session "socat -u TCP:127.0.0.1:7001 - 2>&1; socat -u TCP:$HOST:7002 - 2>&1" 2>&1)
		[[ $answer != *"the host"* ]] || fail "on the host's network: $line: $answer"
		[[ $line = *17* ]] || assert_match "$answer" refused "$line"
		[[ $line != *option* ]] || [ "$way" = module ] || assert_match "$answer" "no such option"
		wait_for no_session || fail "left: $(ps -u $user -o pid,args)"
	done
	rm $PASTA
	mv $PASTA.away $PASTA
}
test_without_pasta_nobody_gets_in_and_nobody_is_on_the_hosts_network() { world each_way check_refused; }

# What else the machine has to have is doctor's to say
check_doctor() {
	says() { assert_match "$(NO_COLOR=1 nsisolatectl doctor | tr -s ' ')" "$1 network = user .*$2" "$3"; }
	rule 'network = user'
	says ok "has what it needs" "the control"
	chmod 600 /dev/net/tun
	says problem "/dev/net/tun cannot be opened by users .mode 0600" "a device that is root's"
	assert_match "$(in_session true 2>&1)" "refused" "and that is so"
	chmod 666 /dev/net/tun
	ip route del default
	says warning "no default route" "a machine without one"
	ip route add default via 198.51.100.1
	mv $PASTA $PASTA.away
	says problem "there is no $PASTA: the logins of .all. are refused" "no pasta"
	mv $PASTA.away $PASTA
}
test_doctor_says_what_pasta_lacks() {
	with_stack() { stack stage; way=module user=alice check_doctor; rm /etc/pam.d/stage; }
	world with_stack
}

# ---- when pasta ends ----

check_ended() {
	local first second pasta
	rule 'network = user' 'scope = user' 'logout = linger'
	mkdir -p /run/user/5004
	chown dave:dave /run/user/5004
	rm -f $STAGE/hold
	mkfifo -m 666 $STAGE/hold
	in_session "echo up >&2; exec cat $STAGE/hold" 2>$STAGE/up & first=$!
	wait_for grep -q up $STAGE/up
	pasta=$(pastas)
	assert_eq "$(nsisolatectl list --json | jq -r '.sessions[].network')" connected
	assert_eq "$(in_session "socat -u TCP:$HOST:7002 -")" "the host" "a second login"
	assert_eq "$(pastas)" "$pasta" "the second login's pasta"
	kill -KILL $pasta
	wait_for has_ended
	assert_match "$(nsisolatectl list)" "$user/1: network: ended"
	assert_match "$(nsisolatectl tree $user/1)" "network: ended"
	: >$LOGS/syslog
	assert_eq "$(in_session "socat -u TCP:$HOST:7002 - 2>&1")" "the host" "the login after that"
	[ $way = shell ] || logged "the network of the user's other sessions has ended" >/dev/null
	kill -0 $first || fail "the session ended with its network"
	: >$STAGE/hold
	wait $first
	rm -rf $STAGE/hold $STAGE/up /run/user/5004
	wait_for no_session || fail "left: $(ps -u $user -o pid,args)"
	rm -rf /run/nsisolate
}
has_ended() { [ "$(nsisolatectl list --json | jq -r '.sessions[].network')" = ended ]; }
test_a_session_goes_on_without_pasta_and_the_next_login_has_a_new_one() { world each_way check_ended; }

# pasta alone is nobody: a session that lingers ends all the same, and pasta with it
check_lingering() {
	rule 'network = user' 'logout = linger' 'grace = 0'
	in_session 'sleep 300 & exec true' >/dev/null 2>&1
	wait_for pgrep -u $user -x sleep
	[ -n "$(pastas)" ] || fail "no pasta while something lingers"
	pkill -u $user -x sleep
	wait_for no_session || fail "left: $(ps -u $user -o pid,args)"
}
test_a_session_whose_last_process_has_ended_takes_pasta_along() { world each_way check_lingering; }

# It serves what still runs during the grace period, and then ends
check_grace() {
	local open
	rule 'network = user' 'logout = kill' 'grace = 3600'
	rm -f $STAGE/said
	in_session "trap '' HUP; trap 'until socat -u TCP:$HOST:7002 - | grep . >$STAGE/said; do sleep 0.1; done; exit' TERM
		echo up >$STAGE/up; sleep 300 & wait" >/dev/null 2>&1 & open=$!
	wait_for pgrep -u $user -x sleep
	kill -TERM "$(newest_pid1 $user)"
	wait_for grep -q . $STAGE/said
	assert_eq "$(cat $STAGE/said)" "the host" "what a process fetches while it ends"
	wait $open
	wait_for no_session || fail "left: $(ps -u $user -o pid,args)"
	rm -f $STAGE/said $STAGE/up
}
test_pasta_serves_until_the_last_process_has_ended() {
	chmod 1777 $STAGE
	world each_way check_grace
	chmod 711 $STAGE
}

# ---- walls ----

# What the user can do to pasta, which is outside: nothing, but end it.  And as the network's owner: all
# to the network, nothing to anything else
OWNER='
import ctypes, fcntl, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def said(result):
    return "done" if result >= 0 else os.strerror(ctypes.get_errno())
pasta, kinds = sys.argv[1], (("net", 1 << 30), ("mnt", 1 << 17), ("user", 1 << 28), ("pid", 1 << 29))
def look(who):
    for name, kind in kinds:
        try:
            print(who, name, said(libc.setns(os.open("/proc/%s/ns/%s" % (pasta, name), os.O_RDONLY), kind)))
        except OSError as error:
            print(who, name, error.strerror)
    for what in "root/etc", "cwd/etc", "fd/0", "mem", "environ", "maps":
        try:
            os.close(os.open("/proc/%s/%s" % (pasta, what), os.O_RDONLY))
            print(who, what, "done")
        except OSError as error:
            print(who, what, error.strerror)
    print(who, "trace", said(libc.ptrace(16, int(pasta), 0, 0)))
    print(who, "descriptor", said(libc.syscall(438, libc.syscall(434, int(pasta), 0), 0, 0)))
look("user")
net = os.open("/proc/self/ns/net", os.O_RDONLY)
print("owner", said(libc.setns(fcntl.ioctl(net, 0xb701), 1 << 28)))
look("owner")
print("hostname", said(libc.sethostname(b"mine", 4)))
print("umount", said(libc.umount2(b"/proc", 2)))
print("names", said(libc.unshare(1 << 17)))
print("umount", said(libc.umount2(b"/proc", 2)))
print("mount", said(libc.mount(b"proc", b"/proc", b"proc", 0, None)))
socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
any = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"outside", 0))
print("network done")
'
check_walls() {
	local answer
	rule 'network = user'
	echo "$OWNER" >/tmp/owner
	answer=$(in_session "python3 /tmp/owner \$(pgrep -f '^$PASTA ') 2>&1")
	assert_eq "$(grep done <<<"$answer")" "owner done
names done
network done" "what the user can do: $answer"
	assert_eq "$(grep -c -e 'not permitted' -e 'Permission denied' -e 'Invalid argument' <<<"$answer")" 28 "$answer"
	rm /tmp/owner
}
test_pasta_is_no_way_out_and_its_network_gives_no_other_right() { world each_way check_walls; }

# ---- a switch that denies users such namespaces ----

check_switch() {
	local switch=/proc/sys/kernel/unprivileged_userns_clone
	[ -e $switch ] || return 0 # Debian's kernels have it
	echo 0 >$switch
	rule 'network = user'
	answer=$("$BUILD/tests/pam_app" stage alice remember open run "socat -u TCP:$HOST:7002 -" close same end)
	echo 1 >$switch
	assert_eq "$answer" "the host"
}
test_no_switch_for_unprivileged_users_forbids_it() {
	switched() { stack stage; check_switch; rm /etc/pam.d/stage; }
	world switched
}

# ---- through sshd ----

# Two users, each with a server on the same port: each reaches the own by `ssh -L`, neither the other's
check_users() {
	local user words
	rule 'network = user' 'scope = user'
	sshd_start
	for user in alice bob; do
		mkfifo -m 600 $STAGE/$user.end
		on $user "socat TCP-LISTEN:8888,bind=127.0.0.1,reuseaddr,fork SYSTEM:'echo of $user' >/dev/null 2>&1 &
			echo up; read -r _; kill \$!" <$STAGE/$user.end >$STAGE/$user.up &
	done
	exec 7>$STAGE/alice.end 8>$STAGE/bob.end
	for user in alice bob; do
		wait_for grep -q up $STAGE/$user.up || fail "no session of $user"
		wait_for inside_listens || fail "no server of $user"
		# -W is what -J uses, and -L without a port here
		assert_eq "$(on $user -W localhost:8888 </dev/null)" "of $user" "through ssh -W"
		words=$(on $user "socat -u TCP:127.0.0.1:8888 -; socat -u TCP:127.0.0.1:7001 - 2>&1")
		assert_match "$words" "^of $user
.*Connection refused" "another login of $user's"
	done
	on alice -n -L 127.0.0.1:9001:localhost:8888 -R 127.0.0.1:9002:$HOST:7002 -o ExitOnForwardFailure=yes \
		'echo up; socat -u TCP:127.0.0.1:9002,retry=9 -; exec sleep 300' >$STAGE/forwards & words=$!
	wait_for grep -q host $STAGE/forwards || fail "ssh -R: $(cat $STAGE/forwards)"
	assert_eq "$(socat -u TCP:127.0.0.1:9001 -)" "of alice" "ssh -L"
	! listens 8888 || fail "it listens on the host"
	! listens 9002 || fail "ssh -R listens on the host"
	kill $words
	pkill -u alice -x sleep
	echo >&7
	echo >&8
	exec 7>&- 8>&-
	wait_for no_users || fail "left: $(ps -e -o pid,user,args | grep -e alice -e bob)"
	sshd_stop
	rm -rf $STAGE/{alice,bob}.{up,end} $STAGE/forwards /run/nsisolate
}
inside_listens() { on $user 'ss -Hltn "sport = :8888" | grep -q .'; }
no_users() { ! pgrep -u alice && ! pgrep -u bob; }
test_each_user_reaches_the_own_server_by_ssh_and_no_other() { world check_users; }
