# Directories: accounts and groups come from a service that may be down, hang, or have groups of any size.
# The service is a stand-in, tests/tools/nss/standin.c; `make check-directory` tests real ones.
. tests/stage.sh

LIBRARY=libnss_standin.so.2

# in MODE; its group.db and passwd.db have erin 6001, who is in staff and in a group of her own
directory() { # directory MODE
	local place
	[ -e "$BUILD/tests/$LIBRARY" ] || skip "this C library reads no nsswitch.conf"
	place=$(dirname "$(ldd "$BUILD/tests/pam_app" | awk '$1 ~ /^libc\.so/ { print $3 }')")
	install -m 755 "$BUILD/tests/$LIBRARY" "$place/"
	mkdir -p /run/standin
	chmod 1777 /run/standin
	[ -e /tmp/nsswitch ] || cp /etc/nsswitch.conf /tmp/nsswitch
	printf 'passwd: files standin\ngroup: files standin\nshadow: files\nhosts: files\n' >/etc/nsswitch.conf
	cp /etc/group /etc/group.kept
	sed -i '/^\(staff\|club\):/d' /etc/group
	echo 'erin:x:6001:6001::/tmp:/bin/sh' >/run/standin/passwd
	printf '%s\n' 'erin:x:6001:' 'staff:x:6100:erin,bob' 'sudo:x:6200:' >/run/standin/group
	mode "$1"
}
mode() { echo "$*" >/run/standin/mode; : >/run/standin/log; chmod 666 /run/standin/log; }
groups_for() { seq 8001 $((8000 + $2)) | sed "s/.*/g&:x:&:$1/"; } # groups_for USERS COUNT
asked() { grep -cE "$1" /run/standin/log; }

directory_end() {
	mode up
	cp /tmp/nsswitch /etc/nsswitch.conf
	rm -rf /run/standin /tmp/nsswitch
	rm -f /etc/pam.d/stage
	mv /etc/group.kept /etc/group
	nothing_left
}

stack() { own_stack "session required pam_nsisolate.so $*"; } # stack OPTION...
app() { timeout "$(pace_seconds 600)" "$BUILD/tests/pam_app" stage "$@"; }
gets() { # gets USER HOSTNAME
	app "$1" open run "uname -n >/tmp/name" close || fail "$1 does not get in: $(cat $LOGS/syslog)"
	assert_eq "$(cat /tmp/name)" "$2" "$1's hostname"
	rm -f /tmp/name
}
refused() { app "$1" refused 2>/dev/null || fail "$1 gets in"; }

shipped_rules() { sed 's/^service = .*/&, stage/' "$TOP/conf/nsisolate.conf" | conf; }

# ---- a service that is down ----

test_a_service_that_is_down_locks_nobody_out() {
	directory down
	stack
	shipped_rules
	gets carol lab
	not_logged 'in doubt' # an administrator's group is known
	gets alice alice-lab
	assert_match "$(logged '^<84>.*in doubt: user=alice rule=users isolate=yes')" \
		'whether rule \[administrators\] matches: .*service standin .*nsswitch'
	gets root lab
	directory_end
}

test_the_shell_takes_a_service_that_is_down_for_no_refusal() {
	directory down
	shipped_rules
	assert_eq "$(as dave "$NSISOLATE_SHELL" -c 'uname -n')" dave-lab
	logged '^<84>.*in doubt: user=dave rule=shell-users isolate=yes.*service standin' >/dev/null
	assert_eq "$(as carol "$NSISOLATE_SHELL" -c 'uname -n')" lab
	directory_end
}

test_two_policies_that_nobody_can_choose_from_refuse() {
	local rules=$'[staff]\ngroup = staff\ngrace = 5\n[all]\nuser = *\n'
	directory down
	stack
	conf <<<"$rules"
	refused alice
	logged 'session refused: user=alice: rule \[staff\], group: .*service standin' >/dev/null
	conf <<<$'[defaults]\non_error = allow\n'"$rules"
	# a user can use up the descriptors that NSS needs
	refused alice
	not_logged 'NOT isolated' # by on_error
	mode up
	gets alice alice-lab
	logged 'session opened: user=alice rule=all' >/dev/null
	gets bob bob-lab
	logged 'session opened: user=bob rule=staff' >/dev/null
	directory_end
}

test_a_rescue_group_is_what_is_known() {
	directory down
	stack "rescue_group=$(groups_of_carol)"
	printf 'nonsense\n' | conf
	gets carol lab
	logged '^<81>.*NOT isolated: user=carol is let in \(rescue_group\)' >/dev/null
	refused alice
	logged '^<83>.*rescue_group=.*service standin' >/dev/null
	directory_end
}
groups_of_carol() { id -Gn carol | tr ' ' '\n' | grep -xE 'sudo|wheel'; }

