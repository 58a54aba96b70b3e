/*
 * pam_app SERVICE USER ACTION... - an application that opens PAM sessions, and reports their effect
 * on itself.  The actions, in order:
 *
 *	also USER               a second handle, for USER, which the following actions use
 *	first                   the first handle again
 *	open close end start    pam_open_session, pam_close_session, pam_end, pam_start again
 *	refused                 pam_open_session, which must fail
 *	attempt                 pam_open_session, and where it succeeds pam_close_session
 *	silent                  PAM_SILENT from now on
 *	rhost TEXT  tty TEXT    PAM_RHOST, PAM_TTY
 *	judge PROGRAM           open, PROGRAM (tests/fault/verdict) inside, close, PROGRAM again:
 *	                        then this process ends with 0 (isolated), 10 (refused), 11 (let in),
 *	                        13 (the session ended with PROGRAM in it), 14 (one of these, but
 *	                        this process did not get all its namespaces back), 15 (half
 *	                        isolated), 1 (it could not be closed)
 *	run COMMAND             sh -c COMMAND in a child with USER's ids; waits for it
 *	background COMMAND      the same, without waiting
 *	remember                the state of this process: namespaces, working directory, root,
 *	                        signals, umask, timers, descriptors, environment
 *	same                    fail unless its state is the same
 *	chdir DIR  chroot DIR
 *	ignore-children         SIGCHLD ignored;  handle-children: a handler that waits for any
 *	                        child
 *	count-children          a handler that counts the SIGCHLDs and reaps nothing;
 *	                        block-children: SIGCHLD
 *	                        blocked;  counted N: fail unless the handler, or nobody yet, has N
 *	close-all               closes all descriptors except 2
 *	thread                  a second thread, which does nothing
 *	fork                    a child that does not exec, like sshd's own, and inherits
 *	                        everything; waits for it
 *	close-in-child          pam_close_session and pam_end in a forked child
 *	repeat N                do the following actions N times
 *	time ACTION             prints how long it took, in microseconds
 *	cost                    prints what this process and its children that it has waited for
 *	                        took since the last time: `cost FAULTS SWITCHES FAULTS SWITCHES`,
 *	                        minor faults and voluntary context switches, getrusage(2)
 *	pause MS                waits
 *	gate FILE               waits until nobody holds FILE by flock(1): lets many start at the
 *	                        same time
 *	become-user             USER's ids, permanently;  seem-user: the effective uid only
 *	kill-self               SIGKILL
 *	mark                    sched_yield, for at_step
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static pam_handle_t *handle;
static const char *service, *user;
static int flags;

/* ---- the state of this process ---- */

#define KINDS 10
static const char *const kind_files[KINDS] = {"mnt", "uts", "pid", "pid_for_children", "ipc", "net",
	"cgroup", "user", "time", "time_for_children"};

struct belongings {
	ino_t namespaces[KINDS];
	char directory[4096];
	struct stat root;
	void (*handlers[65])(int);
	sigset_t mask, pending;
	mode_t creation;
	int timer_slack;
	struct itimerval alarm;
	char descriptors[4096];
	char environment[65536];
};

static void list_descriptors(char *text, size_t size)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	char path[512], target[256];

	*text = '\0';
	while (directory && (entry = readdir(directory))) {
		ssize_t length;

		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory))
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
		length = readlink(path, target, sizeof target - 1);
		target[length > 0 ? length : 0] = '\0';
		/*
		 * sockets to syslog and files of NSS are kept by the C library, not by the module
		 */
		if (!strncmp(target, "socket:", 7) && !getenv("COUNT_SOCKETS"))
			continue;
		snprintf(text + strlen(text), size - strlen(text), "%s=%s ", entry->d_name, target);
	}
	if (directory)
		closedir(directory);
}

