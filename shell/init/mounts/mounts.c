#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

/*
 * In a chroot "/" is not a mount point, and a mount's propagation can be changed only at one.
 * Joining one's own mount namespace moves root and working directory to its real root (setns(2));
 * the chroot is entered again afterwards.
 */
static int propagate_from_chroot(unsigned long how)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (root < 0 || own < 0 || setns(own, CLONE_NEWNS) < 0)
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | how, NULL) < 0)
		return -1;
	return fchdir(root) < 0 || chroot(".") < 0 ? -1 : 0;
}

static int propagate(unsigned long how)
{
	if (mount(NULL, "/", NULL, MS_REC | how, NULL) == 0)
		return 0;
	return errno == EINVAL ? propagate_from_chroot(how) : -1;
}

int mounts_isolate(const struct namespaces_host *host, struct error *error)
{
	if (!namespaces_is_new(host, "mnt", host->mnt, error))
		return -EINVAL;
	if (propagate(MS_SLAVE) < 0)
		return error_of_machine(error,
			error_errno(error, errno, "cannot keep mounts from leaving the session"));
	return 0;
}

int mounts_share(struct error *error)
{
	if (propagate(MS_SHARED) < 0)
		return error_errno(error, errno, "cannot share mounts within the session");
	return 0;
}

int mounts_proc(struct error *error)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
		return 0;
	if (errno == EPERM)
		return error_of_machine(error,
			error_errno(error, errno,
				"cannot mount the session's /proc (in a container whose own /proc "
				"is masked, the kernel forbids it without root)"));
	return error_of_machine(
		error, error_errno(error, errno, "cannot mount the session's /proc"));
}
