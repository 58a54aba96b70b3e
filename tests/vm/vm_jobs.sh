# cron and at: isolated when a rule names their services, as before when none does.

report='(hostname; cat /proc/1/comm; ps -e -o user= | sort -u | tr "\n" " ") >/home/alice/report.new 2>&1; mv /home/alice/report.new /home/alice/report'
isolated="alice-lab
nsisolate-init
alice "
conf_by_rule() { conf <<<$'[jobs]\nuser = alice\nservice = cron, atd, sshd'; }
has_report() { root 'test -s /home/alice/report'; }

# cron starts jobs at full minutes; to avoid waiting, the clock is set to the last seconds of one
cron_report() {
	root "echo '* * * * * $report' | crontab -u alice -
		date -s \"\$(date +%H:%M):55\" >/dev/null; systemctl restart cron"
	wait_for has_report || wait_for has_report || wait_for has_report ||
		fail "cron ran nothing: $(root 'journalctl -q -u cron | tail')"
	root 'crontab -r -u alice; cat /home/alice/report; rm /home/alice/report'
}

at_report() {
	root "cd /home/alice; echo '$report' | runuser -u alice -- at now 2>/dev/null"
	wait_for has_report || fail "atd ran nothing: $(root 'journalctl -q -u atd | tail')"
	root 'cat /home/alice/report; rm /home/alice/report'
}

test_a_cron_job_is_isolated_by_rule() {
	conf_by_rule
	assert_eq "$(cron_report)" "$isolated" "what cron's job saw"
	nothing_left
}

test_a_cron_job_that_no_rule_names_is_left_alone() {
	assert_match "$(cron_report)" ^$'lab\nsystemd\n.*root ' "what cron's job saw"
	nothing_left
}

test_an_at_job_is_isolated_by_rule() {
	conf_by_rule
	assert_eq "$(at_report)" "$isolated" "what at's job saw"
	nothing_left
}

test_an_at_job_that_no_rule_names_is_left_alone() {
	assert_match "$(at_report)" ^$'lab\nsystemd\n.*root ' "what at's job saw"
	nothing_left
}

test_crontab_and_at_from_inside_a_session_do_not_leave_it_by_rule() {
	conf_by_rule
	# at wakes atd by a signal, which a session's processes cannot send: atd finds the job by itself
	on alice "echo '$report' | at now" 2>/dev/null
	root 'systemctl restart atd'
	wait_for has_report || fail "atd ran nothing: $(root 'journalctl -q -u atd | tail')"
	assert_eq "$(root 'cat /home/alice/report; rm /home/alice/report')" "$isolated" "what at's job saw"
	nothing_left
}