static void look(struct belongings *own)
{
	memset(own, 0, sizeof *own);
	for (int i = 0; i < KINDS; i++) {
		char path[64];
		struct stat status = {0};

		snprintf(path, sizeof path, "/proc/self/ns/%s", kind_files[i]);
		if (stat(path, &status) < 0)
			fprintf(stderr, "pam_app: %s: %s\n", path, strerror(errno));
		own->namespaces[i] = status.st_ino;
	}
	if (!getcwd(own->directory, sizeof own->directory))
		strcpy(own->directory, "(none)");
	stat("/", &own->root);
	for (int signum = 1; signum < 65; signum++) {
		struct sigaction action = {0};

		sigaction(signum, NULL, &action);
		own->handlers[signum] = action.sa_handler;
	}
	sigprocmask(SIG_BLOCK, NULL, &own->mask);
	sigpending(&own->pending);
	own->creation = umask(0);
	umask(own->creation);
	own->timer_slack = prctl(PR_GET_TIMERSLACK);
	getitimer(ITIMER_REAL, &own->alarm);
	list_descriptors(own->descriptors, sizeof own->descriptors);
	for (char **variable = environ; variable && *variable; variable++)
		strncat(own->environment, *variable,
			sizeof own->environment - strlen(own->environment) - 1);
}

static bool differs(bool same, const char *what)
{
	if (!same)
		fprintf(stderr, "pam_app: not the same: %s\n", what);
	return !same;
}

static int compare(const struct belongings *before)
{
	static struct belongings now;
	bool differ = false;

	look(&now);
	for (int i = 0; i < KINDS; i++)
		differ |= differs(now.namespaces[i] == before->namespaces[i], kind_files[i]);
	differ |= differs(!strcmp(now.directory, before->directory), now.directory);
	differ |= differs(
		now.root.st_dev == before->root.st_dev && now.root.st_ino == before->root.st_ino,
		"root directory");
	differ |= differs(!memcmp(now.handlers, before->handlers, sizeof now.handlers), "signals");
	differ |= differs(!memcmp(&now.mask, &before->mask, sizeof now.mask), "signal mask");
	differ |= differs(
		!memcmp(&now.pending, &before->pending, sizeof now.pending), "pending signals");
	differ |= differs(now.creation == before->creation, "umask");
	differ |= differs(now.timer_slack == before->timer_slack, "timer slack");
	differ |= differs(!memcmp(&now.alarm, &before->alarm, sizeof now.alarm), "alarm");
	differ |= differs(!strcmp(now.descriptors, before->descriptors), now.descriptors);
	differ |= differs(!strcmp(now.environment, before->environment), "environment");
	return differ;
}

/* ---- actions ---- */

static int converse(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)data;
	for (int i = 0; i < count; i++)
		fprintf(stderr, "message: %s\n", messages[i]->msg);
	*responses = calloc((size_t)count, sizeof **responses);
	return *responses ? PAM_SUCCESS : PAM_CONV_ERR;
}

static int start(void)
{
	static const struct pam_conv conversation = {converse, NULL};

	return pam_start(service, user, &conversation, &handle) != PAM_SUCCESS;
}

/* A second handle beside the first, which first() goes back to. */
static pam_handle_t *first_handle;
static const char *first_user;

static int also(const char *name)
{
	if (!first_handle) {
		first_handle = handle;
		first_user = user;
	}
	user = name;
	return start();
}

static int first(void)
{
	handle = first_handle;
	user = first_user;
	return !handle;
}

