# nsisolatectl list on a machine with a thousand sessions.
#
# alone: it measures time.
. tests/stage.sh

# cost_of COMMAND...: its CPU time in ms.  It never waits, so that is its elapsed time on an idle machine;
# other load can only add to it, hence the least of ten.
cost_of() {
	local run took best=1000000
	TIMEFORMAT='%3U %3S'
	for run in 1 2 3 4 5 6 7 8 9 10; do
		took=$({ time "$@" >$STAGE/out; } 2>&1 | awk '{ print ($1 + $2) * 1000 }')
		[ "$took" -ge $best ] || best=$took
	done
	echo $best
}

# ps reads the same files of the same processes, and no others
test_a_thousand_sessions_are_listed_as_fast_as_their_processes() {
	local start holder list ps times=2
	! sanitized || times=20 # the sanitizers' checks take most of that
	mkfifo $STAGE/hold $STAGE/held
	"$BUILD/tests/hold_sessions" 1000 5001 <$STAGE/hold >$STAGE/held &
	holder=$!
	exec 5>$STAGE/hold 6<$STAGE/held
	read -r -t "$(pace_seconds 1000)" -u 6 start || fail "no thousand sessions to be had"
	assert_eq "$start" ready
	nsisolatectl list >$STAGE/out || fail "list: status $?"
	assert_eq "$(wc -l <$STAGE/out)" 1001 "lines"
	assert_match "$(tail -n 1 $STAGE/out)" '^alice/1000 +held +held-[0-9]+ +sshd +192.0.2.1 '
	list=$(cost_of nsisolatectl list) ps=$(cost_of ps -e -o user,pid,ppid,rss,etimes,pidns,args)
	echo "list of 1000 sessions: $list ms, start of the program included; ps -e: $ps ms" >"$BUILD/list_speed"
	nsisolatectl end --now --user alice >$STAGE/out || fail "end: status $?"
	assert_eq "$(wc -l <$STAGE/out)" 1000 "sessions ended"
	exec 5>&- 6<&-
	wait $holder
	rm $STAGE/{hold,held,out}
	nothing_left
	[ "$list" -le $((ps * times)) ] || fail "it took $list ms, and ps $ps ms"
}
