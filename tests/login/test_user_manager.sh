# The sockets of the user's systemd, D-Bus and the like below /run/user are out of a session's reach: these
# run programs outside for any client.
#
# Systemd does not run on the stage: listeners of our own stand in for it, at its sockets' paths.
. tests/stage.sh
. tests/login/bare.sh

with_runtime() { # with_runtime FUNCTION: with the user's directory $RUNTIME, as logind makes it
	RUNTIME=/run/user/$(id -u $user)
	mkdir -p $RUNTIME
	mount -t tmpfs -o mode=700,nosuid,nodev,uid=$user,gid=$user stage $RUNTIME
	"$@"
	umount $RUNTIME
	rm -r /run/user
}

SOCKETS='bus systemd/private gnupg/S.gpg-agent podman/podman.sock'
listen() { # on all of these, as the user
	local name
	for name in $SOCKETS; do
		as $user mkdir -p "$(dirname $RUNTIME/$name)"
		as $user socat UNIX-LISTEN:$RUNTIME/$name,fork SYSTEM:'echo outside' 2>/dev/null &
		wait_for test -S $RUNTIME/$name || fail "no listener at $RUNTIME/$name"
	done
}
hush() {
	pkill -u $user -x socat
	silent() { ! pgrep -u $user -x socat; }
	wait_for silent
}
# from inside: one line for each socket that answers
ASK="for name in $SOCKETS; do socat -u UNIX-CONNECT:\$RUNTIME/\$name - 2>/dev/null; done"
ask() { echo "RUNTIME=$RUNTIME; $ASK; echo asked"; }
ANSWERS='outside
outside
outside
outside
asked'

# ---- hide ----

check_hidden() {
	listen
	assert_eq "$(as $user sh -c "$(ask)")" "$ANSWERS" "from a process outside"
	rule
	assert_eq "$(in_session "$(ask)")" asked "by default"
	rule 'user_manager = hide'
	assert_eq "$(in_session "$(ask)")" asked "user_manager = hide"
	rule 'namespaces = mount, uts'
	assert_eq "$(in_session "$(ask)")" asked "in a mount namespace without a PID namespace"
	hush
}
test_nothing_answers_there() { bare with_runtime check_hidden; }

check_own_directory() {
	mkdir -m 700 /run/user/5999
	touch /run/user/5999/of-another
	rule
	assert_eq "$(in_session "ls -A /run/user; stat -c '%a %U %F' $RUNTIME; ls -A $RUNTIME
		touch $RUNTIME/mine && mkdir $RUNTIME/deep && ls $RUNTIME")" "${RUNTIME##*/}
700 $user directory
gnupg
deep
gnupg
mine" "what the session has of /run/user"
	# without root the mount is the user's own, and nobody else sees it
	[ $way = shell ] || assert_eq "$(in_session 'touch /run/user/x 2>/dev/null || echo refused')" refused
	# nsisolate: where the shell's sessions get their names
	assert_eq "$(ls -A $RUNTIME | grep -vx nsisolate)" "" "what arrives at the host's"
	assert_eq "$(in_session "ls -A $RUNTIME")" gnupg "what is left of it for the next session"
	assert_match "$(in_session "awk '\$5 == \"/run/user\" { print \$6 }' /proc/self/mountinfo | tail -1")" \
		"nosuid,nodev" "mount options"
}
test_the_session_has_a_directory_of_its_own_there() { bare with_runtime check_own_directory; }

# caches NAME...: of the user's, each with a ticket; a name with a slash is a directory's
caches() {
	local name
	for name; do as $user sh -c "umask 077; mkdir -p $(dirname $RUNTIME/$name); echo ticket >$RUNTIME/$name"; done
}

