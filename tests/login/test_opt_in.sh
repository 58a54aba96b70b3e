# The opt-in files in packaging/privacy: what each is for, by the program that reads it where that can run here.
# Booted, with the services that they are about: tests/vm/vm_privacy.sh.
. tests/stage.sh

PRIVACY=/usr/share/nsisolate/privacy
SOCKET=/run/stage/bus

# ---- D-Bus: a bus of our own, with services that answer everything ----

# bus_start FILE...: beside these the bus has what systemd's own policy allows everyone, or all of it
bus_start() {
	local file
	cat >$STAGE/bus.conf <<-END
		<busconfig>
			<type>system</type> <auth>EXTERNAL</auth> <listen>unix:path=$SOCKET</listen>
			<policy context="default">
				<allow user="*"/> <allow own="*"/> <allow send_type="method_call"/>
				<allow send_type="signal"/> <allow send_requested_reply="true" send_type="method_return"/>
				<allow send_requested_reply="true" send_type="error"/>
				<allow receive_type="method_call"/> <allow receive_type="method_return"/>
				<allow receive_type="error"/> <allow receive_type="signal"/>
			</policy>
			$(for file in /usr/share/dbus-1/system.d/org.freedesktop.{systemd,login}1.conf; do
				[ ! -e $file ] || echo "<include>$file</include>"
			done)
			${1:+$(printf '<include>%s</include>' "$@")}
		</busconfig>
	END
	dbus-daemon --config-file=$STAGE/bus.conf --nofork --nopidfile >$STAGE/bus.log 2>&1 &
	BUS=$!
	wait_for test -S $SOCKET || fail "dbus-daemon does not take it: $(cat $STAGE/bus.log)"
	chmod 666 $SOCKET
	# a rule about one name is one about all that a connection has
	SERVERS=
	for file in systemd1 login1 machine1; do
		python3 tests/login/policy_bus.py $SOCKET serve org.freedesktop.$file >$STAGE/served &
		SERVERS+=" $!"
		wait_for grep -q serving $STAGE/served || fail "nobody serves: $(cat $STAGE/bus.log)"
	done
}
bus_stop() {
	# shellcheck disable=SC2086 # words
	kill $SERVERS $BUS
	# shellcheck disable=SC2086
	wait $SERVERS $BUS 2>/dev/null
	rm -f $SOCKET $STAGE/bus.conf $STAGE/bus.log $STAGE/served
}
# calls USER SUFFIX PATH INTERFACE MEMBER... (of org.freedesktop.SUFFIX): the members that are answered
calls() {
	as "$1" python3 "$TOP/tests/login/policy_bus.py" $SOCKET calls "org.freedesktop.$2" "${@:3}" | tr '\n' ' '
}
hear() { as "$1" python3 "$TOP/tests/login/policy_bus.py" $SOCKET hear "$2" | tr '\n' ' '; }

S=/org/freedesktop/systemd1 L=/org/freedesktop/login1 P=org.freedesktop.DBus.Properties
MANAGER=org.freedesktop.systemd1.Manager LOGIN=org.freedesktop.login1.Manager
LISTS='ListUnits ListUnitsFiltered ListUnitsByPatterns ListJobs GetUnitProcesses GetUnitByPID Dump'

