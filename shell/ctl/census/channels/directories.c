/* Names in directories that everyone may write, and what happens to the files. */
#include <errno.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/common/private_dirs.h"
#include "shell/ctl/census/census.h"

/* inotify(7): who may read a directory learns of each write to a file in it, readable or not. */
static bool hears_a_write(const struct look *look, const char *path)
{
	char buffer[4096] __attribute__((aligned(8)));
	_cleanup_close_ int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	const char *name = look->witness->name;
	ssize_t length;

	if (events < 0 || inotify_add_watch(events, path, IN_MODIFY) < 0)
		return false;
	look_ask(look, WITNESS_WRITE);
	length = read(events, buffer, sizeof buffer);
	return length > 0 && memmem(buffer, (size_t)length, name, strlen(name));
}

static enum seen look_into(struct look *look, const char *directory)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof path, "%s/%s", directory, look->witness->name);
	/* outside it is there, unless the witness could not make it */
	if (lstat(path, &status) == 0 || hears_a_write(look, directory))
		return SEEN_YES;
	return look->policy || lstat(directory, &status) == 0
		       ? SEEN_NO
		       : look_nothing(look, "no %s here", directory);
}

static enum seen tmp(struct look *look)
{
	return look_into(look, "/tmp");
}

static enum seen var_tmp(struct look *look)
{
	return look_into(look, "/var/tmp");
}

static enum seen dev_shm(struct look *look)
{
	return look_into(look, "/dev/shm");
}

static bool by_tmp(const struct policy *policy)
{
	return policy->private & private_dirs_from_text("/tmp");
}

static bool by_var_tmp(const struct policy *policy)
{
	return policy->private & private_dirs_from_text("/var/tmp");
}

static bool by_dev_shm(const struct policy *policy)
{
	return policy->private & private_dirs_from_text("/dev/shm");
}

static const struct channel list[] = {
	{"tmp", "names and writes in /tmp", "private = /tmp", by_tmp, tmp, true},
	{"var-tmp", "names and writes in /var/tmp", "private = /var/tmp", by_var_tmp, var_tmp,
		true},
	{"dev-shm", "names and writes in /dev/shm", "private = /dev/shm", by_dev_shm, dev_shm,
		true},
};
const struct channels channels_of_directories = {list, ARRAY_SIZE(list)};
