#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "conf/common/poll_until.h"
#include "shell/common/descriptors.h"
#include "shell/common/drop.h"
#include "shell/ctl/doctor/run_bounded.h"

#define PATIENCE_MS 10000 /* the machine may be busy */

const char *const witness_directories[] = {"/tmp", "/var/tmp", "/dev/shm"};

struct belongings {
	struct witness *witness;
	int files[ARRAY_SIZE(witness_directories)];
	/* not used: they are there to be seen, until it ends */
	int tcp, abstract, terminal;
};

/* ---- what would outlive it: known by name, so that somebody else can take it back ---- */

/* The key of its message queue: System V's have no owner who could remove them by ending. */
static key_t queue_key(const struct witness *witness)
{
	return (key_t)(strtoul(witness->token, NULL, 16) | 1); /* 0 is IPC_PRIVATE */
}

static void file_path(const struct witness *witness, size_t index, char path[64])
{
	snprintf(path, 64, "%s/%s", witness_directories[index], witness->name);
}

/*
 * Nobody else's: names with the token are made with O_EXCL, and unlink(2) follows no link in the
 * end; that only a name's owner removes it the directories see to, which are sticky.
 */
static void take_back(const struct witness *witness)
{
	struct msqid_ds status;
	char path[64];
	int queue = msgget(queue_key(witness), 0);

	for (size_t i = 0; i < ARRAY_SIZE(witness_directories); i++) {
		file_path(witness, i, path);
		unlink(path);
	}
	syscall(SYS_mq_unlink, witness->name);
	if (queue >= 0 && msgctl(queue, IPC_STAT, &status) == 0 &&
		status.msg_perm.cuid == witness->uid)
		msgctl(queue, IPC_RMID, NULL);
}

static void make_files(struct belongings *own)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(own->files); i++) {
		file_path(own->witness, i, path);
		own->files[i] = open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
			S_IRUSR | S_IWUSR);
	}
}

static void make_queues(struct witness *witness)
{
	struct mq_attr size = {.mq_maxmsg = 1, .mq_msgsize = 16};
	long queue = syscall(SYS_mq_open, witness->name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC,
		S_IRUSR | S_IWUSR, &size);

	witness->posix_queue = queue >= 0;
	witness->message_queue =
		msgget(queue_key(witness), IPC_CREAT | IPC_EXCL | S_IRUSR | S_IWUSR) >= 0;
}

/* ---- what ends with it ---- */

/* Attached and marked for removal: the kernel shows it until the process ends. */
static void make_shared_memory(struct witness *witness)
{
	int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | S_IRUSR | S_IWUSR);

	if (segment < 0)
		return;
	witness->shared_memory = shmat(segment, NULL, 0) != (void *)-1;
	shmctl(segment, IPC_RMID, NULL);
}

static int listen_on_tcp(struct witness *witness)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
		listen(fd, 8) == 0 && getsockname(fd, (struct sockaddr *)&address, &length) == 0)
		witness->port = ntohs(address.sin_port);
	return fd;
}

static int listen_in_abstract(struct witness *witness)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(witness->name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, witness->name, length);
	length += offsetof(struct sockaddr_un, sun_path) + 1;
	witness->abstract = fd >= 0 &&
			    bind(fd, (struct sockaddr *)&address, (socklen_t)length) == 0 &&
			    listen(fd, 8) == 0;
	return fd;
}

static int open_terminal(struct witness *witness)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, TIOCGPTN, &witness->terminal) < 0)
		witness->terminal = -1;
	return fd;
}

static void make_held(struct belongings *own)
{
	struct witness *witness = own->witness;

	make_shared_memory(witness);
	own->tcp = listen_on_tcp(witness);
	own->abstract = listen_in_abstract(witness);
	own->terminal = open_terminal(witness);
	witness->key = syscall(SYS_add_key, "user", witness->name, "x", (size_t)1,
			       KEY_SPEC_PROCESS_KEYRING) >= 0;
}

/* ---- the process ---- */

/* proc_pid_cmdline(5): what is in the words' memory, which is at least as long as "census" "x". */
static void show_token(const struct witness *witness, int argc, char **argv)
{
	char *start = argv[0], *end = argv[argc - 1] + strlen(argv[argc - 1]);

	memset(start, 0, (size_t)(end - start));
	memcpy(start, witness->token, strlen(witness->token));
	prctl(PR_SET_NAME, "census-witness");
}

/* Not the caller's terminal, group of processes, directory or descriptors. */
static int settle(const struct witness *witness, int socket)
{
	int keep[] = {socket};

	if (setsid() < 0 || chdir("/") < 0 || descriptors_keep(keep, 1, NULL) < 0)
		return -1;
	/* for the program that it will start; the socket is above them (witness_start) */
	for (int fd = 0; fd < 3; fd++)
		if (open("/dev/null", O_RDWR) != fd)
			return -1;
	umask(022);
	return drop_to_user(witness->uid, witness->uid, NULL);
}

static void start_program(const struct witness *witness)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)":", NULL}, *environment[] = {NULL};
	pid_t pid;

	if (posix_spawn(&pid, witness->program, NULL, NULL, argv, environment) == 0)
		child_wait(pid, NULL);
}

