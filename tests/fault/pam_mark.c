/*
 * pam_mark - a PAM module that says where it stands in a session stack, by sched_yield(2), which
 * nothing else calls: the lines before and behind pam_nsisolate.so mark what is the module's own.
 */
#include <sched.h>
#include <security/pam_modules.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	sched_yield();
	return PAM_SUCCESS;
}

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return pam_sm_open_session(pamh, flags, argc, argv);
}
