#include "run_bounded.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "shell/common/descriptors.h"
#include "shell/common/drop.h"

/* Ids that are never assigned: Debian policy, 9.2.2; systemd's "Users, Groups, UIDs and GIDs". */
#define STRANGER_FIRST 65520u
#define STRANGER_LAST 65533u

#define PATIENCE_MS 10000

/* Whether any process has this uid, including those of containers. */
static bool has_process(uid_t uid)
{
	const struct dirent *entry;
	struct stat status;
	bool found = false;
	DIR *proc = opendir("/proc");

	while (proc && !found && (entry = readdir(proc)))
		found = *entry->d_name >= '1' && *entry->d_name <= '9' &&
			fstatat(dirfd(proc), entry->d_name, &status, 0) == 0 &&
			status.st_uid == uid;
	if (proc)
		closedir(proc);
	return found || !proc;
}

bool run_find_stranger(struct run_user *user)
{
	for (unsigned id = STRANGER_LAST; id >= STRANGER_FIRST; id--) {
		*user = (struct run_user){id, id};
		if (!getpwuid(id) && !getgrgid(id) && !has_process(id))
			return true;
	}
	return false;
}

/* Makes these three 0, 1 and 2, whatever their numbers, and closes all others. */
static int take_stdio(int in, int out, int err)
{
	struct error error = {0};
	int keep[] = {0, 1, 2};

	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	in = fcntl(in, F_DUPFD, 3);
	out = fcntl(out, F_DUPFD, 3);
	err = fcntl(err, F_DUPFD, 3);
	if (dup2(err, 2) < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
		return -1;
	return descriptors_keep(keep, 3, &error);
}

static _Noreturn void become(char *const *argv, char *const *environment,
	const struct run_user *user, int in, int out, int err)
{
	/*
	 * No terminal, or it could push input into ours (TIOCSTI, CVE-2017-5226); and a process
	 * group of its own, so that it can be killed with everything that it started.
	 */
	if (take_stdio(in, out, err) < 0 || setsid() < 0 || chdir("/") < 0 ||
		(user && drop_to_user(user->uid, user->gid, NULL) < 0)) {
		dprintf(2, "cannot be prepared: %s", strerror(errno));
		_exit(126);
	}
	/*
	 * otherwise it would possess the caller's keys; without keyrings in the kernel it gets none
	 */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	execve(argv[0], argv, environment);
	dprintf(2, "cannot be run: %s", strerror(errno));
	_exit(126);
}

/* Appends what there is to @text; false at the end. */
static bool read_end(int fd, char *text, size_t size, size_t *used)
{
	char rest[4096];
	bool room = *used + 1 < size;
	ssize_t got = read(fd, room ? text + *used : rest, room ? size - 1 - *used : sizeof rest);

	if (got > 0 && room) {
		*used += (size_t)got;
		text[*used] = '\0';
	}
	return got > 0 || (got < 0 && errno == EINTR);
}

/* Reads until both are at their end; false when that takes too long. */
static bool listen_to(int out, int err, struct run_result *result)
{
	struct pollfd ends[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
	size_t out_used = 0, err_used = 0;
	long long deadline = clock_ms() + PATIENCE_MS, left;

	while (ends[0].fd >= 0 || ends[1].fd >= 0) {
		left = deadline - clock_ms();
		if (left <= 0 || (poll(ends, 2, (int)left) < 0 && errno != EINTR))
			return false;
		if (ends[0].revents && !read_end(out, result->out, sizeof result->out, &out_used))
			ends[0].fd = -1;
		if (ends[1].revents && !read_end(err, result->err, sizeof result->err, &err_used))
			ends[1].fd = -1;
	}
	return true;
}

void run_program_on(int input, char *const *argv, char *const *environment,
	const struct run_user *user, struct run_result *result)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1}, status = 0;
	bool ended;
	pid_t pid;

	result->status = RUN_STATUS_NONE;
	*result->out = *result->err = '\0';
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		snprintf(result->err, sizeof result->err, "cannot be run: %s", strerror(errno));
		for (int i = 0; i < 2; i++) {
			cleanup_close(&out[i]);
			cleanup_close(&err[i]);
		}
		return;
	}
	if (pid == 0)
		become(argv, environment, user, input, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	ended = listen_to(out[0], err[0], result);
	close(out[0]);
	close(err[0]);
	if (!ended) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	child_wait(pid, &status);
	result->err[strcspn(result->err, "\r\n")] = '\0';
	if (!ended)
		snprintf(result->err, sizeof result->err, "did not end within %d s",
			PATIENCE_MS / 1000);
	else if (WIFEXITED(status))
		result->status = WEXITSTATUS(status);
	else
		snprintf(result->err, sizeof result->err, "was killed by signal %d",
			WTERMSIG(status));
}

void run_program(char *const *argv, char *const *environment, const struct run_user *user,
	struct run_result *result)
{
	run_program_on(-1, argv, environment, user, result);
}
