# Many logins at once, a third of them killed at random: afterwards everything is as before.
#
# LOGINS (60) and AT_ONCE (20) say how many; `make soak` has 10,000.
. tests/stage.sh

LOGINS=${LOGINS:-60}
AT_ONCE=${AT_ONCE:-20}

# one login; every third one is killed: the client, sshd's monitor or PID 1
one_login() {
	local user=$1 number=$2 victim pid
	on "$user" "echo \$(hostname); sleep 0.0$((RANDOM % 10)); sleep 300 >/dev/null 2>&1 &" \
		>"/run/stage/out/$number" 2>/dev/null &
	pid=$!
	if [ $((number % 3)) = 0 ]; then
		sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
		case $((RANDOM % 3)) in
		0) victim=$(pgrep -x ssh | shuf -n 1) ;; # any client
		1) victim=$(pgrep -f "^sshd.*: $user \[(priv|postauth)\]" | shuf -n 1) ;;
		2) victim=$(inits "$user" | shuf -n 1) ;;
		esac
		[ -z "${victim:-}" ] || kill -KILL "$victim" 2>/dev/null
	fi
	wait $pid 2>/dev/null
}

listener_descriptors() { ls /proc/"$SSHD"/fd | wc -l; }

test_many_logins_at_once_leave_nothing() {
	local number users=(alice dave bob) descriptors good
	separate
	mkdir /run/stage/out
	sshd_start 'MaxStartups=500' 'LogLevel=ERROR'
	on alice true
	wait_for is_as_before
	descriptors=$(listener_descriptors)
	for ((number = 1; number <= LOGINS; number++)); do
		while [ "$(jobs -pr | wc -l)" -gt "$AT_ONCE" ]; do wait -n; done
		one_login "${users[number % 3]}" $number 2>/dev/null &
		[ $((number % 500)) != 0 ] || echo "        $number of $LOGINS logins" >&7
	done
	sshd_wait
	good=$(cat /run/stage/out/* | grep -c -E '^(alice|bob|dave)-lab(-[0-9]+)?$')
	# two thirds were left alone and must have worked; so have many of the others
	[ "$good" -ge $((LOGINS * 2 / 3)) ] || fail "only $good of $LOGINS logins showed their hostname"
	assert_eq "$(cat /run/stage/out/* | grep -v -c -E '^(alice|bob|dave)-lab(-[0-9]+)?$')" 0 "logins with another hostname"
	rm -r /run/stage/out
	wait_for is_as_before
	assert_eq "$(listener_descriptors)" "$descriptors" "descriptors of sshd's listener"
	sshd_stop
	nothing_left
}

# until only the listener is left
sshd_wait() {
	local job
	for job in $(jobs -p); do [ "$job" = "$SSHD" ] || wait "$job" 2>/dev/null; done
}
