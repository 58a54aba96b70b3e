/*
 * To be preloaded: makes the FAIL_ALLOCth allocation of the program fail, with FAIL_EVER set also
 * all that follow.  Then it writes a byte to the descriptor FAIL_FD.
 *
 * With FAIL_MARKED set, only allocations between the odd and the even sched_yield(2) of pam_mark
 * count.  In a program that this one execs nothing fails any more.
 *
 * Where a foreign library does not survive that (iniparser 4.1 and glibc 2.36's NSS do not check
 * every allocation), the process exits with 12: a login that does not happen.  A crash of our own
 * code remains a crash.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, provided for programs that interpose malloc */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

#define EXPORTED __attribute__((visibility("default")))

static struct {
	long count, fails_at;
	int fd;
	bool counting, ever;
} state;

/* Whether the code at @place belongs to a library that is not ours. */
static bool is_of_others(const char *place, const char **symbol)
{
	/* before glibc 2.34 a program with threads has their trampoline for signals */
	static const char *const others[] = {
		"/libiniparser.so", "/libc.so", "/libpam.so", "/libpthread.so"};
	Dl_info info;

	if (!dladdr(place, &info) || !info.dli_fname)
		return false;
	*symbol = info.dli_sname;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strstr(info.dli_fname, others[i]))
			return true;
	return false;
}

/*
 * A crash: not ours when its instruction is another library's, or that library's assert(3) failed.
 */
static void on_crash(int signum, siginfo_t *info, void *context)
{
	void *frames[32];
	int count = backtrace(frames, 32);
	const char *symbol = NULL;

	(void)info, (void)context;
	for (int i = 1; i < count; i++) {
		/* a call that never returns can be the last thing in its function */
		bool others = is_of_others((const char *)frames[i] - 1, &symbol);

		/* frame 1 is the C library's signal trampoline */
		if (signum == SIGSEGV && i == 2 && others)
			_exit(12);
		if (signum == SIGABRT && symbol && !strcmp(symbol, "__assert_fail"))
			_exit(12);
		if (!others)
			break;
	}
	signal(signum, SIG_DFL);
	raise(signum);
}

static long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
	state.fails_at = number("FAIL_ALLOC");
	state.ever = number("FAIL_EVER");
	state.fd = (int)number("FAIL_FD");
	state.counting = !number("FAIL_MARKED");
	if (state.fails_at) {
		void *frame;
		struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO};

		backtrace(&frame, 1); /* the first time it allocates */
		sigaction(SIGSEGV, &action, NULL);
		sigaction(SIGABRT, &action, NULL);
	}
	unsetenv("FAIL_ALLOC");
	unsetenv("LD_PRELOAD");
}

static bool fails(void)
{
	if (!state.fails_at || !state.counting || ++state.count < state.fails_at)
		return false;
	if (state.count > state.fails_at)
		return state.ever;
	/* this write fails, too, when nobody listens; then the run does not count */
	if (write(state.fd, "!", 1) < 0)
		_exit(99);
	return true;
}

EXPORTED void *malloc(size_t size)
{
	if (!fails())
		return __libc_malloc(size);
	errno = ENOMEM;
	return NULL;
}

EXPORTED void *calloc(size_t count, size_t size)
{
	if (!fails())
		return __libc_calloc(count, size);
	errno = ENOMEM;
	return NULL;
}

EXPORTED void *realloc(void *old, size_t size)
{
	if (!fails())
		return __libc_realloc(old, size);
	errno = ENOMEM;
	return NULL;
}

EXPORTED int sched_yield(void)
{
	if (number("FAIL_MARKED"))
		state.counting = !state.counting;
	return (int)syscall(SYS_sched_yield);
}
