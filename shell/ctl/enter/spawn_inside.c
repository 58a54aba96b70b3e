/*
 * From outside to inside, step by step; each step is taken by a child, and gives up first what the
 * next step must not be able to do.
 *
 *	caller -- fork --> envoy: joins the namespaces -- clone --> the command, which is inside
 *
 * The envoy cannot be inside itself: setns(2) puts only children into a PID namespace.  With
 * CLONE_PARENT the command is nevertheless the caller's own child, so the caller learns exactly how
 * it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "entry.h"
#include "shell/common/descriptors.h"
#include "shell/common/drop.h"

#define USER_PATH "/usr/local/bin:/usr/bin:/bin"
#define ROOT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a child reports: where it is, or why it is not. */
struct word {
	pid_t pid; /* 0: it has failed */
	int errnum;
	enum entry_status status;
	char text[512];
};

static _Noreturn void fail(int report, enum entry_status status, int errnum, const char *text)
{
	struct word word = {.errnum = errnum, .status = status};

	snprintf(word.text, sizeof word.text, "%s", text);
	send(report, &word, sizeof word, MSG_NOSIGNAL);
	_exit(status);
}

static _Noreturn void fail_step(int report, const char *step)
{
	struct error error = {0};
	int errnum = errno;

	error_errno(&error, errnum, "%s", step);
	fail(report, ENTRY_FAILED, errnum, error.text);
}

/* ---- inside ---- */

static void become(const struct entry *entry, int report)
{
	const gid_t *groups = entry->login ? entry->login->group_ids : NULL;
	size_t count = entry->login ? entry->login->group_count : 0;

	if (geteuid() == entry->uid)
		return;
	if (setgroups(count, groups) < 0 || setresgid(entry->gid, entry->gid, entry->gid) < 0 ||
		setresuid(entry->uid, entry->uid, entry->uid) < 0)
		fail_step(report, "cannot become the session's user");
}

/* The user whose ids this process now has must not be able to ptrace it. */
static void hide(int report)
{
	struct error error = {0};

	if (drop_dumpable(&error) < 0)
		fail(report, ENTRY_FAILED, EPERM, error.text);
}

static void reset_signals(void)
{
	/*
	 * The kernel's struct sigaction: SIG_DFL is 0.  glibc's function refuses 32 and 33, which
	 * its posix_spawn(3) leaves ignored in what it starts.
	 */
	static const char by_default[64];
	sigset_t none;

	for (int signum = 1; signum < NSIG; signum++)
		syscall(SYS_rt_sigaction, signum, by_default, NULL,
			NSIG / 8); /* but SIGKILL, SIGSTOP */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void set_variable(const char *name, const char *value, int report)
{
	if (value && setenv(name, value, 1) < 0)
		fail_step(report, "cannot make its environment");
}

static void make_environment(const struct entry *entry, int report)
{
	const char *term = getenv("TERM"), *lang = getenv("LANG");
	const char *user = entry->login ? entry->login->user : NULL;
	_cleanup_free_ char *kept_term = term ? strdup(term) : NULL;
	_cleanup_free_ char *kept_lang = lang ? strdup(lang) : NULL;

	clearenv();
	set_variable("TERM", kept_term, report);
	set_variable("LANG", kept_lang, report);
	set_variable("HOME", entry->login ? entry->login->home : "/", report);
	set_variable("USER", user, report);
	set_variable("LOGNAME", user, report);
	set_variable("SHELL", entry->shell, report);
	set_variable("PATH", entry->uid == 0 ? ROOT_PATH : USER_PATH, report);
}

static _Noreturn void run_command(const struct entry *entry, int report)
{
	const char *slash = strrchr(entry->shell, '/');
	struct error error = {0};
	char name[256];
	char *shell[] = {name, NULL};
	const char *what = entry->command ? entry->command[0] : entry->shell;
	int errnum;

	if (entry->command) {
		execvp(what, entry->command);
	} else {
		snprintf(name, sizeof name, "-%s", slash ? slash + 1 : entry->shell);
		execv(what, shell);
	}
	errnum = errno;
	error_errno(&error, errnum, "cannot run %s", what);
	fail(report, errnum == ENOENT || errnum == ENOTDIR ? ENTRY_NOT_FOUND : ENTRY_NOT_RUN,
		errnum, error.text);
}

static _Noreturn void inside(const struct entry *entry, const int stdio[3], int tty, int report)
{
	struct error error = {0};
	const char *home = entry->login ? entry->login->home : "/";
	int keep[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, report};

	/* a session of its own: no way to our caller's terminal (TIOCSTI, CVE-2017-5226) */
	if (setsid() < 0 || (tty >= 0 && ioctl(tty, TIOCSCTTY, 0) < 0))
		fail_step(report, "cannot take the new terminal");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(stdio[fd], fd) < 0)
			fail_step(report, "cannot hand on standard input and output");
	if (descriptors_keep(keep, 4, &error) < 0)
		fail(report, ENTRY_FAILED, EIO, error.text);
	become(entry, report);
	hide(report);
	/* a user namespace gives all capabilities; --root keeps what root has */
	if (entry->uid != 0 && drop_capabilities(&error) < 0)
		fail(report, ENTRY_FAILED, EPERM, error.text);
	/*
	 * otherwise it would possess the caller's keys; where there are no keyrings, or they must
	 * not be touched (in a container), it gets none
	 */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS &&
		errno != EPERM)
		fail_step(report, "cannot leave the caller's keyring");
	reset_signals();
	umask(022);
	/* a home that is missing or cannot be entered: as login(1) does */
	if (chdir(home) < 0 && chdir("/") < 0)
		fail_step(report, "cannot go to /");
	make_environment(entry, report);
	run_command(entry, report);
}

