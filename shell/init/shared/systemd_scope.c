#include "systemd_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define SYSTEMD_RUN "/usr/bin/systemd-run"
#define USERS_SLICE ":/user.slice/" /* of all users: systemd.special(7) */

bool unit_ends_with_login(void)
{
	char text[4096];
	ssize_t length;
	_cleanup_close_ int own = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);

	if (access("/run/systemd/system", F_OK) < 0 && errno == ENOENT)
		return false;
	length = own < 0 ? -1 : read(own, text, sizeof text - 1);
	if (length < 0)
		return true; /* it cannot be told, and to leave does no harm */
	text[length] = '\0';
	return strstr(text, USERS_SLICE);
}

bool unit_has_manager(uid_t uid)
{
	char bus[48];

	snprintf(bus, sizeof bus, "/run/user/%u/bus", uid);
	return access(bus, F_OK) == 0 || errno != ENOENT;
}

int unit_leave(char **arguments, bool user, int keep, struct error *error)
{
	char unit[64], moved[32], title[300];
	size_t count = 0;
	char **argv, **word;

	while (arguments[count])
		count++;
	argv = word = calloc(count + 13, sizeof *argv);
	if (!argv || fcntl(keep, F_SETFD, 0) < 0) {
		int result = error_errno(error, errno, "cannot leave the login's unit");

		free(argv);
		return result;
	}
	snprintf(unit, sizeof unit, "--unit=nsisolate-%d", getpid());
	snprintf(moved, sizeof moved, "--moved=%d", keep);
	snprintf(title, sizeof title, "--title=%s", arguments[0]);
	*word++ = (char *)SYSTEMD_RUN;
	*word++ = (char *)"--scope";
	if (user)
		*word++ = (char *)"--user";
	*word++ = (char *)"--quiet";
	*word++ = (char *)"--collect";
	*word++ = (char *)"--description=nsisolate: what all sessions of a user are in";
	*word++ = unit;
	*word++ = (char *)"--";
	*word++ = (char *)NSISOLATE_INIT;
	*word++ = title;
	*word++ = moved;
	memcpy(word, arguments + 1, (count - 1) * sizeof *word);
	execv(SYSTEMD_RUN, argv);
	free(argv);
	return error_errno(error, errno,
		"cannot run " SYSTEMD_RUN
		", which keeps the user's sessions from ending with the first");
}