static void make_named(struct belongings *own)
{
	make_files(own);
	make_queues(own->witness);
}

static void take_back_own(struct belongings *own)
{
	for (size_t i = 0; i < ARRAY_SIZE(own->files); i++) {
		cleanup_close(&own->files[i]);
		own->files[i] = -1;
	}
	take_back(own->witness);
}

/* Where it cannot, there is nothing to be seen, and so nothing is seen. */
static void write_files(const struct belongings *own)
{
	for (size_t i = 0; i < ARRAY_SIZE(own->files); i++)
		if (own->files[i] >= 0 && write(own->files[i], "x", 1) < 0)
			continue;
}

static void obey(struct belongings *own, int socket)
{
	ssize_t length;
	char order;

	while ((length = recv(socket, &order, 1, 0)) == 1 || (length < 0 && errno == EINTR)) {
		if (length < 0)
			continue;
		if (order == WITNESS_MAKE)
			make_named(own);
		else if (order == WITNESS_TAKE_BACK)
			take_back_own(own);
		else if (order == WITNESS_WRITE)
			write_files(own);
		else if (order == WITNESS_START)
			start_program(own->witness);
		if (send(socket, &order, 1, MSG_NOSIGNAL) < 0)
			break;
	}
}

static _Noreturn void live(struct witness *witness, int socket, int argc, char **argv)
{
	struct belongings own = {.witness = witness};

	witness->pid = getpid();
	if (settle(witness, socket) < 0)
		_exit(EXIT_FAILURE);
	show_token(witness, argc, argv);
	make_held(&own);
	/* to learn what can be made here */
	make_named(&own);
	take_back_own(&own);
	if (send(socket, witness, sizeof *witness, MSG_NOSIGNAL) == sizeof *witness)
		obey(&own, socket);
	take_back_own(&own);
	_exit(EXIT_SUCCESS);
}

/* ---- its owner ---- */

static int choose_names(struct witness *witness, struct error *error)
{
	struct run_user stranger;
	uint32_t number;

	*witness = (struct witness){.socket = -1, .terminal = -1};
	if (!run_find_stranger(&stranger))
		return error_set(error, EUSERS, "no uid from 65520 to 65533 is unused");
	witness->uid = stranger.uid;
	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return error_errno(error, errno, "no random number is to be had");
	snprintf(witness->token, sizeof witness->token, "%08x", number);
	snprintf(witness->name, sizeof witness->name, WITNESS_PREFIX "%s", witness->token);
	/* itself, not a link to it: inotify(7) names the file in its directory */
	if (!realpath("/bin/sh", witness->program))
		*witness->program = '\0';
	return 0;
}

/* A socket pair above the standard descriptors, which the witness replaces. */
static int make_sockets(int sockets[2], struct error *error)
{
	int low[2] = {-1, -1};

	sockets[0] = sockets[1] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, low) == 0) {
		sockets[0] = fcntl(low[0], F_DUPFD_CLOEXEC, 3);
		sockets[1] = fcntl(low[1], F_DUPFD_CLOEXEC, 3);
	}
	cleanup_close(&low[0]);
	cleanup_close(&low[1]);
	return sockets[0] < 0 || sockets[1] < 0 ? error_errno(error, errno, "cannot make a socket")
						: 0;
}

int witness_start(struct witness *witness, int argc, char **argv, struct error *error)
{
	int sockets[2] = {-1, -1}, result = choose_names(witness, error);

	if (!result)
		result = make_sockets(sockets, error);
	if (result < 0)
		return result;
	fflush(NULL);
	witness->pid = fork();
	if (witness->pid == 0) {
		close(sockets[0]);
		live(witness, sockets[1], argc, argv);
	}
	close(sockets[1]);
	witness->socket = sockets[0];
	if (witness->pid < 0)
		return error_errno(error, errno, "cannot fork");
	result = poll_until(witness->socket, POLLIN, clock_ms() + PATIENCE_MS);
	if (!result) {
		struct witness told;

		if (recv(sockets[0], &told, sizeof told, MSG_DONTWAIT) == sizeof told) {
			told.socket = witness->socket;
			*witness = told;
		} else {
			result = -EPIPE;
		}
	}
	if (result < 0) {
		error_errno(error, -result, "the witness does not answer");
		witness_end(witness);
	}
	return result;
}

bool witness_ask(const struct witness *witness, enum witness_order order)
{
	char word = (char)order, answer = 0;

	return send(witness->socket, &word, 1, MSG_NOSIGNAL) == 1 &&
	       poll_until(witness->socket, POLLIN, clock_ms() + PATIENCE_MS) == 0 &&
	       recv(witness->socket, &answer, 1, MSG_DONTWAIT) == 1 && answer == word;
}

void witness_end(struct witness *witness)
{
	cleanup_close(&witness->socket);
	witness->socket = -1;
	if (witness->pid <= 0)
		return;
	/* it need not do what this process can do, and always does: it may have been killed */
	kill(witness->pid, SIGKILL);
	child_wait(witness->pid, NULL);
	witness->pid = 0;
	take_back(witness);
}
