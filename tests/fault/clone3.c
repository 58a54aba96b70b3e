/*
 * clone3 - for `make valgrind`, which does not know clone3(2): replaces it by unshare(2) and
 * fork(2), linked into nsisolate-init by -Wl,--wrap=syscall.  Unlike with clone3 the parent is then
 * in the new namespaces too, except the PID namespace.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static long clone_by_fork(const struct clone_args *args)
{
	int flags = (int)(args->flags &
			  ~(unsigned long long)(CLONE_PIDFD | CLONE_VFORK | CLONE_PARENT));
	pid_t pid;

	if (unshare(flags) < 0)
		return -1;
	pid = fork();
	if (pid > 0 && (args->flags & CLONE_PIDFD))
		*(int *)args->pidfd = (int)__real_syscall(SYS_pidfd_open, pid, 0);
	return pid;
}

long __wrap_syscall(long number, ...)
{
	va_list list;
	long word[6];

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		word[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_clone3)
		return clone_by_fork((const struct clone_args *)word[0]);
	return __real_syscall(number, word[0], word[1], word[2], word[3], word[4], word[5]);
}
