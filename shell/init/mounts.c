#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define HOSTS_SIZE_MAX (16 << 20)
#define SCRATCH "/proc"
#define SCRATCH_HOSTS SCRATCH "/hosts"

/*
 * In a chroot "/" is no mount point, and a mount's propagation can be changed only from there.
 * Joining one's own mount namespace moves root and working directory to its real root (setns(2));
 * the chroot is entered again afterwards.
 */
static int make_slave_from_chroot(void)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (root < 0 || own < 0 || setns(own, CLONE_NEWNS) < 0)
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -1;
	return fchdir(root) < 0 || chroot(".") < 0 ? -1 : 0;
}

int mounts_isolate(const struct namespaces_host *host, struct error *error)
{
	if (!namespaces_is_new(host, "mnt", host->mnt, error))
		return -EINVAL;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
		return 0;
	if (errno != EINVAL || make_slave_from_chroot() < 0)
		return error_of_machine(error,
			error_errno(error, errno, "cannot keep mounts from leaving the session"));
	return 0;
}

/* Copies the whole of @from, a regular file, to @to. */
static int copy_file(int from, int to, off_t size)
{
	ssize_t sent;

	while (size > 0) {
		sent = sendfile(to, from, NULL, (size_t)size);
		if (sent < 0)
			return -1;
		if (sent == 0)
			break; /* it was made shorter meanwhile */
		size -= sent;
	}
	return 0;
}

static int write_hosts(int host_file, off_t size, const char *hostname, const char *domainname)
{
	char line[256];
	int length;
	_cleanup_close_ int file = open(SCRATCH_HOSTS,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (file < 0 || copy_file(host_file, file, size) < 0)
		return -1;
	/* 127.0.1.1: the address of a machine's own name where it has no other, as Debian has it */
	if (*domainname)
		length = snprintf(line, sizeof line, "\n127.0.1.1\t%s.%s %s\n", hostname,
			domainname, hostname);
	else
		length = snprintf(line, sizeof line, "\n127.0.1.1\t%s\n", hostname);
	if (write(file, line, (size_t)length) != length)
		return -1;
	return fchmod(file, 0644);
}

int mounts_hosts(const char *hostname, const char *domainname, bool stays, struct error *error)
{
	struct stat status;
	int result = 0;
	_cleanup_close_ int host_file = open("/etc/hosts", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (host_file < 0)
		return errno == ENOENT ? 0 : error_errno(error, errno, "cannot read /etc/hosts");
	if (fstat(host_file, &status) < 0)
		return error_errno(error, errno, "cannot read /etc/hosts");
	if (!S_ISREG(status.st_mode) || status.st_size > HOSTS_SIZE_MAX)
		return error_set(error, EINVAL, "/etc/hosts is no regular file of at most %d bytes",
			HOSTS_SIZE_MAX);
	/*
	 * The file needs a file system of its own to live on, and that needs a place for the moment
	 * that it takes to bind the file: the one that mounts_proc will cover.  A detached mount
	 * would need no place, but binding out of one works only from Linux 6.15 on.  To unmount it
	 * is the most expensive thing of all, since the kernel waits for an RCU grace period.
	 */
	if (mount("nsisolate", SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    "mode=755,nr_inodes=4") < 0)
		return error_errno(error, errno, "cannot mount a tmpfs for /etc/hosts");
	if (write_hosts(host_file, status.st_size, hostname, domainname) < 0)
		result = error_errno(error, errno, "cannot write the session's /etc/hosts");
	else if (mount(SCRATCH_HOSTS, "/etc/hosts", NULL, MS_BIND, NULL) < 0)
		result = error_errno(error, errno, "cannot mount over /etc/hosts");
	if (!stays && umount2(SCRATCH, MNT_DETACH) < 0 && !result)
		result = error_errno(error, errno, "cannot unmount the tmpfs of /etc/hosts");
	return result;
}

int mounts_proc(struct error *error)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
		return 0;
	if (errno == EPERM)
		return error_of_machine(error,
			error_errno(error, errno,
				"cannot mount the session's /proc (in a container whose own /proc is "
				"masked, the kernel forbids it without root)"));
	return error_of_machine(
		error, error_errno(error, errno, "cannot mount the session's /proc"));
}
