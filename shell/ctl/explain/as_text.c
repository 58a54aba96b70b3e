#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "shell/ctl/output/terminal.h"

#define GREEN "\033[1;32m"
#define RED "\033[1;31m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

static bool colour;
static char reason[1024]; /* why the rule being tried does not match */

static const char *paint(const char *escape)
{
	return colour ? escape : "";
}

static void show_question(const struct explanation *explanation)
{
	colour = terminal_style(stdout).colour;
	printf("%s (uid %u) by %s", explanation->login->user, explanation->login->uid,
		explanation->service);
	if (explanation->from)
		printf(" from %s", explanation->from);
	if (explanation->tty)
		printf(" on %s", explanation->tty);
	fputs(":\n", stdout);
}

/* Appends what the login has; of a great many groups only the first. */
static void append_values(FILE *stream, const struct rules_matcher *matcher)
{
	const size_t most = 12;

	for (size_t i = 0; i < matcher->count && i < most; i++)
		fprintf(stream, "%s%.64s", i ? ", " : "",
			matcher->values[i] && *matcher->values[i] ? matcher->values[i] : "unknown");
	if (matcher->count > most)
		fprintf(stream, " and %zu more", matcher->count - most);
	fputs(matcher->count ? ": " : "", stream);
}

static void append_reason(FILE *stream, const struct rules_matcher *matcher)
{
	const struct pattern_reason *why = matcher->reason;
	const char *negation = why->negated ? "!" : "";

	if (matcher->answer == TRUTH_UNKNOWN && !matcher->asked)
		fputs("is not looked up here", stream);
	else if (matcher->answer == TRUTH_UNKNOWN)
		fprintf(stream, "cannot be decided for %s%.*s", negation, (int)why->length,
			why->pattern);
	else if (why->negated)
		fprintf(stream, "excluded by !%.*s", (int)why->length, why->pattern);
	else
		fprintf(stream, "not in %.200s", matcher->list);
}

static void hear_matcher(const struct rules_matcher *matcher)
{
	FILE *stream;

	if (matcher->answer == TRUTH_YES)
		return;
	stream = fmemopen(reason, sizeof reason, "w");
	if (!stream) {
		snprintf(reason, sizeof reason, "%s does not match", matcher->key);
		return;
	}
	fprintf(stream, "%s ", matcher->key);
	append_values(stream, matcher);
	append_reason(stream, matcher);
	fclose(stream);
}

static void hear_rule(const struct rules_place *place, enum truth answer)
{
	bool matches = answer == TRUTH_YES;

	printf("  %s:%u: [%s] %s%s%s\n", place->file, place->line, place->rule,
		paint(matches ? GREEN : DIM), matches ? "matches" : reason, paint(PLAIN));
}

static void show_setting(const struct explanation *explanation, const struct rules_setting *setting)
{
	char text[256];
	const char *value = explain_outcome(explanation, setting, text, sizeof text);

	printf("  %-12s %-22s %s", settings[setting->id].name, value ? value : "-", paint(DIM));
	if (setting->place.rule)
		printf("[%s] %s:%u", setting->place.rule, setting->place.file, setting->place.line);
	else
		fputs("built-in", stdout);
	/* the template is worth showing beside the result */
	if (setting->preset)
		printf(": %s = %s", settings[KEY_PRIVACY].name, setting->preset);
	else if (value && setting->value && strcmp(value, setting->value) != 0)
		printf(": %s", setting->value);
	printf("%s\n", paint(PLAIN));
}

/* What is worth knowing of a rule that does not isolate; nsisolate-shell execs the real shell. */
static bool counts_all_the_same(const struct rules_setting *setting)
{
	return setting->id == KEY_ISOLATE || (setting->id == KEY_SHELL && setting->value);
}

static void show_outcome(const struct explanation *explanation)
{
	const struct policy *policy = &explanation->policy;

	fflush(stdout);
	if (*explanation->error.text) {
		printf("%sundecided%s: %s\n", paint(RED), paint(PLAIN), explanation->error.text);
		printf("This login would be %s.\n",
			explanation->login->uid ? "refused" : "let in, as uid 0 always is");
		return;
	}
	if (*explanation->login->doubt.text)
		printf("%sin doubt%s: %s\n", paint(RED), paint(PLAIN),
			explanation->login->doubt.text);
	if (!*policy->rule) {
		if (rules_never_isolate(explanation->service))
			printf("not isolated: the service %s never is\n", explanation->service);
		else
			puts("not isolated: no rule matches");
		return;
	}
	printf("%s%s%s by rule [%s]%s\n", paint(policy->isolate ? GREEN : DIM),
		policy->isolate ? "isolated" : "not isolated", paint(PLAIN), policy->rule,
		policy->observe ? ", which is on trial; with isolate = yes:" : "");
	for (size_t i = 0; i < explanation->count; i++)
		if (policy->isolate || policy->observe ||
			counts_all_the_same(&explanation->settings[i]))
			show_setting(explanation, &explanation->settings[i]);
}

const struct explain_view explain_as_text = {show_question, hear_matcher, hear_rule, show_outcome};
