/*
 * The PAM stacks: whether our module is where it has to be, and does there what it should.
 */
#include "doctor_pam.h"

#include <stdio.h>
#include <string.h>

/* Lines of ours that make no sense together; returns the one that opens, or the stack's end. */
static size_t check_lines(struct judge *judge)
{
	size_t first = judge->stack->count;
	bool close = false;
	struct word word;

	for (size_t i = 0; i < judge->stack->count; i++) {
		const struct stack_line *line = &judge->stack->lines[i];
		const struct stack_place *place = stack_line_place(line);

		if (!stack_line_is_ours(line))
			continue;
		if (!line->session) {
			judge->clean = false;
			doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
				"%s:%u: " MODULE " is for session lines, and refuses as %s",
				place->file, place->line, line->type);
			judge_mend(judge, line, "d");
			continue;
		}
		judge_line(judge, line);
		close |= judge_closes(line);
		if (judge_opens(line) && first < judge->stack->count) {
			judge->clean = false;
			doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
				"%s:%u: " MODULE " opens a second time, and does nothing then",
				place->file, place->line);
			judge_mend(judge, line, "d");
		} else if (judge_opens(line)) {
			first = i;
		}
	}
	if (first == judge->stack->count && close) {
		judge->clean = false;
		doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
			"%s: " MODULE " stands there with `close` only: no login is isolated",
			judge->stack->path);
		doctor_mend(judge->doctor, "echo '" LINE " open' >>%s",
			doctor_word(&word, judge->stack->path));
	} else if (first < judge->stack->count && !close) {
		judge->clean = false;
		doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
			"%s: " MODULE " stands there with `open` only: a session lasts until its "
			"application ends",
			judge->stack->path);
		doctor_mend(judge->doctor, "sed -i '1i " LINE " close' %s",
			doctor_word(&word, judge->stack->path));
	}
	return first;
}

static void judge_stack(struct judge *judge)
{
	const struct stack_line *line;
	size_t ours = check_lines(judge);

	if (ours == judge->stack->count)
		return;
	judge_place(judge, ours);
	line = &judge->stack->lines[ours];
	if (!judge->clean)
		return;
	doctor_add(judge->doctor, VERDICT_OK, judge->subject, "%s:%u: in its place, and %s",
		stack_line_place(line)->file, stack_line_place(line)->line,
		judge->wanted ? "refuses what cannot be isolated"
		: doctor_rules(judge->doctor, judge->stack->service)
			? "no rule isolates these logins"
			: "the rules are not known");
}

/* Services that somebody logs in by; what else has a stack acts for who is logged in. */
static bool is_way_in(const char *service)
{
	static const char *const ways[] = {"sshd", "login", "remote", "rlogin", "gdm-password",
		"gdm-autologin", "lightdm", "sddm", "xdm", "lxdm", "xrdp-sesman", "cockpit"};

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (!strcmp(ways[i], service))
			return true;
	return false;
}

static void report_missing(struct judge *judge)
{
	bool named = doctor_is_named(&judge->rule, judge->stack->service);
	struct word word;

	doctor_add(judge->doctor, named ? VERDICT_PROBLEM : VERDICT_WARNING, judge->subject,
		"the rule [%s] isolates %s logins, and %s does not name " MODULE,
		judge->rule.place.rule, judge->stack->service, judge->stack->path);
	doctor_mend(judge->doctor, "echo '" LINE "' >>%s", doctor_word(&word, judge->stack->path));
}

static void check_stack(struct doctor *doctor, const struct stack *stack)
{
	struct judge judge = {.doctor = doctor, .stack = stack, .clean = true};
	bool there = false;

	snprintf(judge.subject, sizeof judge.subject, "PAM %s", stack->service);
	judge.wanted = doctor_rule_for(doctor, stack->service, &judge.rule);
	for (size_t i = 0; i < stack->count; i++)
		there |= stack_line_is_ours(&stack->lines[i]);
	if (!strcmp(stack->service, RULES_NEVER_SERVICE)) {
		if (stack_has_module(stack))
			doctor_add(doctor, VERDICT_OK, judge.subject,
				"has " MODULE ", which never isolates this service");
		return;
	}
	if (*stack->unread &&
		(there || judge.wanted ||
			(!doctor_rules(doctor, stack->service) && is_way_in(stack->service)))) {
		doctor_add(doctor, VERDICT_UNSEEN, judge.subject, "%s", stack->unread);
		judge.clean = false;
	}
	if (there)
		judge_stack(&judge);
	if (judge.wanted && !stack_has_module(stack) && !*stack->unread &&
		(is_way_in(stack->service) || doctor_is_named(&judge.rule, stack->service)))
		report_missing(&judge);
}

void doctor_check_pam(struct doctor *doctor)
{
	bool used = doctor->shell_used;

	if (*doctor->stacks.unread)
		doctor_add(doctor, VERDICT_UNSEEN, "PAM", "%s", doctor->stacks.unread);
	for (size_t i = 0; i < doctor->stacks.count; i++) {
		const struct stack *stack = &doctor->stacks.list[i];

		if (!stack->fragment)
			check_stack(doctor, stack);
		used |= !stack->fragment && stack_has_module(stack);
	}
	if (!used && !*doctor->stacks.unread)
		doctor_add(doctor, VERDICT_PROBLEM, "PAM",
			"no stack names " MODULE ", and nobody's login shell is nsisolate-shell: "
			"nobody is isolated");
	if (!used && !*doctor->stacks.unread)
		doctor_mend(doctor, "echo '" LINE "' >>/etc/pam.d/sshd");
}
