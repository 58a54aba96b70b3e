#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"

bool namespaces_is_new(
	const struct namespaces_host *host, const char *file, ino_t inode, struct error *error)
{
	ino_t own;

	/* asking costs one thirtieth of a session: process 1 has no /proc/self yet */
	if (host->first && getpid() == 1)
		return true;
	own = namespace_inode(file, error);
	if (own && inode && own != inode)
		return true;
	if (own)
		error_set(error, EINVAL, "refusing to go on: this is the host's %s namespace",
			*file == 'm' ? "mount" : "UTS");
	return false;
}

/*
 * The processes of a new user namespace together may use what its creator's soft limits are at that
 * moment (since Linux 5.14, create_user_ns() in kernel/user_namespace.c).  So the user could not
 * raise them any more, although getrlimit(2) says so: therefore they are set to the hard limits
 * temporarily.
 */
static const int ceilings[] = {RLIMIT_NPROC, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_MEMLOCK};
#define CEILINGS ARRAY_SIZE(ceilings)

/* Failures are ignored: either way the session has limits that its user could have had. */
static void raise_ceilings(int flags, struct rlimit own[CEILINGS])
{
	for (size_t i = 0; i < CEILINGS; i++) {
		if (!(flags & CLONE_NEWUSER) || getrlimit(ceilings[i], &own[i]) < 0)
			own[i] = (struct rlimit){0, 0};
		else if (own[i].rlim_cur != own[i].rlim_max)
			setrlimit(ceilings[i], &(struct rlimit){own[i].rlim_max, own[i].rlim_max});
	}
}

static void restore_limits(const struct rlimit own[CEILINGS])
{
	for (size_t i = 0; i < CEILINGS; i++)
		if (own[i].rlim_cur != own[i].rlim_max)
			setrlimit(ceilings[i], &own[i]);
}

static pid_t clone_into(int flags, int *pidfd)
{
	struct clone_args args = {
		.flags = (uint64_t)(unsigned)flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

/* Whether a child can be created in namespaces of @flags: 0, or the errno of the failure. */
static int try_clone(int flags)
{
	int pidfd = -1;
	pid_t pid = clone_into(flags, &pidfd);

	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(0);
	close(pidfd);
	child_wait(pid, NULL);
	return 0;
}

/* clone3 failed for @flags together: tries each kind alone, to name the one that is refused. */
static int name_refused(int flags, int errnum, struct error *error)
{
	int user = flags & CLONE_NEWUSER;

	if (user && try_clone(user))
		return kind_refused(&kind_user, errnum, error);
	for (size_t i = 0; i < kinds_count; i++)
		if ((flags & kinds[i].flag) && try_clone(user | kinds[i].flag))
			return kind_refused(&kinds[i], errnum, error);
	return error_errno(error, errnum, "cannot fork into new namespaces");
}

pid_t namespaces_clone(int flags, int *pidfd, struct error *error)
{
	struct rlimit own[CEILINGS];
	pid_t pid;
	int errnum;

	raise_ceilings(flags, own);
	pid = clone_into(flags, pidfd);
	errnum = errno;
	restore_limits(own);
	return pid >= 0 ? pid : name_refused(flags, errnum, error);
}

/* What namespaces_start() hands to the new process, in its parent's memory. */
struct start {
	struct rlimit own[CEILINGS];
	int (*run)(void *data, pid_t pid);
	void *data;
	pid_t pid;
};

static int begin(void *memory)
{
	struct start *start = memory;

	restore_limits(start->own);
	_exit(start->run(start->data, start->pid));
}

/*
 * Between the stack of this process and that of the new one, below, which keeps the pages above.
 * This process needs no more than these bytes until its end: hand_over() makes two system calls.
 */
#define STACK_GAP 1024

/* Returns only on failure, an errno. */
__attribute__((noinline)) static int hand_over(int flags, struct start *start)
{
	char *stack = (char *)__builtin_frame_address(0) - STACK_GAP;

	if (clone(begin, stack, flags | CLONE_VM | CLONE_PARENT_SETTID | SIGCHLD, start,
		    &start->pid) >= 0)
		/* nothing else: errno and all that the C library has are now the new process's */
		syscall(SYS_exit_group, EXIT_SUCCESS);
	return errno;
}

int namespaces_start(int flags, int (*run)(void *data, pid_t pid), void *data, struct error *error)
{
	/* the kernel lets processes share memory only in the same time namespace */
	const int early = flags & CLONE_NEWTIME ? flags & (CLONE_NEWTIME | CLONE_NEWUSER) : 0;
	struct start start = {.run = run, .data = data};
	int result = early ? namespaces_unshare(early, error) : 0, errnum;

	if (result < 0)
		return result;
	flags &= ~early;
	raise_ceilings(flags, start.own);
	errnum = hand_over(flags, &start);
	restore_limits(start.own);
	return name_refused(flags, errnum, error);
}

/* unshare(2) gives a new time namespace to children only: time_namespaces(7). */
static int enter_time(struct error *error)
{
	_cleanup_close_ int time = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);

	if (time < 0 || setns(time, CLONE_NEWTIME) < 0)
		return error_errno(error, errno, "cannot enter the new time namespace");
	return 0;
}

int namespaces_unshare(int flags, struct error *error)
{
	struct rlimit own[CEILINGS];
	int errnum;

	raise_ceilings(flags, own);
	errnum = unshare(flags) < 0 ? errno : 0;
	restore_limits(own);
	if (errnum)
		return name_refused(flags, errnum, error);
	return flags & CLONE_NEWTIME ? enter_time(error) : 0;
}

static int write_file(const char *path, const char *text, struct error *error)
{
	size_t length = strlen(text);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* these files accept the whole text in one write or refuse it: user_namespaces(7) */
	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		return error_of_machine(error,
			error_errno(error, errno,
				"cannot write %s (AppArmor can forbid it where user namespaces are "
				"restricted)",
				path));
	return 0;
}

int namespaces_map_ids(uid_t uid, gid_t gid, struct error *error)
{
	char line[64];
	int result;

	snprintf(line, sizeof line, "%u %u 1\n", uid, uid);
	result = write_file("/proc/self/uid_map", line, error);
	if (result < 0)
		return result;
	/*
	 * otherwise an unprivileged gid_map is refused, since setgroups(2) could drop a group:
	 * CVE-2014-8989
	 */
	result = write_file("/proc/self/setgroups", "deny", error);
	if (result < 0)
		return result;
	snprintf(line, sizeof line, "%u %u 1\n", gid, gid);
	return write_file("/proc/self/gid_map", line, error);
}

int namespaces_loopback_up(struct error *error)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	_cleanup_close_ int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) < 0)
		return error_errno(error, errno, "cannot bring up the session's loopback device");
	return 0;
}

int namespaces_set_names(const struct namespaces_host *host, const char *hostname,
	const char *domainname, struct error *error)
{
	if (!namespaces_is_new(host, "uts", host->uts, error))
		return -EINVAL;
	if (*hostname && sethostname(hostname, strlen(hostname)) < 0)
		return error_errno(error, errno, "cannot set the hostname '%s'", hostname);
	if (*domainname && setdomainname(domainname, strlen(domainname)) < 0)
		return error_errno(error, errno, "cannot set the domainname '%s'", domainname);
	return 0;
}
