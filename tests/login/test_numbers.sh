# Sessions of one user that are alive at the same time have different hostnames, where the rule's template has the
# machine's name: the second one is alice-lab-2.
. tests/stage.sh

DIR=$STAGE/numbers
declare -A job  # by the number of a login: the process that waits for it
declare -A init # its session's PID 1

settings() { # settings LINE...: the rule of all logins
	printf '[all]\ngrace = 0\n'
	printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"

each_way() { # each_way FUNCTION: with $way, $user and the file $names
	local way user names
	for way in module shell; do
		user=alice names=/run/nsisolate/5001/+hostnames
		[ $way = module ] || user=dave names=/run/user/5004/nsisolate/+hostnames
		echo "--- through the $way" >&2
		rm -rf $DIR # left by a test that failed
		install -d -m 1777 $DIR
		own_stack
		settings
		install -d -m 755 /run/user
		install -d -m 700 -o dave -g dave /run/user/5004
		: >$LOGS/syslog
		"$@"
		rm -rf $DIR /run/user /run/nsisolate /etc/pam.d/stage
		nothing_left
	done
}

enter() ( # enter COMMAND: a login of $user that runs it
	case $way in
	module) exec "$BUILD/tests/pam_app" stage "$user" open run "$1" close end ;;
	shell) exec setpriv --reuid dave --regid dave --init-groups env HOME=/home/dave "$NSISOLATE_SHELL" -c "$1" ;;
	esac
)
# login N: a login that stays; $name is its hostname
login() {
	rm -f $DIR/$1
	enter "hostname >$DIR/$1.new; mv $DIR/$1.new $DIR/$1; exec sleep 90$1" >$DIR/$1.log 2>&1 &
	job[$1]=$!
	wait_for test -e $DIR/$1 || fail "login $1: $(cat $DIR/$1.log; grep nsisolate $LOGS/syslog)"
	name=$(cat $DIR/$1)
	init[$1]=$(newest_pid1 $user)
}
is_over() { ! kill -0 "${init[$1]}"; } 2>/dev/null
leave() { # leave N...: and their sessions are over
	local login
	for login; do
		pkill -x -f "sleep 90$login"
		wait "${job[$login]}" 2>/dev/null
		wait_for is_over "$login" || fail "session $login does not end: $(ps -ef)"
	done
}
inside() { nsenter -t "$(pgrep -x -f "sleep 90$1")" -u -p -m sh -c "$2"; }

# ---- what they are called ----

check_three() {
	login 1
	assert_eq "$name" $user-lab "the first"
	login 2
	assert_eq "$name" $user-lab-2 "the second"
	login 3
	assert_eq "$name" $user-lab-3 "the third"
	# it can be looked up, and is what the log and the list say
	assert_match "$(inside 2 'getent hosts $(hostname)')" "127.0.1.1 +lab $user-lab-2\$" "its lookup"
	logged "session opened: user=$user .* hostname=$user-lab-3 .*init=${init[3]} " >/dev/null
	assert_match "$(nsisolatectl list)" " $user-lab-2 .* $user-lab-3 " list
	not_logged 'without a comfort'
	# the lowest one that is free
	leave 2
	login 4
	assert_eq "$name" $user-lab-2 "the next"
	leave 1
	login 5
	assert_eq "$name" $user-lab "when the first has ended"
	leave 3 4 5
}
test_sessions_at_the_same_time_have_different_hostnames() { each_way check_three; }

check_rules() {
	{ printf '[two]\nuser = nobody\nhostname = %%u-%%l-2\n'; printf '[one]\n'; } | conf
	login 1
	printf '[two]\nhostname = %%u-%%l-2\n' | conf
	login 2
	assert_eq "$name" $user-lab-2 "by another rule"
	printf '[one]\n' | conf
	login 3
	assert_eq "$name" $user-lab-3 "by the first rule"
	leave 1 2 3
}
test_it_is_the_name_that_is_taken_whatever_rule_it_comes_from() { each_way check_rules; }

test_another_users_session_takes_nothing() {
	each_way check_two_users
}
check_two_users() {
	[ $way = module ] || return 0
	settings 'hostname = all-%l'
	login 1
	user=bob
	login 2
	assert_eq "$name" all-lab "bob's"
	leave 2
	user=alice
	leave 1
}

check_unnumbered() {
	local line
	for line in 'hostname = %H' 'hostname = %l' 'hostname = %u' 'hostname = %u.%l' 'hostname = %u-%l-%i'; do
		settings "$line"
		login 1
		first=$name
		login 2
		[[ ! $name =~ -2(\.|$) ]] || fail "$line: $name"
		[[ $line = *%i ]] || assert_eq "$name" "$first" "$line"
		leave 1 2
	done
	[ ! -e $names ] || fail "a file that nobody needs: $names"
}
test_a_name_that_could_be_another_machines_is_not_numbered() { each_way check_unnumbered; }