check_caches() {
	caches krb5cc krb5cc_x/tkt krb5cc_x/primary krb5ccZ other gnupg/pubring
	rule
	assert_eq "$(in_session "cd $RUNTIME; ls -A . krb5cc_x gnupg; cat krb5cc krb5cc_x/tkt; stat -c '%a %U' krb5cc")" \
		".:
gnupg
krb5cc
krb5ccZ
krb5cc_x

gnupg:

krb5cc_x:
primary
tkt
ticket
ticket
600 $user" "what the session has"
	# what kinit and kdestroy do
	in_session "cd $RUNTIME; rm krb5cc && echo new >krb5cc && mv krb5cc_x/tkt krb5cc_x/new && echo renewed >krb5cc_x/tkt" ||
		fail "they cannot be renewed"
	assert_eq "$(cat $RUNTIME/krb5cc $RUNTIME/krb5cc_x/tkt | tr '\n' ' ')" 'ticket renewed ' "what the host has of it"
}
test_kerberos_caches_are_there() { bare with_runtime check_caches; }

check_hostile_caches() {
	local outside=$STAGE/outside
	mkdir -p $outside && echo secret >$outside/file && chmod 600 $outside/file
	caches krb5cc_link/x krb5cc_socket/x krb5cc_fifo/x krb5cc_deep/in/x krb5cc_others/x
	as $user sh -c "cd $RUNTIME; ln -s $outside/file krb5cc_l; ln -s $outside krb5cc_d; mkfifo krb5cc_f krb5cc_fifo/f
		ln -s $outside/file krb5cc_link/l"
	as $user socat UNIX-LISTEN:$RUNTIME/krb5cc_socket/s,fork SYSTEM:'echo outside' 2>/dev/null &
	as $user socat UNIX-LISTEN:$RUNTIME/krb5cc_s,fork SYSTEM:'echo outside' 2>/dev/null &
	wait_for test -S $RUNTIME/krb5cc_s -a -S $RUNTIME/krb5cc_socket/s || fail "no listeners"
	cp $outside/file $RUNTIME/krb5cc_others/of-root
	cp $outside/file $RUNTIME/krb5cc_root
	as $user truncate -s 2M $RUNTIME/krb5cc_large
	rule
	assert_eq "$(in_session "ls -A $RUNTIME")" gnupg "what the session has"
	hush
	rm -r $outside
}
test_what_only_has_the_name_of_a_cache_is_not() { bare with_runtime check_hostile_caches; }

check_late_mount() {
	rule
	in_session "for i in \$(seq 250); do [ -e $STAGE/mounted ] && break; sleep 0.02; done; ls -A $RUNTIME; cat $RUNTIME/late; ls -A /run/user" \
		>$STAGE/out 2>&1 &
	wait_for pgrep -u $user -x sleep || fail "no session: $(cat $STAGE/out)"
	# as logind does if the user's manager starts only now
	mount -t tmpfs -o mode=755 late $RUNTIME
	mkdir /run/user/5999
	mount -t tmpfs -o mode=755 late /run/user/5999
	echo late >$RUNTIME/late
	touch $STAGE/mounted
	wait $!
	assert_match "$(cat $STAGE/out)" "No such file or directory.*${RUNTIME##*/}\$" "what the session sees"
	[[ $(cat $STAGE/out) != *5999* ]] || fail "another user's: $(cat $STAGE/out)"
	umount $RUNTIME /run/user/5999
	rm $STAGE/mounted $STAGE/out
}
test_what_the_host_mounts_there_later_does_not_arrive() { bare with_runtime check_late_mount; }

check_walls() {
	local own='unshare --user --map-root-user --mount'
	listen
	rule
	# every way to remove the cover, or to get there by another path
	assert_eq "$(in_session "RUNTIME=$RUNTIME
		for try in 'umount /run/user' 'umount -l /run/user' 'umount -l $RUNTIME' 'rmdir $RUNTIME'; do \$try; done
		$ASK
		$own sh -c 'umount -l /run/user; umount -l $RUNTIME; $ASK'
		for pid in /proc/[0-9]*; do for name in $SOCKETS; do
			socat -u UNIX-CONNECT:\$pid/root$RUNTIME/\$name -; done; done
		echo asked" 2>/dev/null)" asked "sockets that answered"
	hush
}
test_it_cannot_be_uncovered() { bare with_runtime check_walls; }

