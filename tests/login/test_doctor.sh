# nsisolatectl doctor: it reports nothing on a healthy machine, and finds each fault that is planted, with a
# remedy that works.
. tests/stage.sh

CONFIG=/etc/ssh/sshd_config
LINE='session required pam_nsisolate.so'

# ---- a machine on which everything is as it should be ----

# Removes what the machine itself may have: programs that doctor warns of, people, and a server that knows more
# of them
only_the_stages_own() {
	local file
	rm -f {/usr/local,/usr,}/bin/{podman,buildah,gocryptfs,tmux,screen,mosh-server}
	for file in /etc/passwd /etc/shadow; do
		awk -F: -v all="$(awk -F: '$3 < 1000 { printf "%s ", $1 }' /etc/passwd)" \
			'index(" " all "alice bob carol dave nobody ", " " $1 " ")' $file >$file.new
		cat $file.new >$file
		rm $file.new
	done
	printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files myhostname\n' >/etc/nsswitch.conf
}

rules() { separate; change 's/^\(service = .*\)/\1, cron, crond, atd/'; }

healthy() {
	local service
	# each test begins with the same /etc
	[ ! -e $STAGE/etc ] || rsync -a --delete $STAGE/etc/ /etc/
	[ -e $STAGE/etc ] || { only_the_stages_own; cp -a /etc $STAGE/etc; }
	rules
	for service in sshd login cron crond atd remote; do
		[ ! -e "/etc/pam.d/$service" ] || pam_stack "$service" "$LINE"
	done
	mkdir -p /etc/ssh /run/user
	cat >$CONFIG <<-END
		Port 22
		ListenAddress 127.0.0.1
		HostKey $STAGE/keys/host
		UsePAM yes
		X11Forwarding yes
		Subsystem sftp $(sftp_server)
	END
}

# only dave is isolated, by nsisolate-shell
shell_only() {
	healthy
	printf '[users]\nuser = dave\nservice = nsisolate-shell, cron, crond, atd\n' | conf
	pam_stack sshd ''
	change 's/ user_readenv=1//' /etc/pam.d/sshd
}

# ---- what doctor says: one line per finding, its parts separated by tabs ----

read_json() { jq -r '.[] | [.verdict, .subject, .why, .remedy] | map(. // "") | join("\t")'; }

doctor() { "${BY[@]}" nsisolatectl doctor --json | read_json | tee $STAGE/findings; strange_remedies $STAGE/findings; }

# Findings whose commands name a file that is not ours
strange_remedies() {
	awk -F '\t' '{
		command = $4
		sub(/(^| +)#.*/, "", command)
		gsub(/\047[^\047]*\047/, "text", command)
		if (command ~ /^nsisolatectl edit /) next
		count = split(command, words, /[ >;&|]+/)
		for (i = 1; i <= count; i++)
			if (words[i] ~ /^\// && words[i] !~ "^(/etc/(nsisolate|other\\.conf$|ssh/|pam\\.d/|pam\\.conf|authselect/)|/run/nsisolate|/usr/lib/pam\\.d/|/etc/(sysctl|systemd|apparmor)\\.d?.*nsisolate|/etc/systemd/(system/user@.service|logind.conf).d|/etc/polkit-1/.*nsisolate|/usr/share/nsisolate/|.*/(pam_)?nsisolate(-[a-z]*)?(\\.so|\\.conf)?$)")
				printf "problem\tremedy\t%s\t%s\n", words[i], $4
	}' "$1"
}
BY=(env)

finds() { # finds VERDICT SUBJECT WHY [REMEDY]: the last three are regular expressions; sets REMEDY
	local verdict subject why remedy said
	said=$(doctor)
	while IFS=$'\t' read -r verdict subject why remedy; do
		if [ "$verdict" = "$1" ] && [[ $subject =~ ^($2)$ ]] && [[ $why =~ $3 ]]; then
			assert_match "$remedy" "${4:-}" "the remedy"
			REMEDY=$remedy
			return
		fi
	done <<<"$said"
	fail "no $1 '$2' about /$3/ in
$said"
}

finds_not() { # finds_not VERDICT SUBJECT
	local said
	said=$(doctor | awk -F '\t' -v verdict="$1" -v subject="$2" \
		'$1 == verdict && $2 ~ "^(" subject ")$"')
	assert_eq "$said" '' "$1 of '$2'"
}

is_healthy() { assert_eq "$(doctor | grep -v ^ok)" '' 'what doctor finds'; }

remedy_works() { # the remedy of the last finding fixes it, and nothing else is wrong
	bash -ec "$REMEDY" || fail "the remedy fails: $REMEDY"
	is_healthy
}

# The same for a remedy that says in words where the two lines go
remedy_works_by_pair() {
	put_pair
	is_healthy
}
put_pair() {
	local file
	if [[ $REMEDY = 'nsisolatectl enable '* ]]; then
		$REMEDY >/dev/null || fail "it fails: $REMEDY"
		return
	fi
	assert_match "$REMEDY" "^# in (/[^:]*): .$LINE close. first, .$LINE. last"
	file=${BASH_REMATCH[1]}
	{ echo "$LINE close"; sed 's/^\([^-#].*\)\\$/\1 /; /pam_nsisolate/d' "$file"; echo "$LINE"; } >$STAGE/pair
	cat $STAGE/pair >"$file"
	rm $STAGE/pair
}

# remedy_works_by_edit SED...: the same for a remedy that is an editor
remedy_works_by_edit() {
	assert_match "$REMEDY" '^nsisolatectl edit'
	printf '#!/bin/sh\nsed -i %s "$1"\n' "$(printf '%q' "$1")" >/tmp/editor
	chmod 755 /tmp/editor
	SUDO_EDITOR=/tmp/editor remedy_works </dev/null
	rm /tmp/editor
}

change() { sed -i "$1" "${2:-/etc/nsisolate.conf}"; }

# in_place_of FILE TEXT: a file of /proc or /sys has this text, until the test's end
in_place_of() {
	echo "$2" >"$STAGE/said${1//\//-}"
	mount --bind "$STAGE/said${1//\//-}" "$1"
}

# kernel_switch NAME VALUE: of kernel.*, whether or not this kernel has it
kernel_switch() {
	mount -t tmpfs stage /proc/sys/kernel
	echo 1 >/proc/sys/kernel/ngroups_max
	echo "$2" >"/proc/sys/kernel/$1"
}

# ---- nothing is wrong ----

test_a_healthy_machine_has_nothing_to_fix() {
	healthy
	is_healthy
	nsisolatectl doctor >/dev/null
	assert_eq $? 0 status
	# and it is healthy: those whom a rule isolates are isolated
	mkdir -p /run/sshd
	"$(command -v sshd)" -D -E $LOGS/sshd -f $CONFIG &
	SSHD=$!
	wait_for listens 22 || fail "sshd does not listen"
	assert_eq "$(on alice hostname)" alice-lab
	assert_eq "$(on dave hostname)" dave-lab
}

test_the_shell_alone_has_nothing_to_fix() {
	shell_only
	change s/X11Forwarding.*// $CONFIG
	is_healthy
	rm "$PAMDIR/pam_nsisolate.so"
	stage_install # whatever happens
	is_healthy
}

# stock FAMILY: the session parts of its stacks of sshd, login and crond
stock() {
	local file='' line
	while IFS= read -r line; do
		case $line in
		'== '*) file=/etc/pam.d/${line#== }; rm -f "$file" ;;
		*) echo "$line" >>"$file" ;;
		esac
	done
}

