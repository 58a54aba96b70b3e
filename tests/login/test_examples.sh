# The EXAMPLES of the manual pages, word for word.
. tests/stage.sh

# example PAGE N: the Nth literal block after .Sh EXAMPLES, as mandoc shows it
example() {
	local text
	text=$(awk -v wanted="$2" '/^\.Sh / { on = /EXAMPLES/ }
		/^\.Ed/ { inside = 0 }
		inside && block == wanted { print }
		on && /^\.Bd -literal/ { block++; inside = 1 }' "$1" | sed 's/\\e/\\/g; s/\\&//g')
	[ -n "$text" ] || fail "$1 has no example $2"
	echo "$text"
}
blocks() { # PAGE: how many it has
	awk '/^\.Sh / { on = /EXAMPLES/ } on && /^\.Bd -literal/ { count++ } END { print count + 0 }' "$1"
}
# lines PAGE: the single lines after .Sh EXAMPLES
lines() { awk '/^\.Sh / { on = /EXAMPLES/ } on && sub(/^\.Dl /, "")' "$1" | sed 's/\\-/-/g; s/\\(dq/"/g'; }
line() { # line PAGE REGEX: the one line that matches
	local text
	text=$(lines "$1" | grep -E -e "$2")
	[ "$(wc -l <<<"$text")" = 1 ] && [ -n "$text" ] || fail "$1 has no such line, or more than one: $2"
	echo "$text"
}

test_every_block_of_these_pages_is_run() {
	assert_eq "$(blocks pam_module/pam_nsisolate.8)" 1 pam_nsisolate.8
	assert_eq "$(blocks shell/nsisolate-shell.8)" 3 nsisolate-shell.8
	assert_eq "$(blocks shell/init/nsisolate-init.8)" 1 nsisolate-init.8
	assert_eq "$(blocks conf/nsisolate.7)" 2 nsisolate.7
	assert_eq "$(blocks shell/ctl/nsisolatectl.8)" 1 nsisolatectl.8
	assert_eq "$(lines shell/ctl/nsisolatectl.8 | wc -l)" 15 "lines of nsisolatectl.8"
}

test_pam_nsisolate_8_the_last_line_of_sshds_stack() {
	cp /etc/group $STAGE/group
	{ grep -v '^wheel:' $STAGE/group; echo 'wheel:x:5900:carol'; } >/etc/group
	pam_stack sshd "$(example pam_module/pam_nsisolate.8 1)"
	sshd_start
	assert_eq "$(on alice hostname)" alice-lab
	# what rescue_group is for
	echo '[broken' | conf
	assert_eq "$(on carol hostname)" lab "a member of wheel, while the rules are broken"
	on alice true 2>/dev/null && fail "alice gets in"
	mv $STAGE/group /etc/group
	sshd_stop
	nothing_left
}

test_nsisolatectl_8_enables_and_disables() {
	local stacks
	[ -e /etc/pam.d/login ] || skip "no stack of login's here"
	pam_stack sshd ''
	stacks=$(cksum /etc/pam.d/*)
	sh -ec "$(line shell/ctl/nsisolatectl.8 dry-run)" || fail "it would not be enabled"
	assert_eq "$(cksum /etc/pam.d/*)" "$stacks" "the stacks"
	sh -ec "$(line shell/ctl/nsisolatectl.8 'enable sshd')" || fail "it is not enabled"
	sshd_start
	assert_eq "$(on alice hostname)" alice-lab
	sh -ec "$(line shell/ctl/nsisolatectl.8 disable)" || fail "it is not disabled"
	assert_eq "$(on alice hostname)" lab
	assert_eq "$(cksum /etc/pam.d/*)" "$stacks"
	sshd_stop
	nothing_left
}

test_nsisolate_shell_8_as_a_login_shell() {
	example shell/nsisolate-shell.8 1 >$STAGE/example
	sed -i "\,^$NSISOLATE_SHELL\$,d" /etc/shells
	sh -e $STAGE/example || fail "it does not work"
	assert_eq "$(getent passwd alice | cut -d: -f7)" "$NSISOLATE_SHELL"
	pam_stack sshd ''
	sshd_start
	assert_eq "$(on alice hostname)" alice-lab
	usermod -s /bin/bash alice
	sshd_stop
	rm $STAGE/example
	nothing_left
}

test_nsisolate_shell_8_by_force_command() {
	pam_stack sshd ''
	echo 'students:x:5900:alice' >>/etc/group
	# sshd_start writes the configuration; the example goes after it
	sshd_start
	sshd_stop
	cp $STAGE/sshd_config $STAGE/sshd_config.plain
	example shell/nsisolate-shell.8 2 >>$STAGE/sshd_config
	"$(command -v sshd)" -D -E $LOGS/sshd -f $STAGE/sshd_config &
	SSHD=$!
	wait_for listens 22 || fail "sshd does not listen: $(cat $LOGS/sshd)"
	on alice true 2>/dev/null && fail "a key lets a student in"
	assert_eq "$(on bob hostname)" lab "nobody's student"
	sshd_stop
	# but by a key, since no password can be typed here
	{ cat $STAGE/sshd_config.plain; example shell/nsisolate-shell.8 2 | grep -v PubkeyAuthentication; } >$STAGE/sshd_config
	rm $STAGE/sshd_config.plain
	"$(command -v sshd)" -D -E $LOGS/sshd -f $STAGE/sshd_config &
	SSHD=$!
	wait_for listens 22 || fail "sshd does not listen: $(cat $LOGS/sshd)"
	assert_eq "$(on alice 'hostname; id -un')" "alice-lab
alice" "a student"
	assert_eq "$(on bob hostname)" lab "nobody's student"
	sshd_stop
	sed -i '/^students:/d' /etc/group
	nothing_left
}

test_nsisolate_shell_8_by_a_user() {
	local said
	echo '[all]' | as dave tee /home/dave/nsisolate.conf >/dev/null
	said=$(as dave sh -e -c "$(example shell/nsisolate-shell.8 3)")
	assert_match "$said" $'^dave-lab\n.* 1 +0 .*nsisolate-init: dave all nsisolate-shell'
	# PID 1 shortens its own line when the command is running already
	assert_eq "$(awk '$2 > 1' <<<"$said" | grep -c ps)" 2 "the shell with its command, and ps, of: $said"
	rm /home/dave/nsisolate.conf
	nothing_left
}

test_nsisolate_init_8_by_any_user() {
	local said
	said=$(as alice sh -e -c "$(example shell/init/nsisolate-init.8 1)")
	assert_match "$said" $'^elsewhere\n.* 1 +0 .*nsisolate-init'
	nothing_left
}

# Systemd does not run here: a stand-in for systemctl only records that it was called.
test_nsisolate_7_the_users_manager() {
	local link=/etc/systemd/system/user@.service.d/nsisolate.conf
	printf '#!/bin/sh\necho "systemctl $*"\n' >/usr/local/bin/systemctl
	chmod 755 /usr/local/bin/systemctl
	hash -r
	assert_eq "$(PATH=/usr/local/bin:$PATH sh -e -c "$(example conf/nsisolate.7 1)")" "systemctl daemon-reload"
	assert_eq "$(grep -c '^ProtectProc=invisible$' "$link")" 1 "what it leads to"
	rm -r /usr/local/bin/systemctl "${link%/*}"
	nothing_left
}

test_nsisolate_7_jobs() {
	need() { command -v "$1" >/dev/null || fail "$1 is not installed"; }
	local stack
	need atd
	for stack in cron crond atd; do
		[ ! -e "/etc/pam.d/$stack" ] || pam_stack "$stack" ''
	done
	assert_eq "$(umask 077; sh -e -c "$(example conf/nsisolate.7 2)" 2>&1 | grep -v '^[a-z]*: from now on')" ""
	as dave cat /etc/nsisolate.conf.d/jobs.conf >/dev/null || fail "dave cannot read it"
	atd -f >/dev/null 2>&1 &
	wait_for test -s /run/atd.pid
	echo '(hostname; echo end) >/home/alice/out' | as alice at now 2>/dev/null
	wait_for grep -q end /home/alice/out || fail "it did not run"
	assert_eq "$(cat /home/alice/out)" "alice-lab
end"
	kill $!
	wait $! 2>/dev/null
	rm -r /home/alice/out /run/atd.pid /etc/nsisolate.conf.d
	nothing_left
}

# run_line REGEX: the line of nsisolatectl(8) that matches, as an administrator types it
run_line() { PATH=$SBINDIR:$PATH bash -e -o pipefail -c "$(line shell/ctl/nsisolatectl.8 "$1")"; }

test_nsisolatectl_8_questions() {
	local said
	cp /etc/group $STAGE/group
	echo 'students:x:5900:alice,bob' >>/etc/group
	assert_match "$(run_line '^nsisolatectl explain --from')" 'hostname.*alice-lab' "why"
	assert_eq "$(PATH=$SBINDIR:$PATH bash -e -o pipefail -c "$(example shell/ctl/nsisolatectl.8 1)")" \
		$'alice-lab\nbob-lab' "the hostnames of the members"
	mv $STAGE/group /etc/group
	# what doctor finds depends on the stage; only the form is tested
	said=$(run_line '^nsisolatectl doctor$') || [ $? = 1 ] || fail "doctor: $said"
	assert_match "$said" 'problem' "what doctor says"
	said=$(run_line '^nsisolatectl doctor --json') || [ $? = 1 ] || fail "doctor --json: $said"
	assert_eq "$(jq -r .verdict <<<"$said" | grep -c '^ok$')" 0 "verdicts that are not findings"
	nothing_left
}

test_nsisolatectl_8_sessions() {
	local job
	separate # where a job ends with its login
	sshd_start
	on alice 'trap "exit 7" TERM; sleep 301 & wait' &
	job=$!
	wait_for pgrep -u alice -x sleep || fail "no session"
	assert_match "$(run_line '^nsisolatectl list$')" 'alice/1' list
	assert_match "$(run_line '^nsisolatectl list --logins')" 'alice/1 .*sshd' "who logged in"
	assert_match "$(run_line '^nsisolatectl tree')" 'sleep 301' tree
	assert_match "$(run_line '^nsisolatectl enter alice')" 'sleep 301' "what alice sees"
	assert_match "$(run_line '^nsisolatectl enter --root')" $'^TracerPid:\t0' "what only root can read"
	assert_eq "$(run_line '^nsisolatectl list --json')" alice/1 "who has most"
	assert_match "$(run_line '^nsisolatectl census')" 'processes and command lines +y +- ' "what she learns of others"
	run_line '^nsisolatectl end --user'
	wait $job
	wait_for no_sessions || fail "$("$NSISOLATECTL" list)"
	on alice 'trap "" TERM HUP; sleep 302' &
	job=$!
	wait_for pgrep -u alice -x sleep || fail "no session"
	run_line '^nsisolatectl end --now'
	wait $job
	wait_for no_sessions || fail "$("$NSISOLATECTL" list)"
	sshd_stop
	nothing_left
}
no_sessions() { ! pgrep -x nsisolate-init; }
