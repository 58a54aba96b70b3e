# Shutdown with open sessions: no session delays it.

restarts() { grep -c 'reboot: Restarting system' "$M/console.log"; }
has_restarted() { [ "$(restarts)" -gt "$1" ]; }

reboot_now() { # $took: seconds until the kernel restarts
	local before start=$SECONDS
	before=$(restarts)
	root 'systemctl --no-block reboot'
	until has_restarted "$before"; do
		[ $((SECONDS - start)) -lt 150 ] || fail "it had not shut down after 150 s:
$(tail -n 20 "$M/console.log")"
		sleep 0.2
	done
	took=$((SECONDS - start))
	release
	machine_wait
	mounts_settle # those of this boot
}

# systemd waits 90 s for what does not stop, then reports and kills it.  A session that is killed at logout
# cannot make it wait; one that lingers can, like any user's process that ignores SIGTERM, which this one
# does not.
test_a_reboot_is_not_held_up_by_open_sessions() {
	local deaf='trap "" HUP INT TERM; while :; do sleep 1; done'
	conf <<<$'[lingering]\nuser = bob\nlogout = linger\n[users]\nuser = alice, dave'
	hold alice "$deaf"
	hold dave
	hold bob
	on bob "setsid sleep 3000 </dev/null >/dev/null 2>&1 & sleep 0.5"
	assert_eq "$(root 'pgrep -c -x nsisolate-init')" 4 "sessions before"
	reboot_now
	assert_eq "$(root "journalctl -q -b -1 --after-cursor '$(cat "$M/mark")'" | grep -E 'timed out|SIGKILL|Failed with result')" "" \
		"what systemd had to do by force"
	[ $took -lt 60 ] || fail "down after $took s"
	assert_eq "$(on alice 'hostname; cat /proc/1/comm')" "alice-lab
nsisolate-init" "a login after the reboot"
	nothing_left
}
