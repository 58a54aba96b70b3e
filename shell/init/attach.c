#include "modes.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "descriptors.h"
#include "drop.h"
#include "pid1.h"

/*
 * The socket to whoever started us.  PID 1 keeps it for life: that root made it is what tells its
 * session from one that a user made up, see session_mark.c in shell/ctl.
 */
#define ANSWER STDOUT_FILENO

/*
 * One line of the answer, with @pidfd unless it is -1.  A reader that has gone away has given this
 * session up; the caller must then end.
 */
static int answer(const char *line, int pidfd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.space = {0}};
	struct iovec text = {.iov_base = (char *)line, .iov_len = strlen(line)};
	struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};

	if (pidfd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &pidfd, sizeof pidfd);
	}
	if (sendmsg(ANSWER, &message, MSG_NOSIGNAL) >= 0)
		return 0;
	/* by hand, from a shell: a terminal or a pipe */
	if (errno == ENOTSOCK && write(ANSWER, line, strlen(line)) >= 0)
		return 0;
	return -errno;
}

static int answer_failed(const struct error *error)
{
	char line[sizeof error->text + 16];

	snprintf(line, sizeof line, "failed %s\n", error->text);
	answer(line, -1);
	return EXIT_FAILURE;
}

/* The pidfd of whoever started us, unless he is gone already and somebody else inherited us. */
static int leader_open(struct error *error)
{
	pid_t leader = getppid();
	int fd = (int)syscall(SYS_pidfd_open, leader, 0);

	if (leader == 0)
		return error_set(error, ESRCH, "the leader is outside of this PID namespace");
	if (fd < 0)
		return error_errno(error, errno, "cannot watch the leader, process %d", leader);
	if (getppid() != leader) {
		close(fd);
		return error_set(error, ESRCH, "the leader, process %d, has ended", leader);
	}
	return fd;
}

/* The namespaces exist as long as this process: until the leader has joined, or gave up. */
static int hold_namespaces(void)
{
	char byte;

	while (read(ANSWER, &byte, 1) < 0 && errno == EINTR)
		;
	return EXIT_SUCCESS;
}

static int first_process(struct job *job, int leader)
{
	static const struct rlimit any_size = {RLIM_INFINITY, RLIM_INFINITY};
	struct error error = {0};
	struct pid1 pid1 = {.policy = &job->setup.policy, .leader = leader, .closing = ANSWER};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	/* pam_limits may have bound the files that the user writes; /etc/hosts is none of them */
	setrlimit(RLIMIT_FSIZE, &any_size);
	/* away from the leader's terminal: its ^C is not for PID 1 */
	setsid();
	if (setup_session(&job->setup, &error) < 0 || drop_dumpable(&error) < 0 ||
		drop_new_privileges(&error) < 0)
		return answer_failed(&error);
	pid1.signals = pid1_signals(&error);
	if (pid1.signals < 0)
		return answer_failed(&error);
	title_shorten(&job->title);
	if (answer("ready\n", -1) < 0)
		return EXIT_FAILURE;
	if (!(job->setup.policy.kinds & CLONE_NEWPID))
		return hold_namespaces();
	pid1_run(&pid1);
}

int attach_run(struct job *job)
{
	struct error error = {0};
	char line[32];
	pid_t pid;
	int pidfd, leader = leader_open(&error);
	int keep[] = {ANSWER, leader};

	if (leader < 0 || descriptors_keep(keep, 2, &error) < 0)
		return answer_failed(&error);
	if (chdir("/") < 0)
		return answer_failed((error_errno(&error, errno, "cannot go to /"), &error));
	job->setup.become = true;
	job->setup.host.uts = namespaces_inode("uts", &error);
	if (!job->setup.host.uts)
		return answer_failed(&error);
	/* the mount namespace is the leader's new one, which has its working directory and root */
	pid = namespaces_clone(job->setup.policy.kinds & ~CLONE_NEWNS, &pidfd, &error);
	if (pid < 0)
		return answer_failed(&error);
	if (pid == 0)
		return first_process(job, leader);
	snprintf(line, sizeof line, "pid %d\n", pid);
	if (answer(line, pidfd) < 0) {
		kill(pid, SIGKILL);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
