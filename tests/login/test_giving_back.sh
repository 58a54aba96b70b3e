# The application gets back what it had; and odd applications work.
. tests/stage.sh

# a stack with nothing but the module
stack() {
	{ printf '%s required pam_permit.so\n' auth account password session; printf '%s\n' "$@"; } \
		>/etc/pam.d/stage
}
MODULE='session required pam_nsisolate.so'
# without a number in the hostname, whatever has not ended yet
stage_conf() { { printf '[all]\nservice = stage\nhostname = %%u-lab\n'; printf '%s\n' "$@"; } | conf; }
app() { "$BUILD/tests/pam_app" stage alice "$@"; }
# exits 0 inside a session of alice
INSIDE='test "$(uname -n)" = alice-lab && test "$(cat /proc/1/comm)" = nsisolate-init'
OUTSIDE='test "$(uname -n)" = lab'

before_each() { stack "$MODULE"; stage_conf; }

test_all_is_given_back_after_close() {
	before_each
	app remember open run "$INSIDE" close same run "$OUTSIDE" end || fail "see above"
	nothing_left
}

test_many_sessions_in_one_process_leave_it_as_it_was() { # SESSIONS of them, 300
	before_each
	app open close remember repeat "${SESSIONS:-300}" open run true close same || fail "see above"
	nothing_left
}

test_the_working_directory_is_kept() {
	before_each
	mkdir -p /var/tmp/some/where
	app chdir /var/tmp/some/where remember open \
		run 'test "$PWD" = /var/tmp/some/where && '"$INSIDE" close same end || fail "see above"
	rm -r /var/tmp/some
	nothing_left
}

test_a_working_directory_that_is_gone_becomes_the_root() {
	before_each
	mkdir /var/tmp/gone
	app chdir /var/tmp/gone open run "rmdir /var/tmp/gone 2>/dev/null; $INSIDE" close \
		run "$OUTSIDE" end || fail "see above"
	rmdir /var/tmp/gone 2>/dev/null
	nothing_left
}

engine_ended() { ! pgrep -x nsisolate-init; }

test_a_chrooted_application_stays_in_its_chroot() {
	before_each
	chroot_build /home/stage-chroot
	touch /home/stage-chroot/marker
	app chroot /home/stage-chroot chdir / remember open \
		run "test -e /marker && $INSIDE" close same run "test -e /marker && $OUTSIDE" end ||
		fail "see above"
	wait_for engine_ended # its program is a file of the chroot
	chroot_remove /home/stage-chroot
	nothing_left
}

test_an_application_is_not_let_out_of_a_chroot_that_was_moved() {
	before_each
	printf '[bob]\nuser = bob\nisolate = no\n[all]\n' | conf
	chroot_build /home/stage-chroot
	mkdir /home/stage-chroot/inside
	app chroot /home/stage-chroot chdir / open run true pause 1000 close chdir /inside also bob refused &
	logged 'session opened' >/dev/null
	mv /home/stage-chroot /home/stage-moved
	wait $! || fail "it was let out"
	logged 'could not be given back all it had: cannot return to the root.*No such file' >/dev/null
	logged 'session refused: user=bob: this process could not leave an earlier session' >/dev/null
	wait_for engine_ended
	mkdir /home/stage-moved/inside2
	: >$LOGS/syslog
	# and if another directory has taken its place
	app chroot /home/stage-moved chdir / open run true pause 1000 close chdir /inside2 &
	logged 'session opened' >/dev/null
	mv /home/stage-moved /home/stage-chroot
	mkdir /home/stage-moved
	wait $! || fail "it was let out to another directory"
	logged 'could not be given back all it had: cannot return to the root.*[Ss]tale' >/dev/null
	wait_for engine_ended
	rmdir /home/stage-moved
	chroot_remove /home/stage-chroot
	nothing_left
}

