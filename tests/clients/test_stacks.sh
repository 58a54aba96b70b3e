# The PAM stacks that packages bring: what pam-judge and doctor say of each is what libpam does with it, as it is
# shipped, with our line behind it, and after what doctor advises.
. tests/stage.sh
. tests/login/judge.sh

# Every module but these answers what the test says, by the first letter of its first argument
modules_that_answer() {
	local directory=$STAGE/security module
	mkdir $directory
	for module in "$PAMDIR"/pam_*.so; do cp "$BUILD/tests/pam_answer.so" "$directory/${module##*/}"; done
	cp "$PAMDIR"/pam_{permit,deny,nsisolate}.so $directory
	mount --bind $directory "$PAMDIR"
}

# holds SERVICE...: what really comes is among what the judge says may come; lines share a letter here, and so not
# all that may come does
holds() {
	local service judge real
	while read -r service judge && read -r _ real <&3; do
		case $judge,$real in
		isolated,isolated | isolated,refused | open,open | open,refused | refused,refused | 'isolated open',*) ;;
		*) fail "$service: the judge says '$judge', logins are '$real':
$(cat "/etc/pam.d/$service")" ;;
		esac
	done < <(judged "$@") 3< <(really _cs "$@")
}

test_stacks_of_packages() {
	local services=() service remedied=()
	[ -d "$BUILD/clients/stacks/etc" ] || skip "run by make check-clients"
	cp -a "$BUILD"/clients/stacks/etc/pam.d/. /etc/pam.d/
	[ ! -d "$BUILD/clients/stacks/usr/lib/pam.d" ] || cp -a "$BUILD"/clients/stacks/usr/lib/pam.d/. /etc/pam.d/
	for service in /etc/pam.d/*; do
		service=${service##*/}
		case $service in common-* | other | systemd-user | *[A-Z~]* | *.*) ;; *) services+=("$service") ;; esac
	done
	[ ${#services[@]} -ge 30 ] || fail "only ${services[*]}"
	printf '[users]\nuser = alice\nservice = %s\n' "$(IFS=,; echo "${services[*]}")" | conf
	modules_that_answer
	holds "${services[@]}"
	doctor_agrees _cs "${services[@]}"
	for service in "${services[@]}"; do echo 'session required pam_nsisolate.so' >>"/etc/pam.d/$service"; done
	holds "${services[@]}"
	remedied=()
	doctor_agrees _cs "${services[@]}"
	[ ${#remedied[@]} = 0 ] || assert_eq "$(really _cs "${remedied[@]}" | grep -v ' isolated$')" '' "after the remedies"
	echo "${#services[@]} stacks, ${#remedied[@]} remedied"
	umount "$PAMDIR"
}
