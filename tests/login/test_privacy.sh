# What a rule closes: `inaccessible`, `read_only`, and the preset `privacy`.
. tests/stage.sh
. tests/login/bare.sh
. tests/login/world.sh

PLACE=/home/place

# A directory that everybody may write, with another mount in it; a file; a socket that answers.
furnish() {
	mkdir -p $PLACE/dir/below/mount
	mount -t tmpfs -o mode=777 stage $PLACE/dir/below/mount
	chmod 777 $PLACE/dir $PLACE/dir/below
	for file in $PLACE/dir/file $PLACE/dir/below/mount/file $PLACE/file; do
		echo secret >$file
		chmod 666 $file
	done
	socat UNIX-LISTEN:$PLACE/socket,fork,mode=666 SYSTEM:'echo secret' 2>/dev/null & server=$!
	wait_for test -S $PLACE/socket
}
clear_away() {
	kill $server
	wait $server 2>/dev/null
	umount $PLACE/dir/below/mount
	rm -rf $PLACE
}
furnished() { # furnished FUNCTION...: each way
	furnish
	each_way "$@"
	clear_away
	nothing_left
}

# what can be read there, and what written
READ="cat $PLACE/dir/file $PLACE/dir/below/mount/file $PLACE/file
socat -u UNIX-CONNECT:$PLACE/socket -"
WRITE="for it in $PLACE/dir/new $PLACE/dir/below/new $PLACE/dir/below/mount/new $PLACE/file; do
	echo >>\$it && echo \$it
done
rm -f $PLACE/dir/new $PLACE/dir/below/new $PLACE/dir/below/mount/new"
WRITTEN="$PLACE/dir/new
$PLACE/dir/below/new
$PLACE/dir/below/mount/new
$PLACE/file"
count() { grep -c secret <<<"$1"; }

# ---- inaccessible ----

check_inaccessible() {
	local said
	rule
	assert_eq "$(count "$(in_session "$READ" 2>&1)")" 4 "read without the rule"
	rule "inaccessible = $PLACE/dir, $PLACE/file, $PLACE/socket"
	said=$(in_session "$READ" 2>&1)
	assert_eq "$(count "$said") $(grep -c 'Permission denied' <<<"$said")" "0 3" "read: $said"
	assert_eq "$(in_session "$WRITE" 2>/dev/null)" "" "written"
	assert_match "$(in_session "ls $PLACE/dir 2>&1; cd $PLACE/dir 2>&1; ls $PLACE")" \
		"ls:.*Permission denied.*cd:.*dir
file
socket\$" "the directory, and what is beside it"
	assert_eq "$(in_session "stat -c %a $PLACE/dir; chmod 700 $PLACE/dir 2>&1 | grep -c Read-only")" "0
1" "its mode"
	assert_eq "$(count "$(sh -c "$READ")")" 4 "read outside"
}
test_what_is_inaccessible_can_be_neither_read_nor_written() { furnished check_inaccessible; }

# ---- read_only ----

check_read_only() {
	rule
	assert_eq "$(in_session "$WRITE" 2>&1)" "$WRITTEN" "written without the rule"
	rule "read_only = $PLACE"
	assert_eq "$(in_session "$WRITE" 2>&1 | grep -c 'Read-only file system')" 4 "writing, mounts below too"
	assert_eq "$(in_session "$WRITE" 2>/dev/null)" "" "written"
	said=$(in_session "$READ" 2>&1); assert_eq "$(count "$said")" 4 "read: $said"
	rule "read_only = $PLACE/file"
	assert_eq "$(in_session "$WRITE" 2>/dev/null)" "${WRITTEN%
*}" "with a file alone"
	rule "read_only = $PLACE" "inaccessible = $PLACE/dir"
	assert_eq "$(count "$(in_session "$READ" 2>&1)") $(in_session "$WRITE" 2>/dev/null)" "2 " "with both"
}
test_what_is_read_only_can_be_read_and_not_written() { furnished check_read_only; }

