/*
 * What is installed: whose it is, who can change it, and that nothing has a privilege of its own.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "config_file.h"
#include "doctor.h"

/* A user's own installation is the user's. */
static bool is_owner_trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

/* A group of which nobody is a member writes nothing. */
static bool is_group_empty(const struct doctor *doctor, gid_t gid)
{
	const struct group *group = getgrgid(gid);

	for (size_t i = 0; i < doctor->people.count; i++)
		if (doctor->people.list[i].login.gid == gid &&
			doctor->people.list[i].login.uid != 0)
			return false;
	return !group || !*group->gr_mem;
}

/* @path itself; @above: it is a directory that leads to what is meant. */
static bool check_path(struct doctor *doctor, const char *subject, const char *path, bool above)
{
	struct stat status;
	struct word word;
	bool by_group;

	if (stat(path, &status) < 0) {
		doctor_add(doctor, VERDICT_UNSEEN, subject, "%s: %s", path, strerror(errno));
		return false;
	}
	if (!is_owner_trusted(status.st_uid)) {
		doctor_add(doctor, VERDICT_PROBLEM, subject, "%s is owned by uid %u, not by root",
			path, status.st_uid);
		doctor_mend(doctor, "chown root %s", doctor_word(&word, path));
		return false;
	}
	/* what lies in a directory with the sticky bit is its owner's all the same */
	if (above && (status.st_mode & S_ISVTX))
		return true;
	by_group = status.st_mode & S_IWGRP && !(above && is_group_empty(doctor, status.st_gid));
	if (status.st_mode & S_IWOTH || by_group) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"%s can be written by others (mode %04o)", path, status.st_mode & 07777);
		doctor_mend(doctor, "chmod go-w %s", doctor_word(&word, path));
		return false;
	}
	return true;
}

bool doctor_trusts(struct doctor *doctor, const char *subject, const char *path)
{
	char real[PATH_MAX], *slash;
	bool trusted;

	if (!realpath(path, real))
		return check_path(doctor, subject, path, false);
	trusted = check_path(doctor, subject, real, false);
	while (trusted && (slash = strrchr(real, '/'))) {
		slash[slash == real] = '\0';
		trusted = check_path(doctor, subject, real, true);
		if (slash == real)
			break;
	}
	return trusted;
}

static bool check_privilege(
	struct doctor *doctor, const char *subject, const char *path, const struct stat *status)
{
	char capability[64];
	struct word word;
	ssize_t length;

	if (status->st_mode & (S_ISUID | S_ISGID)) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"%s has a setuid or setgid bit, which nothing of nsisolate needs", path);
		doctor_mend(doctor, "chmod u-s,g-s %s", doctor_word(&word, path));
		return false;
	}
	length = getxattr(path, "security.capability", capability, sizeof capability);
	if (length > 0) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"%s has file capabilities, which nothing of nsisolate needs", path);
		doctor_mend(doctor, "setcap -r %s", doctor_word(&word, path));
		return false;
	}
	return true;
}

/* @needed: what its mode has to permit everybody. */
static void check_file(struct doctor *doctor, const char *path, mode_t needed)
{
	const char *subject = strrchr(path, '/') + 1;
	struct stat status;
	struct word word;

	if (stat(path, &status) < 0) {
		if (errno == ENOENT || errno == ENOTDIR) {
			doctor_add(doctor, VERDICT_PROBLEM, subject, "%s is not there", path);
			doctor_mend(doctor, "make install   # or install the package again");
		} else {
			doctor_add(
				doctor, VERDICT_UNSEEN, subject, "%s: %s", path, strerror(errno));
		}
		return;
	}
	if (!doctor_trusts(doctor, subject, path) ||
		!check_privilege(doctor, subject, path, &status))
		return;
	if ((status.st_mode & needed) != needed) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"%s, mode %04o: not everybody can %s it", path, status.st_mode & 07777,
			needed & S_IXOTH ? "run" : "read");
		doctor_mend(doctor, "chmod a+r%s %s", needed & S_IXOTH ? "x" : "",
			doctor_word(&word, path));
		return;
	}
	doctor_add(doctor, VERDICT_OK, subject, "%s, uid %u, mode %04o", path, status.st_uid,
		status.st_mode & 07777);
}

/* nsisolate-shell reads the configuration, all of it, as the user that it runs as. */
static void check_readable(struct doctor *doctor)
{
	char **closed = config_file_closed(NSISOLATE_CONF);

	doctor->lost |= !closed;
	for (char **path = closed; path && *path; path++) {
		struct stat status;
		struct word word;
		bool directory = stat(*path, &status) == 0 && S_ISDIR(status.st_mode);

		doctor_add(doctor, VERDICT_PROBLEM, *path,
			"not everybody can read it: who has nsisolate-shell is refused");
		doctor_mend(
			doctor, "chmod a+r%s %s", directory ? "x" : "", doctor_word(&word, *path));
		free(*path);
	}
	free(closed);
}

/* Where the sockets of sets lie that several logins share; made by the first of them. */
static void check_run(struct doctor *doctor)
{
	const char *path = "/run/nsisolate";
	struct stat status;

	if (lstat(path, &status) < 0)
		return;
	if (S_ISDIR(status.st_mode) && status.st_uid == 0 && !(status.st_mode & 077)) {
		doctor_add(doctor, VERDICT_OK, path, "uid 0, mode %04o", status.st_mode & 07777);
		return;
	}
	doctor_add(doctor, VERDICT_PROBLEM, path,
		"is not a directory of root's alone: logins that share a set are refused");
	if (S_ISDIR(status.st_mode))
		doctor_mend(doctor, "chown root:root %s && chmod 700 %s", path, path);
	else
		doctor_mend(doctor, "rm %s", path);
}

void doctor_check_files(struct doctor *doctor)
{
	bool module = false;
	const mode_t run = S_IROTH | S_IXOTH;

	for (size_t i = 0; i < doctor->stacks.count; i++)
		module |= stack_has_module(&doctor->stacks.list[i]);
	/* a stack that names the module says itself that there is none */
	if (access(NSISOLATE_MODULE, F_OK) == 0)
		check_file(doctor, NSISOLATE_MODULE, 0);
	if (doctor->shell_used || access(NSISOLATE_SHELL, F_OK) == 0)
		check_file(doctor, NSISOLATE_SHELL, run);
	if (doctor->shell_used || access(NSISOLATE_LOGIN, F_OK) == 0)
		check_file(doctor, NSISOLATE_LOGIN, run);
	if (module || doctor->shell_used || access(NSISOLATE_INIT, F_OK) == 0)
		check_file(doctor, NSISOLATE_INIT, run);
	if (doctor->shell_used)
		check_readable(doctor);
	check_run(doctor);
}
