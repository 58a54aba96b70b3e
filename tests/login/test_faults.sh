# Failures at run time: the engine, the kernel's limits, missing rights.  A login is never half isolated:
# it is refused or, by the rule's on_error, let in without isolation; and nothing is left behind.
. tests/stage.sh

stack() { own_stack; }
app() { local user=$1; shift; "$BUILD/tests/pam_app" stage "$user" "$@"; }
INSIDE='test "$(uname -n)" = alice-lab && test "$(cat /proc/1/comm)" = nsisolate-init'
OUTSIDE='test "$(uname -n)" = lab && test "$(cat /proc/1/comm)" = stage_init'

before_each() {
	stack
	# without a number, whatever has not ended yet
	{ printf '[all]\nservice = stage, sshd, nsisolate-shell\nhostname = %%u-lab\n'; printf '%s\n' "$@"; } | conf
}

# ---- an engine that fails ----

# engine TEXT: replaces nsisolate-init by the shell script TEXT
engine() {
	trap 'engine_restore; sshd_stop' EXIT
	rm -rf "$NSISOLATE_INIT"
	printf '#!/bin/bash\nPATH=/usr/bin:/bin\n%s\n' "$1" >"$NSISOLATE_INIT"
	chmod 755 "$NSISOLATE_INIT"
}
engine_restore() {
	rm -rf "$NSISOLATE_INIT"
	install -m 755 "$BUILD/nsisolate-init" "$NSISOLATE_INIT"
}

# what it does | what the log must say
bad_engines() {
	cat <<-'END'
		exit 3|ended without an answer
		exit 0|ended without an answer
		kill -KILL $$|ended without an answer
		echo what is this|answered nonsense
		exec yes nonsense|answered nonsense
		while :; do echo "note once more"; done|answers without end
		head -c 100000 /dev/urandom|nonsense|without an answer
		echo "failed no such luck"|no such luck
		exec BUILD/nsisolate-init "$@" --of-another-version|--of-another-version: unknown option
		echo "pid 1"; exit 0|ended without an answer
		echo ready; echo "pid 1"; exit 0|ended without an answer
		echo ready; echo ready; echo "pid -1"; exit 0|answered nonsense
	END
}

test_an_engine_that_dies_or_answers_nonsense_is_a_refusal() {
	local script words
	before_each
	while IFS='|' read -r script words; do
		engine "${script/BUILD/"$BUILD"}"
		: >$LOGS/syslog
		app alice remember refused same 2>/dev/null || fail "with the engine: $script"
		assert_match "$(logged 'session refused: user=alice')" "$words" "log with: $script"
		wait_for is_as_before || fail "left behind by: $script $(stage_processes)"
	done < <(bad_engines)
	nothing_left
}