check_later() {
	rule "read_only = $PLACE" 'grace = 0'
	in_session 'exec sleep 300' &
	wait_for pgrep -u $user -x sleep || fail "no session"
	mkdir -m 777 $PLACE/late /home/late
	mount -t tmpfs -o mode=777 stage $PLACE/late
	mount -t tmpfs -o mode=777 stage /home/late
	assert_eq "$(nsenter -t "$(pgrep -u $user -x sleep)" -m sh -c \
		"mountpoint -q /home/late && echo arrived; touch $PLACE/late/new 2>&1" | grep -oE 'arrived|Read-only')" \
		"arrived
Read-only" "elsewhere, and there"
	umount $PLACE/late /home/late
	rmdir $PLACE/late /home/late
	pkill -u $user -x sleep
	wait $!
}
test_nor_can_what_the_host_mounts_there_later() { furnished check_later; }

# ---- which paths ----

check_missing() {
	rule "inaccessible = /no/such, $PLACE/file/below, $PLACE/file" "read_only = $PLACE/nothing, /etc/passwd/x"
	assert_match "$(nsisolatectl check)" "2:16: warning: there is nothing here.*2:26: warning: .*3:13: warning"
	assert_eq "$(in_session "cat $PLACE/file 2>&1; echo in")" "cat: $PLACE/file: Permission denied
in"
	# nsisolate-shell's user cannot look whether there is something, or reach it
	install -d -m 700 $PLACE/closed
	touch $PLACE/closed/file
	rule "inaccessible = $PLACE/closed/file" "read_only = $PLACE/closed/file"
	assert_eq "$(nsisolatectl check; in_session "cat $PLACE/closed/file 2>&1; echo in")" \
		"cat: $PLACE/closed/file: Permission denied
in"
	rm -r $PLACE/closed
}
test_what_is_not_there_is_left_out() { furnished check_missing; }

check_links() {
	ln -s place /home/link
	ln -s /home/link/../link/dir /home/place/other
	rule "inaccessible = /home/link/file, $PLACE/other"
	assert_eq "$(nsisolatectl check)" "" "check"
	assert_eq "$(count "$(in_session "$READ" 2>&1)")" 1 "read behind links"
	rm /home/link $PLACE/other
}
test_links_of_roots_are_followed() { furnished check_links; }

# refuses PATH WORD: check says so with WORD, and so does a login, which must not leave it open
refuses() {
	local key
	for key in inaccessible read_only; do
		rule "$key = $1"
		assert_match "$(nsisolatectl check)" "error: .*$2" "check of $1"
		assert_match "$(in_session 'echo IN' 2>&1)" refused "a login with $1"
		rule "$key = $1" 'on_error = allow'
		assert_match "$(in_session 'echo IN' 2>&1)" refused "the same with on_error = allow"
	done
}
check_others() {
	local row
	mkdir -p $PLACE/own /home/sticky
	chown bob $PLACE/own
	chmod 1777 /home/sticky
	for row in $PLACE/own /home/sticky $PLACE/dir; do
		mkdir -p $row/dir
		echo secret >$row/file
		refuses $row/file "others than root can change what is in $row,"
		refuses $row/dir "others than root can change what is in $row,"
		ln -s $row /home/link
		refuses /home/link/file "others than root can change what is in $row,"
		rm /home/link
		ln -s $row/file $PLACE/link
		refuses $PLACE/link "others than root can change what is in $row,"
		rm $PLACE/link
		# that itself is fine
		rule "inaccessible = $row"
		assert_eq "$(nsisolatectl check; in_session "cat $row/file 2>&1")" \
			"cat: $row/file: Permission denied" "$row"
	done
	ln -s $PLACE/own $PLACE/own/loop
	ln -s loop $PLACE/loop
	refuses $PLACE/loop "Too many levels"
	rm -r /home/sticky $PLACE/own $PLACE/loop
}
test_no_path_leads_where_others_can_change_it() { furnished check_others; }

