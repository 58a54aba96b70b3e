#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "above_stdio.h"
#include "cleanup.h"
#include "kinds.h"

static int open_own(const struct kind *kind)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/ns/%s", kind->file);
	return above_stdio(open(path, O_RDONLY | O_CLOEXEC));
}

/*
 * setns(2) to a mount namespace puts root and working directory to its root.  Where the application
 * is chrooted, only a path from that root leads back; it is found by going there once, now, since a
 * directory descriptor must not be kept.
 */
static int find_root(struct caller *caller, int mount, struct error *error)
{
	char link[64], path[PATH_MAX];
	struct stat status;
	ssize_t length;
	int result = 0;
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 || directory < 0 || fstat(root, &status) < 0)
		return error_errno(error, errno, "cannot remember the working directory");
	caller->root_device = status.st_dev;
	caller->root_inode = status.st_ino;
	if (setns(mount, CLONE_NEWNS) < 0)
		return kind_refused(kind_by_flag(CLONE_NEWNS), errno, error);
	snprintf(link, sizeof link, "/proc/self/fd/%d", root);
	length = readlink(link, path, sizeof path - 1);
	if (length <= 0 || length == sizeof path - 1)
		result = error_errno(error, length < 0 ? errno : ENAMETOOLONG,
			"cannot tell where the application's root is");
	else if (path[0] != '/' || length > 1) {
		path[length] = '\0';
		caller->root = strdup(path);
		if (!caller->root)
			result = error_errno(error, ENOMEM, "cannot remember the root");
	}
	if (fchdir(root) < 0 || chroot(".") < 0 || fchdir(directory) < 0)
		result = error_errno(error, errno, "cannot go back to the working directory");
	return result;
}

static int check_single(struct error *error)
{
	struct stat tasks, own, children;

	/* proc_pid_task(5): one directory a thread, and a directory's links count them */
	if (stat("/proc/self/task", &tasks) < 0 || stat("/proc/self/ns/pid", &own) < 0 ||
		stat("/proc/self/ns/pid_for_children", &children) < 0)
		return error_errno(error, errno,
			"cannot read /proc/self (is this module's `open` line the last one of the "
			"session stack, and no other session open in this process?)");
	if (tasks.st_nlink > 3)
		return error_set(error, EINVAL,
			"the application has %lu threads, and namespaces are a thread's own: it cannot "
			"be isolated",
			(unsigned long)tasks.st_nlink - 2);
	if (own.st_ino != children.st_ino)
		return error_set(error, EBUSY,
			"this process has left its PID namespace already (another session is open in "
			"it, or another module did it)");
	return 0;
}

int caller_leave(struct caller *caller, int flags, struct error *error)
{
	struct stat status;
	int mount = -1, result;

	*caller = (struct caller){.pid = getpid()};
	for (size_t i = 0; i < CALLER_KINDS_MAX; i++)
		caller->own[i] = -1;
	result = check_single(error);
	if (result < 0)
		return result;
	for (size_t i = 0; i < kinds_count; i++) {
		if (!(flags & kinds[i].flag))
			continue;
		caller->own[i] = open_own(&kinds[i]);
		if (caller->own[i] < 0)
			return error_errno(error, errno,
				"cannot open this process's own %s namespace", kinds[i].name);
		if (kinds[i].flag == CLONE_NEWNS)
			mount = caller->own[i];
	}
	if (mount < 0)
		return 0;
	if (fstat(mount, &status) < 0)
		return error_errno(error, errno, "cannot read this process's own mount namespace");
	caller->mount = status.st_ino;
	result = find_root(caller, mount, error);
	if (result < 0)
		return result;
	if (unshare(CLONE_NEWNS) < 0)
		return kind_refused(kind_by_flag(CLONE_NEWNS), errno, error);
	caller->left = true;
	return 0;
}

int caller_join(struct caller *caller, int pidfd, int flags, struct error *error)
{
	/* the mount namespace is joined already: this process made it */
	if (setns(pidfd, flags & ~CLONE_NEWNS) < 0)
		return error_errno(error, errno, "cannot join the session's namespaces");
	caller->joined = flags & ~CLONE_NEWNS;
	return 0;
}

/* Enters caller->root again, if it still is the same directory. */
static int return_to_root(const struct caller *caller)
{
	struct stat status;
	_cleanup_close_ int root = open(caller->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 || fstat(root, &status) < 0)
		return -1;
	if (status.st_dev != caller->root_device || status.st_ino != caller->root_inode) {
		errno = ESTALE;
		return -1;
	}
	return fchdir(root) < 0 || chroot(".") < 0 ? -1 : 0;
}

static int return_to_mounts(const struct caller *caller, int mount, struct error *error)
{
	char directory[PATH_MAX];
	struct stat status;
	bool known = getcwd(directory, sizeof directory);

	/* who was chrooted since the session began must not be let out */
	if (stat("/", &status) < 0 || status.st_dev != caller->root_device ||
		status.st_ino != caller->root_inode)
		return error_set(error, EXDEV,
			"the application changed its root during the session: its mount namespace stays");
	if (setns(mount, CLONE_NEWNS) < 0)
		return error_errno(error, errno, "cannot return to the mount namespace");
	if (caller->root && return_to_root(caller) < 0)
		return error_errno(error, errno, "cannot return to the root %s", caller->root);
	/* a directory that only the session had: there is nothing to return to but "/" */
	if (!known || chdir(directory) < 0)
		return chdir("/") < 0 ? error_errno(error, errno, "cannot go to /") : 0;
	return 0;
}

int caller_return(struct caller *caller, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < kinds_count; i++) {
		int own = caller->own[i], failed = 0;

		if (own < 0)
			continue;
		if (kinds[i].flag == CLONE_NEWNS && caller->left)
			failed = return_to_mounts(caller, own, error);
		else if ((caller->joined & kinds[i].flag) && setns(own, kinds[i].flag) < 0)
			failed = error_errno(
				error, errno, "cannot return to the %s namespace", kinds[i].name);
		if (failed)
			result = failed;
		close(own);
		caller->own[i] = -1;
	}
	free(caller->root);
	caller->root = NULL;
	return result;
}

void caller_signals_hold(struct caller_signals *signals)
{
	static const struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &signals->mask);
	sigaction(SIGCHLD, NULL, &signals->on_child);
	signals->changed = signals->on_child.sa_handler == SIG_IGN ||
			   (signals->on_child.sa_flags & SA_NOCLDWAIT);
	if (signals->changed)
		sigaction(SIGCHLD, &by_default, NULL);
}

void caller_signals_restore(const struct caller_signals *signals)
{
	if (signals->changed)
		sigaction(SIGCHLD, &signals->on_child, NULL);
	sigprocmask(SIG_SETMASK, &signals->mask, NULL);
}
