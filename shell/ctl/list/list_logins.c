#include "list_logins.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cells.h"
#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "shell/ctl/output/json.h"
#include "shell/ctl/output/printable.h"
#include "shell/ctl/output/table.h"
#include "shell/ctl/session/logins.h"
#include "shell/ctl/session/process.h"

/* One login: facts of its session, and for a shared session those of the login itself. */
struct entry {
	const struct session *session;
	pid_t leader;
	long long age; /* -1: unknown */
	const char *service, *from, *tty;
	struct login_facts facts; /* of a shared session's login: the three above point here */
};

struct entries {
	struct entry *list;
	size_t count;
};

static long long age_of(long long since)
{
	int64_t now = clock_boot_seconds();

	return since < 0 || since > now ? -1 : now - since;
}

static struct entry *add(struct entries *entries, const struct session *session)
{
	struct entry *list = realloc(entries->list, (entries->count + 1) * sizeof *list);

	if (!list)
		return NULL;
	entries->list = list;
	list += entries->count++;
	*list = (struct entry){.session = session};
	return list;
}

static int add_only_login(struct entries *entries, const struct session *session)
{
	struct entry *entry;

	/* the login is over, if we can see that at all */
	if (!session->leader && session->kind != SESSION_UNKNOWN)
		return 0;
	entry = add(entries, session);
	if (!entry)
		return -ENOMEM;
	entry->leader = session->leader;
	entry->age = session->age;
	entry->service = session->service;
	entry->from = session->from;
	entry->tty = session->tty;
	return 0;
}

static int add_logins(struct entries *entries, const struct session *session)
{
	struct process_text text = {0};
	struct error error = {0};
	_cleanup_free_ struct session_login *logins = NULL;
	_cleanup_close_ int directory = -1;
	_cleanup_close_ int pidfd = session_open(session, &directory, &error);
	int count = pidfd < 0
			    ? 0
			    : session_logins_list(pidfd, directory, session->level, &text, &logins);

	process_text_free(&text);
	for (int i = 0; i < count; i++) {
		struct entry *entry = add(entries, session);

		if (!entry)
			return -ENOMEM;
		entry->facts = logins[i].facts;
		entry->leader = logins[i].leader;
		entry->age = age_of(logins[i].facts.since);
	}
	return count < 0 ? count : 0;
}

static int find(const struct sessions *sessions, struct entries *entries)
{
	int result = 0;

	*entries = (struct entries){0};
	for (size_t i = 0; i < sessions->count && !result; i++)
		result = sessions->list[i].shared ? add_logins(entries, &sessions->list[i])
						  : add_only_login(entries, &sessions->list[i]);
	/* only now, as adding entries moves them in memory */
	for (size_t i = 0; i < entries->count; i++) {
		struct entry *entry = &entries->list[i];

		if (!entry->session->shared)
			continue;
		entry->service = entry->facts.service;
		entry->from = entry->facts.from;
		entry->tty = entry->facts.tty;
	}
	return result;
}

/* ---- the table ---- */

static const struct table_column columns[] = {
	{"SESSION", false, 0},
	{"RULE", false, 1},
	{"SERVICE", false, 4},
	{"FROM", false, 3},
	{"TTY", false, 5},
	{"LEADER", true, 0},
	{"AGE", true, 2},
};

#define COLUMNS ARRAY_SIZE(columns)

struct row {
	char text[COLUMNS][CELL_SIZE];
};

static void fill_row(struct row *row, const struct entry *entry)
{
	const struct session *session = entry->session;
	char name[sizeof session->user + 16];
	size_t i = 0;

	snprintf(name, sizeof name, "%s/%u", session->user, session->number);
	pasteable(name, row->text[i++], CELL_SIZE);
	cell_word(row->text[i++], session->rule, session->verified);
	cell_word(row->text[i++], entry->service, session->verified);
	cell_word(row->text[i++], entry->from, session->verified);
	cell_word(row->text[i++], entry->tty, session->verified);
	cell_number(row->text[i++], (unsigned)entry->leader);
	if (entry->age >= 0)
		cell_age(row->text[i], entry->age);
}

static int show_rows(const struct entries *entries, size_t width, size_t most)
{
	_cleanup_free_ struct row *rows = calloc(entries->count, sizeof *rows);
	_cleanup_free_ char **cells = calloc(entries->count * COLUMNS, sizeof *cells);

	if (!rows || !cells)
		return -ENOMEM;
	for (size_t i = 0; i < entries->count; i++) {
		fill_row(&rows[i], &entries->list[i]);
		for (size_t column = 0; column < COLUMNS; column++)
			cells[i * COLUMNS + column] = rows[i].text[column];
	}
	table_show(columns, COLUMNS, cells, entries->count, most, width, stdout);
	if (most && entries->count > most)
		printf("and %zu more\n", entries->count - most);
	return 0;
}

int list_logins_table(const struct sessions *sessions, size_t width, size_t height)
{
	struct entries entries;
	int result = find(sessions, &entries);

	if (!result && entries.count)
		result = show_rows(&entries, width, height > 3 ? height - 3 : 0);
	else if (!result)
		fputs("no login is isolated\n", height ? stdout : stderr);
	free(entries.list);
	return result;
}

/* ---- JSON ---- */

static void json_known(struct json *json, const char *key, const char *text)
{
	json_string(json, key, *text ? text : NULL);
}

static void json_entry(struct json *json, const struct entry *entry)
{
	const struct session *session = entry->session;
	char name[sizeof session->user + 16];

	snprintf(name, sizeof name, "%s/%u", session->user, session->number);
	json_open(json, NULL, '{');
	json_string(json, "session", name);
	json_string(json, "user", session->user);
	json_number(json, "uid", session->uid);
	json_known(json, "rule", session->rule);
	json_bool(json, "verified", session->verified);
	json_known(json, "service", entry->service);
	json_known(json, "from", entry->from);
	json_known(json, "tty", entry->tty);
	if (entry->leader)
		json_number(json, "leader", entry->leader);
	else
		json_null(json, "leader");
	if (entry->age >= 0)
		json_number(json, "age", entry->age);
	else
		json_null(json, "age");
	json_close(json, '}');
}

int list_logins_json(const struct sessions *sessions)
{
	struct json json = {.stream = stdout};
	struct entries entries;
	int result = find(sessions, &entries);

	if (!result) {
		json_open(&json, NULL, '{');
		json_open(&json, "logins", '[');
		for (size_t i = 0; i < entries.count; i++)
			json_entry(&json, &entries.list[i]);
		json_close(&json, ']');
		json_bool(&json, "complete", !sessions->own_only && !sessions->unseen);
		json_close(&json, '}');
		fputc('\n', stdout);
	}
	free(entries.list);
	return result;
}