test_the_stock_stacks_of_others() {
	healthy
	stock <<-'END'
		== password-auth
		session     optional                   pam_keyinit.so revoke
		session     required                   pam_limits.so
		-session    optional                   pam_systemd.so
		session     [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid
		session     required                   pam_unix.so
		== postlogin
		session     optional                   pam_umask.so silent
		session     [success=1 default=ignore] pam_succeed_if.so service !~ gdm* service !~ su* quiet
		session     [default=1]                pam_lastlog.so nowtmp showfailed
		session     optional                   pam_lastlog.so silent noupdate showfailed
		== sshd
		auth       substack     password-auth
		account    required     pam_nologin.so
		# pam_selinux.so close should be the first session rule
		session    required     pam_selinux.so close
		session    required     pam_loginuid.so
		session    required     pam_selinux.so open env_params
		session    required     pam_namespace.so
		session    optional     pam_keyinit.so force revoke
		session    optional     pam_motd.so
		session    include      password-auth
		session    include      postlogin
		session    required     pam_nsisolate.so
	END
	is_healthy
	stock <<-'END'
		== system-auth
		session    required   pam_limits.so
		session    required   pam_unix.so
		session    optional   pam_permit.so
		== system-login
		session    optional   pam_loginuid.so
		session    optional   pam_keyinit.so       force revoke
		session    include    system-auth
		session    optional   pam_motd.so
		-session   optional   pam_systemd.so
		session    required   pam_env.so
		== system-remote-login
		auth      include   system-login
		session   include   system-login
		== sshd
		auth      include   system-remote-login
		session   include   system-remote-login
		session   required  pam_nsisolate.so
	END
	is_healthy
	stock <<-'END'
		== base-session
		session required pam_env.so
		-session optional pam_elogind.so
		session [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid
		session required pam_unix.so
		== sshd
		session include base-session
		session required pam_nsisolate.so # the last one
	END
	is_healthy
}

test_the_stock_stacks_of_Debian() {
	[ -x /usr/sbin/pam-auth-update ] || skip "this is not Debian"
	healthy
	local service
	for service in sshd login remote cron atd; do
		[ ! -e "/etc/pam.d/$service" ] || pam_stack "$service" ''
	done
	# what pam-auth-update makes of packaging/pam-configs, with a group that exists
	sed "s/sudo/$(id -Gn carol | tr ' ' '\n' | grep -xE 'sudo|wheel')/" \
		"$TOP/packaging/pam-configs/nsisolate" >/usr/share/pam-configs/nsisolate
	DEBIAN_FRONTEND=noninteractive pam-auth-update --enable nsisolate --force
	grep -q pam_nsisolate /etc/pam.d/common-session || fail "pam-auth-update did nothing"
	is_healthy
	rm /usr/share/pam-configs/nsisolate
}

test_no_sshd_no_cron_no_at() {
	healthy
	local program programs=(/usr/sbin/sshd /usr/bin/crontab /usr/bin/at)
	rm -f /etc/pam.d/{sshd,cron,crond,atd}
	for program in "${programs[@]}"; do mv "$program" "$program.away"; done
	is_healthy
	for program in "${programs[@]}"; do mv "$program.away" "$program"; done
}

# ---- how it says so ----

test_text_is_aligned_and_remedies_are_indented() {
	healthy
	chmod 757 "$NSISOLATE_INIT"
	local said
	said=$(nsisolatectl doctor)
	assert_eq $? 1 status
	assert_match "$said" $'\nok       kernel +Linux '
	assert_match "$said" \
		$'problem  nsisolate-init +/.* can be written by others .*\n {13}chmod go-w /.*/nsisolate-init\n'
	assert_match "$said" $'\n\n1 problem, 0 warnings, '
	# all reasons begin in the same column
	assert_eq "$(sed -nE 's/^((ok|warning|problem|unseen) +[^ ]+( [^ ]+)*  +)[^ ].*/\1/p' <<<"$said" |
		awk '{ print length }' | sort -u | wc -l)" 1 columns
	assert_eq "$said" "$(tr -d '\033' <<<"$said")" "colours without a terminal"
	said=$(TERM=xterm script -qec 'nsisolatectl doctor' /dev/null </dev/null)
	assert_match "$said" $'\033\\[1;31mproblem'
	said=$(TERM=xterm NO_COLOR=1 script -qec 'nsisolatectl doctor' /dev/null </dev/null)
	assert_eq "$said" "$(tr -d '\033' <<<"$said")" "colours with NO_COLOR"
	chmod 755 "$NSISOLATE_INIT"
}

test_status_and_usage() {
	healthy
	change 's/^\[users\]/&\nuser = *, !no-such-user/'
	nsisolatectl doctor >/dev/null
	assert_eq $? 0 "with a warning"
	nsisolatectl doctor --jsn 2>/dev/null
	assert_eq $? 2 "with a wrong word"
}

test_an_ordinary_user_is_told_what_is_not_seen() {
	healthy
	BY=(as alice)
	finds unseen namespaces 'only root can try'
	finds unseen sshd '-T: '
	finds ok 'PAM sshd' 'in its place, and refuses'
	chmod 600 /etc/pam.d/sshd /etc/nsisolate.conf
	finds unseen 'PAM sshd' 'Permission denied'
	finds unseen /etc/nsisolate.conf 'Permission denied'
	finds unseen 'side doors' 'not checked'
	finds_not ok 'PAM sshd|/etc/nsisolate.conf|cron|at'
	chmod 711 /etc/pam.d
	finds unseen PAM '/etc/pam.d: Permission denied'
}

# ---- faults: the kernel ----

test_finds_an_old_kernel() {
	healthy
	BY=(setarch --uname-2.6)
	finds problem kernel 'older than 5.10' '# boot'
}

test_finds_that_the_kernel_gives_no_namespace() {
	healthy
	BY=(setpriv --bounding-set=-sys_admin)
	finds problem 'namespace uts' 'CAP_SYS_ADMIN' 'CAP_SYS_ADMIN'
	finds ok 'namespace net' 'no rule asks for it'
}

test_finds_that_no_session_can_be_joined() {
	healthy
	finds ok CAP_SYS_PTRACE 'present'
	BY=(setpriv --bounding-set=-sys_ptrace)
	finds problem CAP_SYS_PTRACE 'missing' 'CAP_SYS_PTRACE'
}

test_finds_applications_that_a_rule_isolates_in_vain() {
	healthy
	local service
	for service in cockpit dovecot samba; do
		printf 'session required pam_permit.so\nsession required pam_nsisolate.so\n' >/etc/pam.d/$service
	done
	finds_not warning 'cockpit|dovecot|samba'
	printf '[all]\nuid = 1000-59999\nservice = sshd, login, cockpit, samba\n' | conf
	finds warning cockpit 'cockpit-session needs' '^nsisolatectl edit'
	finds warning samba 'smbd closes a session' '^nsisolatectl edit'
	finds_not warning dovecot
	pam_stack login 'session required pam_nsisolate.so'
	finds_not warning /usr/local/bin/jupyterhub
	mkdir -p /usr/local/bin
	printf '#!/bin/sh\n' >/usr/local/bin/jupyterhub
	chmod 755 /usr/local/bin/jupyterhub
	finds warning /usr/local/bin/jupyterhub 'JupyterHub opens no session, or ignores' '^nsisolatectl edit'
	rm /usr/local/bin/jupyterhub /etc/pam.d/{cockpit,dovecot,samba}
}

test_finds_graphical_logins_that_no_rule_isolates() {
	local service
	healthy
	for service in gdm-password gdm-launch-environment lightdm-greeter sddm xrdp-sesman; do
		cp /etc/pam.d/login /etc/pam.d/$service
	done
	finds warning 'graphical logins' ': gdm-password, sddm, xrdp-sesman$' '^# see nsisolate\(7\)'
	change 's/^service = sshd/&, gdm-password, sddm, xrdp-sesman/'
	finds_not warning 'graphical logins'
}

test_a_process_that_has_ended_is_not_outside() {
	healthy
	# it ends when its parent is sleep(1), which does not wait for it
	bash -c '{ until grep -q sleep /proc/$$/comm; do sleep 0.1; done
		exec setpriv --reuid 5001 --regid 5001 --clear-groups true; } & exec sleep 50' &
	wait_for pgrep -u alice -r Z || fail "a control: no zombie of alice's"
	finds_not warning "$(sed -n 's/^#define SUBJECT "\(.*\)"/\1/p' "$TOP/shell/ctl/doctor/checks/outside.c")"
	kill $!
}

test_finds_limits_on_namespaces() {
	healthy
	in_place_of /proc/sys/user/max_pid_namespaces 0
	in_place_of /proc/sys/user/max_uts_namespaces 7
	finds warning user.max_uts_namespaces '7: '
	finds problem user.max_pid_namespaces 'no session' '^echo user.max_pid_namespaces='
	bash -ec "$REMEDY"
	finds ok user.max_pid_namespaces 65536
}

test_finds_that_a_rule_wants_control_groups_that_are_not_unified() {
	healthy
	mount -t tmpfs stage /sys/fs/cgroup
	finds ok 'namespace cgroup' 'no rule asks for it'
	change 's/^\[users\]/&\nnamespaces = uts, pid, cgroup/'
	finds problem 'namespace cgroup' 'not the unified hierarchy .*, which a session can see its own part of$' \
		'^nsisolatectl edit .*cgroup'
	umount /sys/fs/cgroup
}

test_finds_user_namespaces_switched_off() {
	healthy
	kernel_switch unprivileged_userns_clone 0
	finds problem kernel.unprivileged_userns_clone 'no user can have one except root' '^echo kernel'
	bash -ec "$REMEDY"
	finds ok kernel.unprivileged_userns_clone 1
	in_place_of /proc/sys/user/max_user_namespaces 0
	finds problem user.max_user_namespaces 'no user' '^echo user.max_user_namespaces='
}

test_finds_user_namespaces_forbidden_by_AppArmor() {
	healthy
	kernel_switch apparmor_restrict_unprivileged_userns 1
	mount -t tmpfs stage /sys/kernel/security
	mkdir /sys/kernel/security/apparmor
	: >/sys/kernel/security/apparmor/profiles
	finds problem AppArmor 'not loaded' 'apparmor_parser -r'
	echo 'nsisolate-init (unconfined)' >/sys/kernel/security/apparmor/profiles
	finds warning AppArmor 'is loaded: users who may run nsisolate-init get around it' '^dpkg-statoverride'
	echo 0 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns
	finds ok AppArmor 'userns = 0$'
}

test_finds_that_a_session_by_the_shell_cannot_be_had() {
	healthy
	# the kernel does not mount /proc in a user namespace if parts of the host's are covered
	in_place_of /proc/sys/kernel/osrelease covered
	finds problem 'user namespaces' 'tried for dave, by the rule \[users\]: .*proc' 'dave'
	# a rule that lets users in anyway does not make it better
	change 's/^\[users\]/&\non_error = allow/'
	finds problem 'user namespaces' 'tried for dave, by the rule \[users\]: .*proc' 'dave'
	umount /proc/sys/kernel/osrelease
	is_healthy
}

# in_place_of_program PATH: a stand-in that records what it has, in /tmp/seen.NAME, apart from the shell's own
in_place_of_program() {
	rm -f "/tmp/seen.${1##*/}"
	cat >$STAGE/look <<-'END'
		#!/bin/sh
		seen=$(
			env | grep -vE '^(PWD|SHLVL|_)='
			pwd
			for fd in /proc/$$/fd/*; do
				case ${fd##*/} in 10 | 255) ;; *) readlink "$fd" | sed 's/:.*/:/' ;; esac
			done | sort -u
			id -u
			sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 3,4,5 | sed "s/$$/own/g"
		)
		echo "$seen" >"/tmp/seen.${0##*/}"
	END
	chmod 755 $STAGE/look
	mount --bind $STAGE/look "$1"
}

test_what_doctor_starts_has_nothing_of_roots() {
	local sshd
	healthy
	sshd=$(command -v sshd)
	in_place_of_program "$NSISOLATE_INIT"
	in_place_of_program "$sshd"
	STAGE_SECRET=yes script -qec 'nsisolatectl doctor' /dev/null 7<>/etc/shadow >/dev/null
	umount "$NSISOLATE_INIT" "$sshd"
	# directory, descriptors, uid; process group, session, terminal
	assert_eq "$(tr '\n' ' ' </tmp/seen.nsisolate-init)" '/ /dev/null pipe: 65533 own own 0 '
	assert_eq "$(tr '\n' ' ' </tmp/seen.sshd)" '/ /dev/null pipe: 0 own own 0 '
}

test_doctor_tries_as_nobody_whose_processes_there_are() {
	local other
	healthy
	echo 'eve:x:65533:65533::/:/bin/sh' >>/etc/passwd
	echo 'crew:x:65532:' >>/etc/group
	setpriv --reuid 65531 sleep 300 &
	other=$!
	wait_for pgrep -u 65531 -x sleep
	in_place_of_program "$NSISOLATE_INIT"
	nsisolatectl doctor >/dev/null
	umount "$NSISOLATE_INIT"
	kill $other
	assert_match "$(cat /tmp/seen.nsisolate-init)" 65530
	# no process is left
	for other in {65520..65532}; do echo "a$other:x:$other:$other::/:/bin/sh" >>/etc/passwd; done
	finds unseen 'user namespaces' "no uid is unused"
}

# ---- faults: the configuration ----

test_finds_a_broken_configuration() {
	healthy
	change 's/^isolate = no/isolate = maybe/'
	finds problem /etc/nsisolate.conf ":[0-9]+:11: 'maybe': expected yes, no or observe"
	remedy_works_by_edit 's/maybe/no/'
}

test_finds_a_configuration_that_is_hardly_meant() {
	healthy
	change 's/^\[users\]/&\nuser = *, !no-such-user/'
	finds warning /etc/nsisolate.conf "there is no user 'no-such-user'"
	remedy_works_by_edit '/no-such-user/d'
}

test_finds_a_configuration_that_others_can_change() {
	healthy
	chown bob /etc/nsisolate.conf
	finds problem /etc/nsisolate.conf 'is owned by uid 5002' '^chown root /etc/nsisolate.conf$'
	remedy_works
	chmod 664 /etc/nsisolate.conf
	chgrp bob /etc/nsisolate.conf
	finds problem /etc/nsisolate.conf 'written by others' '^chmod go-w /etc/nsisolate.conf$'
	remedy_works
	mkdir -m 777 /etc/nsisolate.conf.d
	finds problem /etc/nsisolate.conf.d 'written by others'
	remedy_works
	printf '[more]\nuser = alice\n' >"/etc/nsisolate.conf.d/it's.conf"
	chmod 666 "/etc/nsisolate.conf.d/it's.conf"
	finds problem "/etc/nsisolate.conf.d/it's.conf" 'written by others' "'.*it'\\\\''s.conf'"
	remedy_works
}

test_masked_and_dangling_drop_ins() {
	healthy
	mkdir /etc/nsisolate.conf.d
	ln -s /dev/null /etc/nsisolate.conf.d/x.conf
	is_healthy
	"$BUILD/tests/pam_app" sshd alice open run 'hostname | grep -q ^alice-' close || fail "alice is not isolated beside it"
	ln -sfn /nonexistent /etc/nsisolate.conf.d/x.conf
	finds problem /etc/nsisolate.conf 'x.conf: is a link to a file that does not exist' '^# give that link'
	assert_match "$(nsisolatectl check)" 'x.conf: error: is a link to a file that does not exist'
	rm /etc/nsisolate.conf.d/x.conf
	printf '[more]\nuser = alice\n' >/etc/nsisolate.conf.d/more
	finds warning /etc/nsisolate.conf 'more: is not read' '^mv -n /etc/nsisolate.conf.d/more '
	remedy_works
}

