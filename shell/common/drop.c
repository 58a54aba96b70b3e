#include "drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int drop_capabilities(struct error *error)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capset, &header, none) < 0)
		return error_errno(error, errno, "cannot give up capabilities");
	return 0;
}

/* nogroup, unless the user is in that group */
#define OTHER_GID(gid) ((gid) == 65534 ? 65533 : 65534)

/* EINVAL: a container that does not map it.  There users can only lock themselves out. */
static int become_group(gid_t gid)
{
	if (setresgid(gid, gid, OTHER_GID(gid)) == 0)
		return 0;
	return errno == EINVAL ? setresgid(gid, gid, gid) : -1;
}

int drop_to_member(uid_t uid, gid_t gid, const gid_t *groups, size_t count, struct error *error)
{
	if (setgroups(count, groups) < 0 || become_group(gid) < 0 || setresuid(uid, uid, uid) < 0)
		return error_errno(error, errno, "cannot become uid %u, gid %u", uid, gid);
	/*
	 * setresuid(2) from root has cleared them already; repeated so that nothing depends on
	 * inherited securebits
	 */
	return drop_capabilities(error);
}

int drop_to_user(uid_t uid, gid_t gid, struct error *error)
{
	return drop_to_member(uid, gid, NULL, 0, error);
}

int drop_dumpable(struct error *error)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(error, errno, "cannot hide from the user's own debugger");
	return 0;
}

int drop_new_privileges(struct error *error)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(error, errno, "cannot set no_new_privs");
	return 0;
}
