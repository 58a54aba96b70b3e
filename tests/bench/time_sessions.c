/*
 * time_sessions [-n ROUNDS] [-m MB] [-M MOUNTS] TABLE LABEL SERVICE:USER ... - PAM sessions in
 * turn, in a new order in every round, each in a process of its own: `start` (pam_start), `open`,
 * `close`, and `both`, open and close.  Between them a child is forked and reaped, as a login does.
 * LABEL/K runs only in every K-th round.
 *
 * -m: the application has touched that much memory.  -M: that many more mounts, none on another of
 * them.
 * -p COUNT: that many applications at once; `time` until the last session is open, `each` is that
 * divided by COUNT.
 * -1: one application does all rounds, with one service: `both`, and its own `rss` and
 * `descriptors`.
 * -g: a process stays behind in the session, and `gone` is from the beginning of the close until
 * PID 1 of the session has ended.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "samples.h"

#define STACKS_MAX 24
#define WARM_UP 5

static struct stack {
	char *label, *service, *user;
	int every;
} stacks[STACKS_MAX];
static int stack_count;
static const char *table;

static struct times {
	double start, open, close, gone;
} * times; /* shared with the process that is measured */

static int converse(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)data;
	for (int i = 0; i < count; i++)
		fprintf(stderr, "time_sessions: %s\n", messages[i]->msg);
	*responses = calloc((size_t)count, sizeof **responses);
	return *responses ? PAM_SUCCESS : PAM_CONV_ERR;
}

static void must(int result, const struct stack *stack, const char *what)
{
	if (result == PAM_SUCCESS)
		return;
	fprintf(stderr, "time_sessions: %s: %s: %s\n", stack->label, what,
		pam_strerror(NULL, result));
	exit(EXIT_FAILURE);
}

static pam_handle_t *start(const struct stack *stack)
{
	static const struct pam_conv conversation = {converse, NULL};
	pam_handle_t *handle;

	must(pam_start(stack->service, stack->user, &conversation, &handle), stack, "pam_start");
	return handle;
}

static void wait_ok(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			give_up("waitpid");
	if (status)
		exit(EXIT_FAILURE);
}

static void fork_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		give_up("fork");
	wait_ok(pid);
}

static int proc = -1; /* the host's /proc, if sessions are watched to their end */