static pid_t start_child(const char *program, const char *command)
{
	struct passwd *entry = getpwnam(user);
	pid_t pid = fork();

	if (pid < 0)
		perror("pam_app: fork");
	if (pid)
		return pid;
	signal(SIGCHLD, SIG_DFL);
	if (!entry || initgroups(user, entry->pw_gid) < 0 || setgid(entry->pw_gid) < 0 ||
		setuid(entry->pw_uid) < 0)
		_exit(125);
	execl(program, "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0)
		return 1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno != ECHILD;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const char *command)
{
	return wait_for(start_child("/bin/sh", command));
}

/* How main exits when nothing failed. */
static enum { ISOLATED = 0, REFUSED = 10, LET_IN, ENDED = 13, STUCK, HALF } outcome;

static int judge(const char *program)
{
	enum { WHOLE = 42, NONE = 43, KILLED = 128 + SIGKILL };
	bool open;
	int inside, after;

	/*
	 * As sshd and login do it.  A C library older than 2.34 loads each service of NSS when it
	 * first asks it, and never again when that has failed once.
	 */
	getpwnam(user);
	open = pam_open_session(handle, flags) == PAM_SUCCESS;
	inside = wait_for(start_child(program, ""));

	if (open && pam_close_session(handle, flags) != PAM_SUCCESS)
		return 1;
	after = wait_for(start_child(program, ""));
	if (!open)
		outcome = REFUSED;
	else
		outcome = inside == WHOLE ? ISOLATED : inside == KILLED ? ENDED : LET_IN;
	fprintf(stderr, "pam_app: %s; a process was in %d, after it in %d\n",
		open ? "open" : "refused", inside, after);
	if (after != NONE)
		outcome = STUCK;
	if (open && inside != NONE && inside != WHOLE && inside != KILLED)
		outcome = HALF;
	/* a refused login has no process inside, but the application has what it had */
	if (!open && inside != NONE)
		outcome = STUCK;
	return 0;
}

static void reap_any(int signum)
{
	int saved = errno;

	(void)signum;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static volatile sig_atomic_t children_heard;
static volatile pid_t last_heard;
static pid_t last_child;

static void count_child(int signum, siginfo_t *info, void *context)
{
	(void)signum;
	(void)context;
	children_heard++;
	last_heard = info->si_pid;
}

static int count_children(void)
{
	struct sigaction action = {.sa_sigaction = count_child, .sa_flags = SA_SIGINFO};

	return sigaction(SIGCHLD, &action, NULL);
}

static int block_children(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &child, NULL);
}

/*
 * Checks that @wanted signals were handled or are still pending, the last one for the last child.
 */
static int counted(int wanted)
{
	sigset_t pending;
	int heard = children_heard;

	sigpending(&pending);
	heard += sigismember(&pending, SIGCHLD);
	if (heard != wanted)
		fprintf(stderr, "pam_app: %d SIGCHLD\n", heard);
	if (children_heard && last_heard != last_child)
		fprintf(stderr, "pam_app: the last one was of %d, not %d\n", last_heard,
			last_child);
	return heard != wanted || (children_heard && last_heard != last_child);
}

static void *sleep_for_ever(void *nothing)
{
	for (;;)
		pause();
	return nothing;
}

static int become_user(bool for_good)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry)
		return 1;
	return for_good ? setuid(entry->pw_uid) : seteuid(entry->pw_uid);
}

static int fork_idle(void)
{
	pid_t pid = fork();

	while (pid == 0)
		pause();
	return pid < 0;
}

static int close_in_child(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		pam_close_session(handle, 0);
		pam_end(handle, PAM_SUCCESS);
		_exit(0);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static int pass_time(const char *milliseconds)
{
	long ms = atol(milliseconds);
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&time, &time) < 0)
		;
	return 0;
}

