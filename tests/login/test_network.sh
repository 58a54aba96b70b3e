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

# ---- IPv6, UDP, ICMP ----

# Prints what each of the addresses answers, by TCP, UDP and ICMP echo; `nothing` after that many seconds
CALLS='
import os, socket, struct, sys, time
def call(kind, family, address):
    with socket.socket(family, kind) as s:
        s.settimeout(patience)
        s.connect((address, 7004))
        if kind == socket.SOCK_DGRAM: s.send(b"who am I")
        return s.recv(100).decode()
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16: total = (total >> 16) + (total & 0xffff)
    return ~total & 0xffff
def ping(family, address, number):
    protocol, ask, answer = (58, 128, 129) if family == socket.AF_INET6 else (1, 8, 0)
    try: s = socket.socket(family, socket.SOCK_DGRAM, protocol)
    except PermissionError: s = socket.socket(family, socket.SOCK_RAW, protocol) # the owner of the network may
    s.settimeout(patience)
    data = struct.pack("!BBHHH", ask, 0, 0, os.getpid() & 0xfff | number << 12, 1)
    if protocol == 1: data = data[:2] + struct.pack("!H", checksum(data)) + data[4:]
    s.sendto(data, (address, 0))
    while True: # a raw socket hears the question, too, where that is for the machine itself
        data = s.recv(1000)
        if data[20 if protocol == 1 and s.type == socket.SOCK_RAW else 0] == answer: return "reply"
patience = float(sys.argv[1])
for number, address in enumerate(sys.argv[2:]):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for name, what in (("tcp", lambda: call(socket.SOCK_STREAM, family, address)),
            ("udp", lambda: call(socket.SOCK_DGRAM, family, address)), ("ping", lambda: ping(family, address, number))):
        try: print(name, address, what())
        except OSError: print(name, address, "nothing")
'
check_protocols() {
	local range=/proc/sys/net/ipv4/ping_group_range said wanted
	rule 'network = user'
	echo "$CALLS" >/tmp/calls
	echo '0 65535' >$range
	wanted=$(as $user python3 /tmp/calls $PATIENCE $HOST $HOST6 $BEYOND $BEYOND6)
	assert_eq "$wanted" "tcp $HOST $HOST
udp $HOST $HOST
ping $HOST reply
tcp $HOST6 $HOST6
udp $HOST6 $HOST6
ping $HOST6 reply
tcp $BEYOND $HOST
udp $BEYOND $HOST
ping $BEYOND reply
tcp $BEYOND6 $HOST6
udp $BEYOND6 $HOST6
ping $BEYOND6 reply" "the control: without isolation"
	said=$(in_session "python3 /tmp/calls $PATIENCE $HOST $HOST6 $BEYOND $BEYOND6")
	assert_eq "$said" "$wanted" "in the session"
	# by unprivileged sockets of the host's alone
	echo '1 0' >$range
	assert_match "$(in_session "python3 /tmp/calls 1 $HOST")" "tcp $HOST $HOST.*ping $HOST nothing" "no group may ping"
	rm /tmp/calls
}
test_tcp_udp_and_ping_go_out_from_the_hosts_addresses() {
	with_peers() { world_peers && each_way check_protocols; }
	world with_peers
}

# ---- what does not go through ----

