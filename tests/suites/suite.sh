# suite.sh - compares what another project's tests say in a plain login with what they say in sessions: source it.
#
#	compare SUITE [TEST...]
#		runs tests/suites/in_SUITE.sh (of the TESTs only) in each of $WAYS, compares each with the first, test by test,
#		prints a row of the table, and fails unless each difference is in $known
#
# in_SUITE.sh OUT [TEST...] is run by a login with a terminal.  For each test, or for the TESTs alone, it appends a line
# `OUTCOME<TAB>TEST` to the file OUT; what else it wants to keep goes to OUT.log.
#
# $known has the differences that there must be, a line each: WAY, TEST, its outcomes in a plain login and in the
# session, with tabs in between, and after a `#` the reason.  In a whole run a line that does not come true fails, too.
#
# A difference that is gone when the tests are run again, alone, in both ways, is `unsteady`: printed, and no failure.
. tests/stage.sh

[ -n "${SUITES:-}" ] || ! on_stage || skip "run by make check-suites"
! on_stage || ldconfig
RESULTS=${RESULTS:-${SUITES:-}/results}
WAYS=${WAYS:-plain user session shell}

rule_of() { # rule_of WAY
	case $1 in
	plain) echo 'isolate = no' ;;
	user | session) printf '%s\n' 'service = sshd' "scope = $1" ;;
	shell) printf '%s\n' 'service = nsisolate-shell' 'shell = /bin/bash' ;;
	esac
}
nobody_there() { ! pgrep -u alice; }

# run_way WAY OUT [TEST...]: the suite, in a login of alice's
run_way() {
	local way=$1 out=$2 shell=/bin/bash said=/home/alice/.said
	shift 2
	{ printf '[users]\nuid = 1000-59999\n'; rule_of $way; } | conf
	pam_stack sshd 'session required pam_nsisolate.so'
	[ $way != shell ] || { shell=$NSISOLATE_SHELL; pam_stack sshd ''; }
	sed -i "s|^\(alice:.*:\)[^:]*$|\1$shell|" /etc/passwd
	sshd_start
	mkdir $said
	chown alice $said
	ssh "${SSH_OPTIONS[@]}" -tt alice@127.0.0.1 "uname -n >$said/name
		exec sh $TOP/tests/suites/in_$suite.sh $said/out ${*@Q}" </dev/null >$STAGE/terminal 2>&1
	sshd_stop
	[ -s $said/out ] || fail "$suite, $way: no outcomes: $(tail -n 20 $STAGE/terminal)"
	sort $said/out >"$out"
	[ ! -e $said/out.log ] || cp $said/out.log "$out.log"
	if [ $way = plain ]; then
		assert_eq "$(<$said/name)" lab "where it ran"
		pkill -KILL -u alice
	else
		assert_match "$(<$said/name)" '^alice-lab' "where it ran"
	fi
	wait_for nobody_there || fail "$suite, $way: left behind: $(ps -u alice -o pid,args)"
	sed -i "s|^\(alice:.*:\)[^:]*$|\1/bin/bash|" /etc/passwd
	find /home/alice -mindepth 1 ! -path '/home/alice/.ssh*' ! -name .hushlogin -delete
	find /tmp /dev/shm -xdev -user alice -delete
}

# WAY, TEST, OUTCOMES of two files
differences() { # differences WAY PLAIN INSIDE
	awk -F '\t' -v OFS='\t' -v way="$1" '
		NR == FNR { plain[$2] = $1; inside[$2] = "-"; next }
		{ inside[$2] = $1 }
		END {
			for (test in inside) {
				if (!(test in plain)) plain[test] = "-"
				if (plain[test] != inside[test]) print way, test, plain[test], inside[test]
			}
		}' "$2" "$3" | sort
}
counts() { # the good ones first
	cut -f 1 "$1" | sed 's/[ :].*//' | sort | uniq -c | sort -s -k 2,2 | awk '
		$2 == "ok" { good = $1 } $2 != "ok" { rest = rest ", " $1 " " $2 } END { print good + 0 " ok" rest }'
}

only_first() { comm -23 <(grep . <<<"$1" | sort) <(grep . <<<"$2" | sort); } # the lines that the other lacks
# of the differences on standard input those that stay when the tests are run again, three times
that_stay() {
	local round tests left
	left=$(cat)
	for round in 1 2 3; do
		mapfile -t tests < <(grep . <<<"$left" | cut -f 2)
		[ ${#tests[@]} != 0 ] || return 0
		[ ${#tests[@]} -le 40 ] || break
		(run_way plain $STAGE/again.plain "${tests[@]}" && run_way $way $STAGE/again.inside "${tests[@]}") >&2 || break
		left=$(comm -12 <(cut -f 1-2 <<<"$left" | sort) <(differences $way $STAGE/again.plain $STAGE/again.inside | cut -f 1-2) |
			while read -r line; do grep -F "$line"$'\t' <<<"$left"; done)
	done
	printf '%s\n' "$left"
}

compare() {
	local suite=$1 way seen stay expected row="| $1 |" told=''
	shift
	: >$STAGE/wrong
	for way in $WAYS; do
		run_way $way "$RESULTS/$suite.$way" "$@"
		row+=" $(counts "$RESULTS/$suite.$way") |"
		echo "        $suite, $way: $(counts "$RESULTS/$suite.$way")" >&7
		[ $way != plain ] || continue
		expected=$(sed 's/[[:space:]]*#.*//' <<<"${known:-}" | grep "^$way"$'\t' | sort)
		seen=$(differences $way "$RESULTS/$suite.plain" "$RESULTS/$suite.$way")
		stay=$(only_first "$seen" "$expected" | that_stay)
		{
			grep . <<<"$stay"
			[ $# != 0 ] || only_first "$expected" "$seen" | sed 's/$/	(is not so)/'
		} >>$STAGE/wrong
		only_first "$seen" "$expected"$'\n'"$stay" | sed 's/^/        unsteady: /' >&7
		told+=", $way $(comm -12 <(sort <<<"$expected") <(sort <<<"$seen") | grep -c .)"
	done
	printf '        %s\n' "| suite | ${WAYS// / | } | differences named |" "|---$(tr -dc ' ' <<<"$WAYS" | sed 's/ /|---/g')|---|---|" \
		"$row ${told#, } |" >&7
	assert_eq "$(<$STAGE/wrong)" '' "$suite: tests that end otherwise in a session"
}
