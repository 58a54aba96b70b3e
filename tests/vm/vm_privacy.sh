# last
# What users learn of each other from the machine itself, and the opt-in files that end that: nsisolate(7).

PRIVACY=/usr/share/nsisolate/privacy

as_written() { # as_written FILE: the commands in its comment, which an admin would follow
	local commands
	commands=$(sed -nE 's,^(#|//)?\t+((ln|cp|rm|systemd-tmpfiles|systemctl) [^(]*).*,\2,p' "$VM/../../packaging/privacy/$1")
	[ -n "$commands" ] || fail "$1 does not say how to use it"
	root "set -ex; $commands" >&2 || fail "as $1 says: $commands"
}
as_before() { # without any of them; administrators are not isolated, and a session ends with its login
	conf <<<$'[administrators]\ngroup = sudo\nisolate = no\n[users]\nuid = 1000-60000\nservice = sshd, login'
	root 'rm -f /etc/tmpfiles.d/nsisolate.conf /etc/dbus-1/system.d/nsisolate*.conf \
		/etc/polkit-1/rules.d/40-nsisolate.rules /etc/polkit-1/localauthority/50-local.d/nsisolate.pkla
		systemd-tmpfiles --create >/dev/null 2>&1; systemctl reload dbus'
}
systemd_version() { root 'systemctl --version' | sed -n 's/^systemd \([0-9]*\).*/\1/p'; }
has_polkit() { root 'test -e /usr/share/polkit-1/actions/org.freedesktop.policykit.policy'; }
polkit_there() {
	has_polkit || WAIT=300 root 'export DEBIAN_FRONTEND=noninteractive
		for name in polkitd policykit-1; do
			apt-get -q -y -o Dpkg::Use-Pty=0 install $name && exit
		done; exit 1' >&2 || fail "no polkit"
}

# ---- who logged in ----

test_records_of_logins_are_administrators_alone() {
	local before
	root 'command -v last' >/dev/null || skip "this release has no last(1)"
	as_before
	hold bob -tt 'sleep 3000'
	# (who(1) leaves out entries whose PID it does not see)
	assert_match "$(on alice last 2>&1)" 'bob .*still logged in' "what users read without the file"
	as_written tmpfiles.conf
	assert_eq "$(on alice 'last; who; lastlog -u bob' 2>&1 | grep -E 'bob|127\.0\.0\.1|10\.0\.2\.')" "" "what they read with it"
	assert_eq "$(root who | awk '{ print $1 }')" bob "who is there, on the host"
	before=$(root 'last bob' | grep -c '^bob')
	on bob -tt true >/dev/null
	assert_eq "$(root 'last bob' | grep -c '^bob')" $((before + 1)) "the host's record of another login"
	assert_match "$(root 'lastlog -u bob' 2>&1)" 'bob .*20[0-9][0-9]|not found' "lastlog"
	release
	as_before
	nothing_left
}

# ---- the system's D-Bus ----

# bob's session and processes, by every way in which systemd would tell
ask='systemctl status user-5002.slice
systemctl list-units --all
systemctl show "session-*.scope" user-5002.slice
loginctl list-sessions
loginctl list-users
loginctl user-status bob
busctl tree org.freedesktop.login1
busctl tree org.freedesktop.systemd1
busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager GetUnitProcesses s user-5002.slice
busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager ListUnits
busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager Dump
busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ListSessions
busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ListUsers'
told() { # told USER: the commands of these by which USER learns something of bob's
	on "$1" 'while read -r command; do
		eval "$command" 2>/dev/null </dev/null | grep -qE "bob|5002\.slice/|_5002|sleep 3000|session-[0-9]+\.scope" &&
			echo "$command"
	done' <<<"$ask"
}
bobs_session() {
	root 'loginctl list-sessions --no-legend' | awk '$3 == "bob" && !/ manager/ { print $1; exit }'
}