# sshd's child for the user is forked without exec: it has everything that the monitor had
test_a_child_that_has_the_modules_descriptors_does_not_keep_the_session() {
	before_each
	app handle-children open fork close pause 600000 &
	logged 'session closed' >/dev/null
	wait_for engine_ended || fail "it lives on: $(ps -ef)"
	pkill -x pam_app
	wait
	nothing_left
}

# as in a home on NFS or FUSE, which root may not enter
test_a_working_directory_that_root_may_not_enter_is_kept() {
	before_each
	install -d -m 700 -o alice -g alice /home/alice/private
	(cd /home/alice/private && setpriv --bounding-set=-dac_override,-dac_read_search \
		"$BUILD/tests/pam_app" stage alice open \
		run 'test "$(pwd)" = /home/alice/private && '"$INSIDE" close run "$OUTSIDE" end) ||
		fail "see above"
	# nor may root look at it from elsewhere
	(cd /home/alice/private && setpriv --bounding-set=-dac_override,-dac_read_search,-sys_admin \
		"$BUILD/tests/pam_app" stage alice remember refused same 2>/dev/null) || fail "let in"
	logged "session refused.*cannot tell where the application's root is.*not permitted" >/dev/null
	rmdir /home/alice/private
	nothing_left
}

test_a_rule_that_wants_mounts_alone_is_obeyed() {
	local own
	before_each
	stage_conf 'namespaces = mount'
	own=$(readlink /proc/self/ns/mnt)
	app remember open run "test \"\$(readlink /proc/self/ns/mnt)\" != $own" close same end ||
		fail "see above"
	nothing_left
}

test_a_stack_that_names_the_module_twice_works() {
	before_each
	stack "$MODULE" "$MODULE"
	app remember open run "$INSIDE" close same run "$OUTSIDE" end || fail "see above"
	nothing_left
}

test_open_and_close_on_lines_of_their_own_work() {
	before_each
	stack "$MODULE close" "$MODULE open"
	app remember open run "$INSIDE" close same run "$OUTSIDE" end || fail "see above"
	stack "$MODULE close"
	app remember open run "$OUTSIDE" close same end || fail "a close line alone isolates"
	nothing_left
}

# a volume that a module before ours mounts when the session is opened, as pam_mount does
test_after_a_close_line_the_modules_before_close_outside() {
	local hook='session required pam_exec.so /run/stage/hook'
	cat >/run/stage/hook <<-'END'
		#!/bin/sh
		echo "$PAM_TYPE $(uname -n)" >>/run/stage/hooked
		case $PAM_TYPE in
		open_session) mount -t tmpfs volume /srv ;;
		close_session) umount /srv ;;
		esac
	END
	chmod 755 /run/stage/hook
	before_each
	stack "$MODULE close" "$hook" "$MODULE"
	app remember open run "$INSIDE && mountpoint -q /srv" close same run '! mountpoint -q /srv' end || fail "see above"
	assert_eq "$(cat /run/stage/hooked)" "open_session lab
close_session lab" "the hooks"
	# the control: with one line its hook at close runs in the session, and the volume stays
	: >/run/stage/hooked
	stack "$hook" "$MODULE"
	app open close run 'mountpoint -q /srv' end || fail "with one line, too: say so in pam_nsisolate(8)"
	assert_match "$(cat /run/stage/hooked)" "close_session alice-lab" "the hook at close"
	umount /srv
	# and if PID 1 has gone no hook can run there
	local first
	for first in '' "$MODULE close"; do
		stack ${first:+"$first"} "$hook" "$MODULE"
		: >/run/stage/hooked
		: >$LOGS/syslog
		app open pause 1000 close end &
		logged 'session opened' >/dev/null
		pkill -KILL -x nsisolate-init
		wait $!
		[ -n "$first" ] || { umount /srv; ! grep close_session /run/stage/hooked || fail "without PID 1"; }
	done
	assert_match "$(cat /run/stage/hooked)" "close_session lab" "the hook at close, without PID 1"
	mountpoint -q /srv && fail "the volume stays, without PID 1"
	rm -f /run/stage/hook /run/stage/hooked
	nothing_left
}

