/*
 * at_exec COMMAND... - runs COMMAND and says what its process has cost each time that it becomes
 * another program: lines `PROGRAM FAULTS SWITCHES`, the minor faults and the voluntary context
 * switches of proc(5) until then.  Ends as COMMAND ends.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* The number that follows @word in @path, or 0. */
static long number_after(const char *path, const char *word)
{
	char text[8192], *found;
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;

	if (file)
		fclose(file);
	text[length] = '\0';
	found = strstr(text, word);
	return found ? atol(found + strlen(word)) : 0;
}

/* @stops: how often it has stopped for us, each time by a switch */
static void tell(pid_t pid, long stops)
{
	char path[40], name[32] = "";
	long faults = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file ||
		fscanf(file, "%*d (%31[^)]) %*c %*d %*d %*d %*d %*d %*u %ld", name, &faults) != 2)
		exit(99);
	fclose(file);
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	printf("%s %ld %ld\n", name, faults,
		number_after(path, "\nvoluntary_ctxt_switches:") - stops);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? fork() : -1;
	long stops = 0;
	int status;

	if (pid < 0)
		return 99;
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		return 99;
	do {
		int signum = WSTOPSIG(status);

		stops++;
		if (status >> 16 == PTRACE_EVENT_EXEC)
			tell(pid, stops);
		if (status >> 16 || signum == SIGSTOP)
			signum = 0;
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signum);
	} while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
