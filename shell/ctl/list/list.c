/* nsisolatectl list - the running sessions. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cells.h"
#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/rules/rules.h"
#include "list_logins.h"
#include "shell/ctl/command.h"
#include "shell/ctl/output/json.h"
#include "shell/ctl/output/printable.h"
#include "shell/ctl/output/table.h"
#include "shell/ctl/output/terminal.h"
#include "shell/ctl/session/sessions.h"

/* The kernel sends no event when a session begins or ends, so --watch polls this often. */
#define WATCH_MS 1000

static const struct table_column columns[] = {
	{"SESSION", false, 0},
	{"RULE", false, 2},
	{"HOSTNAME", false, 5},
	{"SERVICE", false, 6},
	{"FROM", false, 3},
	{"LEADER", true, 9},
	{"PID", true, 0},
	{"NAMESPACE", true, 8},
	{"PROCS", true, 4},
	{"RSS", true, 7},
	{"AGE", true, 1},
	/* where there is a session without a login */
	{"LEFT", true, 0},
	{"ENDS", true, 0},
};

#define COLUMNS ARRAY_SIZE(columns)
#define COLUMNS_OF_LEFT 2

struct row {
	char text[COLUMNS][CELL_SIZE];
};

/* A shared session has no single service: its number of logins is shown instead. */
static void show_service(char *cell, const struct session *session)
{
	if (session->shared && session->logins)
		snprintf(cell, CELL_SIZE, "logins=%u", session->logins);
	else
		cell_word(cell, session->service, session->verified);
}

static void fill_row(struct row *row, const struct session *session)
{
	char name[sizeof session->user + 16];
	size_t i = 0;

	snprintf(name, sizeof name, "%s/%u", session->user, session->number);
	pasteable(name, row->text[i++], CELL_SIZE);
	cell_word(row->text[i++], session->rule, session->verified);
	cell_word(row->text[i++], session->hostname, true);
	show_service(row->text[i++], session);
	cell_word(row->text[i++], session->from, session->verified);
	cell_number(row->text[i++], (unsigned)session->leader);
	snprintf(row->text[i++], CELL_SIZE, "%d%s", session->pid, session->replaced ? "*" : "");
	cell_number(row->text[i++], session->namespace);
	cell_number(row->text[i++], session->processes);
	cell_bytes(row->text[i++], session->memory);
	cell_age(row->text[i++], session->age);
	if (session->left >= 0)
		cell_age(row->text[i], session->left);
	if (session->ends >= 0)
		cell_age(row->text[i + 1], session->ends);
}

static int show_table(const struct sessions *sessions, size_t width, size_t height)
{
	size_t most = height > 3 ? height - 3 : 0;
	size_t replaced = 0, shown = COLUMNS - COLUMNS_OF_LEFT;
	_cleanup_free_ struct row *rows = calloc(sessions->count, sizeof *rows);
	_cleanup_free_ char **cells = calloc(sessions->count * COLUMNS, sizeof *cells);

	if (!rows || !cells)
		return -ENOMEM;
	for (size_t i = 0; i < sessions->count; i++) {
		fill_row(&rows[i], &sessions->list[i]);
		replaced += sessions->list[i].replaced;
		if (sessions->list[i].left >= 0)
			shown = COLUMNS;
	}
	for (size_t i = 0; i < sessions->count * shown; i++)
		cells[i] = rows[i / shown].text[i % shown];
	table_show(columns, shown, cells, sessions->count, most, width, stdout);
	for (size_t i = 0; !most && i < sessions->count; i++)
		if (sessions->list[i].network && !strcmp(sessions->list[i].network, "ended"))
			printf("%s: network: ended\n", rows[i].text[0]);
	if (most && sessions->count > most)
		printf("and %zu more\n", sessions->count - most);
	else if (replaced)
		puts("* its nsisolate-init has since been replaced");
	return 0;
}

static const char *kind_name(enum session_kind kind)
{
	switch (kind) {
	case SESSION_MODULE:
		return "module";
	case SESSION_SHELL:
		return "shell";
	default:
		return NULL;
	}
}

static void json_known(struct json *json, const char *key, const char *text)
{
	json_string(json, key, *text ? text : NULL);
}

static void json_count(struct json *json, const char *key, unsigned long long number)
{
	if (number)
		json_number(json, key, (long long)number);
	else
		json_null(json, key);
}

static void json_seconds(struct json *json, const char *key, long long seconds)
{
	if (seconds >= 0)
		json_number(json, key, seconds);
	else
		json_null(json, key);
}

