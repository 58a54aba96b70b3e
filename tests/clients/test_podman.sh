# Rootless podman, with a root directory made of this machine's programs: no image is fetched.
. tests/clients/client.sh

PODMAN='podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend file'
PROGRAM='uname -n; cat /proc/1/comm; cat /proc/self/uid_map'

contains() {
	local said program
	[ $way = strict ] || cgroup2_mount
	install -d -m 755 /run/user
	install -d -m 700 -o alice -g alice /run/user/5001
	install -d -o alice -g alice /home/alice/root/{,bin,proc,dev,sys,etc,run,tmp}
	for program in sh uname cat; do
		cp "$(command -v $program)" /home/alice/root/bin
		ldd "$(command -v $program)" | grep -o '/[^ ]*' | xargs cp --parents -t /home/alice/root
	done
	said=$(su - alice -c "export XDG_RUNTIME_DIR=/run/user/5001
		$PODMAN run --rm --network none --cgroups disabled --log-driver none --hostname box \
			--rootfs ~/root sh -c '$PROGRAM'" 2>&1 </dev/null)
	assert_eq "$(tr -s ' ' <<<"$said")" "box
sh
 0 5001 1
 1 200000 65536" "$way"
	pkill -u alice # podman's pause
	wait_for sh -c '! pgrep -u alice' || fail "$way: left: $(pgrep -lu alice)"
	[ $way = strict ] || umount /sys/fs/cgroup
	rm -rf /home/alice/{root,.local,.config,.cache} /run/user /tmp/{podman,containers}-* /dev/shm/libpod*
}
test_podman_runs_a_container_and_warns_of_nothing() {
	pam_stack su "$MODULE"
	cp /etc/subuid /etc/subgid $STAGE
	echo alice:200000:65536 | tee -a /etc/subuid >>/etc/subgid
	plain_and_isolated contains
	cp $STAGE/subuid $STAGE/subgid /etc
	rm $STAGE/sub?id
}