test_no_remedy_names_what_a_link_leads_to() {
	local target
	healthy
	mkdir -m 755 /etc/nsisolate.conf.d
	printf '[more]\nuser = alice\n' >/home/more.conf
	ln -s /home/more.conf /etc/nsisolate.conf.d/more.conf
	chmod 666 /home/more.conf
	finds problem /etc/nsisolate.conf.d/more.conf '/home/more.conf can be written by others' '^# '
	chmod 644 /home/more.conf
	chown bob /home/more.conf
	finds problem /etc/nsisolate.conf.d/more.conf '/home/more.conf is owned by uid 5002' '^# '
	rm /home/more.conf
	healthy
	chmod o+w /etc
	finds problem /etc/nsisolate.conf '/etc can be written by others' '^# '
	chmod o-w /etc
}

test_finds_stacks_that_others_can_change() {
	healthy
	finds ok 'PAM files' 'only root'
	chmod 666 /etc/pam.d/su
	finds problem 'PAM files' '/etc/pam.d/su can be written by others' '^chmod go-w /etc/pam.d/su$'
	remedy_works
	chown bob /etc/pam.d/common-session
	finds problem 'PAM files' '/etc/pam.d/common-session is owned by uid 5002' '^chown root /etc/pam.d/common-session$'
	remedy_works
	chmod 777 /etc/pam.d
	finds problem 'PAM files' '/etc/pam.d can be written by others' '^chmod go-w /etc/pam.d$'
	remedy_works
	cp /etc/pam.d/su /home/su
	chown bob /home/su
	ln -sfn /home/su /etc/pam.d/su
	finds problem 'PAM files' '/home/su is owned by uid 5002' '^# '
	rm /home/su
	rsync -a --delete $STAGE/etc/ /etc/
}

test_finds_no_configuration() {
	healthy
	rm /etc/nsisolate.conf
	finds problem /etc/nsisolate.conf 'No such file' '^make install'
}

test_finds_a_configuration_that_shell_users_cannot_read() {
	healthy
	chmod 600 /etc/nsisolate.conf
	finds problem /etc/nsisolate.conf 'not everybody can read it' '^chmod a\+r /etc'
	remedy_works
	# one that is added by an administrator with a strict umask
	(umask 077 && mkdir /etc/nsisolate.conf.d && printf '[more]\nuser = alice\n' >/etc/nsisolate.conf.d/more.conf)
	finds problem /etc/nsisolate.conf.d 'not everybody can read it' '^chmod a\+rx /etc'
	bash -c "$REMEDY"
	finds problem /etc/nsisolate.conf.d/more.conf 'not everybody can read it' '^chmod a\+r /etc'
	remedy_works
}

test_a_configuration_that_only_the_module_reads_may_be_closed() {
	healthy
	change '/^dave:/s,:[^:]*$,:/bin/sh,' /etc/passwd
	chmod 600 /etc/nsisolate.conf
	is_healthy
	change 's/, nsisolate-shell//'
	assert_eq "$(nsisolatectl check; echo $?)" 0 'what check says'
}

# ---- faults: PAM ----

test_finds_a_stack_without_the_module() {
	healthy
	pam_stack sshd ''
	finds problem 'PAM sshd' 'rule \[users\] isolates sshd logins, and /etc/pam.d/sshd does not' \
		'^nsisolatectl enable sshd$'
	remedy_works_by_pair
}

test_finds_that_a_rule_for_all_services_reaches_a_console_without_the_module() {
	healthy
	change '/^service = /d'
	pam_stack login ''
	finds warning 'PAM login' 'does not name pam_nsisolate.so'
	remedy_works_by_pair
}

test_finds_controls_that_let_in() {
	healthy
	local control
	for control in optional '[success=ok default=ignore]' '[session_err=1 default=ok]'; do
		pam_stack sshd "session $control pam_nsisolate.so"$'\nsession required pam_permit.so'
		finds warning 'PAM sshd' 'the control lets in logins'
		remedy_works_by_pair
	done
	pam_stack sshd $'session sufficient pam_nsisolate.so\nsession required pam_permit.so\nsession optional pam_motd.so'
	finds problem 'PAM sshd' 'ends the stack before .*/pam_permit.so'
	remedy_works_by_pair
	pam_stack sshd 'session requierd pam_nsisolate.so'
	finds problem 'PAM sshd' '/etc/pam.d/sshd:[0-9]+: because of this line every login is refused'
	pam_stack sshd 'session sufficient pam_nsisolate.so'
	finds warning 'PAM sshd' 'the control lets in logins'
}

test_controls_that_refuse_are_all_right() {
	healthy
	local control
	for control in requisite '[success=ok default=bad]' '[default=ok]' '[success=ok ignore=ignore default=die]' \
		'[success=ok ignore=ignore module_unknown=ignore default=bad]'; do
		pam_stack sshd "session $control pam_nsisolate.so"
		is_healthy
	done
}

test_finds_the_module_twice() {
	healthy
	echo "$LINE" >>/etc/pam.d/sshd
	finds warning 'PAM sshd' 'opens a second time'
	remedy_works_by_pair
}

test_finds_modules_after_ours_that_must_come_before() {
	healthy
	local module
	for module in pam_loginuid pam_systemd; do
		[ -e "$PAMDIR/$module.so" ] || cp "$PAMDIR/pam_permit.so" "$PAMDIR/$module.so"
		pam_stack sshd "$LINE"$'\n'"session optional $module.so"
		finds problem 'PAM sshd' "stands before $module.so"
		remedy_works_by_pair
	done
}

test_finds_modules_behind_through_an_include() {
	healthy
	printf 'session optional pam_permit.so\n%s\n' "$LINE" >/etc/pam.d/common-doctor
	pam_stack sshd $'session include common-doctor\nsession optional pam_loginuid.so'
	finds problem 'PAM sshd' 'stands before pam_loginuid.so'
	# the line is not in the file that would be written
	assert_match "$REMEDY" '^# see'
	pam_stack sshd $'session optional pam_loginuid.so\nsession include common-doctor'
	is_healthy
	pam_stack sshd $'session substack common-doctor'
	is_healthy
	pam_stack sshd $'@include common-doctor'
	[ ! -e /etc/debian_version ] || is_healthy
}

test_finds_pam_namespace_behind_where_it_has_something_to_do() {
	healthy
	pam_stack sshd "$LINE"$'\nsession required pam_namespace.so'
	is_healthy
	echo '/home/alice/own /run/ user root' >>/etc/security/namespace.conf
	finds problem 'PAM sshd' 'stands before pam_namespace.so'
	remedy_works_by_pair
}

test_finds_modules_that_are_closed_in_the_session() {
	local module why
	for module in pam_mount pam_encfs pam_ecryptfs pam_cryptsetup pam_zfs_key \
		pam_exec pam_script pam_afs_session pam_krb5 pam_slurm_adopt; do
		why='stays mounted'
		case $module in pam_exec | pam_script | pam_afs* | pam_krb5 | pam_slurm*) why='not at all if PID 1' ;; esac
		healthy
		[ -e "$PAMDIR/$module.so" ] || cp "$PAMDIR/pam_permit.so" "$PAMDIR/$module.so"
		pam_stack sshd "session optional $module.so"$'\n'"$LINE"
		finds warning 'PAM sshd' "$module.so is closed inside the session.*$why"
		remedy_works_by_pair
		# after ours it sees only the session, at open and at close
		pam_stack sshd "$LINE"$'\n'"session optional $module.so"
		finds_not warning 'PAM sshd'
	done
	# one that runs only at open
	pam_stack sshd "session optional pam_exec.so type=open_session /bin/true"$'\n'"$LINE"
	is_healthy
}

test_finds_pam_selinux_out_of_place_where_SELinux_is_on() {
	healthy
	local selinux=$'session required pam_selinux.so close\nsession required pam_selinux.so open'
	pam_stack sshd "$LINE"$'\n'"$selinux"
	is_healthy
	mount -t tmpfs stage /sys/fs
	mkdir /sys/fs/selinux
	echo 1 >/sys/fs/selinux/enforce
	# without the lines that Debian's own stack has of it
	change '/pam_selinux/d' $STAGE/pam.sshd
	pam_stack sshd "$LINE"$'\n'"$selinux"
	finds problem 'PAM sshd' 'stands before pam_selinux.so'
	put_pair
	finds ok 'PAM sshd' 'in its place'
	pam_stack sshd "$selinux"$'\n'"$LINE"
	finds warning 'PAM sshd' "pam_selinux.so is closed while .* session's /proc"
	put_pair
	finds ok 'PAM sshd' 'in its place'
	pam_stack sshd "$LINE close"$'\n'"$selinux"$'\n'"$LINE open"
	finds ok 'PAM sshd' 'in its place'
	cp $STAGE/etc/pam.d/sshd $STAGE/pam.sshd
	change '/pam_nsisolate/d' $STAGE/pam.sshd
}

test_finds_half_of_a_split_line() {
	healthy
	pam_stack sshd "$LINE open"
	finds warning 'PAM sshd' 'with `open` only'
	remedy_works_by_pair
	pam_stack sshd "$LINE close"
	finds problem 'PAM sshd' 'with `close` only: no login is isolated'
	remedy_works_by_pair
}

test_finds_arguments_that_the_module_refuses() {
	healthy
	pam_stack sshd "$LINE debug rescue_gruop=wheel"
	finds problem 'PAM sshd' "every login is refused: unknown argument 'rescue_gruop=wheel'"
	remedy_works_by_pair
	pam_stack sshd "$LINE open close"
	finds problem 'PAM sshd' '`open` and `close` on one line'
	remedy_works_by_pair
	pam_stack sshd "$LINE rescue_group=rescuers"
	finds warning 'PAM sshd' "no group 'rescuers'" '^groupadd rescuers'
	remedy_works
	pam_stack sshd "$LINE conf=/etc/other.conf"
	finds problem /etc/other.conf 'No such file'
}

test_finds_the_module_among_auth_lines() {
	healthy
	echo 'auth required pam_nsisolate.so' >>/etc/pam.d/sshd
	finds problem 'PAM sshd' 'works in session lines only'
	remedy_works_by_pair
}

test_finds_that_the_module_is_not_there() {
	healthy
	mv "$PAMDIR/pam_nsisolate.so" "$STAGE/module"
	finds problem 'PAM sshd' "/.*/pam_nsisolate.so does not exist: every login is refused" \
		'^make install'
	pam_stack sshd "-$LINE"
	finds problem 'PAM sshd' 'every login is refused'
	pam_stack sshd "-session optional pam_nsisolate.so"
	finds problem 'PAM sshd' 'no login is isolated'
	mv "$STAGE/module" "$PAMDIR/pam_nsisolate.so"
	pam_stack sshd "$LINE"
	is_healthy
	pam_stack sshd 'session required /opt/lib/pam_nsisolate.so'
	finds problem 'PAM sshd' '/opt/lib/pam_nsisolate.so does not exist'
	remedy_works_by_pair
}

