#!/usr/bin/env bash
# demo.sh [--login [USER]] - shows nsisolate at work: real sshd, real ssh, this machine's PAM stack,
# on a stage (tests/stage.sh) that is gone afterwards.  Every line that begins with `->` is checked;
# the status is 1 when one is not true.  With --login it gives you a session of USER (alice).
# Without root it shows what works for an ordinary user: nsisolate-shell.
set -u
. "$(dirname "$0")/../stage.sh"

bold='' dim='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }

# show PROMPT COMMAND: prints and runs the command; $output keeps its output
show() {
	printf '%s%s%s%s\n' "$dim" "$1" "$plain" "$2"
	output=$(eval "$2" 2>&1 </dev/null)
	[ -z "$output" ] || printf '%s\n' "$output"
}

claim() { # claim TEXT COMMAND...
	local text=$1
	shift
	if "$@" >/dev/null 2>&1; then
		printf '%s-> %s%s\n' "$green" "$text" "$plain"
	else
		printf '%s-> NOT TRUE: %s%s\n' "$red" "$text" "$plain"
		printf '   checked by: %s\n' "$*"
		exit 1
	fi
}

output_is() { [ "$output" = "$1" ]; }
output_has() { [[ $output =~ $1 ]]; }
# the first column of a `ps -ef` names only USER
only_of() { ! awk 'NR > 1 { print $1 }' <<<"$output" | grep -vx "$1"; }
nothing_of() { ! pgrep -u "$1"; }
gone() { wait_for nothing_of "$1"; }

# ---- without root --------------------------------------------------------------------------------
user_half() {
	local me dir outside why
	me=$(id -un)
	why=$(unshare --user --pid --mount-proc --fork true 2>&1) || {
		note "nsisolate-shell cannot be shown here, where users get no namespaces: $why"
		return
	}
	paths_of "$BUILD/local"
	PATH=$BINDIR:$PATH
	dir=$(mktemp -d)
	# shellcheck disable=SC2064
	trap "rm -r '$dir'" EXIT
	printf '[everybody]\nhostname = %%u-isolated\n' >"$dir/nsisolate.conf"
	shell="nsisolate-shell --config=$dir/nsisolate.conf"
	if [ "${1:-}" = --login ]; then
		note "You are in a session of your own: try hostname, ps -ef, and leave with exit."
		$shell
		return
	fi
	say "nsisolate-shell, with no root anywhere: you are $me"
	show '$ ' "cat $dir/nsisolate.conf"
	show '$ ' "$shell -c hostname"
	[[ $output != nsisolate-* ]] || exit 1
	claim "a hostname of its own; the machine's is still $(hostname)" output_has '-isolated$'
	show '$ ' "$shell -c 'ps -ef'"
	claim "PID 1 is nsisolate-init, and no process of anybody else is to be seen" only_of "$me"
	sleep 600 &
	outside=$!
	show '$ ' "$shell -c 'kill $outside'   # a sleep of yours, outside"
	claim "even your own processes outside are out of reach" output_has 'No such process'
	kill "$outside"
	show '$ ' "$shell -c 'nohup sleep 600 >/dev/null 2>&1 & echo started'"
	wait_for eval "! pgrep -fu $me '^nsisolate-init: $me everybody'"
	show '$ ' "pgrep -afu $me 'nsisolate-init: '"
	claim "each of these sessions is gone, with what it left in the background" \
		eval "! pgrep -fu $me '^nsisolate-init: $me everybody'"
	say "The other half, the PAM module with real ssh logins, needs root: sudo make demo"
	note "It runs in private namespaces and leaves the machine as it is."
}

# ---- with root: the outer part, which changes nothing, and checks that ---------------------------
machine_state() {
	hostname
	cat /proc/self/mountinfo
	cksum /etc/passwd /etc/shadow /etc/group /etc/hosts /etc/pam.d/sshd 2>&1
}

outer() {
	local before status said
	before=$(machine_state)
	# not stage_enter, which does not return
	if [ "${1:-}" = --login ]; then
		STAGE_TERMINAL=1 bash "$0" --staged "$@"
		return
	fi
	said=$(mktemp)
	bash "$0" --staged "$@" 2>"$said"
	status=$?
	[ $status = 0 ] || cat "$said"
	[ -s "$said" ] && output=$(<"$said") || output=
	rm "$said"
	[ $status = 0 ] || return $status
	[ -z "$output" ] || claim "nothing is said but this; yet: $output" false
	say "And this machine?"
	claim "its hostname ($(hostname)), mounts, accounts and PAM stack are as they were" \
		[ "$(machine_state)" = "$before" ]
	note "To be in such a session yourself: make demo-login"
}