# what sshd, login and PAM need, by any name
check_needed() {
	ln -s /var/log /home/link
	ln -s / $PLACE/root
	refuses /home/link "leads to /var/log: .* need /var/log"
	touch /var/log/stage # not every release has a wtmp there
	refuses /home/link/stage "leads to /var/log/stage: .* need /var/log"
	rm /var/log/stage
	refuses $PLACE/root/run "leads to /run: .* need /run"
	refuses $PLACE/root "leads to /: "
	rm /home/link $PLACE/root
}
test_nor_where_a_link_hides_what_is_needed() { furnished check_needed; }

# ---- it cannot be undone ----

TRIES="umount $PLACE/dir; umount -l $PLACE/dir
mount -o remount,rw,bind $PLACE; mount -o remount,rw $PLACE; mount -o remount,rw,bind $PLACE/dir
mkdir -p \$HOME/there
mount --bind / \$HOME/there && root=\$HOME/there
mount --rbind $PLACE \$HOME/there && root=\$HOME/there
mount -t overlay -o lowerdir=$PLACE:\$HOME stage \$HOME/there && root=\$HOME/there
mount -t tmpfs stage $PLACE
mount --move $PLACE/dir \$HOME/there
! mountpoint -q \$HOME/there || echo bound"
# LOOK_AROUND finds what it can by every other name
LOOK_AROUND="for root in '' /proc/1/root /proc/self/root /proc/\$\$/root /proc/\$PPID/root \$HOME/there \$HOME/there$PLACE; do
	for it in \$root$PLACE \$root; do
		cat \$it/dir/file \$it/file; echo changed >\$it/written
	done
