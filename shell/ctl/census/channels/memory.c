/* Shared memory and queues that the kernel keeps: System V's and POSIX's. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "shell/ctl/census/census.h"

#ifndef SHM_STAT_ANY /* glibc 2.31 does not have it */
#define SHM_STAT_ANY 15
#endif

static bool by_ipc(const struct policy *policy)
{
	return policy->kinds & CLONE_NEWIPC;
}

/* proc_sysvipc(5): the eighth column is the owner's uid */
static bool lists_owner(const char *path, uid_t uid)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof line, file)) {
		char *rest = line, *word = NULL;

		for (int i = 0; i < 8; i++)
			word = strtok_r(i ? NULL : line, " \n", &rest);
		found = word && (uid_t)strtoul(word, NULL, 10) == uid;
	}
	if (file)
		fclose(file);
	return found;
}

/* shmctl(2): the same without /proc, and without the right to read the segment. */
static bool has_owner(uid_t uid)
{
	struct shmid_ds status;
	int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&(struct shm_info){0});

	for (int i = 0; i <= last; i++)
		if (shmctl(i, SHM_STAT_ANY, &status) >= 0 && status.shm_perm.uid == uid)
			return true;
	return false;
}

static enum seen system_v(struct look *look)
{
	const struct witness *witness = look->witness;

	if (!witness->shared_memory && !witness->message_queue)
		return look_nothing(look, "no System V IPC here");
	return lists_owner("/proc/sysvipc/shm", witness->uid) ||
			       lists_owner("/proc/sysvipc/msg", witness->uid) ||
			       has_owner(witness->uid)
		       ? SEEN_YES
		       : SEEN_NO;
}

static enum seen queues(struct look *look)
{
	struct stat status;
	char path[64];
	long queue;

	if (!look->witness->posix_queue)
		return look_nothing(look, "no POSIX message queues here");
	snprintf(path, sizeof path, "/dev/mqueue/%s", look->witness->name);
	if (stat(path, &status) == 0)
		return SEEN_YES;
	/* without that file system somebody who knows a name can tell that it is there */
	queue = syscall(SYS_mq_open, look->witness->name, O_RDONLY | O_CLOEXEC, 0, NULL);
	if (queue >= 0)
		close((int)queue);
	return queue >= 0 || errno == EACCES ? SEEN_YES : SEEN_NO;
}

static const struct channel list[] = {
	{"sysv", "System V shared memory and queues", "namespaces = ipc", by_ipc, system_v, true},
	{"mqueue", "POSIX message queues", "namespaces = ipc", by_ipc, queues, true},
};
const struct channels channels_of_memory = {list, ARRAY_SIZE(list)};