test_systemd_tells_root_and_administrators_only() {
	local who
	command -v dbus-daemon >/dev/null || skip "there is no dbus-daemon here"
	chmod 755 /run/stage
	groupmod -n sudo wheel 2>/dev/null
	bus_start
	# shellcheck disable=SC2086 # words
	{
		assert_eq "$(calls bob systemd1 $S $MANAGER $LISTS)" "$LISTS " "the control: units"
		assert_eq "$(calls bob login1 $L $LOGIN ListSessions ListUsers)" "ListSessions ListUsers " "the control: logins"
		assert_eq "$(calls bob systemd1 $S/unit/x_2eservice $P GetAll)" "GetAll " "the control: a unit"
		assert_eq "$(hear bob org.freedesktop.systemd1)" "UnitNew JobNew done " "the control: signals"
		bus_stop
		bus_start $PRIVACY/dbus.conf
		! grep -vE 'Unknown group|fd limit' $STAGE/bus.log || fail "what dbus-daemon says of it"
		assert_eq "$(calls bob systemd1 $S $MANAGER $LISTS)" "" "units"
		assert_eq "$(calls bob systemd1 $S/unit/x_2escope org.freedesktop.systemd1.Scope GetProcesses)" "" "a scope's processes"
		assert_eq "$(calls bob systemd1 $S/unit/x_2eservice $P Get GetAll)" "" "a unit"
		assert_eq "$(calls bob systemd1 $S/unit org.freedesktop.DBus.Introspectable Introspect)" "" "names of units"
		assert_eq "$(calls bob systemd1 $S $P Get GetAll)" "Get GetAll " "the manager itself"
		assert_eq "$(calls bob login1 $L $LOGIN ListSessions ListSessionsEx ListUsers ListInhibitors)" "" "logins"
		assert_eq "$(calls bob login1 $L/session org.freedesktop.DBus.Introspectable Introspect)" "" "names of sessions"
		assert_eq "$(calls bob machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager ListMachines)" "" "machines"
		assert_eq "$(hear bob org.freedesktop.login1)" "PrepareForSleep done " "signals of logind"
		assert_eq "$(hear bob org.freedesktop.systemd1)" "done " "signals of systemd"
		# what a display server asks for
		assert_eq "$(calls bob login1 $L $LOGIN GetSession GetSessionByPID Inhibit)" "GetSession GetSessionByPID Inhibit " "own"
		assert_eq "$(calls bob login1 $L/session/_31 org.freedesktop.login1.Session TakeControl TakeDevice Activate)" \
			"TakeControl TakeDevice Activate " "a session"
		assert_eq "$(calls bob login1 $L/session/_31 $P GetAll)" "GetAll " "a session's state"
		for who in root carol; do
			assert_eq "$(calls $who systemd1 $S $MANAGER ListUnits ListUnitsByPatterns ListJobs GetUnitProcesses)" \
				"ListUnits ListUnitsByPatterns ListJobs GetUnitProcesses " "units, for $who"
			assert_eq "$(calls $who systemd1 $S/unit/x_2eservice $P GetAll)" "GetAll " "a unit, for $who"
			assert_eq "$(calls $who login1 $L $LOGIN ListSessions ListUsers)" "ListSessions ListUsers " "logins, for $who"
			assert_match "$(hear $who org.freedesktop.login1)" 'SessionNew.*UserNew' "signals, for $who"
		done
		# what systemd's own policy has for root alone stays so
		[ ! -e /usr/share/dbus-1/system.d/org.freedesktop.systemd1.conf ] ||
			assert_eq "$(calls carol systemd1 $S $MANAGER PowerOff SwitchRoot)" "" "root's alone"
		bus_stop
		bus_start $PRIVACY/dbus.conf $PRIVACY/dbus-servers.conf
		assert_eq "$(calls bob login1 $L/session/_31 $P Get GetAll)" "" "of a session whose number is known"
		assert_eq "$(calls bob login1 $L/user/_5001 $P GetAll)" "" "of a user"
		assert_eq "$(calls bob login1 $L/session/self $P GetAll)" "GetAll " "the own session"
		assert_eq "$(calls bob login1 $L $P GetAll)" "GetAll " "logind itself"
		assert_eq "$(calls carol login1 $L/session/_31 $P GetAll)" "GetAll " "a session, for an administrator"
		assert_eq "$(calls root login1 $L/session/_31 $P GetAll)" "GetAll " "a session, for root"
		bus_stop
	}
	chmod 711 /run/stage
}

# ---- records of logins ----

# the modes that tmpfiles.conf asks for, without systemd-tmpfiles
apply_by_hand() {
	local kind path mode owner group file
	while read -r kind path mode owner group; do
		[ "$kind" = z ] || continue
		# shellcheck disable=SC2086 # a pattern
		for file in $path; do [ ! -e "$file" ] || { chown "$owner:$group" "$file"; chmod "$mode" "$file"; }; done
	done
} <$PRIVACY/tmpfiles.conf

test_records_of_logins_are_not_everyones() {
	local file record records="/run/utmp /var/log/wtmp /var/log/wtmp.db /var/log/btmp /var/log/lastlog /var/lib/wtmpdb/wtmp.db /var/lib/lastlog/lastlog2.db"
	getent group utmp >/dev/null || echo 'utmp:x:43:' >>/etc/group
	mkdir -p /var/lib/wtmpdb /var/lib/lastlog
	for record in $records; do rm -f $record; echo secret >$record; chmod 664 $record; done
	# shellcheck disable=SC2086 # words
	assert_eq "$(as alice cat $records 2>/dev/null | grep -c secret)" 7 "what users read without the file"
	if command -v systemd-tmpfiles >/dev/null; then
		mkdir -p /etc/tmpfiles.d
		ln -s $PRIVACY/tmpfiles.conf /etc/tmpfiles.d/nsisolate.conf
		assert_eq "$(systemd-tmpfiles --create nsisolate.conf 2>&1)" "" "what systemd-tmpfiles says"
		rm /etc/tmpfiles.d/nsisolate.conf
	else
		apply_by_hand
	fi
	# shellcheck disable=SC2086 # words
	assert_eq "$(as alice cat $records 2>/dev/null)" "" "what they read with it"
	for file in $records; do assert_match "$(stat -c '%U %G %a' $file)" '^root utmp 6[46]0$' $file; done
	rm -r $records /var/lib/wtmpdb /var/lib/lastlog
	if command -v logrotate >/dev/null; then
		cp $PRIVACY/logrotate.conf $STAGE/rotate
		logrotate -d -s /dev/null $STAGE/rotate >$STAGE/said 2>&1 || fail "logrotate: $(cat $STAGE/said)"
		! grep -i error $STAGE/said || fail "logrotate: $(cat $STAGE/said)"
		rm $STAGE/rotate $STAGE/said
	fi
	assert_eq "$(grep -v '^#' $PRIVACY/logrotate.conf | grep create)" $'\tcreate 0660 root utmp' "a new file's mode"
}

# ---- each is documented, and says how it is used ----

test_each_file_is_in_the_manual_and_says_where_it_goes() {
	local file manual
	manual=$(mandoc -T ascii conf/nsisolate.7 | col -b)
	for file in packaging/privacy/*; do
		assert_match "$manual" "${file##*/}" "nsisolate(7)"
		grep -qE "(ln -s|cp) $PRIVACY/${file##*/} /etc/" "$file" || fail "$file does not say how it is used"
		[ -e "$PRIVACY/${file##*/}" ] || fail "$file is not installed"
	done
}