done 2>/dev/null"
check_walls() {
	local own inside bound=
	echo as-it-was >$PLACE/written
	chmod 666 $PLACE/written
	rule "read_only = $PLACE" "inaccessible = $PLACE/dir, $PLACE/file"
	for own in '' 'unshare --user --map-root-user --mount' \
		'unshare --user --map-root-user --mount --pid --fork --kill-child --propagation unchanged'; do
		inside=$(in_session "export HOME=/home/$user; $own sh -c '$TRIES
$LOOK_AROUND' 2>/dev/null; $LOOK_AROUND; rmdir \$HOME/there 2>/dev/null; echo tried")
		assert_eq "$inside" "${bound}tried" "${own:-without a user namespace}"
		! as $user unshare --user true 2>/dev/null || bound=$'bound\n'
	done
	assert_eq "$(cat $PLACE/written)" as-it-was
	rm $PLACE/written
}
test_it_cannot_be_undone_or_gone_around_from_inside() { furnished check_walls; }

# it goes on where it was, which is below
check_directory() {
	rule "read_only = $PLACE"
	assert_match "$(cd $PLACE/dir && in_session 'pwd; echo x >new' 2>&1)" "^$PLACE/dir
.*Read-only" "in a directory that is read-only"
	rule "inaccessible = $PLACE/dir"
	assert_match "$(cd $PLACE/dir && in_session 'cat file; cat below/mount/file' 2>&1)" \
		"^cat: file: Permission denied
cat: below/mount/file: Permission denied\$" "in one that is inaccessible"
}
test_nor_by_the_shell_that_is_started_there() {
	furnish
	way=shell user=dave
	check_directory
	clear_away
	nothing_left
}

# ---- with others ----

check_join() {
	local first
	[ $way = module ] || install -d -m 700 -o dave -g dave /run/user/5004
	rule 'scope = user' 'grace = 0' "inaccessible = $PLACE/file" "read_only = $PLACE/dir"
	in_session 'exec sleep 300' & first=$!
	wait_for pgrep -u $user -x sleep || fail "no session"
	assert_match "$(in_session "pgrep -x sleep; cat $PLACE/file 2>&1; touch $PLACE/dir/new 2>&1")" \
		"^[0-9]+
cat.*Permission denied
touch.*Read-only" "a login that joins"
	# with other paths it is another session
	rule 'scope = user' 'grace = 0' "inaccessible = $PLACE/dir"
	assert_eq "$(in_session "pgrep -x sleep; cat $PLACE/file")" secret "a login with another list"
	pkill -u $user -x sleep
	wait $first
	wait_for no_session
	rm -rf /run/user /run/nsisolate
}
test_a_login_that_joins_has_them_too() { furnished check_join; }

check_others_settings() {
	rule 'private = /var/tmp' 'read_only = /etc' 'namespaces = uts' 'inaccessible = /dev/shm'
	assert_match "$(nsisolatectl explain --service stage $user)" "namespaces +uts, mount .*
  inaccessible /dev/shm .*
  read_only +/etc "
	# the engine exits by itself, a moment after the login is in
	assert_match "$(in_session 'touch /etc/new /dev/shm/new; ls -A /var/tmp; getent hosts $(hostname)
		while pgrep -x nsisolate-init >/dev/null; do sleep 0.01; done' 2>&1)" \
		"/etc/new.*Read-only.*/dev/shm/new.*denied.*127.0.1.1" "without processes of its own"
	rule 'private = /var/tmp' 'inaccessible = /var/tmp'
	assert_match "$(in_session 'ls /var/tmp' 2>&1)" "Permission denied" "what is private and inaccessible"
}
test_it_goes_with_other_settings() { each_way check_others_settings; nothing_left; }

# ---- sshd's and login's records ----

# What is in a file of utmp(5): type, line, id, user and host, without the terminal's number.  (Not every release has
# utmpdump(1) any more.)
ENTRIES='
import re, sys
data = open(sys.argv[1], "rb").read()
size = 400 if len(data) % 384 else 384 # with times of 64 bits, and of 32
for entry in (data[at:at + size] for at in range(0, len(data), size)):
    words = [entry[at:to].split(b"\0")[0].decode() for at, to in ((8, 40), (40, 44), (44, 76), (76, 332))]
    print(int.from_bytes(entry[:2], sys.byteorder), [re.sub("/[0-9]+$", "/N", word) for word in words])'

# What the host has of logins, without times, PIDs and the terminal's number
records() (
	for file in /run/utmp /var/log/wtmp; do
		echo "$file: $(python3 -c "$ENTRIES" $file)"
	done
	stat -c '%n %s' /var/log/lastlog
	lastlog -u alice | tail -n 1 | awk '{ print $1, $3 }'
	stat -c '%a %U %G' /dev/pts/[0-9]* | sed -n /alice/p
) 2>/dev/null
# in_terminal sshd|login: a login of alice's at a terminal, which ends when ~/go has come
in_terminal() {
	exec >$STAGE/terminal 2>&1 </dev/null
	case $1 in
	sshd) on alice -tt ;;
	login) exec expect -c "set timeout $PATIENCE; source $TOP/tests/login/spawn_login.exp" \
		-c 'spawn_login alice; expect eof' ;;
	esac
}
is_over() { ! pgrep -x login && ! pgrep -f '^sshd.*: alice'; }
seen() { # seen sshd|login LINE...: what the records say with a rule of these lines
	local how=$1 job
	shift
	: >/run/utmp
	: >/var/log/wtmp
	: >/var/log/lastlog
	rule "$@"
	in_terminal "$how" & job=$!
	wait_for test -e /home/alice/in || fail "nobody is in: $(cat $STAGE/terminal)"
	records
	touch /home/alice/go
	wait_for is_over
	kill $job 2>/dev/null # of login's a process that keeps the terminal open lives on
	wait $job
	rm /home/alice/in /home/alice/go
	records
}
test_the_hosts_records_are_those_of_a_plain_login() {
	local how plain got line lines=("inaccessible = $PLACE/dir, $PLACE/file, /var/mail, /srv"
		"read_only = $PLACE, /etc, /usr, /opt" \
		$'privacy = strict\nnetwork = host\nnamespaces = uts, pid, ipc')
	for how in expect python3; do
		command -v $how >/dev/null || skip "this machine has no $how"
	done
	furnish
	echo 'touch in; until test -e go; do sleep 0.02; done; exit' >/home/alice/.bash_profile
	sshd_start
	pam_stack login 'session required pam_nsisolate.so'
	for how in sshd login; do
		plain=$(seen $how 'isolate = no') || fail "no plain login by $how"
		[[ $plain = *alice* ]] || skip "this machine keeps no records of logins by $how: $plain"
		for line in "${lines[@]}"; do
			got=$(seen $how 'grace = 0' "$line") || fail "no login by $how with $line"
			assert_eq "$got" "$plain" "$how with $line"
		done
	done
	sshd_stop
	rm -f /run/utmp $STAGE/terminal /home/alice/.bash_profile
	clear_away
	nothing_left
}

