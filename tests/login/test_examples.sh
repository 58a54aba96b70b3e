# The EXAMPLES of the manual pages, word for word.
. tests/stage.sh

# example PAGE N: the Nth literal block behind .Sh EXAMPLES, as mandoc shows it
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

test_every_block_of_these_pages_is_run() {
	assert_eq "$(blocks pam_module/pam_nsisolate.8)" 1 pam_nsisolate.8
	assert_eq "$(blocks shell/nsisolate-shell.8)" 3 nsisolate-shell.8
	assert_eq "$(blocks shell/init/nsisolate-init.8)" 1 nsisolate-init.8
	assert_eq "$(blocks conf/nsisolate.7)" 2 nsisolate.7
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
	# sshd_start writes the configuration; the example stands behind it
	sshd_start
	sshd_stop
	example shell/nsisolate-shell.8 2 >>$STAGE/sshd_config
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
	assert_eq "$(grep -c ps <<<"$said")" 2 "processes: the shell with its command, and ps"
	rm /home/dave/nsisolate.conf
	nothing_left
}

test_nsisolate_init_8_by_any_user() {
	local said
	said=$(as alice sh -e -c "$(example shell/init/nsisolate-init.8 1)")
	assert_match "$said" $'^elsewhere\n.* 1 +0 .*nsisolate-init'
	nothing_left
}

# There is no systemd here: what takes the place of systemctl only says that it was asked.
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
	assert_eq "$(sh -e -c "$(example conf/nsisolate.7 2)" 2>&1)" ""
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
