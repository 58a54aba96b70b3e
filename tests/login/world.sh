# world.sh - a network around the stage, which has none, for `network = user`.  Source it after stage.sh.
#
#	world FUNCTION...       with this machine's address $HOST, its default route, and $BEYOND behind the
#	                        router; on all of them something listens: on the host and its loopback (TCP,
#	                        UDP, an abstract socket) it says `the host`, beyond `beyond`.  Where there is
#	                        no pasta, without_pasta is called instead.
#	python3 -c "$RESOLVER" ADDRESS &        a resolver there, which knows 192.0.2.77 for every name
#	world_peers             then, with IPv6: $HOST6 and $BEYOND6, and on all four a server, port 7004, that
#	                        tells a caller by TCP or UDP which address it has

PASTA=/usr/bin/pasta
HOST=198.51.100.2     # the machine's own address
BEYOND=203.0.113.5    # behind a router
HOST6=2001:db8:1::2
BEYOND6=2001:db8:2::5

world() {
	[ -x $PASTA ] || { without_pasta; return; }
	world_up
	"$@"
	world_down
	nothing_left
}
world_up() {
	mkdir -p /dev/net /run/user # where AppArmor lets pasta look
	[ -c /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
	unshare --net sleep 300 & router=$!
	unshare --net sleep 300 & beyond=$!
	wait_for is_elsewhere $router
	wait_for is_elsewhere $beyond
	ip link add out0 type veth peer name out1 netns $router
	ip addr add $HOST/24 dev out0
	ip link set out0 up
	ip route add default via 198.51.100.1
	nsenter --net --target $router sh -c '
		ip link set lo up; ip addr add 198.51.100.1/24 dev out1; ip link set out1 up
		ip link add in0 type veth peer name in1 netns '$beyond'
		ip addr add 203.0.113.1/24 dev in0; ip link set in0 up; echo 1 >/proc/sys/net/ipv4/ip_forward'
	nsenter --net --target $beyond sh -c '
		ip link set lo up; ip addr add '$BEYOND'/24 dev in1; ip link set in1 up
		ip route add default via 203.0.113.1
		exec socat TCP-LISTEN:7003,reuseaddr,fork SYSTEM:"echo beyond" 2>/dev/null' & far=$!
	serve TCP-LISTEN:7001,bind=127.0.0.1,reuseaddr,fork
	serve TCP-LISTEN:7002,bind=$HOST,reuseaddr,fork
	serve UDP4-RECVFROM:7001,bind=127.0.0.1,fork
	serve ABSTRACT-LISTEN:stage,fork
	wait_for listens 7001
	wait_for listens 7002
	wait_for reaches TCP:$BEYOND:7003
}
PEERS='
import select, socket, sys
socks = []
for address in sys.argv[1:]:
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, 7004))
        if kind == socket.SOCK_STREAM: s.listen()
        socks.append(s)
while True:
    for s in select.select(socks, [], [])[0]:
        if s.type == socket.SOCK_DGRAM:
            peer = s.recvfrom(100)[1]
            s.sendto(peer[0].encode(), peer)
        else:
            with s.accept()[0] as c: c.sendall(c.getpeername()[0].encode())
'
world_peers() {
	local where
	nsenter --net --target $router sh -c 'ip addr add 2001:db8:1::1/64 dev out1 nodad
		ip addr add 2001:db8:2::1/64 dev in0 nodad; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	nsenter --net --target $beyond sh -c "ip addr add $BEYOND6/64 dev in1 nodad; ip route add default via 2001:db8:2::1"
	ip addr add $HOST6/64 dev out0 nodad
	ip route add default via 2001:db8:1::1
	python3 -c "$PEERS" $HOST $HOST6 &
	nsenter --net --target $beyond python3 -c "$PEERS" $BEYOND $BEYOND6 &
	for where in $HOST [$HOST6] $BEYOND [$BEYOND6]; do
		wait_for reaches "TCP:$where:7004" || fail "$where is not reached here"
	done
}
# Answers each query for an IPv4 address with 192.0.2.77, others with nothing
RESOLVER='
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
while True:
    query, peer = s.recvfrom(512)
    end = query.index(b"\0", 12) + 5
    kind = query[end - 4:end - 2]
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\x4d" if kind == b"\0\1" else b""
    s.sendto(query[:2] + b"\x81\x80\0\1\0" + (b"\1" if answer else b"\0") + b"\0\0\0\0"
        + query[12:end] + answer, peer)
'
world_down() {
	# shellcheck disable=SC2046 # a list
	kill $far $router $beyond $(jobs -p) 2>/dev/null
	wait
	no_link() { ! ip link show out0 >/dev/null 2>&1; }
	ip link del out0 2>/dev/null
	wait_for no_link
	rm -rf /dev/net /run/user # or a test has removed it
}
is_elsewhere() { [ "$(readlink /proc/$1/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
serve() { socat "$1" SYSTEM:'echo the host' 2>/dev/null & }
reaches() { socat -u "$1" - >/dev/null 2>&1; }

