# nsisolatectl list and tree: the sessions that exist now, from the kernel, and nothing that a user made up.
. tests/stage.sh

separate

# json EXPRESSION: in Python, where `it` is the output of `nsisolatectl list --json`
json() {
	command -v python3 >/dev/null || skip "no python3 to read JSON with"
	nsisolatectl list --json | python3 -c "
import json, sys
it = json.load(sys.stdin)
sessions = it['sessions']
one = sessions[0] if sessions else None
print($1)"
}

is_running() { pgrep -u "$1" -f "^$2\$" >/dev/null; }

session_start() { # session_start [COMMAND]: of $user, in the background, $client
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" "${1:-exec sleep 301}" \
		>$STAGE/out 2>&1 &
	client=$!
	wait_for is_running "$user" 'sleep 301' || fail "no session: $(cat $STAGE/out)"
}

# ends it, and removes what a test put into $STAGE
over() {
	pkill -KILL -x sleep
	wait $client 2>/dev/null
	[ -z "${SSHD:-}" ] || sshd_stop
	rm -f $STAGE/out
	nothing_left
}

# ---- what is there ----

check_facts() {
	local init
	session_start
	init=$(newest_pid1 "$user")
	assert_eq "$(json 'len(sessions), it["complete"]')" "1 True"
	assert_eq "$(json '[one[k] for k in ("session", "user", "uid", "rule", "hostname")]')" \
		"['$user/1', '$user', $(id -u "$user"), 'users', '$user-lab']"
	assert_eq "$(json 'one["pid"], one["namespace"], one["replaced"]')" \
		"$init $(stat -L -c %i "/proc/$init/ns/pid") False"
	if [ "$user" = alice ]; then
		assert_eq "$(json '[one[k] for k in ("kind", "verified", "service", "from")]')" \
			"['module', True, 'sshd', '127.0.0.1']"
		assert_eq "$(json 'one["leader"]')" "$(pgrep -f '^sshd.*: alice \[(priv|postauth)\]')" leader
		assert_eq "$(json 'one["processes"]')" 3 processes
	else
		assert_eq "$(json '[one[k] for k in ("kind", "verified", "service", "from")]')" \
			"['shell', False, 'nsisolate-shell', None]"
		assert_eq "$(json 'one["leader"]')" "$(oldest_outer dave)" leader
		assert_eq "$(json 'one["processes"]')" 2 processes
	fi
	assert_eq "$(json '0 <= one["age"] <= 9, one["rss"] > 100000')" "True True"
	over 2>/dev/null
	assert_eq "$(json 'sessions')" "[]" "when it has ended"
	assert_eq "$(nsisolatectl list 2>&1)" "no isolated sessions"
}
test_list_says_what_a_session_is() {
	user=alice
	sshd_start
	check_facts
	user=dave
	pam_stack sshd ''
	sshd_start
	check_facts
}

test_the_table_is_aligned_and_sorted() {
	local table namespace
	sshd_start
	user=bob session_start
	user=alice session_start
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 'exec sleep 302' &
	wait_for is_running alice 'sleep 302'
	table=$(nsisolatectl list)
	assert_eq "$(awk '{ print $1 }' <<<"$table")" $'SESSION\nalice/1\nalice/2\nbob/1'
	[ "$(json 'sessions[0]["pid"]')" = "$(inits alice | head -n 1)" ] ||
		fail "the oldest is not the first: $table"
	assert_eq "$(awk '{ print length }' <<<"$table" | sort -u | wc -l)" 1 "line lengths of $table"
	namespace=$(json 'sessions[2]["namespace"]')
	assert_match "$table" $'\nbob/1 +users +bob-lab +sshd +127.0.0.1 +[0-9]+ +[0-9]+ +'"$namespace"' +3 +[0-9.]+[KM] +[0-9]s$'
	over
}

