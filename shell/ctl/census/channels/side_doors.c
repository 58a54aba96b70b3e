/* What a user can have started outside of the session. */
#include <errno.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "shell/ctl/census/census.h"

static bool by_hiding(const struct policy *policy)
{
	return policy->user_manager != USER_MANAGER_KEEP && (policy->kinds & CLONE_NEWNS) &&
	       (policy->kinds & CLONE_NEWPID);
}

static bool by_none(const struct policy *policy)
{
	return policy->user_manager == USER_MANAGER_OFF;
}

static enum seen manager(struct look *look)
{
	static const char *const sockets[] = {"systemd/private", "bus"};
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		snprintf(address.sun_path, sizeof address.sun_path, "/run/user/%u/%s",
			look->login->uid, sockets[i]);
		any |= access(address.sun_path, F_OK) == 0;
		if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
			return SEEN_YES;
	}
	return any ? SEEN_NO : look_nothing(look, "%s has no manager now", look->login->user);
}

/* Units that the user enables are started by the manager when the user logs in again. */
static enum seen units(struct look *look)
{
	char linger[300];

	if (access("/run/systemd/system", F_OK) < 0)
		return look_nothing(look, "no systemd here");
	snprintf(linger, sizeof linger, "/var/lib/systemd/linger/%s", look->login->user);
	if (look->policy && by_none(look->policy) && access(linger, F_OK) < 0)
		return SEEN_NO;
	return access(look->login->home, W_OK) == 0 ? SEEN_YES : SEEN_NO;
}

/* crontab(1), at(1): whom the files let; where there is none, @anyone. */
static bool is_allowed(const char *name, const char *user, bool anyone)
{
	char path[32], word[300], line[300];
	const char *const kinds[] = {"allow", "deny"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		FILE *file;
		bool listed = false;

		snprintf(path, sizeof path, "/etc/%s.%s", name, kinds[i]);
		file = fopen(path, "re");
		if (!file && errno == ENOENT)
			continue;
		while (file && !listed && fgets(line, sizeof line, file))
			listed = sscanf(line, " %299s", word) == 1 && !strcmp(word, user);
		if (file)
			fclose(file);
		return listed == (i == 0);
	}
	return anyone;
}

static enum seen jobs(struct look *look, const char *program, const char *name, bool anyone, int i)
{
	static const char *const directories[] = {"/usr/bin", "/bin", "/usr/local/bin"};
	char path[64];

	for (size_t at = 0; at < ARRAY_SIZE(directories); at++) {
		snprintf(path, sizeof path, "%s/%s", directories[at], program);
		if (access(path, X_OK) < 0)
			continue;
		if (!is_allowed(name, look->login->user, anyone))
			return SEEN_NO;
		return look->policy && look->jobs[i] ? SEEN_NO : SEEN_YES;
	}
	return look_nothing(look, "no %s here", program);
}

static enum seen cron(struct look *look)
{
	return jobs(look, "crontab", "cron", true, 0);
}

static enum seen at(struct look *look)
{
	return jobs(look, "at", "at", false, 1);
}

#define JOBS "examples/jobs.conf: a rule for jobs"

static const struct channel list[] = {
	{"manager", "asking the user's own systemd", "user_manager = hide", by_hiding, manager,
		false},
	{"units", "units for the user's next systemd", "user_manager = off", by_none, units, false},
	{"cron", "jobs of cron, outside", JOBS, NULL, cron, false},
	{"at", "jobs of at, outside", JOBS, NULL, at, false},
};
const struct channels channels_of_side_doors = {list, ARRAY_SIZE(list)};