check_link() {
	# a name that the user controls: a link in place of the user's own directory
	listen
	rule
	umount -l $RUNTIME
	rmdir $RUNTIME
	ln -s /home $RUNTIME
	assert_eq "$(in_session "stat -c '%a %U %F' $RUNTIME; ls -A $RUNTIME")" "700 $user directory
gnupg" "where the host has a link"
	rm $RUNTIME
	mkdir $RUNTIME
	mount -t tmpfs -o mode=700,nosuid,nodev,uid=$user,gid=$user stage $RUNTIME
	hush
}
test_a_link_in_its_place_leads_nowhere() { bare with_runtime check_link; }

# ---- keep, and where there is nothing to hide ----

check_kept() {
	listen
	rule 'user_manager = keep'
	assert_eq "$(in_session "$(ask)")" "$ANSWERS" "user_manager = keep"
	assert_eq "$(in_session "touch $RUNTIME/mine; ls $RUNTIME | grep -vx nsisolate")" "bus
gnupg
mine
podman
systemd" "the host's directory"
	assert_eq "$(ls $RUNTIME/mine)" $RUNTIME/mine
	rule 'namespaces = uts'
	assert_eq "$(in_session "$(ask)")" "$ANSWERS" "without a mount namespace"
	hush
}
test_keep_leaves_all_as_it_is() { bare with_runtime check_kept; }

check_late_mount_kept() {
	rule 'user_manager = keep'
	in_session "for i in \$(seq 250); do [ -e $RUNTIME/late ] && break; sleep 0.02; done; cat $RUNTIME/late" >$STAGE/out 2>&1 &
	wait_for pgrep -u $user -x sleep || fail "no session: $(cat $STAGE/out)"
	mount -t tmpfs -o mode=755 late $RUNTIME
	echo late >$RUNTIME/late
	wait $!
	assert_eq "$(cat $STAGE/out)" late "what the host has mounted later"
	umount $RUNTIME
	rm $STAGE/out
}
test_with_keep_a_later_mount_arrives() { bare with_runtime check_late_mount_kept; }

check_nothing() { assert_eq "$(in_session "ls -A /run/user 2>/dev/null; cat /proc/1/comm")" nsisolate-init "$1"; }
test_without_run_user_there_is_nothing_to_do() {
	rule
	each_way check_nothing "no /run/user"
	[ ! -e /run/user ] || fail "it was made"
	mkdir /run/user
	each_way check_nothing "no /run/user/UID"
	assert_eq "$(ls -A /run/user)" ""
	rmdir /run/user
	nothing_left
}

# ---- through sshd ----

check_sshd() {
	RUNTIME=/run/user/$(id -u $user)
	mkdir -p $RUNTIME
	chown $user $RUNTIME
	listen
	assert_eq "$(on $user "$(ask)")" asked "through sshd"
	hush
	rm -r /run/user
}
test_through_sshd_too() { both check_sshd; }

# gpg-agent on the client's side, forwarded by ssh -R
test_a_forwarded_gpg_agent_has_its_place() {
	local path=/run/user/5001/gnupg/S.gpg-agent agent
	mkdir -p /run/user/5001
	chown alice /run/user/5001
	socat UNIX-LISTEN:$STAGE/agent,fork SYSTEM:'echo from home' 2>/dev/null &
	agent=$!
	wait_for test -S $STAGE/agent
	sshd_start
	assert_eq "$(on alice -R $path:$STAGE/agent -o ExitOnForwardFailure=yes \
		"socat -u UNIX-CONNECT:$path -" 2>&1)" "from home"
	sshd_stop
	kill $agent
	wait $agent
	rm -r /run/user
	rm -f $STAGE/agent
	nothing_left
}

# ---- off: pam_systemd is asked for a session without a manager ----

LOGIND=/usr/lib/systemd/systemd-logind
CLOSES='session required pam_nsisolate.so close'
OPENS='session required pam_nsisolate.so'
SYSTEMD="session required $BUILD/tests/pam_systemd.so class=user"

