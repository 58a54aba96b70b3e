/*
 * floor_shell COMMAND [ARGUMENT...] - the minimum that a program can do to run a command in fresh
 * user, UTS, PID and mount namespaces, with its own /proc, a PID 1 that reaps, no capabilities, and
 * its exit status passed on.  It does not handle rules, terminals, signals or messages: it is the
 * reference for others.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
	dprintf(STDERR_FILENO, "floor_shell: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static _Noreturn void first_process(uid_t uid, gid_t gid, char **command)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	char line[64];
	pid_t child, ended;
	int status;

	snprintf(line, sizeof line, "%u %u 1\n", uid, uid);
	put("/proc/self/uid_map", line);
	put("/proc/self/setgroups", "deny");
	snprintf(line, sizeof line, "%u %u 1\n", gid, gid);
	put("/proc/self/gid_map", line);
	if (sethostname("floor", 5) < 0)
		die("sethostname");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		die("mount /proc");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (syscall(SYS_capset, &header, none) < 0)
		die("capset");
	child = vfork();
	if (child < 0)
		die("vfork");
	if (child == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	while ((ended = wait(&status)) != child)
		if (ended < 0 && errno != EINTR)
			_exit(125);
	_exit(status_of(status));
}

int main(int argc, char **argv)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;
	int status;

	if (argc < 2)
		return 125;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0)
		die("clone3");
	if (pid == 0)
		first_process(uid, gid, argv + 1);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return status_of(status);
}