# ---- shared sessions ----

check_shared() {
	settings 'scope = user'
	login 1
	settings 'scope = user' 'user_manager = keep'
	login 2
	assert_eq "$name" $user-lab-2 "the one of the changed rule"
	sed -i '$a 192.0.2.9 new' /etc/hosts
	: >$LOGS/syslog
	login 3
	assert_eq "$name" $user-lab-2 "of a login that joins it"
	assert_match "$(inside 3 'getent hosts $(hostname) new')" \
		$'^127.0.1.1 +lab '"$user-lab-2"$'\n192.0.2.9 +new$' "its hosts, which are renewed"
	logged "session opened: user=$user .* hostname=$user-lab-2 .* joined=yes" >/dev/null
	sed -i '$d' /etc/hosts
	pkill -x -f 'sleep 902'
	wait "${job[2]}" 2>/dev/null
	leave 1 3
}
test_a_login_that_joins_has_the_name_of_the_session() { each_way check_shared; }

# ---- how long ----

check_killed() {
	login 1
	kill -KILL "${init[1]}"
	wait "${job[1]}" 2>/dev/null
	wait_for is_over 1
	login 2
	assert_eq "$name" $user-lab "after the first was killed"
	assert_eq "$(stat -c '%s %a' $names)" "0 600" "the file that stays: its size and mode"
	leave 2
}
test_a_session_that_was_killed_leaves_nothing() { each_way check_killed; }

check_linger() {
	settings 'logout = linger' 'scope = session'
	enter 'setsid sleep 907 >/dev/null 2>&1 &'
	login 1
	assert_eq "$name" $user-lab-2 "beside one that lingers"
	pkill -x -f 'sleep 907'
	leave 1
}
test_what_lingers_keeps_its_name() { each_way check_linger; }

# Otherwise the name would be taken for as long as one of the user's processes lives.
check_descriptor() {
	login 1
	assert_eq "$(find /proc/[0-9]*/fd -lname "$names" 2>/dev/null | cut -d/ -f3)" "${init[1]}" "who has it"
	[ $way = shell ] || as alice ls $names 2>&1 | grep -q 'denied' || fail "alice has a way to it"
	leave 1
}
test_only_pid_1_holds_it() { each_way check_descriptor; }

# ---- where there is none ----

plain() { # plain WHY: the login gets in under the plain name, and the log says WHY
	: >$LOGS/syslog
	login 2
	assert_eq "$name" $user-lab "$1"
	logged "session without a comfort: user=$user .*hostname may be another session's, too: .*$1" >/dev/null
	logged "session opened: user=$user .* hostname=$user-lab " >/dev/null
	leave 2
}

check_full() {
	local holder
	login 1
	leave 1
	python3 -c 'import fcntl, sys, time
file = open(sys.argv[1], "r+")
fcntl.lockf(file, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
time.sleep(3600)' "$names" $STAGE/held &
	holder=$!
	wait_for test -e $STAGE/held || fail "they cannot be taken"
	plain "the user has 99 sessions with it"
	kill $holder
	wait $holder 2>/dev/null
	rm $STAGE/held
	login 3
	assert_eq "$name" $user-lab "afterwards"
	leave 3
}
test_where_all_numbers_are_taken_the_login_goes_on() { each_way check_full; }

check_no_file() {
	local where=/run/nsisolate
	[ $way = module ] || where=/run/user/5004
	[ -d $where ] || mkdir -m 700 $where
	mount -t tmpfs -o ro,mode=700,uid=$(stat -c %u $where) none $where
	plain 'Read-only file system'
	umount $where
	mount -t tmpfs -o nr_inodes=1,mode=700,uid=$(stat -c %u $where) none $where
	plain 'No space left on device'
	umount $where
	mkdir -p "${names%/*}"
	chown $user "${names%/*}"
	chmod 700 "${names%/*}"
	ln -s $DIR/elsewhere $names
	plain '[Ss]ymbolic link'
	[ ! -e $DIR/elsewhere ] || fail "written through the link"
	rm $names
	mkfifo -m 666 $names
	login 1
	leave 1
}
test_where_there_can_be_no_file_the_login_goes_on() { each_way check_no_file; }

test_where_users_have_no_directory_the_shell_says_nothing() {
	each_way check_no_directory
}
check_no_directory() {
	[ $way = shell ] || return 0
	rm -r /run/user
	login 1
	login 2
	assert_eq "$name" dave-lab "the second"
	not_logged 'without a comfort'
	leave 1 2
	mkdir /run/user
}