test_the_table_fits_the_terminal() {
	local width table
	sshd_start
	user=alice session_start
	for width in 200 70 40; do
		table=$(script -qec "stty cols $width; nsisolatectl list" /dev/null </dev/null | tr -d '\r')
		[ "$(awk '{ if (length > max) max = length } END { print max }' <<<"$table")" -le $width ] ||
			fail "more than $width columns: $table"
		assert_match "$table" 'alice/1 .* [0-9]+ '
	done
	over
}

test_watch_looks_again() {
	sshd_start
	timeout "$(pace_seconds 400)" nsisolatectl list --watch --json >$STAGE/watched &
	watcher=$!
	wait_for grep -q '"sessions":\[\]' $STAGE/watched || fail "nothing is said"
	user=alice session_start
	wait_for grep -q '"session":"alice/1"' $STAGE/watched || fail "not seen: $(cat $STAGE/watched)"
	kill $watcher
	wait $watcher
	rm $STAGE/watched
	over
}

test_users_see_their_own_sessions_and_are_told_so() {
	local said
	sshd_start
	user=bob session_start
	user=alice session_start
	said=$(as alice nsisolatectl list 2>&1)
	assert_match "$said" 'alice/1 +\(users\)'
	assert_match "$said" 'showing only your own sessions; run as root to see all'
	[[ $said != *bob* ]] || fail "alice sees bob's: $said"
	assert_match "$(as alice nsisolatectl list --json)" '"verified":false.*"complete":false'
	# inside: the user's own session
	said=$(on alice "PATH=$PATH:$SBINDIR; nsisolatectl list 2>/dev/null")
	assert_match "$said" $'^SESSION[^\n]*\nalice/1 +\(users\) +alice-lab-2 [^\n]* 1 [^\n]*$'
	over
}

test_root_without_the_right_to_look_is_told() {
	local said
	sshd_start
	user=alice session_start
	said=$(setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace nsisolatectl list 2>&1)
	assert_match "$said" 'the kernel hid [0-9]+ processes'
	over
}

# Two logins into one session: it has no single service and no single leader.
check_shared() {
	local first pid word
	separate 'scope = user'
	install -d -o "$user" -m 700 "/run/user/$(id -u "$user")"
	session_start
	first=$client
	assert_match "$(nsisolatectl list)" $'\n'"$user/1 +\(?users\)? +$user-lab +logins=1 +- +- +[0-9]+ "
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" 'exec sleep 302' >/dev/null 2>&1 &
	client=$!
	wait_for is_running "$user" 'sleep 302' || fail "no second login"
	assert_match "$(nsisolatectl list)" $'^SESSION[^\n]*\n'"$user/1 +[^ ]+ +$user-lab +logins=2 +- +- +[0-9]+ [^"$'\n'"]*$"
	assert_eq "$(json '[(s["session"], s["logins"], s["leader"], s["from"]) for s in sessions]')" \
		"[('$user/1', 2, None, None)]"
	# both are in it, whichever word names it
	assert_match "$(nsisolatectl tree $user/1 | tr '\n' ' ')" 'sleep 301 .*sleep 302'
	pid=$(json 'one["pid"]')
	for word in "$pid" "$(stat -L -c %i "/proc/$pid/ns/pid")" "$(pgrep -x -f 'sleep 301')" \
		"$(pgrep -x -f 'sleep 302')" $([ "$user" = dave ] || json 'one["id"]'); do
		assert_eq "$(nsisolatectl tree "$word")" "$(nsisolatectl tree "$user/1")" "by $word"
	done
	assert_eq "$(nsisolatectl enter $user/1 -- pgrep -l sleep | awk '{ print $2 }')" $'sleep\nsleep'
	# the first one to come leaves first
	pkill -KILL -x -f 'sleep 301'
	wait $first
	one_login() { [ "$(json 'one["logins"]')" = 1 ]; }
	wait_for one_login || fail "$(nsisolatectl list)"
	assert_match "$(nsisolatectl end --user $user)" "^ended: user $user, rule users"
	wait $client
	nobody_runs() { ! pgrep -u $user; }
	wait_for nobody_runs || fail "there is left: $(ps -u $user -o pid,args)"
	assert_eq "$(nsisolatectl list 2>&1)" "no isolated sessions"
	rm -rf $STAGE/out /run/user /run/nsisolate
}
test_a_shared_session_says_how_many_logins_are_in_it() { both check_shared; }

