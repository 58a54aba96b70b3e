# fresh
# The README's installation, word for word, on a machine that has never had nsisolate.  Only `make deb` has
# been run already, in a chroot of the release: this machine has neither a compiler nor a network.

readme() { # readme HEADING N: the commands of the Nth block below it
	awk -v heading="### $1" -v wanted="$2" '
		/^#/ && !inside { here = $0 == heading }
		/^```/ { inside = !inside; count += inside && here; next }
		here && inside && count == wanted { print; found = 1 }
		END { exit !found }' "$VM/../../README.md"
}

follow() {
	local commands
	commands=$(readme "$@") || fail "the README has no block $2 below '$1'"
	[ -n "$commands" ] || fail "the block $2 below '$1' is empty"
	root "cd /root/nsisolate && sh -eux -c '${commands//\'/\'\\\'\'}' 2>&1" || fail "of the README: $1, $2"
}

follow_deb() { # the first block, except `make deb`
	local commands
	commands=$(readme "$@")
	assert_eq "$(head -n 1 <<<"$commands")" "make deb" "the README's first command"
	commands=$(tail -n +2 <<<"$commands")
	[ -n "$commands" ] || fail "the README installs nothing"
	package_copy
	root "mkdir -p /root/nsisolate/build/deb && mv /root/$DEB /root/nsisolate/build/deb/ &&
		cd /root/nsisolate && sh -eux -c '$commands' 2>&1" || fail "of the README: $1, $2"
}

test_the_readmes_install_section_as_an_admin_follows_it() {
	local way='Debian and Ubuntu' before
	# answers yes to apt
	drop_in /etc/apt/apt.conf.d <<<'APT::Get::Assume-Yes "true";'
	root 'mv /etc/apt/apt.conf.d/vm.conf /etc/apt/apt.conf.d/90vm'
	before=$(root 'cat /etc/pam.d/* | cksum')
	follow_deb "$way" 1
	assert_eq "$(on alice hostname)" lab "a login before it is chosen"
	follow 'Look at the rules' 1
	follow "$way" 2
	assert_eq "$(on alice 'hostname; cat /proc/1/comm')" "alice-lab
nsisolate-init" "a login after it is chosen"
	assert_eq "$(on root hostname)" lab "root's"
	assert_eq "$(on carol hostname)" lab "an administrator's"
	assert_eq "$(console alice hostname)" alice-lab "at the console"
	nothing_left
	follow "$way" 3
	assert_eq "$(root 'cat /etc/pam.d/* | cksum')" "$before" "/etc/pam.d"
	assert_eq "$(on alice hostname)" lab "a login after going back"
	assert_eq "$(root 'ls -d /etc/nsisolate* /usr/libexec/nsisolate /run/nsisolate 2>/dev/null')" "" \
		"what is there of it"
}