/* ---- on the way ---- */

/* One namespace after the other, as the user: owning the first allows joining the others. */
static void join_as_user(const struct entry *entry, int report)
{
	int files[32];

	for (size_t i = 0; i < kinds_count; i++) {
		char path[64];

		files[i] = -1;
		if (!(entry->kinds & kinds[i].flag))
			continue;
		snprintf(path, sizeof path, "ns/%s", kinds[i].file);
		files[i] = openat(entry->directory, path, O_RDONLY | O_CLOEXEC);
		if (files[i] < 0)
			fail_step(report, "cannot open the session's namespaces");
	}
	become(entry, report);
	hide(report);
	if (setns(entry->user_namespace, CLONE_NEWUSER) < 0)
		fail_step(report, "cannot join the session's user namespace");
	for (size_t i = 0; i < kinds_count; i++)
		if (files[i] >= 0 && setns(files[i], kinds[i].flag) < 0)
			fail_step(report, "cannot join the session's namespaces");
}

static _Noreturn void envoy(const struct entry *entry, const int stdio[3], int tty, int report)
{
	struct clone_args args = {.flags = CLONE_PARENT};
	struct word word = {0};
	pid_t pid;

	hide(report);
	if (entry->user_namespace >= 0)
		join_as_user(entry, report);
	else if (setns(entry->pidfd, entry->kinds) < 0)
		fail_step(report, "cannot join the session's namespaces");
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0)
		fail_step(report, "cannot fork into the session (is it ending?)");
	if (pid == 0)
		inside(entry, stdio, tty, report);
	word.pid = pid;
	send(report, &word, sizeof word, MSG_NOSIGNAL);
	_exit(EXIT_SUCCESS);
}

/* ---- outside ---- */

/* A command on a file system that hangs starts late or never, and can be ended as any other. */
static void pass_signal(int signals, pid_t pid)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD)
		kill(pid, (int)info.ssi_signo);
}

/* Waits until the command runs, which closes the socket, or until a child reports a failure. */
static int hear_report(
	int report, int signals, pid_t *pid, enum entry_status *status, struct error *error)
{
	struct word word;
	struct pollfd fds[] = {
		{report, POLLIN, 0}, {-1, POLLIN, 0}}; /* signals when *pid is known */

	*pid = 0;
	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[1].revents)
			pass_signal(signals, *pid);
		if (!fds[0].revents)
			continue;
		if (recv(report, &word, sizeof word, 0) != sizeof word)
			break;
		if (!word.pid) {
			word.text[sizeof word.text - 1] = '\0';
			*status = word.status;
			return error_set(error, word.errnum, "%s", word.text);
		}
		*pid = word.pid;
		fds[1].fd = signals;
	}
	return *pid ? 0 : error_set(error, ESRCH, "the session has ended");
}

int entry_start(const struct entry *entry, const int stdio[3], int tty, int signals, pid_t *pid,
	enum entry_status *status, struct error *error)
{
	int report[2], result;
	pid_t first;

	*status = ENTRY_FAILED;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) < 0)
		return error_errno(error, errno, "cannot make a socket");
	/*
	 * the three are overwritten on the way, so no descriptor that is needed may have such a
	 * number
	 */
	first = fork();
	if (first == 0)
		envoy(entry, stdio, tty, report[1]);
	result = first < 0 ? error_errno(error, errno, "cannot fork") : 0;
	close(report[1]);
	if (!result) {
		result = hear_report(report[0], signals, pid, status, error);
		child_wait(first, NULL);
		if (result < 0 && *pid)
			child_wait(*pid, NULL);
	}
	close(report[0]);
	return result;
}