# PID 1 then watches for the end of a lingering process, which is not a login.
test_what_lingers_of_a_shared_session_has_no_logins() {
	separate 'scope = user' 'logout = linger'
	sshd_start
	user=alice
	session_start 'setsid sleep 301 >/dev/null 2>&1 </dev/null &'
	wait $client
	no_login() { [ "$(json 'one["logins"]')" = None ]; }
	wait_for no_login || fail "$(nsisolatectl list)"
	assert_match "$(nsisolatectl list)" $'\nalice/1 +users +alice-lab +- +- +- '
	rm -r /run/nsisolate
	over
}

# An id names a session only if it is a fact.
test_an_id_that_a_user_claims_names_nothing() {
	unshare --pid --mount --fork setpriv --reuid alice --regid alice --clear-groups \
		env -i user=root rule=admins id=0123abcd \
		bash -c 'exec -a "nsisolate-init: root admins sshd" "$0" --user --pid -- sleep 301' \
		"$NSISOLATE_INIT" &
	wait_for is_running alice 'sleep 301'
	assert_eq "$(json 'sorted(s["id"] or "" for s in sessions)')" "['', '0123abcd']"
	assert_match "$(nsisolatectl tree 0123abcd 2>&1)" 'nor a session.s id'
	pkill -KILL -u alice
	wait
	nothing_left
}

# ---- what is not ----

# Processes that look like a session and are not.
test_names_and_copies_are_not_sessions() {
	local said
	cp "$(command -v sleep)" /tmp/nsisolate-init
	cp "$NSISOLATE_INIT" /tmp/init
	as alice bash -c 'exec -a "nsisolate-init: root admins sshd" /tmp/nsisolate-init 301' &
	as alice bash -c 'exec -a "nsisolate-init: root admins sshd" unshare -Urpf --mount-proc /tmp/nsisolate-init 301' &
	as alice /tmp/init --user --uts --pid --hostname=root-lab -- sleep 301 &
	as alice "$NSISOLATE_INIT" --user --uts --hostname=root-lab -- sleep 301 &
	they_run() { [ "$(pgrep -u alice -f ' 301$' | wc -l)" = 5 ] && [ "$(pgrep -u alice -x init | wc -l)" = 2 ]; }
	wait_for they_run || fail "they do not run: $(ps -ef)"
	said=$(nsisolatectl list 2>&1)
	assert_eq "$said" "no isolated sessions"
	pkill -KILL -u alice
	wait
	rm /tmp/nsisolate-init /tmp/init
	nothing_left
}

# The real nsisolate-init, run by hand in a user namespace of her own: her claims are marked as such.
test_what_a_user_claims_is_marked() {
	as alice bash -c 'exec -a "nsisolate-init: root admins sshd" '"$NSISOLATE_INIT"' --user --uts \
		--pid --hostname=root-lab --rule=admins -- sleep 301' &
	wait_for is_running alice 'sleep 301'
	assert_eq "$(json '[one[k] for k in ("user", "uid", "kind", "verified")]')" \
		"['alice', 5001, 'shell', False]"
	assert_match "$(nsisolatectl list)" $'\nalice/1 +\(admins\) +root-lab +\(sshd\)'
	assert_match "$(nsisolatectl end 2>&1 "$(json 'one["pid"]')")" \
		'ended: user alice, rule admins \(by its own account\)'
	wait
	nothing_left
}

