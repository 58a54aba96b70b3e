# nsisolatectl enable and disable on the PAM stacks that packages bring: what they leave.
. tests/stage.sh

looks() { stat -c '%n %F %N %U %G %a %s' /etc/pam.d/*; cksum /etc/pam.d/*; } 2>/dev/null

test_every_stack_of_the_packages_is_given_back() {
	local file service said enabled=() refused=()
	[ -d "$BUILD/clients/stacks/etc/pam.d" ] || skip "nobody fetched these stacks"
	pam_stack sshd ''
	cp -a "$BUILD"/clients/stacks/etc/pam.d/. /etc/pam.d/
	[ ! -d "$BUILD/clients/stacks/usr/lib/pam.d" ] || cp -a "$BUILD"/clients/stacks/usr/lib/pam.d/. /usr/lib/pam.d/
	looks >$STAGE/looks
	for file in /etc/pam.d/* /usr/lib/pam.d/*; do
		service=${file##*/}
		case $service in common-* | *[A-Z~]*) continue ;; esac
		if said=$(nsisolatectl enable "$service" 2>&1); then
			enabled+=("$service")
		else
			refused+=("$said")
			looks | diff $STAGE/looks - || fail "$service, refused: $said"
		fi
		said+=$(nsisolatectl disable "$service" 2>&1) || fail "$service: $said"
		looks | diff $STAGE/looks - || fail "$service: $said"
	done
	echo "${#enabled[@]} enabled, ${#refused[@]} refused" >&7
	[ ${#enabled[@]} -ge 20 ] || fail "only ${enabled[*]}: ${refused[*]}"
	rm $STAGE/looks
}
