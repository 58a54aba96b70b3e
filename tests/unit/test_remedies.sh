# The remedies in doctor's sources: no command names a file that is not ours.  Words that are inserted at
# run time are checked by doctor_remedy itself.
# needs: nobody
. tests/stage.sh

# remedies FILE...: the text of each call of doctor_remedy and the like, macros by their names
remedies() {
	awk '
		/(doctor|sysctl|sshd)_remedy\(/ && !/^(void|bool|static)/ { call = 1; text = "" }
		call { text = text " " $0 }
		call && /;$/ { call = 0; print FILENAME ": " text }' "$@" |
		awk '{ # literals, and between them macros in capitals
			out = ""; rest = $0
			while (match(rest, /"([^"\\]|\\.)*"/)) {
				between = substr(rest, 1, RSTART - 1)
				gsub(/[^A-Z_ ]/, " ", between)
				out = out between substr(rest, RSTART + 1, RLENGTH - 2)
				rest = substr(rest, RSTART + RLENGTH)
			}
			print out }'
}

strangers() { # of these words, paths that no command may name; what follows a # is not a command
	sed -E "s/(^| )#.*//; s/'[^']*'/text/g" | grep -oE '(^|[ >])/[A-Za-z][^ ;]*' |
		grep -vE '^[ >]?/(etc/(nsisolate|ssh/|pam\.d|systemd/(system/user@\.service|logind\.conf)\.d|polkit-1/.*nsisolate)|run/nsisolate)'
}

test_no_remedy_in_the_sources_names_a_file_of_others() {
	local found
	found=$(find shell/ctl/doctor -name '*.c')
	# shellcheck disable=SC2086 # words
	found=$(remedies $found)
	[ "$(wc -l <<<"$found")" -gt 50 ] || fail "only $(wc -l <<<"$found") remedies were found"
	assert_eq "$(strangers <<<"$found")" "" "files of others"
	# macros for paths of others must not be used
	assert_eq "$(sed -E 's/(^| )#.*//' <<<"$found" | grep -oE '\b(NSCD_CONF|SHELLS|CONFIG|LINGER|SUDOERS|KRB5[A-Z_]*)\b')" "" "macros"
	# the control: it would be noticed
	assert_eq "$(strangers <<<'sed -i s/a/b/ /etc/nsswitch.conf   # and reload')" " /etc/nsswitch.conf"
	assert_eq "$(strangers <<<'echo root >/etc/cron.allow')" ">/etc/cron.allow"
}
