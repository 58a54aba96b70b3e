# Slurm: munge, slurmctld and slurmd on loopback, and who asks them from a session.
. tests/clients/client.sh

slurm_start() {
	local dir=/run/stage/slurm name
	# alternatives, where a package was not installed but unpacked
	for name in slurmctld slurmd slurmstepd; do
		[ -e /usr/sbin/$name ] || ln -s $name-wlm /usr/sbin/$name
	done
	# it asks for addresses by AI_ADDRCONFIG, which counts no loopback
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
		ProctrackType=proctrack/linuxproc
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
	rm -rf /run/stage/slurm /run/munge /etc/munge/munge.key
}

ask() {
	# the job is a child of slurmd, outside of every session
	assert_eq "$(su alice -c 'uname -n; srun -n 1 uname -n')" "$HOST
lab" "$way: srun"
	assert_eq "$(su alice -c 'cd; echo "#!/bin/sh
uname -n; echo \$SLURM_SUBMIT_HOST" | sbatch --wait --output=out >/dev/null && cat out')" "lab
$HOST" "$way: sbatch"
	rm /home/alice/out
}
test_jobs_are_run_for_who_asks_from_a_session() {
	pam_stack su "$MODULE"
	slurm_start
	for way in plain isolated; do
		HOST=lab
		printf '[users]\nuser = alice\nisolate = no\n' | conf
		[ $way = plain ] || { HOST=alice-lab; printf '[users]\nuser = alice\n' | conf; }
		ask
	done
	# a site whose jobs go by hostname
	printf '[users]\nuser = alice\nhostname = %%H\n' | conf
	HOST=lab
	ask
	slurm_stop
	nothing_left
}
