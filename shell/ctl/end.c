/* nsisolatectl end - ends sessions, as a logout with `logout = kill` does, or at once. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "conf/common/number.h"
#include "shell/ctl/output/printable.h"
#include "shell/ctl/session/sessions.h"

#define WAIT_MS 10000 /* for all of them together */
/*
 * SIGINT (pid1.h) is lost while one that the session's user sent to PID 1 is pending, so we send it
 * again until PID 1 has exited; a second one does no harm.
 */
#define AGAIN_MS 100

enum status { STATUS_ENDED = 0, STATUS_FAILED = 1, STATUS_LIVES_ON = 3 };

/* Which sessions, where no words name them, and how. */
struct choice {
	const char *user;
	bool old, now;
};

struct ending {
	const struct session *session;
	int pidfd; /* -1: it has ended, or cannot be ended */
	bool failed;
};

static void close_ending(struct ending *ending)
{
	cleanup_close(&ending->pidfd);
	ending->pidfd = -1;
}

static void say_ended(const struct session *session)
{
	char name[512];

	printf("ended: %s", session_name(session, name, sizeof name));
	if (session->processes)
		printf(" (%zu process%s)", session->processes, session->processes == 1 ? "" : "es");
	putchar('\n');
}

static void say_failed(struct ending *ending, const char *why)
{
	char name[512];

	fprintf(stderr, NAME ": cannot end the session of %s: %s\n",
		session_name(ending->session, name, sizeof name), why);
	ending->failed = true;
	close_ending(ending);
}

static void send_signal(struct ending *ending, int signum)
{
	if (ending->pidfd < 0)
		return;
	/* it may just have ended: the next poll() reports that */
	if (syscall(SYS_pidfd_send_signal, ending->pidfd, signum, NULL, 0) < 0 && errno != ESRCH)
		say_failed(ending, strerror(errno));
}

static void start_ending(struct ending *ending, const struct session *session, int signum)
{
	struct error error = {0};

	*ending = (struct ending){.session = session, .pidfd = -1};
	if (session_is_ours(session)) {
		say_failed(ending, "you are in it; log out instead");
		return;
	}
	ending->pidfd = session_open(session, NULL, &error);
	if (ending->pidfd >= 0)
		send_signal(ending, signum);
	else if (ending->pidfd == -ESRCH)
		say_ended(session);
	else
		say_failed(ending, error.text);
}

/* Checks all of them for at most @timeout ms; returns how many are still alive. */
static size_t wait_for_some(struct ending *endings, struct pollfd *fds, size_t count, int timeout)
{
	size_t living = 0;

	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = endings[i].pidfd, .events = POLLIN};
	if (poll(fds, count, timeout) < 0)
		return count;
	for (size_t i = 0; i < count; i++) {
		if (fds[i].fd >= 0 && fds[i].revents) {
			say_ended(endings[i].session);
			close_ending(&endings[i]);
		}
		living += endings[i].pidfd >= 0;
	}
	return living;
}

static void wait_for_all(struct ending *endings, struct pollfd *fds, size_t count, int signum)
{
	int64_t deadline = clock_ms() + WAIT_MS, again = clock_ms() + AGAIN_MS;

	while (wait_for_some(endings, fds, count, AGAIN_MS / 2) > 0 && clock_ms() < deadline) {
		if (clock_ms() < again)
			continue;
		for (size_t i = 0; i < count; i++)
			send_signal(&endings[i], signum);
		again = clock_ms() + AGAIN_MS;
	}
}

static enum status say_rest(struct ending *endings, size_t count, bool now)
{
	enum status status = STATUS_ENDED;
	char name[512];

	for (size_t i = 0; i < count; i++) {
		if (endings[i].failed)
			status = STATUS_FAILED;
		if (endings[i].pidfd < 0)
			continue;
		fprintf(stderr, NAME ": told to end, but still running after %d s: %s%s\n",
			WAIT_MS / 1000, session_name(endings[i].session, name, sizeof name),
			now ? "" : " (a long grace; --now ends it at once)");
		if (status == STATUS_ENDED)
			status = STATUS_LIVES_ON;
		close_ending(&endings[i]);
	}
	return status;
}

static enum status end_all(const struct session **chosen, size_t count, bool now)
{
	int signum = now ? SIGKILL : SIGINT;
	_cleanup_free_ struct ending *endings = calloc(count, sizeof *endings);
	_cleanup_free_ struct pollfd *fds = calloc(count, sizeof *fds);

