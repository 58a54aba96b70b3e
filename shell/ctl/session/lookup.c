#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/common/number.h"
#include "probe.h"
#include "sessions.h"
#include "shell/ctl/command.h"
#include "shell/ctl/output/printable.h"

/* The number that @text consists of; 0 when it is not a number, or 0. */
static unsigned long long number_of(const char *text)
{
	long long number = number_parse(text, LLONG_MAX);

	return number < 0 ? 0 : (unsigned long long)number;
}

/* USER/N, as the list shows it. */
static const struct session *by_name(
	const struct sessions *sessions, const char *user, size_t length, unsigned long long number)
{
	for (size_t i = 0; i < sessions->count; i++) {
		const struct session *session = &sessions->list[i];

		if (session->number == number && strlen(session->user) == length &&
			!memcmp(session->user, user, length))
			return session;
	}
	return NULL;
}

/*
 * What %i stands for in the rules: 8 hexadecimal digits, which no PID and no inode of a namespace
 * has.  That of an unverified session is whatever its user likes.
 */
static const struct session *by_id(const struct sessions *sessions, const char *word)
{
	for (size_t i = 0; i < sessions->count; i++) {
		const struct session *session = &sessions->list[i];

		if (session->verified && *session->id && !strcmp(session->id, word))
			return session;
	}
	return NULL;
}

/*
 * The PID of PID 1 or of any process inside, or the inode of a namespace; inodes start above the
 * highest PID.
 */
static const struct session *by_number(
	const struct sessions *sessions, unsigned long long number, struct error *error)
{
	const struct session *session;
	struct stat namespace;
	char path[64];

	for (size_t i = 0; i < sessions->count; i++)
		if ((unsigned long long)sessions->list[i].pid == number)
			return &sessions->list[i];
	session = sessions_by_namespace(sessions, (ino_t)number);
	if (session)
		return session;
	snprintf(path, sizeof path, "/proc/%llu/ns/pid", number);
	if (stat(path, &namespace) == 0) {
		session = sessions_by_namespace(sessions, namespace.st_ino);
		if (!session)
			error_set(error, ESRCH, "process %llu is not in a session", number);
	} else if (errno == EACCES || errno == EPERM) {
		error_set(error, EACCES, "cannot examine process %llu: run as root", number);
	} else {
		error_set(error, ESRCH,
			"no session or process has the number %llu: see `" NAME " list`", number);
	}
	return session;
}

const struct session *sessions_by_word(
	const struct sessions *sessions, const char *word, struct error *error)
{
	const char *slash = strrchr(word, '/');
	unsigned long long number = number_of(slash ? slash + 1 : word);
	const struct session *session = by_id(sessions, word);
	char shown[64];

	if (session)
		return session;
	if (number && !slash)
		return by_number(sessions, number, error);
	session = number ? by_name(sessions, word, (size_t)(slash - word), number) : NULL;
	if (session)
		return session;
	snprintf(shown, sizeof shown, "%s", word);
	printable(shown);
	if (number)
		error_set(error, ESRCH, "there is no session %s: see `" NAME " list`", shown);
	else
		error_set(error, EINVAL,
			"'%s' is neither a PID, nor a namespace's inode, nor USER/N, nor a "
			"session's id: see `" NAME " list`",
			shown);
	return NULL;
}

static bool has_ended(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) != 0;
}

int session_open(const struct session *session, int *directory_out, struct error *error)
{
	struct session_judge judge;
	struct session again = {0};
	struct stat namespace;
	char name[16];
	int same, result;
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, session->pid, 0);
	_cleanup_close_ int directory = -1;

	snprintf(name, sizeof name, "%d", session->pid);
	if (pidfd >= 0)
		directory = process_open(name);
	/* as long as it lives its PID is not reused, so the directory is its own, too */
	if (directory < 0 || has_ended(pidfd))
		return error_set(error, ESRCH, "the session has ended");
	result = session_judge_start(&judge, error);
	if (result < 0)
		return result;
	if (session->kind == SESSION_UNKNOWN)
		same = session_judge_hidden(&judge, directory, &again);
	else
		same = fstatat(directory, "ns/pid", &namespace, 0) == 0 &&
		       namespace.st_ino == session->namespace &&
		       session_judge_init(&judge, directory, namespace.st_ino, &again);
	session_judge_free(&judge);
	if (!same || again.started != session->started || again.uid != session->uid)
		return error_set(error, ESRCH, "the session has ended");
	if (directory_out) {
		*directory_out = directory;
		directory = -1;
	}
	result = pidfd;
	pidfd = -1;
	return result;
}

bool session_is_ours(const struct session *session)
{
	return session->level == 0;
}

bool sessions_hold_us(void)
{
	char comm[32] = "";
	FILE *file = fopen("/proc/1/comm", "re");
	bool inside = file && fgets(comm, sizeof comm, file) && !strcmp(comm, "nsisolate-init\n");

	if (file)
		fclose(file);
	return inside;
}

const char *session_name(const struct session *session, char *text, size_t size)
{
	snprintf(text, size, "user %s, rule %s%s, PID %d", session->user,
		*session->rule ? session->rule : "-",
		session->verified || !*session->rule ? "" : " (by its own account)", session->pid);
	return printable(text);
}
