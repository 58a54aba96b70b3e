# Two logins of one user, at the same time or one after the other.
. tests/clients/client.sh

# rules LINE...: of every login of alice (by the module) and dave (by nsisolate-shell)
rules() { printf '%s\n' '[users]' 'uid = 1000-59999' "$@" | conf; }
TOGETHER=('scope = user' 'logout = linger')
APART=('scope = session' 'logout = kill')

# each_way FUNCTION: with $user alice by the module, then dave by nsisolate-shell, which finds its
# sessions in /run/user/UID
each_way() {
	local way
	for way in module shell; do
		user=alice
		pam_stack sshd "$MODULE"
		if [ $way = shell ]; then user=dave; pam_stack sshd ''; fi
		install -d -m 755 /run/user
		install -d -m 700 -o $user -g $user "/run/user/$(id -u $user)"
		echo "--- through the $way" >&2
		sshd_start
		"$@"
		sshd_stop
		rm -rf /run/user /run/nsisolate
		nothing_left
	done
}

is_gone() { ! pgrep -u "$user" >/dev/null; }
end_all() {
	pkill -KILL -u "$user"
	wait_for is_gone || fail "left: $(pgrep -lu "$user")"
}

# ---- locks that name a host and a PID ----

# A program that holds its lock until it is released: strace keeps it from a system call, and lets it go as it dies.
# Its PID is one that the second session has not reached.  Its login stays until it has ended by itself: killed with
# its session it would leave a lock, which with %i nothing clears.
hold() { # hold LOCK CALL COMMAND
	on "$user" "for i in \$(seq 100); do sh -c :; done
		strace -o /dev/null -e trace=$2 -e inject=$2:delay_enter=3600s $3
		while pgrep -x ${3%% *} >/dev/null; do sleep 0.05; done" >$STAGE/first 2>&1 &
	first=$!
	wait_for test -e "/home/$user/$1" || fail "the first one has no lock: $(cat $STAGE/first)"
}
release() {
	pkill -KILL -u "$user" -x strace
	wait $first
}

# gpg_twice WAITS|STEALS LINE...
gpg_twice() {
	local wanted=$1 status
	shift
	rules "$@"
	on "$user" 'gpg --batch -q --passphrase "" --quick-gen-key a@example.org ed25519 sign never; gpgconf --kill all' \
		>/dev/null 2>&1
	hold .gnupg/pubring.kbx.lock rename 'gpg --batch -q --quick-add-uid a@example.org b@example.org'
	on "$user" 'gpg --batch --quick-add-uid a@example.org c@example.org' >$STAGE/second 2>&1 &
	if [ $wanted = waits ]; then
		wait_for grep -q 'waiting for lock' $STAGE/second || fail "$*: it does not wait: $(cat $STAGE/second)"
		release
	fi
	wait $!
	status=$?
	assert_eq $status 0 "$*: status of the second one, which said: $(cat $STAGE/second)"
	if [ $wanted = steals ]; then
		assert_match "$(cat $STAGE/second)" 'removing stale lockfile' "$*: if it waits, say so in nsisolate(7)"
		release
	fi
	! { [ $wanted = waits ] && grep stale $STAGE/second; } || fail "$*: it takes it"
	end_all
	rm -rf "/home/$user/.gnupg"
}
gpgs() {
	gpg_twice waits "${TOGETHER[@]}"
	gpg_twice waits "${APART[@]}"
	gpg_twice waits "${APART[@]}" 'hostname = %u-%i'
	gpg_twice steals "${APART[@]}" 'hostname = %u'
	[ $way = module ] || { rm -r /run/user && gpg_twice steals "${APART[@]}"; }
}
test_gpg_waits_for_the_lock_of_another_login_unless_the_hostname_has_no_number() { each_way gpgs; }

