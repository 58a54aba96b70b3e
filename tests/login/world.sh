# world.sh - a network around the stage, which has none, for `network = user`.  Source it after stage.sh.
#
#	world FUNCTION...       with this machine's address $HOST, its default route, and $BEYOND behind the
#	                        router; on all of them something listens: on the host and its loopback (TCP,
#	                        UDP, an abstract socket) it says `the host`, beyond `beyond`.  Where there is
#	                        no pasta, without_pasta is called instead.

PASTA=/usr/bin/pasta
HOST=198.51.100.2     # the machine's own address
BEYOND=203.0.113.5    # behind a router

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

