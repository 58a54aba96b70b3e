# What the log says about a session: one line when it begins, one when it ends, and nothing that a client
# made up.
. tests/stage.sh

separate

OPENED='user rule service from hostname namespace init id joined unit'
CLOSED='user rule service init id seconds processes reason'

settings() { # settings LINE...: the one rule
	printf '[all]\nservice = stage, nsisolate-shell\n'
	printf '%s\n' "$@"
} >"$SYSCONFDIR/nsisolate.conf"
stack() { own_stack; }
log_has() { [ "$(wc -l <$LOGS/syslog)" = "$1" ]; } # so many lines
app() { "$BUILD/tests/pam_app" stage "$@"; }

# the only such line, without priority, time and program
line() { # line opened|closed
	wait_for grep -q "session $1: " $LOGS/syslog || fail "no session $1: $(cat $LOGS/syslog)"
	assert_eq "$(grep -c "session $1: " $LOGS/syslog)" 1 "lines that say $1"
	sed -n "s/.*session $1: //p" $LOGS/syslog
}
keys() { tr ' ' '\n' <<<"$1" | sed 's/=.*//' | tr '\n' ' ' | sed 's/ $//'; }
value() { tr ' ' '\n' <<<"$2" | sed -n "s/^$1=//p"; } # value KEY LINE

is_running() { pgrep -u "$1" -f "^$2\$" >/dev/null; }

# ---- what is there ----

test_a_login_through_sshd() {
	local opened closed init namespace
	sshd_start
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" alice@127.0.0.1 \
		'setsid sleep 301 >/dev/null 2>&1 & setsid sleep 302 >/dev/null 2>&1 & read line' \
		< <(until [ -e $STAGE/go ]; do sleep 0.05; done; echo) &
	wait_for is_running alice 'sleep 302' || fail "no session"
	init=$(inits alice)
	namespace=$(stat -L -c %i "/proc/$init/ns/pid")
	opened=$(line opened)
	assert_eq "$(keys "$opened")" "$OPENED"
	assert_match "$opened" "^user=alice rule=users service=sshd from=127.0.0.1 hostname=alice-lab \
namespace=$namespace init=$init id=[0-9a-f]{8} joined=no unit=-\$"
	not_logged 'session closed'
	sleep 1.1
	touch $STAGE/go
	wait $!
	closed=$(line closed)
	assert_eq "$(keys "$closed")" "$CLOSED"
	assert_match "$closed" "^user=alice rule=users service=sshd init=$init \
id=$(value id "$opened") seconds=[1-9] processes=[23] reason=logout\$"
	# authpriv.info is 10 * 8 + 6
	assert_eq "$(grep -c '^<86>.*sshd.*pam_nsisolate(sshd:session): session ' $LOGS/syslog)" 2 \
		"lines of facility authpriv, level info"
	rm $STAGE/go
	sshd_stop
	nothing_left
}

test_a_login_that_leaves_nothing_has_no_processes() {
	sshd_start
	on alice true
	# sshd closes the session while its own process in there is still exiting, mostly close to its end
	assert_match "$(line closed)" 'processes=[01] reason=logout$'
	: >$LOGS/syslog
	stack
	settings
	app alice open run true close end
	assert_match "$(line closed)" 'processes=0 reason=logout$'
	rm /etc/pam.d/stage
	sshd_stop
	nothing_left
}

test_every_time_it_is_another_id() {
	local i
	stack
	settings
	for i in 1 2 3; do app alice open close end; done
	wait_for log_has 6
	assert_eq "$(sed -n 's/.*opened: .* id=\([0-9a-f]*\) .*/\1/p' $LOGS/syslog | sort -u | wc -l)" 3
	rm /etc/pam.d/stage
	nothing_left
}

test_a_second_login_into_the_same_session_has_joined() {
	local first second
	stack
	settings 'scope = user'
	app alice open pause 1500 close end &
	first=$(line opened)
	assert_match "$first" 'joined=no unit=-$'
	app alice open close end
	second=$(grep 'session opened' $LOGS/syslog | tail -n 1 | sed 's/.*opened: //')
	assert_eq "$second" "${first%no unit=-}yes unit=-" "the second one's line"
	wait
	rm /etc/pam.d/stage
	rm -r /run/nsisolate
	nothing_left
}