# A setuid program like bubblewrap makes alice's process the first in a PID namespace of root's: it is the
# installed nsisolate-init, with the environment that the module would give it, but without the module.
test_a_pid_namespace_of_roots_proves_nothing() {
	unshare --pid --mount --fork setpriv --reuid alice --regid alice --clear-groups \
		env -i user=root rule=admins service=sshd from=192.0.2.1 leader=1 hostname=lab \
		bash -c 'exec -a "nsisolate-init: root admins sshd" "$0" --user --pid -- sleep 301' \
		"$NSISOLATE_INIT" &
	wait_for is_running alice 'sleep 301'
	assert_eq "$(json 'sorted((s["user"], s["kind"], s["verified"]) for s in sessions)')" \
		"[('alice', 'module', False), ('alice', 'shell', False)]"
	assert_match "$(nsisolatectl list)" $'\nalice/1 +\(admins\) +lab +\(sshd\) +\(192.0.2.1\)'
	assert_match "$(nsisolatectl enter --root alice/1 2>&1)" 'cannot verify that the PAM module made'
	pkill -KILL -u alice
	wait
	nothing_left
}

# forged WHOSE TYPE: the owner of the session that `list` sees, and whether that is certain
forged() {
	cp "$TOP/tests/login/hostile.py" $STAGE/hostile.py
	unshare --pid --mount --fork --mount-proc python3 $STAGE/hostile.py forge 5001 "$@" "$NSISOLATE_INIT" &
	wait_for pgrep -x nsisolate-init || fail "it does not run: $(ps -ef)"
	json '[(s["user"], s["verified"]) for s in sessions]'
	pkill -KILL -x nsisolate-init
	wait
	rm $STAGE/hostile.py
}
# The same, held by its user's debugger, with everything that the module's has except for one thing.
test_a_socket_that_the_module_has_not_made_proves_nothing() {
	assert_eq "$(forged root SEQPACKET)" "[('root', True)]" "the control, which nobody but root can make"
	assert_eq "$(forged user SEQPACKET)" "[('alice', False)]" "a pair that she made"
	assert_eq "$(forged root STREAM)" "[('alice', False)]" "a pair of another type, as what sshd gives to a command"
	assert_eq "$(forged root named)" "[('alice', False)]" "a connection to a socket of root's"
	nothing_left
}

test_a_user_cannot_hide_a_session() {
	user=dave
	pam_stack sshd ''
	sshd_start
	# mounts over the program and /proc, another name, another hostname, namespaces below
	session_start "exec unshare -Urm sh -c 'mount --bind /bin/true $NSISOLATE_INIT &&
		mount -t tmpfs none /proc && exec unshare -puf sh -c \"hostname gone; exec sleep 301\"'"
	assert_eq "$(json '[(s["user"], s["hostname"], s["kind"]) for s in sessions]')" \
		"[('dave', 'dave-lab', 'shell')]"
	assert_eq "$(json 'one["processes"]')" 3 "with those in namespaces below"
	assert_match "$(nsisolatectl tree "$(pgrep -x sleep)" | awk '{ print $2 }' | tr '\n' ' ')" \
		'^dave, INSIDE 1 2 [0-9]+ $'
	over
}

