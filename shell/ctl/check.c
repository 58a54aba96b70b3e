/*
 * nsisolatectl check - what is wrong with a configuration: what a login would find, plus what is
 * worth asking NSS only on an admin's request.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "conf/file/config_file.h"
#include "conf/rules/rules.h"
#include "nss_probe.h"
#include "shell/ctl/output/json.h"
#include "shell/ctl/output/terminal.h"

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

#define SHELL "nsisolate-shell"

/* Whether a rule names it, or it is the login shell of an account. */
static bool is_shell_used(const struct rules *rules)
{
	static const char *const service = SHELL;
	const struct passwd *entry;
	bool used = false;

	for (size_t i = 0; !used && i < rules_count(rules); i++) {
		struct rules_summary summary;

		rules_summarize(rules, i, &summary);
		used = summary.service &&
		       pattern_match(summary.service, PATTERN_WORD, &service, 1, NULL);
	}
	setpwent();
	while (!used && (entry = getpwent())) {
		const char *slash = strrchr(entry->pw_shell, '/');

		used = slash && !strcmp(slash + 1, SHELL);
	}
	endpwent();
	return used;
}

/* Files that root can read, but not everybody who needs to. */
static void check_readable(
	const char *file, const struct rules *rules, struct diagnostics *diagnostics)
{
	char **closed = geteuid() == 0 ? config_file_closed(file) : NULL;
	bool told = closed && *closed && is_shell_used(rules);

	diagnostics->lost |= geteuid() == 0 && !closed;
	for (char **path = closed; path && *path; path++) {
		if (told)
			diagnostics_add(diagnostics, SEVERITY_WARNING, *path, 0, 0, NULL,
				"not readable by everybody: " SHELL
				" refuses its users, as it reads it with their rights");
		free(*path);
	}
	free(closed);
	diagnostics_sort(diagnostics);
}

/* Asks NSS for what the rules name, if NSS answers. */
static void check_names(
	const char *file, const struct rules *rules, struct diagnostics *diagnostics)
{
	struct name_services services;
	bool names = name_services_ask(&services);
	char why[512];

	if (!names) {
		name_services_describe(&services, why, sizeof why);
		diagnostics_add(diagnostics, SEVERITY_WARNING, file, 0, 0, NULL,
			"%s; so users and groups were not checked", why);
	}
	rules_lint(rules, names, diagnostics);
}

static enum status check(const char *file, bool json)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct diagnostics_style style = terminal_style(stdout);
	struct rules *rules;
	enum status status = STATUS_CLEAN;

	if (rules_load(file, &rules, &diagnostics) == 0) {
		check_names(file, rules, &diagnostics);
		config_file_lint(file, &diagnostics);
		check_readable(file, rules, &diagnostics);
	}
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