/* Says which process it is by a socket, and stays, as the user. */
static _Noreturn void stay(int line, const struct passwd *user)
{
	if (fork() != 0)
		_exit(0);
	if (setsid() < 0 || setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0 ||
		send(line, "", 1, 0) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* The host's number of the process that sent to @line. */
static pid_t sender(int line)
{
	char byte, control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control};
	struct ucred who;

	if (recvmsg(line, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		give_up("recvmsg");
	memcpy(&who, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof who);
	return who.pid;
}

static pid_t parent_of(pid_t pid)
{
	char path[32], text[256];
	const char *end;
	int fd, parent;
	ssize_t length;

	snprintf(path, sizeof path, "%d/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (length < 0)
		give_up(path);
	close(fd);
	text[length] = '\0';
	end = strrchr(text, ')');
	if (!end || sscanf(end, ") %*c %d", &parent) != 1)
		give_up(path);
	return parent;
}

/* Leaves a process in the session that is open; returns a pidfd of the session's PID 1. */
static int leave_process(const struct stack *stack)
{
	const struct passwd *user = getpwnam(stack->user);
	int line[2], on = 1, pidfd;
	pid_t pid;

	if (!user)
		give_up(stack->user);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) < 0 ||
		setsockopt(line[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
		give_up("socketpair");
	pid = fork();
	if (pid == 0)
		stay(line[1], user);
	if (pid < 0)
		give_up("fork");
	wait_ok(pid);
	pidfd = (int)syscall(SYS_pidfd_open, parent_of(sender(line[0])), 0);
	if (pidfd < 0)
		give_up("pidfd_open");
	close(line[0]);
	close(line[1]);
	return pidfd;
}

/* For tests/bench/steps: a call that nothing else makes. */
static void mark(void)
{
	syscall(SYS_getpgid, 0);
}

static void open_and_close(pam_handle_t *handle, const struct stack *stack)
{
	struct pollfd first = {.fd = -1, .events = POLLIN};
	double from;

	mark();
	from = now_us();
	must(pam_open_session(handle, 0), stack, "pam_open_session");
	times->open = now_us() - from;
	mark();
	if (proc >= 0)
		first.fd = leave_process(stack);
	else
		fork_child();
	mark();
	from = now_us();
	must(pam_close_session(handle, 0), stack, "pam_close_session");
	times->close = now_us() - from;
	mark();
	if (proc >= 0 && poll(&first, 1, 60000) != 1)
		give_up("the session does not end");
	times->gone = now_us() - from;
}

static void run(const struct stack *stack, int round)
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		double from = now_us();
		pam_handle_t *handle = start(stack);

		times->start = now_us() - from;
		open_and_close(handle, stack);
		pam_end(handle, PAM_SUCCESS);
		_exit(0);
	}
	wait_ok(pid);
	if (round < 0)
		return;
	sample(table, round, stack->label, "start", times->start);
	sample(table, round, stack->label, "open", times->open);
	sample(table, round, stack->label, "close", times->close);
	sample(table, round, stack->label, "both", times->open + times->close);
	if (proc >= 0)
		sample(table, round, stack->label, "gone", times->gone);
}

/* Applications that wait for a common start, open, report it, and close. */
static void run_at_once(const struct stack *stack, int round, int count)
{
	int go[2], opened[2], done[2];
	double from, time;
	char byte;

	if (pipe(go) < 0 || pipe(opened) < 0 || pipe(done) < 0)
		give_up("pipe");
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			give_up("fork");
		if (pid == 0) {
			pam_handle_t *handle = start(stack);

			close(go[1]);
			close(done[1]);
			if (write(opened[1], "s", 1) != 1 || read(go[0], &byte, 1) != 0)
				_exit(EXIT_FAILURE);
			must(pam_open_session(handle, 0), stack, "pam_open_session");
			if (write(opened[1], "o", 1) != 1 || read(done[0], &byte, 1) != 0)
				_exit(EXIT_FAILURE);
			must(pam_close_session(handle, 0), stack, "pam_close_session");
			pam_end(handle, PAM_SUCCESS);
			_exit(0);
		}
	}
	close(opened[1]);
	for (int i = 0; i < count; i++)
		if (read(opened[0], &byte, 1) != 1)
			give_up("an application");
	from = now_us();
	close(go[1]);
	for (int i = 0; i < count; i++)
		if (read(opened[0], &byte, 1) != 1)
			give_up("an application");
	time = now_us() - from;
	close(done[1]);
	for (int i = 0; i < count; i++)
		wait_ok(-1);
	close(go[0]);
	close(opened[0]);
	close(done[0]);
	if (round < 0)
		return;
	sample(table, round, stack->label, "time", time);
	sample(table, round, stack->label, "each", time / count);
}

static double own_rss(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, resident = 0;

	if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
		give_up("/proc/self/statm");
	fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static double own_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = -3; /* `.`, `..` and this one */

	if (!directory)
		give_up("/proc/self/fd");
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void run_churn(const struct stack *stack, int rounds)
{
	pam_handle_t *handle = start(stack);

	for (int round = 0; round < rounds; round++) {
		open_and_close(handle, stack);
		sample(table, round, stack->label, "both", times->open + times->close);
		if (round % 1000 == 0 || round == rounds - 1) {
			sample(table, round, stack->label, "rss", own_rss());
			sample(table, round, stack->label, "descriptors", own_descriptors());
		}
		progress(table, round + 1, rounds);
	}
	pam_end(handle, PAM_SUCCESS);
}

static void add_stack(char *label, char *words)
{
	char *slash = strchr(label, '/'), *colon = strchr(words, ':');

	if (!colon)
		exit(2);
	stacks[stack_count++] =
		(struct stack){label, words, colon + 1, slash ? atoi(slash + 1) : 1};
	*colon = '\0';
	if (slash)
		*slash = '\0';
}

static void add_mounts(int count)
{
	char place[32];

	if (!count)
		return;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", "/dev/shm", "tmpfs", 0, NULL) < 0)
		give_up("unshare");
	for (int i = 1; i < count; i++) {
		snprintf(place, sizeof place, "/dev/shm/%d", i);
		if (mkdir(place, S_IRWXU) < 0 || mount("/dev/shm", place, NULL, MS_BIND, NULL) < 0)
			give_up("mount");
	}
}

static void touch(size_t size)
{
	char *memory =
		size ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
		     : NULL;

	if (memory == MAP_FAILED)
		give_up("mmap");
	if (!memory)
		return;
	/* pages of normal size, as in an application that grows piecemeal */
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
}

int main(int argc, char **argv)
{
	int rounds = 100, megabytes = 0, mounts = 0, at_once = 1, option, order[STACKS_MAX];
	int one = 0;

	while ((option = getopt(argc, argv, "+n:m:M:p:1g")) != -1) {
		if (option == 'n')
			rounds = atoi(optarg);
		else if (option == 'm')
			megabytes = atoi(optarg);
		else if (option == 'M')
			mounts = atoi(optarg);
		else if (option == 'p')
			at_once = atoi(optarg);
		else if (option == '1')
			one = 1;
		else if (option == 'g')
			proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		else
			return 2;
	}
	if (argc - optind < 3)
		return 2;
	table = argv[optind++];
	for (; optind + 1 < argc && stack_count < STACKS_MAX; optind += 2)
		add_stack(argv[optind], argv[optind + 1]);
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	times = mmap(
		NULL, sizeof *times, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (times == MAP_FAILED)
		give_up("mmap");
	add_mounts(mounts);
	touch((size_t)megabytes << 20);
	if (one) {
		run_churn(&stacks[0], rounds);
		return fflush(stdout) != 0;
	}
	for (int round = -WARM_UP; round < rounds; round++) {
		shuffle(order, stack_count);
		for (int i = 0; i < stack_count; i++) {
			const struct stack *stack = &stacks[order[i]];

			if (round % stack->every)
				continue;
			fflush(stdout);
			if (at_once > 1)
				run_at_once(stack, round, at_once);
			else
				run(stack, round);
		}
		progress(table, round + 1, rounds);
	}
	return fflush(stdout) != 0;
}
