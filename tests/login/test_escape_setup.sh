# A hostile user who swaps files while a session's set-up looks at them, and one who uses up resources:
# others get in anyway.
. tests/stage.sh

# ---- files that change under the set-up ----

# swap DIRECTORY NAME: until it is killed, in turn: directory, link to /etc, FIFO, file, socket, nothing
swap() {
	cd "$1" || exit
	while :; do
		rm -rf "$2"; mkdir "$2" 2>/dev/null
		rm -rf "$2"; ln -s /etc "$2"
		rm -rf "$2"; mkfifo "$2"
		rm -rf "$2"; : >"$2"
		rm -rf "$2"; ln -s "$2" "$2"
		rm -rf "$2"
	done
}

# logins COUNT: of $user; each must be isolated in full, or refused
logins() {
	local i out in=0
	own_stack # Debian's, with pam_umask in it, changes the umask
	for ((i = 0; i < $1; i++)); do
		case $user in
		alice) out=$("$BUILD/tests/pam_app" stage alice remember open run \
			'uname -n; tr -d "\0" </proc/1/comm; stat -f -c %T /tmp' close same 2>&1) ;;
		dave) out=$(cd / && as dave "$NSISOLATE_SHELL" -c 'uname -n; cat /proc/1/comm; stat -f -c %T /tmp' 2>&1) ;;
		esac
		case $out in
		"$user-lab"*$'\n'nsisolate-init$'\n'tmpfs) in=$((in + 1)) ;;
		*refused*) ;;
		*) fail "neither isolated nor refused: $out" ;;
		esac
	done
	echo "$in of $1 got in" >&2
	[ $in -gt 0 ] || fail "nobody got in: $out"
}

none_runs() { ! pgrep -u "$user"; }

race() { # race DIRECTORY NAME: where $user can write
	local swapper mounts
	mounts=$(sort /proc/self/mountinfo)
	as "$user" timeout "$(pace_seconds 800)" bash -c "$(declare -f swap); swap $1 $2" 2>/dev/null &
	swapper=$!
	logins "${RACES:-12}"
	pkill -KILL -u "$user"
	wait $swapper 2>/dev/null
	wait_for none_runs || fail "$(ps -u "$user" -o pid,stat,args) lives on"
	rm -rf "${1:?}/$2"
	assert_eq "$(sort /proc/self/mountinfo)" "$mounts" "mounts of the host"
}

check_races() {
	local runtime
	runtime=/run/user/$(id -u "$user")
	printf '[all]\nprivate = /tmp, /dev/shm\nscope = %s\ngrace = 0\n' "$1" | conf
	install -d -o "$user" -m 700 "$runtime"
	race /tmp .X11-unix
	race "$runtime" nsisolate
	race "$runtime" bus
	race "/home/$user" .hidden
	rm -rf /run/user /run/nsisolate
	nothing_left
}
test_what_a_user_swaps_under_the_modules_set_up() { user=alice; check_races session; }
test_what_a_user_swaps_under_the_shells_set_up() { user=dave; check_races session; }
test_what_a_user_swaps_under_a_shared_session_of_the_shells() { user=dave; check_races user; }
test_what_a_user_swaps_under_a_shared_session_of_the_modules() { user=alice; check_races user; }

test_the_meeting_place_of_shared_sessions_is_closed_to_its_user() {
	printf '[all]\nscope = user\n' | conf
	sshd_start
	assert_eq "$(on alice 'ls /run/nsisolate 2>&1 >/dev/null | grep -o "Permission denied"; ls /run/nsisolate/5001 2>/dev/null')" \
		"Permission denied"
	assert_eq "$(stat -c '%u %a' /run/nsisolate)" "0 700"
	sshd_stop
	rm -rf /run/nsisolate
	nothing_left
}

# ---- sshd's own ways to what is outside ----

