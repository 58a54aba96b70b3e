/*
 * stage_init COMMAND... - PID 1 of the tests' stage: runs COMMAND, reaps whatever ends in there,
 * and exits as COMMAND did; the kernel then ends what is left.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	pid_t command, pid;

	if (argc < 2)
		return 2;
	/* the stage goes when the test run goes */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	command = fork();
	if (command == 0) {
		execvp(argv[1], argv + 1);
		fprintf(stderr, "stage_init: %s: %s\n", argv[1], strerror(errno));
		_exit(127);
	}
	while (command > 0 && (pid = wait(&status)) != command)
		if (pid < 0 && errno != EINTR)
			return 1;
	if (command < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