test_explain_says_what_is_unknown() {
	local seen
	directory down
	shipped_rules
	seen=$(nsisolatectl explain alice)
	assert_match "$seen" '\[administrators\] group alice: cannot be decided for sudo'
	assert_match "$seen" 'in doubt: .*\[administrators\].*service standin.*isolated by rule \[users\]'
	seen=$(nsisolatectl explain --json alice)
	assert_match "$seen" '"rule":"administrators".*"matched":null,.*"doubt":"cannot tell whether'
	assert_match "$seen" '"isolate":true,"observe":false,"rule":"users"'
	printf '[a]\ngroup = staff\nisolate = no\n[b]\nisolate = no\n' | conf
	seen=$(nsisolatectl explain alice)
	assert_match "$seen" '\[a\] group is not looked up here.*not isolated by rule \[b\]'
	directory_end
}

# ---- a service that hangs ----

test_uid_0_waits_for_no_group() {
	directory hang
	stack
	printf '[staff]\ngroup = staff, !wheel\n[club]\ngroup = c*\n[all]\nhostname = %%u\n' | conf
	app root open close || fail "root does not get in"
	logged 'session opened: user=root rule=all .*hostname=root' >/dev/null
	logged '^<84>.*in doubt: user=root rule=all isolate=yes: rule \[staff\] was passed over' >/dev/null
	assert_eq "$(asked 'initgroups|getgr')" 0 "groups asked for"
	directory_end
}

test_what_needs_no_group_waits_for_none() {
	directory hang
	stack
	printf '[staff]\ngroup = staff\nisolate = no\n[none]\nuser = bob\n' | conf
	app alice open close || fail "alice does not get in, whom no rule can isolate"
	printf '[staff]\ngroup = staff\nisolate = no\nservice = other\n[all]\ngroup = *\n' | conf
	app alice open close || fail "alice does not get in, who is in some group"
	logged 'session opened: user=alice rule=all' >/dev/null
	assert_eq "$(asked 'initgroups|getgr')" 0 "groups asked for"
	directory_end
}

# as soon as it is known to hang, which is after 5 s
test_check_explain_and_doctor_wait_for_no_service_that_hangs() {
	local seen
	directory hang
	printf '[a]\ngroup = no-such-group, sudo\nisolate = no\n[users]\nservice = stage\n' | conf
	mkdir /tmp/said
	timeout "$(pace_seconds 1000)" nsisolatectl check >/tmp/said/check &
	timeout "$(pace_seconds 1000)" nsisolatectl explain --service stage alice >/tmp/said/alice &
	timeout "$(pace_seconds 1000)" nsisolatectl explain --service stage erin >/tmp/said/erin 2>&1 &
	timeout "$(pace_seconds 1000)" nsisolatectl doctor >/tmp/said/doctor
	wait
	seen=$(cat /tmp/said/check)
	assert_match "$seen" 'service standin of nsswitch.conf does not answer within 5 s; so users and groups were not checked'
	! grep 'there is no group' <<<"$seen" || fail "what cannot be told is told: $seen"
	assert_match "$(cat /tmp/said/alice)" \
		'\[a\] group alice: cannot be decided.*in doubt: .*standin.*isolated by rule \[users\]'
	assert_match "$(cat /tmp/said/erin)" "standin.*does not answer.*cannot look up 'erin'"
	assert_match "$(grep '^problem' /tmp/said/doctor)" \
		'names .*service standin of nsswitch.conf does not answer'
	rm -r /tmp/said
	mode down
	seen=$(nsisolatectl check)
	assert_match "$seen" 'NSS failed at the service standin.*so users and groups were not checked'
	! grep 'no-such-group' <<<"$seen" || fail "what cannot be told is told: $seen"
	seen=$(nsisolatectl doctor)
	assert_match "$(grep '^problem' <<<"$seen")" 'names .*NSS failed at the service standin'
	# sssd has codes of its own
	mode down 1432158245
	assert_match "$(nsisolatectl check)" 'service standin .*: error code 1432158245; so users and groups were not checked'
	! grep 'no-such-group' <<<"$seen" || fail "what cannot be told is told: $seen"
	mode up
	assert_match "$(nsisolatectl check)" "there is no group 'no-such-group' here"
	! nsisolatectl doctor | grep '^problem.*standin' || fail "doctor complains of a service that answers"
	directory_end
}

test_explain_waits_for_no_service_that_is_the_only_one_for_groups() {
	local seen
	directory hang
	printf 'passwd: files standin\ngroup: standin\ninitgroups: standin\nshadow: files\n' >/etc/nsswitch.conf
	printf '[a]\ngroup = club\nisolate = no\n[users]\n' | conf
	seen=$(timeout "$(pace_seconds 1000)" nsisolatectl explain --service stage alice) || fail "status $?: $seen"
	assert_match "$seen" 'in doubt: .*standin.*isolated by rule \[users\]'
	directory_end
}

