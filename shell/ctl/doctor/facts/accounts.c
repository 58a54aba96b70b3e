#include "accounts.h"

#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/login/name_service.h"
#include "shell/ctl/doctor/doctor.h"

#define PEOPLE_MAX 20000
#define SHELL_SERVICE "nsisolate-shell"

static bool is_our_shell(const char *shell)
{
	const char *slash = strrchr(shell, '/');

	return !strcmp(slash ? slash + 1 : shell, SHELL_SERVICE);
}

static bool add_person(struct people *people, const struct passwd *entry)
{
	struct person *list;
	struct error error;
	struct login login;
	ENTRY known = {.data = NULL}, *found;

	/* an account can be in two services of nsswitch.conf; the first one counts */
	if (people_find(people, entry->pw_name))
		return true;
	list = reallocarray(people->list, people->count + 1, sizeof *list);
	if (!list)
		return false;
	people->list = list;
	if (login_by_entry(&login, entry, &error) < 0)
		return false;
	known = (ENTRY){login.user, (void *)(people->count + 1)}; /* the list moves */
	if (!hsearch_r(known, ENTER, &found, &people->names)) {
		login_free(&login);
		return false;
	}
	list[people->count++] = (struct person){
		.login = login,
		.uses_shell = is_our_shell(login.shell),
	};
	return true;
}

bool people_service_lists(const char *service)
{
	static const char *const listing[] = {"files", "compat", "db", "systemd", "altfiles"};

	for (size_t i = 0; i < ARRAY_SIZE(listing); i++)
		if (!strcmp(service, listing[i]))
			return true;
	return false;
}

bool people_find_unlisted(const char *database, char *service, size_t size)
{
	char services[256], *cursor = services, *word;

	nss_services(database, services, sizeof services);
	while ((word = strtok_r(NULL, " ", &cursor))) {
		if (people_service_lists(word))
			continue;
		snprintf(service, size, "%s", word);
		return true;
	}
	return false;
}

static void find_untold(struct people *people)
{
	char service[64];

	if (people_find_unlisted("passwd", service, sizeof service))
		snprintf(people->untold, sizeof people->untold,
			"accounts from '%s' (nsswitch.conf) are examined only as far as it lists "
			"them",
			service);
}

/* 0, or a negative errno with the @error where it cannot be decided. */
static int match_rules(const struct facts *facts, struct person *person, const char *service,
	struct policy *policy, struct error *error)
{
	const struct rules *rules = doctor_rules(facts, service);

	*policy = (struct policy){.isolate = false};
	if (!rules)
		return 0;
	person->login.service = service;
	/*
	 * sshd uses this name while no terminal is known; other services are not asked for one here
	 */
	person->login.tty = !strcmp(service, "sshd") ? "ssh" : NULL;
	return rules_match(rules, &person->login, policy, error);
}

static bool match_service(
	struct facts *facts, struct person *person, const char *service, struct policy *policy)
{
	struct error error = {0};

	if (match_rules(facts, person, service, policy, &error) < 0) {
		snprintf(facts->people.untold, sizeof facts->people.untold, "%.200s", error.text);
		return false;
	}
	person->shares_processes |= policy->isolate && !(policy->kinds & CLONE_NEWPID);
	return policy->isolate;
}

bool person_is_isolated_by(const struct facts *facts, struct person *person, const char *service)
{
	struct policy policy;
	struct error error = {0};

	return match_rules(facts, person, service, &policy, &error) == 0 && policy.isolate;
}

void person_comes_by_shell(struct facts *facts, struct person *person)
{
	facts->shell_used = true;
	person->by_shell = match_service(facts, person, SHELL_SERVICE, &person->policy);
}

static void match_person(struct facts *facts, struct person *person)
{
	struct policy policy;
	struct rules_summary summary;

	for (size_t i = 0; i < facts->stacks.count; i++) {
		const struct stack *stack = &facts->stacks.list[i];

		if (stack->fragment || !stack_has_module(stack) ||
			!doctor_rule_for(facts, stack->service, &summary) ||
			!match_service(facts, person, stack->service, &policy))
			continue;
		person->by_module = true;
		person->no_manager |= policy.user_manager == USER_MANAGER_OFF;
		if (!strcmp(stack->service, "sshd"))
			person->by_sshd = true;
	}
	if (person->uses_shell)
		person_comes_by_shell(facts, person);
}

void people_show_progress(const struct people *people, size_t done)
{
	if (people->count < 500 || !isatty(STDERR_FILENO))
		return;
	if (done == people->count)
		fputs("\r\033[K", stderr);
	else if (done % 500 == 0)
		fprintf(stderr, "\r%zu of %zu accounts", done, people->count);
}

void people_read(struct facts *facts)
{
	struct people *people = &facts->people;
	const struct passwd *entry;
	size_t count = 0;

	if (!hcreate_r((size_t)2 * PEOPLE_MAX, &people->names)) {
		facts->lost = true;
		return;
	}
	setpwent();
	while (count < PEOPLE_MAX && (entry = getpwent())) {
		facts->lost |= !add_person(people, entry);
		count++;
	}
	if (count == PEOPLE_MAX)
		snprintf(people->untold, sizeof people->untold,
			"only the first %d accounts are examined", PEOPLE_MAX);
	endpwent();
	find_untold(people);
	people_read_groups(facts);
	for (size_t i = 0; i < people->count; i++) {
		match_person(facts, &people->list[i]);
		people_show_progress(people, i + 1);
	}
}

const struct person *people_find(const struct people *people, const char *user)
{
	ENTRY *found, asked = {.key = (char *)user};

	/* out of memory: no table */
	if (!people->count ||
		!hsearch_r(asked, FIND, &found, (struct hsearch_data *)&people->names))
		return NULL;
	return &people->list[(size_t)found->data - 1];
}

bool person_is_isolated(const struct person *person)
{
	return person->by_module || person->by_shell;
}

void people_free(struct people *people)
{
	for (size_t i = 0; i < people->count; i++) {
		login_free(&people->list[i].login);
		free(people->list[i].sshd);
	}
	free(people->list);
	hdestroy_r(&people->names);
}
