/*
 * sweep [OPTION...] ROLE STATUSES COMMAND... - runs COMMAND again and again, making another of its
 * system calls (or allocations) fail each time, until each has failed in every way in calls.h.
 * Nothing depends on timing: the calls are counted by ptrace(2).
 *
 *	ROLE     application  COMMAND itself
 *	         helper       its first child, which becomes nsisolate-init; the shell's PID 1
 *	         init         that one's first child: the module's PID 1; the shell's command
 *	         memory       COMMAND's allocations, by fail_alloc.so (in PRELOAD)
 *	STATUSES what COMMAND may exit with, as in 0,10; the first when nothing fails
 *
 *	Loading the role's program (ld.so) does not count, nor what the helper's child does after
 *	an exec: that is the user's program.
 *
 *	-m       of the application only calls between the odd and the even sched_yield(2) count
 *	-1       one error per call, a different one each time, instead of all
 *	-e       the call fails every time from then on, not once
 *	-a N     COMMAND may exit with N only where the error says that the machine lacks something,
 *	         and cannot be caused by a user
 *	-n N     the helper is COMMAND's Nth child, not its first
 *	-x N     calls of the role's process after its Nth exec do not count: it is the user's
 *	         program
 *	-k N     every Nth call only
 *	-s N     from the Nth call on;  -v  prints each run
 *
 * A run holds when COMMAND exits with one of STATUSES within $PATIENCE seconds (10), none of the
 * processes that it started is left then, and the mounts here are unchanged.  A run that does not
 * hold is printed with COMMAND's output.  The last line is `N injected, N held (STATUS: N, ...)`,
 * with the number of runs per exit status.  The status is 1 when the numbers differ or N is 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

enum { PATIENCE_S = 10, /* default of $PATIENCE */ PROCESSES_MAX = 256 };

enum role { APPLICATION, HELPER, INIT, TRACED, MEMORY = TRACED, ROLES };
static const char *const role_names[] = {"application", "helper", "init", "memory"};

static struct {
	enum role role;
	bool marked, one_each, ever, verbose;
	unsigned patience; /* per run */
	long stride; /* only every so many calls */
	int helper; /* which of COMMAND's children is the helper */
	int allowed; /* exit status allowed only for what a machine lacks; 0: none */
	int execs; /* after this many execs the role's process no longer counts; 0: never */
	char **command;
	const char *statuses;
	FILE *said; /* standard output and error of COMMAND */
	int fired[2]; /* pipe: fail_alloc reports that it failed an allocation */
	long ends[256]; /* how often COMMAND exited with each status */
} sweep;

/* One run: where it fails, and the result. */
static struct run {
	long step;
	int error; /* which of the call's errors */
	bool last; /* it is the call's last one */
	const struct call *call; /* NULL: that step was not reached */
	int errnum;
	long steps;
	int marks, children; /* of the application */
	pid_t roles[TRACED]; /* 0: not started yet; -1: ended */
	pid_t processes[PROCESSES_MAX]; /* all that are alive; 0: free */
	/* created and stopped, but not reported by the parent yet; 0: free */
	pid_t early[PROCESSES_MAX];
	int execs; /* of the role's process */
	pid_t inside; /* the process whose call is about to return its result; 0: none */
	unsigned long argument; /* first argument of that call */
	bool late;
	int status;
} run;

/* ---- a process's registers ---- */

#if defined __x86_64__ || defined __i386__
#ifdef __x86_64__
#define NUMBER regs.orig_rax
#define ARGUMENT regs.rdi
#define RESULT regs.rax
#else
#define NUMBER regs.orig_eax
#define ARGUMENT regs.ebx
#define RESULT regs.eax
#endif
static void call_skip(pid_t pid)
{
	/* one that every seccomp filter allows */
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, NUMBER), SYS_getpid);
}

static void call_argument(pid_t pid, unsigned long value)
{
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, ARGUMENT), value);
}

/* The C library relies on its registers being preserved by the call. */
static void call_argument_again(pid_t pid, unsigned long value)
{
	call_argument(pid, value);
}