# hear ADDRESS: prints what comes for port 7009 as a broadcast or to the group 239.1.2.3, which the device with
# that address joins
HEAR='
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7009))
s.setsockopt(0, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.2.3") + socket.inet_aton(sys.argv[1]))
print("listens", flush=True)
while True: print(s.recv(100).decode(), flush=True)
'
# tell ADDRESS TEXT
TELL='
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.sendto(sys.argv[2].encode(), (sys.argv[1], 7009))
'
at_router() { nsenter --net --target $router "$@"; }
check_not_through() {
	local open where heard=()
	rule 'network = user'
	echo "$HEAR" >/tmp/hear
	echo "$TELL" >/tmp/tell
	mkfifo -m 666 $STAGE/go
	at_router ip route replace 239.0.0.0/8 dev out1
	python3 /tmp/hear $HOST >$STAGE/host & heard+=($!)
	nsenter --net --target $router python3 /tmp/hear 198.51.100.1 >$STAGE/router & heard+=($!)
	# in the session a server on a port for which others need privilege, and one that has joined the group
	in_session "socat TCP-LISTEN:80,reuseaddr,fork SYSTEM:'echo the session' & socat=\$!
		python3 /tmp/hear 169.254.2.1 >$STAGE/session & hear=\$!
		until socat -u TCP:127.0.0.1:80 - 2>/dev/null; do sleep 0.05; done
		read -r _ <$STAGE/go
		python3 /tmp/tell 255.255.255.255 'broadcast by the session'
		python3 /tmp/tell 198.51.100.255 'broadcast by the session'
		python3 /tmp/tell 239.1.2.3 'to the group by the session'
		read -r _ <$STAGE/go
		kill \$socat \$hear" >$STAGE/up & open=$!
	for where in host router session; do wait_for grep -q listens $STAGE/$where || fail "no $where"; done
	wait_for grep -q 'the session' $STAGE/up || fail "no server on port 80 of the session: $(cat $STAGE/up)"
	at_router python3 /tmp/tell 239.1.2.3 'to the group'
	at_router python3 /tmp/tell 198.51.100.255 broadcast
	wait_for grep -qx broadcast $STAGE/host || fail "the control: $(cat $STAGE/host)"
	assert_eq "$(at_router socat -u TCP:$HOST:7002 -)" "the host" "the control: a server of the host's"
	assert_match "$(at_router socat -u TCP:$HOST:80 - 2>&1)" refused "the session's port 80, from elsewhere"
	echo >$STAGE/go
	for where in host router; do
		wait_for grep -q 'by the session' $STAGE/$where || fail "no multicast from the session: $where"
		assert_eq "$(sort -u $STAGE/$where)" "broadcast
listens
to the group
to the group by the session" "what the $where hears"
	done
	assert_eq "$(grep -vx -e listens -e '.* by the session' $STAGE/session)" "" "what the session hears of others"
	echo >$STAGE/go
	wait $open
	kill "${heard[@]}"
	wait "${heard[@]}"
	rm $STAGE/{host,router,session,up,go} /tmp/{hear,tell}
}
test_neither_broadcasts_nor_groups_nor_callers_reach_a_session() {
	chmod 1777 $STAGE
	world each_way check_not_through
	chmod 711 $STAGE
}

# ---- names ----

check_names() {
	local seen
	rule 'network = user'
	# a link into /run, as systemd-resolved has it
	mkdir -p /run/resolve
	printf 'search lab.example\nnameserver 127.0.0.53\n' >/run/resolve/stub
	rm -f /etc/resolv.conf
	ln -s /run/resolve/stub /etc/resolv.conf
	printf 'hosts: files dns\n' >/etc/nsswitch.conf
	python3 -c "$RESOLVER" 127.0.0.53 & local stub=$!
	wait_for resolves || fail "the stub does not answer here"
	seen=$(in_session 'cat /etc/resolv.conf; getent ahostsv4 far.example | head -n 1 | tr -s " "')
	assert_eq "$seen" "search lab.example
nameserver 169.254.2.3
192.0.2.77 STREAM far.example" "in the session"
	# a resolver elsewhere is reached as it is
	python3 -c "$RESOLVER" $HOST & local other=$!
	echo "nameserver $HOST" >/run/resolve/stub
	wait_for resolves || fail "the other resolver does not answer here"
	assert_eq "$(in_session 'cat /etc/resolv.conf; grep -c resolve/stub /proc/self/mountinfo
		getent ahostsv4 far.example | head -n 1 | tr -s " "')" "nameserver $HOST
0
192.0.2.77 STREAM far.example" "another resolver"
	kill $other
	rm /etc/resolv.conf
	assert_eq "$(in_session 'cat /etc/resolv.conf 2>&1; echo in')" \
		"cat: /etc/resolv.conf: No such file or directory
in" "no file"
	# replaced while a session lasts: the next login to it brings the new one
	mkdir -p /run/user/5004
	chown dave:dave /run/user/5004
	rule 'network = user' 'scope = user'
	echo 'nameserver 192.0.2.1' >/etc/resolv.conf
	hold_open
	printf '# new\nnameserver 127.0.0.53\n' >/etc/resolv.conf.new
	mv /etc/resolv.conf.new /etc/resolv.conf
	assert_eq "$(in_session 'cat /etc/resolv.conf')" "# new
nameserver 169.254.2.3" "the next login to a shared session"
	let_go
	rm -r /run/user/5004
	kill $stub
	rm -rf /run/resolve /run/nsisolate
	cp $STAGE/resolv.conf /etc/resolv.conf
	cp $STAGE/nsswitch.conf /etc/nsswitch.conf
}
resolves() { getent ahostsv4 far.example >/dev/null; }
# ::1, where the host has a way out by IPv6
check_names6() {
	rule 'network = user'
	echo 'nameserver ::1' >/etc/resolv.conf
	printf 'hosts: files dns\n' >/etc/nsswitch.conf
	python3 -c "$RESOLVER" ::1 & local stub=$!
	python3 -c "$RESOLVER" $HOST6 & local other=$!
	wait_for resolves || fail "the stub does not answer here"
	assert_eq "$(in_session 'cat /etc/resolv.conf; getent ahostsv4 far.example | head -n 1 | tr -s " "')" \
		"nameserver fd6e:7369:736f::3
192.0.2.77 STREAM far.example" "in the session"
	echo "nameserver $HOST6" >/etc/resolv.conf
	wait_for resolves || fail "the other resolver does not answer here"
	assert_eq "$(in_session 'getent ahostsv4 far.example | head -n 1 | tr -s " "')" "192.0.2.77 STREAM far.example" \
		"another resolver"
	kill $stub $other
	cp $STAGE/resolv.conf /etc/resolv.conf
	cp $STAGE/nsswitch.conf /etc/nsswitch.conf
}
test_the_hosts_resolver_answers_on_loopback_or_elsewhere() {
	cp /etc/resolv.conf /etc/nsswitch.conf $STAGE/ 2>/dev/null
	world each_way check_names
	with_peers() { world_peers && each_way check_names6; }
	world with_peers
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
	for line in 'exit 0' 'exit 1' 'echo no such option; exit 1' 'exec sleep 300' 'echo 17; exit 1' \
		'echo 17; exec sleep 300'; do
		printf '#!/bin/sh\n%s\n' "$line" >$PASTA
		chmod 755 $PASTA
		[[ $line != *17* ]] || rule 'network = user' # it says that it is ready
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
	printf '#!/bin/sh\necho "pasta: unrecognized option" >&2; exit 1\n' >$PASTA
	chmod 755 $PASTA
	says problem "does not know what it is asked to do .pasta: unrecognized option.: the logins of .all. are" "an old one"
	rm $PASTA
	mv $PASTA.away $PASTA
}
test_doctor_says_what_pasta_lacks() {
	with_stack() { stack stage; way=module user=alice check_doctor; rm /etc/pam.d/stage; }
	world with_stack
}

# ---- when pasta ends ----

# hold_open, let_go: a session that stays, whose pasta is $pasta
hold_open() {
	rm -f $STAGE/hold
	mkfifo -m 666 $STAGE/hold
	in_session "echo up >&2; exec cat $STAGE/hold" 2>$STAGE/up & held=$!
	wait_for grep -q up $STAGE/up || fail "no session: $(cat $STAGE/up)"
	pasta=$(pastas)
}
let_go() {
	: >$STAGE/hold
	wait $held
	rm $STAGE/hold $STAGE/up
}

check_ended() {
	local held pasta
	rule 'network = user' 'scope = user' 'logout = linger'
	mkdir -p /run/user/5004
	chown dave:dave /run/user/5004
	hold_open
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
	kill -0 $held || fail "the session ended with its network"
	let_go
	rm -rf /run/user/5004
	wait_for no_session || fail "left: $(ps -u $user -o pid,args)"
	rm -rf /run/nsisolate
}
has_ended() { [ "$(nsisolatectl list --json | jq -r '.sessions[].network')" = ended ]; }
test_a_session_goes_on_without_pasta_and_the_next_login_has_a_new_one() { world each_way check_ended; }

is_stopped() { grep -q '^State:.T' /proc/$pasta/status; }

# The user can stop it, and continue it
check_stopped() {
	local held pasta line
	mkdir -p /run/user/5004
	chown dave:dave /run/user/5004
	for line in 'scope = user' 'logout = linger' 'logout = kill'; do
		rule 'network = user' 'grace = 0' "$line"
		hold_open
		as $user kill -STOP $pasta
		wait_for is_stopped
		if [ "$line" = 'scope = user' ]; then
			assert_eq "$(in_session 'socat -u TCP:127.0.0.1:7001 - 2>&1 | grep -o refused')" refused "a login that joins"
			assert_match "$(in_session "timeout 1 socat -u TCP:$HOST:7002 -; echo \$?")" '^[1-9]' "the world"
			in_session "kill -CONT \$(pgrep -f '^$PASTA ')"
			assert_eq "$(in_session "socat -u TCP:$HOST:7002 -")" "the host" "continued"
			kill -STOP $pasta
			wait_for is_stopped
		fi
		assert_eq "$(pastas) $(nsisolatectl list --json | jq -r '.sessions[].network')" "$pasta connected" "$line"
		let_go
		wait_for no_session || fail "left with $line: $(ps -u $user -o pid,stat,args)"
	done
	rm -rf /run/user/5004 /run/nsisolate
}
test_a_stopped_pasta_holds_up_neither_logins_nor_the_end() { world each_way check_stopped; }

# As a package does it
check_replaced() {
	local held pasta file old
	mkdir -p /run/user/5004
	chown dave:dave /run/user/5004
	rule 'network = user' 'scope = user'
	hold_open
	old=$(stat -Lc %d:%i /proc/$pasta/exe)
	for file in ${PASTA%/*}/pas{st,ta}{,.avx2}; do
		[ ! -f $file ] || [ -L $file ] || { cp $file $file.new && mv $file.new $file; }
	done
	assert_eq "$(in_session "socat -u TCP:$HOST:7002 -") $(pastas)" "the host $pasta" "a login that joins"
	assert_eq "$(nsisolatectl list --json | jq -r '.sessions[].network')" connected
	let_go
	wait_for no_session
	hold_open
	[ "$(stat -Lc %d:%i /proc/$pasta/exe)" != "$old" ] || fail "a new session has the old one"
	let_go
	wait_for no_session
	rm -rf /run/user/5004 /run/nsisolate
}
test_a_session_keeps_the_pasta_that_is_replaced() { world each_way check_replaced; }

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

# ---- many ----

# one NUMBER: says on which network it is and what it reaches, and stays until the holder of $MANY/hold lets go
MANY=$STAGE/many
ONE='{ readlink /proc/self/ns/net; socat -u "TCP:$3:7005" -; } >"$1/new/$2" 2>&1; mv "$1/new/$2" "$1/seen/$2"; read -r _ <"$1/hold"; true'
one() {
	"$BUILD/tests/pam_app" stage u$((1 + $1 % USERS)) gate $MANY/gate open run "exec sh $MANY/one $MANY $1 $HOST" close end
}
all_seen() { [ "$(ls $MANY/seen | wc -l)" = $((2 * USERS)) ]; }
# check_many NETWORKS LINE: two logins of each user at one instant, of which so many are on different networks
check_many() {
	local number logins=()
	rule 'network = user' 'grace = 0' "$2"
	mkdir -p $MANY
	mkdir -m 1777 $MANY/{new,seen}
	mkfifo -m 666 $MANY/hold
	echo "$ONE" >$MANY/one
	: >$MANY/gate
	exec 6<>$MANY/hold 9>$MANY/gate
	flock 9
	for ((number = 1; number <= 2 * USERS; number++)); do one $number 6>&- 9>&- & logins+=($!); done
	exec 9>&-
	wait_for all_seen || fail "$(grep refused $LOGS/syslog | sort | uniq -c); $(ls $MANY/seen | wc -l) of $((2 * USERS)) are in"
	assert_eq "$(cat $MANY/seen/* | grep -c '^the host$')" $((2 * USERS)) "logins with a way out"
	assert_eq "$(cat $MANY/seen/* | grep '^net:' | sort -u | wc -l)" "$1" "networks"
	assert_eq "$(pgrep -c -f "^$PASTA ")" "$1" "pastas"
	[[ $(cat $MANY/seen/*) != *$(readlink /proc/self/ns/net)* ]] || fail "one is on the host's network"
	# users keep to themselves: a network is that of one
	assert_eq "$(for number in $(seq $((2 * USERS))); do echo "$(head -n 1 $MANY/seen/$number) $((number % USERS))"; done |
		sort -u | wc -l)" "$1" "users and their networks"
	exec 6>&-
	wait "${logins[@]}"
	rm -r $MANY /run/nsisolate
}
# USERS (10) says how many; `make soak` has a hundred, which takes 4 GB.
test_many_users_at_once_have_networks_of_their_own_and_leave_nothing() {
	local number
	USERS=${USERS:-10}
	cp /etc/passwd /etc/group $STAGE/
	for ((number = 1; number <= USERS; number++)); do
		echo "u$number:x:$((6000 + number)):$((6000 + number))::/tmp:/bin/sh" >>/etc/passwd
		echo "u$number:x:$((6000 + number)):" >>/etc/group
	done
	many() {
		serve TCP-LISTEN:7005,bind=$HOST,reuseaddr,fork,backlog=1000 # as many as come at once
		wait_for listens 7005
		check_many $((2 * USERS)) 'scope = session'
		check_many $USERS 'scope = user'
	}
	stack stage
	world many
	cp $STAGE/passwd $STAGE/group /etc/
	rm $STAGE/passwd $STAGE/group /etc/pam.d/stage
	nothing_left
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
# as its owner, even without entering the namespace that it belongs to
any = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"outside", 0)) # down
fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"outside", 1)) # up
os.system("ip route add 192.0.2.0/24 dev outside")
capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print("devices done:", *(name for _, name in socket.if_nameindex()), flush=True)
try: open("/proc/sys/kernel/hostname", "w").write("mine")
except OSError as error: print("sysctl", error.strerror)
net = os.open("/proc/self/ns/net", os.O_RDONLY)
print("owner", said(libc.setns(fcntl.ioctl(net, 0xb701), 1 << 28)))
look("owner")
print("hostname", said(libc.sethostname(b"mine", 4)))
print("umount", said(libc.umount2(b"/proc", 2)))
print("names", said(libc.unshare(1 << 17)))
print("umount", said(libc.umount2(b"/proc", 2)))
print("mount", said(libc.mount(b"proc", b"/proc", b"proc", 0, None)))
fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"outside", 0))
print("network done")
'
check_walls() {
	local answer
	rule 'network = user'
	echo "$OWNER" >/tmp/owner
	answer=$(in_session "python3 /tmp/owner \$(pgrep -f '^$PASTA ') 2>&1")
	assert_eq "$(grep done <<<"$answer")" "devices done: lo outside
owner done
names done
network done" "what the user can do: $answer"
	assert_eq "$(grep -c -e 'not permitted' -e 'Permission denied' -e 'Invalid argument' <<<"$answer")" 29 "$answer"
	assert_eq "$(ip route show 192.0.2.0/24)" "" "the host's routes"
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
	sshd_start ListenAddress=$HOST
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
	check_connections
	echo >&7
	echo >&8
	exec 7>&- 8>&-
	wait_for no_users || fail "left: $(ps -e -o pid,user,args | grep -e alice -e bob)"
	sshd_stop
	rm -rf $STAGE/{alice,bob}.{up,end} $STAGE/forwards /run/nsisolate
}
# What else ssh connects: -D, -J, a shared connection, sftp, and a server as VS Code starts it
check_connections() {
	local master=(-o ControlPath=$STAGE/master) client
	on alice "${master[@]}" -n -N -M -D 127.0.0.1:1080 & client=$!
	wait_for listens 1080 || fail "no proxy"
	assert_eq "$(socat -u SOCKS4:127.0.0.1:127.0.0.1:8888,socksport=1080 -)" "of alice" "ssh -D"
	assert_eq "$(socat -u SOCKS4:127.0.0.1:127.0.0.1:7001,socksport=1080 - 2>/dev/null)" "" "the host's by ssh -D"
	assert_eq "$(on alice "${master[@]}" 'socat -u TCP:127.0.0.1:8888 -')" "of alice" "by the shared connection"
	on alice "${master[@]}" -Oforward -L 9003:localhost:8888
	assert_eq "$(socat -u TCP:127.0.0.1:9003 -)" "of alice" "by a forwarding added to it"
	on alice "${master[@]}" -Oexit 2>/dev/null
	wait $client
	printf '%s\n' BatchMode=yes IdentityFile=$STAGE/keys/user IdentitiesOnly=yes StrictHostKeyChecking=no \
		UserKnownHostsFile=/dev/null LogLevel=ERROR >$STAGE/config
	assert_eq "$(bounded 500 ssh -F $STAGE/config -J alice@127.0.0.1 bob@$HOST 'id -un; socat -u TCP:127.0.0.1:8888 -')" "bob
of bob" "ssh -J, from the host's own address to that"
	echo 'get /proc/net/dev /tmp/dev' | bounded 500 sftp -q -b - "${SSH_OPTIONS[@]}" alice@127.0.0.1 >/dev/null
	assert_match "$(cat /tmp/dev)" outside "what sftp sees"
	on alice sh <<<'nohup setsid socat TCP-LISTEN:4711,bind=127.0.0.1,reuseaddr,fork SYSTEM:"echo editor" >/dev/null 2>&1 &
		until socat -u /dev/null TCP:127.0.0.1:4711; do sleep 0.05; done 2>/dev/null'
	assert_eq "$(on alice -W 127.0.0.1:4711 </dev/null)" editor "a server that outlived its connection"
	rm $STAGE/config /tmp/dev
}
inside_listens() { on $user 'ss -Hltn "sport = :8888" | grep -q .'; }
no_users() { ! pgrep -u alice && ! pgrep -u bob; }
test_each_user_reaches_the_own_server_by_ssh_and_no_other() { world check_users; }
