/*
 * What is installed: who owns it, who can change it, and that nothing has a privilege of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/file/config_file.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/remedy.h"

/* A group without members gives nobody write access. */
static bool is_group_empty(const struct doctor *doctor, gid_t gid)
{
	const struct group *group = getgrgid(gid);

	for (size_t i = 0; i < doctor->facts->people.count; i++)
		if (doctor->facts->people.list[i].login.gid == gid &&
			doctor->facts->people.list[i].login.uid != 0)
			return false;
	return !group || !*group->gr_mem;
}

/* Adds @command on @path as the remedy, if that is ours to say. */
static void remedy_path(struct doctor *doctor, const char *command, const char *path)
{
	struct shell_word word;

	if (remedy_may_name(doctor, path))
		doctor_remedy(doctor, "%s %s", command, shell_word(&word, path));
	else
		doctor_remedy(doctor,
			"# make that root's, writable by root alone, or use a copy that is");
}

/* How a path is to be examined. */
struct trust {
	struct doctor *doctor;
	const char *subject;
	bool own; /* a user's own installation belongs to the user */
};

/* Checks @path itself; @above: it is a directory on the way to the file that is meant. */
static bool check_path(const struct trust *trust, const char *path, bool above)
{
	struct doctor *doctor = trust->doctor;
	struct stat status;
	bool by_group;

	if (stat(path, &status) < 0) {
		doctor_add(doctor, VERDICT_UNSEEN, trust->subject, "%s: %s", path, strerror(errno));
		return false;
	}
	if (status.st_uid && !(trust->own && status.st_uid == geteuid())) {
		doctor_add(doctor, VERDICT_PROBLEM, trust->subject,
			"%s is owned by uid %u, not by root", path, status.st_uid);
		remedy_path(doctor, "chown root", path);
		return false;
	}
	/* in a sticky directory a file still belongs to its owner */
	if (above && (status.st_mode & S_ISVTX))
		return true;
	by_group = status.st_mode & S_IWGRP && !(above && is_group_empty(doctor, status.st_gid));
	if (status.st_mode & S_IWOTH || by_group) {
		doctor_add(doctor, VERDICT_PROBLEM, trust->subject,
			"%s can be written by others (mode %04o)", path, status.st_mode & 07777);
		remedy_path(doctor, "chmod go-w", path);
		return false;
	}
	return true;
}

static bool check_way(const struct trust *trust, const char *path)
{
	char real[PATH_MAX], *slash;
	bool trusted;

	if (!realpath(path, real))
		return check_path(trust, path, false);
	trusted = check_path(trust, real, false);
	while (trusted && (slash = strrchr(real, '/'))) {
		slash[slash == real] = '\0';
		trusted = check_path(trust, real, true);
		if (slash == real)
			break;
	}
	return trusted;
}

bool doctor_trusts(struct doctor *doctor, const char *subject, const char *path)
{
	return check_way(&(struct trust){doctor, subject, true}, path);
}

/* ---- PAM's files: anyone who can write one of them decides who gets in, and as whom ---- */

/* Checks @directory and what is in it. */
static bool check_directory(const struct trust *trust, const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);
	bool trusted = check_way(trust, directory);
	char path[PATH_MAX];
	struct stat status;

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
		/* only once, if the directory itself is writable; a link may be dangling */
		if (trusted && *entries[i]->d_name != '.' && stat(path, &status) == 0 &&
			S_ISREG(status.st_mode))
			trusted &= check_way(trust, path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return trusted;
}

static void check_pam_files(struct doctor *doctor)
{
	static const char *const directories[] = {"/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"};
	const struct trust trust = {doctor, "PAM files", false};
	bool trusted = true, any = false;

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		if (access(directories[i], F_OK) < 0)
			continue;
		any = true;
		trusted &= check_directory(&trust, directories[i]);
	}
	if (access("/etc/pam.conf", F_OK) == 0)
		trusted &= check_way(&trust, "/etc/pam.conf");
	if (any && trusted)
		doctor_add(doctor, VERDICT_OK, trust.subject, "only root can change them");
}