# or it would depend on how many groups somebody is in
test_a_name_in_another_case_matches_nobody_and_is_reported() {
	local seen count
	directory fold
	sed -i 's/^staff:/crew:/' /run/standin/group
	stack
	printf '[a]\nuser = ERIN\n[b]\ngroup = Crew\n[c]\ngroup = one, two, three, four, five\n[d]\n' | conf
	seen=$(nsisolatectl check)
	assert_match "$seen" "NSS calls this user 'erin', and only that name matches"
	assert_match "$seen" "NSS calls this group 'crew', and only that name matches"
	for count in few many; do
		: >$LOGS/syslog
		gets erin erin-lab
		logged 'session opened: user=erin rule=d' >/dev/null
		groups_for erin 9 >>/run/standin/group
	done
	directory_end
}

# ---- large groups, and many ----

# one line of 700 kB in /etc/group, and a pointer for each member
test_a_group_of_50000_members_keeps_nobody_out() {
	directory up
	stack
	{ printf 'everybody:x:7000:'; seq -f 'member-no-%.0f' -s , 50000 | tr -d '\n'; echo ',alice'; } >>/etc/group
	printf '[everybody]\ngroup = everybody\nhostname = all-%%l\n[users]\ngroup = staff, *\n' | conf
	gets alice all-lab
	gets bob bob-lab
	gets carol carol-lab
	directory_end
}

# a service that has no cache, as nslcd, asks its server at each try
test_a_group_of_5000_members_is_asked_for_once() {
	directory up
	stack
	{ printf 'team:x:7000:'; seq -f 'member%.0f' -s , 5000 | tr -d '\n'; echo; } >>/run/standin/group
	printf '[a]\ngroup = team\n[b]\n' | conf
	gets erin erin-lab
	assert_eq "$(asked 'getgrnam team')" 1 "questions for the group: $(cat /run/standin/log)"
	directory_end
}

# the kernel knows one of the names, and a login with few groups gets it from NSS
test_a_second_name_of_a_gid_is_reported() {
	directory up
	echo 'crew:x:6100:bob' >>/run/standin/group
	printf '[a]\ngroup = staff\n[b]\ngroup = crew\n[users]\n' | conf
	assert_eq "$(nsisolatectl check | grep -c "NSS calls the gid of this group 'staff', and for some users")" 1
	directory_end
}

# or it would depend on how many groups somebody is in
test_a_local_group_hides_one_of_the_same_name() {
	local count
	directory up
	stack
	echo 'staff:x:7001:carol' >>/etc/group
	printf '[a]\ngroup = staff\nhostname = staff-%%l\n[b]\ngroup = one, two, three, four\n[c]\n' | conf
	for count in few many; do
		gets carol staff-lab
		gets bob bob-lab
		groups_for bob,carol 9 >>/run/standin/group
	done
	directory_end
}

test_a_user_of_many_groups_costs_what_the_rules_name() {
	local seen
	directory up
	stack
	groups_for erin 205 >>/run/standin/group
	printf '[a]\ngroup = staff, sudo\nhostname = staff-%%l\n[b]\n' | conf
	gets erin staff-lab
	seen=$(asked getgr)
	[ "$seen" -le 2 ] || fail "$seen questions for the names of groups: $(cat /run/standin/log)"
	mode up
	printf '[a]\ngroup = g8*\n[b]\n' | conf
	gets erin erin-lab
	assert_eq "$(sort /run/standin/log | uniq -d | grep -v -e getpw -e initgroups)" '' "asked twice"
	directory_end
}

# otherwise /etc/group would be read several times for each account, and most accounts have a group there
test_doctor_asks_a_directory_alone_about_each_account() {
	local seen
	directory up
	stack
	seq 300 | sed 's|.*|p&:x:900:6999::/tmp:/bin/sh|' >>/etc/passwd
	sed -i '/^p9:/s/6999/6100/' /etc/passwd
	sed -i '/^docker:/d' /etc/group
	printf '%s\n' people:x:6999: crew:x:6998:p8 docker:x:6997:p7,p8,p9,p10 >>/etc/group
	sed -i 's/^staff:.*/&,p7/' /run/standin/group
	printf '[a]\ngroup = staff, crew\nisolate = no\n[users]\n' | conf
	members() { nsisolatectl doctor | sed -n 's/.*its member \([^ ]*\) is isolated.*/\1/p' | xargs; }
	assert_eq "$(members)" p10 "the member of docker whom no rule leaves alone"
	seen=$(asked getgr)
	[ "$seen" -le 20 ] || fail "$seen questions for 300 accounts: $(sort /run/standin/log | uniq -c)"
	mode down
	assert_eq "$(members)" 'p7 p9 p10' "those, and of whom it cannot be told"
	[ "$(asked .)" -le 40 ] || fail "300 accounts looked up at a service that failed: $(sort /run/standin/log | uniq -c)"
	printf '[a]\ngroup = staff\ngrace = 5\n[users]\n' | conf
	assert_eq "$(members)" '' "those who get one policy"
	sed -i '/^p[0-9]*:/d' /etc/passwd
	directory_end
}
