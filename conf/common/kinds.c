#include "kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "cleanup.h"

const struct kind kinds[] = {
	{"uts", "uts", "user.max_uts_namespaces", CLONE_NEWUTS, 0},
	{"pid", "pid", "user.max_pid_namespaces", CLONE_NEWPID, CLONE_NEWNS},
	{"mount", "mnt", "user.max_mnt_namespaces", CLONE_NEWNS, 0},
	{"ipc", "ipc", "user.max_ipc_namespaces", CLONE_NEWIPC, CLONE_NEWNS},
	{"net", "net", "user.max_net_namespaces", CLONE_NEWNET, 0},
	{"cgroup", "cgroup", "user.max_cgroup_namespaces", CLONE_NEWCGROUP, CLONE_NEWNS},
	{"time", "time", "user.max_time_namespaces", CLONE_NEWTIME, 0},
};
const size_t kinds_count = ARRAY_SIZE(kinds);

const struct kind kind_user = {"user", "user", "user.max_user_namespaces", CLONE_NEWUSER, 0};

const struct kind *kind_by_name(const char *name)
{
	for (size_t i = 0; i < kinds_count; i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const struct kind *kind_by_flag(int flag)
{
	for (size_t i = 0; i < kinds_count; i++)
		if (kinds[i].flag == flag)
			return &kinds[i];
	return NULL;
}

int kinds_complete(int flags)
{
	int complete = flags;

	for (size_t i = 0; i < kinds_count; i++)
		if (flags & kinds[i].flag)
			complete |= kinds[i].brings;
	return complete;
}

ino_t namespace_inode(const char *file, struct error *error)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof path, "/proc/self/ns/%s", file);
	if (stat(path, &status) < 0) {
		error_errno(error, errno, "cannot read %s (is /proc mounted?)", path);
		return 0;
	}
	return status.st_ino;
}

/* What an errno of clone(2), unshare(2) and setns(2) means here: see the ERRORS of clone(2). */
static const char *cause_of(int errnum)
{
	switch (errnum) {
	case EPERM:
	case EACCES:
		return "CAP_SYS_ADMIN is missing (in a container: it has to be granted), or a "
		       "security module such as AppArmor or SELinux forbids it";
	case EINVAL:
		return "this kernel was built without it";
	case ENOMEM:
		return "the kernel has no memory left for it";
	case EAGAIN:
		return "the limit on the user's processes is reached (ulimit -u, pids cgroup)";
	case EUSERS:
		return "namespaces are nested too deeply";
	default:
		return NULL;
	}
}

/* Whether @kind's limit is 0: switched off, as opposed to used up. */
static bool is_switched_off(const struct kind *kind)
{
	char path[64], text[2] = "";
	_cleanup_close_ int limit = -1;

	snprintf(path, sizeof path, "/proc/sys/user/%s", strchr(kind->limit, '.') + 1);
	limit = open(path, O_RDONLY | O_CLOEXEC);
	return limit >= 0 && read(limit, text, sizeof text) == 2 && !memcmp(text, "0\n", 2);
}

static int say_refused(const struct kind *kind, int errnum, struct error *error)
{
	const char *cause = cause_of(errnum);

	if (errnum == ENOSPC)
		return error_errno(error, errnum,
			"no new %s namespace (%s is reached, or they are nested too deeply: see "
			"`sysctl %s`)",
			kind->name, kind->limit, kind->limit);
	if (kind->flag == CLONE_NEWUSER && (errnum == EPERM || errnum == EACCES))
		cause = "in a chroot the kernel gives none; elsewhere they are switched off for "
			"users: see sysctl kernel.unprivileged_userns_clone, "
			"user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns";
	if (!cause)
		return error_errno(error, errnum, "no new %s namespace", kind->name);
	return error_errno(error, errnum, "no new %s namespace (%s)", kind->name, cause);
}

int kind_refused(const struct kind *kind, int errnum, struct error *error)
{
	int result = error_of_machine(error, say_refused(kind, errnum, error));

	if (error && (errnum == EINVAL || (errnum == ENOSPC && is_switched_off(kind))))
		error->lacking = true;
	return result;
}