# No program of ours sends two, and none may stay open in sshd.
test_an_answer_with_more_descriptors_than_one_leaves_none() {
	before_each
	engine 'exec python3 -c "
import socket
line = socket.socket(fileno=1)
socket.send_fds(line, [b\"pid 1\\n\"], [0, 2])
line.send(b\"ready\\n\")"'
	app alice remember refused same 2>/dev/null || fail "let in, or not as it was"
	logged 'session refused: user=alice.*cannot join' >/dev/null
	nothing_left
}

# /etc/hosts as it never is in practice
test_a_hosts_file_that_is_not_a_file_is_skipped_and_one_that_ends_early_is_used() {
	before_each
	mount --bind /dev/null /etc/hosts
	app alice remember open run "$INSIDE" close same || fail "refused"
	logged 'session without a comfort: user=alice.*/etc/hosts has no line' >/dev/null
	umount /etc/hosts
	# a page by its size, and a line by its content
	mount --bind /sys/kernel/uevent_seqnum /etc/hosts
	app alice remember open run 'grep -q alice-lab /etc/hosts' close same || fail "refused"
	umount /etc/hosts
	nothing_left
}

test_an_account_of_a_megabyte_is_refused() {
	before_each
	printf 'huge:x:5099:5099:%s:/home:/bin/sh\n' "$(head -c 1200000 /dev/zero | tr '\0' x)" >>/etc/passwd
	app huge remember refused same 2>/dev/null || fail "let in"
	logged "session refused: user=huge.*cannot look up account 'huge'" >/dev/null
	stage_forget huge 5099
	nothing_left
}

# An engine that dies may have been killed, or short of memory: not something that was lacking before.
test_on_error_allow_lets_in_un_isolated_only_for_what_was_lacking_before() {
	local script words
	before_each 'on_error = allow'
	while IFS='|' read -r script words; do
		engine "$script"
		app alice remember refused same 2>/dev/null || fail "let in with the engine: $script"
		wait_for is_as_before || fail "left behind by: $script $(stage_processes)"
	done < <(bad_engines)
	not_logged 'session NOT isolated'
	engine 'echo "lacking no such luck"'
	app alice remember open same run "$OUTSIDE" close same || fail "what the engine says to be lacking"
	logged '^<84>.*session NOT isolated: user=alice.*on_error = allow\): .*no such luck' >/dev/null
	rm "$NSISOLATE_INIT"
	: >$LOGS/syslog
	app alice remember open same run "$OUTSIDE" close same || fail "without an engine"
	logged "^<84>.*session NOT isolated: user=alice.*allow\): cannot run $NSISOLATE_INIT: No such" >/dev/null
	nothing_left
}

test_root_gets_in_whatever_the_engine_does() {
	before_each
	engine 'exit 3'
	app root remember open same run "$OUTSIDE" close same || fail "by the module"
	assert_match "$(logged 'session NOT isolated: user=root')" '^<81>'
	rm "$NSISOLATE_INIT"
	assert_eq "$("$NSISOLATE_SHELL" -c 'echo in; hostname' 2>/dev/null)" "in
lab" "by the shell"
	nothing_left
}

# all at once, each hanging in its own way
test_an_engine_that_hangs_is_given_five_seconds() {
	local user start jobs=()
	start=$(now_ms)
	before_each
	engine 'case "$*" in
		*=alice-*) exec sleep 1000 ;;
		*=bob-*) kill -STOP $$ ;;
		*=carol-*) echo ready; exec sleep 1000 ;;
		esac'
	for user in alice bob carol; do
		app $user remember refused same 2>/dev/null & jobs+=($!)
	done
	for user in alice bob carol; do
		wait "${jobs[0]}" || fail "$user"
		jobs=("${jobs[@]:1}")
		logged "session refused: user=$user: .*did not answer within 5 s" >/dev/null
	done
	[ $(($(now_ms) - start)) -ge 4900 ] || fail "it took $(($(now_ms) - start)) ms only"
	assert_within "$start" 5000 30
	nothing_left
}

test_a_missing_engine_is_a_refusal_that_names_it() {
	before_each
	engine ''
	chmod 644 "$NSISOLATE_INIT"
	app alice remember refused same 2>/dev/null || fail "not executable"
	assert_match "$(logged 'session refused')" "cannot run $NSISOLATE_INIT: Permission denied"
	rm "$NSISOLATE_INIT"
	: >$LOGS/syslog
	app alice remember refused same 2>/dev/null || fail "missing"
	assert_match "$(logged 'session refused')" "cannot run $NSISOLATE_INIT: No such file"
	nothing_left
}

test_the_shell_without_its_engine_refuses_or_lets_in() {
	local output
	before_each
	engine ''
	rm "$NSISOLATE_INIT"
	output=$(as dave "$NSISOLATE_SHELL" -c 'echo in' 2>&1)
	assert_eq $? 1 status
	assert_match "$output" "cannot run $NSISOLATE_INIT: No such file"
	[[ $output != *in ]] || fail "the command ran: $output"
	before_each 'on_error = allow'
	assert_eq "$(as dave "$NSISOLATE_SHELL" -c 'echo in; hostname; exit 3' 2>/dev/null; echo $?)" "in
lab
3" "on_error = allow"
}

test_sshd_tells_the_user_and_lets_root_in() {
	before_each
	engine 'exit 3'
	sshd_start
	assert_match "$(on alice 'echo in' 2>&1)" \
		'^nsisolate: this login is refused because its session cannot be isolated'
	assert_eq "$(on root 'echo in')" in "root"
	engine_restore
	assert_eq "$(on alice hostname)" alice-lab "after the engine is restored"
	sshd_stop
	nothing_left
}

