#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "fd_above_stdio.h"

static int open_own(const struct kind *kind)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/ns/%s", kind->file);
	return above_stdio(open(path, O_RDONLY | O_CLOEXEC));
}

/*
 * A half-finished restore is the worst outcome; only transient ENOMEM is expected (every right and
 * every name that it needs was there on the way out), so retry.
 */
#define RETRY(call)                                \
	({                                         \
		int insisted_, tries_ = 3;         \
                                                   \
		do                                 \
			insisted_ = (call);        \
		while (insisted_ < 0 && --tries_); \
		insisted_;                         \
	})

static int change_root(int directory)
{
	return fchdir(directory) < 0 || chroot(".") < 0 ? -1 : 0;
}

/* The path of @root, as seen from the root of the namespace @mount. */
struct root_path {
	ssize_t length; /* -1: errnum has the reason */
	int errnum;
	char text[PATH_MAX];
};

static void ask_root(struct root_path *path, int root)
{
	char link[64];

	snprintf(link, sizeof link, "/proc/self/fd/%d", root);
	path->length = readlink(link, path->text, sizeof path->text - 1);
	path->errnum = path->length < 0 ? errno : ENAMETOOLONG;
	if (path->length == sizeof path->text - 1)
		path->length = -1;
	if (path->length >= 0)
		path->text[path->length] = '\0';
}

/* Finds out in this process, which goes there and comes back. */
static int find_root_here(struct caller *caller, int mount, int root, int directory,
	struct root_path *path, struct error *error)
{
	if (setns(mount, CLONE_NEWNS) < 0)
		return kind_refused(kind_by_flag(CLONE_NEWNS), errno, error);
	ask_root(path, root);
	if (RETRY(change_root(root)) < 0 && strcmp(path->text, "/"))
		_exit(EXIT_FAILURE); /* otherwise it would be outside its chroot */
	if (RETRY(fchdir(directory)) < 0) {
		caller->stuck = true;
		return error_errno(error, errno, "cannot go back to the working directory");
	}
	return 0;
}

