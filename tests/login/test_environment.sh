# No variable takes effect before the rules do in nsisolate-shell, wherever it comes from; and the real shell
# gets every byte of the environment.
. tests/stage.sh

RAN=/tmp/ran # the record of the planted code: which program it was loaded into, and on which host

# In dave's home: evil.so, for LD_PRELOAD and LD_AUDIT; and libraries that nsisolate-shell's rules need.
plant() {
	local symbols library
	cat >$STAGE/evil.c <<-END
		#define _GNU_SOURCE
		#include <errno.h>
		#include <stdio.h>
		#include <sys/utsname.h>
		__attribute__((constructor)) static void ran(void)
		{
			struct utsname name;
			FILE *file = fopen("$RAN", "a");
			if (!file || uname(&name)) return;
			fprintf(file, "%s %s\\n", program_invocation_short_name, name.nodename);
			fclose(file);
		}
		unsigned la_version(unsigned version) { return version; }
	END
	mkdir -p /home/dave/lib
	"${CC:-cc}" -shared -fPIC -w -o /home/dave/evil.so $STAGE/evil.c || skip "no compiler"
	symbols=$(nm -D --undefined-only "$NSISOLATECTL" | awk '/ (iniparser|dictionary)_/ { print $2 }')
	library=$(readelf -dW "$NSISOLATECTL" | sed -n 's/.*NEEDED.*\[\(libiniparser[^]]*\)\]/\1/p')
	for symbol in $symbols; do echo "void *$symbol(void) { return 0; }"; done >>$STAGE/evil.c
	"${CC:-cc}" -shared -fPIC -w -o "/home/dave/lib/$library" $STAGE/evil.c
	rm $STAGE/evil.c
	: >$RAN
	chmod 666 $RAN
}
uproot() {
	rm -rf /home/dave/{evil.so,lib,.pam_environment,.ssh/environment,.ssh/rc} $RAN /tmp/ld.*
	cp $STAGE/keys/user.pub /home/dave/.ssh/authorized_keys
}

# The variable got through, and took effect in the session only.
only_inside() { # only_inside WHAT HOST
	assert_eq "$2" dave-lab "$1: the login"
	grep -q ' dave-lab$' $RAN || fail "$1: it did not come through: $(cat $RAN)"
	! grep ' lab$' $RAN || fail "$1: it acted outside"
	: >$RAN
}

# Each sets up a way for variables to get in, and sets the command that uses it.
way_pam_env() {
	pam_stack sshd 'session required pam_env.so user_readenv=1'
	sshd_start
	come() { echo "$1" >/home/dave/.pam_environment; on dave hostname; }
}
way_accept_env() {
	pam_stack sshd ''
	sshd_start 'AcceptEnv=*'
	come() { on dave -o SetEnv="$1" hostname; }
}
way_user_environment() {
	pam_stack sshd ''
	sshd_start PermitUserEnvironment=yes
	come() { echo "$1" >/home/dave/.ssh/environment; on dave hostname; }
}
way_key() {
	pam_stack sshd ''
	sshd_start PermitUserEnvironment=yes
	come() {
		echo "environment=\"$1\" $(cat $STAGE/keys/user.pub)" >/home/dave/.ssh/authorized_keys
		on dave hostname
	}
}
way_su() { # root's own su loads it, too
	pam_stack su ''
	come() { env "$1" su -m -s /usr/bin/nsisolate-shell dave -c hostname; sed -i '/^su /d' $RAN; }
}

test_what_the_loader_obeys_finds_the_session_only() {
	local way variable
	! sanitized || skip "a sanitizer has to be loaded first"
	plant
	for way in pam_env accept_env user_environment key su; do
		way_$way
		for variable in LD_PRELOAD=/home/dave/evil.so LD_AUDIT=/home/dave/evil.so; do
			only_inside "$way $variable" "$(come $variable)"
		done
		# it is set, and no program in the session needs what it points to
		assert_eq "$(come LD_LIBRARY_PATH=/home/dave/lib)" dave-lab "$way LD_LIBRARY_PATH"
		assert_eq "$(cat $RAN)" "" "$way: what LD_LIBRARY_PATH led to"
		sshd_stop
		uproot
		plant
	done
	cp $STAGE/pam.su /etc/pam.d/su
	uproot
	nothing_left
}

