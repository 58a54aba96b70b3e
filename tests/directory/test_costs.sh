# What a login costs with a directory of 20,000 users: slapd's searches when nothing is cached, and time
# when everything is, as ratios.
# alone
. tests/directory/org.sh

rules() { printf '%s\n' ${1:+'[x]' "$1"} '[users]' 'uid = 1000-4294967294' | conf; }
# With priority over everything else on the machine if that is allowed, as in `make bench`; sssd, too: requests
# go from process to process, and each would have to wait.
first=
! chrt --fifo 1 true 2>/dev/null || first='chrt --fifo 1'
opens() { timeout 50 $first "$BUILD/tests/pam_app" "$1" "$2" time open close; } # opens SERVICE USER: microseconds
identifies() { # identifies USER: microseconds
	local start=${EPOCHREALTIME/[.,]/}
	id "$1" >/dev/null
	echo $((${EPOCHREALTIME/[.,]/} - start))
}
ratio() { echo "$(($1 / $2)).$((100 + 100 * ($1 % $2) / $2))" | sed 's/\.1/./'; }

cold() { # cold RULE USER COMMAND...: sets $searches, with only the account in sssd's cache
	rules "$1"
	org_cold
	getent passwd "$2" >/dev/null
	shift 2
	org_searches "$@"
}

asks_once() { # for $user, in $schema
	local list one members=0
	[ "$schema" != rfc2307bis ] || members=10
	cold '' $user getent initgroups $user
	list=$searches
	cold 'group = big2' $user app $user open close
	one=$searches
	cold 'group = big2, big3, staff people' $user app $user open close
	said "cold, sssd $schema, $user: $list searches for the list of groups," \
		"$one with a rule for a group of 5,000, $searches with one for three"
	[ "$one" -le $((list + 1 + 1 + members)) ] && [ "$searches" -le $((list + 1 + 3 * (1 + members))) ] ||
		fail "see above: $(grep 'SRCH base' $LOGS/syslog)"
	cold 'group = sudo, wheel, admin' $user app $user open close
	[ "$searches" -le $((list + 4)) ] || fail "$schema: $searches searches for three that are not the directory's"
}

# In addition to the list of the user's groups, and the nonexistent one, which shows that all services answered.
# With rfc2307bis sssd looks up the members, too: one search for more than ten, otherwise one each.
test_a_cold_login_asks_once_for_each_name_in_the_rules() {
	local user schema
	for schema in rfc2307 'rfc2307bis ignore_group_members=true' rfc2307bis; do
		# shellcheck disable=SC2086 # words
		org_start $schema
		stack
		for user in u2 u15002 u27 u205; do
			cold '' $user app $user open close
			assert_eq "$searches" 0 "$schema, $user, by uid"
			asks_once
		done
		cold 'group = g*' u205 app u205 open close
		[ "$searches" -gt 200 ] || fail "$schema: all groups of u205: $searches searches"
		said "cold, sssd $schema, u205: $searches searches for a pattern"
		cold '' u205 id u205
		said "cold, sssd $schema, u205: $searches searches by id(1)"
		org_end
	done
}

# a server or a client that does not dereference, and what helps
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

# At most so many times the cost of a rule by uid: the least of each, in turn.  Other load only makes one take
# longer, so more turns come closer to the real cost.
times_uid() { # times_uid MOST USER RULE
	local what took turn
	local -A least
	rules "$3"
	for turn in {1..100}; do
		for what in uid stage permit id; do
			[ $what != id ] || [ "$turn" -le 5 ] || continue # it is slow
			took=$([ $what = id ] && identifies "$2" || opens $what "$2")
			[ "${least[$what]:-$took}" -lt "$took" ] || least[$what]=$took
		done
		[ "$turn" -lt 15 ] || [ "${least[stage]}" -gt $(($1 * least[uid])) ] || break
	done
	said "warm, sssd $schema, $2, '$3': by uid 1, by group $(ratio "${least[stage]}" "${least[uid]}");" \
		"pam_permit $(ratio "${least[permit]}" "${least[uid]}")," \
		"id(1) $(ratio "${least[id]}" "${least[uid]}") (${least[uid]} us, $turn turns)"
	[ "${least[stage]}" -le $(($1 * least[uid])) ] || fail "$2, '$3': more than $1 times"
}

test_a_warm_login_costs_at_most_twice_one_by_uid() {
	local user schema
	for schema in rfc2307 rfc2307bis; do
		org_start $schema
		[ -z "$first" ] || pgrep sssd | xargs -n 1 chrt --all-tasks --fifo --pid 1
		stack
		sed '/nsisolate/d' /etc/pam.d/stage >/etc/pam.d/permit
		sed 's,nsisolate.so.*,& conf=/etc/uid.conf,' /etc/pam.d/stage >/etc/pam.d/uid
		rules ''
		cp -p /etc/nsisolate.conf /etc/uid.conf
		for user in u1 u15002 u27 u205; do
			times_uid 2 $user 'group = g1, g2'
			times_uid 2 $user 'group = big1'
			# two that no service knows, each asked for twice: libnss_systemd takes 150 us each time
			times_uid 3 $user 'group = sudo, wheel, admin'
		done
		rm /etc/pam.d/{permit,uid} /etc/uid.conf
		org_end
	done
}