test_without_a_pid_namespace_there_is_less_to_say() {
	stack
	settings 'namespaces = uts, mount'
	app alice open close end
	assert_match "$(line opened)" '^user=alice rule=all service=stage from=- hostname=alice-lab namespace=- init=- id=[0-9a-f]{8} joined=no unit=-$'
	assert_match "$(line closed)" '^user=alice rule=all service=stage init=- id=[0-9a-f]{8} seconds=[0-9]+ processes=- reason=logout$'
	settings 'namespaces = pid'
	: >$LOGS/syslog
	app alice open close end
	assert_match "$(line opened)" ' hostname=- namespace=[0-9]+ init=[0-9]+ '
	rm /etc/pam.d/stage
	nothing_left
}

# ---- through nsisolate-shell ----

from_shell='^<86>nsisolate-shell\[[0-9]+\]: session '

test_a_login_through_the_shell() {
	local opened closed init namespace
	pam_stack sshd ''
	sshd_start
	timeout --foreground "$(pace_seconds 1000)" ssh "${SSH_OPTIONS[@]}" dave@127.0.0.1 \
		'setsid sleep 301 >/dev/null 2>&1 & setsid sleep 302 >/dev/null 2>&1 & read line' \
		< <(until [ -e $STAGE/go ]; do sleep 0.05; done; echo) &
	wait_for is_running dave 'sleep 302' || fail "no session"
	init=$(newest_pid1 dave)
	namespace=$(stat -L -c %i "/proc/$init/ns/pid")
	opened=$(line opened)
	assert_eq "$(keys "$opened")" "$OPENED"
	assert_match "$opened" "^user=dave rule=users service=nsisolate-shell from=127.0.0.1 hostname=dave-lab \
namespace=$namespace init=$init id=[0-9a-f]{8} joined=no unit=-\$"
	sleep 1.1
	touch $STAGE/go
	wait $!
	closed=$(line closed)
	assert_eq "$(keys "$closed")" "$CLOSED"
	assert_match "$closed" "^user=dave rule=users service=nsisolate-shell init=$init \
id=$(value id "$opened") seconds=[1-9] processes=2 reason=logout\$"
	assert_eq "$(grep -cE "$from_shell" $LOGS/syslog)" 2 "lines of facility authpriv, level info"
	rm $STAGE/go
	sshd_stop
	nothing_left
}

shell() { as dave "$NSISOLATE_SHELL" "$@"; }

test_the_shell_says_how_it_ended() {
	settings
	shell -c 'exit 42'
	assert_match "$(line closed)" 'processes=0 reason=logout$'
	: >$LOGS/syslog
	shell -c 'kill -TERM $$'
	assert_match "$(line closed)" 'processes=0 reason=logout$'
	: >$LOGS/syslog
	shell -c 'exec sleep 301' &
	wait_for is_running dave 'sleep 301'
	kill -KILL "$(newest_pid1 dave)"
	wait $! 2>/dev/null
	assert_match "$(line closed)" 'processes=0 reason=killed$'
	: >$LOGS/syslog
	settings 'namespaces = uts'
	shell -c true
	assert_match "$(line opened)" ' namespace=- init=- '
	not_logged closed # no process can have seen its end
	nothing_left
}

two_opened() { [ "$(grep -c 'session opened' $LOGS/syslog)" = 2 ]; }
test_a_second_login_of_the_shell_joins() {
	local first second
	settings 'scope = user'
	install -d -m 700 -o dave /run/user/5004
	shell -c 'exec sleep 301' &
	wait_for is_running dave 'sleep 301'
	first=$(line opened)
	assert_match "$first" "namespace=$(stat -L -c %i /proc/"$(pgrep -u dave -x sleep)"/ns/pid) init=$(
		pgrep -u dave -x nsisolate-init | while read -r pid; do
			grep -q '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" && echo "$pid"; done) .*joined=no unit=-\$"
	shell -c true
	wait_for two_opened || fail "the second one's line is not there"
	second=$(grep 'session opened' $LOGS/syslog | tail -n 1 | sed 's/.*opened: //')
	assert_eq "$second" "${first%no unit=-}yes unit=-" "the second one's line"
	assert_match "$(line closed)" ' processes=- reason=logout$'
	: >$LOGS/syslog
	pkill -KILL -f '^nsisolate-init: dave all shared'
	kill -KILL $(newest_pid1 dave) 2>/dev/null # unless it has seen the others' end
	wait
	assert_match "$(line closed)" 'reason=killed$'
	rm -r /run/user
	nothing_left
}