test_systemd_tells_users_nothing_of_each_other() {
	local session path version
	version=$(systemd_version)
	as_before
	hold bob 'exec sleep 3000'
	[ "$(told alice | wc -l)" -ge 6 ] || fail "the control: users are not told without the file: $(told alice)"
	as_written dbus.conf
	assert_eq "$(told alice)" "loginctl user-status bob" "what a user is told with it"
	[ "$(told carol | wc -l)" -ge 6 ] || fail "administrators are not told: $(told carol)"
	[ "$(told root | wc -l)" -ge 6 ] || fail "root is not told: $(told root)"
	# who guesses a number is answered, until the second file is there
	session=$(bobs_session)
	path=$(root "busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager GetSession s $session" |
		sed 's/^o "\(.*\)"$/\1/')
	name="busctl get-property org.freedesktop.login1 $path org.freedesktop.login1.Session Name"
	assert_eq "$(on alice "$name")" 's "bob"' "of a session whose number is known"
	as_written dbus-servers.conf
	assert_match "$(on alice "$name" 2>&1)" 'denied|rejected|Rejected' "the same, with the second file"
	assert_eq "$(told alice)" "" "what a user is told with both"
	assert_eq "$(root "$name")" 's "bob"' "root's answer"
	release
	nothing_left
}

test_what_users_need_of_the_bus_goes_on() {
	local call answer
	as_before
	as_written dbus.conf
	as_written dbus-servers.conf
	assert_match "$(on alice 'echo id $XDG_SESSION_ID; echo dir $XDG_RUNTIME_DIR' 2>&1)" 'id [0-9c]+.*dir /run/user/5001' \
		"pam_systemd"
	assert_eq "$(on carol 'sudo -n id -u' 2>&1)" 0 "sudo"
	assert_match "$(on alice 'hostnamectl status 2>&1')" 'Operating System:' "hostnamectl"
	assert_match "$(on alice 'timedatectl status 2>&1')" 'Time zone:' "timedatectl"
	assert_eq "$(on alice 'busctl get-property org.freedesktop.systemd1 /org/freedesktop/systemd1 \
		org.freedesktop.systemd1.Manager SystemState' 2>&1 | grep -c '^s ')" 1 "the manager's own properties"
	# what a display server asks of its session: the bus lets it through, and logind answers what it answers
	for call in 'TakeControl b false' 'TakeDevice uu 226 0'; do
		answer=$(on alice "busctl call org.freedesktop.login1 /org/freedesktop/login1/session/auto \
			org.freedesktop.login1.Session $call" 2>&1)
		[[ $answer != *ejected* ]] || fail "$call: $answer"
	done
	assert_eq "$(root 'systemctl is-active systemd-logind dbus')" \
		$'active\nactive' "logind and the bus"
	as_before
	nothing_left
}

# ---- lingering ----

test_users_cannot_have_their_manager_started_at_boot() {
	polkit_there
	as_before
	on alice 'loginctl enable-linger' 2>&1 || fail "the control: it is refused without the file"
	assert_eq "$(root 'ls /var/lib/systemd/linger')" alice
	root 'loginctl disable-linger alice'
	if root 'test -d /etc/polkit-1/rules.d'; then as_written polkit.rules; else as_written polkit.pkla; fi
	root 'systemctl try-restart polkit'
	! on alice 'loginctl enable-linger' 2>/dev/null || fail "a user may linger"
	assert_eq "$(root 'ls /var/lib/systemd/linger')" "" "who lingers"
	root 'loginctl enable-linger alice' || fail "root cannot do it for a user"
	root 'loginctl disable-linger alice'
	as_before
	nothing_left
}

# ---- user_manager = off ----

has_no_manager() { ! root 'systemctl is-active user@5001' >/dev/null; }
manager_off() { conf <<<$'[users]\nuser = alice\nservice = sshd, login\nuser_manager = off'; }

