/*
 * no_leaks - for `make sanitize`: LeakSanitizer looks for leaks at the end of a process by tracing it, which one
 * with a seccomp filter, without privileges or under ptrace(2) already does not allow.  `make valgrind` looks.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