test_the_shell_tells_why_it_refuses() {
	echo '[broken' | conf
	shell -c true 2>/dev/null && fail "it ran"
	logged "^<83>.*nsisolate-shell\[[0-9]+\]: session refused: user=dave: .*nsisolate.conf:1:" >/dev/null
	: >$LOGS/syslog
	"$NSISOLATE_SHELL" -c true 2>/dev/null || fail "root is kept out"
	logged "^<81>.*nsisolate-shell\[[0-9]+\]: session NOT isolated: user=root is let in \(uid 0\): .*:1:" >/dev/null
	settings
	: >$LOGS/syslog
	as dave bash -c 'ulimit -u 1; exec "$0" -c true' "$NSISOLATE_SHELL" 2>/dev/null && fail "it ran"
	logged "^<83>.*nsisolate-shell.*session refused: user=dave: .*(unavailable|limit)" >/dev/null
	settings 'on_error = allow'
	: >$LOGS/syslog
	as dave bash -c 'ulimit -u 1; exec "$0" -c "exit 3"' "$NSISOLATE_SHELL" 2>/dev/null && fail "it ran"
	logged "^<83>.*nsisolate-shell.*session refused: user=dave: .*(unavailable|limit)" >/dev/null
	chmod 644 "$NSISOLATE_INIT"
	: >$LOGS/syslog
	shell -c 'exit 3' 2>/dev/null
	assert_eq $? 3 status
	chmod 755 "$NSISOLATE_INIT"
	logged "let in \(on_error = allow\): cannot run $NSISOLATE_INIT: Permission denied\$" >/dev/null
	nothing_left
}

# a daemon that has stopped reading, with as many lines pending as the kernel keeps for it
test_a_deaf_log_daemon_does_not_keep_the_shell() {
	local sink status
	sink=$(pgrep -x syslog_sink)
	settings
	kill -STOP "$sink"
	timeout "$(pace_seconds 100)" python3 -c '
import socket
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.setblocking(False)
log.connect("/dev/log")
try:
	while True: log.send(b"full")
except BlockingIOError: pass' || fail "cannot fill it"
	timeout "$(pace_seconds 200)" setpriv --reuid dave --regid dave --init-groups "$NSISOLATE_SHELL" -c 'exit 42'
	status=$?
	kill -CONT "$sink"
	assert_eq $status 42 status
	nothing_left
}

# ---- how it ended ----

test_the_reason_is_how_it_ended() {
	stack
	settings
	app alice open close end
	assert_match "$(line closed)" 'reason=logout$'
	: >$LOGS/syslog
	app alice open end
	assert_match "$(line closed)" 'reason=pam_end$'
	: >$LOGS/syslog
	app alice open background 'exec sleep 301' pause 1000 close end &
	wait_for is_running alice 'sleep 301'
	pkill -KILL -x nsisolate-init
	wait $!
	assert_match "$(line closed)" 'processes=0 reason=killed$'
	rm /etc/pam.d/stage
	nothing_left
}

test_the_processes_are_counted_to_16() {
	local left
	stack
	settings 'grace = 0'
	for left in 0 1 2 14 15 16 17 100; do
		: >$LOGS/syslog
		app alice open run "for i in \$(seq $left); do sleep 301 & done" close end
		[ $left -lt 16 ] || left=16+
		assert_match "$(line closed)" " processes=${left/+/\\+} " "with $left left"
	done
	rm /etc/pam.d/stage
	nothing_left
}

test_the_applications_children_that_have_ended_do_not_count() {
	stack
	settings 'grace = 0'
	app alice open background true background true pause 300 close end
	assert_match "$(line closed)" ' processes=0 '
	: >$LOGS/syslog
	app alice open run 'sleep 301 & sleep 302 &' background true background true pause 300 close end
	assert_match "$(line closed)" ' processes=2 '
	rm /etc/pam.d/stage
	nothing_left
}

# ---- values that clients choose ----

FORGED=$'x\nsession closed: user=bob rule=all service=stage init=1 id=0 seconds=0 processes=0 reason=logout'
HOSTILE=("$FORGED" 'x init=1' 'init=1' $'x\tinit=1' $'x\r' $'\e[2K' 'x"y' "x'y" '`x' 'x\' $'\xc2\x85x'
	$'\x7f' '' ' ' '%s%n' "$(printf 'x%.0s' {1..1000})")
