/* What the kernel tells of the machine as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "shell/ctl/census/census.h"

#define CGROUP "/sys/fs/cgroup"

static bool by_cgroup(const struct policy *policy)
{
	return policy->kinds & CLONE_NEWCGROUP;
}

/* Units by name, how many processes they have, what they use: all that is not below our group. */
static enum seen groups(struct look *look)
{
	struct statfs files;
	struct stat top;

	if (statfs(CGROUP, &files) < 0 || files.f_type != CGROUP2_SUPER_MAGIC ||
		stat(CGROUP, &top) < 0)
		return look_nothing(look, "no cgroup2 at " CGROUP);
	if (!look->group)
		return look_nothing(look, "this command is in the root group, as no login is");
	return top.st_ino == look->group ? SEEN_NO : SEEN_YES;
}

static enum seen keys(struct look *look)
{
	char word[16];

	if (!look->witness->key)
		return look_nothing(look, "no keyrings here");
	/* a line begins with the uid in five columns, proc_keys(5) */
	snprintf(word, sizeof word, "%5u: ", look->witness->uid);
	return look_for_word("/proc/key-users", word) > 0 ? SEEN_YES : SEEN_NO;
}

static enum seen counters(struct look *look)
{
	static const char *const paths[] = {
		"/proc/stat", "/proc/loadavg", "/proc/vmstat", "/proc/interrupts"};
	struct sysinfo info;

	(void)look;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], R_OK) == 0)
			return SEEN_YES;
	return sysinfo(&info) == 0 && info.procs > 2 ? SEEN_YES : SEEN_NO;
}

static const struct channel list[] = {
	{"cgroup", "control groups of others", "namespaces = cgroup", by_cgroup, groups, false},
	{"keys", "how many keys others have", NULL, NULL, keys, false},
	{"counters", "load, and other counters of the kernel", NULL, NULL, counters, false},
};
const struct channels channels_of_the_machine = {list, ARRAY_SIZE(list)};
