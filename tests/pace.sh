# pace.sh - time as the tests measure it, in plain logins on this machine.  Source it.
#
# The cost of a fork differs fiftyfold between machines, and on one machine with its load.  So tests do not
# have time limits in seconds: they allow so many plain logins, at what these cost in the same minute.
#
#	pace_keep LOGIN_MS          until killed, keep $PACE, the file with the cost of a login now: LOGIN_MS as long
#	                            as the machine is as fast as at the start, more when it gets slower
#	login_ms                    the cost of a plain login now, in milliseconds: the highest of the last minute
#	pace_seconds N              the time of N logins, in whole seconds, at least 1
#	bounded N COMMAND...        COMMAND, ended after N logins at the latest; the status is then 124, like timeout's
#	now_ms                      a clock
#	assert_within START MS N [WHAT]   fail when more than MS and N logins have passed since START (now_ms)
#
# Without $PACE each of these measures the machine on the spot.

# The cost of a plain login by ssh, key exchange included, in units of the probe below: 80 to 100 on the
# machines tried.
PACE_PROBES=100

now_ms() { date +%s%3N; }

# The average cost of forking, exec'ing and waiting for a process, of ten, in microseconds
pace_probe() {
	local i start=${EPOCHREALTIME/[.,]/}
	for i in 0 1 2 3 4 5 6 7 8 9; do /bin/true; done
	echo $(((${EPOCHREALTIME/[.,]/} - start) / 10))
}

pace_keep() {
	local login=$1 first now dearest i=0
	local -a minute=()
	first=$(pace_probe)
	while :; do
		now=$(pace_probe)
		minute[i++ % 30]=$now
		dearest=$first
		for now in "${minute[@]}"; do ((now <= dearest)) || dearest=$now; done
		# atomically: a reader gets the old file or the new one
		echo $((login * dearest / first)) >"$PACE.new" && mv "$PACE.new" "$PACE"
		sleep 2
	done
}

login_ms() {
	local cost
	if [ -n "${PACE:-}" ] && { read -r cost <"$PACE"; } 2>/dev/null; then
		echo "$cost"
	else
		echo $(($(pace_probe) * PACE_PROBES / 1000 + 1))
	fi
}

pace_seconds() { echo $(($(login_ms) * $1 / 1000 + 1)); }

bounded() {
	local n=$1
	shift
	timeout --foreground --kill-after=5 "$(pace_seconds "$n")" "$@"
}

assert_within() {
	local took=$(($(now_ms) - $1)) most
	most=$(($2 + $(login_ms) * $3))
	[ $took -le $most ] || fail "${4:-it} took $took ms, which is more than $2 ms and $3 logins ($most ms)"
}
