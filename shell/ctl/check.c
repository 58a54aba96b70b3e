/*
 * nsisolatectl check - what is wrong with a configuration: what a login would
 * find, and what only an admin's question is worth asking NSS for.
 */
#include <string.h>

#include "command.h"
#include "json.h"
#include "rules.h"
#include "terminal.h"

enum status { STATUS_CLEAN, STATUS_WARNINGS, STATUS_ERRORS };

static void show_json(const struct diagnostics *diagnostics)
{
	struct json json = {.stream = stdout};

	json_open(&json, NULL, '{');
	json_open(&json, "findings", '[');
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = &diagnostics->list[i];

		json_open(&json, NULL, '{');
		json_string(&json, "severity", diagnostics_severity_name(diagnostic->severity));
		json_string(&json, "file", diagnostic->file);
		json_number(&json, "line", diagnostic->line);
		json_number(&json, "column", diagnostic->column);
		json_string(&json, "text", diagnostic->text);
		json_string(&json, "source", diagnostic->source);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_number(&json, "errors", (long long)diagnostics->errors);
	json_close(&json, '}');
	fputc('\n', stdout);
}

static enum status check(const char *file, bool json)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct diagnostics_style style = terminal_style(stdout);
	struct rules *rules;
	enum status status = STATUS_CLEAN;

	if (rules_load(file, &rules, &diagnostics) == 0)
		rules_lint(rules, &diagnostics);
	if (json)
		show_json(&diagnostics);
	else
		diagnostics_show(&diagnostics, &style, stdout);
	if (diagnostics.errors || diagnostics.lost)
		status = STATUS_ERRORS;
	else if (diagnostics.count)
		status = STATUS_WARNINGS;
	rules_free(rules);
	diagnostics_free(&diagnostics);
	return status;
}

int command_check(int argc, char **argv)
{
	const char *file = NULL;
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (argv[i][0] == '-' || file)
			return command_usage(argv[0]);
		else
			file = argv[i];
	}
	return (int)check(file ? file : NSISOLATE_CONF, json);
}