# A program that is not ours: sshd's own /bin/sh is outside, as the manual and doctor say.
test_what_sshd_starts_before_it_is_outside_as_doctor_says() {
	! sanitized || skip "a sanitizer has to be loaded first"
	plant
	way_pam_env
	: >/home/dave/.ssh/rc
	assert_eq "$(come LD_PRELOAD=/home/dave/evil.so)" dave-lab
	assert_eq "$(grep ' lab$' $RAN)" "sh lab" "what runs outside"
	sshd_stop
	: >$RAN
	sshd_start PermitUserRC=no
	only_inside "PermitUserRC no" "$(come LD_PRELOAD=/home/dave/evil.so)"
	: >/etc/ssh/sshrc
	assert_eq "$(come LD_PRELOAD=/home/dave/evil.so)" dave-lab
	assert_eq "$(grep ' lab$' $RAN)" "sh lab
sh lab" "what runs outside for the administrator's sshrc"
	rm /etc/ssh/sshrc
	sshd_stop
	uproot
	nothing_left
}

test_it_tells_nobody_of_programs_of_ours() {
	! sanitized || skip "a sanitizer has to be loaded first"
	assert_eq "$(as dave env LD_DEBUG=files LD_DEBUG_OUTPUT=/tmp/ld nsisolate-shell -c hostname)" dave-lab
	grep -q 'calling init' /tmp/ld.* || fail "the control: nothing told"
	assert_eq "$(grep -l nsisolate /tmp/ld.*)" "" "what the loader reported"
	rm -f /tmp/ld.*
	as dave env LD_SHOW_AUXV=1 nsisolate-shell -c 'uname -n' >/tmp/auxv
	assert_match "$(cat /tmp/auxv)" 'AT_EXECFN: +/bin/sh' "the control"
	assert_eq "$(grep nsisolate /tmp/auxv)" "" "what the loader showed"
	rm /tmp/auxv
}

# A list of bad variables is never complete: none at all reaches a program of ours after the first.
environments_of() { # environments_of PROGRAM: what it was started with
	sed -nE "s|.*execve\(\"[^\"]*$1\", \[.*\], \[(.*)\]\) = 0.*|\1|p" /tmp/trace
}
test_no_variable_at_all_reaches_what_decides() {
	local rule
	command -v strace >/dev/null || skip "no strace"
	for rule in 'scope = session' 'scope = user' 'isolate = no'; do
		printf '[all]\n%s\n' "$rule" | conf
		[ "$rule" != 'scope = user' ] || install -d -m 700 -o dave -g dave /run/user/5004
		as dave env -i GLIBC_TUNABLES=glibc.malloc.perturb=1 MALLOC_CHECK_=3 GCONV_PATH=/tmp LOCPATH=/tmp \
			HOSTALIASES=/tmp/x RES_OPTIONS=debug TZ=:/tmp/x NSISOLATE_ENVIRONMENT=0 NSISOLATE_SELF=/bin/sh \
			SHELL=/usr/bin/nsisolate-shell SSH_CONNECTION='10.0.0.1 1 10.0.0.2 2' \
			strace -f -v -s 4096 -e trace=execve -o /tmp/trace \
			/usr/bin/nsisolate-shell -c 'echo $GCONV_PATH' >/tmp/said || fail "$rule: no login"
		assert_eq "$(cat /tmp/said)" /tmp "$rule: what the shell sees"
		assert_match "$(environments_of nsisolate-login)" \
			'^"NSISOLATE_ENVIRONMENT=[0-9]+", "NSISOLATE_SELF=/usr/bin/nsisolate-shell"$' "$rule"
		[ "$rule" = 'isolate = no' ] || assert_match "$(environments_of nsisolate-init; echo x)" \
			$'^(\n)+x$' "$rule: nsisolate-init"
	done
	rm -rf /tmp/trace /tmp/said /run/user
}