# broken_modules: text, one of another architecture, one that needs an undefined function
broken_modules() {
	local other=b7 # AArch64: elf(5), e_machine
	[ "$(uname -m)" != aarch64 ] || other=3e
	echo 'session required pam_permit.so' >"$PAMDIR/pam_text.so"
	install -m 644 "$BUILD/tests/pam_answer.so" "$PAMDIR/pam_foreign.so"
	printf "\\x$other" | dd of="$PAMDIR/pam_foreign.so" bs=1 seek=18 conv=notrunc status=none
	LC_ALL=C sed s/getenv/getenw/ "$BUILD/tests/pam_answer.so" >"$PAMDIR/pam_wanting.so"
}

test_finds_modules_that_cannot_be_loaded() {
	local module login=("$BUILD/tests/pam_app" sshd alice open run hostname close)
	healthy
	broken_modules
	for module in text foreign wanting; do
		pam_stack sshd "session required pam_$module.so"$'\n'"$LINE"
		finds problem 'PAM sshd' "because of this line every login is refused: /.*/pam_$module.so cannot be loaded: .+"
		! "${login[@]}" >/dev/null 2>&1 || fail "a control: pam_$module.so is loaded"
		# where it keeps nobody out
		pam_stack sshd "session optional pam_$module.so"$'\n'"$LINE"
		is_healthy
		assert_eq "$("${login[@]}" 2>/dev/null)" alice-lab "with pam_$module.so optional"
		# where it decides
		pam_stack sshd "session [module_unknown=1 default=ignore] pam_$module.so"$'\n'"$LINE"$'\nsession required pam_permit.so'
		finds problem 'PAM sshd' 'no login is isolated'
		assert_eq "$("${login[@]}" 2>/dev/null)" "$(hostname)" "passed by"
	done
	pam_stack sshd $'session required pam_wanting.so\n'"$LINE"
	finds problem 'PAM sshd' 'cannot be loaded: .*getenw'
	pam_stack sshd "$LINE"
	mv "$PAMDIR/pam_nsisolate.so" $STAGE/module
	cp "$PAMDIR/pam_text.so" "$PAMDIR/pam_nsisolate.so"
	finds problem 'PAM sshd' '/pam_nsisolate.so cannot be loaded: .*: every login is refused' '^make install'
	mv $STAGE/module "$PAMDIR/pam_nsisolate.so"
	is_healthy
	rm "$PAMDIR"/pam_{text,foreign,wanting}.so
}

# what a module does when it is loaded is done, but as an unused uid
test_no_code_of_a_module_runs_with_a_right() {
	local uid
	healthy
	install -m 644 "$BUILD/tests/pam_answer.so" "$PAMDIR"
	rm -f /tmp/pam_answer.loaded
	pam_stack sshd $'session optional pam_answer.so\n'"$LINE"
	is_healthy
	uid=$(stat -c %u /tmp/pam_answer.loaded) || fail "it was not loaded"
	[ "$uid" -ge 65520 ] || fail "it was loaded by uid $uid"
	rm /tmp/pam_answer.loaded
	# for an ordinary user nobody else may decide what is run
	chown bob "$PAMDIR/pam_answer.so"
	BY=(as alice)
	finds unseen 'PAM modules' '/pam_answer.so can be loaded: not only root can change it'
	[ ! -e /tmp/pam_answer.loaded ] || fail "alice ran what is bob's"
	BY=(env)
	chown root "$PAMDIR/pam_answer.so"
	# one that never returns
	: >/tmp/pam_answer.hangs
	finds unseen 'PAM modules' '/pam_answer.so can be loaded: .*killed by signal'
	finds ok 'PAM sshd' 'in its place'
	rm -f /tmp/pam_answer.* "$PAMDIR/pam_answer.so"
	pam_stack sshd "$LINE"
}

test_trying_modules_where_no_process_can_be_made_keeps_no_descriptor() {
	local many=(/no/{1..20}) said
	command -v strace >/dev/null || skip "no strace"
	said=$(ulimit -n 16 && ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null -e trace=clone,clone3,fork \
		-e inject=clone,clone3,fork:error=EAGAIN "$LIBEXECDIR/nsisolate/pam-load" "${many[@]}" 2>&1)
	assert_eq "$(cut -f 3 <<<"$said" | sort | uniq -c)" "     20 Resource temporarily unavailable" "$said"
}

test_finds_what_PAM_leaves_the_stack_by() {
	healthy
	pam_stack sshd "session sufficient pam_permit.so"$'\n'"$LINE"
	finds problem 'PAM sshd' 'ends the stack after /.*/pam_permit.so, and never reaches'
	# no line can follow it, and no useless remedy is given
	assert_match "$REMEDY" '^# see'
	pam_stack sshd "session sufficient pam_unix.so"$'\n'"$LINE"
	finds problem 'PAM sshd' 'depends on what /.*/pam_unix.so returns'
	pam_stack sshd "session [success=ignore default=1] pam_succeed_if.so uid >= 1000"$'\n'"$LINE"$'\nsession required pam_permit.so'
	finds warning 'PAM sshd' 'depends on what /.*/pam_succeed_if.so returns: only some logins are isolated'
	remedy_works_by_pair
	# in a substack it ends only that
	echo 'session sufficient pam_permit.so' >/etc/pam.d/common-doctor
	pam_stack sshd "session substack common-doctor"$'\n'"$LINE"
	is_healthy
	pam_stack sshd "session include common-doctor"$'\n'"$LINE"
	finds problem 'PAM sshd' '/etc/pam.d/common-doctor:1: libpam ends the stack after'
}