# ---- on the stage --------------------------------------------------------------------------------
# ssh alice@lab, as one types it; the first call opens the session, -O exit ends it
ssh_config() {
	cat >/root/.ssh/config <<-END
		Host lab
		HostName 127.0.0.1
		IdentityFile $STAGE/keys/user
		IdentitiesOnly yes
		BatchMode yes
		StrictHostKeyChecking no
		UserKnownHostsFile /dev/null
		LogLevel ERROR
		ConnectTimeout 10
		ControlMaster auto
		ControlPath $STAGE/ssh-%r
		ControlPersist yes
	END
	chmod 600 /root/.ssh/config
	ln -sf $LOGS/syslog /var/log/auth.log
}

# start_work USER: a session with something running in it, whose command line nobody else should read;
# $pid is its PID outside
start_work() {
	local command="exec -a 'upload --token=$1-4711' sleep 600"
	printf '%s$ %s%s &\n' "$dim" "$plain" "ssh $1@lab \"$command\""
	ssh "$1@lab" "$command" </dev/null &
	wait_for pgrep -u "$1" -f '^upload' || { claim "$1 is logged in and works" false; }
	pid=$(pgrep -u "$1" -f '^upload')
}

before_it() {
	say "1. A machine that alice and bob share, as it is today"
	pam_stack sshd ''
	sshd_start
	start_work bob
	show '$ ' 'ssh alice@lab hostname'
	show '$ ' 'ssh alice@lab ps -fu bob'
	claim "alice reads the token on bob's command line" output_has token=bob-4711
	show '$ ' "ssh alice@lab kill $pid"
	claim "and can find the process, though not end it" output_has 'not permitted'
	kill "$pid"
	ssh -O exit alice@lab 2>/dev/null
	ssh -O exit bob@lab 2>/dev/null
	gone alice && gone bob
}

switch_on() {
	say "2. The admin switches it on for sshd; the rules are those that are shipped"
	show '# ' "nsisolatectl enable sshd"
	show '# ' "grep -n nsisolate.so /etc/pam.d/sshd"
	show '# ' "grep -v '^#' $SYSCONFDIR/nsisolate.conf | grep ."
}

own_machine() { # own_machine USER: the part that is the same for both ways in
	show '$ ' "ssh $1@lab hostname"
	claim "a hostname of $1's own" output_is "$1-lab"
	show '$ ' "ssh $1@lab ps -ef"
	claim "PID 1 is nsisolate-init" output_has ' 1 +0 .* nsisolate-init: '
	claim "and nobody's processes but $1's are to be seen" only_of "$1"
}

unreachable() { # unreachable USER COMMENT
	show '$ ' "ssh $1@lab kill $pid   # $2"
	claim "there is nothing else to be signalled" output_has 'No such process'
}

