# sudo by host: what nsisolate.conf(5) says about it in "What depends on the hostname".
. tests/stage.sh

# sudoers LINE...: without questions for passwords where they are not needed
sudoers() {
	printf '%s\n' 'Defaults !fqdn' "$@" >/etc/sudoers.d/stage
	chmod 440 /etc/sudoers.d/stage
}

# a rule of its own for those who depend on hosts, as in the manual
operators() { printf '[operators]\nuser = alice\nhostname = %%H\n[all]\n' | conf; }

with_sudo() { # FUNCTION
	command -v sudo >/dev/null || fail "sudo is missing"
	sshd_start
	"$1"
	sshd_stop
	rm -rf /etc/sudoers.d/stage /run/sudo
	nothing_left
}

may() { on "$1" 'sudo -n id -u' 2>/dev/null || echo no; }

check_withheld() {
	sudoers 'Host_Alias PROD = lab' 'alice ALL, !PROD = (ALL) NOPASSWD: ALL'
	assert_eq "$(as alice sudo -n id -u 2>/dev/null || echo no)" no "on the host itself"
	assert_eq "$(may alice)" 0 "in a session with a name of its own"
	operators
	assert_eq "$(may alice)" no "in a session with the host's"
}
test_what_sudoers_withholds_here_is_withheld_with_the_hosts_name_only() { with_sudo check_withheld; }

check_given() {
	sudoers 'alice lab = (ALL) NOPASSWD: ALL'
	assert_eq "$(as alice sudo -n id -u)" 0 "on the host itself"
	assert_eq "$(may alice)" no "in a session with a name of its own"
	operators
	assert_eq "$(may alice)" 0 "in a session with the host's"
}
test_what_sudoers_gives_here_is_given_with_the_hosts_name_only() { with_sudo check_given; }

check_canonical() {
	sudoers 'Defaults fqdn' 'alice ALL, !lab = (ALL) NOPASSWD: ALL'
	assert_eq "$(may alice)" no "where the canonical name is withheld"
	sudoers 'Defaults fqdn' 'alice lab = (ALL) NOPASSWD: ALL'
	assert_eq "$(may alice)" 0 "where it is allowed"
}
test_with_fqdn_sudo_goes_by_the_canonical_name() { with_sudo check_canonical; }

check_borrowed() {
	sudoers 'alice alice = (ALL) NOPASSWD: ALL'
	assert_eq "$(may alice)" no "in a session as shipped"
	printf '[all]\nhostname = %%u.lab.example.org\n' | conf
	assert_match "$(nsisolatectl check 2>&1)" 'hostname = %u.lab.example.org' "what check says"
	assert_eq "$(may alice)" 0 "with the name of another host"
	printf '[all]\nhostname = %%u-%%l.lab.example.org\n' | conf
	assert_eq "$(nsisolatectl check 2>&1)" '' "what check says"
	assert_eq "$(may alice)" no "with a name that is not a host's"
}
test_a_user_has_no_other_hosts_name_where_check_is_silent() { with_sudo check_borrowed; }