/* The same in a child, which has its own root and working directory but shares our memory. */
static int find_root_by_child(int mount, int root, struct root_path *path, struct error *error)
{
	sigset_t all, before;
	pid_t child;

	/* no handler of the application's may run in the child, which has its memory */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	child = vfork();
	if (child < 0) {
		int errnum = errno;

		pthread_sigmask(SIG_SETMASK, &before, NULL);
		return error_errno(error, errnum, "cannot fork to find the root");
	}
	if (child == 0) {
		if (setns(mount, CLONE_NEWNS) == 0)
			ask_root(path, root);
		else
			path->errnum = errno;
		_exit(0);
	}
	child_wait(child, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return 0;
}

/*
 * setns(2) to a mount namespace moves root and working directory to its root.  Where the
 * application is chrooted, only a path from that root leads back.  We find it now, by going there
 * once, because we must not keep a directory descriptor.
 */
static int find_root(struct caller *caller, int mount, struct error *error)
{
	struct root_path path = {.length = -1, .errnum = EIO}; /* where the child is killed */
	struct stat status;
	int result;
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* EACCES: a home on NFS or FUSE that root may not enter, and so could not return to */
	if (root < 0 || (directory < 0 && errno != EACCES) || fstat(root, &status) < 0)
		return error_errno(error, errno, "cannot remember the working directory");
	caller->root_device = status.st_dev;
	caller->root_inode = status.st_ino;
	result = directory < 0 ? find_root_by_child(mount, root, &path, error)
			       : find_root_here(caller, mount, root, directory, &path, error);
	if (result < 0)
		return result;
	if (path.length <= 0)
		return error_errno(
			error, path.errnum, "cannot tell where the application's root is");
	if (path.length == 1 && path.text[0] == '/')
		return 0;
	caller->root = strdup(path.text);
	return caller->root ? 0 : error_errno(error, ENOMEM, "cannot remember the root");
}

static int no_proc(struct error *error)
{
	return error_errno(error, errno,
		"cannot read /proc/self (is this module's `open` line the last one of the "
		"session stack, and no other session open in this process?)");
}

static int check_threads(struct error *error)
{
	struct stat tasks;

	/*
	 * proc_pid_task(5): one directory per thread, and the link count of a directory counts them
	 */
	if (stat("/proc/self/task", &tasks) < 0)
		return no_proc(error);
	if (tasks.st_nlink > 3)
		return error_set(error, EINVAL,
			"the application has %lu threads, and namespaces are a thread's own: it "
			"cannot be isolated",
			(unsigned long)tasks.st_nlink - 2);
	return 0;
}

/* @pid: its PID namespace, or -1; the kernel makes that inode anew where nobody holds it. */
static int check_children(int pid, struct error *error)
{
	struct stat own, children;

	if ((pid < 0 ? stat("/proc/self/ns/pid", &own) : fstat(pid, &own)) < 0 ||
		stat("/proc/self/ns/pid_for_children", &children) < 0)
		return no_proc(error);
	if (own.st_ino != children.st_ino)
		return error_set(error, EBUSY,
			"this process has left its PID namespace already (another session is open "
			"in it, or another module did it)");
	return 0;
}

/* madvise(2), MADV_WIPEONFORK: the page is zeroed in every process forked from now on. */
static int remember_process(struct caller *caller, struct error *error)
{
	void *page = mmap(NULL, sizeof *caller->here, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return error_errno(error, errno, "no memory");
	caller->here = page;
	if (madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) < 0)
		return error_errno(error, errno, "cannot tell this process from its forks");
	*caller->here = true;
	return 0;
}

bool caller_is_here(const struct caller *caller)
{
	return caller->here && *caller->here;
}

int caller_leave(struct caller *caller, int flags, struct error *error)
{
	struct stat status;
	int mount = -1, pid = -1, result;

	*caller = (struct caller){0};
	for (size_t i = 0; i < KINDS_MAX; i++)
		caller->own[i] = -1;
	result = check_threads(error);
	if (!result)
		result = remember_process(caller, error);
	if (result < 0)
		return result;
	for (size_t i = 0; i < kinds_count; i++) {
		if (!(flags & kinds[i].flag))
			continue;
		caller->own[i] = open_own(&kinds[i]);
		if (caller->own[i] < 0) {
			result = error_errno(error, errno,
				"cannot open this process's own %s namespace", kinds[i].name);
			error->lacking = result == -ENOENT; /* this kernel lacks the kind */
			return result;
		}
		if (kinds[i].flag == CLONE_NEWNS)
			mount = caller->own[i];
		if (kinds[i].flag == CLONE_NEWPID)
			pid = caller->own[i];
	}
	result = check_children(pid, error);
	if (result < 0 || mount < 0)
		return result;
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

/* Enters caller->root again, if it is still the same directory. */
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
	return change_root(root);
}

/*
 * After setns(2) into a mount namespace: finds root and @directory (NULL: unknown) again by name.
 * On failure the previous root, @root, is kept: nothing is let out of its chroot.
 */
static int return_to_place(
	const struct caller *caller, int root, const char *directory, struct error *error)
{
	if (caller->root && RETRY(return_to_root(caller)) < 0) {
		int errnum = errno;

		if (RETRY(change_root(root)) < 0)
			_exit(EXIT_FAILURE);
		return error_errno(error, errnum, "cannot return to the root %s", caller->root);
	}
	/* the directory does not exist in this namespace: there is nothing to return to but "/" */
	if (!directory || RETRY(chdir(directory)) < 0)
		return RETRY(chdir("/")) < 0 ? error_errno(error, errno, "cannot go to /") : 0;
	return 0;
}

/* The working directory of this process; NULL: it has no name. */
static const char *where_am_i(char path[PATH_MAX])
{
	return RETRY(getcwd(path, PATH_MAX) ? 0 : -1) == 0 ? path : NULL;
}

int caller_join(struct caller *caller, int pidfd, int flags, struct error *error)
{
	char path[PATH_MAX];
	const char *directory = flags & CLONE_NEWNS ? where_am_i(path) : NULL;
	_cleanup_close_ int root = -1;

	if (flags & CLONE_NEWNS) {
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return error_errno(error, errno, "cannot look at the root");
	}
	/* joining a process that is not dumpable, as PID 1 is: ptrace(2), "access mode checking" */
	if (flags && setns(pidfd, flags) < 0)
		return error_errno(error, errno, "cannot join the session's namespaces%s",
			errno != EPERM ? ""
				       : " (CAP_SYS_PTRACE or CAP_SYS_ADMIN is missing; in a "
					 "container they have to be granted)");
	caller->joined_kinds = flags & ~CLONE_NEWNS;
	return flags & CLONE_NEWNS ? return_to_place(caller, root, directory, error) : 0;
}

static int return_to_mounts(const struct caller *caller, int mount, struct error *error)
{
	char path[PATH_MAX];
	const char *directory = where_am_i(path);
	struct stat status;
	_cleanup_close_ int session_root = RETRY(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));

	/* a process that was chrooted after the session began must not be let out */
	if (session_root < 0 || RETRY(fstat(session_root, &status)) < 0)
		return error_errno(error, errno, "cannot look at the root");
	if (status.st_dev != caller->root_device || status.st_ino != caller->root_inode)
		return error_set(error, EXDEV,
			"the application changed its root during the session: its mount namespace "
			"stays");
	if (RETRY(setns(mount, CLONE_NEWNS)) < 0)
		return error_errno(error, errno, "cannot return to the mount namespace");
	return return_to_place(caller, session_root, directory, error);
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
		else if ((caller->joined_kinds & kinds[i].flag) &&
			 RETRY(setns(own, kinds[i].flag)) < 0)
			failed = error_errno(
				error, errno, "cannot return to the %s namespace", kinds[i].name);
		if (failed)
			result = failed;
		close(own);
		caller->own[i] = -1;
	}
	if (caller->here)
		munmap(caller->here, sizeof *caller->here);
	caller->here = NULL;
	free(caller->root);
	caller->root = NULL;
	caller->stuck |= result < 0;
	return result;
}

