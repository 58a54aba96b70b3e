# A hostile user in a session, who tries to get at processes, /proc and namespaces outside: hostile.py
# says what he tries.  Each attempt is made outside of a session first, where it succeeds.
. tests/stage.sh

hostile() { cp "$TOP/tests/login/hostile.py" $STAGE/hostile.py && chmod 644 $STAGE/hostile.py; }

# tried outside|inside WHAT [WORD...]: what succeeded, each once
tried() {
	local where=$1
	shift
	case $where in
	outside) as "$user" python3 $STAGE/hostile.py "$@" ;;
	inside) on "$user" python3 $STAGE/hostile.py "$@" ;;
	esac | sort -u | tr '\n' ' '
}

# a process of the user's own outside, in a group of its own
victim_start() {
	hostile
	as "$user" setsid --fork sleep 310
	wait_for pgrep -u "$user" -x sleep || fail "no victim"
	victim=$(pgrep -u "$user" -x sleep)
}
victim_end() { kill "$victim"; rm $STAGE/hostile.py; }

check_process() {
	victim_start
	assert_eq "$(tried outside process "$victim" | wc -w)" 17 "words of what can be done outside"
	assert_eq "$(tried inside process "$victim")" "done " "done to a process outside"
	victim_end
}
test_no_way_to_an_outside_process() { both check_process; }

check_proc() {
	victim_start
	assert_match "$(tried outside proc "$victim")" "^/proc a process done umount $" "ways outside"
	assert_eq "$(tried inside proc "$victim")" "done " "ways to a /proc of outside"
	victim_end
}
test_no_way_to_a_proc_of_outside() { both check_proc; }

check_namespaces() {
	local inodes
	hostile
	inodes=$(stat -L -c %i /proc/self/ns/{uts,pid,mnt} | tr '\n' ' ')
	# shellcheck disable=SC2086
	assert_match "$(tried outside namespaces $inodes)" "^done open mnt open pid open pid_for_children open uts $"
	# shellcheck disable=SC2086
	assert_eq "$(tried inside namespaces $inodes)" "done " "namespaces of outside in reach"
	rm $STAGE/hostile.py
}
test_no_namespace_of_outside_is_in_reach() { both check_namespaces; }
