#include "session_number.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "socket.h"

/* No rule can be called so, as the sockets beside it are. */
#define NAMES "+hostnames"

/*
 * Its directory is made only where it is missing, so most logins need one system call for all this
 * (musl's open(2) would make two).
 */
static int open_names(uid_t uid, bool own_userns, struct error *why)
{
	/* reading, too: so not even a FIFO of the user's would keep us waiting */
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode = S_IRUSR | S_IWUSR;
	char path[64];
	_cleanup_close_ int directory = -1;
	int fd;

	snprintf(path, sizeof path,
		own_userns ? USERS_DIRECTORY "/%u/nsisolate/" NAMES : ROOTS_DIRECTORY "/%u/" NAMES,
		uid);
	fd = openat(AT_FDCWD, path, flags, mode);
	if (fd < 0 && errno == ENOENT) {
		directory = shared_directory_open(uid, own_userns, why);
		if (directory < 0)
			return directory;
		fd = openat(directory, NAMES, flags, mode);
	}
	return fd < 0 ? error_errno(why, errno, "cannot open %s", path) : fd;
}

/* FNV-1a; two names with the same hash would cost a number. */
static off_t place_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return (off_t)(hash >> 2);
}

/* 0 where the session has the name from now on; -EAGAIN: another one has it. */
static int take_name(int names, const char *name)
{
	/* a lock of the open file, not of this process: PID 1 inherits it, fcntl(2) */
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = place_of(name), .l_len = 1};

	if (fcntl(names, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

static int take_number(struct policy *policy, int names, struct error *why)
{
	char name[POLICY_NAME_MAX + 1];
	unsigned number = 0;
	int result;

	do {
		policy_hostname(policy->hostname, ++number, name);
		result = take_name(names, name);
	} while (result == -EAGAIN && number < SESSION_NUMBER_MAX);
	if (result == -EAGAIN)
		return error_set(
			why, EAGAIN, "the user has %d sessions with it", SESSION_NUMBER_MAX);
	if (result < 0)
		return error_errno(why, -result, "cannot lock a name");
	policy->number = number;
	return 0;
}

int session_number_take(struct policy *policy, uid_t uid, bool own_userns, struct error *why)
{
	struct error cause = {0};
	int names, result;

	*why->text = '\0';
	policy->number = 0;
	if (!policy->numbered || !*policy->hostname || !(policy->kinds & CLONE_NEWPID))
		return -1;
	names = open_names(uid, own_userns, &cause);
	result = names < 0 ? names : take_number(policy, names, &cause);
	if (!result)
		return names;
	cleanup_close(&names);
	/* where users have no such directory none of their sessions is numbered */
	if (names != -ENOENT || !own_userns)
		error_set(
			why, -result, "the hostname may be another session's, too: %s", cause.text);
	return -1;
}
