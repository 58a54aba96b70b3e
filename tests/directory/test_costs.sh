# What a login costs with a directory of 20,000 users: searches of slapd where nothing is cached, and time
# where everything is, as ratios.
# alone
. tests/directory/org.sh

rules() { printf '%s\n' ${1:+'[x]' "$1"} '[users]' 'uid = 1000-4294967294' | conf; }
opens() { timeout 50 "$BUILD/tests/pam_app" "$1" "$2" time open close; } # opens SERVICE USER: microseconds
identifies() { # identifies ID USER: microseconds
	local start=${EPOCHREALTIME/[.,]/}
	id "$2" >/dev/null
	echo $((${EPOCHREALTIME/[.,]/} - start))
}
warm() { for _ in 1 2 3 4 5 6 7 8 9; do "$@"; done | sort -n | head -n 1; }
ratio() { echo "$(($1 / $2)).$((100 + 100 * ($1 % $2) / $2))" | sed 's/\.1/./'; }
permit() { printf '%s required pam_permit.so\n' auth account password session >/etc/pam.d/permit; }

cold() { # cold RULE USER COMMAND...: sets $searches, where the account alone is in sssd's cache
	rules "$1"
	org_cold
	getent passwd "$2" >/dev/null
	shift 2
	org_searches "$@"
}

asks_once() { # for $user, in $schema; sets $list
	local one members=0
	[ "$schema" != rfc2307bis ] || members=10
	cold '' $user getent initgroups $user
	list=$searches
	cold 'group = big2' $user app $user open close
	one=$searches
	cold 'group = big2, big3, staff people' $user app $user open close
	said "cold, sssd $schema, $user: $list searches for the list of groups," \
		"$one with a rule for a group of 5,000, $searches with one for three"
	[ "$one" -le $((list + 1 + 1 + members)) ] && [ "$searches" -le $((list + 1 + 3 * (1 + members))) ]
}

# Besides the list of the user's groups, and the one that nobody has, which shows that all services answered.
# By rfc2307bis sssd looks the members up, too: one search for more than ten, else one each.
test_a_cold_login_asks_once_for_each_name_in_the_rules() {
	local user list schema
	for schema in rfc2307 'rfc2307bis ignore_group_members=true' rfc2307bis; do
		# shellcheck disable=SC2086 # words
		org_start $schema
		stack
		for user in u2 u15002 u27 u205; do
			cold '' $user app $user open close
			assert_eq "$searches" 0 "$schema, $user, by uid"
			asks_once || asks_once || asks_once || # sssd has some to ask of its own at times
				fail "see above: $(grep 'SRCH base' $LOGS/syslog)"
		done
		cold 'group = sudo, wheel, admin' u205 app u205 open close
		[ "$searches" -le $((list + 4)) ] || fail "$schema: $searches searches for three that are not the directory's"
		cold 'group = g*' u205 app u205 open close
		[ "$searches" -gt 200 ] || fail "$schema: all groups of u205: $searches searches"
		said "cold, sssd $schema, u205: $searches searches for a pattern"
		cold '' u205 id u205
		said "cold, sssd $schema, u205: $searches searches by id(1)"
		org_end
	done
}

# a server or a client that does not dereference; what helps there
test_without_dereferencing_a_cold_group_is_a_search_a_member() {
	org_start rfc2307bis ldap_deref_threshold=0
	stack
	cold 'group = big2' u2 app u2 open close
	said "cold, sssd rfc2307bis that does not dereference: $searches searches for a group of 5,000"
	[ "$searches" -gt 1000 ] || fail "a control: $searches searches"
	org_end
	org_start rfc2307bis ldap_deref_threshold=0 ignore_group_members=true
	stack
	cold 'group = big2' u2 app u2 open close
	said "the same, with ignore_group_members: $searches"
	[ "$searches" -le 20 ] || fail "$searches searches"
	org_end
}

# at most twice what a rule by uid costs; five tries, for what else the machine does
twice_uid() { # twice_uid USER RULE
	local uid group bare id
	for _ in 1 2 3 4 5; do
		rules ''
		uid=$(warm opens stage "$1")
		rules "$2"
		group=$(warm opens stage "$1")
		[ "$group" -gt $((2 * uid)) ] || break
	done
	bare=$(warm opens permit "$1")
	id=$(warm identifies id "$1")
	said "warm, sssd $schema, $1, '$2': by uid 1, by group $(ratio "$group" "$uid");" \
		"pam_permit $(ratio "$bare" "$uid"), id(1) $(ratio "$id" "$uid") ($uid us)"
	[ "$group" -le $((2 * uid)) ] || fail "$1, '$2': $group us, by uid $uid us"
}

test_a_warm_login_costs_at_most_twice_one_by_uid() {
	local user schema
	for schema in rfc2307 rfc2307bis; do
		org_start $schema
		stack
		permit
		for user in u1 u15002 u27 u205; do
			twice_uid $user 'group = g1, g2'
			twice_uid $user 'group = sudo, wheel, admin'
			twice_uid $user 'group = big1'
		done
		rm /etc/pam.d/permit
		org_end
	done
}
