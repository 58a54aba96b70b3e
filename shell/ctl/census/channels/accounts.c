/* Who has an account, who is logged in since when, and what their files weigh. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/common/closed_paths.h"
#include "shell/ctl/census/census.h"
#include "shell/ctl/login_records.h"

static enum seen terminals(struct look *look)
{
	char path[32];
	struct stat status;

	if (look->witness->terminal < 0)
		return look_nothing(look, "no terminal is to be had here");
	/* the owner, and by the times how long ago something was typed or written */
	snprintf(path, sizeof path, "/dev/pts/%d", look->witness->terminal);
	return stat(path, &status) == 0 && status.st_uid == look->witness->uid ? SEEN_YES : SEEN_NO;
}

static enum seen records(struct look *look)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(login_records); i++) {
		_cleanup_close_ int file = open(login_records[i], O_RDONLY | O_CLOEXEC);

		if (file >= 0)
			return SEEN_YES;
		any |= errno != ENOENT;
	}
	return any ? SEEN_NO : look_nothing(look, "no utmp, wtmp or lastlog here");
}

/*
 * Whether the directory shows a file that is neither the user's nor root's, with its size and
 * times.  An automounter's is not mounted for that.
 */
static enum seen shows_others(struct look *look, const char *path, const char *what)
{
	const uid_t own = look->login->uid;
	DIR *directory = opendir(path);
	const struct dirent *entry;
	enum seen seen = SEEN_NO;

	if (!directory)
		return errno == ENOENT ? look_nothing(look, "no %s here", path) : SEEN_NO;
	while (seen == SEEN_NO && (entry = readdir(directory))) {
		struct stat status;

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			fstatat(dirfd(directory), entry->d_name, &status,
				AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
			status.st_uid != own && status.st_uid != 0)
			seen = SEEN_YES;
	}
	closedir(directory);
	return seen == SEEN_YES ? seen : look_nothing(look, "no %s in %s", what, path);
}

static enum seen homes(struct look *look)
{
	char path[PATH_MAX], *slash;

	snprintf(path, sizeof path, "%s", look->login->home);
	slash = strrchr(path, '/');
	if (!slash || slash == path)
		return look_nothing(look, "%s has no home among others", look->login->user);
	*slash = '\0';
	return shows_others(look, path, "home of somebody else");
}

/* By either name: on some systems the one is a link to the other. */
static bool by_closing_mail(const struct policy *policy)
{
	const char *list = policy->inaccessible;
	char path[POLICY_PATHS_MAX + 1];

	while (closed_paths_next(&list, path))
		if (!strcmp(path, "/var/mail") || !strcmp(path, "/var/spool/mail"))
			return true;
	return false;
}

static enum seen mail(struct look *look)
{
	return shows_others(look, "/var/mail", "mail of somebody else");
}

/* The files that sd_login(3) reads, which a policy of D-Bus does not reach. */
static enum seen logins(struct look *look)
{
	DIR *directory = opendir("/run/systemd/sessions");
	const struct dirent *entry;
	enum seen seen = SEEN_NO;
	bool any = false;

	if (!directory)
		return errno == ENOENT ? look_nothing(look, "no logind here") : SEEN_NO;
	while (seen == SEEN_NO && (entry = readdir(directory)))
		if (*entry->d_name != '.') {
			_cleanup_close_ int file =
				openat(dirfd(directory), entry->d_name, O_RDONLY | O_CLOEXEC);

			any = true;
			if (file >= 0)
				seen = SEEN_YES;
		}
	closedir(directory);
	return seen == SEEN_YES || any ? seen : look_nothing(look, "logind knows of no login");
}

static enum seen names(struct look *look)
{
	_cleanup_close_ int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	(void)look;
	return file >= 0 ? SEEN_YES : SEEN_NO;
}

static const struct channel list[] = {
	{"terminals", "terminals: whose, how long idle", NULL, NULL, terminals, false},
	{"records", "logins in utmp, wtmp and lastlog", "privacy/tmpfiles.conf, opt-in", NULL,
		records, false},
	{"logins", "logins in /run/systemd/sessions", NULL, NULL, logins, false},
	{"homes", "homes: owners, sizes and times", NULL, NULL, homes, false},
	{"mail", "mail: owners, sizes and times", "inaccessible = /var/mail", by_closing_mail, mail,
		false},
	{"accounts", "names of accounts", NULL, NULL, names, false},
};
const struct channels channels_of_accounts = {list, ARRAY_SIZE(list)};