# ---- a kernel that refuses ----

# in_container SETUP COMMAND: runs SETUP, then COMMAND, in a container: namespaces of every kind that matters
# here, with limits of their own, whose uid 0 has every right in them
in_container() {
	local container
	mkfifo $STAGE/mapped
	unshare --user --mount --pid --uts --ipc --fork --kill-child sh -c \
		'read -r _ <"$0"; exec sh -c "mount -t proc proc /proc; hostname lab; $1; $2"' \
		$STAGE/mapped "$1" "$2" &
	container=$!
	own_ids() { [ "$(readlink /proc/$container/ns/user)" != "$(readlink /proc/self/ns/user)" ]; }
	wait_for own_ids || fail "no container"
	echo '0 0 65536' >/proc/$container/uid_map
	echo '0 0 65536' >/proc/$container/gid_map
	echo >$STAGE/mapped
	wait $container
	local status=$?
	rm $STAGE/mapped
	return $status
}
limit() { echo "echo 0 >/proc/sys/user/max_$1_namespaces"; }

test_in_a_container_it_works() {
	before_each
	in_container : "$BUILD/tests/pam_app stage alice remember open run '$INSIDE' close same" ||
		fail "see above"
	nothing_left
}

test_namespace_limits_are_a_refusal_that_names_the_sysctl() {
	local kind before
	before_each
	before=$(cat /proc/sys/user/max_*_namespaces)
	for kind in pid uts mnt; do
		: >$LOGS/syslog
		in_container "$(limit $kind)" "$BUILD/tests/pam_app stage alice remember refused same" \
			2>/dev/null || fail "let in, or not as it was, with max_${kind}_namespaces = 0"
		assert_match "$(logged 'session refused')" "user.max_${kind}_namespaces" "log"
	done
	assert_eq "$(cat /proc/sys/user/max_*_namespaces)" "$before" "the machine's own limits"
	nothing_left
}

test_namespace_limits_let_in_by_on_error_and_as_root() {
	before_each 'on_error = allow'
	in_container "$(limit pid)" \
		"$BUILD/tests/pam_app stage alice remember open same run 'test \$(uname -n) = lab' close same" ||
		fail "on_error = allow"
	# used up, and not switched off
	in_container 'echo 1 >/proc/sys/user/max_uts_namespaces; unshare --uts sleep 20 & sleep 0.5' \
		"$BUILD/tests/pam_app stage alice remember refused same" 2>/dev/null || fail "one that is reached"
	before_each
	in_container "$(limit uts)" "$BUILD/tests/pam_app stage root remember open same close same" ||
		fail root
	nothing_left
}

test_sshd_without_cap_sys_admin_refuses_and_says_why() {
	before_each
	sshd_start
	sshd_stop
	setpriv --bounding-set -sys_admin "$(command -v sshd)" -D -E $LOGS/sshd \
		-f $STAGE/sshd_config &
	SSHD=$!
	wait_for listens 22
	assert_match "$(on alice 'echo in' 2>&1)" 'this login is refused'
	assert_match "$(logged 'session refused: user=alice')" CAP_SYS_ADMIN
	assert_eq "$(on root 'echo in' 2>/dev/null)" in root
	before_each 'on_error = allow'
	assert_eq "$(on alice 'hostname' 2>/dev/null)" lab "on_error = allow"
	sshd_stop
	nothing_left
}

test_without_cap_sys_ptrace_it_refuses_and_says_why() {
	before_each
	app alice open close || fail "a control: alice does not get in"
	setpriv --bounding-set -sys_ptrace "$BUILD/tests/pam_app" stage alice remember refused same 2>/dev/null ||
		fail "let in without CAP_SYS_PTRACE"
	assert_match "$(logged 'session refused: user=alice')" 'CAP_SYS_PTRACE'
	nothing_left
}