# pam_nsisolate(8) says so, and why the line with `close` does not refuse earlier
refused() { # refused SSHD-OR-SU LINE: the calls of a hook between LINE and the module, which refuses
	: >/run/stage/hooked
	pam_stack "$1" "$2"$'\n'"session required pam_exec.so /run/stage/hook"$'\n'"$MODULE"
	case $1 in
	sshd) on alice true >/dev/null 2>&1 ;;
	su) su alice -c true >/dev/null 2>&1 ;;
	esac && fail "$1 lets in behind $2"
	cat /run/stage/hooked
}
test_nothing_is_closed_for_a_login_that_is_refused() {
	local application
	printf '#!/bin/sh\necho "$PAM_TYPE" >>/run/stage/hooked\n' >/run/stage/hook
	chmod 755 /run/stage/hook
	echo '[broken' | conf
	sshd_start
	for application in sshd su; do
		assert_eq "$(refused $application "$MODULE close")" open_session "what $application calls"
		# a first line that refuses would not keep the hook from being opened, unless libpam stops there
		assert_eq "$(refused $application 'session required pam_deny.so')" open_session "behind required"
		assert_eq "$(refused $application 'session requisite pam_deny.so')" '' "behind requisite"
	done
	# nor could the first line know: the last line may have another configuration, or not be needed
	printf '[users]\n' >/run/stage/other.conf
	stack "$MODULE close" "$MODULE conf=/run/stage/other.conf"
	app open run "$INSIDE" close end || fail "it refuses by another line's configuration"
	stack "$MODULE close" "session optional pam_nsisolate.so"
	app open close end || fail "it refuses where the last line is optional"
	sshd_stop
	rm -f /run/stage/hook /run/stage/hooked /run/stage/other.conf
	nothing_left
}

test_close_without_open_does_nothing() {
	before_each
	app remember close same run "$OUTSIDE" end || fail "see above"
	nothing_left
}

test_pam_end_closes_what_the_application_left_open() {
	before_each
	app remember open run "$INSIDE" end same start run "$OUTSIDE" || fail "see above"
	logged 'pam_nsisolate\(stage:session\): session closed: .*reason=pam_end' >/dev/null
	nothing_left
}

# as proftpd does
test_an_application_that_became_its_user_raises_no_alarm() {
	before_each
	app open become-user close || fail "it does not close"
	logged '^<87>.*could not be given back .*Operation not permitted \(it has given' >/dev/null
	logged '^<86>.*pam_nsisolate\(stage:session\): session closed: .*reason=logout' >/dev/null
	# and one that can be root again does
	app open seem-user close || fail "it does not close"
	logged '^<82>.*could not be given back .*Operation not permitted$' >/dev/null
	nothing_left
}

test_an_application_that_dies_open_leaves_nothing() {
	before_each
	app open background 'sleep 100' kill-self
	assert_eq $? 137 "status of the application"
	nothing_left
}

test_sigchld_ignored_or_handled_by_the_application_does_no_harm() {
	before_each
	app ignore-children remember open run "$INSIDE" close same end || fail "with SIG_IGN"
	app handle-children remember open background "$INSIDE" close same end || fail "with a handler"
	nothing_left
}

test_no_sigchld_comes_for_a_child_that_the_application_never_had() {
	before_each
	app count-children open counted 0 close counted 0 || fail "with a handler"
	app block-children open counted 0 close counted 0 || fail "blocked"
	# a child finds the root
	install -d -m 700 -o alice -g alice /home/alice/private
	(cd /home/alice/private && setpriv --bounding-set=-dac_override,-dac_read_search \
		"$BUILD/tests/pam_app" stage alice count-children open counted 0 close counted 0) ||
		fail "from a directory that root may not enter"
	rmdir /home/alice/private
	# the control: it does count
	app count-children background true pause 200 counted 1 ||
		fail "a child of the application's own is not counted"
	nothing_left
}