# with_logind WORDS FUNCTION...: instead of the machine's logind, one that knows these classes; `none`: no logind
with_logind() {
	local made=
	[ -e $LOGIND ] || { made=1; mkdir -p "${LOGIND%/*}"; touch $LOGIND; }
	# shellcheck disable=SC2086 # words
	printf '%s\0' ELF user $1 manager >$STAGE/logind
	mount --bind $STAGE/logind $LOGIND
	[ "$1" != none ] || { umount $LOGIND; mv $LOGIND $LOGIND.away; }
	own_stack "$CLOSES" "$SYSTEMD" "$OPENS"
	"${@:2}"
	[ "$1" != none ] || mv $LOGIND.away $LOGIND
	! mountpoint -q $LOGIND || umount $LOGIND
	[ -z "$made" ] || rm $LOGIND
	rm -f $STAGE/logind /tmp/pam_systemd.asked
	nothing_left
}

# asked WANTED [ACTION...]: alice's login is isolated, and this is the class that pam_systemd asked for
asked() {
	: >/tmp/pam_systemd.asked
	assert_eq "$("$BUILD/tests/pam_app" stage alice remember "${@:2}" open run 'cat /proc/1/comm' close same end 2>&1)" \
		nsisolate-init "a login (${*:2})"
	assert_eq "$(cat /tmp/pam_systemd.asked)" "$1" "what pam_systemd asked for (${*:2})"
}
# refused WHY [USER]: the login is refused, and the log says this
refused() {
	"$BUILD/tests/pam_app" stage "${2:-alice}" refused end 2>/dev/null || fail "let in: ${2:-alice}"
	logged "session refused: user=${2:-alice}: $1" >/dev/null
	: >$LOGS/syslog
}
# let_in WHY [USER]: it is let in and not isolated
let_in() {
	assert_eq "$("$BUILD/tests/pam_app" stage "${2:-alice}" open run 'uname -n' close end 2>/dev/null)" lab "${2:-alice}"
	logged "session NOT isolated: user=${2:-alice} is let in \($1\): " >/dev/null
	: >$LOGS/syslog
}

check_asked() {
	rule 'user_manager = hide'
	asked user tty ssh
	rule 'user_manager = off'
	asked user-light tty ssh
	asked user-light tty tty1
	asked background-light tty cron
	asked background-light
	# the application's own variable and the line's class= come after PAM's environment
	XDG_SESSION_CLASS=user asked user-light tty ssh
	printf '[one]\nuser = bob\nuser_manager = off\n[all]\n' >"$SYSCONFDIR/nsisolate.conf"
	asked user tty ssh
}
test_off_asks_for_a_session_without_a_manager() { with_logind user-light check_asked; }

check_long_logind() { # wherever the name is in the file
	local before
	rule 'user_manager = off'
	for before in 32755 32757 32763 32768 65519 65536; do
		{ head -c $before /dev/zero | tr '\0' x; printf '\0user-light\0'; } >$STAGE/logind
		asked user-light tty ssh
	done
	# systemd 256 knows the other one, but pam_systemd does not ask for it where the terminal is `ssh`
	printf 'a-user-light-b\0background-light\0' >$STAGE/logind
	refused '.*needs systemd 258 or newer'
}
test_off_finds_the_class_wherever_logind_has_it() { with_logind user-light check_long_logind; }

check_hides() {
	user=alice way=module
	listen
	rule 'user_manager = off'
	assert_eq "$(in_session "$(ask)")" asked "user_manager = off"
	hush
}
test_off_hides_as_well() { with_logind user-light hides_there; }
hides_there() { user=alice with_runtime check_hides; }

check_no_class() {
	rule 'user_manager = off'
	assert_match "$(nsisolatectl check)" \
		"nsisolate.conf:2:16: error: user_manager = off needs systemd 258 or newer: .*; these logins are refused"
	refused 'user_manager = off needs systemd 258 or newer'
	let_in 'uid 0' root
	# the machine lacks it, and did before the user came
	rule 'user_manager = off' 'on_error = allow'
	let_in 'on_error = allow'
	rule 'user_manager = hide'
	asked user tty ssh
}
test_off_is_refused_where_every_session_has_a_manager() { with_logind 'background-light' check_no_class; }

check_no_logind() {
	rule 'user_manager = off'
	assert_eq "$(nsisolatectl check >/dev/null; echo $?)" 0 check
	asked user tty ssh
}
test_off_asks_nobody_where_there_is_no_logind() { with_logind none check_no_logind; }

