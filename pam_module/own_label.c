#include "own_label.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

/*
 * After pam_open_session an OpenSSH that is built with SELinux asks getcon(3) for its own label, to
 * label the user's terminal; where the policy is enforced, it ends the connection if that fails.
 * libselinux reads the label from /proc/thread-self/attr/current, which an application that has the
 * session's /proc lacks.  But a label that this thread has set itself is remembered by libselinux.
 * So it is set to what it is already.
 *
 * Only the application's own copy of the library matters: this module is not linked with it.
 */
int own_label_remember(void)
{
	int (*is_enabled)(void), (*get)(char **label), (*set)(const char *label);
	char *label = NULL;
	int result = 0;

	/* POSIX's way to turn what dlsym(3) returns into a pointer to a function */
	*(void **)&is_enabled = dlsym(RTLD_DEFAULT, "is_selinux_enabled");
	if (!is_enabled || is_enabled() != 1)
		return 0;
	*(void **)&get = dlsym(RTLD_DEFAULT, "getcon_raw");
	*(void **)&set = dlsym(RTLD_DEFAULT, "setcon_raw");
	if (!get || !set)
		return 0;
	errno = ENODATA;
	if (get(&label) < 0 || !label || set(label) < 0)
		result = -errno;
	free(label);
	return result;
}
