#include "logind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define PROGRAM "/usr/lib/systemd/systemd-logind"

/*
 * The NUL at its end belongs to what is looked for: in the program it is a whole string.  Before
 * systemd 258, which has it, pam_systemd did not ask for a class of ours where the terminal is
 * `ssh` or `cron` (systemd pull request 38707).
 */
static const char light[] = "user-light";

/* 1 if the file has it, 0 if it has not, or a negative errno. */
static int find_light(int file)
{
	/* it may lie across the end of a read: as much of the one before stands in front */
	char block[sizeof light + (32 << 10)] = {0};
	ssize_t got;

	do {
		got = read(file, block + sizeof light, sizeof block - sizeof light);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got <= 0)
			continue;
		if (memmem(block, sizeof light + (size_t)got, light, sizeof light))
			return 1;
		memmove(block, block + got, sizeof light);
	} while (got);
	return 0;
}

int logind_light_class(bool background, const char **class, struct error *error)
{
	_cleanup_close_ int file = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	int result;

	*class = NULL;
	if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	result = file < 0 ? -errno : find_light(file);
	if (result < 0)
		return error_errno(error, -result, "user_manager = off: cannot read " PROGRAM);
	if (!result) {
		error_set(error, EOPNOTSUPP,
			"user_manager = off needs systemd 258 or newer: the logind of this machine "
			"starts a manager for every session");
		error->lacking = true;
		return -EOPNOTSUPP;
	}
	*class = background ? "background-light" : light;
	return 0;
}

bool logind_manager_runs(uid_t uid)
{
	char path[96];

	/* cgroup2's: 258 and later, which have the class above, know no other */
	snprintf(path, sizeof path, "/sys/fs/cgroup/user.slice/user-%u.slice/user@%u.service", uid,
		uid);
	return access(path, F_OK) == 0;
}
