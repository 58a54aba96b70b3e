/*
 * stage_init COMMAND... - PID 1 of the tests' stage, started in new mount and PID namespaces.
 * Gives them mounts that are shared among themselves, as on a machine with systemd, but not with
 * the outside, and a /proc; then runs COMMAND, reaps whatever ends, and exits as COMMAND did.  The
 * kernel kills what is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A process in a chroot cannot create a user namespace (user_namespaces(7)), and its "/" need not
 * be a mount point.  Joining one's own mount namespace leads to its real root; if that differs, the
 * chroot is bind-mounted on itself, and becomes the root permanently.
 */
static int leave_chroot(void)
{
	struct stat before, real;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (root < 0 || own < 0 || setns(own, CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	if (fstat(root, &before) < 0 || stat("/", &real) < 0)
		return -1;
	if (before.st_dev == real.st_dev && before.st_ino == real.st_ino)
		return 0;
	if (fchdir(root) < 0 || mount(".", "mnt", NULL, MS_BIND | MS_REC, NULL) < 0 ||
		chdir("mnt") < 0)
		return -1;
	/* the old root ends up on top of the new one, and is unmounted from there: pivot_root(2) */
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

/* The caller of the tests may ignore a signal (nohup does), and a shell cannot undo that. */
static void default_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int own_mounts(const char *directory)
{
	if (leave_chroot() < 0)
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return -1;
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return -1;
	return chdir(directory);
}

int main(int argc, char **argv)
{
	char directory[4096];
	int status;
	pid_t command, pid;

	if (argc < 2 || getpid() != 1 || !getcwd(directory, sizeof directory))
		return 2;
	/* the stage ends when the test run ends */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (own_mounts(directory) < 0) {
		perror("stage_init: cannot have mounts of its own");
		return 2;
	}
	command = fork();
	if (command == 0) {
		default_signals();
		execvp(argv[1], argv + 1);
		fprintf(stderr, "stage_init: %s: %s\n", argv[1], strerror(errno));
		_exit(127);
	}
	while (command > 0 && (pid = wait(&status)) != command)
		if (pid < 0 && errno != EINTR)
			return 1;
	if (command < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