test_names_of_others_cannot_reach_the_terminal() {
	local out
	as alice bash -c $'exec -a $\'nsisolate-init: x \\e]0;title\\a\\n\\e[2Jbell service\\x9b\' \
		'"$NSISOLATE_INIT"$' --user --uts --pid --hostname=$\'\\e[31mred\\n\' -- \
		bash -c "exec -a \$\'\\e[5mblink\\nnew\' sleep 301"' &
	wait_for pgrep -x sleep
	for out in "$(nsisolatectl list)" "$(nsisolatectl list --json)" "$(nsisolatectl tree alice/1)" \
		"$(nsisolatectl end --now alice/1)"; do
		assert_match "$out" alice
		[[ ${out//$'\n'/} != *[![:print:]]* ]] || fail "control characters: $(cat -v <<<"$out")"
	done
	wait
	nothing_left
}

test_a_session_is_known_after_an_upgrade() {
	sshd_start
	user=alice session_start
	cp -p "$NSISOLATE_INIT" "$NSISOLATE_INIT.new"
	mv "$NSISOLATE_INIT.new" "$NSISOLATE_INIT"
	assert_eq "$(json '[one[k] for k in ("user", "rule", "verified", "replaced")]')" \
		"['alice', 'users', True, True]"
	assert_match "$(nsisolatectl list)" '[0-9]\* .*has since been replaced'
	rm "$NSISOLATE_INIT" # in the middle of a removal
	assert_eq "$(json 'one["user"]')" alice
	stage_install
	over
}

# The module has hung up: the session lingers, and is as certain as before.
test_a_session_that_outlives_its_login_is_known() {
	separate 'logout = linger'
	sshd_start
	user=alice
	session_start 'setsid sleep 301 >/dev/null 2>&1 </dev/null &'
	wait $client
	left() { [ "$(json 'one["leader"]')" = None ]; } # PID 1 notices its end a moment later
	wait_for left || fail "its leader is still $(json 'one["leader"]')"
	assert_eq "$(json '[one[k] for k in ("user", "rule", "verified", "leader")]')" \
		"['alice', 'users', True, None]"
	over
}

# ---- tree ----

check_tree() {
	local init out inner
	session_start 'bash -c "sleep 301; true" & exec sleep 302'
	init=$(newest_pid1 "$user")
	inner=$(pgrep -u "$user" -f '^sleep 301$')
	out=$(nsisolatectl tree "$inner")
	assert_match "$out" $'^user '"$user"', rule users.*, PID '"$init"$'\n +PID  INSIDE  USER +COMMAND\n'
	assert_match "$out" $'\n +'"$init +1 +$user +nsisolate-init: $user users"
	assert_match "$out" $'\n +'"$inner +$(sed -n 's/^NSpid:.*\t//p' "/proc/$inner/status") +$user +.*\\_ sleep 301"
	assert_eq "$(awk '$1 ~ /^[0-9]+$/ { print $1 }' <<<"$out" | sort)" \
		"$(for pid in $(pgrep -u "$user"); do
			[ /proc/"$pid"/ns/pid -ef /proc/"$inner"/ns/pid ] && echo "$pid"
		done | sort)" "the PIDs of the session"
	# whichever word names it
	for word in "$user/1" "$init" "$(stat -L -c %i "/proc/$init/ns/pid")"; do
		assert_eq "$(nsisolatectl tree "$word")" "$out" "by $word"
	done
	pkill -KILL -x sleep
	wait $client
	rm $STAGE/out
}
test_tree_shows_both_pids_of_each_process() { both check_tree; }

test_words_that_name_no_session() {
	said() { nsisolatectl tree "$@" 2>&1; echo "status $?"; }
	assert_match "$(said 1)" 'process 1 is not in a session.*status 1'
	assert_match "$(said 4000000000)" 'no session or process has the number 4000000000: see .*status 1'
	assert_match "$(said alice/1)" 'there is no session alice/1: see .*status 1'
	assert_match "$(said 12x)" "'12x' is neither a PID, nor a namespace's inode, nor USER/N.*status 1"
	assert_match "$(said $'\e[2J/0')" "'\?\[2J/0' is neither.*status 1"
	assert_match "$(said)" 'usage: nsisolatectl tree SESSION.*status 2'
}

test_names_can_be_pasted_whatever_they_are() {
	local name word
	printf '%s required pam_permit.so\n' auth account password >/etc/pam.d/stage
	echo 'session required pam_nsisolate.so' >>/etc/pam.d/stage
	conf <<<$'[users]\nservice = stage'
	for name in 'John Doe' 'LAB\eve' $'Jos\303\251' $'o\'neill'; do
		printf '%s:x:6007:6007::/tmp:/bin/sh\n' "$name" >>/etc/passwd
		timeout "$(pace_seconds 1000)" "$BUILD/tests/pam_app" stage "$name" open run 'exec sleep 301' &
		client=$!
		wait_for pgrep -u 6007 -x sleep >/dev/null || fail "no session of $name"
		word=$(LC_ALL=C nsisolatectl list | awk 'NR == 2 { print $1 }')
		eval "assert_eq $word \"\$name/1\""
		eval "nsisolatectl tree $word" >/dev/null || fail "what is printed is not taken: $word"
		pkill -KILL -u 6007 -x sleep
		wait $client 2>/dev/null
		sed -i '$d' /etc/passwd
	done
	rm /etc/pam.d/stage
	nothing_left
}
