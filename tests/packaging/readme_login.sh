# On a machine that was set up by the first block of README.md's section $1: the other blocks, and logins.
way=$1
. /tree/tests/packaging/inside.sh
cd /root/nsisolate
commands() { # commands HEADING N
	sh /tree/tests/packaging/readme_commands.sh "$1" "$2" >/tmp/commands
	cat /tmp/commands
	sh -eux /tmp/commands
}

cksum /etc/pam.d/* >/tmp/pam
sshd_start
test "$(on alice hostname)" = lab
commands 'Look at the rules' 1
test "$(on alice hostname)" = lab
commands "$way" 2
test "$(on alice hostname)" = alice-lab
test "$(on root hostname)" = lab
commands "$way" 3
cksum /etc/pam.d/* | diff /tmp/pam -
test "$(on alice hostname)" = lab
fails test -e /usr/sbin/nsisolatectl
fails test -e /usr/libexec/nsisolate
