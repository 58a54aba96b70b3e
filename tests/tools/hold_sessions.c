/*
 * hold_sessions COUNT UID - creates that many sessions as the PAM module does, with only a PID 1 in
 * each, prints `ready`, and holds them until standard input ends.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "hold_sessions: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* In the process that becomes nsisolate-init. */
static _Noreturn void become_init(int answer, const char *uid, unsigned number)
{
	char host_mount[64], uid_option[32], gid_option[32], hostname[48], host_fact[64];
	char *const argv[] = {(char *)"nsisolate-init: alice held sshd", (char *)"--attach",
		host_mount, uid_option, gid_option, (char *)"--uts", (char *)"--pid", hostname,
		(char *)"--rule=held", NULL};
	char *const environment[] = {(char *)"user=alice", (char *)"rule=held",
		(char *)"service=sshd", host_fact, (char *)"from=192.0.2.1", NULL};
	struct stat own;

	if (stat("/proc/self/ns/mnt", &own) < 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		die("no mount namespace");
	snprintf(
		host_mount, sizeof host_mount, "--host-mount=%llu", (unsigned long long)own.st_ino);
	snprintf(uid_option, sizeof uid_option, "--uid=%s", uid);
	snprintf(gid_option, sizeof gid_option, "--gid=%s", uid);
	snprintf(hostname, sizeof hostname, "--hostname=held-%u", number);
	snprintf(host_fact, sizeof host_fact, "hostname=held-%u", number);
	if (dup2(answer, STDOUT_FILENO) < 0)
		die("dup2");
	execve(NSISOLATE_INIT, argv, environment);
	die(NSISOLATE_INIT);
}

static void hold(const char *uid, unsigned number)
{
	int sockets[2];
	char line[600];
	ssize_t length;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		die("socketpair");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		become_init(sockets[1], uid, number);
	close(sockets[1]);
	/* "pid N", and "ready"; the other end stays open as long as we live */
	while ((length = recv(sockets[0], line, sizeof line - 1, 0)) > 0) {
		line[length] = '\0';
		if (!strncmp(line, "ready", 5))
			break;
		if (strncmp(line, "pid ", 4) != 0)
			length = -1, errno = EPROTO;
	}
	if (length <= 0)
		die("nsisolate-init did not answer");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int main(int argc, char **argv)
{
	char byte;

	if (argc != 3)
		return 2;
	for (unsigned number = 1; number <= strtoul(argv[1], NULL, 10); number++)
		hold(argv[2], number);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return EXIT_SUCCESS;
}
