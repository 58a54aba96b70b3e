# A hostile user who tries to get a login that is not isolated, by what a client may send: variables,
# arguments, commands, subsystems, names of any length.  Planted programs record where they ran; outside a
# session that would be the host's name.
. tests/stage.sh

RAN=/tmp/ran # the record of the planted programs

plant() { # in the home of $user: programs with names that might be looked up, startup files, a rule
	local name home=/home/$user
	printf '#!/bin/bash -p\nuname -n >>%s\n' $RAN >$STAGE/planted
	mkdir $home/bin
	for name in sh bash hostname uname id nsisolate-init nsisolate-shell pam_app; do
		install -m 755 $STAGE/planted "$home/bin/$name"
	done
	sed -i 's|uname -n|/bin/uname -n|' $home/bin/*
	install -m 755 $home/bin/sh $home/rc
	printf '[all]\nisolate = no\n' >$home/no.conf
	chown -R "$user:$user" $home/bin $home/rc $home/no.conf
	: >$RAN
	chmod 666 $RAN
}
uproot() {
	rm -rf /home/$user/{bin,rc,no.conf} $RAN $STAGE/planted
}
nowhere_outside() { # shows what did run
	! grep -qx lab $RAN || fail "$1: ran outside: $(sort $RAN | uniq -c)"
}

# the answer to a client: where it runs, and below which PID 1
WHERE='/bin/uname -n; cat /proc/1/comm'
isolated() { # isolated WHAT OUTPUT
	assert_match "$2" "(^|"$'\n'")$user-lab"$'\n'"nsisolate-init" "$1"
}

check_environment() {
	local word home=/home/$user
	plant
	for word in "PATH=$home/bin" "SHELL=$home/bin/sh" "ENV=$home/rc" "BASH_ENV=$home/rc" IFS=/ 'PS4=$(uname)' \
		NSISOLATE=1 "NSISOLATE_CONF=$home/no.conf" "NSISOLATE_INIT=$home/bin/nsisolate-init" \
		NSISOLATE_STAGE=1 SSH_ORIGINAL_COMMAND=uname "SSH_CONNECTION=10.0.0.1 1 10.0.0.1 1" \
		"HOME=$home/bin" USER=root LOGNAME=root UID=0 "TMPDIR=$home" "HOSTALIASES=$home/rc" \
		"SYSTEMD_LOG_TARGET=console" container=1 "HOSTNAME=lab" "BASH_FUNC_uname%%=() { echo lab; }"; do
		isolated "$word" "$(on "$user" -o SetEnv="\"$word\"" "$WHERE" 2>&1)"
		nowhere_outside "$word"
	done
	uproot
}
test_no_variable_leads_out() {
	local way
	for way in module shell; do
		if [ $way = module ]; then user=alice; else user=dave; pam_stack sshd ''; fi
		# any variable that a client sends
		sshd_start 'AcceptEnv=*'
		check_environment
		sshd_stop
		nothing_left
	done
}

# ---- variables that the dynamic linker obeys ----

preload() {
	cat >$STAGE/evil.c <<-END
		#include <stdio.h>
		#include <sys/utsname.h>
		__attribute__((constructor)) static void ran(void)
		{
			struct utsname name;
			FILE *file = fopen("$RAN", "a");
			if (!file || uname(&name)) return;
			fprintf(file, "%s\\n", name.nodename);
			fclose(file);
		}
	END
	"${CC:-cc}" -shared -fPIC -w -o "/home/$user/evil.so" $STAGE/evil.c || skip "no compiler"
	rm $STAGE/evil.c
}
# The module's users can have any of them: whatever reads them is in the session.
test_preloading_finds_only_the_session_through_the_module() {
	user=alice
	plant
	preload
	sshd_start 'AcceptEnv=*'
	on alice -o SetEnv=LD_PRELOAD=/home/alice/evil.so "$WHERE" >/dev/null
	assert_match "$(cat $RAN)" '^alice-lab' "what was preloaded ran"
	nowhere_outside LD_PRELOAD
	# GCONV_PATH, LOCPATH and the like are of the same kind: no program of ours outside sees them
	assert_eq "$(on alice -o SetEnv=LD_DEBUG=files -o SetEnv=LD_DEBUG_OUTPUT=/tmp/ld true; cat /tmp/ld.* |
		grep -c nsisolate)" 0 "programs of ours that the linker would have told about"
	rm -f /tmp/ld.* /home/alice/evil.so
	sshd_stop
	uproot
	nothing_left
}
# (through nsisolate-shell: test_environment.sh)

# ---- words ----

check_words() {
	local command home=/home/$user answer
	plant
	for command in "--config=$home/no.conf" "-c '$WHERE'" "-- $WHERE" - "--user --uts -- $WHERE" \
		"--attach" "-l -c '$WHERE'" "\$(id)" "exec nsisolate-shell --config=$home/no.conf -c '$WHERE'" \
		"nsisolate-init --user --uts -- uname -n"; do
		answer=$(ssh "${SSH_OPTIONS[@]}" "$user@127.0.0.1" -- "$command" 2>&1 </dev/null)
		[[ $answer != lab && $answer != lab$'\n'* && $answer != *$'\nlab\n'* ]] ||
			fail "$command: not isolated: $answer"
		nowhere_outside "$command"
	done
	# twice what the login needs: the shell's own words
	isolated "-c twice" "$(on "$user" "$WHERE" -c "$WHERE" 2>/dev/null)"
	uproot
}
test_no_word_of_a_command_leads_out() { both check_words; }

# nsisolate-shell's own argument comes from its caller: sshd, su or login, with words of theirs.
test_no_word_that_su_and_login_hand_on_leads_out() {
	user=dave
	pam_stack su ''
	plant
	# from outside, as a user who knows the password could; here root does it
	isolated "su -c twice" "$(su dave -c true -c "$WHERE")"
	isolated "su -" "$(su - dave <<<"$WHERE")"
	isolated "su --" "$(su dave -- -c "$WHERE" 2>/dev/null)"
	nowhere_outside su
	uproot
	rm -f /etc/pam.d/su && cp $STAGE/pam.su /etc/pam.d/su
	nothing_left
}

# ---- ForceCommand ----

test_force_command_is_obeyed_by_every_kind_of_request() {
	local answer
	user=bob
	pam_stack sshd ''
	plant
	SFTP=internal-sftp sshd_start 'ForceCommand=/usr/bin/nsisolate-shell -l' 'PermitUserRC=no'
	isolated "a command" "$(on bob "$WHERE")"
	isolated "no command" "$(on bob <<<"$WHERE")"
	isolated "a terminal" "$(on bob -tt "$WHERE" | tr -d '\r')"
	answer=$(echo "$WHERE" | on bob -s sftp 2>&1)
	[[ $answer != *lab$'\n'* || $answer = *bob-lab* ]] || fail "a subsystem: $answer"
	assert_match "$(echo 'get /proc/self/comm /tmp/comm' | sftp -q "${SSH_OPTIONS[@]}" bob@127.0.0.1 2>&1; echo over)" over
	[ ! -e /tmp/comm ] || assert_eq "$(cat /tmp/comm)" sftp-server
	isolated "a command that names another" "$(on bob "exec -a -bash bash -c '$WHERE'")"
	# bash takes that as an option
	answer=$(ssh "${SSH_OPTIONS[@]}" bob@127.0.0.1 -- "--config=/home/bob/no.conf" 2>&1)
	assert_match "$answer" "invalid option" "words for the shell"
	nowhere_outside ForceCommand
	rm -f /tmp/comm
	sshd_stop
	uproot
	nothing_left
}

# ---- lengths ----

long() { head -c 65536 /dev/zero | tr '\0' "${1:-a}"; }
test_names_of_64_kib_are_refused_or_taken_whole() {
	own_stack
	conf <<<$'[all]\nhostname = %u-lab'
	local item
	"$BUILD/tests/pam_app" stage "$(long)" refused same 2>/dev/null
	[ $? -lt 128 ] || fail "a user of 64 KiB: it crashed"
	for item in rhost tty; do
		# libpam itself refuses that after we have let it in: no audit record can hold it
		"$BUILD/tests/pam_app" stage alice remember $item "$(long)" attempt end same 2>/dev/null ||
			fail "a $item of 64 KiB"
		assert_eq "$("$BUILD/tests/pam_app" stage alice remember $item "$(printf '\n=\" \001\377%.1000s' "$(long)")" \
			open run "uname -n" close same 2>&1)" alice-lab "odd bytes in a $item"
	done
	# what follows a value that does not fit is not written beyond the end
	"$BUILD/tests/pam_app" stage alice remember tty "$(long)" rhost 192.0.2.1 attempt end same 2>/dev/null ||
		fail "a tty of 64 KiB before a rhost"
	awk 'length > 4096 { exit 1 }' $LOGS/syslog || fail "a line of the log longer than 4 KiB"
	nothing_left
}

test_words_of_64_kib_reach_the_shell_whole() {
	assert_eq "$(as dave env SSH_CONNECTION="$(long)" SSH_ORIGINAL_COMMAND= "$NSISOLATE_SHELL" -c 'uname -n')" \
		dave-lab "SSH_CONNECTION"
	assert_eq "$(as dave "$NSISOLATE_SHELL" -c "uname -n; : $(long)")" dave-lab "a command"
	assert_eq "$(as dave bash -c "exec -a -$(long) $NSISOLATE_SHELL -c 'uname -n'")" dave-lab "argv[0]"
	as dave "$NSISOLATE_SHELL" --config="/$(long)" -c true 2>/dev/null
	assert_eq $? 1 "a configuration of such a name"
	nothing_left
}
