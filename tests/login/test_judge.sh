# pam-judge: what it says about a stack is what libpam does with it, whatever the modules answer.
. tests/stage.sh
. tests/login/judge.sh

test_no_code_of_a_module_runs_in_it() {
	rule
	stack one "session required $ANSWER a" "session required pam_nsisolate.so"
	rm -f /tmp/pam_answer.loaded
	assert_eq "$(judged one)" 'one isolated'
	[ ! -e /tmp/pam_answer.loaded ] || fail "a module was loaded"
	# the control
	assert_eq "$(really a one)" 'one isolated'
	[ -e /tmp/pam_answer.loaded ] || fail "libpam loads no module"
	rm /tmp/pam_answer.loaded /etc/pam.d/one
}

test_nothing_is_logged_by_it() {
	rule
	stack one 'session required pam_no_such.so' 'session required pam_nsisolate.so' 'nonsense'
	assert_eq "$(judged one)" 'one refused'
	assert_eq "$(cat $LOGS/syslog)" '' "syslog"
	# the control
	assert_eq "$(really a one)" 'one refused'
	logged 'unable to dlopen' >/dev/null
	rm /etc/pam.d/one
}

test_it_says_what_libpam_does_with_text() {
	local us='session required pam_nsisolate.so' a="session optional $ANSWER a" names=() i many
	rule
	add() { names+=("text${#names[@]}"); stack "${names[-1]}" "$@"; }
	printf -v many 'x%s ' {1..40}
	add "$a" "$us"
	add "$us" "$a"
	# a backslash before a blank line, a comment, the end
	add "$a \\" '' "$us"
	add "$a \\" '# comment' "$us"
	add "$a \\" "   $us"
	add "$a \\ # comment" "$us"
	add "$us \\"
	add "$a" 'session required \' '  pam_nsisolate.so'
	# half lines
	add session "$us"
	add 'session required' "$us"
	add 'session substack' "$us" # libpam 1.5 crashes
	add 'session include' "$us"
	add 'nonsense required pam_permit.so' "$us"
	add 'required pam_permit.so' "$us"
	add "$us" session
	# files that do not exist
	add 'session include nope' "$us"
	add 'session substack nope' "$us"
	add '@include nope' "$us"
	add 'session optional pam_nope.so' "$us"
	add 'session required pam_nope.so' "$us"
	add '-session required pam_nope.so' "$us"
	add 'session [module_unknown=ignore default=bad] pam_nope.so' "$us"
	add '-session sufficient pam_nope.so' "$us"
	add 'session required pam_nsisolate' # no .so
	add '-session required pam_nsisolate'
	add 'session required /opt/pam_nsisolate.so'
	# a module without such a function
	add 'session required pam_rootok.so' "$us"
	add 'session optional pam_rootok.so' "$us"
	# brackets
	add "session [success=ok default=die $ANSWER a" "$us"
	add "session [success=1 default=ignore $ANSWER a" "$us" 'session required pam_permit.so'
	add "session [success=1 default=ignore] $ANSWER [a with words]" "$us" 'session required pam_permit.so'
	add "session [success=1 default=ignore] $ANSWER [a ] $many" "$us" 'session required pam_permit.so'
	add 'session required pam_nsisolate.so [conf=/etc/nsisolate.conf]'
	add "session required pam_nsisolate.so debug $many"
	add "session required $ANSWER a $many" "$us"
	# carriage returns
	add $'session required pam_permit.so\r' "$us"
	add "$a" "$us"$'\r'
	add "$us debug"$'\r'
	# capitals
	add 'SESSION Required pam_nsisolate.so'
	add 'session required PAM_NSISOLATE.so'
	# controls that end the stack, and jumps
	add "session [success=die default=ok] $ANSWER a" "$us"
	add "session [default=die] $ANSWER a" "$us"
	add "session requisite $ANSWER a" "$us"
	add "session sufficient $ANSWER a" "$us"
	add "session [success=done default=ignore] $ANSWER a" "session sufficient $ANSWER b" "$us"
	# only if both fail
	add "session [success=done ignore=done default=ignore] $ANSWER a" \
		"session [success=done ignore=done default=ignore] $ANSWER b" "$us"
	add "session [success=1 default=ignore] $ANSWER a" "$us"
	add "session [success=1 default=ignore] $ANSWER a" "$us" 'session required pam_permit.so'
	add "session [success=7 default=ignore] $ANSWER a" "$us"
	add "session [user_unknown=1 default=ok] $ANSWER a" "$us" 'session required pam_permit.so'
	add "session required $ANSWER a" "session sufficient $ANSWER b" "$us"
	add "session required $ANSWER a" "session [default=reset] $ANSWER b" "$us" 'session optional pam_permit.so'
	add 'session [success=ok] pam_nsisolate.so'
	add 'session optional pam_nsisolate.so nonsense' 'session required pam_permit.so'
	add 'session required pam_nsisolate.so close' 'session required pam_nsisolate.so'
	add 'session required pam_nsisolate.so close'
	# no session line: `other` decides
	add 'password required pam_permit.so'
	agree ab "${names[@]}"
	[ ${#names[@]} -gt 50 ] || fail "only ${#names[@]} stacks"
	# a file without an end, and what decides if there is no file
	printf '%s' "$us" >/etc/pam.d/text0
	cp /etc/pam.d/other $STAGE/other
	printf '%s\n' "$a" "$us" >/etc/pam.d/other
	agree ab text0 no-such-service "${names[-1]}"
	printf '%s\n' "$us" >/etc/pam.d/a.service.with-dots
	agree ab a.service.with-dots A.Service.With-Dots
	cp $STAGE/other /etc/pam.d/other
	rm /etc/pam.d/text* /etc/pam.d/a.service.with-dots
}

test_files_that_include_each_other() {
	local us='session required pam_nsisolate.so'
	rule
	# libpam 1.5 goes on until the application crashes
	stack one 'session include one' "$us"
	assert_eq "$(judged one)" 'one refused'
	stack one 'session substack one' "$us"
	stack two "$us" 'session substack two'
	stack three 'session substack inner' "$us"
	printf '%s\n' "session sufficient $ANSWER a" "$us" >/etc/pam.d/inner
	stack four 'session include inner' 'session required pam_permit.so'
	stack five '@include inner' "$us"
	stack six "session [default=1] $ANSWER b" 'session substack inner' "$us"
	stack seven "session [default=2] $ANSWER b" 'session substack inner' "$us" 'session required pam_permit.so'
	[ -e /etc/debian_version ] || rm /etc/pam.d/five
	# shellcheck disable=SC2046
	agree ab one two three four $(cd /etc/pam.d && ls five) six seven
	rm /etc/pam.d/{one,two,three,four,six,seven,inner} /etc/pam.d/five
}

test_one_file_for_all_services() {
	local directory status
	rule
	for directory in /etc /usr/lib /usr/etc; do
		[ ! -d $directory/pam.d ] || mv $directory/pam.d $STAGE/pam.d${directory//\//-}
	done
	printf '%s\n' 'One session required pam_permit.so' 'ONE session required pam_nsisolate.so' \
		"two session sufficient $ANSWER a" 'two session required pam_nsisolate.so' \
		'OTHER session required pam_nsisolate.so' >/etc/pam.conf
	(agree a one two three)
	status=$?
	rm /etc/pam.conf
	for directory in /etc /usr/lib /usr/etc; do
		[ ! -d $STAGE/pam.d${directory//\//-} ] || mv $STAGE/pam.d${directory//\//-} $directory/pam.d
	done
	return $status
}

# ---- random stacks ----

# random_stacks SEED COUNT PREFIX LETTERS: PREFIX1 to PREFIXn, with each letter in at most one line of each
random_stacks() {
	awk -v seed="$1" -v count="$2" -v prefix="$3" -v letters="$4" -v answer="$ANSWER" '
		function pick(list,   parts) { return parts[1 + int(rand() * split(list, parts, " "))] }
		function control(   word) {
			if (rand() < 0.6) return pick("required required requisite sufficient sufficient optional Optional")
			word = "[success=" pick("ok ok ignore done die bad reset 1 1 2 3")
			if (rand() < 0.4) word = word " ignore=" pick("ignore ok bad 1 2")
			if (rand() < 0.2) word = word " user_unknown=" pick("ignore ok 1 done")
			if (rand() < 0.2) word = word " session_err=" pick("ignore die 1 2 reset")
			return word " default=" pick("ignore ignore bad die ok 1 2 done") "]"
		}
		function module(   letter) {
			if (rand() < 0.5 && used < length(letters)) {
				letter = substr(letters, ++used, 1)
				return answer " " letter (rand() < 0.3 ? " [x y]" : "")
			}
			return rand() < 0.07 ? "pam_deny.so" : rand() < 0.05 ? "pam_nope.so" : "pam_permit.so"
		}
		function say(line) {
			if (rand() < 0.06) sub(/ /, " \\\n\t", line)
			if (rand() < 0.05) line = line " # a comment"
			if (rand() < 0.02) line = line " \\"
			if (rand() < 0.01) line = line "\r"
			if (rand() < 0.02 && line !~ /answer/) sub(/[^ ]*$/, "", line)
			print line >file
			if (rand() < 0.1) print "" >file
		}
		function lines(n) {
			while (n-- > 0) say((rand() < 0.1 ? "-" : "") "session " control() " " module())
		}
		BEGIN {
			srand(seed)
			for (i = 1; i <= count; i++) {
				used = 0
				inner = rand() < 0.4 ? prefix i "-inner" : ""
				if (inner) {
					file = "/etc/pam.d/" inner
					lines(1 + int(rand() * 3))
					if (rand() < 0.2) say("session required pam_nsisolate.so")
					close(file)
				}
				file = "/etc/pam.d/" prefix i
				printf "auth required pam_permit.so\naccount required pam_permit.so\n" >file
				if (rand() < 0.2) say("session required pam_nsisolate.so close")
				lines(int(rand() * 3))
				if (inner) say("session " pick("include substack substack") " " inner)
				lines(int(rand() * 2))
				if (rand() < 0.92) say("session " (rand() < 0.8 ? "required" : control()) " pam_nsisolate.so")
				lines(int(rand() * 3))
				close(file)
			}
		}'
}

# agree_on_random_stacks SEED: of $STACKS, sixty at a time; `make soak` takes six hundred
agree_on_random_stacks() {
	local seed
	for ((seed = $1; seed < $1 + ${STACKS:-60} / 60; seed++)); do
		agree_on_sixty "$seed" "${LETTERS:-ab}"
	done
}

agree_on_sixty() { # agree_on_sixty SEED LETTERS
	local count=60 letters=$2 names=() i remedied=() fates
	echo "SEED=$1 LETTERS=$letters"
	rm -f /etc/pam.d/random*
	random_stacks "$1" "$count" random "$letters"
	for ((i = 1; i <= count; i++)); do names+=("random$i"); done
	printf '[users]\nuser = alice\nservice = %s\n' "$(printf 'random%s, ' $(seq "$count"))sshd" | conf
	agree "$letters" "${names[@]}"
	# the stacks are not all alike
	fates=$(judged "${names[@]}" | cut -d ' ' -f 2- | sort | uniq -c)
	[ "$(wc -l <<<"$fates")" -ge 3 ] || fail "only $fates"
	doctor_agrees "$letters" "${names[@]}"
	[ ${#remedied[@]} -gt 0 ] || fail "no remedy for any of $count"
	assert_eq "$(really "$letters" "${remedied[@]}" | grep -v ' isolated$')" '' "logins after the remedies"
	echo "${#remedied[@]} remedied, of $fates"
	rm /etc/pam.d/random*
}

test_random_stacks_of_one_seed() { agree_on_random_stacks 4711; }

fresh_seed() { od -An -N3 -tu4 /dev/urandom | tr -d ' '; }
# a seed that once found a bug; `make soak`, which sets STACKS, uses a new one each time
test_random_stacks() { agree_on_random_stacks "${SEED:-$([ -n "${STACKS:-}" ] && fresh_seed || echo 5566242)}"; }
