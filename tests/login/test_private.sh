# Private directories of a session: /tmp, /var/tmp, /dev/shm.
. tests/stage.sh
. tests/login/bare.sh

PLACES=(/tmp /var/tmp /dev/shm)

# ---- what it is ----

# what a place shows: its type, mode and contents
LOOK='for place in /tmp /var/tmp /dev/shm; do
	echo "$place $(stat -f -c %T $place) $(stat -c "%a %u" $place):" $(ls -A $place)
done'

check_fresh() {
	local place owner=0
	[ $way = module ] || owner=$(id -u $user)
	for place in "${PLACES[@]}"; do echo host >$place/of-the-host; done
	rule 'private = /tmp, /var/tmp, /dev/shm'
	assert_eq "$(in_session "$LOOK")" "/tmp tmpfs 1777 $owner:
/var/tmp tmpfs 1777 $owner:
/dev/shm tmpfs 1777 $owner:" "three of its own"
	for place in "${PLACES[@]}"; do
		rule "private = $place"
		assert_eq "$(in_session "$LOOK" | grep -v of-the-host)" "$place tmpfs 1777 $owner:" \
			"$place alone"
	done
	rule
	assert_eq "$(in_session "$LOOK" | grep -c of-the-host)" 3 "without private"
	for place in "${PLACES[@]}"; do
		assert_eq "$(cat $place/of-the-host)" host
		rm $place/of-the-host
	done
}
test_each_place_is_fresh_and_of_the_right_mode() { bare check_fresh; }

check_options() {
	rule 'private = /tmp, /var/tmp, /dev/shm'
	assert_eq "$(in_session 'awk "\$5 ~ /^\/(tmp|var\/tmp|dev\/shm)\$/ && \$4 == \"/\" { o[\$5] = \$6 }
		END { for (p in o) print p, o[p] }" /proc/self/mountinfo' | sort)" "/dev/shm rw,nosuid,nodev,relatime
/tmp rw,nosuid,nodev,relatime
/var/tmp rw,nosuid,nodev,relatime" "mount options"
}
test_each_place_is_nosuid_and_nodev() { bare check_options; }

check_apart() {
	rule 'private = /tmp, /var/tmp, /dev/shm' 'grace = 0'
	in_session 'for place in /tmp /var/tmp /dev/shm; do echo inside >$place/inside || exit; done
		mkfifo /tmp/up; echo $$ >/tmp/number; exec sleep 300' &
	wait_for pgrep -u $user -x sleep || fail "no session"
	assert_eq "$(ls -A "${PLACES[@]}" | grep -xE 'inside|number|up')" "" "what the host sees of it"
	assert_eq "$(in_session "$LOOK" | sed 's/.*://' | tr -d '\n')" "" "what another session of the same user sees"
	echo late >/tmp/late
	assert_eq "$(nsenter -t "$(pgrep -u $user -x sleep)" -m ls /tmp | tr '\n' ' ')" "inside number up " \
		"what the session sees of what the host gets later"
	rm /tmp/late
	pkill -u $user -x sleep
	wait $!
	assert_eq "$(ls -A "${PLACES[@]}" | grep -xE 'inside|number|up')" "" "what is left of it"
}
test_what_is_written_is_seen_by_nobody_else_and_gone_at_the_end() { bare check_apart; }

check_modes() {
	chmod 700 /var/tmp
	rule 'private = /var/tmp'
	assert_eq "$(in_session 'stat -c %a /var/tmp')" 700 "mode of /var/tmp"
	chmod 1777 /var/tmp
}
test_the_mode_is_that_of_the_directory_it_covers() { bare check_modes; }

check_missing() {
	rule 'private = /tmp, /dev/shm'
	assert_eq "$(in_session 'ls -A /tmp; ls -d /dev/shm 2>/dev/null; echo in')" in
}
test_a_place_that_the_host_does_not_have_is_left_out() {
	mkdir $STAGE/dev
	mount -t tmpfs -o mode=755 none $STAGE/dev # with no shm
	cp -a /dev/{null,zero,urandom,tty,log} $STAGE/dev
	mount --bind $STAGE/dev /dev
	each_way check_missing
	umount /dev $STAGE/dev
	rmdir $STAGE/dev
	nothing_left
}

# ---- size ----

size_of() { in_session 'df -B1 --output=size /tmp | tail -1' | tr -d ' '; } # bytes

check_sizes() {
	local row memory
	memory=$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) * 1024))
	for row in 4096:4096 100K:102400 100k:102400 3M:3145728 1G:1073741824; do
		rule 'private = /tmp' "private_size = ${row%:*}"
		assert_eq "$(size_of)" "${row#*:}" "bytes with private_size = ${row%:*}"
	done
	for row in :25 25%:25 50%:50 1%:1 100%:100; do
		rule 'private = /tmp' "${row:+${row%:*}}"
		[ -z "${row%:*}" ] || rule 'private = /tmp' "private_size = ${row%:*}"
		# the kernel's idea of memory differs slightly from MemTotal
		assert_eq $((($(size_of) * 100 + memory / 2) / memory)) "${row#*:}" "percent with '${row%:*}'"
	done
	rule 'private = /tmp, /dev/shm' 'private_size = 64K'
	assert_eq "$(in_session 'df -B1 --output=size /tmp /dev/shm | tail -2 | tr -d "\n "')" 6553665536 "each of two"
}
test_the_size_is_the_rules() { bare check_sizes; }

