# The PAM stacks that packages bring: what pam-judge and doctor say about each is what libpam does with it, as shipped,
# followed by our line, and after doctor's advice was taken.
. tests/stage.sh
. tests/login/judge.sh

# Every other module answers as the test says, by the first letter of its first argument
modules_that_answer() { # modules_that_answer [MODULE...]: these, too
	local directory=$STAGE/security module
	mkdir $directory
	for module in "$PAMDIR"/pam_*.so "$@"; do cp "$BUILD/tests/pam_answer.so" "$directory/${module##*/}"; done
	cp "$PAMDIR"/pam_{permit,deny,nsisolate}.so $directory
	mount --bind $directory "$PAMDIR"
}

# holds SERVICE...: the real outcomes are among those that the judge considers possible; lines share letters here, so
# not all of these occur
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

# ---- pam-auth-update, with all existing profiles ----

profiles() { DEBIAN_FRONTEND=noninteractive pam-auth-update "$@"; }

# stack_of PROFILE KIND: a service with the session lines that pam-auth-update made, a letter for each module of the profile
stack_of() {
	awk -v pass='^pam_(permit|deny|unix|umask|nsisolate)' '
		BEGIN { print "auth required pam_permit.so\naccount required pam_permit.so" }
		/^session/ {
			match($0, /pam_[a-z0-9_]*\.so/)
			if (substr($0, RSTART, RLENGTH) !~ pass) sub(/\.so/, ".so " substr("abcdefghijklmnopqrstuvwxyz", ++used, 1))
			print
		}' /etc/pam.d/common-session >"/etc/pam.d/$1.$2"
	services+=("$1.$2")
}

# with none of our two profiles, with each, and with both
with_ours() { # with_ours NAME PROFILE...
	local name=$1
	shift
	profiles --enable "$@"
	stack_of "$name" none
	profiles --enable nsisolate
	stack_of "$name" first
	profiles --enable nsisolate-close
	stack_of "$name" both
	profiles --disable nsisolate
	stack_of "$name" close
	profiles --disable nsisolate-close "$@"
	diff -r $STAGE/common <(cat /etc/pam.d/common-*) || fail "$name leaves something behind"
}

test_profiles_of_packages() {
	local modules services=() chosen=() name kind remedied
	[ -d "$BUILD/clients/profiles/usr" ] || skip "run by make check-clients"
	grep -q -e --disable "$(command -v pam-auth-update)" || skip "this pam-auth-update cannot take a profile out"
	pam_stack sshd ''
	cp "$BUILD"/clients/profiles/usr/share/pam-configs/* "$TOP"/packaging/pam-configs/* /usr/share/pam-configs/
	for name in "$BUILD"/clients/profiles/usr/share/pam-configs/*; do
		sed -i 's/^Default: yes/Default: no/' "/usr/share/pam-configs/${name##*/}"
		[ "${name##*/}" = unix ] || chosen+=("${name##*/}")
	done
	[ ${#chosen[@]} -ge 20 ] || fail "only ${chosen[*]}"
	profiles --package --force
	profiles --disable "${chosen[@]}"
	cat /etc/pam.d/common-* >$STAGE/common
	for name in "${chosen[@]}"; do with_ours "$name" "$name"; done
	mapfile -t modules < <(cat "$BUILD"/clients/profiles/usr/share/pam-configs/* | grep -o 'pam_[a-z0-9_]*\.so' | sort -u)
	modules_that_answer "${modules[@]}"
	rule
	agree ab "${services[@]}"
	for kind in none first both close; do
		mapfile -t services < <(cd /etc/pam.d && ls -d -- *.$kind)
		printf '[users]\nuser = alice\nservice = %s\n' "$(IFS=,; echo "${services[*]}")" | conf
		remedied=()
		doctor_agrees ab "${services[@]}"
		[ ${#remedied[@]} = 0 ] || assert_eq "$(really ab "${remedied[@]}" | grep -v ' isolated$')" '' "after the remedies"
		[ $kind = both ] || continue
		assert_eq "$(nsisolatectl doctor --json | jq -r '.[] | select(.subject | endswith(".both")) | .verdict' | sort | uniq -c | xargs)" \
			"${#services[@]} ok" "what doctor finds where both are"
	done
	rm /etc/pam.d/*.{none,first,both,close}
	umount "$PAMDIR"
	services=()
	with_ours all "${chosen[@]}"
	rm -r $STAGE/security
	modules_that_answer "${modules[@]}"
	rule
	holds "${services[@]}"
	printf '[users]\nuser = alice\nservice = %s\n' "$(IFS=,; echo "${services[*]}")" | conf
	doctor_agrees _cs "${services[@]}"
	umount "$PAMDIR"
	rm /etc/pam.d/all.*
	echo "${#chosen[@]} profiles"
}