bool caller_has_become_user(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0 || syscall(SYS_capget, &header, data) < 0)
		return false;
	return real && effective && saved &&
	       !(data[CAP_TO_INDEX(CAP_SYS_ADMIN)].permitted & CAP_TO_MASK(CAP_SYS_ADMIN));
}

/*
 * Whether SIGCHLD is pending.  There is at most one: signal(7), a second one is dropped while the
 * first is pending.
 */
static bool is_child_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGCHLD) == 1;
}

int caller_step_out(struct caller *caller, struct error *error)
{
	bool *here = caller->here;
	int result;

	caller->here = NULL; /* the page stays mapped */
	result = caller_return(caller, error);
	caller->here = here;
	return result;
}

void caller_signals_hold(struct caller_signals *signals)
{
	static const struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &signals->mask);
	/* an application that has it blocked, for signalfd(2) or sigwait(3) */
	signals->had = sigismember(&signals->mask, SIGCHLD) == 1 && is_child_pending();
	sigaction(SIGCHLD, NULL, &signals->on_child);
	signals->changed = signals->on_child.sa_handler == SIG_IGN ||
			   (signals->on_child.sa_flags & SA_NOCLDWAIT);
	if (signals->changed)
		sigaction(SIGCHLD, &by_default, NULL);
}

/* Raises SIGCHLD again with the siginfo of the original, for handlers that read it. */
static void raise_again(siginfo_t *info)
{
	if (syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, info) < 0)
		kill(getpid(), SIGCHLD);
}

/*
 * Our children have been reaped by now, and the application must not learn of children that it
 * never had: a handler that waits for one, such as vsftpd's, would wait for ever.  But the one
 * pending signal may also stand for a child of the application's own that has ended.
 */
static void take_child_signal(const struct caller_signals *signals)
{
	const int stops = signals->on_child.sa_flags & SA_NOCLDSTOP ? 0 : WSTOPPED | WCONTINUED;
	const struct timespec at_once = {0};
	siginfo_t sent, other = {0};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigtimedwait(&child, &sent, &at_once) < 0)
		return; /* EAGAIN: none is pending */
	if (sent.si_code <= 0)
		raise_again(&sent); /* by kill(2) */
	else if (waitid(P_ALL, 0, &other, WEXITED | stops | WNOHANG | WNOWAIT) == 0 && other.si_pid)
		raise_again(&other);
}

void caller_signals_restore(const struct caller_signals *signals)
{
	if (!signals->had)
		take_child_signal(signals);
	if (signals->changed)
		sigaction(SIGCHLD, &signals->on_child, NULL);
	sigprocmask(SIG_SETMASK, &signals->mask, NULL);
}
