/*
 * nsisolatectl explain - which rule a login falls under, why no earlier rule matches, and what the
 * login gets.
 *
 * The rules are matched by the same code that a login uses; this only observes and shows.
 */
#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "conf/common/kinds.h"
#include "shell/ctl/command.h"
#include "shell/ctl/nss_probe.h"
#include "shell/ctl/option.h"
#include "shell/ctl/output/terminal.h"

#define DEFAULT_SERVICE "sshd"

enum status { STATUS_DECIDED = 0, STATUS_UNDECIDED = 2 };

/* What was asked. */
struct question {
	const char *user, *service, *from, *tty, *config;
	bool json;
};

/* The answer to it. */
struct telling {
	const struct explain_view *view;
	struct explanation explanation;
};

const char *explain_outcome(const struct explanation *explanation,
	const struct rules_setting *setting, char *text, size_t size)
{
	const struct policy *policy = &explanation->policy;

	if (setting->id == KEY_HOSTNAME)
		return *policy->hostname ? policy->hostname : NULL;
	if (setting->id == KEY_DOMAINNAME)
		return *policy->domainname ? policy->domainname : NULL;
	if (setting->id != KEY_NAMESPACES)
		return setting->value;
	*text = '\0';
	for (size_t i = 0; i < kinds_count; i++)
		if (policy->kinds & kinds[i].flag)
			snprintf(text + strlen(text), size - strlen(text), "%s%s",
				*text ? ", " : "", kinds[i].name);
	return text;
}

static void hear_matcher(void *data, const struct rules_matcher *matcher)
{
	struct telling *telling = data;

	telling->view->matcher(matcher);
}

static void hear_rule(void *data, const struct rules_place *place, enum truth answer)
{
	struct telling *telling = data;

	telling->view->rule(place, answer);
}

static void hear_setting(void *data, const struct rules_setting *setting)
{
	struct explanation *explanation = &((struct telling *)data)->explanation;

	explanation->settings[explanation->count++] = *setting;
}

static enum status explain_login(
	const struct question *question, const struct rules *rules, struct login *login)
{
	struct telling telling = {
		.view = question->json ? &explain_as_json : &explain_as_text,
		.explanation = {.service = question->service,
			.from = question->from,
			.tty = question->tty,
			.login = login},
	};
	struct rules_listener listener = {hear_matcher, hear_rule, hear_setting, &telling};
	struct explanation *explanation = &telling.explanation;

	login->service = question->service;
	login->rhost = question->from;
	login->tty = question->tty;
	telling.view->begin(explanation);
	rules_explain(rules, login, &explanation->policy, &listener, &explanation->error);
	telling.view->end(explanation);
	return *explanation->error.text ? STATUS_UNDECIDED : STATUS_DECIDED;
}

static enum status explain(const struct question *question)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct diagnostics_style style = terminal_style(stderr);
	struct error error = {0};
	struct rules *rules;
	struct login login;
	enum status status = STATUS_UNDECIDED;

	if (rules_load(question->config, &rules, &diagnostics) < 0) {
		diagnostics_show(&diagnostics, &style, stderr);
		fputs(NAME ": while the configuration is broken, only uid 0 gets in\n", stderr);
	} else if (nss_find_login(&login, question->user, &error) < 0) {
		fprintf(stderr, NAME ": %s\n", error.text);
	} else {
		status = explain_login(question, rules, &login);
		login_free(&login);
	}
	rules_free(rules);
	diagnostics_free(&diagnostics);
	return status;
}

int command_explain(int argc, char **argv)
{
	struct question question = {.service = DEFAULT_SERVICE, .config = NSISOLATE_CONF};
	int taken;

	for (int i = 1; i < argc; i += taken) {
		taken = option_take("--service", argc - i, argv + i, &question.service);
		if (!taken)
			taken = option_take("--from", argc - i, argv + i, &question.from);
		if (!taken)
			taken = option_take("--tty", argc - i, argv + i, &question.tty);
		if (!taken)
			taken = option_take("--config", argc - i, argv + i, &question.config);
		if (taken)
			continue;
		taken = 1;
		if (!strcmp(argv[i], "--json"))
			question.json = true;
		else if (argv[i][0] == '-' || question.user)
			return command_usage(argv[0]);
		else
			question.user = argv[i];
	}
	return question.user ? (int)explain(&question) : command_usage(argv[0]);
}
