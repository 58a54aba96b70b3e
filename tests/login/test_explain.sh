# nsisolatectl explain says what a login gets: PAIRS (40) configurations for each way in, each checked by a
# real login.
. tests/stage.sh

PAIRS=${PAIRS:-40}

# A user of the list and a configuration, always the same for one number: a line with the user, then the
# file.  Its rules have up to six matchers, all about the users of the stage.
random_pair() { # random_pair NUMBER USERS
	awk -v seed="$1" -v users="$2" -v admins="$ADMINS" '
	function one_of(list,  words) { return words[1 + int(rand() * split(list, words, "|"))] }
	function maybe(chance, key, list) { if (rand() < chance) print key " = " one_of(list) }
	function settings() {
		maybe(0.25, "isolate", "yes|no|no")
		maybe(0.3, "namespaces", "uts|pid|uts, pid|mount, uts")
		maybe(0.3, "hostname", "%u-%r|%l.%u|x%U-%g|%U|a.b.%u.%H|%r%%%u")
	}
	BEGIN {
		srand(seed)
		print one_of(users)
		if (rand() < 0.5) { print "[defaults]"; settings() }
		rules = 1 + int(rand() * 6)
		for (rule = 1; rule <= rules; rule++) {
			print "[rule-" rule "]"
			maybe(0.5, "user", "alice|bob, carol|*, !alice|a*|?????|dave|d*, !bob|root")
			maybe(0.3, "uid", "5001|5002-5003|0-5001|1000-59999, !5002")
			maybe(0.3, "group", "alice|" admins "|*, !" admins "|nobody-at-all|bob, carol")
			maybe(0.25, "service", "su*|nsisolate-shell|sshd|*, !su|su, nsisolate-shell")
			maybe(0.1, "tty", "*|pts/*|*, !?*")
			maybe(0.1, "from", "*|192.0.2.0/24|?*|*, !10.0.0.0/8")
			settings()
		}
	}'
}

# Describes a session in the words of `explained`: by its kinds of namespace and its hostname
LOOK='for kind in uts pid mnt; do
	[ "$(readlink /proc/self/ns/$kind)" = "$(eval echo \$HOST_$kind)" ] || printf "%s " $kind
done
hostname'

host_namespaces() {
	local kind
	for kind in uts pid mnt; do echo "HOST_$kind=$(readlink /proc/self/ns/$kind);"; done
}

# The same from explain's output
explained() { # explained SERVICE USER
	local text hostname=lab kinds=
	text=$(nsisolatectl explain --service "$1" "$2") || fail "explain: $text"
	if grep -q '^isolated by rule' <<<"$text"; then
		kinds=$(sed -n 's/^  namespaces   \([a-z, ]*[a-z]\)  .*/\1 /p' <<<"$text" | tr -d ,)
		kinds=${kinds/mount/mnt}
		hostname=$(awk '$1 == "hostname" { print $2 }' <<<"$text")
		[ "$hostname" != - ] || hostname=lab
	fi
	echo "$kinds$hostname"
}

agree() { # agree SERVICE USERS FIRST: logins for those pairs must get what explain says
	local pair text user got isolated=0
	ADMINS=$(id -Gn carol | tr ' ' '\n' | grep -xE 'sudo|wheel')
	for ((pair = $3; pair < $3 + PAIRS; pair++)); do
		text=$(random_pair $pair "$2")
		user=${text%%$'\n'*}
		conf <<<"${text#*$'\n'}"
		got=$(log_in "$user" "$(host_namespaces)$LOOK" 2>&1)
		assert_eq "$got" "$(explained "$1" "$user")" "pair $pair, $text
"
		[ "$got" = lab ] || isolated=$((isolated + 1))
	done
	# both occur often enough to be meaningful
	if [ $isolated -lt $((PAIRS / 5)) ] || [ $isolated -gt $((PAIRS * 4 / 5)) ]; then
		fail "$isolated of $PAIRS logins were isolated"
	fi
}

test_explain_and_logins_through_the_module_agree() {
	pam_stack su 'session required pam_nsisolate.so'
	log_in() { su "$1" -s /bin/sh -c "$2" </dev/null; }
	agree su 'alice|bob|carol|root' 0
}

test_explain_and_logins_through_the_shell_agree() {
	log_in() { as "$1" "$BINDIR/nsisolate-shell" -c "$2" </dev/null; }
	agree nsisolate-shell 'alice|bob|carol|dave' 1000
}
