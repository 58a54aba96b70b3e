/*
 * sweep [OPTION...] ROLE STATUSES COMMAND... - runs COMMAND again and again, and each time another
 * system call (or allocation) of it fails in another way, until each has failed in every way that
 * calls.h knows.  No timing, no luck: the calls are counted by ptrace(2).
 *
 *	ROLE     application  COMMAND itself
 *	         helper       its first child: what becomes nsisolate-init; the shell's PID 1
 *	         init         that one's first child: the module's PID 1; the shell's command
 *	         memory       COMMAND's allocations, by fail_alloc.so (in PRELOAD)
 *	STATUSES what COMMAND may exit with, as in 0,10; the first when nothing fails
 *
 *	What the role's program does to load itself (ld.so) does not count, nor what the helper's
 *	child does after an exec: that is the user's program.
 *
 *	-m       of the application only what is between the odd and the even sched_yield(2) counts
 *	-1       one error a call, each time another one, in place of every one
 *	-e       the call fails from then on, every time, and not once
 *	-a N     COMMAND may exit with N only where the error tells what a machine lacks, and can be
 *	         no user's doing
 *	-n N     the helper is COMMAND's Nth child, and not its first
 *	-x N     what the role's process does from its Nth exec on does not count: it is the user's
 *	         program
 *	-k N     every Nth call only
 *	-s N     from the Nth call on;  -v  says each run
 *
 * A run holds when COMMAND exits with one of STATUSES within $PATIENCE seconds (10), no process is
 * left then that it started, and the mounts here are what they were.  What does not hold is told
 * with what COMMAND said.  The last line is `N injected, N held (STATUS: N, ...)`: how often
 * COMMAND ended how.  The status is 1 when they differ or N is 0.
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

enum { PATIENCE_S = 10, /* where $PATIENCE does not say more */ PROCESSES_MAX = 256 };

enum role { APPLICATION, HELPER, INIT, TRACED, MEMORY = TRACED, ROLES };
static const char *const role_names[] = {"application", "helper", "init", "memory"};

static struct {
	enum role role;
	bool marked, one_each, ever, verbose;
	unsigned patience; /* seconds for a run */
	long stride; /* of the calls every so many */
	int helper; /* which of COMMAND's children */
	int allowed; /* status for what a machine lacks alone; 0: none */
	int execs; /* at which the role's process is done; 0: never */
	char **command;
	const char *statuses;
	FILE *said; /* standard output and error of COMMAND */
	int fired[2]; /* pipe: fail_alloc says that it did */
	long ends[256]; /* how often COMMAND exited with each status */
} sweep;

/* One run: where it fails, and what came of it. */
static struct run {
	long step;
	int error; /* which of the call's */
	bool last; /* it has no other */
	const struct call *call; /* NULL: it never came to that step */
	int errnum;
	long steps;
	int marks, children; /* of the application */
	pid_t roles[TRACED]; /* 0: not there yet; -1: ended */
	pid_t processes[PROCESSES_MAX]; /* all that live; 0: free */
	pid_t early[PROCESSES_MAX]; /* born and stopped, but the parent has not told yet; 0: free */
	int execs; /* of the process of the role */
	pid_t inside; /* the process whose call is about to be given its result; 0: none */
	unsigned long argument; /* of that call, the first */
	bool late;
	int status;
} run;

/* ---- a process's registers ---- */

#if defined __x86_64__
static void call_skip(pid_t pid)
{
	/* one that every seccomp filter allows */
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), SYS_getpid);
}

static void call_argument(pid_t pid, unsigned long value)
{
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rdi), value);
}

/* The C library counts on its registers after the call. */
static void call_argument_again(pid_t pid, unsigned long value)
{
	call_argument(pid, value);
}

static void call_result(pid_t pid, long result)
{
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rax), result);
}
#elif defined __aarch64__
static void call_skip(pid_t pid)
{
	int number = SYS_getpid;
	struct iovec place = {&number, sizeof number};

	ptrace(PTRACE_SETREGSET, pid, (void *)0x404 /* NT_ARM_SYSTEM_CALL */, &place);
}

