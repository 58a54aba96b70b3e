/*
 * no_leaks - for `make sanitize`: keeps AddressSanitizer, in a process with a seccomp filter,
 * without privileges or under ptrace(2), from looking for leaks by tracing it (`make valgrind`
 * looks), and from aborting when it cannot remove its alternate signal stack at exit.
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
