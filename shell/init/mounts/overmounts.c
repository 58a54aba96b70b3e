#include "overmounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/common/private_dirs.h"
#include "mount_fd.h"
#include "ticket_caches.h"

#define MQUEUE "/dev/mqueue"
#define CGROUP "/sys/fs/cgroup"
/* a temporary mount point */
#define SCRATCH "/proc"

static int open_directory(int at, const char *name, int flags)
{
	return openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);
}

static const char *const kept_names[OVERMOUNTS_KEPT] = {".X11-unix", ".ICE-unix"};

void overmounts_find_kept(struct overmounts_kept *kept)
{
	struct stat root, status;
	_cleanup_close_ int tmp = open_directory(AT_FDCWD, "/tmp", 0);

	*kept = (struct overmounts_kept){0};
	for (size_t i = 0; i < OVERMOUNTS_KEPT; i++) {
		if (tmp < 0 || stat("/", &root) < 0 ||
			fstatat(tmp, kept_names[i], &status, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISDIR(status.st_mode) || !(status.st_mode & S_ISVTX) ||
			status.st_uid != root.st_uid)
			continue;
		kept->device[i] = status.st_dev;
		kept->inode[i] = status.st_ino;
	}
}

/* Makes it visible in @fresh, the root of a new /tmp, too. */
static int show_kept(int host, int fresh, const struct overmounts_kept *kept)
{
	struct stat status;

	for (size_t i = 0; i < OVERMOUNTS_KEPT; i++) {
		_cleanup_close_ int from = open_directory(host, kept_names[i], O_NOFOLLOW);
		_cleanup_close_ int to = -1;

		if (from < 0 || fstat(from, &status) < 0 || status.st_ino != kept->inode[i] ||
			status.st_dev != kept->device[i])
			continue;
		if (mkdirat(fresh, kept_names[i], S_IRWXU) < 0)
			return -1;
		to = open_directory(fresh, kept_names[i], O_NOFOLLOW);
		if (to < 0 || mount(path_of(from).text, path_of(to).text, NULL, MS_BIND, NULL) < 0)
			return -1;
	}
	return 0;
}

/* What pam_tmpdir has made: a directory of root's, and the user's below it. */
static int make_tmpdir(int host, int fresh, uid_t uid, gid_t gid)
{
	char path[24];
	struct stat status;

	snprintf(path, sizeof path, "user/%u", uid);
	if (fstatat(host, path, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode))
		return 0;
	if (mkdirat(fresh, "user", S_IRWXU) < 0 || fchmodat(fresh, "user", 0711, 0) < 0 ||
		mkdirat(fresh, path, S_IRWXU) < 0)
		return -1;
	return fchownat(fresh, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

static int keep_in_tmp(
	int host, const struct overmounts_kept *kept, uid_t uid, gid_t gid, struct error *error)
{
	char prefix[24];
	_cleanup_close_ int fresh = open_directory(AT_FDCWD, "/tmp", 0);

	if (fresh < 0 || show_kept(host, fresh, kept) < 0)
		return error_errno(
			error, errno, "cannot keep the sockets of a local display in /tmp");
	if (make_tmpdir(host, fresh, uid, gid) < 0)
		return error_errno(error, errno, "cannot make the user's directory in /tmp");
	snprintf(prefix, sizeof prefix, "krb5cc_%u", uid);
	ticket_caches_keep(host, fresh, prefix, uid, gid);
	return 0;
}

static int cover_place(const char *place, const char *size, const struct overmounts_kept *kept,
	uid_t uid, gid_t gid, struct error *error)
{
	struct stat status;
	char options[64];
	_cleanup_close_ int host = open_directory(AT_FDCWD, place, 0);

	if (host < 0)
		return errno == ENOENT ? 0 : error_errno(error, errno, "cannot open %s", place);
	if (fstat(host, &status) < 0)
		return error_errno(error, errno, "cannot look at %s", place);
	snprintf(options, sizeof options, "mode=%o%s%s", status.st_mode & 07777u,
		*size ? ",size=" : "", size);
	if (mount("nsisolate", path_of(host).text, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return error_errno(error, errno, "cannot cover %s", place);
	return strcmp(place, "/tmp") ? 0 : keep_in_tmp(host, kept, uid, gid, error);
}

int overmounts_private_dirs(unsigned set, const char *size, const struct overmounts_kept *kept,
	uid_t uid, gid_t gid, struct error *error)
{
	int result = 0;

	for (size_t i = 0; !result && i < private_dirs_count; i++)
		if (set & 1u << i)
			result = cover_place(private_dirs[i], size, kept, uid, gid, error);
	return result;
}

int overmounts_mqueue(struct error *error)
{
	if (mount("mqueue", MQUEUE, "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 ||
		errno == ENOENT)
		return 0;
	return error_errno(error, errno, "cannot mount the session's " MQUEUE);
}

int overmounts_cgroup(struct error *error)
{
	struct statfs status;

	if (statfs(CGROUP, &status) < 0)
		return errno == ENOENT ? 0 : error_errno(error, errno, "cannot look at " CGROUP);
	if (status.f_type == SYSFS_MAGIC)
		return 0; /* the host has none there */
	if (status.f_type != CGROUP2_SUPER_MAGIC)
		return error_set(error, EOPNOTSUPP,
			CGROUP
			" is not the unified hierarchy (cgroup2), which a session can see its "
			"own part of: leave cgroup out of `namespaces`");
	/* the kernel does not mount it on itself (EBUSY), but lets it be moved there */
	if (mount("cgroup2", SCRATCH, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return error_errno(error, errno, "cannot mount the session's cgroup file system");
	if (mount(SCRATCH, CGROUP, NULL, MS_MOVE, NULL) < 0)
		return error_errno(error, errno, "cannot cover " CGROUP);
	return 0;
}