# the helper's signal and this child's become one: the kernel drops the second one while one is pending
test_but_one_comes_for_its_own_child_that_ends_meanwhile() {
	local init=$NSISOLATE_INIT word
	before_each
	mv "$init" "$init.kept"
	cat >"$init" <<-END
		#!/bin/bash
		touch /run/stage/helper
		until [[ "\$(ps -o stat= -p "\$(</run/stage/child)")" = Z* ]]; do sleep 0.01; done
		exec -a nsisolate-init "$init.kept" "\$@"
	END
	chmod 755 "$init"
	install -m 666 /dev/null /run/stage/child
	for word in count-children block-children; do
		rm -f /run/stage/helper
		: >/run/stage/child
		app $word background 'echo $$ >/run/stage/child; until [ -e /run/stage/helper ]; do sleep 0.01; done' \
			open counted 1 close counted 1 || fail "$word: see above"
	done
	mv "$init.kept" "$init"
	rm /run/stage/child /run/stage/helper
	nothing_left
}

test_an_application_without_descriptors_gets_along() {
	before_each
	app close-all remember open run "$INSIDE" close same end || fail "see above"
	nothing_left
}

test_a_multithreaded_application_is_refused_in_clear_words() {
	before_each
	app thread remember refused same || fail "see above"
	logged 'the application has 2 threads' >/dev/null
	nothing_left
}

test_pam_silent_says_nothing_to_the_user() {
	before_each
	echo '[broken' | conf
	assert_eq "$(app silent refused 2>&1)" "" "messages with PAM_SILENT"
	assert_match "$(app refused 2>&1)" "message: nsisolate: this login is refused"
	nothing_left
}

test_a_child_that_closes_does_not_end_its_parents_session() {
	before_each
	app remember open close-in-child run "$INSIDE" close same end || fail "see above"
	nothing_left
}

# In a PID namespace of its own, as in a container, the application may have the same PID as its child has
# in the session.
test_nor_where_the_child_has_its_parents_pid() {
	before_each
	unshare --fork --pid --mount-proc sh -c '"$0" stage alice remember open close-in-child \
		run "$1" close same end && echo "I am $$" >/dev/null' "$BUILD/tests/pam_app" "$INSIDE" ||
		fail "the session of the parent ended"
	nothing_left
}

test_close_returns_at_once_whatever_still_runs() {
	local time most
	before_each
	stage_conf 'grace = 2'
	# the median of nine, so that other processes' effect on one of them does not count
	time=$(for i in 1 2 3 4 5 6 7 8 9; do
		app open background 'exec >/dev/null 2>&1; trap "" TERM HUP; while :; do sleep 1; done' \
			pause 100 time close
	done | sort -n | sed -n 5p)
	most=$((1000 * $(login_ms) / 10))
	[ "$time" -lt $most ] || fail "close took $time microseconds, more than a tenth of a login: $most"
	pgrep -x nsisolate-init >/dev/null || fail "the sessions ended without their grace"
	nothing_left
}

test_a_user_who_floods_pid_1_with_signals_does_not_outstay_the_close() {
	before_each
	stage_conf 'grace = 1'
	cat >/run/stage/flood <<-'END'
		#!/bin/bash
		trap "" TERM HUP
		while :; do kill -TERM 1; done
	END
	chmod 755 /run/stage/flood
	# the application lives on: only the close can end the session
	app open background 'for i in 1 2 3 4 5 6 7 8 9 10; do /run/stage/flood & /run/stage/flood & done; wait' pause 300 close \
		pause 1700 run '! pgrep -x flood' || fail "the session outlived its close"
	rm /run/stage/flood
	nothing_left
}