through_the_module() {
	say "3. alice and bob log in"
	start_work bob
	own_machine bob
	own_machine alice
	unreachable alice "bob's work"
	say "4. The same processes as the admin sees them, from outside"
	show '# ' "ps -o pid,pidns,user,args -u alice,bob"
	claim "nothing is hidden from root" output_has "$pid +[0-9]+ bob +upload --token=bob"
	show '# ' "grep -o 'session opened: user=.*' /var/log/auth.log"
	claim "the log says by which rule, in which session" \
		output_has 'user=alice rule=users .*hostname=alice-lab'
	if [ -x "$NSISOLATECTL" ]; then
		show '# ' "nsisolatectl explain alice"
	fi
	say "5. carol is an administrator: in the group $(id -Gn carol | tr ' ' '\n' | grep -vx carol)"
	show '$ ' 'ssh carol@lab hostname'
	claim "she is left alone" output_is lab
	show '$ ' 'ssh carol@lab pgrep -lu bob'
	claim "and sees the whole machine" output_has "$pid"
	ssh -O exit carol@lab 2>/dev/null
	say "6. alice leaves a job running, logs out, and comes back at two terminals"
	show '$ ' "ssh alice@lab 'nohup sleep 900 >/dev/null 2>&1 & echo started'"
	show '$ ' "ssh -O exit alice@lab 2>/dev/null   # logout"
	show '$ ' "ssh -S none alice@lab pgrep -l sleep"
	claim "the next login finds it, as it would find tmux" output_has 'sleep'
	show '$ ' "ssh alice@lab 'nohup sleep 901 >/dev/null 2>&1 & echo started'"
	show '$ ' "ssh -S none alice@lab pkill sleep   # at another terminal"
	wait_for eval '! pgrep -u alice -x sleep' # a signal takes its time on a busy machine
	show '$ ' "ssh -S none alice@lab pgrep -c sleep"
	claim "what hangs at one terminal can be ended at the other" output_is 0
	ssh -O exit alice@lab 2>/dev/null
	gone alice
	say "7. The same with other rules: each login for itself, and nothing stays behind"
	show '# ' "sed -i 's/^scope = .*/scope = session/; s/^logout = .*/logout = kill/' $SYSCONFDIR/nsisolate.conf"
	show '$ ' "ssh alice@lab 'nohup sleep 900 >/dev/null 2>&1 & echo started'"
	show '$ ' "ssh -S none alice@lab pgrep -l sleep   # at another terminal"
	claim "the other login sees nothing of it" output_is ""
	show '$ ' "ssh -O exit alice@lab 2>/dev/null   # logout"
	gone alice
	show '# ' "ps -o pid,pidns,user,args -u alice,bob"
	claim "no process of alice is left" nothing_of alice
	claim "bob's session goes on" kill -0 "$pid"
}

through_the_shell() {
	say "8. dave needs no PAM module and no root: nsisolate-shell is the login shell"
	pam_stack sshd ''
	show '# ' 'getent passwd dave; grep -c nsisolate /etc/pam.d/sshd'
	claim "the module is not in the stack" output_has $'\n0$'
	own_machine dave
	unreachable dave "bob's work"
	local command="ssh -tt -S none dave@lab 'nohup sleep 900 >/dev/null & exec sleep 600'"
	printf '%s$ %s%s &\n' "$dim" "$plain" "$command"
	eval "exec $command" </dev/null >/dev/null 2>&1 &
	disown # otherwise the shell would report its end
	wait_for pgrep -u dave -x sleep
	show '# ' "ps -o pid,pidns,user,args -u dave"
	claim "all of it is dave's, none of it root's" \
		output_has "[0-9]+ +[0-9]+ dave +nsisolate-init: dave"
	show '$ ' "kill -9 $!   # that ssh: the connection breaks"
	ssh -O exit dave@lab 2>/dev/null
	gone dave
	show '# ' "ps -o pid,user,args -u dave"
	claim "no process of dave is left" nothing_of dave
}

leftovers() {
	say "9. Everybody has gone home; bob, who logged in by the shipped rules, left something running"
	ssh -O exit bob@lab 2>/dev/null
	show '# ' "nsisolatectl end --user bob"
	claim "the administrator ends it" gone bob
	sshd_stop
	show '# ' "pgrep -l nsisolate-init; lsns -n -t pid -o NS,NPROCS; lsns -n -t uts -o NS,NPROCS"
	claim "not one process, namespace, mount or file of a session is left" nothing_left
}

staged() {
	local login=${1:-} user=${2:-alice}
	stage_enter --staged "$@"
	note "Building a stage: this machine's programs and PAM stack in namespaces of their own."
	stage_build
	# the programs' paths as the admin types them
	PATH=$PATH:$SBINDIR
	ssh_config
	if [ "$login" = --login ]; then
		sshd_start
		note "You are $user. Try hostname, ps -ef, kill; leave with exit."
		ssh -t -o ControlMaster=no -o ControlPath=none "$user@lab"
		return
	fi
	before_it
	switch_on
	through_the_module
	through_the_shell
	leftovers
}

case ${1:-} in
--staged)
	shift
	staged "$@"
	;;
*)
	if stage_possible; then
		outer "$@"
	elif [ "$(id -u)" = 0 ]; then
		note "The PAM module cannot be shown here: $STAGE_POSSIBLE"
		note "What an ordinary user can have is shown as nobody."
		exec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/ bash "$0" "$@"
	else
		user_half "$@"
	fi
	;;
esac
