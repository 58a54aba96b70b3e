#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/fd_message.h"
#include "conf/common/pasta.h"
#include "conf/common/poll_until.h"
#include "namespaces.h"
#include "shell/common/descriptors.h"
#include "shell/common/drop.h"
#include "shell/common/signals.h"

/*
 * The user can stop the holder and pasta; a login waits 10 s in all (SPAWN_SHARED_MS), of which
 * leaving a unit may take 2 (UNIT_PATIENCE_MS).
 */
#define PATIENCE_MS 7500

#define RUNTIME "/run/user"
#define RESOLVER "/etc/resolv.conf"

/* ---- the holder ---- */

/*
 * A user namespace belongs to the effective uid of whoever makes it.  With CAP_SYS_ADMIN no switch
 * that denies users such namespaces applies: admins who name the setting want this one.
 */
static int become_owner(uid_t uid, gid_t gid, struct error *error)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	data[CAP_TO_INDEX(CAP_SYS_ADMIN)].permitted = CAP_TO_MASK(CAP_SYS_ADMIN);
	data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective = CAP_TO_MASK(CAP_SYS_ADMIN);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_errno(error, errno, "cannot keep a capability");
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return error_errno(error, errno, "cannot become uid %u, gid %u", uid, gid);
	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(error, errno, "cannot keep CAP_SYS_ADMIN");
	return 0;
}

/* First the namespace, by a descriptor: later the user can make the holder do anything. */
static int tell_namespace(int line, struct error *error)
{
	struct error number = {0};
	_cleanup_close_ int namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int result;

	if (namespace < 0 || readlink("/proc/self", number.text, sizeof number.text - 1) < 0)
		return error_errno(
			error, errno, "cannot read /proc/self of the network's namespaces");
	result = message_send(line, (const char *)&number, sizeof number, &namespace, 1);
	return result < 0 ? error_errno(error, -result, "cannot hand the network over") : 0;
}

static int hold(int line, const struct network *network, struct error *error)
{
	const uid_t uid = network->uid;
	const gid_t gid = network->gid;
	int result = network->become ? become_owner(uid, gid, error) : 0;

	if (!result)
		result = namespaces_unshare(CLONE_NEWUSER | CLONE_NEWNET, error);
	if (!result)
		result = namespaces_loopback_up(error);
	if (!result)
		result = tell_namespace(line, error);
	if (!result)
		result = descriptors_keep(&line, 1, error);
	/* otherwise neither its own uid_map is its own, nor may pasta look for its namespaces */
	if (!result && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		result = error_errno(error, errno, "cannot let the user see the network");
	if (!result)
		result = namespaces_map_ids(uid, gid, error);
	return result;
}

static _Noreturn void holder(int line, const struct network *network)
{
	struct error error = {0};

	hold(line, network, &error);
	message_send(line, (const char *)&error, sizeof error, NULL, 0);
	for (;;)
		pause();
}

/* Hears one message of the holder: its network namespace, or that it is ready. */
static int hear_holder(
	int line, int64_t deadline, struct error *said, int *namespace, struct error *error)
{
	size_t count = namespace ? 1 : 0;
	ssize_t length = poll_until(line, POLLIN, deadline);

	if (!length)
		length = message_receive(line, (char *)said, sizeof *said, namespace, &count, 0);
	if (length < 0)
		return error_errno(error, (int)-length, "cannot make the session's network");
	if (length != sizeof *said)
		return error_set(error, EPROTO, "cannot make the session's network: it was ended");
	said->text[sizeof said->text - 1] = '\0';
	if (namespace ? count == 1 : !*said->text)
		return 0;
	error_set(error, EPROTO, "%s", said->text);
	/* the second message may be the user's, who must not choose to go without a session */
	error->lacking = namespace && said->lacking;
	return -EPROTO;
}

/* ---- pasta ---- */

/* Where pasta finds the holder's namespaces. */
struct places {
	char user[64], net[64];
};

/* Makes @path a new file, which is that at @source. */
static int show_file(const char *source, const char *path, struct error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR);

	if (fd < 0)
		return error_errno(error, errno, "cannot create %s", path);
	cleanup_close(&fd);
	if (mount(source, path, NULL, MS_BIND, NULL) < 0)
		return error_errno(error, errno, "cannot mount %s on %s", source, path);
	return 0;
}

