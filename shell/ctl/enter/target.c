/* Which namespaces make a session, and through which process they can be reached. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "entry.h"
#include "shell/ctl/command.h"
#include "shell/ctl/session/process.h"

/* The inode of a namespace of the process @directory, or of ours where that is -1; 0: unknown. */
static ino_t namespace_of(int directory, const char *file)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof path, "%sns/%s", directory < 0 ? "/proc/self/" : "", file);
	return fstatat(directory < 0 ? AT_FDCWD : directory, path, &status, 0) < 0 ? 0
										   : status.st_ino;
}

/* The user namespace that owns the process's PID namespace. */
static int owner_of(int directory)
{
	_cleanup_close_ int namespace = openat(directory, "ns/pid", O_RDONLY | O_CLOEXEC);

	return namespace < 0 ? -1 : ioctl(namespace, NS_GET_USERNS);
}

/*
 * Whether the process has the namespaces that PID 1 of @session has: it is in that PID namespace,
 * and has not made a user namespace of its own.
 */
static bool is_plain_member(
	const struct session *session, int directory, struct process_text *text, pid_t *inside)
{
	struct process_status status;
	struct stat owner;
	_cleanup_close_ int fd = -1;

	if (process_status(directory, &status, text) < 0 || status.levels - 1 != session->level)
		return false;
	if (session->namespace ? namespace_of(directory, "pid") != session->namespace
			       : status.parent != session->pid)
		return false;
	fd = owner_of(directory);
	*inside = status.pids[session->level];
	return fd >= 0 && fstat(fd, &owner) == 0 && owner.st_ino == namespace_of(directory, "user");
}

/*
 * The kernel does not show PID 1, which is not dumpable, to its own user; the user's other
 * processes do as well.  Takes the first one inside: the oldest.
 */
static int open_member(const struct session *session, struct error *error)
{
	struct process_text text = {0};
	const struct dirent *entry;
	DIR *proc = opendir("/proc");
	pid_t first = 0;
	int found = -1;

	if (!proc)
		return error_errno(error, errno, "cannot read /proc");
	while ((entry = readdir(proc))) {
		pid_t inside;
		int directory;

		if (*entry->d_name < '1' || *entry->d_name > '9')
			continue;
		directory = openat(dirfd(proc), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (directory >= 0 && is_plain_member(session, directory, &text, &inside) &&
			(found < 0 || inside < first)) {
			cleanup_close(&found);
			found = directory;
			first = inside;
		} else {
			cleanup_close(&directory);
		}
	}
	closedir(proc);
	process_text_free(&text);
	if (found < 0)
		return error_set(error, EPERM,
			"only root can enter this session: no process in it shows you its "
			"namespaces");
	return found;
}

static int find_kinds(struct entry *entry, struct error *error)
{
	for (size_t i = 0; i < kinds_count; i++) {
		ino_t its = namespace_of(entry->directory, kinds[i].file);
		ino_t ours = namespace_of(-1, kinds[i].file);

		/* a kernel without this kind has the file for no process */
		if (!its && ours)
			return error_set(error, ESRCH, "the session has ended");
		if (its != ours)
			entry->kinds |= kinds[i].flag;
	}
	return entry->kinds ? 0 : error_set(error, EINVAL, "you are already in this session");
}

int entry_find(struct entry *entry, const struct session *session, struct error *error)
{
	ino_t user;

	entry->pidfd = entry->directory = entry->user_namespace = -1;
	if (session_is_ours(session))
		return error_set(error, EINVAL, "you are already in this session");
	entry->pidfd = session_open(session, &entry->directory, error);
	if (entry->pidfd < 0)
		return entry->pidfd;
	if (geteuid() != 0) {
		cleanup_close(&entry->directory);
		entry->directory = open_member(session, error);
		if (entry->directory < 0)
			return entry->directory;
	}
	user = namespace_of(entry->directory, kind_user.file);
	if (user && user != namespace_of(-1, kind_user.file)) {
		entry->user_namespace = openat(entry->directory, "ns/user", O_RDONLY | O_CLOEXEC);
		if (entry->user_namespace < 0)
			return error_errno(
				error, errno, "cannot open the session's user namespace");
	} else if (geteuid() != 0) {
		return error_set(error, EPERM,
			"only root can enter a session of the PAM module: sudo " NAME " enter %d",
			session->pid);
	}
	return find_kinds(entry, error);
}

void entry_close(struct entry *entry)
{
	cleanup_close(&entry->pidfd);
	cleanup_close(&entry->directory);
	cleanup_close(&entry->user_namespace);
	entry->pidfd = entry->directory = entry->user_namespace = -1;
}