# ---- what the real shell gets: cat, which shows it ----

not_counted() { [ ! -d "$BUILD/profile" ] || skip "clang's counters add a variable of theirs"; }

tells() { # tells RULE FILE WORD...: what its shell gets of the environment in FILE
	local rule=$1 file=$2
	shift 2
	printf '[all]\nshell = /bin/cat\n%s\n' "$rule" | conf
	setpriv --reuid dave --regid dave --init-groups "$BUILD/tests/exec_with" "$file" "$@"
}
test_the_real_shell_gets_every_byte_of_it() {
	local rule
	not_counted
	printf '%s\0' A=1 'B=two words' A=2 '' = =x nameless '' 'NL=a
b' $'HIGH=\377\200' LD_PRELOAD= LD_PRELOADX=1 SHELL=/old SHELLS=1 SHELL=/older NSISOLATE_ENVIRONMENT=9 PATH=/nowhere \
		'BASH_FUNC_x%%=() { :; }' LAST >/tmp/given
	sed -z 's|^SHELL=/old$|SHELL=/bin/cat|' /tmp/given >/tmp/wanted
	install -d -m 700 -o dave -g dave /run/user/5004
	for rule in '' 'scope = user' 'isolate = no' 'namespaces = uts'; do
		tells "$rule" /tmp/given /usr/bin/nsisolate-shell /proc/self/environ >/tmp/got
		cmp /tmp/got /tmp/wanted || fail "$rule: $(tr '\0' '|' </tmp/got)"
	done
	# none at all
	: >/tmp/given
	assert_eq "$(tells '' /tmp/given /usr/bin/nsisolate-shell /proc/self/environ | tr '\0' '|')" "SHELL=/bin/cat|"
	rm -rf /tmp/given /tmp/got /tmp/wanted /run/user
	nothing_left
}

# Up to the kernel's limit, to the byte: what can be passed to nsisolate-shell can be passed on.
padded() { # padded RULE LENGTH: with a variable of that length
	{ cat /tmp/big; printf 'PAD=%0*d\0' "$2" 0; } >/tmp/given
	tells "$1" /tmp/given /usr/bin/nsisolate-shell /proc/self/environ >/tmp/got
}
test_an_environment_of_any_size_that_the_kernel_takes_passes() {
	local rule big fits over middle
	not_counted
	ulimit -s 8192 # a quarter of it is for arguments and environment: execve(2)
	big=$(head -c 100000 /dev/zero | tr '\0' x)
	{ printf '%s\0' SHELL=/usr/bin/nsisolate-shell; printf 'BIG=%s\0' "$big"{,,,,}{,,,}; } >/tmp/big
	for rule in '' 'isolate = no'; do
		fits=1 over=100000
		while [ $((over - fits)) -gt 1 ]; do
			middle=$(((fits + over) / 2))
			padded "$rule" $middle
			case $? in
			0) fits=$middle ;;
			7) over=$middle ;;
			*) fail "$rule: $(stat -c %s /tmp/given) bytes are refused" ;;
			esac
		done
		[ $fits -gt 1 ] && [ $over -lt 100000 ] || fail "the control: $fits fit, $over do not"
		padded "$rule" $fits
		cmp /tmp/got <(sed -z '1s|.*|SHELL=/bin/cat|' /tmp/given) || fail "$rule: it changed"
	done
	rm /tmp/big /tmp/given /tmp/got
	nothing_left
}