static void call_result(pid_t pid, long result)
{
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, RESULT), result);
}
#else
#if defined __aarch64__
#define FIRST regs[0]
static void call_skip(pid_t pid)
{
	int number = SYS_getpid;
	struct iovec place = {&number, sizeof number};

	ptrace(PTRACE_SETREGSET, pid, (void *)0x404 /* NT_ARM_SYSTEM_CALL */, &place);
}
#elif defined __arm__
#define user_regs_struct user_regs
#define FIRST uregs[0]
static void call_skip(pid_t pid)
{
	ptrace((enum __ptrace_request)23 /* PTRACE_SET_SYSCALL */, pid, NULL, (void *)SYS_getpid);
}
#else
#error "sweep does not know how this architecture's system calls return"
#endif

/* The one that has the first argument, and then the result. */
static void set_first_register(pid_t pid, unsigned long value)
{
	struct user_regs_struct registers;
	struct iovec place = {&registers, sizeof registers};

	ptrace(PTRACE_GETREGSET, pid, (void *)1 /* NT_PRSTATUS */, &place);
	registers.FIRST = value;
	ptrace(PTRACE_SETREGSET, pid, (void *)1, &place);
}

static void call_argument(pid_t pid, unsigned long value)
{
	set_first_register(pid, value);
}

static void call_argument_again(pid_t pid, unsigned long value)
{
	(void)pid, (void)value; /* the result is in place */
}

static void call_result(pid_t pid, long result)
{
	set_first_register(pid, (unsigned long)result);
}
#endif

/* ---- the processes of one run ---- */

/* The slot of @pid in @list; for 0 a free one; or -1. */
static int place_in(const pid_t *list, pid_t pid)
{
	for (int i = 0; i < PROCESSES_MAX; i++)
		if (list[i] == pid)
			return i;
	return -1;
}

static void put_into(pid_t *list, pid_t pid)
{
	int place = place_in(list, 0);

	if (place < 0) {
		fprintf(stderr, "sweep: more than %d processes\n", PROCESSES_MAX);
		exit(98);
	}
	list[place] = pid;
}

static void process_remove(pid_t pid)
{
	int place = place_in(run.processes, pid);

	if (place >= 0)
		run.processes[place] = 0;
	for (int role = 0; role < TRACED; role++)
		if (run.roles[role] == pid)
			run.roles[role] = -1;
}

/* Whether the role's process has become the user's program. */
static bool is_over(void)
{
	return (sweep.role == INIT && run.execs) || (sweep.execs && run.execs >= sweep.execs);
}

/* Resumes a stopped process, up to its next call where that still matters: each stop costs time. */
static void resume(pid_t pid, int signum)
{
	bool watched = pid == run.roles[sweep.role] && !is_over() &&
		       (!run.call || sweep.ever || run.inside == pid);

	/* ESRCH: it has been killed */
	ptrace(watched ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, (void *)(long)signum);
}

static void process_forked(pid_t parent)
{
	unsigned long child;
	int place;

	if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) < 0)
		return;
	put_into(run.processes, (pid_t)child);
	if (parent == run.roles[APPLICATION] && ++run.children == sweep.helper)
		run.roles[HELPER] = (pid_t)child;
	else if (parent == run.roles[HELPER] && !run.roles[INIT])
		run.roles[INIT] = (pid_t)child;
	place = place_in(run.early, (pid_t)child);
	if (place >= 0) {
		run.early[place] = 0;
		resume((pid_t)child, 0);
	}
}

/* The process that started @pid, or that inherited it; 0: it has ended. */
static pid_t parent_of(pid_t pid)
{
	char path[32];
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1)
		parent = 0;
	if (file)
		fclose(file);
	return parent;
}

/*
 * A parent that is killed while it forks never reports the child, which is stopped nevertheless.
 */
static void adopt_orphans(void)
{
	for (int i = 0; i < PROCESSES_MAX; i++) {
		pid_t pid = run.early[i];

		if (!pid || place_in(run.processes, parent_of(pid)) >= 0)
			continue;
		run.early[i] = 0;
		put_into(run.processes, pid);
		resume(pid, 0);
	}
}

/* ---- what fails ---- */

static bool counts(pid_t pid, long number)
{
	if (pid == run.roles[APPLICATION] && number == SYS_sched_yield) {
		run.marks++;
		return false;
	}
	if (pid != run.roles[sweep.role] || is_over())
		return false;
	return sweep.role != APPLICATION || !sweep.marked || run.marks % 2;
}

