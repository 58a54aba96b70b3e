/* `user_manager = off`: whether pam_systemd is asked for it, and who has a manager all the same. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/login/logind.h"
#include "pam/pam.h"

/* A rule that says so and may isolate logins through @service; false: there is none. */
static bool find_off(const struct facts *facts, const char *service, struct rules_summary *summary)
{
	const struct rules *rules = doctor_rules(facts, service);

	for (size_t i = 0; rules && i < rules_count(rules); i++) {
		rules_summarize(rules, i, summary);
		if (summary->policy.isolate && summary->policy.user_manager == USER_MANAGER_OFF &&
			(!summary->service ||
				pattern_match(summary->service, PATTERN_WORD, &service, 1, NULL)))
			return true;
	}
	return false;
}

static const char *conf_of(const struct pam_line *line)
{
	for (size_t i = 0; i < line->argument_count; i++)
		if (!strncmp(line->arguments[i], "conf=", 5))
			return line->arguments[i] + 5;
	return NSISOLATE_CONF;
}

/* Whether the line of ours that closes stands before pam_systemd, and nothing of users' between. */
static void check_stack(
	struct doctor *doctor, const struct stack *stack, const struct rules_summary *rule)
{
	const struct pam_verdict *verdict = &stack->verdict;
	const struct pam_line *opener = pam_verdict_opener(verdict), *closer = NULL,
			      *between = NULL;
	bool asked = false; /* without pam_systemd nobody starts a manager */
	char subject[80];

	for (const struct pam_line *line = verdict->lines; opener && line < opener; line++) {
		if (line->type != 's' || !(line->part & LINE_REACHED))
			continue;
		asked = pam_line_is(line, "pam_systemd");
		if (asked)
			break;
		if (line->ours && pam_line_has(line, "close") &&
			!strcmp(conf_of(line), conf_of(opener)))
			closer = line;
		else if (closer && pam_line_is(line, "pam_env") &&
			 pam_line_has(line, "user_readenv=1"))
			between = line;
	}
	snprintf(subject, sizeof subject, "PAM %s", stack->service);
	if (opener && !closer) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"the rule [%s] says user_manager = off, and no line `" LINE
			" close` stands before pam_systemd: these logins are refused",
			rule->place.rule);
		remedy_by_pair(doctor, stack);
	} else if (between && asked) {
		doctor_add(doctor, VERDICT_PROBLEM, subject,
			"%s:%u: before pam_systemd users set variables of their own: one of them "
			"starts the manager that the rule [%s] wants off, and then the login is "
			"refused",
			between->file, between->number, rule->place.rule);
		doctor_remedy(doctor, "# move that line behind pam_systemd");
	}
}

static void check_running(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->facts->people.count; i++) {
		const struct person *person = &doctor->facts->people.list[i];

		if (!person->no_manager || !logind_manager_runs(person->login.uid))
			continue;
		doctor_add(doctor, VERDICT_WARNING, "user manager",
			"%s's runs, although a rule says user_manager = off: another login, "
			"linger, or one from before the rule started it",
			person->login.user);
		doctor_remedy(doctor, "systemctl stop user@%u.service   # ends what runs there",
			person->login.uid);
	}
}

/* ---- what opens it again ---- */

#define RULES NSISOLATE_PRIVACY "/polkit.rules"
#define RULES_FILE "/etc/polkit-1/rules.d/40-nsisolate.rules"

/*
 * loginctl enable-linger, which logind asks polkit about.  With a systemd that knows `off` polkit
 * is newer than 0.105, which had no rules.
 */
static void check_self_linger(struct doctor *doctor)
{
	if (access("/usr/share/polkit-1/actions/org.freedesktop.login1.policy", F_OK) < 0)
		return;
	/* only polkit and root look into its directories */
	if (!doctor->facts->root) {
		doctor_add(doctor, VERDICT_UNSEEN, "linger", "only root sees polkit's rules");
		return;
	}
	if (access(RULES_FILE, R_OK) == 0)
		return;
	doctor_add(doctor, VERDICT_WARNING, "linger",
		"a rule says user_manager = off, but users can have theirs started at boot: "
		"loginctl enable-linger");
	doctor_remedy(doctor, "ln -sf " RULES " " RULES_FILE);
}

void doctor_check_managers(struct doctor *doctor)
{
	struct rules_summary rule;
	bool off = false;

	for (size_t i = 0; i < doctor->facts->stacks.count; i++) {
		const struct stack *stack = &doctor->facts->stacks.list[i];

		if (stack->fragment || !stack_has_module(stack) ||
			rules_never_isolate(stack->service) ||
			!find_off(doctor->facts, stack->service, &rule))
			continue;
		off = true;
		check_stack(doctor, stack, &rule);
	}
	if (!off)
		return;
	check_running(doctor);
	check_self_linger(doctor);
}