test_nothing_of_the_way_is_left_in_the_shell() {
	local rule before
	before=$(as dave bash -c 'exec 7</dev/null; exec sh -c "ls /proc/self/fd"')
	for rule in '' 'isolate = no' 'namespaces = uts'; do
		printf '[all]\n%s\n' "$rule" | conf
		assert_eq "$(as dave bash -c 'exec 7</dev/null; exec nsisolate-shell -c "ls /proc/self/fd"')" \
			"$before" "$rule: its descriptors"
		assert_eq "$(as dave nsisolate-shell -c 'env | grep NSISOLATE')" "" "$rule: variables of ours"
	done
	nothing_left
}

# ---- nsisolate-login cannot be started ----

test_users_whose_rules_cannot_be_read_are_refused_and_root_is_not() {
	local said
	mv /usr/libexec/nsisolate/nsisolate-login /usr/libexec/nsisolate/away
	said=$(as dave nsisolate-shell -c 'echo in' 2>&1)
	assert_eq $? 1 "status"
	assert_match "$said" '^nsisolate-shell: cannot run .*/nsisolate-login: No such file' "what it says"
	logged 'session refused: user=5004: cannot run .*nsisolate-login' >/dev/null
	said=$(nsisolate-shell --config=/nowhere -c 'echo in' 2>&1)
	assert_match "$said" 'not isolated \(uid 0\).in$' "root"
	logged 'session NOT isolated: user=0 is let in' >/dev/null
	assert_match "$(bash -c 'exec -a -nsisolate-shell nsisolate-shell' <<<'echo "name=$0"' 2>&1)" 'name=-sh' \
		"root's login shell"
	mv /usr/libexec/nsisolate/away /usr/libexec/nsisolate/nsisolate-login
	# and when the environment cannot be stored
	said=$(as dave bash -c 'ulimit -f 0; exec nsisolate-shell -c "echo in"' 2>&1)
	assert_eq $? 1 "status under ulimit -f"
	assert_match "$said" 'the environment is larger than the limit on file sizes \(ulimit -f\)' "under ulimit -f"
	assert_match "$(bash -c 'ulimit -f 0; exec nsisolate-shell -c "echo in"' 2>&1)" 'in$' "root under ulimit -f"
}

test_a_stored_environment_that_could_change_is_none() {
	local file=/tmp/file
	printf 'A=1\0' >$file
	assert_match "$(as dave bash -c "exec 9<$file; exec $NSISOLATE_INIT --user --uts --environment=9 -- /bin/true" 2>&1)" \
		'descriptor 9 is not a stored environment'
	assert_match "$(as dave bash -c "exec 9<$file; NSISOLATE_ENVIRONMENT=9 exec /usr/libexec/nsisolate/nsisolate-login" 2>&1)" \
		'descriptor 9 is not a stored environment'
	rm $file
}

test_its_second_step_is_not_a_real_shell() {
	printf '[all]\nshell = /usr/libexec/nsisolate/nsisolate-login\n' | conf
	assert_match "$(as dave timeout "$(pace_seconds 200)" nsisolate-shell -c true 2>&1)" 'is nsisolate-shell itself'
}

# a copy has another inode than the installed program
test_a_copy_of_it_does_not_start_itself() {
	cp /usr/bin/nsisolate-shell /usr/local/bin/copy
	sed -i '/^dave:/s|:[^:]*$|:/usr/local/bin/copy|' /etc/passwd
	assert_eq "$(timeout "$(pace_seconds 200)" setpriv --reuid dave --regid dave --init-groups /usr/local/bin/copy -c 'echo $0')" /bin/sh
	printf '[all]\nisolate = no\n' | conf
	assert_eq "$(timeout "$(pace_seconds 200)" setpriv --reuid dave --regid dave --init-groups /usr/local/bin/copy -c 'echo $0')" /bin/sh
	sed -i "/^dave:/s|:[^:]*\$|:$NSISOLATE_SHELL|" /etc/passwd
	rm /usr/local/bin/copy
}
