#include "runtime_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "mount_fd.h"
#include "ticket_caches.h"

#define RUNTIME "/run/user"

/* Opens a directory that is the user's alone; a descriptor, or -1 with errno. */
static int make_directory(int at, const char *name, uid_t uid, gid_t gid)
{
	if (mkdirat(at, name, S_IRWXU) < 0 || fchownat(at, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int runtime_dir_cover(uid_t uid, gid_t gid, struct error *error)
{
	struct stat status;
	char name[16];
	bool wanted;
	_cleanup_close_ int host = open(RUNTIME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int kept = -1, fresh = -1, own = -1, gnupg = -1;

	if (host < 0)
		return errno == ENOENT ? 0 : error_errno(error, errno, "cannot open " RUNTIME);
	snprintf(name, sizeof name, "%u", uid);
	wanted = fstatat(host, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
	if (wanted)
		kept = openat(host, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* a tenth of the memory, as in pam_systemd(8) and logind.conf(5) */
	if (mount("nsisolate", path_of(host).text, "tmpfs", MS_NOSUID | MS_NODEV,
		    "mode=755,size=10%") < 0)
		return error_errno(error, errno, "cannot cover " RUNTIME);
	if (wanted) {
		fresh = open(RUNTIME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		own = make_directory(fresh, name, uid, gid);
		gnupg = own < 0 ? -1 : make_directory(own, "gnupg", uid, gid);
	}
	if (wanted && gnupg < 0)
		return error_errno(error, errno, "cannot make " RUNTIME "/%s", name);
	if (kept >= 0)
		ticket_caches_keep(kept, own, "krb5cc", uid, gid);
	return 0;
}
