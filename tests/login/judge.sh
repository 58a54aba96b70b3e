# judge.sh - what becomes of logins through a PAM stack: according to pam-judge, according to doctor, and in
# reality.  Source it after stage.sh.

JUDGE=$LIBEXECDIR/nsisolate/pam-judge
ANSWER=$BUILD/tests/pam_answer.so

rule() { printf '[users]\nuser = alice\n' | conf; }

# stack NAME LINE...: a service with these session lines
stack() {
	local name=$1
	shift
	printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' "$@" >"/etc/pam.d/$name"
}

# What can become of a session, for each service: `isolated`, `open`, both, else `refused`.  According to the
# judge, which also lets our own module fail, as no test does; and really, with letters for pam_answer.so
judged() { # judged SERVICE...
	local service said fates word
	for service; do
		said=$("$JUDGE" "$service" </dev/null) || fail "pam-judge $service: $said"
		assert_eq "${said##*$'\n'}" end "the last word on $service"
		# in tests our own module fails only because of its arguments
		fates=$(awk -F '\t' '$1 == "session" { fates = $5 ? "over" : $2 }
			$1 == "line" && $2 == "s" && $9 { wrong = 1 }
			END { print wrong || fates == "over" || fates < 8 ? fates : fates - 8 }' <<<"$said")
		! grep -qx unread <<<"$said" || fates=1
		case $fates in
		2 | 3 | 1[01]) word=isolated ;;
		6 | 7 | 1[45]) word='isolated open' ;;
		4 | 5 | 8 | 9 | 1[23]) word=open ;;
		0 | 1) word=refused ;;
		*) word=$fates ;;
		esac
		echo "$service $word"
	done
}
really() { # really LETTERS SERVICE...
	bounded 3000 "$BUILD/tests/pam_fates" alice "$@" | sed -E 's/ ([a-z ]+) refused$/ \1/'
}

# agree LETTERS SERVICE...: if they differ, fails with the difference and the stack
agree() {
	local letters=$1 said
	shift
	said=$(diff <(judged "$@") <(really "$letters" "$@")) && return
	fail "the judge (<) and libpam (>):
$said
$(sed -n 's/^[<>] \([a-z0-9]*\) .*/\/etc\/pam.d\/\1/p' <<<"$said" | sort -u | head -n 3 | xargs tail -n +1)"
}

# What doctor says becomes of logins: `isolated`, or something else; then follows its remedies
doctor_agrees() { # doctor_agrees LETTERS SERVICE...
	local letters=$1 service real said file remedy
	shift
	nsisolatectl doctor --json | jq -r '.[] | [.verdict, .subject, .why, .remedy // ""] | join("\t")' >$STAGE/said
	while read -r service real; do
		said=$(awk -F '\t' -v subject="PAM $service" '$2 == subject' $STAGE/said)
		case $real,$said in
		*,*'no login is isolated'* | *,*'every login is refused'* | *,*'only some logins are isolated'* | \
			*,*'does not name'* | *,unseen*)
			[ "$real" != isolated ] ;;
		*) [ "$real" = isolated ] ;;
		esac || fail "$service: logins are '$real', doctor says
$said
$(tail -n +1 "/etc/pam.d/$service" "/etc/pam.d/$service-inner" 2>/dev/null)"
		if grep -q $'\tnsisolatectl enable '"$service"'$' <<<"$said"; then
			nsisolatectl enable "$service" >/dev/null || fail "enable $service fails, which doctor advises"
			remedied+=("$service")
			continue
		fi
		remedy=$(grep -o '# in /etc/pam.d/[^:]*: .session required pam_nsisolate.so close. first' <<<"$said" | head -n 1)
		[ -n "$remedy" ] || continue
		file=${remedy#\# in }
		file=${file%%:*}
		# its logical lines are removed as a whole
		{
			echo 'session required pam_nsisolate.so close'
			awk '{ text = text (text == "" ? "" : "\n") $0 } !/\\[ \t]*$/ { if (text !~ /pam_nsisolate/) print text; text = "" }
				END { if (text != "" && text !~ /pam_nsisolate/) print text }' "$file"
			echo 'session required pam_nsisolate.so'
		} >$STAGE/pair
		cat $STAGE/pair >"$file"
		remedied+=("$service")
	done < <(really "$letters" "$@")
}
