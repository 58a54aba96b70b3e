/*
 * no_leaks - for `make sanitize`, what AddressSanitizer must not do in a process with a seccomp
 * filter, without privileges or under ptrace(2): look for leaks by tracing it (`make valgrind`
 * looks), or ask for an alternate signal stack at its end, and abort when there is no such call.
 */
#include <signal.h>
#include <stddef.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

EXPORTED int sigaltstack(const stack_t *stack, stack_t *old)
{
	(void)stack;
	if (old)
		*old = (stack_t){.ss_flags = SS_DISABLE};
	return 0;
}