/* Whether the code at @address of @pid is the dynamic loader's. */
static bool is_loader(pid_t pid, unsigned long long address)
{
	char path[32], line[512];
	bool found = false, loader = false;
	FILE *maps;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && !found && fgets(line, sizeof line, maps)) {
		unsigned long long from, to;

		found = sscanf(line, "%llx-%llx", &from, &to) == 2 && address >= from &&
			address < to;
		loader = found && (strstr(line, "/ld-") || strstr(line, "/ld.so"));
	}
	if (maps)
		fclose(maps);
	return loader;
}

/* The path that the call of @pid is about. */
static const char *path_of(pid_t pid, const struct __ptrace_syscall_info *info)
{
	static char path[64];
	const char *name = run.call->name;
	bool at = !strcmp(name, "openat") || !strcmp(name, "newfstatat") ||
		  !strcmp(name, "readlinkat");
	struct iovec here = {path, sizeof path - 1},
		     there = {(void *)(uintptr_t)info->entry.args[at], sizeof path - 1};

	memset(path, 0, sizeof path);
	process_vm_readv(pid, &here, 1, &there, 1, 0);
	return path;
}

/* Whether it is something that a host need not have: then ENOENT is not a failure. */
static bool may_be_missing(const char *path)
{
	static const char *const paths[] = {
		"/etc/hosts", "/run/user", "/tmp", "/var/tmp", "/dev/shm"};

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (!strcmp(path, paths[i]))
			return true;
	return false;
}

/*
 * Whether it is a path of `inaccessible` or `read_only`, which are followed part by part and
 * entered by "/.": what is not there, or is closed to a user of nsisolate-shell, is left out.
 */
static bool may_be_left_out(const char *path)
{
	return !strncmp(path, "/home/closed", 12) || !strcmp(path, "/home") ||
	       !strcmp(path, "/home/.") || !strcmp(path, "/.");
}

/* Fills @errors with the ways in which @call can fail here, and returns their number. */
static int errors_of(const struct call *call, int errors[CALL_ERRORS_MAX])
{
	int count = 0;

	for (const int *error = call->errors; *error; error++)
		/* an interrupted call is retried, for ever if need be */
		if (!sweep.ever || *error != EINTR)
			errors[count++] = *error;
	return count;
}

/*
 * Which error the call at which this run is to fail gets.  False: it has none; the next call gets
 * one.
 */
static bool choose_error(
	pid_t pid, const struct call *call, const struct __ptrace_syscall_info *info)
{
	int errors[CALL_ERRORS_MAX], count = errors_of(call, errors);

	if (!count || (!sweep.marked && is_loader(pid, info->instruction_pointer))) {
		run.step++;
		return false;
	}
	run.call = call;
	/* in a run with one error per call: at every step another one */
	run.errnum = errors[(sweep.one_each ? run.step : run.error) % count];
	/* another call than last time may have been here, and have more ways to fail */
	run.last = sweep.one_each || run.error >= count - 1;
	if (run.errnum == ENOENT && may_be_missing(path_of(pid, info)))
		run.errnum = EACCES;
	if ((run.errnum == ENOENT || run.errnum == EACCES) && may_be_left_out(path_of(pid, info)))
		run.errnum = ENOMEM;
	return true;
}

static void call_begins(pid_t pid, const struct __ptrace_syscall_info *info)
{
	const struct call *call = call_by_number((long)info->entry.nr);

	if (!counts(pid, (long)info->entry.nr))
		return;
	run.steps++;
	if (run.steps == run.step) {
		if (!choose_error(pid, call, info))
			return;
	} else if (!sweep.ever || run.steps < run.step || run.call != call) {
		return;
	}
	run.inside = pid;
	run.argument = (unsigned long)info->entry.args[0];
	if (call->how == NOTHING_CHANGED)
		call_argument(pid, 0);
	else if (call->how == FAILS)
		call_skip(pid);
}

static void stopped_at_call(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		call_begins(pid, &info);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && run.inside == pid) {
		run.inside = 0;
		if (run.call->how == NOTHING_CHANGED)
			call_argument_again(pid, run.argument);
		else
			call_result(pid, -run.errnum);
	}
}