# ---- the preset ----

check_strict() {
	touch /tmp/of-the-host /var/tmp/of-the-host /dev/shm/of-the-host
	ipcmk -M 4096 >/dev/null
	rule 'privacy = strict' 'network = host'
	assert_eq "$(in_session "ls -d /tmp/of* /var/tmp/of* /dev/shm/of* 2>/dev/null
		ipcs -m | grep -c 0x; readlink /proc/self/ns/cgroup /proc/self/ns/net | grep -cFx \
		'$(readlink /proc/self/ns/cgroup /proc/self/ns/net)'; readlink /proc/self/ns/net")" "0
1
$(readlink /proc/self/ns/net)" "what a session sees"
	rule
	assert_eq "$(in_session "ls -d /tmp/of* /var/tmp/of* /dev/shm/of* | wc -l; ipcs -m | grep -c 0x")" "3
1" "without the preset"
	rm /tmp/of-the-host /var/tmp/of-the-host /dev/shm/of-the-host
	ipcrm --all=shm
}
test_strict_is_what_it_says() {
	cgroup2_mount
	each_way check_strict
	umount /sys/fs/cgroup
	nothing_left
}

test_explain_says_which_preset_a_word_is_from() {
	local text
	rule 'network = host' 'privacy = strict'
	text=$(nsisolatectl explain --service stage alice)
	assert_match "$text" "privacy +strict +\[all\] $SYSCONFDIR/nsisolate.conf:3"
	assert_match "$text" "private +/tmp, /var/tmp, /dev/shm \[all\] $SYSCONFDIR/nsisolate.conf:3: privacy = strict"
	assert_match "$text" "namespaces +uts, pid, mount, ipc, cgroup \[all\] [^ ]*:3: privacy = strict"
	assert_match "$text" "network +host +\[all\] $SYSCONFDIR/nsisolate.conf:2"
	text=$(nsisolatectl explain --service stage --json alice)
	assert_match "$text" '"private": ?\{"value": ?"/tmp, /var/tmp, /dev/shm", ?"written": ?"/tmp, /var/tmp, /dev/shm", ?"source": ?"preset", ?"file": ?"[^"]*nsisolate.conf", ?"line": ?3'
	assert_match "$text" '"network": ?\{"value": ?"host", ?"written": ?"host", ?"source": ?"rule"'
}

check_no_pasta() {
	rule 'privacy = strict'
	assert_match "$(nsisolatectl check)" "2:11: error: .*install the package passt, or write network = host beside" "check"
	assert_match "$(in_session 'echo IN' 2>&1)" refused "a login"
	rule 'privacy = strict' 'network = host'
	assert_eq "$(nsisolatectl check; in_session 'echo IN' 2>&1)" IN "with network = host beside it"
}
without_pasta() {
	cgroup2_mount
	each_way check_no_pasta
	umount /sys/fs/cgroup
}
test_strict_without_pasta_is_refused_with_what_to_do() {
	[ ! -x $PASTA ] || mv $PASTA $PASTA.away
	without_pasta
	[ ! -e $PASTA.away ] || mv $PASTA.away $PASTA
	nothing_left
}

check_strict_network() {
	rule 'privacy = strict'
	assert_match "$(in_session "socat -u TCP:$BEYOND:7003 -; socat -u TCP:127.0.0.1:7001 - 2>&1; ls -A /tmp")" \
		"^beyond.*Connection refused\$" "with pasta"
}
strict_in_the_world() {
	cgroup2_mount
	each_way check_strict_network
	umount /sys/fs/cgroup
}
test_strict_has_a_network_of_the_users() { world strict_in_the_world; }