	if (!endings || !fds) {
		fputs(NAME ": no memory\n", stderr);
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < count; i++)
		start_ending(&endings[i], chosen[i], signum);
	wait_for_all(endings, fds, count, signum);
	return say_rest(endings, count, now);
}

/* The uid of a user given by name or number; -1 after printing an error. */
static int find_uid(const char *user, uid_t *uid)
{
	const struct passwd *account;
	long long number;

	errno = 0;
	account = getpwnam(user);
	if (account) {
		*uid = account->pw_uid;
		return 0;
	}
	number = number_parse(user, (uid_t)-2);
	if (number >= 0) {
		*uid = (uid_t)number;
		return 0;
	}
	fprintf(stderr, NAME ": there is no user '%s'\n", user);
	return -1;
}

static size_t choose_user(
	const struct sessions *sessions, const char *user, const struct session **chosen)
{
	size_t count = 0;
	char name[256];
	uid_t uid;

	if (find_uid(user, &uid) < 0)
		return 0;
	for (size_t i = 0; i < sessions->count; i++) {
		const struct session *session = &sessions->list[i];

		if (session->uid != uid)
			continue;
		chosen[count++] = session;
		/* two names of one uid cannot be told apart by what their processes may do */
		snprintf(name, sizeof name, "%s", session->user);
		printable(name);
		if (!isdigit((unsigned char)*user) && strcmp(session->user, user) != 0)
			fprintf(stderr,
				NAME
				": %s and %s are both uid %u, so this session of %s's ends, too\n",
				user, name, uid, name);
	}
	if (!count)
		fprintf(stderr, NAME ": %s has no sessions\n", user);
	return count;
}

/* All of them exist, or none is touched. */
static size_t choose_words(const struct sessions *sessions, char **words, size_t word_count,
	const struct session **chosen)
{
	size_t count = 0;

	for (size_t i = 0; i < word_count; i++) {
		struct error error = {0};
		const struct session *session = sessions_by_word(sessions, words[i], &error);
		bool twice = false;

		if (!session) {
			fprintf(stderr, NAME ": %s\n", error.text);
			return 0;
		}
		for (size_t other = 0; other < count; other++)
			twice |= chosen[other] == session;
		if (!twice)
			chosen[count++] = session;
	}
	return count;
}

/* The kernel tells only root which program a PID 1 runs, since that is not dumpable. */
static size_t choose_old(
	const struct sessions *sessions, const struct session **chosen, enum status *status)
{
	size_t count = 0;

	if (sessions->own_only) {
		fputs(NAME ": only root can see whose nsisolate-init has been replaced\n", stderr);
		return 0;
	}
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i].replaced)
			chosen[count++] = &sessions->list[i];
	if (!count) {
		fputs("no session has an nsisolate-init that has since been replaced\n", stderr);
		*status = STATUS_ENDED;
	}
	return count;
}

static enum status end_sessions(const struct choice *choice, char **words, size_t word_count)
{
	struct sessions sessions;
	struct error error = {0};
	enum status status = STATUS_FAILED;
	const struct session **chosen;
	size_t count;

	if (sessions_find(&sessions, &error) < 0) {
		fprintf(stderr, NAME ": %s\n", error.text);
		return STATUS_FAILED;
	}
	chosen = calloc(sessions.count + 1, sizeof *chosen);
	if (chosen) {
		if (choice->old)
			count = choose_old(&sessions, chosen, &status);
		else if (choice->user)
			count = choose_user(&sessions, choice->user, chosen);
		else
			count = choose_words(&sessions, words, word_count, chosen);
		if (count)
			status = end_all(chosen, count, choice->now);
	} else {
		fputs(NAME ": no memory\n", stderr);
	}
	free(chosen);
	sessions_free(&sessions);
	return status;
}

int command_end(int argc, char **argv)
{
	struct choice choice = {0};
	int words = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--now"))
			choice.now = true;
		else if (!strcmp(argv[i], "--old"))
			choice.old = true;
		else if (!strcmp(argv[i], "--user") && i + 1 < argc && !choice.user)
			choice.user = argv[++i];
		else if (!strncmp(argv[i], "--user=", 7) && !choice.user)
			choice.user = argv[i] + 7;
		else if (argv[i][0] == '-')
			return command_usage(argv[0]);
		else
			argv[1 + words++] = argv[i];
	}
	if (!!choice.user + !!words + choice.old != 1)
		return command_usage(argv[0]);
	return (int)end_sessions(&choice, argv + 1, (size_t)words);
}
