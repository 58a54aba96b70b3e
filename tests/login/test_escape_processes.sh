# A hostile user in a session, who tries to get at processes, /proc and namespaces outside, as listed in
# hostile.py.  Each attempt is first made outside a session, where it succeeds.
. tests/stage.sh

hostile() { cp "$TOP/tests/login/hostile.py" $STAGE/hostile.py && chmod 644 $STAGE/hostile.py; }

# tried outside|inside WHAT [WORD...]: what succeeded, each named once
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
	assert_match "$(tried outside proc "$victim")" "^/proc a process bind chroot done move rbind umount $" "ways outside"
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

check_handles() {
	local handles outside
	victim_start
	handles=$(as "$user" python3 $STAGE/hostile.py show "$victim" | grep : | tr '\n' ' ')
	# a kernel without file handles of processes (before Linux 6.14) offers no way out by one
	[[ $handles = *pid:* ]] || { victim_end; return 0; }
	# shellcheck disable=SC2086
	outside=$(tried outside handles $handles)
	assert_match "$outside" 'done.*(ns|pid) ' "what is opened by its handle outside"
	# shellcheck disable=SC2086
	assert_eq "$(tried inside handles $handles)" "done " "by a handle that is known inside"
	victim_end
}
test_no_file_handle_leads_out() { both check_handles; }

listened_by() { # listened_by USER: a process of that user's, outside
	as "$1" python3 $STAGE/hostile.py listen /tmp/peer &
	listener=$!
	wait_for test -S /tmp/peer || fail "nobody listens"
}
listened_over() {
	pkill -f "hostile.py listen"
	wait $listener 2>/dev/null
	rm /tmp/peer
}
check_peer() {
	hostile
	listened_by "$user"
	# the control: nsisolate(7) says so for the same user, where no user namespace is in between
	assert_eq "$(tried outside peer /tmp/peer)" "done known taken " "of the user's own, outside"
	assert_eq "$(tried inside peer /tmp/peer)" "done known $([ "$user" = dave ] || echo 'taken ')" "of the user's own, inside"
	listened_over
	listened_by bob
	assert_eq "$(tried inside peer /tmp/peer)" "done known " "of somebody else's"
	listened_over
	rm $STAGE/hostile.py
}
test_nothing_is_taken_from_the_other_end_of_a_socket_of_somebody_else() {
	local said
	hostile
	listened_by alice
	# a kernel without such descriptors gives them to nobody
	said=$(as alice python3 $STAGE/hostile.py peer /tmp/peer)
	listened_over
	[[ $said != none* ]] || return 0
	both check_peer
}

priorities() { echo "$(ps -o ni= -p "$victim") $(ionice -p "$victim")"; }
check_priorities() {
	local before
	victim_start
	before=$(priorities)
	on "$user" "renice -n 7 -u $user; ionice -c 3 -u $(id -u "$user"); ps -o ni= -p \$\$" >$STAGE/said 2>&1
	assert_match "$(tail -n 1 $STAGE/said)" 7 "what it does inside"
	assert_eq "$(priorities)" "$before" "of a process outside"
	# the control
	as "$user" renice -n 7 -u "$user" >/dev/null
	as "$user" ionice -c 3 -u "$(id -u "$user")"
	assert_match "$(priorities)" '7 idle' "outside"
	rm $STAGE/said
	victim_end
}
test_priorities_by_uid_stop_at_the_session() { both check_priorities; }

# ---- a procfs that is mounted elsewhere ----

PROCS=$STAGE/procs
# procs_mount: each way in which a procfs can be mounted; those that show processes are `all` or `one`
procs_mount() {
	mkdir -p $PROCS/{all,'all of a chroot',stacked/all,bound/all,one,apart,sys} $PROCS/closed/all
	chmod 755 $PROCS
	mount -t proc proc $PROCS/all
	mount -t proc proc "$PROCS/all of a chroot"
	mount -t proc proc $PROCS/stacked/all
	mount -t proc proc $PROCS/stacked/all
	mount --bind /proc $PROCS/bound/all
	mount --bind "/proc/$victim" $PROCS/one
	touch $PROCS/of-one
	mount --bind "/proc/$victim/cmdline" $PROCS/of-one
	chmod 700 $PROCS/closed
	mount -t proc proc $PROCS/closed/all
	mount --bind /proc/sys $PROCS/sys
}
procs_umount() {
	umount $PROCS/all "$PROCS/all of a chroot" $PROCS/{stacked/all,stacked/all,bound/all,one,of-one,closed/all,sys}
	rm -r $PROCS
}
# what each shows of the victim; `sys` always
LOOK='for place in "$0"/all "$0/all of a chroot" "$0"/*/all; do
		test ! -e "$place/$1" || echo "$place"
	done
	grep -l "Pid:.$1\$" "$0/one/status"
	grep -la sleep "$0/of-one"
	cat "$0/sys/kernel/hostname"
	ls "$0/all" | grep -c "^1\$"'
