/*
 * pam_mark - a PAM module that marks its place in a session stack by sched_yield(2), which nothing
 * else calls: the lines before and after pam_nsisolate.so enclose the module's own calls.
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
