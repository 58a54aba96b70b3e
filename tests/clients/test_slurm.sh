# Slurm: munge, slurmctld and slurmd on loopback, and clients in a session.
. tests/clients/client.sh

slurm_start() { # slurm_start PROCTRACK [LINE]: with LINE in slurm.conf
	local dir=/run/stage/slurm name
	# alternatives, for a package that was unpacked but not installed
	for name in slurmctld slurmd slurmstepd; do
		[ -e /usr/sbin/$name ] || ln -s $name-wlm /usr/sbin/$name
	done
	# it looks up addresses with AI_ADDRCONFIG, which ignores loopback
	ip address add 192.0.2.1/32 dev lo
	mkdir -p $dir/state $dir/spool /run/munge /var/lib/munge /var/log/munge /etc/munge /etc/slurm
	chown root: /run/munge /var/lib/munge /var/log/munge /etc/munge
	chmod 755 /run/munge
	head -c 1024 /dev/urandom >/etc/munge/munge.key
	chmod 400 /etc/munge/munge.key
	cat >/etc/slurm/slurm.conf <<-END
		ClusterName=stage
		SlurmctldHost=lab(127.0.0.1)
		SlurmUser=root
		AuthType=auth/munge
		CredType=cred/munge
		ProctrackType=proctrack/$1
		${2:-}
		TaskPlugin=task/none
		SelectType=select/linear
		MailProg=/bin/true
		StateSaveLocation=$dir/state
		SlurmdSpoolDir=$dir/spool
		SlurmctldPidFile=$dir/slurmctld.pid
		SlurmdPidFile=$dir/slurmd.pid
		NodeName=lab NodeAddr=127.0.0.1 CPUs=$(nproc)
		PartitionName=all Nodes=ALL Default=YES State=UP
	END
	munged --foreground --force >$LOGS/munged 2>&1 &
	wait_for test -S /run/munge/munge.socket.2 || fail "munged: $(cat $LOGS/munged)"
	slurmctld -D >$LOGS/slurmctld 2>&1 &
	wait_for listens 6817 || fail "slurmctld: $(cat $LOGS/slurmctld)"
	slurmd -D >$LOGS/slurmd 2>&1 &
	wait_for idle || fail "slurmd: $(cat $LOGS/slurmd); $(sinfo 2>&1)"
}
idle() { sinfo -h -o %T | grep -qx idle; }
slurm_stop() {
	ip address delete 192.0.2.1/32 dev lo
	kill $(jobs -p)
	wait
	wait_for sh -c '! pgrep -x slurmstepd' || fail "left: $(pgrep -lx slurmstepd)"
	rm -rf /run/stage/slurm /run/munge /etc/munge/munge.key
}

ask() {
	# the job is a child of slurmd, outside all sessions
	assert_eq "$(su alice -c 'uname -n; srun -n 1 uname -n')" "$UNAME
lab" "$way: srun"
	assert_eq "$(su alice -c 'cd; echo "#!/bin/sh
uname -n; echo \$SLURM_SUBMIT_HOST" | sbatch --wait --output=out >/dev/null && cat out')" "lab
$UNAME" "$way: sbatch"
	rm /home/alice/out
}
test_jobs_requested_in_a_session_are_run() {
	pam_stack su "$MODULE"
	slurm_start linuxproc
	for way in plain isolated; do
		UNAME=lab
		printf '[users]\nuser = alice\nisolate = no\n' | conf
		[ $way = plain ] || { UNAME=alice-lab; printf '[users]\nuser = alice\nhostname = %%u-lab\n' | conf; }
		ask
	done
	# a site whose jobs depend on the hostname
	printf '[users]\nuser = alice\nhostname = %%H\n' | conf
	UNAME=lab
	ask
	slurm_stop
	nothing_left
}

has_none() { ! pgrep -u "$1" >/dev/null; }
# a compute node: users without a job there are kept out, and those with one are put into it
adopted() {
	local login
	! on alice true 2>/dev/null || fail "$way: let in without a job"
	su alice -c 'cd; sbatch --output=/dev/null --wrap "sleep 300"' >/dev/null
	wait_for sh -c 'pgrep -u alice -x sleep' || fail "$way: the job does not run: $(cat $LOGS/slurmd)"
	assert_match "$(on alice 'uname -n; cat /proc/self/cgroup' | tr '\n' ' ')" \
		"^$UNAME .*:freezer:[^ ]*/uid_5001/job_[0-9]+/step_extern" "$way: a session of the job"
	on alice 'echo up >/home/alice/up; sleep 300' 2>/dev/null &
	login=$!
	wait_for test -s /home/alice/up || fail "$way: no session"
	scancel -u alice
	wait_for has_none alice || fail "$way: behind the job's end: $(pgrep -lu alice)"
	wait $login
	wait_for sh -c '! squeue -h | grep .' || fail "$way: $(squeue)"
	rm /home/alice/up
}
test_pam_slurm_adopt_takes_a_session_into_the_job_that_ends_it() {
	local module
	for module in "$PAMDIR" /lib/security; do [ ! -e $module/pam_slurm_adopt.so ] || break; done
	[ -e $module/pam_slurm_adopt.so ] || skip "no pam_slurm_adopt here"
	mount -t tmpfs none /sys/fs/cgroup
	mkdir /sys/fs/cgroup/freezer
	mount -t cgroup -o freezer none /sys/fs/cgroup/freezer || skip "no freezer of cgroup v1 is to be had here"
	mkdir -p /etc/slurm
	printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\n' >/etc/slurm/cgroup.conf
	sed -i "1i account required $module/pam_slurm_adopt.so" /etc/pam.d/sshd
	slurm_start cgroup PrologFlags=Contain
	sshd_start
	for way in plain isolated; do
		UNAME=lab
		printf '[users]\nuser = alice\nisolate = no\n' | conf
		[ $way = plain ] || { UNAME=alice-lab; printf '[users]\nuser = alice\nhostname = %%u-lab\n' | conf; }
		adopted
	done
	logged 'pam_nsisolate\(sshd:session\): session opened: user=alice ' >/dev/null
	sshd_stop
	slurm_stop
	find /sys/fs/cgroup/freezer -depth -path '*/slurm_lab*' -type d -exec rmdir {} + # the machine's, what it leaves
	umount /sys/fs/cgroup/freezer /sys/fs/cgroup
	sed -i 1d /etc/pam.d/sshd
	rm /etc/slurm/cgroup.conf
	nothing_left
}
