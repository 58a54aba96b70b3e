# SELinux, in force with Debian's policy: logins by the module and by nsisolate-shell.
# fresh
# image selinux bookworm trixie

policy=/usr/share/nsisolate/selinux/nsisolate.cil
label='unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023'

# denials: since it was asked last, without what differs from one event to the next
denials() {
	root 'ausearch --checkpoint /root/seen -m avc,user_avc,selinux_err 2>/dev/null' |
		sed -n 's/.*denied *//p' | sed -E 's/(pid|ino|dev|comm|path|name)=[^ ]* *//g' | sort -u
}
# denied_no_more COMMAND...: than in a login that is not isolated, or by $PLAIN
denied_no_more() {
	local plain
	denials >/dev/null
	${PLAIN:-on carol true} >/dev/null
	plain=$(denials)
	"$@"
	assert_eq "$(comm -13 <(echo "$plain") <(denials))" "" "denials"
	nothing_left
}
refused() { # refused USER: sshd says much (the message of the day), and runs nothing
	local said
	said=$(on "$1" 'echo in' 2>&1) && fail "$1 got in: $said"
	! grep -qx in <<<"$said" || fail "the command of $1 ran: $said"
}
loaded() { root "semodule -l | grep -qx nsisolate"; }
policy_load() { loaded || root "semodule -i $policy"; }

test_enable_and_doctor_say_what_the_policy_lacks() {
	assert_eq "$(root getenforce)" Enforcing "the control: SELinux"
	assert_eq "$(on alice 'id -Z; hostname')" "$label
lab" "the control: a plain login"
	package_copy
	WAIT=300 root "DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 install /root/$DEB" >>"$M/install.log" 2>&1
	# Debian's profile puts the line before pam_selinux
	root 'nsisolatectl disable common-session' >>"$M/install.log" 2>&1
	assert_match "$(root 'nsisolatectl enable sshd' 2>&1)" "SELinux denies /usr/sbin/sshd .*semodule -i $policy" enable
	assert_eq "$(root 'grep -c nsisolate /etc/pam.d/sshd')" 0 "sshd's stack"
	assert_match "$(root 'nsisolatectl doctor' 2>&1)" "problem +SELinux.*sys_admin.*semodule -i $policy" doctor
	# what they warn of
	root "echo 'session required pam_nsisolate.so' >>/etc/pam.d/sshd"
	refused alice
	logged 'session refused: user=alice' >/dev/null
	assert_eq "$(on root hostname)" lab "root's"
	root "sed -i '/pam_nsisolate/d' /etc/pam.d/sshd"
	policy_load
	root 'nsisolatectl enable sshd login su' >>"$M/install.log" 2>&1 || fail "$(tail -n 3 "$M/install.log")"
	[[ $(root 'nsisolatectl doctor' 2>&1) != *SELinux* ]] || fail "doctor still warns"
	machine_settle # for the tests after this one
}

logins() {
	local what='id -Z; hostname; cat /proc/1/comm; ps -e -o user= | sort -u' wanted
	wanted="$label
alice-lab
nsisolate-init
alice"
	assert_eq "$(on alice "$what")" "$wanted" "a command by ssh"
	assert_eq "$(on alice -tt "$what; ls -Z \$(tty)" 2>/dev/null | tr -d '\r' | sed 's, /dev/.*,,')" "$wanted
unconfined_u:object_r:user_devpts_t:s0" "at a terminal"
	assert_eq "$(console alice "$what")" "$wanted" "at the console"
}
test_logins_are_isolated_and_have_their_label() { denied_no_more logins; }

shared() {
	hold alice 'exec sleep 3000'
	assert_eq "$(on alice 'pgrep -x sleep | wc -l; id -Z')" "1
$label" "a second login"
	release
	root 'nsisolatectl end --user alice' >/dev/null
}
test_a_users_logins_share_their_session() { denied_no_more shared; }

# D-Bus of Debian 13 parts from logind when root's su hands it a descriptor, which the policy denies.
su_to() { # su_to USER COMMAND
	root "su $1 -c '$2'"
	root 'loginctl list-sessions' >/dev/null 2>&1 || root 'systemctl restart systemd-logind'
}
by_su() {
	conf <<<$'[users]\nuser = alice\nservice = su'
	assert_eq "$(su_to alice 'hostname; id -Z')" "alice-lab
$label" su
}
test_su_is_isolated_and_has_its_label() { PLAIN='su_to carol true' denied_no_more by_su; }

without_root() {
	root 'usermod -s /usr/bin/nsisolate-shell dave'
	conf <<<$'[users]\nuser = dave\nservice = nsisolate-shell\nshell = /bin/bash'
	assert_eq "$(on dave 'hostname; cat /proc/1/comm')" "dave-lab
nsisolate-init" "a session without root"
}
test_nsisolate_shell_needs_no_policy() { denied_no_more without_root; }

test_a_confined_user_is_refused_with_words() {
	root "sed -i '1i bob:user_u:s0' /etc/selinux/default/seusers"
	refused bob
	logged 'session refused: user=bob: .*Permission denied' >/dev/null
	root "sed -i '/^bob:/d' /etc/selinux/default/seusers"
	assert_eq "$(on bob hostname)" bob-lab "the next login, unconfined"
	nothing_left
}