check_full() {
	rule 'private = /tmp' 'private_size = 64K'
	assert_match "$(in_session 'head -c 100000 /dev/zero >/tmp/x; ls -s /tmp/x' 2>&1)" \
		"No space left on device.*64 /tmp/x" "what does not fit"
}
test_a_full_one_is_full() { bare check_full; }

# ---- the display ----

check_display() {
	local socket
	for socket in .X11-unix .ICE-unix; do
		mkdir -m 1777 /tmp/$socket
		socat UNIX-LISTEN:/tmp/$socket/X0,fork,mode=666 SYSTEM:'echo display' &
		wait_for test -S /tmp/$socket/X0
	done
	rule 'private = /tmp'
	assert_eq "$(in_session 'for s in X11 ICE; do socat -u UNIX-CONNECT:/tmp/.$s-unix/X0 -; done')" \
		"display
display" "what answers there"
	# and not copies: later sockets appear, too, and those of nested servers appear outside
	assert_eq "$(in_session 'ls -A /tmp; touch /tmp/.X11-unix/X1')" ".ICE-unix
.X11-unix"
	assert_eq "$(ls /tmp/.X11-unix)" "X0
X1"
	assert_match "$(in_session 'stat -c "%a %u" /tmp/.X11-unix')" "^1777 (0|65534)\$"
	kill %% %-
	wait 2>/dev/null
	rm -r /tmp/.X11-unix /tmp/.ICE-unix
}
test_the_sockets_of_a_display_stay_in_sight() { bare check_display; }

# what anybody but root has put there does not belong to the display
check_planted() { # the session does not see what it leads to
	rule 'private = /tmp'
	assert_eq "$(in_session 'ls -A /tmp /tmp/.X11-unix/ 2>/dev/null | grep planted; echo in')" in "$1"
	rm -rf /tmp/.X11-unix
}
check_no_display() {
	# in a user namespace both bob and root are nobody: there is no way to distinguish them
	if [ $way = module ]; then
		install -d -o bob -m 1777 /tmp/.X11-unix
		touch /tmp/.X11-unix/planted
		check_planted "another user's directory"
	fi
	install -d -o $user -m 1777 /tmp/.X11-unix
	touch /tmp/.X11-unix/planted
	check_planted "the user's own directory"
	install -d -m 777 /tmp/.X11-unix
	touch /tmp/.X11-unix/planted
	check_planted "a directory that is not sticky"
	touch /home/planted
	ln -s /home /tmp/.X11-unix
	check_planted "a link"
	rm /home/planted
	echo planted >/tmp/.X11-unix
	check_planted "a file"
}
test_what_is_not_the_displays_is_not_kept() { bare check_no_display; }

# ---- it cannot be uncovered ----

check_walls() {
	local own='unshare --user --map-root-user --mount'
	echo host >/tmp/of-the-host
	rule 'private = /tmp'
	assert_eq "$(in_session "for try in 'umount /tmp' 'umount -l /tmp' '$own umount /tmp' '$own umount -l /tmp'; do
		\$try && echo \$try; done 2>/dev/null; $own sh -c 'umount -l /tmp; ls -A /tmp' 2>/dev/null; echo tried")" \
		tried "what a user could do"
	rm /tmp/of-the-host
}
test_it_cannot_be_uncovered() { bare check_walls; }

# ---- with other settings ----

check_without_pid() {
	# the engine exits by itself, a moment after the login is in
	local look='ls -A /tmp; hostname; while pgrep -x nsisolate-init >/dev/null; do sleep 0.01; done'
	echo host >/tmp/of-the-host
	rule 'namespaces = uts' 'private = /tmp'
	assert_eq "$(in_session "$look")" "$user-lab" "with uts alone"
	rule 'namespaces = mount' 'private = /tmp'
	assert_eq "$(in_session "$look")" lab "with mount alone"
	rm /tmp/of-the-host
}
test_it_needs_no_pid_namespace() { bare check_without_pid; }

check_hosts() {
	rule 'private = /tmp'
	assert_match "$(in_session "getent hosts $user-lab; cat /proc/1/comm")" "127.0.1.1.*nsisolate-init"
}
test_hosts_and_proc_are_there_as_without() { bare check_hosts; }