test_in_a_chroot_the_shell_says_that_it_is_one() {
	local seen
	before_each
	chroot_build /home/stage-chroot
	seen=$(chroot --userspec=5001:5001 /home/stage-chroot "$NSISOLATE_SHELL" -c true 2>&1)
	chroot_remove /home/stage-chroot
	assert_match "$seen" 'no new user namespace \(in a chroot the kernel gives none'
	nothing_left
}

test_with_too_few_descriptors_it_is_whole_or_refused() {
	! sanitized || skip "a sanitizer needs /proc and descriptors of its own"
	local limit whole=0 refused=0
	before_each
	for ((limit = 4; limit <= 24; limit++)); do
		# pam_app itself and Linux-PAM need some, too
		(ulimit -n $limit; app alice close) >/dev/null 2>&1 || continue
		if (ulimit -n $limit; app alice remember open close same) 2>/dev/null; then
			whole=$((whole + 1))
			continue
		fi
		: >$LOGS/syslog
		# end: if Linux-PAM's own audit fails, the session was complete until then
		(ulimit -n $limit; app alice remember refused end same) >/dev/null 2>&1 ||
			fail "with $limit descriptors: neither whole nor refused"
		logged 'session refused: .*(open files|descriptors)|PAM audit_open|reason=pam_end' >/dev/null
		refused=$((refused + 1))
	done
	[ $whole -gt 0 ] && [ $refused -gt 0 ] || fail "whole: $whole times, refused: $refused times"
	nothing_left
}

# as by `ulimit -n 7; su dave`
test_on_error_allow_is_not_for_a_user_who_takes_the_descriptors_away() {
	! sanitized || skip "a sanitizer needs /proc and descriptors of its own"
	local limit refused=0
	before_each 'on_error = allow'
	for ((limit = 4; limit <= 24; limit++)); do
		(ulimit -n $limit; app alice close) >/dev/null 2>&1 || continue
		(ulimit -n $limit; app alice refused end) >/dev/null 2>&1 && refused=$((refused + 1))
	done
	[ $refused -gt 0 ] || fail "it is never refused"
	not_logged 'session NOT isolated' # by a user's own limits
	nothing_left
}

test_without_proc_it_is_refused() {
	! sanitized || skip "a sanitizer needs /proc and descriptors of its own"
	before_each
	unshare --mount sh -c "mount -t tmpfs none /proc; exec $BUILD/tests/pam_app stage alice refused" \
		2>/dev/null || fail "let in"
	assert_match "$(logged 'session refused')" /proc
	nothing_left
}

test_the_shell_where_proc_is_masked_refuses_and_says_why() {
	local output
	before_each
	masked() {
		unshare --mount sh -c 'mount -t tmpfs none /proc/sys; exec "$@"' sh setpriv --reuid dave \
			--regid dave --init-groups "$NSISOLATE_SHELL" -c 'echo in; hostname'
	}
	output=$(masked 2>&1)
	assert_eq $? 1 status
	assert_match "$output" "cannot mount the session's /proc .*masked"
	before_each 'on_error = allow'
	assert_eq "$(masked 2>/dev/null)" "in
lab" "on_error = allow"
	nothing_left
}

test_a_user_without_processes_left_is_refused_by_the_shell() {
	local output
	before_each
	output=$(as dave bash -c 'ulimit -u 1; exec "$0" -c "echo in"' "$NSISOLATE_SHELL" 2>&1)
	assert_eq $? 1 status
	assert_match "$output" "this session is not isolated, so it is refused: .*(unavailable|limit)"
	nothing_left
}

# ---- odd kinds of /etc/hosts ----

test_a_hosts_file_that_is_missing_or_a_link_does_not_matter() {
	before_each
	mv /etc/hosts /run/stage/hosts
	app alice open run "$INSIDE && test ! -e /etc/hosts" close || fail missing
	ln -s ../run/stage/hosts /etc/hosts
	app alice open run "$INSIDE && grep -q alice-lab /etc/hosts && grep -q localhost /etc/hosts" \
		close || fail "a link"
	grep -q alice-lab /run/stage/hosts && fail "the host's own file changed"
	rm /etc/hosts
	mv /run/stage/hosts /etc/hosts
	nothing_left
}