static void show_json(const struct sessions *sessions)
{
	struct json json = {.stream = stdout};

	json_open(&json, NULL, '{');
	json_open(&json, "sessions", '[');
	for (size_t i = 0; i < sessions->count; i++) {
		const struct session *session = &sessions->list[i];
		char name[sizeof session->user + 16];

		json_open(&json, NULL, '{');
		snprintf(name, sizeof name, "%s/%u", session->user, session->number);
		json_string(&json, "session", name);
		json_string(&json, "user", session->user);
		json_number(&json, "uid", session->uid);
		json_string(&json, "kind", kind_name(session->kind));
		json_bool(&json, "verified", session->verified);
		json_known(&json, "rule", session->rule);
		json_known(&json, "id", session->id);
		json_known(&json, "hostname", session->hostname);
		json_known(&json, "service", session->service);
		json_known(&json, "from", session->from);
		json_known(&json, "tty", session->tty);
		json_count(&json, "logins", session->logins);
		json_count(&json, "leader", (unsigned)session->leader);
		json_number(&json, "pid", session->pid);
		json_count(&json, "namespace", session->namespace);
		json_count(&json, "processes", session->processes);
		json_count(&json, "rss", session->memory);
		json_number(&json, "age", session->age);
		json_seconds(&json, "left", session->left);
		json_seconds(&json, "ends", session->ends);
		json_bool(&json, "replaced", session->replaced);
		json_string(&json, "network", session->network);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_bool(&json, "complete", !sessions->own_only && !sessions->unseen);
	json_close(&json, '}');
	fputc('\n', stdout);
}

static void warn_unseen(const struct sessions *sessions)
{
	if (sessions->own_only)
		fputs(NAME ": showing only your own sessions; run as root to see all\n", stderr);
	if (sessions->unseen)
		fprintf(stderr,
			NAME ": the kernel hid %zu processes (CAP_SYS_PTRACE is missing): sessions "
			     "may be hidden, too\n",
			sessions->unseen);
}

/* The logins of a rule on trial are not sessions. */
static void warn_observed(void)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules_summary summary;
	struct rules *rules = NULL;

	/* `check` reports a broken configuration */
	if (rules_load(NSISOLATE_CONF, &rules, &diagnostics) < 0)
		rules = NULL;
	for (size_t i = 0; rules && i < rules_count(rules); i++) {
		rules_summarize(rules, i, &summary);
		if (summary.policy.observe)
			fprintf(stderr,
				NAME ": the rule [%s] is on trial (isolate = observe): its logins "
				     "are not isolated, so they are not shown\n",
				summary.place.rule);
	}
	rules_free(rules);
	diagnostics_free(&diagnostics);
}

/* What is asked for. */
struct choice {
	bool json, watch, logins, old, left;
};

/* The kernel tells only root what a PID 1 runs and has open, since that is not dumpable. */
static int keep_chosen(struct sessions *sessions, const struct choice *choice, struct error *error)
{
	size_t kept = 0;

	if (!choice->old && !choice->left)
		return 0;
	if (sessions->own_only)
		return error_set(error, EPERM,
			choice->old ? "only root can see whose nsisolate-init has been replaced"
				    : "only root can see which sessions have no login");
	for (size_t i = 0; i < sessions->count; i++) {
		const struct session *session = &sessions->list[i];

		if ((!choice->old || session->replaced) && (!choice->left || session->left >= 0))
			sessions->list[kept++] = *session;
	}
	sessions->count = kept;
	return 0;
}

/* What the list says when it has nothing to show. */
static const char *nothing_of(const struct choice *choice)
{
	if (choice->left)
		return "no session is without a login";
	return choice->old ? "no session has an nsisolate-init that has since been replaced"
			   : "no isolated sessions";
}

static int show(
	const struct sessions *sessions, const struct choice *choice, size_t width, size_t height)
{
	if (choice->logins)
		return choice->json ? list_logins_json(sessions)
				    : list_logins_table(sessions, width, height);
	if (choice->json)
		show_json(sessions);
	else if (sessions->count)
		return show_table(sessions, width, height);
	else
		fprintf(height ? stdout : stderr, "%s\n", nothing_of(choice));
	return 0;
}

/* @height: of the terminal to refresh; 0: print the whole list once. */
static int list(const struct choice *choice, size_t height)
{
	struct sessions sessions;
	struct error error = {0};
	size_t width = terminal_style(stdout).width;
	int result = sessions_find(&sessions, &error);

	if (!result)
		result = keep_chosen(&sessions, choice, &error);
	if (result < 0) {
		fprintf(stderr, NAME ": %s\n", error.text);
	} else {
		if (!choice->json) {
			warn_unseen(&sessions);
			warn_observed();
		}
		result = show(&sessions, choice, width, height);
		if (result < 0)
			fputs(NAME ": no memory\n", stderr);
	}
	sessions_free(&sessions);
	return result;
}

static int watch(const struct choice *choice)
{
	bool terminal = !choice->json && isatty(STDOUT_FILENO);
	int result;

	do {
		struct winsize size = {0};

		if (terminal) {
			ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
			fputs("\033[H\033[J", stdout);
		}
		result = list(choice, size.ws_row);
		if (fflush(stdout))
			return -EIO;
		poll(NULL, 0, WATCH_MS);
	} while (!result);
	return result;
}

int command_list(int argc, char **argv)
{
	struct choice choice = {0};
	int result;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			choice.json = true;
		else if (!strcmp(argv[i], "--watch"))
			choice.watch = true;
		else if (!strcmp(argv[i], "--logins"))
			choice.logins = true;
		else if (!strcmp(argv[i], "--old"))
			choice.old = true;
		else if (!strcmp(argv[i], "--left"))
			choice.left = true;
		else
			return command_usage(argv[0]);
	}
	result = choice.watch ? watch(&choice) : list(&choice, 0);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
