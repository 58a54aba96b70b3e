# bare.sh - cheap sessions, for tests that need many: the module's by pam_app and a PAM stack with nothing
# else in it, the shell's by calling nsisolate-shell.  Source it after stage.sh.
#
#	rule [LINE...]          nsisolate.conf: one rule, for all logins, with these lines
#	each_way FUNCTION...    runs it with $way module and $user alice, then with shell and dave; no
#	                        process of either may be left
#	bare FUNCTION...        the same, and the stage must then be as it was
#	in_session COMMAND      runs COMMAND in a session of $user; pam_app must get back all it had

rule() {
	echo '[all]'
	[ $# = 0 ] || printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"

stack() { # stack SERVICE [ARGUMENT]: with nothing but the module
	printf '%s required pam_permit.so\n' auth account password session
	echo "session required pam_nsisolate.so ${2:-}"
} >"/etc/pam.d/$1"

in_session() {
	case $way in
	module) "$BUILD/tests/pam_app" stage "$user" remember open run "$1" close same end ;;
	shell) as "$user" "$NSISOLATE_SHELL" -c "$1" ;;
	esac
}

each_way() {
	stack stage
	for way in module shell; do
		if [ $way = module ]; then user=alice; else user=dave; fi
		"$@"
		wait_for no_session || fail "left of the $way: $(ps -u $user -o pid,ppid,stat,args)"
	done
	rm /etc/pam.d/stage
}
no_session() { ! pgrep -x nsisolate-init && ! pgrep -u "$user"; }

bare() {
	each_way "$@"
	nothing_left
}