check_lines() {
	local lines=("$SYSTEMD" "$CLOSES" "$OPENS") why='user_manager = off: no line .* stands before pam_systemd'
	rule 'user_manager = off' 'on_error = allow'
	# on_error is for what the machine lacks: this the administrator wrote
	own_stack "$SYSTEMD" "$OPENS"
	refused "$why"
	let_in 'uid 0' root
	own_stack "${lines[@]}"
	refused "$why"
	own_stack "$CLOSES conf=/etc/other.conf" "$SYSTEMD" "$OPENS"
	refused "$why"
	cp "$SYSCONFDIR/nsisolate.conf" /etc/other.conf
	refused "$why"
	own_stack "$CLOSES conf=/etc/other.conf" "$SYSTEMD" "$OPENS conf=/etc/other.conf"
	asked user-light tty ssh
	rm /etc/other.conf
	# a broken stack lets in whom a broken configuration does
	own_stack "$SYSTEMD" "$OPENS rescue_group=alice"
	let_in 'rescue_group'
	# what the lines do otherwise stays as it is
	rule
	for lines in 1 2; do
		own_stack "$CLOSES" "$SYSTEMD" "$CLOSES" "$OPENS"
		asked user tty ssh
	done
	echo '[all' >"$SYSCONFDIR/nsisolate.conf"
	refused '.*nsisolate.conf'
}
test_off_needs_the_line_before_pam_systemd() { with_logind user-light check_lines; }

check_changed() {
	rule 'user_manager = off' 'on_error = allow'
	echo 'XDG_SESSION_CLASS=user' >$STAGE/variables
	# pam_env reads a file of the user's where it is told to
	own_stack "$CLOSES" "session required pam_env.so readenv=1 envfile=$STAGE/variables" "$SYSTEMD" "$OPENS"
	refused "user_manager = off: another module changed XDG_SESSION_CLASS from background-light to 'user'"
	# what was there before does not count
	own_stack "session required pam_env.so readenv=1 envfile=$STAGE/variables" "$CLOSES" "$SYSTEMD" "$OPENS"
	asked user-light tty ssh
	rm $STAGE/variables
}
test_off_is_refused_where_another_module_overrides_it() {
	[ -e "$PAMDIR/pam_env.so" ] || skip "there is no pam_env here"
	with_logind user-light check_changed
}

check_runs_already() {
	rule 'user_manager = off'
	mount -t tmpfs stage /sys/fs/cgroup
	asked user-light tty ssh
	all_logged
	not_logged 'runs already'
	mkdir -p /sys/fs/cgroup/user.slice/user-5001.slice/user@5001.service
	asked user-light tty ssh
	logged 'session without a comfort: user=alice .* user_manager = off, and a manager of the user.s runs already' >/dev/null
	umount /sys/fs/cgroup
}
test_off_logs_a_manager_that_runs_already() {
	[ -d /sys/fs/cgroup ] || skip "there are no control groups here"
	with_logind user-light check_runs_already
}

test_off_is_not_for_nsisolate_shell() {
	rule 'user_manager = off'
	assert_match "$(as dave "$NSISOLATE_SHELL" -c 'echo IN' 2>&1)" \
		'^nsisolate-shell: user_manager = off: .*only pam_nsisolate.so can prevent$'
	rule 'user_manager = off' 'on_error = allow'
	assert_match "$(as dave "$NSISOLATE_SHELL" -c 'uname -n' 2>&1)" 'this session is not isolated.*lab'
}

# ---- explain ----

test_explain_and_check_know_it() {
	rule
	assert_match "$(nsisolatectl explain --service stage alice)" "user_manager +hide +built-in"
	rule 'user_manager = keep'
	assert_match "$(nsisolatectl explain --service stage alice)" "user_manager +keep .*nsisolate.conf:2"
	assert_match "$(nsisolatectl explain --service stage --json alice)" '"user_manager": ?\{"value": ?"keep"'
	rule 'user_manager = hidden'
	assert_match "$(nsisolatectl check)" "nsisolate.conf:2:16: error: 'hidden': expected hide, keep or off \(did you mean hide\?\)"
	rule 'namespaces = uts' 'user_manager = hide'
	assert_match "$(nsisolatectl check)" "nsisolate.conf:3:1: warning: this has no effect"
}