test_finds_what_refuses_everybody() {
	local stack word
	healthy
	for stack in 'session include nope|unable to open config for .*nope' 'session requierd pam_permit.so|' \
		'session required pam_nope.so|there is no /.*/pam_nope.so' '-session required pam_nope.so|there is no' \
		'session required pam_rootok.so|has no function for this type' \
		'session required|no module name' $'session required pam_permit.so\r|there is no' \
		'session [success=ok default=die pam_permit.so|'; do
		pam_stack sshd "${stack%|*}"$'\n'"$LINE"
		word=${stack##*|}
		finds problem 'PAM sshd' "/etc/pam.d/sshd:$(grep -n -m1 -F -- "${stack%|*}" /etc/pam.d/sshd | cut -d : -f 1): because of this line every login is refused.*$word"
		nsisolatectl doctor >/dev/null
		assert_eq $? 1 "doctor's status of ${stack%|*}"
	done
	pam_stack sshd "$LINE"$'\nsession'
	finds_not ok 'PAM sshd'
}

test_finds_that_nobody_has_an_account() {
	healthy
	printf '%s\n' "$LINE" >/etc/pam.d/sshd
	printf '%s required pam_deny.so\n' auth account password session >/etc/pam.d/other
	finds problem 'PAM sshd' 'no account passes .account.'
	healthy
	sed -i '1i account required pam_nope.so' /etc/pam.d/sshd
	finds problem 'PAM sshd' 'no account passes .account.*: /etc/pam.d/sshd:1: there is no /.*/pam_nope.so'
}

test_finds_that_nobody_can_authenticate() {
	healthy
	sed -i '1i auth required pam_nope.so' /etc/pam.d/login
	finds warning 'PAM login' 'nobody passes .auth.*: /etc/pam.d/login:1: there is no /.*/pam_nope.so'
	sed -i '1s/required/optional/' /etc/pam.d/login
	is_healthy
}

# what an `echo >>` makes if the vendor's stack is in another directory, and a way back that leaves nothing in it
test_finds_a_file_that_masks_the_vendors() {
	local text
	healthy
	mkdir -p /usr/lib/pam.d
	grep -v pam_nsisolate /etc/pam.d/sshd >/usr/lib/pam.d/sshd
	printf '%s required pam_deny.so\n' auth account password session >/etc/pam.d/other
	for text in "$LINE"$'\n' '' $'# why\n'; do
		printf '%s' "$text" >/etc/pam.d/sshd
		finds problem 'PAM sshd' '/etc/pam.d/sshd masks /usr/lib/pam.d/sshd' '^rm /etc/pam.d/sshd '
		bash -ec "$REMEDY"
		finds problem 'PAM sshd' '/usr/lib/pam.d/sshd does not name' '^nsisolatectl enable sshd$'
	done
	remedy_works
	assert_eq "$("$BUILD/tests/pam_app" sshd alice open run hostname close)" alice-lab "a login"
	# other people's lines stay
	printf '%s\n' 'auth required pam_permit.so' "$LINE" >/etc/pam.d/sshd
	finds problem 'PAM sshd' '/etc/pam.d/sshd masks /usr/lib/pam.d/sshd' '^# include'
	rm /usr/lib/pam.d/sshd
	finds_not problem '.*masks'
}

# Following all advice until none is left leads to no refusal, and not in a circle
test_advice_comes_to_an_end() {
	local stack step
	for stack in $'account required pam_permit.so\nsession required pam_permit.so\nsession sufficient pam_mkhomedir.so\nsession optional pam_systemd.so' \
		$'account required pam_permit.so\nsession required pam_permit.so\nsession [success=1 default=ignore] pam_succeed_if.so uid >= 1000 quiet' \
		$'account required pam_permit.so\nsession required pam_permit.so \\\n'; do
		healthy
		printf '%s\n' 'auth required pam_permit.so' "$stack" "$LINE" >/etc/pam.d/sshd
		for step in 1 2 3 4; do
			REMEDY=$(doctor | awk -F '\t' '$2 == "PAM sshd" && $4 != "" && $4 !~ /^# see/ { print $4; exit }')
			[ -n "$REMEDY" ] || break
			put_pair
			"$BUILD/tests/pam_app" sshd alice open close >/dev/null || fail "$REMEDY: a login is refused by
$(cat /etc/pam.d/sshd)"
		done
		[ $step -lt 4 ] || fail "it goes on and on: $REMEDY"
		[ "$(doctor | grep -c $'^ok\tPAM sshd\t.*in its place')" = 0 ] ||
			assert_eq "$("$BUILD/tests/pam_app" sshd alice open run hostname close)" alice-lab "where all is well: $(cat /etc/pam.d/sshd)"
	done
}

test_finds_a_service_that_this_machine_does_not_have() {
	healthy
	change 's/^service = .*/service = ssh/'
	finds warning /etc/nsisolate.conf "no PAM stack 'ssh' here.*did you mean sshd" '^nsisolatectl edit'
}

# a part that two services have in common is judged for both
test_judges_ways_in_that_others_include() {
	local service
	healthy
	printf '[all]\nuid = 1000-59999\nservice = *\n' | conf
	for service in sddm greetd ly gdm-fingerprint lightdm; do
		printf '%s required pam_permit.so\n' auth account session >/etc/pam.d/$service
	done
	for service in sddm-autologin lightdm-autologin; do
		printf '%s include '"${service%-*}"'\n' auth account session >/etc/pam.d/$service
	done
	for service in sddm greetd ly gdm-fingerprint lightdm sddm-autologin lightdm-autologin; do
		finds warning "PAM $service" "isolates $service logins, and /etc/pam.d/$service does not name"
	done
	echo "$LINE" >>/etc/pam.d/sddm
	finds ok 'PAM sddm-autologin' '/etc/pam.d/sddm:4: in its place'
	printf 'auth required pam_permit.so\naccount required pam_permit.so\n%s\n' "$LINE" >/etc/pam.d/some.service
	finds ok 'PAM some.service' 'in its place'
}

# no rule isolates these: what their stacks do with the module harms nobody
test_finds_nothing_wrong_where_no_rule_isolates() {
	healthy
	printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' \
		'session optional pam_nsisolate.so' 'session optional pam_loginuid.so' >/etc/pam.d/vsftpd
	is_healthy
	finds ok 'PAM vsftpd' 'no rule isolates these logins'
	echo 'session required pam_nope.so' >>/etc/pam.d/vsftpd
	finds problem 'PAM vsftpd' 'because of this line every login is refused'
}

test_finds_that_nothing_isolates_anybody() {
	healthy
	local stack
	for stack in /etc/pam.d/*; do change /pam_nsisolate/d "$stack"; done
	change 's/nsisolate-shell$/bin\/sh/' /etc/passwd
	finds problem PAM 'nobody is isolated'
}

# nobody has our login shell, and no stack names the module: sshd starts nsisolate-shell
test_a_shell_that_sshd_forces_isolates() {
	healthy
	local stack
	for stack in /etc/pam.d/*; do change /pam_nsisolate/d "$stack"; done
	change 's/nsisolate-shell$/bin\/sh/' /etc/passwd
	echo 'students:x:7778:bob' >>/etc/group
	printf 'Match Group students\n\tForceCommand %s -l\n' "$NSISOLATE_SHELL" >>$CONFIG
	finds warning 'sshd ForceCommand' 'bob'
	finds_not problem PAM
}

test_a_stack_has_the_rules_of_its_own_configuration() {
	healthy
	change 's/^service = sshd, /service = /'
	printf '[ours]\nuid = 1000-59999\nservice = sshd\n' >/etc/other.conf
	pam_stack sshd "$LINE conf=/etc/other.conf"
	is_healthy
	finds ok /etc/other.conf '1 rules?'
	chmod 666 /etc/other.conf
	finds problem /etc/other.conf 'can be written by others' '^chmod'
	remedy_works
	pam_stack sshd "session optional pam_nsisolate.so conf=/etc/other.conf"
	finds warning 'PAM sshd' 'lets in'
	echo 'users = alice' >>/etc/other.conf
	finds problem /etc/other.conf "unknown key 'users'" 'nsisolatectl edit /etc/other.conf'
}

# ---- faults: sshd ----

test_reads_what_sshd_writes_in_capitals() {
	healthy
	cp "$(command -v sshd)" $STAGE/sshd.real
	printf '#!/bin/sh\n%s "$@" | sed "s/^usepam/UsePAM/"\n' $STAGE/sshd.real >$STAGE/sshd.new
	chmod 755 $STAGE/sshd.new
	mount --bind $STAGE/sshd.new "$(command -v sshd)"
	finds ok 'sshd UsePAM' yes
	is_healthy
	umount "$(command -v sshd)"
}

test_finds_sshd_without_PAM() {
	healthy
	change 's/^UsePAM.*/UsePAM no/' $CONFIG
	finds problem 'sshd UsePAM' 'no: the module in /etc/pam.d/sshd never runs' "^sed -i -E '1i UsePAM"
	change s/X11Forwarding.*// $CONFIG # which matters to dave now
	remedy_works
}

test_finds_internal_sftp_for_users_of_the_shell() {
	shell_only
	change s/X11Forwarding.*// $CONFIG
	change 's/^Subsystem.*/Subsystem sftp internal-sftp/' $CONFIG
	finds warning 'sshd sftp' 'starts no shell: .*dave' '^sed -i'
	remedy_works
	printf 'Match User dave\n\tForceCommand internal-sftp\n' >>$CONFIG
	finds warning 'sshd ForceCommand' 'dave is not isolated there' '^sed -i'
	remedy_works
	# the module isolates it anyway
	healthy
	change 's/^Subsystem.*/Subsystem sftp internal-sftp/' $CONFIG
	is_healthy
}

test_sees_sshd_whatever_Match_asks_for() {
	local match
	for match in 'LocalPort 2222' 'LocalAddress 192.0.2.1' 'RDomain vrf' 'Host lab' 'Address 192.0.2.0/24' 'Group staff'; do
		healthy
		change 's/^UsePAM.*/UsePAM no/; s/^X11.*//' $CONFIG
		printf 'Match %s\n\tX11Forwarding no\n' "$match" >>$CONFIG
		finds problem 'sshd UsePAM' 'no: the module'
		bash -ec "$REMEDY" || fail "the remedy fails: $REMEDY"
		assert_eq "$(doctor | grep -v -e ^ok -e $'^unseen\tsshd Match')" '' 'what doctor finds'
	done
}

# a Match block that tests something other than the user may apply to others
test_says_that_sshd_was_not_asked_about_other_logins() {
	local match
	shell_only
	change 's/^X11.*//; s/^Port .*/&\nPort 2222/' $CONFIG
	cp $CONFIG $STAGE/plain
	is_healthy
	for match in 'LocalPort 2222' 'User dave LocalAddress 192.0.2.1' 'localport=2222' 'Group "a b" Address 192.0.2.0/24'; do
		printf 'Match %s\n\tAcceptEnv LC_*\n' "$match" | cat $STAGE/plain - >$CONFIG
		finds unseen 'sshd Match' '^(LocalPort|localport|LocalAddress|Address): sshd was asked .* port 22;'
	done
	for match in 'User dave' 'Group host,"address"' all; do
		printf 'Match %s\n\tAcceptEnv LC_*\n' "$match" | cat $STAGE/plain - >$CONFIG
		is_healthy
	done
	printf 'Match LocalPort 2222\n\tAcceptEnv LC_*\n' >/etc/ssh/other.conf
	{ cat $STAGE/plain; echo 'Include nowhere o*.conf'; } >$CONFIG
	finds unseen 'sshd Match' LocalPort
	# if only the module isolates, these change nothing, unless one of them forces the shell
	healthy
	change 's/nsisolate-shell$/bin\/sh/' /etc/passwd
	printf 'Match LocalPort 2222\n\tX11Forwarding no\n' >>$CONFIG
	is_healthy
	printf '\tForceCommand %s -l\n' "$NSISOLATE_SHELL" >>$CONFIG
	finds unseen 'sshd Match' LocalPort
	rm $STAGE/plain
}

test_a_remedy_for_sftp_spares_chrooted_users() {
	local line
	shell_only
	change s/X11Forwarding.*// $CONFIG
	cp $CONFIG $STAGE/plain
	change 's/^Subsystem.*/Subsystem sftp internal-sftp/' $CONFIG
	printf 'Match User bob\n\tChrootDirectory /srv\n\tForceCommand internal-sftp\n' >>$CONFIG
	finds warning 'sshd sftp' 'starts no shell: .*dave' '^# only internal-sftp serves'
	sed 's/bob/dave/; s/^Subsystem.*/Subsystem sftp internal-sftp/' $CONFIG >$STAGE/dave && cat $STAGE/dave >$CONFIG
	finds warning 'sshd ForceCommand' 'dave is not isolated' '^# only internal-sftp serves'
	# the block also applies to others, for whom nothing changes
	cp $STAGE/plain $CONFIG
	printf 'Match User dave,bob\n\tForceCommand internal-sftp\n' >>$CONFIG
	finds warning 'sshd ForceCommand' 'dave is not isolated' '^sed -i'
	remedy_works
	assert_match "$(sshd -T -C user=bob,host=lab,addr=192.0.2.1)" '[Ff]orce[Cc]ommand internal-sftp' bob
	# however and wherever it is written: if sed cannot change it, the remedy is in words
	for line in 'Subsystem=sftp internal-sftp' 'subsystem "sftp" "internal-sftp"' 'Subsystem	sftp	internal-sftp -l INFO'; do
		sed "s/^Subsystem.*/$line/" $STAGE/plain >$CONFIG
		finds warning 'sshd sftp' 'starts no shell: .*dave' '^sed -i'
		remedy_works
	done
	mkdir -p $CONFIG.d
	echo 'Subsystem sftp internal-sftp' >$CONFIG.d/a.conf
	sed "s,^Subsystem.*,Include $CONFIG.d/*.conf," $STAGE/plain >$CONFIG
	finds warning 'sshd sftp' 'starts no shell: .*dave' '^# in sshd_config.5.: Subsystem sftp /'
	rm $CONFIG.d/a.conf
	# sed -i would make a file of a link
	sed 's/^Subsystem.*/Subsystem sftp internal-sftp/' $STAGE/plain >$CONFIG.real
	ln -sfn $CONFIG.real $CONFIG
	finds warning 'sshd sftp' 'starts no shell: .*dave' '^# in sshd_config'
	rm $STAGE/plain $STAGE/dave
}

test_finds_X11_for_users_of_the_shell() {
	shell_only
	finds warning 'sshd X11' 'dave' "^sed -i -E '1i X11UseLocalhost no'"
	remedy_works
}

# sshd has /bin/sh run ~/.ssh/rc and xauth, outside, before it starts nsisolate-shell
test_finds_that_a_users_own_variables_come_before_the_shell() {
	local where
	shell_only
	change s/X11Forwarding.*// $CONFIG
	for where in '' session auth; do
		[ -n "$where" ] || { is_healthy; continue; }
		shell_only
		change s/X11Forwarding.*// $CONFIG
		echo "$where required pam_env.so user_readenv=1" >>/etc/pam.d/sshd
		finds problem 'PAM sshd' 'user_readenv: LD_PRELOAD in .*\(dave\) sshd starts /bin/sh for ~/.ssh/rc' \
			'^# remove user_readenv='
		change 's/ user_readenv=1//' /etc/pam.d/sshd
		is_healthy
	done
	echo 'AcceptEnv LANG LD_*' >>$CONFIG
	finds problem 'sshd AcceptEnv' 'before nsisolate-shell \(dave\) sshd starts /bin/sh for ~/.ssh/rc' '^sed -i'
	remedy_works
	echo 'PermitUserEnvironment yes' >>$CONFIG
	finds problem 'sshd PermitUserEnvironment' 'LD_PRELOAD in ~/.ssh/environment' '^sed -i'
	remedy_works
	change /PermitUserEnvironment/d $CONFIG
	echo 'PermitUserEnvironment LANG,LD_*' >>$CONFIG
	finds problem 'sshd PermitUserEnvironment' 'LD_PRELOAD in ~/.ssh/environment' '^sed -i'
	remedy_works
	change /PermitUserEnvironment/d $CONFIG
	# then nothing of the user's is left that could
	printf 'PermitUserRC no\nAcceptEnv *\nPermitUserEnvironment yes\n' >>$CONFIG
	is_healthy
	: >/etc/ssh/sshrc
	finds problem 'sshd AcceptEnv' 'sshd starts /bin/sh for /etc/ssh/sshrc' '^sed -i'
	rm /etc/ssh/sshrc
	echo 'X11Forwarding yes' >>$CONFIG
	finds problem 'sshd AcceptEnv' 'sshd starts /bin/sh for xauth' '^sed -i'
	change 's/X11Forwarding.*//; s/AcceptEnv.*/AcceptEnv LANG XLD_PRELOAD/; s/PermitUserEnv.*//' $CONFIG
	is_healthy
	# the user's own shell, which is dynamic, runs what is forced
	printf 'Match User bob\n\tForceCommand %s\n\tAcceptEnv LD_PRELOAD\n' "$NSISOLATE_SHELL" >>$CONFIG
	change 's/^user = .*/user = dave, bob/'
	usermod -s /bin/dash bob
	change 's/AcceptEnv LD/PubkeyAuthentication no\n\t&/' $CONFIG
	finds problem 'sshd AcceptEnv' 'before nsisolate-shell \(bob\) sshd starts /bin/dash' '^sed -i'
	usermod -s "$NSISOLATE_SHELL" bob
	is_healthy
	usermod -s /bin/bash bob
	# the module isolates it anyway
	healthy
	printf 'AcceptEnv *\n' >>$CONFIG
	is_healthy
}

test_finds_a_forced_shell_that_is_not_there() {
	shell_only
	change s/X11Forwarding.*// $CONFIG
	printf 'Match User bob\n\tPubkeyAuthentication no\n\tForceCommand /opt/bin/nsisolate-shell -l\n' >>$CONFIG
	finds problem 'sshd ForceCommand' '/opt/bin/nsisolate-shell cannot be run: bob' '^sed -i'
	remedy_works
}

test_finds_that_what_is_forced_comes_behind_the_users_own_files() {
	shell_only
	change s/X11Forwarding.*// $CONFIG
	printf 'Match User bob\n\tPubkeyAuthentication no\n\tForceCommand %s\n' "$NSISOLATE_SHELL" >>$CONFIG
	change 's/^user = .*/user = dave, bob/'
	finds warning 'sshd ForceCommand' "/bin/bash reads files of bob's own" '^usermod -s'
	remedy_works
	usermod -s /bin/dash bob
	is_healthy
	usermod -s /bin/bash bob
}

test_finds_that_what_is_forced_voids_the_commands_of_keys() {
	local keys=/home/bob/.ssh/authorized_keys writer
	shell_only
	change s/X11Forwarding.*// $CONFIG
	usermod -s /bin/dash bob
	change 's/^user = .*/user = dave, bob/'
	printf 'Match User bob\n\tForceCommand %s -l\n' "$NSISOLATE_SHELL" >>$CONFIG
	cp $CONFIG $STAGE/forced
	cp $keys $STAGE/bob.keys
	finds warning 'sshd ForceCommand' 'overrides the command="..." that keys and certificates of bob' '^usermod -s'
	remedy_works
	# sed -i would make a file of a link
	cp $STAGE/forced $CONFIG.real
	usermod -s /bin/dash bob
	ln -sfn $CONFIG.real $CONFIG
	finds warning 'sshd ForceCommand' 'keys and certificates of bob' '^# usermod -s'
	rm $CONFIG
	cp $STAGE/forced $CONFIG
	# a restricted key, wherever sshd finds it
	for word in '' '%h/.ssh/other' '.ssh/%u.keys' '/run/stage/%U-%u'; do
		cp $STAGE/forced $CONFIG
		usermod -s /bin/dash bob
		[ -z "$word" ] || sed -i "1i AuthorizedKeysFile $word none-such" $CONFIG
		case $word in '') keys=/home/bob/.ssh/authorized_keys ;; %h*) keys=/home/bob/.ssh/other ;;
		.ssh*) keys=/home/bob/.ssh/bob.keys ;; /*) keys=/run/stage/5002-bob ;; esac
		sed 's/^/# command="x"\n/' $STAGE/bob.keys >$keys
		finds warning 'sshd ForceCommand' 'keys and certificates of bob'
		sed 's/^/restrict,command="rrsync \/srv" /' $STAGE/bob.keys >$keys
		finds problem 'sshd ForceCommand' "overrides the command=.* of keys in $keys: .* bob can" '^usermod -s'
		remedy_works
		rm $keys
	done
	cp $STAGE/forced $CONFIG
	usermod -s /bin/dash bob
	# anything may be there, and only a file is opened: opening a device or a FIFO has effects
	mkfifo $STAGE/fifo
	ln -s $STAGE/fifo /home/bob/.ssh/authorized_keys
	echo >$STAGE/fifo &
	writer=$!
	finds warning 'sshd ForceCommand' 'keys and certificates of bob'
	kill -0 $writer 2>/dev/null || fail "doctor opened what the user's link leads to"
	cat $STAGE/fifo >/dev/null
	wait $writer
	rm $STAGE/fifo /home/bob/.ssh/authorized_keys
	# a user without keys has none to override
	printf '\tAuthorizedKeysFile none\n' >>$CONFIG
	is_healthy
	sed -i '1i TrustedUserCAKeys /etc/ssh/ca' $CONFIG
	finds warning 'sshd ForceCommand' 'keys and certificates of bob'
	printf '\tPubkeyAuthentication no\n' >>$CONFIG
	is_healthy
	cp -p $STAGE/bob.keys /home/bob/.ssh/authorized_keys
	chown bob: /home/bob/.ssh/authorized_keys
	rm $STAGE/bob.keys $STAGE/forced
	usermod -s /bin/bash bob
}

test_says_what_becomes_of_mounts_and_of_at() {
	healthy
	finds ok mounts '/ is (not )?shared'
	unshare --mount --propagation shared nsisolatectl doctor | grep -q '/ is shared: later' || fail "not seen as shared"
	unshare --mount --propagation private nsisolatectl doctor | grep -q '/ is not shared' || fail "seen as shared"
	finds ok at 'in a session does not wake atd'
}

# ---- several logins of one user ----

test_finds_programs_that_two_logins_confuse() {
	local program
	healthy
	change 's/^\[users\]/&\nscope = session\nhostname = %u-%l-%i/'
	for program in podman buildah gocryptfs; do
		printf '#!/bin/sh\n' >/usr/local/bin/$program
		chmod 755 /usr/local/bin/$program
		finds warning 'several logins' "rule \[users\] .*scope = session.*$program" \
			'^nsisolatectl edit   # in \[users\]: scope = user'
		rm /usr/local/bin/$program
	done
	is_healthy
	printf '#!/bin/sh\n' | install -m 755 /dev/stdin /usr/local/bin/podman
	remedy_works_by_edit 's/^scope = session/scope = user/'
	rm /usr/local/bin/podman
}

test_a_rule_for_the_shell_is_no_trap_where_nobody_uses_it() {
	local program
	healthy
	change 's/^\(service = .*\), nsisolate-shell/\1/; s/^\[users\]/&\nscope = user\nlogout = linger/'
	printf '%s\n' '[shell-users]' 'uid = 1000-59999' 'service = nsisolate-shell' 'logout = linger' \
		>>/etc/nsisolate.conf
	is_healthy
	for program in podman tmux screen; do
		printf '#!/bin/sh\n' | install -m 755 /dev/stdin /usr/local/bin/$program
	done
	mkdir -p /etc/systemd/logind.conf.d
	printf '[Login]\nKillUserProcesses=yes\n' >/etc/systemd/logind.conf.d/a.conf
	finds warning 'several logins' 'rule \[shell-users\] .*scope = session.*podman'
	finds warning KillUserProcesses 'what the rule \[shell-users\] lets linger$'
	change 's/^\(dave:.*:\)[^:]*$/\1\/bin\/sh/' /etc/passwd
	finds_not warning 'several logins|KillUserProcesses'
	rm /usr/local/bin/{podman,tmux,screen} /etc/systemd/logind.conf.d/a.conf
}

test_finds_that_sessions_of_the_shell_get_no_numbers() {
	healthy
	rmdir /run/user
	finds warning 'several logins' 'without /run/user two logins .*rule \[users\] have the same hostname.*locks' \
		'^nsisolatectl edit   # in \[users\]: hostname = %u-%l-%i'
	remedy_works_by_edit '/^\[users\]/a hostname = %u-%l-%i'
	healthy
	rmdir /run/user
	change 's/^\(dave:.*:\)[^:]*$/\1\/bin\/sh/' /etc/passwd
	finds_not warning 'several logins'
}

test_says_what_a_logout_ends_that_was_to_outlive_it() {
	healthy
	printf '#!/bin/sh\n' | install -m 755 /dev/stdin /usr/local/bin/screen
	finds ok 'several logins' 'the rule \[users\] ends at logout what .*screen would keep'
	change 's/^\[users\]/&\nlogout = linger/'
	finds_not ok 'several logins'
	rm /usr/local/bin/screen
}

# Only the type of a network file system is looked at: no server is needed.  mount(8) of util-linux 2.42 gives
# the kernel only the first half of the type, unless it is told to use mount(2).
test_finds_hostnames_without_the_machine_on_shared_homes() {
	healthy
	change 's/^\[users\]/&\nhostname = %u/'
	finds_not warning 'several logins'
	mkdir /home/far
	mknod /dev/far c 10 229 && exec 9<>/dev/far &&
		LIBMOUNT_FORCE_MOUNT2=always mount -i -t fuse.sshfs -o fd=9,rootmode=40000,user_id=0,group_id=0 none /home/far ||
		{ rm -f /dev/far; rmdir /home/far; skip "no FUSE here"; }
	exec 9>&-
	finds warning 'several logins' 'hostname of the rule \[users\] is the same on several machines.*fuse.sshfs'
	change 's/^hostname = %u/&-%l/'
	finds_not warning 'several logins'
	umount -l /home/far
	rm /dev/far
	rmdir /home/far
}

# ---- faults: the shell ----

test_finds_that_shells_lacks_the_shell() {
	healthy
	change /nsisolate-shell/d /etc/shells
	finds warning /etc/shells "lacks $NSISOLATE_SHELL" "^# in shells.5.: $NSISOLATE_SHELL"
	echo "$NSISOLATE_SHELL" >>/etc/shells
	is_healthy
}

test_finds_a_login_shell_that_is_not_there() {
	healthy
	change 's|^dave:\(.*\):[^:]*$|dave:\1:/opt/bin/nsisolate-shell|' /etc/passwd
	finds problem 'user dave' '/opt/bin/nsisolate-shell cannot be run' '^usermod -s .* dave'
	remedy_works
}

test_finds_a_real_shell_that_is_not_there() {
	healthy
	change 's|^\[users\]|&\nshell = /opt/bin/shell|'
	finds problem 'user dave' '/opt/bin/shell, cannot be run: No such file' '^nsisolatectl edit'
	remedy_works_by_edit '/opt.bin.shell/d'
	change "s|^\[users\]|&\nshell = $NSISOLATE_SHELL|"
	finds problem 'user dave' 'is nsisolate-shell itself'
	remedy_works_by_edit '/^shell = /d'
}

test_finds_users_of_the_shell_whom_no_rule_isolates() {
	healthy
	change 's/^uid = 1000-.*/uid = 5001-5003/'
	finds warning 'user dave' 'no rule matches' '^nsisolatectl explain'
	bash -ec "$REMEDY" | grep -q 'not isolated' || fail "explain does not explain"
}

