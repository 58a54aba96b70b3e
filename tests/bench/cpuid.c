/*
 * cpuid TABLE LABEL COMMAND [WORD...] - CPUID instructions of COMMAND: `cpuids`, how many it
 * executes, including its C library's, counted by single-stepping with ptrace(2); and `cpuid`, how
 * long one takes.  Each causes an exit from a virtual machine (Intel SDM, 26.1.2), so it costs
 * microseconds there, and a fraction of one elsewhere.  Prints nothing on processors other than
 * x86-64.
 */
#if defined __x86_64__
#include <cpuid.h>
#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"

#define INSTRUCTION 0xa20f /* as in memory: little-endian */
#define TIMED 1000

static double time_one(void)
{
	unsigned a, b, c, d;
	double from = now_us();

	for (int i = 0; i < TIMED; i++)
		__cpuid_count(4, 0, a, b, c, d);
	return (now_us() - from) / TIMED;
}

static int count_in(char **command)
{
	pid_t pid = fork();
	int status, count = 0;

	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			execv(command[0], command);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		long at = ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.rip), NULL);

		count += (ptrace(PTRACE_PEEKTEXT, pid, at, NULL) & 0xffff) == INSTRUCTION;
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
			give_up("ptrace");
	}
	if (status) {
		fprintf(stderr, "cpuid: %s: status %d\n", command[0], status);
		exit(EXIT_FAILURE);
	}
	return count;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	sample(argv[1], 0, argv[2], "cpuids", count_in(argv + 3));
	for (int round = 0; round < 9; round++)
		sample(argv[1], round, argv[2], "cpuid", time_one());
	return 0;
}
#else
int main(void)
{
	return 0;
}
#endif