static void set_first_register(pid_t pid, unsigned long long value)
{
	struct user_regs_struct registers;
	struct iovec place = {&registers, sizeof registers};

	ptrace(PTRACE_GETREGSET, pid, (void *)1 /* NT_PRSTATUS */, &place);
	registers.regs[0] = value;
	ptrace(PTRACE_SETREGSET, pid, (void *)1, &place);
}

static void call_argument(pid_t pid, unsigned long value)
{
	set_first_register(pid, value);
}

static void call_argument_again(pid_t pid, unsigned long value)
{
	(void)pid, (void)value; /* the result is in its place */
}

static void call_result(pid_t pid, long result)
{
	set_first_register(pid, (unsigned long long)result);
}
#else
#error "sweep does not know how this architecture's system calls return"
#endif

/* ---- the processes of one run ---- */

/* The place of @pid in @list; with 0 a free one; or -1. */
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

/* Whether the process of the role is the user's program by now. */
static bool is_over(void)
{
	return (sweep.role == INIT && run.execs) || (sweep.execs && run.execs >= sweep.execs);
}

/* Lets a stopped process go on, to its next call where that matters still: each stop takes time. */
static void resume(pid_t pid, int signum)
{
	bool watched = pid == run.roles[sweep.role] && !is_over() &&
		       (!run.call || sweep.ever || run.inside == pid);

	/* ESRCH: it was killed meanwhile */
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

/* The process that started @pid, or who got it from that; 0: it has ended. */
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
 * A parent that is killed while it forks never tells of the child, which is stopped all the same.
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

/*
 * Whether the call of @pid opens what a host may well not have: ENOENT is no failure then but the
 * truth, and believed.
 */
static bool opens_what_may_be_missing(pid_t pid, const struct __ptrace_syscall_info *info)
{
	static const char *const paths[] = {
		"/etc/hosts", "/run/user", "/tmp", "/var/tmp", "/dev/shm"};
	char path[16] = "";
	bool at = info->entry.nr == SYS_openat;

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		size_t size = strlen(paths[i]) + 1;
		struct iovec here = {path, size},
			     there = {(void *)(uintptr_t)info->entry.args[at], size};

		if (process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size &&
			!memcmp(path, paths[i], size))
			return true;
	}
	return false;
}

/* The ways in which @call can fail here: how many, in @errors. */
static int errors_of(const struct call *call, int errors[CALL_ERRORS_MAX])
{
	int count = 0;

	for (const int *error = call->errors; *error; error++)
		/* what is interrupted is tried again, for ever if need be */
		if (!sweep.ever || *error != EINTR)
			errors[count++] = *error;
	return count;
}

/* The call at which this run is to fail: which error.  False: it has none, the next one is it. */
static bool choose_error(
	pid_t pid, const struct call *call, const struct __ptrace_syscall_info *info)
{
	int errors[CALL_ERRORS_MAX], count = errors_of(call, errors);

	if (!count || (!sweep.marked && is_loader(pid, info->instruction_pointer))) {
		run.step++;
		return false;
	}
	run.call = call;
	/* of a run with one error a call, at every step another one */
	run.errnum = errors[(sweep.one_each ? run.step : run.error) % count];
	/* another call than the time before may have stood here, and have more ways */
	run.last = sweep.one_each || run.error >= count - 1;
	if (run.errnum == ENOENT && opens_what_may_be_missing(pid, info))
		run.errnum = EACCES;
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
	/* the second time, too: who was forked meanwhile */
	run.late = true;
	for (int i = 0; i < PROCESSES_MAX; i++) {
		if (run.processes[i])
			kill(run.processes[i], SIGKILL);
		if (run.early[i])
			kill(run.early[i], SIGKILL);
	}
	alarm(1);
}

/* Until the last process that the command started has ended: they are our children all. */
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

/* ---- what came of it ---- */

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

/* A sum of what is mounted here. */
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

/* Tracer and traced take turns: from one processor to another it takes seven times as long. */
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
	/* what the command leaves behind becomes our child, and is waited for */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	return sweep_all(from);
}
