#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

/*
 * Creates the last component of @path, in the directory @at, and opens it: a directory owned by
 * @owner and closed to all others.
 */
static int make_directory(int at, const char *path, uid_t owner, struct error *error)
{
	const char *name = at == AT_FDCWD ? path : strrchr(path, '/') + 1;
	struct stat status;
	_cleanup_close_ int fd = -1;
	int result;

	if (mkdirat(at, name, S_IRWXU) < 0 && errno != EEXIST)
		return error_errno(error, errno, "cannot make the directory %s", path);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(error, errno, "cannot open the directory %s", path);
	if (status.st_uid == geteuid() && owner != geteuid() && fchown(fd, owner, (gid_t)-1) < 0)
		return error_errno(error, errno, "cannot give the directory %s away", path);
	if ((status.st_uid != owner && status.st_uid != geteuid()) || status.st_mode & 077)
		return error_set(error, EPERM,
			"%s is not a directory of uid %u alone: remove it, and it is made anew",
			path, owner);
	result = fd;
	fd = -1;
	return result;
}

int shared_directory_open(uid_t uid, bool own_userns, struct error *error)
{
	char path[48];
	_cleanup_close_ int parent = -1;

	if (own_userns) {
		snprintf(path, sizeof path, USERS_DIRECTORY "/%u", uid);
		parent = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (parent < 0)
			return error_errno(error, errno,
				"%s, through which the user's logins find each other, cannot be "
				"opened (pam_systemd makes it)",
				path);
		snprintf(path, sizeof path, USERS_DIRECTORY "/%u/nsisolate", uid);
		return make_directory(parent, path, uid, error);
	}
	snprintf(path, sizeof path, ROOTS_DIRECTORY "/%u", uid);
	parent = make_directory(AT_FDCWD, ROOTS_DIRECTORY, 0, error);
	return parent < 0 ? parent : make_directory(parent, path, uid, error);
}

int shared_socket_open(struct shared_socket *share, uid_t uid, const char *rule, bool own_userns,
	int locked, struct error *error)
{
	*share = SHARED_SOCKET_NONE;
	umask(077);
	snprintf(share->name, sizeof share->name, "%s", rule);
	share->directory = locked >= 0 ? locked : shared_directory_open(uid, own_userns, error);
	if (share->directory < 0)
		return share->directory;
	if (locked < 0 && flock(share->directory, LOCK_EX) < 0)
		return error_errno(
			error, errno, "cannot lock the directory of the user's sessions");
	return 0;
}

/* bind(2) and connect(2) take no directory descriptors, and a path has room for 107 bytes only. */
static struct sockaddr_un address_of(const struct shared_socket *share)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", share->directory,
		share->name);
	return address;
}

/* The errors of connect(2) if nobody listens, or something else has the name. */
static bool is_nobody(int errnum)
{
	return errnum == ENOENT || errnum == ECONNREFUSED || errnum == EPROTOTYPE ||
	       errnum == ELOOP;
}

int shared_socket_connect(const struct shared_socket *share, struct error *error)
{
	struct sockaddr_un address = address_of(share);
	struct ucred peer;
	socklen_t length = sizeof peer;
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return error_errno(error, errno, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return is_nobody(errno)
			       ? -ENOENT
			       : error_errno(error, errno, "cannot ask the user's other sessions");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return error_errno(error, errno, "cannot tell whose the user's other sessions are");
	/* the credentials are those at the time of listen(2), unix(7) */
	if (peer.uid != geteuid())
		return -ENOENT;
	result = fd;
	fd = -1;
	return result;
}

int shared_socket_listen(struct shared_socket *share, struct error *error)
{
	struct sockaddr_un address = address_of(share);
	struct stat status;

	share->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (share->listener < 0)
		return error_errno(error, errno, "cannot make a socket");
	if (unlinkat(share->directory, share->name, 0) < 0 && errno != ENOENT)
		return error_errno(error, errno, "cannot remove the socket of an ended session");
	if (bind(share->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(share->listener, SOMAXCONN) < 0)
		return error_errno(error, errno, "cannot listen for further logins");
	if (fstatat(share->directory, share->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(error, errno, "cannot look at the socket for further logins");
	share->inode = status.st_ino;
	return 0;
}

int shared_socket_keep(struct shared_socket *share, struct error *error)
{
	int own = openat(share->directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (own < 0)
		return error_errno(
			error, errno, "cannot keep the directory of the user's sessions");
	close(share->directory);
	share->directory = own;
	/* once more, so that SO_PEERCRED names this process */
	if (listen(share->listener, SOMAXCONN) < 0)
		return error_errno(error, errno, "cannot listen for further logins");
	return 0;
}

void shared_socket_withdraw(struct shared_socket *share)
{
	struct stat status;

	/*
	 * In this order: a login that finds the name gone, or nobody listening, makes a new socket
	 * of that name, which must not be removed.  The name is gone already if an admin has
	 * removed it.
	 */
	if (share->listener >= 0 &&
		fstatat(share->directory, share->name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		status.st_ino == share->inode)
		unlinkat(share->directory, share->name, 0);
	shared_socket_forget(share);
}

void shared_socket_forget(struct shared_socket *share)
{
	cleanup_close(&share->listener);
	cleanup_close(&share->directory);
	share->listener = share->directory = -1;
}