# The user's manager, by a forwarded socket: sshd's process for the user is in the session, too.
test_a_forwarded_socket_does_not_reach_the_users_manager() {
	local client keep answer
	for keep in hide keep; do
		printf '[all]\nuser_manager = %s\n' $keep | conf
		install -d -o alice -m 700 /run/user/5001
		as alice socat UNIX-LISTEN:/run/user/5001/bus,fork SYSTEM:'echo outside' &
		wait_for test -S /run/user/5001/bus || fail "no listener"
		sshd_start
		rm -f $STAGE/door
		on alice -N -L "$STAGE/door:/run/user/5001/bus" &
		client=$!
		wait_for test -S $STAGE/door || fail "no forwarding"
		answer=$(timeout "$(pace_seconds 100)" socat -u UNIX-CONNECT:$STAGE/door - 2>/dev/null)
		# with `keep` it is the door that the rule leaves open
		assert_eq "$answer" "$([ $keep = hide ] || echo outside)" "user_manager = $keep"
		pkill -P "$(pgrep -P $client -x timeout || echo $client)" -x ssh
		wait $client 2>/dev/null
		pkill -u alice -x socat
		sshd_stop
		rm -rf $STAGE/door /run/user
		nothing_left
	done
}

# ---- using up ----

# As many processes as the user may have, as fast as possible: in a finite loop, since a fork bomb would hit
# the whole machine if its limit does not hold.
check_bomb() {
	local bomb
	on "$user" "prlimit --nproc=120:120 bash -c 'for i in {1..200}; do sleep 20 & done; wait'" \
		>/dev/null 2>&1 &
	bomb=$!
	many() { [ "$(pgrep -c -u "$user")" -ge 100 ]; }
	wait_for many || fail "no bomb: $(pgrep -c -u "$user") processes"
	# an administrator, who is not isolated, and a user who is
	assert_eq "$(on carol hostname)" lab "another login"
	assert_match "$(on bob hostname)" '^(bob-)?lab$' "another user's"
	pkill -P "$(pgrep -P $bomb -x timeout || echo $bomb)" -x ssh
	wait $bomb 2>/dev/null
	none() { ! pgrep -u "$user" >/dev/null; }
	wait_for none || fail "processes of it are left: $(pgrep -c -u "$user")"
}
test_all_the_processes_that_a_user_may_have_stop_nobody_else_and_end_with_his_session() { separate; both check_bomb; }

# Each user has a limited number of namespaces: the user namespaces that users make do not count for logins.
test_a_user_without_namespaces_left_stops_nobody_else() {
	local taken
	own_stack
	conf <<<'[all]
service = stage'
	# a container with limits of its own, in which alice uses up hers
	cat >$STAGE/use_up <<-'END'
		mount -t proc proc /proc
		hostname lab
		for kind in uts pid mnt user; do echo 12 >/proc/sys/user/max_${kind}_namespaces; done
		for i in $(seq 20); do
			setpriv --reuid 5001 --regid 5001 --clear-groups unshare -U -r -u -m -p -f sleep 30 2>&1 &
		done
		sleep 1
		setpriv --reuid 5001 --regid 5001 --clear-groups unshare -U -r -u true 2>&1 && echo more
		"$BUILD/tests/pam_app" stage alice open run 'uname -n' close
		"$BUILD/tests/pam_app" stage bob open run 'uname -n' close
		kill -KILL -1
	END
	mkfifo $STAGE/mapped
	unshare --user --mount --pid --uts --ipc --fork --kill-child \
		sh -c "read -r _ <$STAGE/mapped; exec bash $STAGE/use_up" >$STAGE/said 2>&1 &
	taken=$!
	own_ids() { [ "$(readlink /proc/$taken/ns/user)" != "$(readlink /proc/self/ns/user)" ]; }
	wait_for own_ids || fail "no container"
	echo '0 0 65536' >/proc/$taken/uid_map
	echo '0 0 65536' >/proc/$taken/gid_map
	echo >$STAGE/mapped
	wait $taken 2>/dev/null
	assert_match "$(cat $STAGE/said)" 'No space left on device' "namespaces for alice"
	assert_eq "$(grep -vi 'no space\|killed' $STAGE/said)" "alice-lab
bob-lab" "logins"
	rm $STAGE/mapped $STAGE/said $STAGE/use_up
	nothing_left
}