# gc_twice STATUS LINE...
gc_twice() {
	local wanted=$1
	shift
	rules "$@"
	on "$user" 'git init -q work && cd work && git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m a' ||
		fail "no repository"
	hold work/.git/gc.pid unlink 'git -C work gc -q'
	on "$user" 'git -C work gc -q' >$STAGE/second 2>&1
	assert_eq $? $wanted "$*: status of the second one, which said: $(cat $STAGE/second)"
	[ $wanted = 0 ] || assert_match "$(cat $STAGE/second)" 'gc is already running'
	release
	end_all
	rm -rf "/home/$user/work"
}
gcs() {
	gc_twice 128 "${TOGETHER[@]}"
	gc_twice 128 "${APART[@]}"
	gc_twice 128 "${APART[@]}" 'hostname = %u-%i'
	gc_twice 0 "${APART[@]}" 'hostname = %u'
}
test_git_gc_runs_once_unless_the_hostname_has_no_number() { each_way gcs; }

# ---- what one login starts and the next one finds ----

# found FUNCTION: which starts something, and says `found` when asked by "found" whether it is there
found() {
	local word
	for word in found gone; do
		rules "${TOGETHER[@]}"
		[ $word = found ] || rules "${APART[@]}"
		"$1" start || fail "it does not start"
		assert_eq "$("$1" look 2>/dev/null)" "$([ $word = gone ] || echo found)" "$1: after the logout"
		end_all
	done
}

tmux_window() {
	case $1 in
	start) on "$user" 'tmux -f /dev/null -S ~/mux new-session -d -s work "sleep 300"' ;;
	look) on "$user" 'tmux -S ~/mux has-session -t work && echo found; rm -f ~/mux' ;;
	esac
}
screen_window() {
	case $1 in
	start) on "$user" 'export SCREENDIR=$HOME/.screen; mkdir -pm 700 $SCREENDIR; screen -dmS work sleep 300' ;;
	look) on "$user" 'export SCREENDIR=$HOME/.screen; screen -ls | grep -q "[.]work.*Detached" && echo found
		rm -rf $SCREENDIR' ;;
	esac
}
agent() {
	case $1 in
	start) on "$user" 'ssh-keygen -q -t ed25519 -N "" -f key && eval $(ssh-agent -a ~/agent) && ssh-add -q key' ;;
	look) on "$user" 'SSH_AUTH_SOCK=~/agent ssh-add -l | grep -q ED25519 && echo found; rm -f ~/agent key*' ;;
	esac
}
# As VS Code does: a script on stdin starts a server that outlives the connection; the next one forwards to it.
editor_server() {
	case $1 in
	start) on "$user" sh <<<'nohup setsid socat TCP-LISTEN:4711,bind=127.0.0.1,reuseaddr,fork SYSTEM:"echo found" >log 2>&1 &
		until socat -u /dev/null TCP:127.0.0.1:4711; do sleep 0.1; done 2>/dev/null; rm log' ;;
	look) bounded 200 ssh "${SSH_OPTIONS[@]}" -W 127.0.0.1:4711 "$user@127.0.0.1" </dev/null ;;
	esac
}
finds() {
	found tmux_window
	found screen_window
	found agent
	found editor_server
}
test_what_a_login_leaves_is_found_by_the_next_unless_logout_is_kill() { each_way finds; }

# A connection that breaks off in the middle of a file
copies() {
	rules "${TOGETHER[@]}"
	head -c 3000000 /dev/urandom >$STAGE/file
	timeout -s KILL 1 rsync -q --bwlimit=500 --partial -e "ssh ${SSH_OPTIONS[*]}" $STAGE/file "$user@127.0.0.1:" 2>/dev/null
	rsync -q --partial -e "ssh ${SSH_OPTIONS[*]}" $STAGE/file "$user@127.0.0.1:" || fail "rsync: status $?"
	cmp $STAGE/file "/home/$user/file" || fail "not what was sent"
	end_all
	rm -f "/home/$user/"{file,.file.*} $STAGE/file
}
test_rsync_goes_on_after_a_broken_connection() { each_way copies; }