/* Covers a directory with an empty one. */
static int hide(const char *directory, struct error *error)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount("nsisolate", directory, "tmpfs", flags, "mode=755") < 0)
		return error_errno(error, errno, "cannot mount a tmpfs on %s", directory);
	return 0;
}

/* The namespace at @place becomes a file in @directory, which is its place then. */
static int show_namespace(
	const char *directory, const char *kind, char place[64], struct error *error)
{
	char path[64];
	int result;

	snprintf(path, sizeof path, "%s/%s", directory, kind);
	result = show_file(place, path, error);
	strcpy(place, path);
	return result;
}

static int show_namespaces(uid_t uid, struct places *places, struct error *error)
{
	char directory[40];
	int length = snprintf(directory, sizeof directory, RUNTIME "/%u", uid);
	int result = hide(RUNTIME, error);

	if (result < 0)
		return result;
	result = mkdir(directory, 0777);
	strcpy(directory + length, "/netns");
	if (result < 0 || mkdir(directory, 0777) < 0)
		return error_errno(error, errno, "cannot create %s", directory);
	result = show_namespace(directory, "user", places->user, error);
	return result ? result : show_namespace(directory, "net", places->net, error);
}

/* A file in any case: the machine has a link there, perhaps. */
static int show_resolver(struct error *error)
{
	char source[32];
	_cleanup_close_ int fd = open(RESOLVER, O_PATH | O_CLOEXEC);
	int result;

	if (fd < 0)
		return 0; /* this machine has none */
	snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
	result = hide("/etc", error);
	return result ? result : show_file(source, RESOLVER, error);
}

/*
 * With AppArmor the pasta of Debian 12 may neither look at another process nor read a resolv.conf
 * that is a link.  But it may open files in /run/user/UID/netns.  So in a mount namespace of its
 * own it gets what it may open.
 */
static int show_all(const char *holder, uid_t uid, struct places *places, struct error *error)
{
	int result;

	snprintf(places->user, sizeof places->user, "/proc/%.20s/ns/user", holder);
	snprintf(places->net, sizeof places->net, "/proc/%.20s/ns/net", holder);
	if (access(RUNTIME, F_OK) < 0) /* the profile knows no other place */
		return 0;
	umask(S_IWGRP | S_IWOTH);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(error, errno, "cannot make a mount namespace for pasta");
	result = show_namespaces(uid, places, error);
	return result ? result : show_resolver(error);
}

static const char **add_forward(const char **argv, const char *address)
{
	*argv++ = PASTA_FORWARD;
	*argv++ = address;
	return argv;
}

static _Noreturn void become_pasta(int out, const char *holder, const struct network *network)
{
	struct places places = {"", ""};
	const char *argv[] = {PASTA, PASTA_OPTIONS, "--userns", places.user, "--netns", places.net,
		NULL, NULL, NULL, NULL, NULL};
	const char **more = argv + ARRAY_SIZE(argv) - 5;
	/* sent to all at the session's end; what still runs then keeps its network */
	const uint64_t held = (uint64_t)1 << (SIGTERM - 1) | (uint64_t)1 << (SIGHUP - 1);
	char *const nothing[] = {NULL};
	struct error error = {0};
	int keep[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}, null;

	out = fcntl(out, F_DUPFD, STDERR_FILENO + 1);
	null = open("/dev/null", O_RDWR);
	if (out < 0 || null < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0 ||
		(null != STDIN_FILENO && dup2(null, STDIN_FILENO) < 0))
		_exit(EXIT_FAILURE);
	/* away from the terminal; and the version of Debian 12 fails if this one is ignored */
	setsid();
	signal(SIGPIPE, SIG_DFL);
	signals_set(held, NULL);
	/*
	 * Only if needed: what the machine's first resolver answers to those who ask it directly
	 * gets that address as its source, in the version of Debian 12, and is not listened to.
	 */
	if (network->forwards & NETWORK_FORWARD4)
		more = add_forward(more, NETWORK_DNS4);
	if (network->forwards & NETWORK_FORWARD6)
		add_forward(more, NETWORK_DNS6);
	if (descriptors_keep(keep, ARRAY_SIZE(keep), &error) == 0 &&
		show_all(holder, network->uid, &places, &error) == 0 &&
		(!network->become || drop_to_user(network->uid, network->gid, &error) == 0) &&
		chdir("/") == 0)
		execve(PASTA, (char *const *)argv, nothing);
	dprintf(STDERR_FILENO, "%s\n", *error.text ? error.text : strerror(errno));
	_exit(EXIT_FAILURE);
}

