#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "shell/ctl/output/json.h"

static struct json json;
static bool in_rule; /* the object of the rule being tried has begun */

static void show_question(const struct explanation *explanation)
{
	json = (struct json){.stream = stdout};
	json_open(&json, NULL, '{');
	json_string(&json, "user", explanation->login->user);
	json_number(&json, "uid", explanation->login->uid);
	json_number(&json, "gid", explanation->login->gid);
	json_string(&json, "service", explanation->service);
	json_string(&json, "from", explanation->from);
	json_string(&json, "tty", explanation->tty);
	json_open(&json, "rules", '[');
}

static void show_place(const struct rules_place *place)
{
	json_string(&json, "file", place->file);
	if (place->file)
		json_number(&json, "line", place->line);
	else
		json_null(&json, "line");
}

/* null: unknown, or it makes no difference */
static void show_answer(enum truth answer)
{
	if (answer == TRUTH_UNKNOWN)
		json_null(&json, "matched");
	else
		json_bool(&json, "matched", answer == TRUTH_YES);
}

/* The rest of what is known of the rule comes last, after its matchers. */
static void begin_rule(const char *name)
{
	if (in_rule)
		return;
	json_open(&json, NULL, '{');
	json_string(&json, "rule", name);
	json_open(&json, "matchers", '[');
	in_rule = true;
}

static void hear_matcher(const struct rules_matcher *matcher)
{
	const struct pattern_reason *reason = matcher->reason;
	char pattern[300];

	begin_rule(matcher->place.rule);
	json_open(&json, NULL, '{');
	json_string(&json, "key", matcher->key);
	json_string(&json, "list", matcher->list);
	show_place(&matcher->place);
	json_open(&json, "values", '[');
	for (size_t i = 0; i < matcher->count; i++)
		if (matcher->values[i])
			json_string(&json, NULL, matcher->values[i]);
	json_close(&json, ']');
	show_answer(matcher->answer);
	if (reason->pattern)
		snprintf(pattern, sizeof pattern, "%s%.*s", reason->negated ? "!" : "",
			(int)reason->length, reason->pattern);
	json_string(&json, "pattern", reason->pattern ? pattern : NULL);
	json_close(&json, '}');
}

static void hear_rule(const struct rules_place *place, enum truth answer)
{
	begin_rule(place->rule);
	json_close(&json, ']');
	show_place(place);
	show_answer(answer);
	json_close(&json, '}');
	in_rule = false;
}

static const char *source_name(const struct rules_setting *setting)
{
	const char *rule = setting->place.rule;

	if (!rule)
		return "built-in";
	return setting->preset ? "preset" : !strcmp(rule, "defaults") ? "defaults" : "rule";
}

static void show_setting(const struct explanation *explanation, const struct rules_setting *setting)
{
	char text[256];

	json_open(&json, settings[setting->id].name, '{');
	json_string(&json, "value", explain_outcome(explanation, setting, text, sizeof text));
	json_string(&json, "written", setting->value);
	json_string(&json, "source", source_name(setting));
	show_place(&setting->place);
	json_close(&json, '}');
}

static void show_outcome(const struct explanation *explanation)
{
	const struct policy *policy = &explanation->policy;
	bool decided = !*explanation->error.text;

	json_close(&json, ']');
	json_string(&json, "error", decided ? NULL : explanation->error.text);
	json_string(&json, "doubt",
		*explanation->login->doubt.text ? explanation->login->doubt.text : NULL);
	if (decided)
		json_bool(&json, "isolate", policy->isolate);
	else
		json_null(&json, "isolate");
	json_bool(&json, "observe", policy->observe);
	json_string(&json, "rule", decided && *policy->rule ? policy->rule : NULL);
	json_open(&json, "settings", '{');
	for (size_t i = 0; decided && i < explanation->count; i++)
		show_setting(explanation, &explanation->settings[i]);
	json_close(&json, '}');
	json_close(&json, '}');
	fputc('\n', stdout);
}

const struct explain_view explain_as_json = {show_question, hear_matcher, hear_rule, show_outcome};
