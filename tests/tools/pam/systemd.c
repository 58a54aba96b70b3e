/*
 * tests/pam_systemd.so - what pam_systemd does with the class of a session: takes it from PAM's
 * environment, from the process's, or from class=, in this order, and puts it back there, with
 * XDG_SESSION_ID.  What it would ask logind for goes into /tmp/pam_systemd.asked, if that exists.
 */
#include <fcntl.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *class = pam_getenv(pamh, "XDG_SESSION_CLASS");
	char variable[128];
	int asked = open("/tmp/pam_systemd.asked", O_WRONLY | O_TRUNC | O_CLOEXEC);

	(void)flags;
	if (!class)
		class = getenv("XDG_SESSION_CLASS");
	if (!class)
		class = argc && !strncmp(argv[0], "class=", 6) ? argv[0] + 6 : "user";
	snprintf(variable, sizeof variable, "XDG_SESSION_CLASS=%s", class);
	if (asked >= 0) {
		dprintf(asked, "%s\n", class);
		close(asked);
	}
	if (pam_putenv(pamh, variable) != PAM_SUCCESS ||
		pam_putenv(pamh, "XDG_SESSION_ID=1") != PAM_SUCCESS)
		return PAM_SESSION_ERR;
	return PAM_SUCCESS;
}

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