static int pass_gate(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = -1;

	while (fd >= 0 && (result = flock(fd, LOCK_SH)) < 0 && errno == EINTR)
		;
	if (result < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
	return result;
}

static int tell_cost(void)
{
	static struct rusage own, children;
	struct rusage before[] = {own, children};

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	printf("cost %ld %ld %ld %ld\n", own.ru_minflt - before[0].ru_minflt,
		own.ru_nvcsw - before[0].ru_nvcsw, children.ru_minflt - before[1].ru_minflt,
		children.ru_nvcsw - before[1].ru_nvcsw);
	if (fflush(stdout))
		return 1;
	/* to have said so is not counted */
	return getrusage(RUSAGE_SELF, &own);
}

static bool is(const char *word, const char *action)
{
	return !strcmp(word, action);
}

/* Does the action at *@word and advances it to its last word; returns 0 on success. */
static int act(char ***word)
{
	static struct belongings remembered;
	const char *action = **word;

	if (is(action, "start"))
		return start();
	if (is(action, "first"))
		return first();
	if (is(action, "open"))
		return pam_open_session(handle, flags) != PAM_SUCCESS;
	if (is(action, "refused"))
		return pam_open_session(handle, flags) == PAM_SUCCESS;
	if (is(action, "attempt"))
		return pam_open_session(handle, flags) == PAM_SUCCESS &&
		       pam_close_session(handle, flags) != PAM_SUCCESS;
	if (is(action, "close"))
		return pam_close_session(handle, flags) != PAM_SUCCESS;
	if (is(action, "end"))
		return pam_end(handle, PAM_SUCCESS) != PAM_SUCCESS;
	if (is(action, "fork"))
		return fork_idle();
	if (is(action, "close-in-child"))
		return close_in_child();
	if (is(action, "silent"))
		return !(flags |= PAM_SILENT);
	if (is(action, "remember"))
		return look(&remembered), 0;
	if (is(action, "same"))
		return compare(&remembered);
	if (is(action, "ignore-children"))
		return signal(SIGCHLD, SIG_IGN) == SIG_ERR;
	if (is(action, "handle-children"))
		return signal(SIGCHLD, reap_any) == SIG_ERR;
	if (is(action, "count-children"))
		return count_children();
	if (is(action, "become-user"))
		return become_user(true);
	if (is(action, "seem-user"))
		return become_user(false);
	if (is(action, "block-children"))
		return block_children();
	if (is(action, "mark"))
		return sched_yield();
	if (is(action, "cost"))
		return tell_cost();
	if (is(action, "kill-self"))
		return kill(getpid(), SIGKILL);
	if (is(action, "close-all")) {
		for (int fd = 0; fd < 1024; fd++)
			if (fd != STDERR_FILENO)
				close(fd);
		return 0;
	}
	if (is(action, "thread")) {
		pthread_t thread;

		return pthread_create(&thread, NULL, sleep_for_ever, NULL);
	}
	if (!*++*word)
		return 2;
	if (is(action, "also"))
		return also(**word);
	if (is(action, "rhost"))
		return pam_set_item(handle, PAM_RHOST, **word) != PAM_SUCCESS;
	if (is(action, "tty"))
		return pam_set_item(handle, PAM_TTY, **word) != PAM_SUCCESS;
	if (is(action, "run"))
		return run(**word);
	if (is(action, "background"))
		return (last_child = start_child("/bin/sh", **word)) < 0;
	if (is(action, "counted"))
		return counted(atoi(**word));
	if (is(action, "judge"))
		return judge(**word);
	if (is(action, "chdir"))
		return chdir(**word);
	if (is(action, "chroot"))
		return chroot(**word);
	if (is(action, "pause"))
		return pass_time(**word);
	if (is(action, "gate"))
		return pass_gate(**word);
	fprintf(stderr, "pam_app: %s: no such action\n", action);
	return 2;
}

static int act_timed(char ***word)
{
	struct timespec from, to;
	int result;

	clock_gettime(CLOCK_MONOTONIC, &from);
	result = act(word);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%lld\n", (long long)(to.tv_sec - from.tv_sec) * 1000000 +
				 (to.tv_nsec - from.tv_nsec) / 1000);
	return result;
}

static int act_all(char **word)
{
	for (; *word; word++) {
		char **action = word;
		int result = 0;

		if (is(*word, "repeat") && word[1]) {
			for (long left = atol(word[1]); left > 0 && !result; left--)
				result = act_all(word + 2);
			return result;
		}
		if (is(*word, "time") && word[1]) {
			word++;
			action++;
			result = act_timed(&word);
		} else {
			result = act(&word);
		}
		if (result) {
			fprintf(stderr, "pam_app: failed: %s\n", *action);
			return result;
		}
	}
	return 0;
}

/*
 * `make sanitize`, sanitizer/lsan_interface.h: at exit LeakSanitizer starts a thread and reads
 * /proc/self, which never ends where this process is half way into a session's PID namespace, or in
 * a chroot without /proc.
 */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	struct stat own, children;

	return stat("/proc/self/ns/pid", &own) < 0 ||
	       stat("/proc/self/ns/pid_for_children", &children) < 0 ||
	       own.st_ino != children.st_ino;
}

int main(int argc, char **argv)
{
	int result;

	if (argc < 4)
		return 2;
	service = argv[1];
	user = argv[2];
	if (start()) {
		fprintf(stderr, "pam_app: pam_start failed\n");
		return 1;
	}
	result = act_all(argv + 3);
	return result ? result : (int)outcome;
}
