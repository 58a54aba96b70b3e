# Homes by autofs: mounted when a session looks for them, and unmounted when no session uses them.
. tests/clients/client.sh

homes() { grep -o ' /auto/[a-z]*' "/proc/${1:-self}/mountinfo" | sort -u | xargs; }

test_a_session_has_its_home_by_autofs_for_as_long_as_it_uses_it() {
	local name
	mkdir -p /auto
	for name in alice bob; do
		mkdir -p /srv/homes/$name
		echo "of $name" >/srv/homes/$name/file
	done
	echo '/auto /etc/auto.homes --timeout=2' >/etc/auto.master
	echo '* -fstype=bind :/srv/homes/&' >/etc/auto.homes
	setsid automount -f >$LOGS/program 2>&1 & # its own process group sees what is below
	wait_for grep -q ' /auto .* autofs ' /proc/self/mountinfo || fail "no automounter: $(cat $LOGS/program)"
	printf '%s required pam_permit.so\n' auth account password session >/etc/pam.d/stage
	echo "$MODULE" >>/etc/pam.d/stage
	printf '[users]\nuid = 1000-59999\n' | conf
	"$BUILD/tests/pam_app" stage alice open run 'cd /auto/alice && cat file ../bob/file >/tmp/homes.new &&
		mv /tmp/homes.new /tmp/homes; while [ ! -e /tmp/go ]; do sleep 0.1; done
		cat file >/tmp/homes; cat /auto/bob/file >>/tmp/homes' close 2>$LOGS/app &
	wait_for test -e /tmp/homes || fail "$(cat $LOGS/app $LOGS/program)"
	assert_eq "$(cat /tmp/homes)" $'of alice\nof bob'
	wait_for eval '[ "$(homes)" = /auto/alice ]' || fail "on the host: $(homes)"
	assert_eq "$(homes "$(pgrep -u alice -x sh)")" /auto/alice "in the session"
	rm /tmp/homes
	touch /tmp/go
	wait_for eval '[ "$(wc -l </tmp/homes)" = 2 ]' || fail "they do not come again"
	wait_for eval '[ -z "$(homes)" ]' || fail "what is mounted when the session has ended: $(homes)"
	pkill -x automount
	wait
	rm -rf /auto /srv/homes /etc/auto.{master,homes} /etc/pam.d/stage /tmp/{homes,go} /run/autofs*
	nothing_left
}
