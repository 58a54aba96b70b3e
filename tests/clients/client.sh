# client.sh - for tests of foreign programs, which the stage has from tests/clients/run: source it.
#
#	plain_and_isolated FUNCTION     runs FUNCTION with alice's logins plain ($way is plain), isolated by the module
#	                                (isolated), and by a rule with privacy = strict (strict), or in those of the
#	                                three that $WAYS has.  $UNAME is the hostname that she must see
#	strict FUNCTION...              runs it where privacy = strict can be had: with a network (see world.sh) and
#	                                control groups; what runs in the background ends with that
#	client_stack SERVICE [LINE]     the package's own stack, followed by LINE or the module's
. tests/stage.sh
. tests/login/world.sh

MODULE='session required pam_nsisolate.so'
[ -n "${STAGE_LOWER:-}" ] || ! on_stage || skip "run by make check-clients"
! on_stage || ldconfig

client_stack() { pam_stack "$1" "${2:-$MODULE}"; }

WAYS='plain isolated strict'
plain_and_isolated() {
	for way in $WAYS; do
		echo "--- $way" >&2
		case $way in
		plain) UNAME=lab; printf '[users]\nuid = 1000-59999\nisolate = no\n' | conf ;;
		# without a number, whatever has not ended yet
		*) UNAME=alice-lab; printf '[users]\nuid = 1000-59999\nhostname = %%u-lab\n' | conf ;;
		esac
		if [ $way = strict ]; then
			echo 'privacy = strict' >>"$SYSCONFDIR/nsisolate.conf"
			strict "$@"
		else
			"$@"
		fi
		[ $way = plain ] || logged 'session opened: user=alice ' >/dev/null
		nothing_left
	done
}
without_pasta() { fail "privacy = strict cannot be tried: no pasta here"; }
strict() { world with_control_groups "$@"; }
with_control_groups() {
	cgroup2_mount
	"$@"
	umount /sys/fs/cgroup
}
