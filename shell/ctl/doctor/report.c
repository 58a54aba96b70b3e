#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/common/array.h"
#include "doctor.h"
#include "remedy.h"
#include "shell/ctl/output/json.h"
#include "shell/ctl/output/printable.h"
#include "shell/ctl/output/terminal.h"

#define SUBJECT_WIDTH_MAX 32
#define RESET "\033[0m"

static const struct {
	const char *name, *colour;
	const char *one, *many; /* in the summary */
} verdicts[] = {
	[VERDICT_OK] = {"ok", "\033[32m", "ok", "ok"},
	[VERDICT_WARNING] = {"warning", "\033[33m", "warning", "warnings"},
	[VERDICT_PROBLEM] = {"problem", "\033[1;31m", "problem", "problems"},
	[VERDICT_UNSEEN] = {"unseen", "\033[36m", "could not be seen", "could not be seen"},
};

void doctor_add(
	struct doctor *doctor, enum verdict verdict, const char *subject, const char *format, ...)
{
	struct finding finding = {.verdict = verdict, .subject = strdup(subject)};
	struct finding *findings;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&finding.why, format, args);
	va_end(args);
	findings = reallocarray(doctor->findings, doctor->count + 1, sizeof *findings);
	if (findings)
		doctor->findings = findings;
	if (!findings || !finding.subject || length < 0) {
		doctor->lost = true;
		free(finding.subject);
		if (length >= 0)
			free(finding.why);
		return;
	}
	printable(finding.subject);
	printable(finding.why);
	findings[doctor->count++] = finding;
}

void doctor_remedy(struct doctor *doctor, const char *format, ...)
{
	struct finding *last = doctor->count ? &doctor->findings[doctor->count - 1] : NULL;
	va_list args;
	int length;

	if (!last || doctor->lost)
		return;
	free(last->remedy);
	va_start(args, format);
	length = vasprintf(&last->remedy, format, args);
	va_end(args);
	if (length < 0) {
		last->remedy = NULL;
		doctor->lost = true;
		return;
	}
	if (!remedy_is_ours(doctor, last->remedy)) {
		free(last->remedy);
		last->remedy = strdup("# by hand: it is not a file of nsisolate, sshd or PAM");
	}
	if (last->remedy)
		printable(last->remedy);
	else
		doctor->lost = true;
}

static bool same(const char *left, const char *right)
{
	return left == right || (left && right && !strcmp(left, right));
}

/* A line that many stacks include is one fault, not many. */
static bool is_repeated(const struct doctor *doctor, size_t index)
{
	const struct finding *finding = &doctor->findings[index];

	for (size_t i = 0; i < index; i++)
		if (doctor->findings[i].verdict == finding->verdict &&
			same(doctor->findings[i].subject, finding->subject) &&
			same(doctor->findings[i].why, finding->why) &&
			same(doctor->findings[i].remedy, finding->remedy))
			return true;
	return false;
}

size_t doctor_tally(const struct doctor *doctor, enum verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < doctor->count; i++)
		count += doctor->findings[i].verdict == verdict && !is_repeated(doctor, i);
	return count;
}

static int subject_width(const struct doctor *doctor)
{
	size_t width = 0;

	for (size_t i = 0; i < doctor->count; i++) {
		size_t length = strlen(doctor->findings[i].subject);

		if (length > width && length <= SUBJECT_WIDTH_MAX)
			width = length;
	}
	return (int)width;
}

static void show_summary(const struct doctor *doctor)
{
	static const enum verdict order[] = {
		VERDICT_PROBLEM, VERDICT_WARNING, VERDICT_UNSEEN, VERDICT_OK};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		size_t count = doctor_tally(doctor, order[i]);

		printf("%s%zu %s", i ? ", " : "\n", count,
			count == 1 ? verdicts[order[i]].one : verdicts[order[i]].many);
	}
	fputc('\n', stdout);
}

void doctor_show_text(const struct doctor *doctor)
{
	bool colour = terminal_style(stdout).colour;
	int width = subject_width(doctor);

	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *finding = &doctor->findings[i];

		if (is_repeated(doctor, i))
			continue;
		printf("%s%-7s%s  %-*s  %s\n", colour ? verdicts[finding->verdict].colour : "",
			verdicts[finding->verdict].name, colour ? RESET : "", width,
			finding->subject, finding->why);
		if (finding->remedy)
			printf("             %s\n", finding->remedy);
	}
	show_summary(doctor);
}

void doctor_show_json(const struct doctor *doctor)
{
	struct json json = {.stream = stdout};

	json_open(&json, NULL, '[');
	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *finding = &doctor->findings[i];

		if (is_repeated(doctor, i))
			continue;
		json_open(&json, NULL, '{');
		json_string(&json, "verdict", verdicts[finding->verdict].name);
		json_string(&json, "subject", finding->subject);
		json_string(&json, "why", finding->why);
		json_string(&json, "remedy", finding->remedy);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	fputc('\n', stdout);
}
