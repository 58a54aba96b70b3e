/*
 * pam_answer.so - a PAM module whose answers the test determines: its first argument starts with a
 * letter, and `ANSWER_x=NUMBER` in the environment is what the line with the letter x returns; by
 * default success.  The letter of a line without an argument is `_`.
 * When loaded it writes /tmp/pam_answer.loaded, to show where that happened; if
 * /tmp/pam_answer.hangs exists it then hangs.
 */
#include <fcntl.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

__attribute__((constructor)) static void tell(void)
{
	int fd = open("/tmp/pam_answer.loaded", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd >= 0)
		close(fd);
	while (access("/tmp/pam_answer.hangs", F_OK) == 0)
		pause();
}

static int answer(int argc, const char **argv)
{
	char name[] = "ANSWER_x";
	const char *value;

	name[sizeof name - 2] = argc ? *argv[0] : '_';
	value = getenv(name);
	return value ? atoi(value) : PAM_SUCCESS;
}

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	return answer(argc, argv);
}

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