/* ---- one run ---- */

static void go_on(pid_t pid, int status)
{
	int event = status >> 16, signum = WSTOPSIG(status);

	if (signum == (SIGTRAP | 0x80))
		stopped_at_call(pid);
	else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		 event == PTRACE_EVENT_CLONE)
		process_forked(pid);
	else if (event == PTRACE_EVENT_EXEC && pid == run.roles[sweep.role])
		run.execs++;
	if (event || signum == (SIGTRAP | 0x80) || signum == SIGTRAP || signum == SIGSTOP)
		signum = 0;
	resume(pid, signum);
}

static void on_alarm(int signum)
{
	(void)signum;
	/* the second time, too: a process may have been forked in between */
	run.late = true;
	for (int i = 0; i < PROCESSES_MAX; i++) {
		if (run.processes[i])
			kill(run.processes[i], SIGKILL);
		if (run.early[i])
			kill(run.early[i], SIGKILL);
	}
	alarm(1);
}

/* Waits until the last process started by the command has ended: all become our children. */
static void wait_for_all(pid_t application)
{
	int status;
	pid_t pid;

	run.status = -1;
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			if (place_in(run.processes, pid) >= 0) {
				go_on(pid, status);
				continue;
			}
			put_into(run.early, pid);
		} else {
			process_remove(pid);
		}
		adopt_orphans();
		if (pid == application && !WIFSTOPPED(status))
			run.status =
				WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

static void set_number(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof text, "%ld", value);
	setenv(name, text, 1);
}

static _Noreturn void become_command(void)
{
	if (sweep.role == MEMORY) {
		set_number("FAIL_ALLOC", run.step);
		set_number("FAIL_EVER", sweep.ever);
		set_number("FAIL_FD", sweep.fired[1]);
		if (sweep.marked)
			set_number("FAIL_MARKED", 1);
		setenv("LD_PRELOAD", getenv("PRELOAD"), 1);
	}
	dup2(fileno(sweep.said), STDOUT_FILENO);
	dup2(fileno(sweep.said), STDERR_FILENO);
	if (sweep.role != MEMORY) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
	}
	execvp(sweep.command[0], sweep.command);
	_exit(127);
}

static bool start_tracing(pid_t pid)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status;

	return waitpid(pid, &status, 0) == pid &&
	       ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options) == 0;
}

static void run_command(void)
{
	char fired;
	pid_t pid;

	if (ftruncate(fileno(sweep.said), 0) < 0)
		exit(98);
	lseek(fileno(sweep.said), 0, SEEK_SET);
	pid = fork();
	if (pid == 0)
		become_command();
	if (pid < 0 || (sweep.role != MEMORY && !start_tracing(pid))) {
		perror("sweep: cannot start the command");
		exit(98);
	}
	run.roles[APPLICATION] = pid;
	put_into(run.processes, pid);
	if (sweep.role != MEMORY)
		resume(pid, 0);
	alarm(sweep.patience);
	wait_for_all(pid);
	alarm(0);
	if (sweep.role == MEMORY && read(sweep.fired[0], &fired, 1) == 1) {
		static const struct call allocation = {0, "allocation", FAILS, {ENOMEM}};

		run.call = &allocation;
		run.errnum = ENOMEM;
		run.last = true;
	}
}

/* ---- the result ---- */

static bool machine_lacks(int errnum)
{
	return errnum == EPERM || errnum == EACCES || errnum == EINVAL || errnum == ENOSYS ||
	       errnum == ENOENT;
}

static bool status_is_wanted(void)
{
	char list[128], *rest = list, *word;

	if (sweep.allowed && run.status == sweep.allowed && !machine_lacks(run.errnum))
		return false;
	snprintf(list, sizeof list, "%s", sweep.statuses);
	while ((word = strsep(&rest, ",")))
		if (atoi(word) == run.status)
			return true;
	return false;
}

