#include "close_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/common/closed_paths.h"
#include "mount_fd.h"

#define NO_USE (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

int close_paths_check(const struct policy *policy, bool own_userns, struct error *error)
{
	const char *lists[] = {policy->inaccessible, policy->read_only};
	char path[POLICY_PATHS_MAX + 1];

	for (int i = 0; i < 2; i++)
		while (closed_paths_next(&lists[i], path)) {
			int result = closed_path_check(path, error);

			if (result < 0 && result != -ENOENT && !(own_userns && result == -EACCES))
				return result;
		}
	*error->text = '\0';
	return 0;
}

/* By descriptors: the last part of a path can be any user's, a home for instance. */
static int make_inaccessible(int place, bool directory)
{
	_cleanup_close_ int tree = -1;

	if (directory)
		return mount(
			"nsisolate", path_of(place).text, "tmpfs", NO_USE, "mode=0,nr_inodes=1");
	tree = tree_clone(AT_FDCWD, "/dev/null", 0);
	if (tree < 0 || tree_attach(tree, place) < 0)
		return -1;
	return mount(NULL, path_of(tree).text, NULL, MS_REMOUNT | MS_BIND | NO_USE, NULL);
}

static int make_read_only(int place, bool directory)
{
	/* struct mount_attr; headers older than Linux 5.12 do not have it */
	const struct {
		uint64_t set, clear, propagation, userns_fd;
	} read_only = {.set = 1 /* MOUNT_ATTR_RDONLY */, .propagation = MS_PRIVATE};
	_cleanup_close_ int tree = tree_clone(place, "", AT_EMPTY_PATH | AT_RECURSIVE);

	(void)directory;
	if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE,
				&read_only, sizeof read_only) < 0)
		return -1;
	return tree_attach(tree, place);
}

/*
 * Follows links, which are root's: close_paths_check.  Whether it is a directory is not asked by
 * fstat(2), which the owner of a FUSE mount would answer.
 */
static int open_place(const char *path, bool *directory)
{
	int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*directory = place >= 0;
	return place < 0 && errno == ENOTDIR ? open(path, O_PATH | O_CLOEXEC) : place;
}

static int close_all(const char *list, int (*close_one)(int place, bool directory), bool own_userns,
	struct error *error)
{
	char path[POLICY_PATHS_MAX + 1];

	while (closed_paths_next(&list, path)) {
		bool directory;
		_cleanup_close_ int place = open_place(path, &directory);

		if (place < 0 &&
			(errno == ENOENT || errno == ENOTDIR || (own_userns && errno == EACCES)))
			continue;
		if (place < 0)
			return error_errno(error, errno, "cannot open %s", path);
		if (close_one(place, directory) < 0)
			return error_errno(error, errno, "cannot close %s", path);
	}
	return 0;
}

/* Where we are may be below what was covered, which the command would still be in. */
static int enter_again(struct error *error)
{
	_cleanup_free_ char *directory = getcwd(NULL, 0);

	if ((!directory || chdir(directory) < 0) && chdir("/") < 0)
		return error_errno(error, errno, "cannot go to /");
	return 0;
}

int close_paths(const struct policy *policy, bool own_userns, struct error *error)
{
	int result;

	if (!*policy->inaccessible && !*policy->read_only)
		return 0;
	if (*policy->read_only && !closed_paths_have_read_only()) {
		result = error_set(error, ENOSYS, CLOSED_PATHS_READ_ONLY);
		return error_of_machine(error, result);
	}
	result = close_all(policy->read_only, make_read_only, own_userns, error);
	if (!result)
		result = close_all(policy->inaccessible, make_inaccessible, own_userns, error);
	return !result && own_userns ? enter_again(error) : result;
}