test_managers_of_users_services_are_never_isolated() {
	local service
	before_each
	printf '[all]\n' | conf
	for service in systemd-user elogind-user openrc-user turnstiled; do
		cp /etc/pam.d/stage /etc/pam.d/$service
		"$BUILD/tests/pam_app" $service alice remember open same run "$OUTSIDE" close || fail "see above: $service"
		rm /etc/pam.d/$service
	done
	nothing_left
}

test_uts_alone_needs_no_process_of_its_own() {
	before_each
	stage_conf 'namespaces = uts'
	# the engine exits by itself, a moment after the login is in
	app remember open run 'test "$(uname -n)" = alice-lab || exit
		while pgrep -x nsisolate-init; do sleep 0.01; done' \
		close same run "$OUTSIDE" end || fail "see above"
	nothing_left
}

# with a limit of 0 on the size of files, as pam_limits can set it for a user
test_a_user_who_may_write_no_file_gets_in() {
	before_each
	stage_conf 'hosts = no'
	(ulimit -f 0; app remember open run "$INSIDE" close same >/dev/null 2>/dev/null)
	assert_eq $? 0 "status without /etc/hosts"
	stage_conf 'hosts = yes'
	(ulimit -f 0; app attempt >/dev/null 2>/dev/null)
	assert_eq $? 0 "status of the application"
	# root lifts the limit for this one file, if it may
	if ((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24 & 1)); then
		logged 'session opened' >/dev/null
	else
		logged 'session refused: .*/etc/hosts: File too large' >/dev/null
	fi
	nothing_left
}

# things that /etc/hosts can be instead of a file that could get one more line
test_an_odd_etc_hosts_keeps_nobody_out() {
	local odd
	before_each
	mv /etc/hosts /etc/hosts.kept
	for odd in mkfifo mkdir 'truncate -s 17M'; do
		$odd /etc/hosts
		stage_conf 'hosts = yes'
		: >$LOGS/syslog
		app remember open run 'test "$(uname -n)" = alice-lab' close same || fail "$odd: the module"
		logged '^<84>.*session without a comfort: user=alice .*/etc/hosts has no line' >/dev/null
		: >$LOGS/syslog
		printf '[all]\n' | conf
		assert_eq "$(as dave "$NSISOLATE_SHELL" -c 'uname -n')" dave-lab "$odd: the shell"
		logged '^<84>.*session without a comfort: user=dave .*/etc/hosts has no line' >/dev/null
		rm -rf /etc/hosts
	done
	mv /etc/hosts.kept /etc/hosts
	nothing_left
}

test_an_unknown_argument_is_an_error_that_names_it() {
	before_each
	stack "$MODULE confg=/etc/x"
	app refused || fail "it was let in"
	logged "unknown argument 'confg=/etc/x'" >/dev/null
	nothing_left
}

# ---- an application that uses libselinux: own_label.h

STANDIN=$BUILD/tests/selinux_standin.so
labelled() { SELINUX=$1 LD_PRELOAD=$STANDIN "$BUILD/tests/pam_app" stage alice open run "$INSIDE" close end; }

test_its_own_label_is_set_to_what_it_is_where_SELinux_is_enabled() {
	before_each
	rm -f /tmp/selinux.set
	labelled no || fail "where it is disabled"
	[ ! -e /tmp/selinux.set ] || fail "set where it is disabled: $(cat /tmp/selinux.set)"
	labelled yes || fail "where it is enabled"
	assert_eq "$(cat /tmp/selinux.set)" system_u:system_r:stage_t:s0 "what was set, outside the session's /proc"
	rm /tmp/selinux.set
	nothing_left
}

test_a_label_that_may_not_be_set_is_logged_and_keeps_nobody_out() {
	before_each
	labelled denied || fail "it was refused"
	logged 'SELinux does not let the application set its own label .*\(Permission denied\)' >/dev/null
	nothing_left
}