/* A checksum of the mounts here. */
static uint64_t mounts(void)
{
	static char text[1 << 20];
	uint64_t sum = 14695981039346656037u;
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t length;

	while (fd >= 0 && (length = read(fd, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < length; i++)
			sum = (sum ^ (unsigned char)text[i]) * 1099511628211u;
	close(fd);
	return sum;
}

static void tell(const char *what)
{
	char line[1024];

	printf("%s%s %s %ld, %s: %s%s (status %d)\n", what, role_names[sweep.role],
		sweep.role == MEMORY ? "number" : "call", run.step, run.call->name,
		sweep.ever ? "for ever " : "", strerror(run.errnum), run.status);
	if (sweep.verbose || *what) {
		rewind(sweep.said);
		while (fgets(line, sizeof line, sweep.said))
			printf("        %s", line);
	}
	fflush(stdout);
}

static bool held(uint64_t mounts_before)
{
	const char *what = NULL;

	sweep.ends[run.status & 0xff]++;
	if (run.late)
		what = "HANGS   ";
	else if (!status_is_wanted())
		what = "FAILED  ";
	else if (mounts() != mounts_before)
		what = "MOUNTS  ";
	if (what)
		tell(what);
	else if (sweep.verbose)
		tell("");
	return !what;
}

static int sweep_all(long step)
{
	uint64_t before = mounts();
	long injected = 0, well = 0;
	bool first = true;

	/* nothing fails: the first of the statuses */
	run = (struct run){.step = 0};
	run_command();
	if (run.late || run.status != atoi(sweep.statuses)) {
		run.call = call_by_number(-1);
		tell("UNHARMED");
		return 1;
	}

	for (int error = 0;; error++) {
		run = (struct run){.step = step, .error = error};
		run_command();
		if (!run.call)
			break;
		injected++;
		well += held(before);
		step = run.last ? run.step + sweep.stride : run.step;
		if (run.last)
			error = -1;
	}
	printf("%ld injected, %ld held (", injected, well);
	for (size_t i = 0; i < sizeof sweep.ends / sizeof sweep.ends[0]; i++)
		if (sweep.ends[i])
			printf("%s%zu: %ld", first ? "" : ", ", i, sweep.ends[i]), first = false;
	printf(")\n");
	return injected == 0 || well < injected;
}

/* Tracer and traced process alternate: on different processors it takes seven times as long. */
static void stay_on_one_processor(void)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : cpu, &one);
	sched_setaffinity(0, sizeof one, &one);
}

static int usage(void)
{
	fprintf(stderr, "usage: sweep [-m1ev] [-a N] [-n N] [-x N] [-k N] [-s N] ROLE STATUSES "
			"COMMAND...\n");
	return 98;
}

int main(int argc, char **argv)
{
	int option;
	long from = 1;
	const char *patience = getenv("PATIENCE");

	sweep.helper = 1;
	sweep.stride = 1;
	sweep.patience =
		patience && atoi(patience) > PATIENCE_S ? (unsigned)atoi(patience) : PATIENCE_S;
	while ((option = getopt(argc, argv, "+m1eva:n:x:k:s:")) > 0) {
		switch (option) {
		case 'm':
			sweep.marked = true;
			break;
		case '1':
			sweep.one_each = true;
			break;
		case 'e':
			sweep.ever = true;
			break;
		case 'v':
			sweep.verbose = true;
			break;
		case 'a':
			sweep.allowed = atoi(optarg);
			break;
		case 'n':
			sweep.helper = atoi(optarg);
			break;
		case 'x':
			sweep.execs = atoi(optarg);
			break;
		case 'k':
			sweep.stride = atol(optarg);
			break;
		case 's':
			from = atol(optarg);
			break;
		default:
			return usage();
		}
	}
	if (argc - optind < 3 || sweep.stride < 1)
		return usage();
	while (sweep.role < ROLES && strcmp(role_names[sweep.role], argv[optind]))
		sweep.role++;
	sweep.statuses = argv[optind + 1];
	sweep.command = argv + optind + 2;
	sweep.said = tmpfile();
	if (sweep.role == ROLES || !sweep.said || pipe2(sweep.fired, O_NONBLOCK) < 0)
		return usage();
	fcntl(fileno(sweep.said), F_SETFD, FD_CLOEXEC);
	fcntl(sweep.fired[0], F_SETFD, FD_CLOEXEC);
	if (sweep.role != MEMORY)
		fcntl(sweep.fired[1], F_SETFD, FD_CLOEXEC);
	stay_on_one_processor();
	/* processes that the command leaves behind become our children, and are waited for */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	return sweep_all(from);
}
