# client.sh - for tests of foreign programs, which the stage has from tests/clients/run: source it.
#
#	plain_and_isolated FUNCTION     runs FUNCTION twice: with alice's logins plain ($way is plain), then isolated by
#	                                the module (isolated).  $HOST is the hostname that she must see
#	client_stack SERVICE [LINE]     the package's own stack, followed by LINE or the module's
. tests/stage.sh

MODULE='session required pam_nsisolate.so'
[ -n "${STAGE_LOWER:-}" ] || ! on_stage || skip "run by make check-clients"
! on_stage || ldconfig

client_stack() { pam_stack "$1" "${2:-$MODULE}"; }

plain_and_isolated() {
	for way in plain isolated; do
		HOST=lab
		printf '[users]\nuid = 1000-59999\nisolate = no\n' | conf
		if [ $way = isolated ]; then
			HOST=alice-lab
			# without a number, whatever has not ended yet
			printf '[users]\nuid = 1000-59999\nhostname = %%u-lab\n' | conf
		fi
		echo "--- $way" >&2
		"$@"
		[ $way = plain ] || logged 'session opened: user=alice ' >/dev/null
		nothing_left
	done
}