# ---- faults: files ----

test_finds_privileges_that_nothing_needs() {
	healthy
	chmod u+s "$NSISOLATE_SHELL"
	finds problem nsisolate-shell 'setuid' '^chmod u-s,g-s'
	remedy_works
	setcap cap_sys_admin+ep "$NSISOLATE_INIT" || fail "no file capabilities here"
	finds problem nsisolate-init 'file capabilities' '^setcap -r'
	remedy_works
}

test_finds_files_that_others_can_change() {
	healthy
	chmod 757 "$NSISOLATE_INIT"
	finds problem nsisolate-init 'written by others \(mode 0757\)' '^chmod go-w'
	remedy_works
	chown bob "$PAMDIR/pam_nsisolate.so"
	finds problem pam_nsisolate.so 'owned by uid 5002' '^chown root'
	remedy_works
	chmod o+w "$(dirname "$NSISOLATE_INIT")"
	finds problem nsisolate-init 'nsisolate can be written by others' '^chmod go-w'
	remedy_works
}

test_finds_an_engine_that_cannot_be_run() {
	healthy
	chmod 744 "$NSISOLATE_INIT"
	finds problem nsisolate-init 'not everybody can run it' '^chmod a\+rx'
	remedy_works
	rm "$NSISOLATE_INIT"
	finds problem nsisolate-init 'is missing' '^make install'
	stage_install
	rules
	is_healthy
}

