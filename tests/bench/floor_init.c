/*
 * floor_init - a PID 1 that reaps for ever and nothing else, without a C library where the machine
 * is known: the least that can be left running for a session.
 */
#if defined(__x86_64__)
#include <asm/unistd.h>

#define SIGCHLD_BIT (1ul << 16)
#define ECHILD 10

static long call(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

void _start(void);
void _start(void)
{
	static unsigned long child = SIGCHLD_BIT;

	call(__NR_rt_sigprocmask, 0, (long)&child, 0, sizeof child);
	for (;;)
		if (call(__NR_wait4, -1, 0, 0, 0) == -ECHILD)
			call(__NR_rt_sigtimedwait, (long)&child, 0, 0, sizeof child);
}
#else
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

int main(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, 0);
	for (;;)
		if (wait(0) < 0 && errno == ECHILD)
			sigwaitinfo(&child, 0);
}
#endif