test_user_manager_off_starts_none() {
	[ "$(systemd_version)" -ge 258 ] || skip "systemd $(systemd_version) has a manager for every session"
	manager_off
	assert_eq "$(root 'nsisolatectl check')" "$(root 'nsisolatectl check' | grep -v error)" check
	wait_for has_no_manager || fail "alice has a manager of before"
	hold alice
	hold alice -tt
	assert_eq "$(root 'systemctl is-active user@5001 user@5001.service')" $'inactive\ninactive' "alice's manager"
	assert_match "$(root 'for id in $(loginctl list-sessions --no-legend | awk '"'"'$3 == "alice" { print $1 }'"'"'); do
		loginctl show-session -p Class --value $id; done')" '^(user|background)-light' "their class"
	assert_eq "$(on alice 'hostname; ls -d $XDG_RUNTIME_DIR; ls -A $XDG_RUNTIME_DIR')" $'alice-lab-3\n/run/user/5001\ngnupg' \
		"what a session has"
	# neither D-Bus nor lingering nor a unit of the user's starts it
	on alice 'mkdir -p ~/.config/systemd/user/default.target.wants
		printf "[Service]\nExecStart=/bin/sleep 3001\n" >~/.config/systemd/user/x.service
		ln -sf ../x.service ~/.config/systemd/user/default.target.wants/
		systemctl --user start x; systemd-run --user true; dbus-send --session / a.b' >/dev/null 2>&1
	assert_eq "$(root 'pgrep -u alice -x systemd; pgrep -fx "/bin/sleep 3001"')" "" "what was started outside"
	# a login that no rule isolates starts it, and that is told
	conf <<<$'[users]\nuser = alice\nservice = login\nuser_manager = off'
	hold alice
	wait_for root 'systemctl is-active user@5001' || fail "a login that is not isolated has no manager"
	manager_off
	on alice true
	logged 'session without a comfort: user=alice .*runs already' >/dev/null
	assert_match "$(root 'nsisolatectl doctor' | grep -A1 'user manager.*alice')" 'systemctl stop user@5001' doctor
	release
	root 'rm -r /home/alice/.config; loginctl terminate-user alice' # the login that was not isolated
	nothing_left
}

test_user_manager_off_is_refused_where_every_session_has_one() {
	[ "$(systemd_version)" -lt 258 ] || skip "systemd $(systemd_version) knows sessions without"
	manager_off
	assert_match "$(root 'nsisolatectl check' 2>&1)" 'error: user_manager = off needs systemd 258 or newer'
	! on alice true 2>/dev/null || fail "let in"
	logged 'session refused: user=alice: user_manager = off needs systemd 258' >/dev/null
	conf <<<$'[users]\nuser = alice\nuser_manager = off\non_error = allow'
	assert_eq "$(on alice hostname)" lab "with on_error = allow"
	nothing_left
}

# ---- the preset, with all of these ----

test_strict_with_every_file_leaves_open_what_the_manual_says() {
	local lines=$'privacy = strict' files=(tmpfiles.conf dbus.conf dbus-servers.conf) next="units for the user's next systemd"
	passt_install || lines+=$'\nnetwork = none' # Debian 11 has no passt
	[ "$(systemd_version)" -lt 258 ] || { lines+=$'\nuser_manager = off'; next=; }
	as_before
	wait_for has_no_manager || fail "alice has a manager of before"
	conf <<<$'[users]\nuser = alice, bob\nservice = sshd, cron, atd\n'"$lines"
	for file in "${files[@]}"; do as_written $file; done
	hold bob -tt 'sleep 3000'
	assert_eq "$(root 'nsisolatectl census alice' | awk -F'  +' 'NR > 2 && $3 == "y" { print $1 }')" \
		"programs that others start (inotify)
terminals: whose, how long idle
logins in /run/systemd/sessions
homes: owners, sizes and times
names of accounts
how many keys others have
load, and other counters of the kernel${next:+
$next}" "what stays open"
	release
	as_before
	nothing_left
}
