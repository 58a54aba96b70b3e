/*
 * at_step ROLE STEP VICTIM COMMAND... - runs COMMAND (pam_app) and, when the process of ROLE enters
 * its STEPth system call, kills VICTIM: so a death at every step of a session's set-up can be
 * tested, independent of timing.
 *
 *	ROLE, VICTIM   application  COMMAND itself
 *	               helper       its child that becomes nsisolate-init
 *	               init         the helper's child, PID 1 of the session
 *	VICTIM         inits        helper and init
 *	               PID          that process; then waits until it has released its namespaces
 *
 * For nsisolate-init in the foreground these are the outer process, PID 1 and the command.
 *
 * The application's steps count between its two sched_yield(2), the others' from their start; with
 * AT_STEP_FROM_START in the environment the application's do, too.  Prints the step on standard
 * output.  Exits as COMMAND does (128 + signal), or with 99 when ROLE has fewer steps.
 *
 * With `all` as STEP and `nobody` as VICTIM nothing is killed, and each step of ROLE becomes a line
 *	CALL EFFECTIVE PERMITTED NO_NEW_PRIVS UID
 * the system call's number, or `clone` or `say` for clone(2) and for sendmsg(2), and the values
 * from /proc/PID/status on entry.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum role { APPLICATION, HELPER, INIT, ROLES, OTHER = ROLES };

static const char *const role_names[] = {"application", "helper", "init"};

static struct {
	pid_t pid[ROLES]; /* 0: not started yet; -1: ended */
	long steps[ROLES];
	int marks;
	enum role role;
	long step;
	bool all;
	const char *victim;
	bool done;
} run;

static enum role role_by_name(const char *name)
{
	int role = 0;

	while (role < ROLES && strcmp(role_names[role], name))
		role++;
	return (enum role)role;
}

static enum role role_of(pid_t pid)
{
	int role = 0;

	while (role < ROLES && run.pid[role] != pid)
		role++;
	return (enum role)role;
}

static void kill_and_wait(pid_t pid)
{
	char path[32], name[64];

	snprintf(path, sizeof path, "/proc/%d/ns/uts", pid);
	kill(pid, SIGKILL);
	/*
	 * the kernel does not show the namespace of an exiting process, and there is no event for
	 * that
	 */
	while (readlink(path, name, sizeof name) > 0)
		usleep(1000);
}

static void kill_victims(void)
{
	if (atoi(run.victim) > 0)
		kill_and_wait(atoi(run.victim));
	for (int role = 0; role < ROLES; role++) {
		bool wanted = !strcmp(run.victim, role_names[role]) ||
			      (!strcmp(run.victim, "inits") && role != APPLICATION);

		if (wanted && run.pid[role] > 0)
			kill(run.pid[role], SIGKILL);
	}
}

/* The first word of the line @name of /proc/PID/status. */
static void status_word(pid_t pid, const char *name, char word[32])
{
	char path[32], line[256];
	size_t length = strlen(name);
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	file = fopen(path, "re");
	strcpy(word, "?");
	while (file && fgets(line, sizeof line, file))
		if (!strncmp(line, name, length) && line[length] == ':')
			sscanf(line + length + 1, "%31s", word);
	if (file)
		fclose(file);
}

static void say_privileges(pid_t pid, long number)
{
	static const char *const names[] = {"CapEff", "CapPrm", "NoNewPrivs", "Uid"};
	char word[32];

	if (number == SYS_clone)
		printf("clone");
	else if (number == SYS_sendmsg)
		printf("say");
	else
		printf("%ld", number);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		status_word(pid, names[i], word);
		printf(" %s", word);
	}
	puts("");
	fflush(stdout);
	run.done = true;
}

/* A process of @role has entered system call @number. */
static void count_step(enum role role, long number)
{
	if (role == APPLICATION && number == SYS_sched_yield) {
		run.marks++;
		return;
	}
	if (role == APPLICATION && run.marks != 1 && !getenv("AT_STEP_FROM_START"))
		return;
	if (run.all) {
		if (role == run.role)
			say_privileges(run.pid[role], number);
		return;
	}
	if (++run.steps[role] != run.step || role != run.role || run.done)
		return;
	printf("%s, step %ld: system call %ld\n", role_names[role], run.step, number);
	fflush(stdout);
	run.done = true;
	kill_victims();
}

static void stopped_at_call(pid_t pid)
{
	struct __ptrace_syscall_info info;
	enum role role = role_of(pid);

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0 || role == OTHER)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		count_step(role, (long)info.entry.nr);
}

/*
 * A traced process has forked: the application's first child is the helper, whose first child is
 * init.
 */
static void forked(pid_t parent)
{
	unsigned long child;
	enum role role = role_of(parent);

	if (role >= INIT || ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) < 0)
		return;
	if (!run.pid[role + 1])
		run.pid[role + 1] = (pid_t)child;
}

static void ended(pid_t pid)
{
	enum role role = role_of(pid);

	if (role != OTHER)
		run.pid[role] = -1;
}

/* Resumes a stopped process, passing on the signal that stopped it, if any. */
static void go_on(pid_t pid, int status)
{
	int event = status >> 16, signum = WSTOPSIG(status);

	if (signum == (SIGTRAP | 0x80))
		stopped_at_call(pid);
	else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		 event == PTRACE_EVENT_CLONE)
		forked(pid);
	if (event || signum == (SIGTRAP | 0x80) || signum == SIGTRAP || signum == SIGSTOP)
		signum = 0;
	/* ESRCH: it has been killed */
	ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signum);
}

static int trace(pid_t application)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	int status, result = 98;
	pid_t pid;

	if (waitpid(application, &status, 0) < 0 ||
		ptrace(PTRACE_SETOPTIONS, application, NULL, (void *)options) < 0)
		return 98;
	run.pid[APPLICATION] = application;
	ptrace(PTRACE_SYSCALL, application, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			go_on(pid, status);
			continue;
		}
		ended(pid);
		if (pid == application)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return run.done ? result : 99;
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 5 || role_by_name(argv[1]) == ROLES) {
		fprintf(stderr, "usage: at_step ROLE STEP VICTIM COMMAND...\n");
		return 98;
	}
	run.role = role_by_name(argv[1]);
	run.all = !strcmp(argv[2], "all");
	run.step = atol(argv[2]);
	run.victim = argv[3];
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	return pid < 0 ? 98 : trace(pid);
}