check_procs_elsewhere() {
	victim_start
	procs_mount
	assert_eq "$(as "$user" sh -c "$LOOK" $PROCS "$victim" 2>/dev/null | wc -l)" 8 "lines of what is shown outside"
	# the kernel's hostname depends on the reader; and a chroot sees the session
	assert_eq "$(on "$user" "sh -c '$LOOK' $PROCS $victim" 2>/dev/null)" "$user-lab
1" "shown inside"
	assert_eq "$(on "$user" "cat $PROCS/all/1/comm")" nsisolate-init "process 1 in a chroot"
	assert_eq "$(on "$user" "umount $PROCS/all; unshare --user --map-root-user --mount umount $PROCS/all
		test -e $PROCS/all/$victim && echo uncovered" 2>/dev/null)" "" "what can be taken away again"
	[ -e "$PROCS/all/$victim" ] || fail "the host's own is covered"
	procs_umount
	victim_end
}
test_no_procfs_elsewhere_shows_what_is_outside() { both check_procs_elsewhere; }

# They are looked for by listmount(2) and statmount(2), which a kernel may lack and a filter refuse.
test_no_procfs_elsewhere_is_seen_where_calls_are_refused() {
	local refused app=("$BUILD/tests/pam_app" stage alice open run)
	[[ ! $(uname -m) =~ ^(alpha|mips) ]] || skip "other numbers of system calls"
	user=alice
	victim_start
	procs_mount
	own_stack
	echo '[all]' | conf
	assert_eq "$(as alice sh -c "$LOOK" $PROCS "$victim" 2>/dev/null | wc -l)" 8 "lines of what is shown outside"
	for refused in 458 457; do
		assert_match "$("$BUILD/tests/exec_without" $refused "${app[@]}" \
			"sh -c '$LOOK' $PROCS $victim" close end 2>/dev/null)" "^[^/]*$" "shown inside without call $refused"
	done
	procs_umount
	victim_end
	rm /etc/pam.d/stage
}

