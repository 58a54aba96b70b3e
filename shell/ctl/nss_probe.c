#include "nss_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <nss.h>
#endif

#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/poll_until.h"
#include "conf/login/login.h"
#include "conf/login/name_service.h"

#define PATIENCE_MS 5000
#define PATIENCE_MORE_MS 1000 /* to find out which service it was */
#define SERVICES_MAX 8
#define NOBODY "nsisolate-asks-for-nobody"
#define LOCAL "files" /* where no service of nsswitch.conf answers */

static const char *const databases[] = {"passwd", "group"};

/* Of this process's lookups; @services: as in nsswitch.conf, without those that do not answer. */
static void look_up_by(const char *database, const char *services)
{
#ifdef __GLIBC__
	__nss_configure_lookup(database, services);
#else
	(void)database;
	(void)services; /* this C library reads no nsswitch.conf */
#endif
}

static _Noreturn void ask(int report)
{
	struct error error = {0};
	struct login login;
	char called[16];
	size_t length;

	/* the failure of the account lookup matters more: without it nobody gets in */
	if (login_by_name(&login, NOBODY, &error) == -ENOENT)
		*error.text = '\0';
	if (!*error.text)
		login_group_exists(NOBODY, called, sizeof called, &error);
	length = strlen(error.text);
	_exit(length && write(report, error.text, length) != (ssize_t)length);
}

struct question {
	const char *service; /* NULL: all of nsswitch.conf */
	pid_t pid;
	int answer; /* the read end of a pipe; -1: none */
};

static bool ask_service(struct question *question)
{
	int ends[2];

	question->answer = -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	question->pid = fork();
	if (question->pid == 0) {
		for (size_t i = 0; question->service && i < 2; i++)
			look_up_by(databases[i], question->service);
		ask(ends[1]);
	}
	close(ends[1]);
	question->answer = ends[0];
	if (question->pid < 0)
		cleanup_close(&question->answer);
	return question->pid > 0;
}

/* Whether it was answered before @deadline; the failure, if any, in @text. */
static bool await_answer(struct question *question, long long deadline, char *text, size_t size)
{
	const bool ready = poll_until(question->answer, POLLIN, deadline) == 0;
	ssize_t length = ready ? read(question->answer, text, size - 1) : 0;

	text[length > 0 ? length : 0] = '\0';
	if (!ready)
		kill(question->pid, SIGKILL);
	child_wait(question->pid, NULL);
	cleanup_close(&question->answer);
	return ready;
}

/* Appends @word to a blank-separated list, unless it is there already. */
static void append(char *list, size_t size, const char *word)
{
	size_t used = strlen(list), length = strlen(word);

	for (const char *found = list; (found = strstr(found, word)); found += length)
		if ((found == list || found[-1] == ' ') && strchr(" ", found[length]))
			return;
	snprintf(list + used, size - used, "%s%s", used ? " " : "", word);
}

/* Tries each service on its own, all at the same time. */
static void find_silent(struct name_services *services)
{
	char lists[2][128], all[256] = "", rest[2][128] = {"", ""}, text[16], *cursor = all, *word;
	struct question questions[SERVICES_MAX];
	long long deadline = clock_ms() + PATIENCE_MORE_MS;
	size_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		nss_services(databases[i], lists[i], sizeof lists[i]);
		for (char *next = lists[i], *one; (one = strsep(&next, " "));)
			append(all, sizeof all, one);
		nss_services(databases[i], lists[i], sizeof lists[i]);
	}
	while ((word = strsep(&cursor, " ")) && count < SERVICES_MAX) {
		questions[count].service = word;
		if (*word && ask_service(&questions[count]))
			count++;
	}
	for (size_t i = 0; i < count; i++) {
		if (!await_answer(&questions[i], deadline, text, sizeof text)) {
			append(services->silent, sizeof services->silent, questions[i].service);
			continue;
		}
		for (size_t j = 0; j < 2; j++)
			if (strstr(lists[j], questions[i].service))
				append(rest[j], sizeof rest[j], questions[i].service);
	}
	for (size_t i = 0; i < 2; i++)
		look_up_by(databases[i], *rest[i] ? rest[i] : LOCAL);
	/* a line of its own goes before that of groups */
	nss_services("initgroups", all, sizeof all);
	if (*all)
		look_up_by("initgroups", *rest[1] ? rest[1] : LOCAL);
}

bool name_services_ask(struct name_services *services)
{
	struct question question = {.service = NULL};

	*services = (struct name_services){.silent = ""};
	/* a failure to fork is reported elsewhere */
	if (ask_service(&question) && !await_answer(&question, clock_ms() + PATIENCE_MS,
					      services->failed, sizeof services->failed))
		find_silent(services);
	return !*services->silent && !*services->failed;
}

void name_services_describe(const struct name_services *services, char *text, unsigned size)
{
	if (*services->silent)
		snprintf(text, size,
			"NSS hangs: the service %s of nsswitch.conf does not answer within %d s",
			services->silent, PATIENCE_MS / 1000);
	else
		snprintf(text, size, "%.400s", services->failed);
}

int nss_find_login(struct login *login, const char *user, struct error *error)
{
	struct name_services services;
	char why[512];
	int result;

	name_services_ask(&services);
	name_services_describe(&services, why, sizeof why);
	result = login_by_name(login, user, error);
	if (result == -ENOENT && *services.silent)
		return error_set(error, ETIMEDOUT, "%s: cannot look up '%.64s'", why, user);
	if (!result && *services.silent)
		login_distrust_groups(login, why);
	return result;
}
