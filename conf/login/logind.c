#include "logind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"

#define PROGRAM "/usr/lib/systemd/systemd-logind"

enum { USER_LIGHT, BACKGROUND_LIGHT, NAMES };
#define NAME_SIZE_MAX sizeof "background-light"

/* The NUL at their ends belongs to what is looked for: in the program they are whole strings. */
static const struct name {
	const char *text;
	size_t size;
} names[NAMES] = {
	[USER_LIGHT] = {"user-light", sizeof "user-light"},
	[BACKGROUND_LIGHT] = {"background-light", sizeof "background-light"},
};

static int find_names(int file, bool found[NAMES])
{
	char block[32 << 10];
	size_t kept = 0;
	ssize_t got;

	while ((got = read(file, block + kept, sizeof block - kept)) != 0) {
		size_t length = kept + (size_t)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (size_t i = 0; i < NAMES; i++)
			found[i] |= memmem(block, length, names[i].text, names[i].size) != NULL;
		/* a name may lie across the end of what was read */
		kept = length < NAME_SIZE_MAX ? length : NAME_SIZE_MAX;
		memmove(block, block + length - kept, kept);
	}
	return 0;
}

int logind_light_class(bool background, const char **class, struct error *error)
{
	_cleanup_close_ int file = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	bool found[NAMES] = {false};
	int result;

	*class = NULL;
	if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	result = file < 0 ? -errno : find_names(file, found);
	if (result < 0)
		return error_errno(error, -result, "user_manager = off: cannot read " PROGRAM);
	if (!found[BACKGROUND_LIGHT] && !found[USER_LIGHT]) {
		error_set(error, EOPNOTSUPP,
			"user_manager = off needs systemd 256 or newer: the logind of this machine "
			"starts a manager for every session");
		error->lacking = true;
		return -EOPNOTSUPP;
	}
	*class = names[found[USER_LIGHT] && !background ? USER_LIGHT : BACKGROUND_LIGHT].text;
	return 0;
}

bool logind_manager_runs(uid_t uid)
{
	/* cgroup2's; and systemd's own hierarchy, where cgroup2 does not control anything */
	static const char *const roots[] = {"", "/systemd"};
	char path[96];

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		snprintf(path, sizeof path,
			"/sys/fs/cgroup%s/user.slice/user-%u.slice/user@%u.service", roots[i], uid,
			uid);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}