# what a value may consist of after sanitising: no blank, quote or control byte, and no key
PASSED='^[]!#$%&()*+,./0-9:;<>?@A-Z[^_a-z{|}~-]{1,255}$'

check_lines() { # check_lines WHAT: they are well formed, whatever the values are
	local opened closed
	opened=$(line opened) closed=$(line closed)
	assert_eq "$(keys "$opened")" "$OPENED" "$1: keys"
	assert_eq "$(keys "$closed")" "$CLOSED" "$1: keys"
	assert_eq "$(wc -l <$LOGS/syslog)" 2 "$1: lines"
	assert_match "$(value from "$opened")" "$PASSED" "$1: from"
	assert_match "$(value user "$opened")" "$PASSED" "$1: user"
	assert_eq "$(value user "$closed")" "$(value user "$opened")" "$1: user"
}

test_where_it_comes_from_forges_nothing() {
	local text
	stack
	settings
	for text in "${HOSTILE[@]}"; do
		: >$LOGS/syslog
		app alice rhost "$text" tty "$text" open close end
		check_lines "rhost $(cat -v <<<"$text" | cut -c 1-60)"
	done
	rm /etc/pam.d/stage
	nothing_left
}

test_a_users_name_forges_nothing() {
	local name
	stack
	settings
	for name in 'x init=1' 'init=1' $'x\tinit=1' $'\e[2K' 'x"y' "x'y" $'\xc2\x85x' '%s%n'; do
		: >$LOGS/syslog
		printf '%s:x:5010:5010::/:/bin/sh\n' "$name" >>/etc/passwd
		app "$name" open close end
		check_lines "user $(cat -v <<<"$name")"
		sed -i '$d' /etc/passwd
	done
	# an unknown user, whose name comes back in the reason
	: >$LOGS/syslog
	app $'x\nsession opened: user=bob' refused end 2>/dev/null
	app $'\e[2K' refused end 2>/dev/null
	wait_for log_has 2 || fail "lines: $(cat $LOGS/syslog)"
	assert_eq "$(grep -c 'session refused: user=[^ ]*: ' $LOGS/syslog)" 2 "refusals"
	[ "$(tr -d '\n' <$LOGS/syslog | tr -d '\000-\037\177' | wc -c)" = \
		"$(tr -d '\n' <$LOGS/syslog | wc -c)" ] || fail "control bytes: $(cat -v $LOGS/syslog)"
	rm /etc/pam.d/stage
	nothing_left
}

test_an_address_that_the_user_makes_up_forges_nothing() {
	local text
	settings
	for text in "$FORGED" 'init=1' $'x\tinit=1' $'\e[2K' 'x"y' '%s%n' "$(printf 'x%.0s' {1..100})"; do
		: >$LOGS/syslog
		as dave env SSH_CONNECTION="$text" "$NSISOLATE_SHELL" -c true
		check_lines "SSH_CONNECTION $(cat -v <<<"$text" | cut -c 1-60)"
		: >$LOGS/syslog
		as dave "$NSISOLATE_INIT" --user --pid --log="$text" --from="$text" --rule="${text:0:60}" \
			--id="${text:0:8}" -- true
		check_lines "--log, --from, --rule, --id"
	done
	nothing_left
}

# ---- when it fails ----

test_a_failure_names_the_step_and_the_error() {
	stack
	settings
	chmod 644 "$NSISOLATE_INIT"
	app alice refused end 2>/dev/null
	chmod 755 "$NSISOLATE_INIT"
	assert_match "$(logged 'session refused')" \
		"^<83>.*session refused: user=alice: cannot run $NSISOLATE_INIT: Permission denied\$"
	rm /etc/pam.d/stage
	nothing_left
}

test_without_a_log_daemon_nothing_changes() {
	stack
	settings
	mv /dev/log /dev/log.away
	app alice remember open run 'test "$(uname -n)" = alice-lab' close same end || fail "see above"
	assert_eq "$(shell -c 'uname -n; cat /proc/1/comm' 2>&1)" "dave-lab
nsisolate-init"
	mv /dev/log.away /dev/log
	rm /etc/pam.d/stage
	nothing_left
}