/* Whether a line of @text is the number that pasta writes when it is ready. */
static bool is_ready(const char *text)
{
	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
		if (end > line && strspn(line, "0123456789") == (size_t)(end - line))
			return true;
	return false;
}

/* Reads until pasta is ready; otherwise what it said is why. */
static int hear_pasta(int in, int64_t deadline, struct error *error)
{
	char text[400] = "";
	const char *line;
	size_t length = 0;
	ssize_t got;

	do {
		int result = poll_until(in, POLLIN, deadline);

		if (result < 0)
			return error_errno(error, -result, PASTA " does not get ready");
		if (length == sizeof text - 1) /* an even longer complaint */
			length = 0;
		got = read(in, text + length, sizeof text - 1 - length);
		length += got > 0 ? (size_t)got : 0;
		text[length] = '\0';
		if (is_ready(text))
			return 0;
	} while (got > 0);
	/* its last line is the reason */
	while (length && text[length - 1] == '\n')
		text[--length] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	return error_set(error, EPROTO, PASTA " cannot connect the session's network: %s",
		*line ? line : "it was ended");
}

static int start_pasta(const char *holder, const struct network *network, int64_t deadline,
	pid_t *pasta, struct error *error)
{
	_cleanup_close_ int in = -1, out = -1;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(error, errno, "cannot make a pipe");
	in = ends[0];
	out = ends[1];
	/* it opens its end once more, as a file to write its pid to */
	if (network->become && fchown(out, network->uid, network->gid) < 0)
		return error_errno(error, errno, "cannot give a pipe to the user");
	*pasta = fork();
	if (*pasta == 0)
		become_pasta(out, holder, network);
	if (*pasta < 0)
		return error_errno(error, errno, "cannot fork");
	cleanup_close(&out);
	out = -1;
	return hear_pasta(in, deadline, error);
}

/* ---- PID 1 ---- */

static int connect_network(
	int line, const struct network *network, int *namespace, pid_t *pasta, struct error *error)
{
	const int64_t deadline = clock_ms() + PATIENCE_MS;
	struct error first = {0}, second = {0};
	int result = hear_holder(line, deadline, &first, namespace, error);

	if (!result)
		result = hear_holder(line, deadline, &second, NULL, error);
	if (!result)
		result = start_pasta(first.text, network, deadline, pasta, error);
	if (!result && setns(*namespace, CLONE_NEWNET) < 0)
		result = error_errno(error, errno, "cannot join the session's network namespace");
	return result;
}

int network_open(const struct network *network, pid_t *pasta, struct error *error)
{
	_cleanup_close_ int ours = -1, its = -1, namespace = -1;
	int line[2], result;
	pid_t pid;

	if (access(PASTA, X_OK) < 0) {
		result = error_errno(error, errno, PASTA_NEEDED);
		error->lacking = result == -ENOENT || result == -EACCES;
		return result;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) < 0)
		return error_errno(error, errno, "cannot make a socket");
	ours = line[0];
	its = line[1];
	pid = fork();
	if (pid == 0)
		holder(its, network);
	if (pid < 0)
		return error_errno(error, errno, "cannot fork");
	cleanup_close(&its);
	its = -1;
	result = connect_network(ours, network, &namespace, pasta, error);
	kill(pid, SIGKILL);
	child_wait(pid, NULL);
	return result;
}