test_finds_a_directory_of_shared_sessions_that_is_not_roots() {
	healthy
	mkdir -m 755 /run/nsisolate
	finds problem /run/nsisolate "not a directory of root's alone" '^chown root:root .* chmod 700'
	remedy_works
	chown bob /run/nsisolate
	finds problem /run/nsisolate "not a directory of root's alone"
	remedy_works
	rmdir /run/nsisolate
}

# ---- faults: side doors ----

test_finds_rules_that_leave_the_user_manager_in_reach() {
	healthy
	change 's/^\[users\]/&\nuser_manager = keep/'
	finds warning 'user manager \[users\]' 'systemd-run --user leads out' '^nsisolatectl edit'
	finds warning /proc 'no hidepid'
	finds warning 'user manager \[users\]' keep
	remedy_works_by_edit '/^user_manager/d'
	change 's/^\[users\]/&\nnamespaces = uts/'
	finds warning 'user manager \[users\]' 'cannot hide anything'
	remedy_works_by_edit '/^namespaces/d'
	change 's/^\[users\]/&\nnamespaces = uts, mount/'
	finds warning 'user manager \[users\]' '/proc/PID/root'
	remedy_works_by_edit '/^namespaces/d'
}

# logind_knows WORD...: classes of session, instead of the machine's logind, until the test's end
logind_knows() {
	local logind=/usr/lib/systemd/systemd-logind
	mkdir -p ${logind%/*}
	[ -e $logind ] || touch $logind
	printf '%s\0' ELF "$@" >$STAGE/logind
	mount --bind $STAGE/logind $logind
}

# the rule [users] says off, and every stack that it is for is right
manager_off() {
	local service
	healthy
	logind_knows user-light background-light
	change 's/, nsisolate-shell//; s/^\[users\]/&\nuser_manager = off/'
	printf '[shell-users]\nuid = 1000-59999\nservice = nsisolate-shell\n' >>/etc/nsisolate.conf
	for service in sshd login cron crond atd remote; do
		[ ! -e "/etc/pam.d/$service" ] || pair "/etc/pam.d/$service"
	done
	rm -rf /usr/share/polkit-1 /etc/polkit-1
}
pair() { # pair FILE [LINE]: our two lines, and LINE behind the first
	{ printf '%s\n' "$LINE close" ${2:+"$2"}; sed '/pam_nsisolate/d; s/ user_readenv=1//' "$1"; echo "$LINE"; } >$STAGE/pair
	cat $STAGE/pair >"$1"
}

test_finds_what_keeps_managers_from_being_kept_off() {
	manager_off
	is_healthy
	[ -e "$PAMDIR/pam_systemd.so" ] || install -m 644 "$BUILD/tests/pam_systemd.so" "$PAMDIR/"
	# nobody asks pam_systemd
	pam_stack sshd "$LINE"
	finds problem 'PAM sshd' '\[users\] says user_manager = off, and no line .* close. stands before pam_systemd' .
	remedy_works_by_pair
	# behind it
	{ printf '%s\n' 'session optional pam_systemd.so' "$LINE close"; grep -v pam_nsisolate "$STAGE/pam.sshd"; echo "$LINE"; } >/etc/pam.d/sshd
	finds problem 'PAM sshd' 'no line .* close. stands before pam_systemd'
	# by other rules
	pam_stack sshd "$LINE"
	pair /etc/pam.d/sshd
	cp /etc/nsisolate.conf /etc/other.conf
	change "s,$LINE close,& conf=/etc/other.conf," /etc/pam.d/sshd
	finds problem 'PAM sshd' 'no line .* close. stands before pam_systemd'
	# what a user can say before
	pam_stack sshd "$LINE"
	pair /etc/pam.d/sshd $'session required pam_env.so user_readenv=1\nsession optional pam_systemd.so'
	finds problem 'PAM sshd' 'pam.d/sshd:2: before pam_systemd users set variables' '^# move that line'
	change 's/ user_readenv=1//' /etc/pam.d/sshd
	finds_not problem 'PAM sshd'
	pair /etc/pam.d/sshd
	# this machine's logind
	umount /usr/lib/systemd/systemd-logind
	logind_knows user
	finds problem '.*nsisolate.conf' 'user_manager = off needs systemd 258 or newer.*these logins are refused' '^nsisolatectl edit'
}

test_finds_a_manager_that_should_be_off() {
	[ -d /sys/fs/cgroup ] || skip "there are no control groups here"
	manager_off
	mount -t tmpfs stage /sys/fs/cgroup
	mkdir -p /sys/fs/cgroup/user.slice/user-5001.slice/user@5001.service
	finds warning 'user manager' "alice's runs, although a rule says user_manager = off" '^systemctl stop user@5001.service'
	rmdir /sys/fs/cgroup/user.slice/user-5001.slice/user@5001.service
	is_healthy
}

test_finds_that_users_may_linger_whose_managers_are_off() {
	manager_off
	mkdir -p /usr/share/polkit-1/actions /etc/polkit-1/rules.d
	touch /usr/share/polkit-1/actions/org.freedesktop.login1.policy
	finds warning linger 'loginctl enable-linger' '^ln -sf .*/privacy/polkit.rules /etc/polkit-1/rules.d/'
	remedy_works
	# only root sees that
	BY=(as alice)
	finds unseen linger "polkit's rules"
	BY=(env)
	# where managers start, lingering is as it was
	rm -r /etc/polkit-1
	change '/^user_manager/d'
	is_healthy
}

test_tells_what_everyone_reads_of_logins() {
	healthy
	rm -f /var/log/{wtmp,lastlog}
	finds ok 'who logged in' 'no record is there that everyone reads'
	touch /var/log/lastlog
	install -m 664 /dev/null /var/log/wtmp
	finds ok 'who logged in' '/var/log/wtmp.*; .*/privacy/tmpfiles.conf closes them'
	chmod 660 /var/log/wtmp /var/log/lastlog
	finds ok 'who logged in' 'no record'
	mkdir -p /run/systemd/system /etc/dbus-1/system.d
	rm -f /etc/dbus-1/system.d/nsisolate.conf
	finds ok D-Bus 'tells everyone of units.*/privacy/dbus.conf closes that'
	touch /etc/dbus-1/system.d/nsisolate.conf
	finds ok D-Bus 'tells administrators only'
	rm -r /run/systemd/system /etc/dbus-1/system.d/nsisolate.conf
}

test_finds_that_proc_hides_nothing_beside_an_open_door() {
	healthy
	change 's/^\[users\]/&\nuser_manager = keep/'
	finds warning /proc 'no hidepid' '^# .* see nsisolate\(7\)'
	mount -o remount,hidepid=2 /proc
	finds ok /proc hidepid
	mount -o remount,hidepid=0 /proc
}

# Systemd does not run here: a stand-in for systemctl only succeeds.
test_finds_that_users_managers_hide_nothing_beside_an_open_door() {
	healthy
	change 's/^\[users\]/&\nuser_manager = keep/'
	mkdir -p /run/systemd/system
	printf '#!/bin/sh\n' >/usr/local/bin/systemctl
	chmod 755 /usr/local/bin/systemctl
	finds warning /proc 'no hidepid' '^mkdir -p /etc/systemd/system/user@'
	PATH=/usr/local/bin:$PATH bash -ec "$REMEDY"
	finds ok /proc "does not see others"
	grep -q ^ProtectProc= /etc/systemd/system/user@.service.d/nsisolate.conf || fail "it leads nowhere"
	rm -r /run/systemd/system /usr/local/bin/systemctl /etc/systemd/system/user@.service.d
}

test_finds_a_procfs_elsewhere() {
	healthy
	mkdir -p $STAGE/elsewhere $STAGE/sys
	mount --bind /proc/sys $STAGE/sys
	mount -t proc proc $STAGE/elsewhere
	finds warning procfs "^$STAGE/elsewhere: another procfs" '^#'
	umount $STAGE/elsewhere
	is_healthy
	umount $STAGE/sys
}

test_finds_users_who_linger() {
	healthy
	mkdir -p /var/lib/systemd/linger
	touch /var/lib/systemd/linger/{alice,carol}
	finds warning linger "alice's systemd runs outside" '^loginctl disable-linger alice'
	assert_eq "$(doctor | grep -c disable-linger)" 1 "those who linger, and are isolated"
	rm /var/lib/systemd/linger/{alice,carol}
	is_healthy
}

# this machine's sshd was built with it: a stand-in with the output of one that was not covers it
test_finds_an_sshd_that_was_built_without_pam() {
	local sshd
	healthy
	sshd=$(command -v sshd)
	cp "$sshd" $STAGE/sshd.real
	printf '#!/bin/sh\n%s "$@" | grep -vi "^usepam "\n' $STAGE/sshd.real >$STAGE/sshd.without
	chmod 755 $STAGE/sshd.without
	mount --bind $STAGE/sshd.without "$sshd"
	finds problem 'sshd UsePAM' 'was built without PAM' '^# install the sshd that has PAM'
	umount "$sshd"
	rm $STAGE/sshd.{real,without}
	is_healthy
}

test_finds_cron_and_at_that_no_rule_is_for() {
	local services='cron crond atd' service name
	for service in $services; do
		[ -e "/etc/pam.d/$service" ] || continue
		healthy
		name=${service/atd/at}
		name=${name/crond/cron}
		change "s/, $service\b//"
		finds warning "$name" "no rule is for the service $service" '^nsisolatectl edit'
		remedy_works_by_edit "s/^service = .*/&, $service/"
		pam_stack "$service" ''
		finds problem "PAM $service" "rule \[users\] isolates $service logins"
		remedy_works_by_pair
	done
}

# a rule for any service isolates these, too, if their stacks have the line
test_finds_cron_and_at_without_the_module() {
	local service name
	for service in cron crond atd; do
		[ -e "/etc/pam.d/$service" ] || continue
		healthy
		name=${service/atd/at}
		name=${name/crond/cron}
		change '/^service = /d'
		pam_stack "$service" ''
		finds warning "$name" "/etc/pam.d/$service does not name pam_nsisolate.so"
		remedy_works_by_pair
	done
}

test_finds_cron_and_at_that_ask_no_pam_stack() {
	local name
	for name in cron at; do
		command -v ${name/cron/crontab} >/dev/null || continue
		healthy
		rm -f "/etc/pam.d/$name" "/etc/pam.d/${name}d"
		finds warning $name 'outside, without PAM' "^# as root, list only permitted users in /etc/$name.allow"
		echo root >/etc/$name.allow
		is_healthy
	done
}

test_cron_is_closed_to_whom_no_cron_allow_names() {
	local service=cron
	[ -e /etc/pam.d/cron ] || service=crond
	healthy
	change "s/, $service\b//"
	printf 'root\ncarol\n' >/etc/cron.allow
	is_healthy
	echo bob >>/etc/cron.allow
	finds warning cron 'no rule is for'
}

test_knows_who_is_in_a_group_as_a_login_does() {
	local lines
	healthy
	printf '[users]\ngroup = students\nservice = sshd, login, remote, cron, crond, atd\n' | conf
	change '/^\(docker\|students\|pupils\):/d' /etc/group
	echo 'docker:x:7777:alice,bob' >>/etc/group
	cp /etc/group $STAGE/group
	# a member, the primary group, another name of the gid; of two groups with one name the first counts
	for lines in 'students:x:7778:bob' "students:x:$(id -g bob):" 'pupils:x:7778:bob
		students:x:7778:' 'students:x:7778:bob
		students:x:7779:alice'; do
		{ sed '/^bob:/d' $STAGE/group; tr -d '\t' <<<"$lines"; } >/etc/group
		finds warning 'group docker' 'its member bob is isolated'
		assert_eq "$(doctor | grep -c 'its member alice')" 0 "alice's, of $lines"
	done
}

# CPU time in ms, the least of three
cost_of_doctor() { # cost_of_doctor ACCOUNTS: each has a group of its own
	local run took best=1000000 TIMEFORMAT='%3U %3S'
	healthy
	printf '[users]\ngroup = students\nservice = sshd, login\n' | conf
	# with system uids: sshd is not asked about them
	seq "$1" | sed 's|.*|person&:x:900:3000&::/home/nobody:/bin/bash|' >>/etc/passwd
	seq "$1" | sed 's/.*/person&:x:3000&:/' >>/etc/group
	for run in 1 2 3; do
		took=$({ time nsisolatectl doctor --json >/dev/null; } 2>&1 |
			awk '{ printf "%d\n", ($1 + $2) * 1000 }')
		[ "$took" -ge $best ] || best=$took
	done
	echo $best
}

test_takes_no_more_than_four_times_as_long_for_four_times_the_accounts() {
	local few many
	few=$(cost_of_doctor 1000) many=$(cost_of_doctor 4000)
	[ "$many" -le $((few * 5)) ] || fail "$few ms for 1000 accounts, $many ms for 4000"
}

test_counts_accounts_on_a_terminal_alone() {
	local seen
	healthy
	seq 600 | sed 's|.*|person&:x:900:900::/home/nobody:/bin/bash|' >>/etc/passwd
	seen=$(script -qec 'nsisolatectl doctor >/dev/null' /dev/null </dev/null)
	assert_match "$seen" '500 of 6[0-9][0-9] accounts'
	seen=$(nsisolatectl doctor 2>&1)
	! grep ' of .* accounts' <<<"$seen" || fail "in a file"
}

test_finds_members_of_groups_that_lead_out() {
	healthy
	local group
	for group in docker lxd incus-admin libvirt; do
		change "/^$group:/d" /etc/group
		echo "$group:x:7777:carol,bob" >>/etc/group
		finds warning "group $group" 'its member bob is isolated' "^gpasswd -d bob $group"
		remedy_works
		finds ok "group $group" 'no isolated member'
		change "/^$group:/d" /etc/group
	done
}

test_finds_that_logind_ends_what_should_linger() {
	healthy
	mkdir -p /etc/systemd/logind.conf.d
	printf '[Login]\nKillUserProcesses=yes\n' >/etc/systemd/logind.conf.d/a.conf
	is_healthy
	change 's/^\[users\]/&\nlogout = linger/'
	finds warning KillUserProcesses 'lets linger' '^mkdir -p /etc/systemd/logind.conf.d'
	remedy_works
	rm /etc/systemd/logind.conf.d/nsisolate.conf
	change 's/^\[users\]/&\nscope = user/'
	finds warning KillUserProcesses 'with the first login of a shared session'
	change 's/, nsisolate-shell//'
	finds_not warning KillUserProcesses
}

test_finds_what_runs_outside_of_every_session() {
	healthy
	mkdir -p /run/sshd
	"$(command -v sshd)" -D -E $LOGS/sshd -f $CONFIG &
	SSHD=$!
	wait_for listens 22 || fail "sshd does not listen"
	on alice 'touch /tmp/in; sleep 30' &
	on dave 'touch /tmp/in2; sleep 30' &
	wait_for test -e /tmp/in -a -e /tmp/in2 || fail "nobody is in"
	rm /tmp/in /tmp/in2
	as dave "$NSISOLATE_SHELL" -c 'touch /tmp/in; sleep 30' &
	wait_for test -e /tmp/in || fail "dave is not in"
	rm /tmp/in
	is_healthy
	# the caller does not count as one of them, in a session or outside
	BY=(as alice)
	finds_not warning processes
	BY=(on alice PATH=$PATH:$(dirname "$NSISOLATECTL"))
	finds unseen processes 'other processes are invisible'
	finds_not warning processes
	BY=(env)
	as bob sleep 30 &
	as carol sleep 30 & # whom no rule isolates
	wait_for pgrep -u bob sleep
	finds warning processes "1 of bob's \\(sleep\\) run outside" "^kill $(pgrep -u bob sleep)\$"
	BY=(as alice)
	finds warning processes "1 of bob's"
	BY=(env)
	remedy_works
	# a name is not enough
	as bob cp /bin/sleep /tmp/sshd
	as bob /tmp/sshd 30 &
	wait_for pgrep -u bob sshd
	finds warning processes "1 of bob's \\(sshd\\) run outside"
	remedy_works
	rm /tmp/sshd
	# nor is a PID namespace, unless root made it: a container that happens to use the user's uid
	unshare -pf setpriv --reuid bob --regid bob --clear-groups sleep 32 &
	wait_for pgrep -u bob sleep
	finds_not warning processes
	pkill -KILL -u bob
	as bob unshare -Urpf sleep 33 &
	wait_for pgrep -u bob sleep
	pkill -KILL -u bob -x unshare
	finds warning processes "1 of bob's \\(sleep\\) run outside" "^kill -KILL $(pgrep -u bob sleep)\$"
	remedy_works
	# of a login that the rules leave alone, according to logind
	as bob sleep 31 &
	wait_for pgrep -u bob sleep
	in_place_of "/proc/$(pgrep -u bob sleep)/cgroup" '0::/user.slice/user-5002.slice/session-c7.scope'
	finds warning processes "1 of bob's"
	mkdir -p /run/systemd/sessions
	printf 'UID=5002\nSERVICE=gdm-password\n' >/run/systemd/sessions/c7
	finds_not warning processes
	sed -i s/gdm-password/sshd/ /run/systemd/sessions/c7
	finds warning processes "1 of bob's"
	umount "/proc/$(pgrep -u bob sleep)/cgroup"
	rm -r /run/systemd
}

test_a_directory_that_an_empty_group_may_change_is_all_right() {
	healthy
	echo 'staff2:x:7777:' >>/etc/group
	local directory
	directory=$(dirname "$NSISOLATE_INIT")
	chgrp 7777 "$directory"
	chmod 2775 "$directory"
	is_healthy
	change 's/^staff2.*/&bob/' /etc/group
	finds problem nsisolate-init "$directory can be written by others" "^chmod go-w $directory"
	remedy_works
	chmod 755 "$directory"
	chgrp 0 "$directory"
}

# ---- faults: sudo by host ----

# sudoers LINE...: beside the machine's own
sudoers() {
	printf '%s\n' "$@" >/etc/sudoers.d/stage
	chmod 440 /etc/sudoers.d/stage
}

test_finds_sudoers_that_name_hosts() {
	command -v cvtsudoers >/dev/null || skip "no cvtsudoers"
	healthy
	finds ok sudo 'names no host'
	sudoers 'Host_Alias PROD = lab, lab2' 'alice ALL, !PROD = (ALL) NOPASSWD: ALL'
	finds problem sudo 'by host, as for !lab, .*\[users\]' 'hostname = %H'
	remedy_works_by_edit '/^\[users\]/a hostname = %H'
	healthy
	sudoers 'Defaults@lab insults'
	finds problem sudo 'has Defaults@lab insults, '
	# an address is not a name, and stays
	sudoers 'alice 192.0.2.0/24, 2001:db8::1 = (ALL) ALL'
	is_healthy
	sudoers 'alice web1 = ALL' && change '/^\[users\]/a namespaces = pid'
	is_healthy
}

test_sudoers_by_host_mean_nothing_to_nsisolate_shell() {
	shell_only
	change 's/^service = .*/service = nsisolate-shell/'
	sudoers 'dave lab = (ALL) NOPASSWD: ALL'
	finds_not problem sudo
}

test_finds_sudoers_that_come_from_a_server() {
	local server
	for server in sss ldap; do
		healthy
		echo "sudoers: files $server # both" >>/etc/nsswitch.conf
		finds problem sudo "has sudoers from $server, "
	done
	healthy
	echo "sudoers: files # sss" >>/etc/nsswitch.conf
	finds_not problem sudo
}

test_sudoers_that_cannot_be_read_are_unseen() {
	local program said
	command -v cvtsudoers >/dev/null || skip "no cvtsudoers"
	healthy
	sudoers 'alice ALL ALL'
	finds unseen sudo 'whether /etc/sudoers names hosts: .*cvtsudoers'
	healthy
	BY=(setpriv --reuid 5001 --regid 5001 --clear-groups)
	finds unseen sudo 'only root'
	BY=(env)
	program=$(command -v cvtsudoers)
	mv "$program" $STAGE/cvtsudoers
	said=$(doctor)
	mv $STAGE/cvtsudoers "$program"
	assert_match "$said" $'unseen\tsudo\t[^\t]*there is no cvtsudoers'
}

# ---- faults: the session's own name ----

test_finds_that_a_replaced_hosts_file_takes_the_name_along() {
	healthy
	for line in 'files dns' 'files resolve [!UNAVAIL=return] myhostname dns' 'files dns myhostname'; do
		change "s/^hosts:.*/hosts: $line/" /etc/nsswitch.conf
		finds warning hosts 'nsswitch.conf has no myhostname' '^# in nsswitch.*libnss-myhostname'
		change 's/^hosts:.*/hosts: files myhostname/' /etc/nsswitch.conf
		is_healthy
	done
	# no session has a name to look up
	change "s/^hosts:.*/hosts: files dns/" /etc/nsswitch.conf
	change '/^\[users\]/a hosts = no'
	is_healthy
}

test_finds_that_nscd_keeps_hosts() {
	healthy
	mkdir /run/nscd
	printf '#\tenable-cache hosts no\n\tenable-cache\t\thosts\t\tyes\n' >/etc/nscd.conf
	is_healthy # nscd does not run
	touch /run/nscd/socket
	finds warning nscd 'caches hosts' '^# in nscd.conf.*restart'
	change s/yes/no/ /etc/nscd.conf
	is_healthy
	# it takes the failure of a directory as an answer
	echo 'enable-cache group yes' >>/etc/nscd.conf
	is_healthy
	change 's/^group:.*/& sss/' /etc/nsswitch.conf
	finds warning nscd 'caches groups.*sss' '^# in nscd.conf.*group no'
	printf '[users]\nservice = sshd\n' | conf
	finds_not warning nscd
	rm -r /run/nscd
}

# ---- faults: keyrings ----

test_finds_kerberos_keyrings_for_users_of_the_shell() {
	healthy
	mkdir -p /etc/krb5.conf.d
	echo '[libdefaults]' >/etc/krb5.conf
	printf '[libdefaults]\n    default_ccache_name = KEYRING:persistent:%%{uid}\n' >/etc/krb5.conf.d/kcm
	finds warning keyrings 'default_ccache_name is KEYRING:persistent' '^# in krb5.conf.*DIR:/run/user/%.uid./krb5cc$'
	change 's,KEYRING:.*,DIR:/run/user/%{uid}/krb5cc,' /etc/krb5.conf.d/kcm
	is_healthy
	# the module's sessions have the host's
	change 's/DIR:.*/KEYRING:persistent/' /etc/krb5.conf.d/kcm
	change '/^dave:/s,:[^:]*$,:/bin/sh,' /etc/passwd
	is_healthy
}
