/*
 * pam_floor [init=PATH] - the minimum that a session module can do for UTS, PID and mount
 * namespaces, as the reference for others: keep its own namespaces, clone PID 1, hostname, /proc,
 * setns; and back again.  With init= PID 1 is a program of its own, started sharing the
 * application's memory (CLONE_VM and CLONE_VFORK), so that a large application does not cost more;
 * otherwise it is a fork of the application.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAM_SM_SESSION
#include <security/pam_modules.h>

#define EXPORTED __attribute__((visibility("default")))
#define KINDS (CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS)

struct floor {
	pid_t init;
	int pidfd, uts, mnt, pid, directory;
};

static int set_up(void)
{
	return sethostname("floor", 5) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
			       mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
				       NULL) < 0
		       ? -1
		       : 0;
}

static int run_program(void *path)
{
	if (set_up() == 0)
		execl(path, path, (char *)NULL);
	_exit(EXIT_FAILURE);
}

static _Noreturn void run_fork(int ready)
{
	if (set_up() < 0 || write(ready, "r", 1) != 1)
		_exit(EXIT_FAILURE);
	for (;;)
		if (wait(NULL) < 0 && errno == ECHILD)
			pause();
}

static int start_program(struct floor *floor, const char *program)
{
	static char stack[16384] __attribute__((aligned(16)));

	/* when this returns it has exec'ed, and is ready */
	floor->init = clone(run_program, stack + sizeof stack,
		KINDS | CLONE_PIDFD | CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)(uintptr_t)program,
		&floor->pidfd);
	return floor->init < 0 ? -1 : 0;
}

static int start_fork(struct floor *floor)
{
	struct clone_args args = {.flags = KINDS | CLONE_PIDFD,
		.pidfd = (uintptr_t)&floor->pidfd,
		.exit_signal = SIGCHLD};
	int ready[2];
	char byte;
	ssize_t length;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	floor->init = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (floor->init == 0)
		run_fork(ready[1]);
	close(ready[1]);
	length = floor->init < 0 ? -1 : read(ready[0], &byte, 1);
	close(ready[0]);
	return length == 1 ? 0 : -1;
}

static void forget(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *program = argc > 0 && !strncmp(argv[0], "init=", 5) ? argv[0] + 5 : NULL;
	struct floor *floor = malloc(sizeof *floor);

	(void)flags;
	if (!floor)
		return PAM_SESSION_ERR;
	floor->uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	floor->mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	floor->pid = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	floor->directory = open(".", O_PATH | O_CLOEXEC);
	if ((program ? start_program(floor, program) : start_fork(floor)) < 0 ||
		setns(floor->pidfd, KINDS) < 0)
		return PAM_SESSION_ERR;
	return pam_set_data(pamh, "floor", floor, forget);
}

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *data;
	const struct floor *floor;
	int failed;

	(void)flags;
	(void)argc;
	(void)argv;
	if (pam_get_data(pamh, "floor", &data) != PAM_SUCCESS)
		return PAM_IGNORE;
	floor = data;
	/* unlike a real module it may wait: the measuring program has reaped its children */
	failed = syscall(SYS_pidfd_send_signal, floor->pidfd, SIGKILL, NULL, 0) < 0 ||
		 waitpid(floor->init, NULL, 0) < 0 || setns(floor->pid, CLONE_NEWPID) < 0 ||
		 setns(floor->uts, CLONE_NEWUTS) < 0 || setns(floor->mnt, CLONE_NEWNS) < 0 ||
		 fchdir(floor->directory) < 0;
	close(floor->pid);
	close(floor->uts);
	close(floor->mnt);
	close(floor->directory);
	close(floor->pidfd);
	return failed ? PAM_SESSION_ERR : PAM_SUCCESS;
}
