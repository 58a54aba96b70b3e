# Programs that log in from elsewhere, and programs that look into others: what they say is the same as with a plain
# login, by the module (scope = user and session) and by nsisolate-shell, and by both with privacy = strict.
. tests/clients/client.sh

# rule WAY: of $user's logins
rule() {
	local line="scope = $1"
	case $1 in
	plain) line='isolate = no' ;;
	shell) line='scope = session' ;;
	strict) line='privacy = strict' ;;
	esac
	printf '%s\n' '[users]' 'uid = 1000-59999' 'hostname = %H' 'logout = linger' "$line" | conf
}

# same FUNCTION REGEX: it prints what matches, and the same for $user whichever $way the logins are; with
# privacy = strict that is for the users in $STRICT
STRICT='alice dave'
same() {
	local user ways way said wanted
	for user in alice dave; do
		pam_stack sshd "$([ $user = dave ] || echo "$MODULE")"
		case $user in alice) ways='plain user session' ;; dave) ways='plain shell' ;; esac
		[[ $STRICT != *$user* ]] || ways+=' strict'
		for way in $ways; do
			echo "--- $way, $user" >&2
			if [ $way = strict ]; then strict is_same "$@"; else is_same "$@"; fi
			nothing_left
		done
	done
}
is_same() {
	local first=nsisolate-init
	[ $way != plain ] || first=$(cat /proc/1/comm)
	rule $way
	sshd_start X11Forwarding=yes
	assert_eq "$(on $user 'cat /proc/1/comm')" "$first" "$way: the control"
	said=$("$1") || fail "status $?: $said"
	said=$(sed "s/$user/USER/g; s/$(id -u $user)/UID/g" <<<"$said")
	[ $way != plain ] || wanted=$said
	assert_eq "$said" "$wanted" "$way"
	assert_match "$said" "$2"
	sshd_stop
	pkill -KILL -u $user
	rm -rf /run/nsisolate
}

# ---- from elsewhere ----

by_paramiko() {
	local there='127.0.0.1 22'
	[ $way != strict ] || there="$BEYOND 7003" # the host's loopback is not the session's
	python3 - $user "$STAGE/keys/user" $there <<'END'
import paramiko, sys
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect("127.0.0.1", username=sys.argv[1], key_filename=sys.argv[2], allow_agent=False, look_for_keys=False)
for command in "id -un; pwd; tr a-z A-Z", "echo wrong >&2; exit 3", "kill -TERM $$":
    stdin, out, err = client.exec_command(command)
    stdin.write("what is typed\n")
    stdin.channel.shutdown_write()
    print(out.read(), err.read(), out.channel.recv_exit_status())
terminal = client.invoke_shell()
terminal.send("echo from a term$((1))nal; exit 4\n")
text = b""
while (more := terminal.recv(1000)): text += more
print("from a term1nal" in text.decode(), terminal.recv_exit_status())
files = client.open_sftp()
with files.open("kept", "w") as file: file.write("by sftp\n")
files.rename("kept", "renamed")
print(files.normalize("."), files.stat("renamed").st_size, files.open("renamed").read())
files.remove("renamed")
through = client.get_transport().open_channel("direct-tcpip", (sys.argv[3], int(sys.argv[4])), ("127.0.0.1", 1))
print(len(through.recv(4)))
client.close()
END
}
test_paramiko() { same by_paramiko 'WHAT IS TYPED.* 0.*wrong.* 3.*True 4.*by sftp.*4$'; }

by_ansible() {
	local pipelining
	cat >$STAGE/play.yml <<-'END'
		- hosts: all
		  gather_facts: false
		  tasks:
		  - ansible.builtin.command: sh -c 'id -un; tr a-z A-Z; uname -n'
		    args: {stdin: what is typed}
		    register: said
		  - ansible.builtin.copy: {content: "by ansible\n", dest: copied, mode: "640"}
		    register: copied
		  - ansible.builtin.shell: cat copied; rm copied; exit 3
		    register: failed
		    ignore_errors: true
		  - ansible.builtin.debug:
		      msg: "{{ said.stdout_lines }} {{ copied.size }} {{ copied.mode }} {{ failed.stdout }} {{ failed.rc }}"
	END
	for pipelining in False True; do
		LC_ALL=C.UTF-8 HOME=$STAGE ANSIBLE_PIPELINING=$pipelining ANSIBLE_NOCOLOR=1 ANSIBLE_LOCAL_TEMP=$STAGE/ansible \
			ANSIBLE_SSH_ARGS="${SSH_OPTIONS[*]}" ANSIBLE_DEPRECATION_WARNINGS=False ansible-playbook -i 127.0.0.1, -u $user \
			-e ansible_python_interpreter=/usr/bin/python3 $STAGE/play.yml 2>&1 |
			grep -E '"msg": "\[|ok=|UNREACHABLE' | tr -s ' ' || return
	done
	rm -rf $STAGE/{play.yml,ansible,.ansible} "/home/$user/.ansible"
}
test_ansible_with_and_without_pipelining() {
	command -v ansible-playbook >/dev/null || skip "no Ansible here"
	same by_ansible 'WHAT IS TYPED.*lab.* 11 0640 by ansible 3.*ok=4 .*ok=4 '
}

