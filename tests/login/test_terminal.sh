# A person at a terminal: job control in six shells, through the module and through the shell.
. tests/stage.sh

SHELLS='bash dash zsh fish tcsh mksh'

# check_shell SHELL: as $user, with SHELL as the real shell
check_shell() {
	local shell=$1 path
	path=$(command -v "$shell") || fail "$shell is not installed"
	[ -e /home/$user/.zshrc ] || touch "/home/$user/.zshrc"
	expect -f tests/login/job_control.exp "$shell" ssh -tt "${SSH_OPTIONS[@]}" "$user@127.0.0.1" \
		>/run/stage/terminal 2>&1 ||
		fail "$shell as $user: status $?
$(tail -c 1500 /run/stage/terminal | tr -d '\r' | cat -v)"
	rm -rf /run/stage/terminal /tmp/fish.* # what fish leaves on any machine
}

job_control_in() {
	local path
	path=$(command -v "$1") || fail "$1 is not installed"
	sed -i "s|^\(alice:.*:\)[^:]*\$|\1$path|" /etc/passwd
	separate "shell = $path"
	both check_shell "$1"
}

for shell in $SHELLS; do
	eval "test_job_control_in_$shell() { job_control_in $shell; }"
done