# If a path does not stay valid long enough, or is too long, a user who may have caused that is refused, and
# nobody else.
test_a_user_who_moves_a_procfs_away_keeps_nobody_else_out() {
	local deep i over others
	own_stack
	echo '[all]' | conf
	install -d -o alice /home/alice/{here,here/proc}
	mount -t proc proc /home/alice/here/proc
	deep='
import os, sys
os.chdir("/home/alice")
home = os.open(".", os.O_RDONLY)
for _ in range(30):
    os.makedirs("d" * 200, exist_ok=True)
    os.chdir("d" * 200)
there = os.open(".", os.O_RDONLY)
at, to = (home, there) if sys.argv[1] == "go" else (there, home)
os.rename("here", "here", src_dir_fd=at, dst_dir_fd=to)'
	app() { "$BUILD/tests/pam_app" stage "$@"; }
	app alice open close || fail "alice, before"
	# one that another mount hides shows nothing, and does not even keep out a user who could move it
	mount -t tmpfs -o uid=5001 none /home/alice/here
	app alice open close || fail "alice is kept out by what is hidden"
	umount /home/alice/here
	# but a mount that alice can unmount in the session, such as her own FUSE, hides nothing
	mknod /dev/fuse c 10 229
	for over in /home/alice/here /home/alice; do
		for others in '' ,allow_other; do
			exec 7<>/dev/fuse || break 2
			# not by mount(8): newer versions look at what they have mounted, and here nobody answers
			python3 -c '
import ctypes, os, sys
if ctypes.CDLL(None, use_errno=True).mount(b"none", sys.argv[1].encode(), b"fuse", 0,
        b"fd=7,rootmode=40000,user_id=5001,group_id=5001" + sys.argv[2].encode()):
    raise OSError(ctypes.get_errno(), "mount(2)")' $over "$others" || fail "no mount by FUSE"
			app alice refused 2>/dev/null 7<&- || fail "alice is let in, and can uncover it: $over$others"
			app bob open close 7<&- || fail "alice keeps bob out by FUSE: $over$others"
			exec 7<&- # or umount(8) would wait for an answer
			umount $over
		done
	done
	rm -f /dev/fuse
	as alice python3 -c "$deep" go
	app alice refused 2>/dev/null || fail "alice is let in"
	app bob open close || fail "alice keeps bob out"
	as alice python3 -c "$deep" back
	# nor by a directory that root may not enter, such as one on FUSE or NFS
	chmod 700 /home/alice/here
	squashed() { setpriv --bounding-set=-dac_override,-dac_read_search "$BUILD/tests/pam_app" stage "$@"; }
	squashed alice refused 2>/dev/null || fail "alice is let in where root cannot look"
	squashed bob open close || fail "alice keeps bob out where root cannot look"
	chmod 755 /home/alice/here
	as alice python3 -c '
import os
while True:
    for name in range(300):
        os.rename("/home/alice/here", "/home/alice/%d" % name)
        os.rename("/home/alice/%d" % name, "/home/alice/here")' &
	for ((i = 0; i < 10; i++)); do
		app bob open close || fail "alice keeps bob out, by many names"
	done
	pkill -u alice python3
	wait
	umount /home/alice/*/proc
	rm -r /home/alice/[0-9dh]* /etc/pam.d/stage
	nothing_left
}

# For a user who may rename a directory on the path the login is refused, and nothing else happens.
test_a_procfs_whose_directory_moves_is_covered_or_the_login_refused() {
	local mover seen=0 i
	user=alice
	victim_start
	own_stack
	echo '[all]' | conf
	install -d -o alice /home/alice/a /home/alice/a/proc
	mount -t proc proc /home/alice/a/proc
	as alice python3 -c '
import os
while True:
    os.rename("/home/alice/a", "/home/alice/b")
    os.rename("/home/alice/b", "/home/alice/a")' &
	mover=$!
	for ((i = 0; i < 30; i++)); do
		"$BUILD/tests/pam_app" stage alice open \
			run "for i in 1 2 3 4 5 6 7 8 9; do test ! -e /home/alice/a/proc/$victim || exit 9; done" close \
			>/dev/null 2>&1
		[ $? != 9 ] || seen=$((seen + 1))
	done
	pkill -u alice python3
	wait $mover 2>/dev/null
	umount /home/alice/[ab]/proc
	rm -r /home/alice/[ab] /etc/pam.d/stage
	victim_end
	assert_eq $seen 0 "sessions that saw it, of 30"
	nothing_left
}

# What the session's own mounts hide can be elsewhere once it has begun.
test_a_procfs_that_a_user_moves_below_a_place_of_the_sessions_own_is_covered() {
	user=alice
	victim_start
	own_stack
	printf '[all]\nprivate = /var/tmp\n' | conf
	# as debootstrap makes it, in a directory of the user's
	install -d -o alice /var/lib/moved /var/lib/moved/here
	mkdir -p /var/lib/moved/here/root/of/proc
	mount -t proc proc /var/lib/moved/here/root/of/proc
	# below a directory that the session's own /var/tmp covers, and back
	as alice mv /var/lib/moved/here /var/tmp/here || fail "/var/tmp is another file system"
	cat >$STAGE/look <<-END
		test ! -e /var/tmp/here || echo "/var/tmp is the host's"
		touch /home/alice/inside
		until test -d /var/lib/moved/here; do sleep 0.02; done
		test ! -e /var/lib/moved/here/root/of/proc/$victim || echo seen
	END
	chmod 644 $STAGE/look
	"$BUILD/tests/pam_app" stage alice open run "sh $STAGE/look" close >$STAGE/said 2>&1 &
	wait_for test -e /home/alice/inside || fail "no session: $(cat $STAGE/said)"
	as alice mv /var/tmp/here /var/lib/moved/here
	wait $!
	assert_eq "$(cat $STAGE/said)" "" "what is said of a procfs that came back"
	umount /var/lib/moved/here/root/of/proc
	rm -r /var/lib/moved /home/alice/inside $STAGE/look $STAGE/said /etc/pam.d/stage
	victim_end
	nothing_left
}

# The user's own directory, closed during the login: the capabilities in the user's namespace do not extend
# to a directory of a group that is not mapped there.
test_a_procfs_in_a_directory_that_the_user_closes_is_covered_or_the_login_refused() {
	user=dave
	need_user_namespaces
	victim_start
	pam_stack sshd ''
	sshd_start
	groupadd -f stage-project
	usermod -aG stage-project dave
	install -d -o dave -g stage-project /home/dave/here /home/dave/here/proc
	mount -t proc proc /home/dave/here/proc
	assert_eq "$(on dave "test ! -e here/proc/$victim || echo seen")" "" "in an open directory"
	chmod 0 /home/dave/here
	assert_eq "$(on dave "echo in; chmod 755 here; test ! -e here/proc/$victim || echo seen" 2>/dev/null)" "" "in a closed one"
	chmod 755 /home/dave/here
	sshd_stop
	umount /home/dave/here/proc
	rm -r /home/dave/here
	gpasswd -d dave stage-project >/dev/null
	groupdel stage-project
	pam_stack sshd 'session required pam_nsisolate.so'
	victim_end
	nothing_left
}
