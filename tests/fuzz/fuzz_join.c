/*
 * Fuzzing of the socket of scope = user, from all its ends.  The input's first byte chooses the
 * receiver, the rest is what it receives (records.h):
 *
 *	0	PID 1, to which any process of the user's may send anything
 *	1	the helper of a further login, to which the user's own process may pose as PID 1
 *	2	nsisolate-shell's side, which hears both the helper and PID 1 on one socket
 */
#include "records.h"

#include "shell/init/shared/join.c"
#include "shell/init/shared/run.c"

static const struct policy policy = {
	.kinds = CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS,
	.grace = 2,
	.scope = SCOPE_USER,
	.hostname = "alice-lab",
	.rule = "all",
};

/* Other functions of run.c, which a fuzzer must not run. */
int attach_run(struct job *job)
{
	return job->stay;
}

pid_t command_start(const struct command *command, int flags, struct error *error)
{
	return error_set(error, ENOSYS, "%p %d", (const void *)command, flags);
}

int drop_capabilities(struct error *error)
{
	return error_set(error, ENOSYS, "not here");
}

int procfs_open(struct error *error)
{
	return error_set(error, ENOSYS, "not here");
}

int other_procfs_cover(int own, int host, uid_t uid, bool own_userns, struct error *error)
{
	return error_set(error, ENOSYS, "%d %d %u %d", own, host, uid, own_userns);
}

int hosts_make(const struct policy *wanted, struct hosts_files *hosts, struct error *error)
{
	hosts->file[HOSTS].size = wanted->hosts;
	return error_set(error, ENOSYS, "not here");
}

int hosts_renew(const struct hosts_files *hosts, int shared, struct error *error)
{
	return error_set(error, ENOSYS, "%zu %d", hosts->file[HOSTS].size, shared);
}

void hosts_free(struct hosts_files *hosts)
{
	hosts->file[HOSTS].size = 0;
}

void log_note(const struct log *log, const char *note)
{
	must(log->wanted || memchr(note, '\0', sizeof(struct answer)), "a note has an end");
}

void log_number(struct log *log, const struct policy *named)
{
	must(log->wanted || named->number <= INT_MAX, "a number is one");
}

void log_namespace(struct log *log, int namespace)
{
	log->wanted = namespace >= 0;
}

_Noreturn void supervisor_end(struct supervisor *outer, int status)
{
	_exit(outer->line + status);
}

static bool kept(int fd)
{
	return fd > STDERR_FILENO && fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

static void check_error(const struct error *error)
{
	must(memchr(error->text, '\0', sizeof error->text), "an error's text has an end");
}

static void as_pid1(int socket)
{
	int fds[2] = {-1, -1};

	if (join_receive(socket, &policy, &fds[0], &fds[1]) != JOIN_SAME) {
		must(fds[0] == -1 && fds[1] == -1, "who is refused leaves nothing");
		return;
	}
	must(kept(fds[0]) && kept(fds[1]), "a login has both its descriptors");
	/* perhaps nobody receives it */
	join_grant(socket, false, &policy, -1);
	close(fds[0]);
	close(fds[1]);
}

static void as_helper(int socket)
{
	struct join_way way = {.count = 0};
	struct error error = {0};
	int result = join_ask(socket, &policy, STDERR_FILENO, STDERR_FILENO, &way, &error);

	must(result <= 1, "it is joined, or not, or an error");
	must((result == 1) == (way.count > 0), "who has joined has a way, and nobody else");
	must(way.number <= SESSION_NUMBER_MAX, "its number is one that there is");
	for (size_t i = 0; i < way.count; i++)
		must(kept(way.fds[i]), "the way is of descriptors");
	if (result < 0)
		check_error(&error);
	join_way_close(&way);
}

static void as_shell(int socket)
{
	struct join_way way = {.count = 0};
	struct error error = {0};
	struct log log = {0};
	int result;

	do {
		join_way_close(&way);
		result = take_line(socket, &way, &log, &error);
	} while (!result);
	for (size_t i = 0; i < way.count; i++)
		must(kept(way.fds[i]), "the way is of descriptors");
	if (result < 0)
		check_error(&error);
	join_way_close(&way);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int counts[] = {0, 1, 2, RECORD_FDS_MAX};
	int sockets[2], before = lowest_free();

	if (!size)
		return 0;
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0,
		"there is a socket");
	records_send(sockets[1], data + 1, size - 1, counts);
	shutdown(sockets[1], SHUT_WR);
	switch (*data % 3) {
	case 0:
		as_pid1(sockets[0]);
		break;
	case 1:
		as_helper(sockets[0]);
		break;
	case 2:
		as_shell(sockets[0]);
		break;
	}
	close(sockets[0]);
	close(sockets[1]);
	must(lowest_free() == before, "no descriptor is left");
	return 0;
}
