#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "conf/common/array.h"
#include "conf/rules/rules.h"
#include "shell/ctl/command.h"
#include "shell/ctl/output/json.h"
#include "shell/ctl/output/table.h"
#include "shell/ctl/output/terminal.h"

static const char *cell(const struct finding *finding)
{
	return finding->seen == SEEN_YES ? "y" : finding->seen == SEEN_NO ? "-" : "n/a";
}

static const char *remark(const struct census *census, size_t i)
{
	const char *closed_by = channels_get(i)->closed_by;

	if (census->plain[i].seen == SEEN_NOTHING_THERE)
		return census->plain[i].why;
	return closed_by ? closed_by : "not closed: see nsisolate(7)";
}

static void show_question(const struct census *census)
{
	const struct policy *policy = &census->policy;

	printf("%s (uid %u) by %s: ", census->login.user, census->login.uid, census->service);
	if (policy->isolate)
		printf("isolated by rule [%s]\n", policy->rule);
	else if (*policy->rule)
		printf("not isolated by rule [%s]%s\n", policy->rule,
			policy->observe ? ", which is on trial" : "");
	else
		puts(rules_never_isolate(census->service) ? "not isolated: the service never is"
							  : "not isolated: no rule matches");
}

static const struct table_column columns[] = {
	{"CHANNEL", false, 0},
	{"PLAIN", false, 0},
	{"SESSION", false, 0},
	{"CLOSED BY", false, 1},
};

#define COLUMNS ARRAY_SIZE(columns)

void census_show_text(const struct census *census)
{
	char *cells[CHANNELS_MAX * COLUMNS];
	size_t count = channels_count();

	show_question(census);
	for (size_t i = 0; i < count; i++) {
		char **row = cells + i * COLUMNS;

		row[0] = (char *)channels_get(i)->text;
		row[1] = (char *)cell(&census->plain[i]);
		row[2] = (char *)cell(&census->session[i]);
		row[3] = (char *)remark(census, i);
	}
	table_show(columns, COLUMNS, cells, count, 0, terminal_style(stdout).width, stdout);
	fflush(stdout);
	for (size_t i = 0; i < count; i++)
		if (census_is_broken(census, i))
			fprintf(stderr, NAME ": open although the rule [%s] has %s: %s\n",
				census->policy.rule, channels_get(i)->closed_by,
				channels_get(i)->text);
}

static void show_seen(struct json *json, const char *key, const struct finding *finding)
{
	if (finding->seen == SEEN_NOTHING_THERE)
		json_null(json, key);
	else
		json_bool(json, key, finding->seen == SEEN_YES);
}

void census_show_json(const struct census *census)
{
	struct json json = {.stream = stdout};

	json_open(&json, NULL, '{');
	json_string(&json, "user", census->login.user);
	json_number(&json, "uid", census->login.uid);
	json_string(&json, "service", census->service);
	json_bool(&json, "isolate", census->policy.isolate);
	json_string(&json, "rule", *census->policy.rule ? census->policy.rule : NULL);
	json_open(&json, "channels", '[');
	for (size_t i = 0; i < channels_count(); i++) {
		const struct channel *channel = channels_get(i);
		const struct finding *plain = &census->plain[i];

		json_open(&json, NULL, '{');
		json_string(&json, "channel", channel->name);
		json_string(&json, "text", channel->text);
		show_seen(&json, "plain", plain);
		show_seen(&json, "session", &census->session[i]);
		json_string(&json, "closed_by", channel->closed_by);
		json_bool(&json, "broken", census_is_broken(census, i));
		json_string(&json, "why", plain->seen == SEEN_NOTHING_THERE ? plain->why : NULL);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}
