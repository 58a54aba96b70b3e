/* nsisolatectl list - the running sessions. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "shell/ctl/output/json.h"
#include "shell/ctl/output/printable.h"
#include "shell/ctl/output/table.h"
#include "shell/ctl/output/terminal.h"
#include "shell/ctl/session/sessions.h"

/* The kernel sends no event when a session begins or ends, so --watch polls this often. */
#define WATCH_MS 1000

#define CELL_SIZE 72 /* anything longer is cut, terminal or not */

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
};

#define COLUMNS ARRAY_SIZE(columns)

struct row {
	char text[COLUMNS][CELL_SIZE];
};

/* A word that somebody else chose; one that is only claimed is in parentheses. */
static void show_word(char *cell, const char *word, bool verified)
{
	size_t length;

	*cell = '\0';
	if (!*word)
		return;
	length = (size_t)snprintf(cell, CELL_SIZE, verified ? "%s" : "(%s)", word);
	printable_word(cell);
	if (length >= CELL_SIZE)
		cell[CELL_SIZE - 2] = '~';
	if (length >= CELL_SIZE && !verified)
		cell[CELL_SIZE - 2] = ')';
}

static void show_number(char *cell, unsigned long long number)
{
	*cell = '\0';
	if (number)
		snprintf(cell, CELL_SIZE, "%llu", number);
}

static void show_bytes(char *cell, unsigned long long bytes)
{
	static const char units[] = "KMGTP";
	double size = (double)bytes / 1024;
	size_t unit = 0;

	while (size >= 1000 && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	*cell = '\0';
	if (bytes)
		snprintf(cell, CELL_SIZE, size < 10 && unit ? "%.1f%c" : "%.0f%c", size,
			units[unit]);
}

static void show_age(char *cell, long long seconds)
{
	long long minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	if (days)
		snprintf(cell, CELL_SIZE, "%lldd%02lldh", days, hours % 24);
	else if (hours)
		snprintf(cell, CELL_SIZE, "%lldh%02lldm", hours, minutes % 60);
	else if (minutes)
		snprintf(cell, CELL_SIZE, "%lldm%02llds", minutes, seconds % 60);
	else
		snprintf(cell, CELL_SIZE, "%llds", seconds);
}

/* A shared session has no single service: its number of logins is shown instead. */
static void show_service(char *cell, const struct session *session)
{
	if (session->shared && session->logins)
		snprintf(cell, CELL_SIZE, "logins=%u", session->logins);
	else
		show_word(cell, session->service, session->verified);
}

static void fill_row(struct row *row, const struct session *session)
{
	char name[sizeof session->user + 16];
	size_t i = 0;

	snprintf(name, sizeof name, "%s/%u", session->user, session->number);
	pasteable(name, row->text[i++], CELL_SIZE);
	show_word(row->text[i++], session->rule, session->verified);
	show_word(row->text[i++], session->hostname, true);
	show_service(row->text[i++], session);
	show_word(row->text[i++], session->from, session->verified);
	show_number(row->text[i++], (unsigned)session->leader);
	snprintf(row->text[i++], CELL_SIZE, "%d%s", session->pid, session->replaced ? "*" : "");
	show_number(row->text[i++], session->namespace);
	show_number(row->text[i++], session->processes);
	show_bytes(row->text[i++], session->memory);
	show_age(row->text[i++], session->age);
}

static int show_table(const struct sessions *sessions, size_t width, size_t height)
{
	size_t most = height > 3 ? height - 3 : 0;
	size_t replaced = 0;
	_cleanup_free_ struct row *rows = calloc(sessions->count, sizeof *rows);
	_cleanup_free_ char **cells = calloc(sessions->count * COLUMNS, sizeof *cells);

	if (!rows || !cells)
		return -ENOMEM;
	for (size_t i = 0; i < sessions->count; i++) {
		fill_row(&rows[i], &sessions->list[i]);
		replaced += sessions->list[i].replaced;
		for (size_t column = 0; column < COLUMNS; column++)
			cells[i * COLUMNS + column] = rows[i].text[column];
	}
	table_show(columns, COLUMNS, cells, sessions->count, most, width, stdout);
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
		json_bool(&json, "replaced", session->replaced);
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

/* @height: of the terminal to refresh; 0: print the whole list once. */
static int list(bool json, size_t height)
{
	struct sessions sessions;
	struct error error = {0};
	size_t width = terminal_style(stdout).width;
	int result = sessions_find(&sessions, &error);

	if (result < 0) {
		fprintf(stderr, NAME ": %s\n", error.text);
		return result;
	}
	if (json) {
		show_json(&sessions);
	} else {
		warn_unseen(&sessions);
		if (sessions.count)
			result = show_table(&sessions, width, height);
		else
			fputs("no isolated sessions\n", height ? stdout : stderr);
	}
	if (result < 0)
		fputs(NAME ": no memory\n", stderr);
	sessions_free(&sessions);
	return result;
}

static int watch(bool json)
{
	bool terminal = !json && isatty(STDOUT_FILENO);
	int result;

	do {
		struct winsize size = {0};

		if (terminal) {
			ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
			fputs("\033[H\033[J", stdout);
		}
		result = list(json, size.ws_row);
		if (fflush(stdout))
			return -EIO;
		poll(NULL, 0, WATCH_MS);
	} while (!result);
	return result;
}

int command_list(int argc, char **argv)
{
	bool json = false, watching = false;
	int result;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (!strcmp(argv[i], "--watch"))
			watching = true;
		else
			return command_usage(argv[0]);
	}
	result = watching ? watch(json) : list(json, 0);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