by_sshfs() {
	local there=$STAGE/there
	mkdir $there
	mknod -m 666 /dev/fuse c 10 229
	sshfs -f -o ssh_command="ssh ${SSH_OPTIONS[*]}" "$user@127.0.0.1:" $there &
	wait_for mountpoint -q $there || return
	echo 'by sshfs' >$there/new && mv $there/new $there/newer && chmod 600 $there/newer || return
	ln -s newer $there/link
	stat -c '%s %a %N' $there/newer "$(readlink $there/link)" 2>&1 | sed "s,$there,THERE,"
	cat $there/link "/home/$user/newer"
	df --output=fstype $there
	rm $there/newer $there/link
	umount $there
	wait $!
	rmdir $there
	rm /dev/fuse
}
test_sshfs() {
	mknod -m 666 /dev/fuse c 10 229 2>/dev/null && : 2>/dev/null 9<>/dev/fuse || { rm -f /dev/fuse; skip "no FUSE here"; }
	rm /dev/fuse
	same by_sshfs 'by sshfs.*fuse.sshfs'
}

# Its server outlives the connection by which it was started.
by_mosh() {
	TERM=xterm LC_ALL=C.UTF-8 expect -c "
		set timeout $PATIENCE
		set stty_init {rows 24 columns 80}
		spawn -noecho mosh --predict=never {--ssh=ssh ${SSH_OPTIONS[*]}} $user@127.0.0.1 -- \
			sh -c {echo in-a-\$((6*7))-terminal; read word; echo got-\$word; sleep 1}
		expect in-a-42-terminal {} timeout { exit 1 } eof { exit 2 }
		send typed\r
		expect got-typed {} timeout { exit 3 } eof { exit 4 }
		expect eof {} timeout { exit 5 }" >$STAGE/mosh || { cat -v $STAGE/mosh; return 1; }
	rm $STAGE/mosh
	echo 'by mosh'
}
test_mosh() {
	command -v mosh >/dev/null || skip "no mosh here"
	# a server in a network of the user's is not reached from outside
	STRICT='' same by_mosh 'by mosh'
	# where the server ends with that connection
	user=alice
	pam_stack sshd "$MODULE"
	printf '%s\n' '[users]' 'uid = 1000-59999' 'scope = session' 'logout = kill' | conf
	sshd_start
	TERM=xterm LC_ALL=C.UTF-8 expect -c "
		set timeout $PATIENCE
		set stty_init {rows 24 columns 80}
		spawn -noecho mosh {--ssh=ssh ${SSH_OPTIONS[*]}} $user@127.0.0.1
		expect {Nothing received from server on UDP port} {} timeout { exit 1 } eof { exit 2 }
		send \x1e.
		expect eof" >$STAGE/mosh || fail "it says: $(cat -v $STAGE/mosh)"
	rm $STAGE/mosh
	sshd_stop
	nothing_left
}

by_x11() {
	local cookie
	cookie=$(mcookie)
	XAUTHORITY=$STAGE/xauthority xauth -q add :7 . "$cookie" 2>/dev/null
	mkdir -p -m 1777 /tmp/.X11-unix
	Xvfb :7 -auth $STAGE/xauthority -nolisten tcp >$STAGE/xvfb 2>&1 &
	wait_for test -S /tmp/.X11-unix/X7 || { cat $STAGE/xvfb; return 1; }
	DISPLAY=:7 XAUTHORITY=$STAGE/xauthority on $user -Y 'echo $DISPLAY; xdpyinfo | grep -E "^(vendor string|  dimensions)"; xauth list | wc -l'
	kill $!
	wait $!
	rm -rf $STAGE/x{vfb,authority} /tmp/.X11-unix /tmp/.X7-lock "/home/$user/.Xauthority"
}
test_x11_is_forwarded() {
	command -v Xvfb >/dev/null || skip "no Xvfb here"
	# the shell's sshd stays on the host, and so does its end of the forwarding
	STRICT=alice same by_x11 'localhost:1.*vendor.*dimensions'
}

# ---- looking into others, from inside ----

by_bwrap() {
	on $user 'bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all --die-with-parent sh -c "id -un; ls /proc | grep -c ^[0-9]; exit 5"; echo $?
		bwrap --bind / / --unshare-user --uid 0 --gid 0 id -u' 2>&1
}
test_bwrap_makes_a_sandbox() { same by_bwrap '5'; }

by_gdb() {
	on $user 'gdb -q -nx -batch -ex "set debuginfod enabled off" -ex run --args sh -c "exit 7" 2>&1 | grep -o "exited with code.*"
		sleep 300 & traced=$!
		gdb -q -nx -batch -ex detach -p $traced 2>&1 | grep -c "^\[Inferior 1 .* detached\]"; kill $traced'
}
test_gdb_runs_a_program_and_attaches_to_one() { same by_gdb 'code 07.*1'; }

by_strace() {
	on $user 'strace -f -qq -e trace=execve -o trace sh -c "true; id -un"; grep -c "execve(.* = 0" trace; rm trace
		sleep 300 & traced=$!
		strace -o trace -p $traced 2>said & until grep -q attached said; do sleep 0.05; done
		kill -INT $!; wait $!; echo $?; kill $traced; grep -c detached said; rm trace said' 2>&1
}
test_strace_runs_a_program_and_attaches_to_one() { same by_strace 'USER.*2.*1'; }
