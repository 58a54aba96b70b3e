/*
 * mount_fd.h - mounts by descriptor: where a user could change any name meanwhile.
 *
 * By numbers of our own: <linux/mount.h> and <sys/mount.h> do not go together in every C library.
 */
#ifndef NSISOLATE_MOUNT_FD_H
#define NSISOLATE_MOUNT_FD_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* The path mount(2) needs for a descriptor: it leads to nothing else. */
struct fd_path {
	char text[32];
};

static inline struct fd_path path_of(int fd)
{
	struct fd_path path;

	snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", fd);
	return path;
}

/*
 * A copy of the mount that @path is on, from there downwards, which is not attached anywhere yet;
 * @flags: AT_EMPTY_PATH, and AT_RECURSIVE for the mounts below it.  A descriptor, or -1 with errno.
 */
static inline int tree_clone(int at, const char *path, int flags)
{
	const int clone = 1; /* OPEN_TREE_CLONE */

	return (int)syscall(SYS_open_tree, at, path, clone | O_CLOEXEC | flags);
}

/* Attaches it at @place; -1 with errno. */
static inline int tree_attach(int tree, int place)
{
	const int by_descriptors = 0x04 | 0x40; /* MOVE_MOUNT_F_EMPTY_PATH, ..._T_EMPTY_PATH */

	return (int)syscall(SYS_move_mount, tree, "", place, "", by_descriptors);
}

#endif