static bool check_privilege(
	struct doctor *doctor, const char *subject, const char *path, const struct stat *status)
{
	char capability[64];
	struct shell_word word;
	ssize_t length;

	if (status->st_mode & (S_ISUID | S_ISGID)) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"%s has a setuid or setgid bit, which nsisolate does not need", path);
		doctor_remedy(doctor, "chmod u-s,g-s %s", shell_word(&word, path));
		return false;
	}
	length = getxattr(path, "security.capability", capability, sizeof capability);
	if (length > 0) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"%s has file capabilities, which nsisolate does not need", path);
		doctor_remedy(doctor, "setcap -r %s", shell_word(&word, path));
		return false;
	}
	return true;
}

/* @needed: what its mode has to permit to everybody. */
static void check_file(struct doctor *doctor, const char *path, mode_t needed)
{
	const char *subject = strrchr(path, '/') + 1;
	struct stat status;
	struct shell_word word;

	if (stat(path, &status) < 0) {
		if (errno == ENOENT || errno == ENOTDIR) {
			doctor_add(doctor, VERDICT_PROBLEM, subject, "%s is missing", path);
			doctor_remedy(doctor, "make install   # or install the package again");
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
		doctor_remedy(doctor, "chmod a+r%s %s", needed & S_IXOTH ? "x" : "",
			shell_word(&word, path));
		return;
	}
	doctor_add(doctor, VERDICT_OK, subject, "%s, uid %u, mode %04o", path, status.st_uid,
		status.st_mode & 07777);
}

/* nsisolate-shell reads the whole configuration as the user that it runs as. */
static void check_readable(struct doctor *doctor)
{
	char **closed = config_file_closed(NSISOLATE_CONF);

	doctor->lost |= !closed;
	for (char **path = closed; path && *path; path++) {
		struct stat status;
		struct shell_word word;
		bool directory = stat(*path, &status) == 0 && S_ISDIR(status.st_mode);

		doctor_add(doctor, VERDICT_PROBLEM, *path,
			"not everybody can read it: users of nsisolate-shell are refused");
		if (remedy_may_name(doctor, *path))
			doctor_remedy(doctor, "chmod a+r%s %s", directory ? "x" : "",
				shell_word(&word, *path));
		else
			doctor_remedy(
				doctor, "# make that readable by all, or use a copy elsewhere");
		free(*path);
	}
	free(closed);
}

/* The directory with the sockets of shared sessions; the first of these creates it. */
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
		"is not a directory of root's alone: logins with scope = user are refused");
	if (S_ISDIR(status.st_mode))
		doctor_remedy(doctor, "chown root:root %s && chmod 700 %s", path, path);
	else
		doctor_remedy(doctor, "rm %s", path);
}

void doctor_check_files(struct doctor *doctor)
{
	bool module = false;
	const mode_t run = S_IROTH | S_IXOTH;

	check_pam_files(doctor);
	for (size_t i = 0; i < doctor->facts->stacks.count; i++)
		module |= stack_has_module(&doctor->facts->stacks.list[i]);
	/* a stack that names the module reports itself that it is missing */
	if (access(NSISOLATE_MODULE, F_OK) == 0)
		check_file(doctor, NSISOLATE_MODULE, 0);
	if (doctor->facts->shell_used || access(NSISOLATE_SHELL, F_OK) == 0)
		check_file(doctor, NSISOLATE_SHELL, run);
	if (doctor->facts->shell_used || access(NSISOLATE_LOGIN, F_OK) == 0)
		check_file(doctor, NSISOLATE_LOGIN, run);
	if (module || doctor->facts->shell_used || access(NSISOLATE_INIT, F_OK) == 0)
		check_file(doctor, NSISOLATE_INIT, run);
	if (doctor->facts->shell_used)
		check_readable(doctor);
	check_run(doctor);
}