test_through_sshd_with_an_agent_that_lies_in_tmp() {
	rule 'private = /tmp, /dev/shm'
	sshd_start
	ssh-agent -D -a $STAGE/agent >/dev/null & local agent=$!
	wait_for test -S $STAGE/agent
	SSH_AUTH_SOCK=$STAGE/agent ssh-add -q $STAGE/keys/user
	assert_match "$(SSH_AUTH_SOCK=$STAGE/agent on alice -A 'ssh-add -l; ls "$SSH_AUTH_SOCK"')" \
		'ED25519.*(/tmp/ssh-|/\.ssh/agent/)' "keys of the agent, and where its socket is"
	kill $agent
	wait $agent 2>/dev/null
	rm -f $STAGE/agent
	assert_eq "$(scp -q "${SSH_OPTIONS[@]}" /etc/passwd alice@127.0.0.1:/tmp/copy 2>&1; ls -d /tmp/copy 2>/dev/null)" "" \
		"a copy into the session's /tmp, which is gone with it"
	sshd_stop
	nothing_left
}

check_tmux() {
	rule 'private = /tmp'
	assert_eq "$(in_session 'tmux -f /dev/null new-session -d -s work "exec sleep 300"
		tmux ls -F "#S"; ls -d /tmp/tmux-*')" "work
/tmp/tmux-$(id -u $user)" "tmux"
}
test_tmux_works_there() {
	command -v tmux >/dev/null || fail "tmux is not installed"
	bare check_tmux
}

# ---- explain ----

test_explain_mentions_it() {
	rule 'namespaces = uts' 'private = /dev/shm, /tmp' 'private_size = 64M'
	local text
	text=$(nsisolatectl explain --service stage alice)
	assert_match "$text" "namespaces +uts, mount "
	assert_match "$text" "private +(/dev/shm, /tmp|/tmp, /dev/shm) .*nsisolate.conf:3"
	assert_match "$text" "private_size +64M .*nsisolate.conf:4"
	text=$(nsisolatectl explain --service stage --json alice)
	assert_match "$text" '"private": ?\{"value": ?"(/dev/shm, /tmp|/tmp, /dev/shm)"'
	assert_match "$text" '"private_size": ?\{"value": ?"64M"'
	assert_match "$text" '"namespaces": ?\{"value": ?"uts, mount"'
	rule
	assert_match "$(nsisolatectl explain --service stage alice)" "private +- .*private_size +25% .*built-in" "by default"
}

test_check_refuses_other_places() {
	rule 'private = /tmp, /home'
	assert_match "$(nsisolatectl check)" "nsisolate.conf:2:17: error: '/home': expected /tmp, /var/tmp or /dev/shm"
	stack stage
	"$BUILD/tests/pam_app" stage alice refused 2>/dev/null || fail "let in"
	rule 'private = /tpm'
	assert_match "$(nsisolatectl check)" "did you mean /tmp\?"
	rule 'private = /tmp' 'private_size = 200%'
	assert_match "$(nsisolatectl check)" "nsisolate.conf:3:16: error: '200%': expected"
	rule 'private_size = 10%'
	assert_match "$(nsisolatectl check)" "nsisolate.conf:2:1: warning: this has no effect"
}

# ---- what PAM has made in /tmp and named in the session's variables ----

check_tmpdir() {
	local uid
	uid=$(id -u $user)
	rule 'private = /tmp'
	mkdir -m 711 /tmp/user
	assert_eq "$(in_session 'ls -A /tmp')" '' "without one of the user's own"
	install -d -m 700 -o $user -g $user /tmp/user/$uid
	touch /tmp/user/$uid/of-the-host
	assert_eq "$(umask 077; in_session "export TMPDIR=/tmp/user/$uid; ls -A /tmp \$TMPDIR; file=\$(mktemp) && dirname \$file
		stat -c '%a %U' \$TMPDIR; stat -c %a /tmp/user")" "/tmp:
user

/tmp/user/$uid:
/tmp/user/$uid
700 $user
711" "as pam_tmpdir has it"
	rm -r /tmp/user
	# a name is not enough
	ln -s /home /tmp/user
	assert_eq "$(in_session 'ls -A /tmp')" '' "a link"
	rm /tmp/user
}
test_the_directory_of_pam_tmpdir_is_there() { bare check_tmpdir; }

check_tickets() {
	local uid file
	uid=$(id -u $user)
	for file in krb5cc_${uid} krb5cc_${uid}_Xy krb5cc_5999 other; do
		as $user sh -c "umask 077; echo ticket >/tmp/$file"
	done
	echo 'of another' >/tmp/krb5cc_${uid}0
	chmod 644 /tmp/krb5cc_${uid}0
	as $user ln -s /etc/shadow /tmp/krb5cc_${uid}_link
	as $user mkfifo /tmp/krb5cc_${uid}_fifo
	rule 'private = /tmp'
	assert_eq "$(in_session "stat -c '%n %a %U' /tmp/*; cat /tmp/krb5cc_$uid; rm /tmp/*; ls /tmp")" \
		"/tmp/krb5cc_$uid 600 $user
/tmp/krb5cc_${uid}_Xy 600 $user
ticket" "what the session has, and can replace"
	assert_eq "$(cat /tmp/krb5cc_$uid)" ticket "what the host has"
	rm /tmp/krb5cc_* /tmp/other
}
test_tickets_of_the_users_are_there() { bare check_tickets; }
