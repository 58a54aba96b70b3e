# pam_mount before the module: its volume, for example an encrypted home, must be unmounted at logout.
. tests/clients/client.sh

volume_conf() {
	cat >/etc/security/pam_mount.conf.xml <<-'CONF'
		<?xml version="1.0" encoding="utf-8" ?>
		<!DOCTYPE pam_mount SYSTEM "pam_mount.conf.xml.dtd">
		<pam_mount>
		<volume user="alice" fstype="tmpfs" path="tmpfs" mountpoint="/srv" options="size=1M" />
		<mntoptions allow="*" />
		<logout wait="0" hup="no" term="no" kill="no" />
		<mkmountpoint enable="0" />
		</pam_mount>
	CONF
}
volume() { # volume LINE-BEFORE LINE-BEHIND
	{
		printf '%s required pam_permit.so\n' auth account password session
		printf '%s\n' "$1" 'session required pam_mount.so disable_interactive' "$2"
	} >/etc/pam.d/stage
	volume_conf
	"$BUILD/tests/pam_app" stage alice open run 'mountpoint -q /srv && uname -n' close end ||
		fail "$way: no volume in the session: $(cat $LOGS/syslog)"
}
behind_a_close_line() {
	volume "$MODULE close" "$MODULE"
	! mountpoint -q /srv || fail "$way: the volume stays"
	rm -rf /run/pam_mount
}
test_a_volume_is_unmounted_after_a_close_line() {
	plain_and_isolated behind_a_close_line
}

# as pam_nsisolate(8) and doctor say
test_it_stays_where_there_is_none() {
	local way=isolated
	printf '[users]\nuid = 1000-59999\n' | conf
	volume '' "$MODULE"
	mountpoint -q /srv || fail "it does not: say so in pam_nsisolate(8)"
	umount /srv
	rm -rf /run/pam_mount
	nothing_left
}

test_it_stays_when_the_login_is_refused() {
	volume_conf
	echo '[broken' | conf
	pam_stack sshd "$MODULE close"$'\n''session required pam_mount.so disable_interactive'$'\n'"$MODULE"
	sshd_start
	! on alice true 2>/dev/null || fail "it is not refused"
	sshd_stop
	mountpoint -q /srv || fail "it does not: say so in pam_nsisolate(8)"
	umount /srv
	rm -rf /run/pam_mount
	nothing_left
}
