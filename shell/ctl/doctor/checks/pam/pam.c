/* The PAM stacks: whether our module isolates the logins that it should, according to libpam. */
#include "pam.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shell/ctl/module_load.h"

void look_add(struct look *look, enum verdict verdict, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	look->clean = false;
	doctor_add(look->doctor, verdict, look->subject, "%s", text);
}

static void add_remedy(const struct look *look)
{
	remedy_by_pair(look->doctor, look->stack);
}

/* ---- the effect on logins ---- */

static void report_refused(struct look *look)
{
	const char *file, *what = "";
	unsigned number;
	char words[512] = "";

	if (!find_culprit(look->stack, &file, &number)) {
		look_add(look, VERDICT_PROBLEM,
			"%s: every login is refused, whatever its modules return",
			look->stack->path);
		return;
	}
	for (size_t i = 0; i < look->verdict->complaint_count && !*what; i++)
		if (!strcmp(look->verdict->complaints[i].file, file) &&
			look->verdict->complaints[i].number == number)
			what = look->verdict->complaints[i].text;
	for (size_t i = 0; i < look->verdict->line_count && !*what; i++) {
		const struct pam_line *line = &look->verdict->lines[i];

		if (line->number == number && !strcmp(line->file, file))
			what = pam_line_fault(line, words, sizeof words);
	}
	look_add(look, VERDICT_PROBLEM, "%s:%u: because of this line every login is refused%s%s",
		file, number, *what ? ": " : "", what);
}

/* The last line that libpam reaches at open where it lets somebody in. */
static const struct pam_line *last_reached(const struct pam_verdict *verdict)
{
	const struct pam_line *last = NULL;

	for (size_t i = 0; i < verdict->line_count; i++)
		if (verdict->lines[i].type == 's' && (verdict->lines[i].part & LINE_LETS_IN))
			last = &verdict->lines[i];
	return last;
}

static void report_none(struct look *look)
{
	const struct pam_line *last = last_reached(look->verdict);
	bool reached = false;

	for (size_t i = 0; i < look->verdict->line_count; i++) {
		const struct pam_line *line = &look->verdict->lines[i];

		reached |= line->ours && line->type == 's' && (line->part & LINE_LETS_IN);
	}
	if (look->verdict->fates & FATE_LET_IN)
		look_add(look, VERDICT_PROBLEM,
			"%s: the control of " MODULE
			" refuses logins that are isolated, and lets in those that "
			"cannot be: no login is isolated",
			look->stack->path);
	else if (reached)
		look_add(look, VERDICT_PROBLEM,
			"%s: " MODULE " stands there with `close` only: no login is isolated",
			look->stack->path);
	else
		look_add(look, VERDICT_PROBLEM,
			"%s:%u: libpam ends the stack after %s, and never reaches " MODULE
			": no login is isolated",
			last ? last->file : look->stack->path, last ? last->number : 0,
			last ? last->module : "it");
	add_remedy(look);
}

static void report_some(struct look *look)
{
	const struct pam_line *line = look->verdict->decides;

	if (line)
		look_add(look,
			look->verdict->usual == FATE_PASSED_BY ? VERDICT_PROBLEM : VERDICT_WARNING,
			"%s:%u: whether libpam reaches " MODULE " depends on what %s returns: "
			"only some logins are isolated",
			line->file, line->number, line->module);
	else
		look_add(look, VERDICT_WARNING,
			"%s: whether libpam reaches " MODULE " depends on what the modules before "
			"it return: only some logins are isolated",
			look->stack->path);
	add_remedy(look);
}

/* A line after ours that libpam reaches only where ours failed; NULL: none. */
static const struct pam_line *find_cut_off(const struct pam_verdict *verdict)
{
	const struct pam_line *opener = pam_verdict_opener(verdict);

	for (const struct pam_line *line = opener;
		line && line < verdict->lines + verdict->line_count; line++)
		if (line->type == 's' && !line->ours && (line->part & LINE_REACHED) &&
			!(line->part & (LINE_BEHIND | LINE_BEFORE)))
			return line;
	return NULL;
}

static void report_opened(struct look *look)
{
	const struct pam_verdict *verdict = look->verdict;
	const struct pam_line *opener = pam_verdict_opener(verdict), *other;
	const char *why;

	other = find_cut_off(verdict);
	if (other) {
		look_add(look, VERDICT_PROBLEM,
			"%s:%u: the control ends the stack before %s where " MODULE
			" succeeds, and lets in logins that cannot be isolated",
			opener->file, opener->number, other->module);
		add_remedy(look);
	} else if (verdict->fates & FATE_LET_IN) {
		look_add(look, VERDICT_WARNING,
			"%s:%u: the control lets in logins that cannot be isolated", opener->file,
			opener->number);
		add_remedy(look);
	}
	if (!verdict->closes) {
		look_add(look, VERDICT_WARNING,
			"%s: " MODULE " stands there with `open` only: a session lasts until its "
			"application ends",
			look->stack->path);
		add_remedy(look);
	}
	other = neighbour_behind(verdict, &why);
	if (other) {
		look_add(look, VERDICT_PROBLEM, MODULE " stands before %s (%s:%u): %s",
			strrchr(other->module, '/') + 1, other->file, other->number, why);
		add_remedy(look);
	}
	other = neighbour_inside(verdict, &why);
	if (other) {
		look_add(look, VERDICT_WARNING, "%s is closed %s", strrchr(other->module, '/') + 1,
			why);
		add_remedy(look);
	}
}

static void report_missing(struct look *look)
{
	bool named = doctor_is_named(&look->rule, look->stack->service);

	look_add(look, named ? VERDICT_PROBLEM : VERDICT_WARNING,
		"the rule [%s] isolates %s logins, and %s does not name " MODULE,
		look->rule.place.rule, look->stack->service, look->stack->path);
	add_remedy(look);
}

static void report_fine(struct look *look, bool known)
{
	const struct pam_line *line = pam_verdict_opener(look->verdict);

	if (look->clean && line)
		doctor_add(look->doctor, VERDICT_OK, look->subject, "%s:%u: in its place, and %s",
			line->file, line->number,
			look->wanted ? "refuses what cannot be isolated"
			: known      ? "no rule isolates these logins"
				     : "the rules are not known");
}

/* What the findings on our own lines do not say yet. */
static void report_isolation(struct look *look)
{
	switch (look->verdict->isolation) {
	case PAM_REFUSED:
		if (!look->explained)
			report_refused(look);
		break;
	case PAM_NONE:
		if (!look->explained)
			report_none(look);
		break;
	case PAM_SOME:
		report_some(look);
		report_opened(look);
		break;
	case PAM_ALL:
		report_opened(look);
		break;
	case PAM_UNSEEN:
		break;
	}
}

static bool has_own(const struct pam_verdict *verdict, char of_type)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		if (verdict->lines[i].type == of_type && !verdict->lines[i].other)
			return true;
	return false;
}

/* Whether somebody can come as far as to a session. */
static void check_other_parts(struct look *look)
{
	const struct pam_verdict *verdict = look->verdict;
	char why[640] = "";

	if (!verdict->account) {
		pam_verdict_unable(verdict, 'c', why, sizeof why);
		look_add(look, VERDICT_PROBLEM,
			"%s: no account passes `account`, whatever its modules return: every login "
			"is refused%s%s",
			look->stack->path, *why ? ": " : "", why);
	} else if (!verdict->auth && has_own(verdict, 'a')) {
		pam_verdict_unable(verdict, 'a', why, sizeof why);
		look_add(look, VERDICT_WARNING,
			"%s: nobody passes `auth`, whatever its modules return: only logins for "
			"which PAM is not asked, as ssh's by key, are not refused%s%s",
			look->stack->path, *why ? ": " : "", why);
	}
}

static void check_stack(struct doctor *doctor, const struct stack *stack)
{
	const bool known = doctor_rules(doctor->facts, stack->service);
	const bool there = stack_has_module(stack), way_in = stack_is_way_in(stack->service);
	struct look look = {
		.doctor = doctor, .stack = stack, .verdict = &stack->verdict, .clean = true};
	bool matters;

	snprintf(look.subject, sizeof look.subject, "PAM %s", stack->service);
	look.wanted = doctor_rule_for(doctor->facts, stack->service, &look.rule);
	if (rules_never_isolate(stack->service)) {
		if (there)
			doctor_add(doctor, VERDICT_OK, look.subject,
				"has " MODULE ", which never isolates this service");
		return;
	}
	/* if it cannot be read, nobody knows what it names */
	matters = there || (look.wanted && stack->verdict.unread) ||
		  (look.wanted && (way_in || doctor_is_named(&look.rule, stack->service)));
	if (*look.verdict->unseen && (matters || look.wanted || (!known && way_in))) {
		look_add(&look, VERDICT_UNSEEN, "%s", look.verdict->unseen);
		return;
	}
	if (!matters)
		return;
	check_own_lines(&look);
	if (look.verdict->isolation == PAM_REFUSED) {
		report_isolation(&look);
	} else if (!there) {
		report_missing(&look);
	} else if (look.wanted || !known) {
		report_isolation(&look);
	}
	if (way_in && look.clean)
		check_other_parts(&look);
	if (way_in && (look.verdict->isolation == PAM_REFUSED || !look.verdict->account))
		report_mask(&look);
	report_fine(&look, known);
}

/* Not part of any verdict, although a module that cannot be loaded may keep everybody out. */
static void report_unknown(struct doctor *doctor)
{
	const char *path, *why;

	for (size_t cursor = 0; (path = module_load_unknown(&cursor, &why));)
		doctor_add(doctor, VERDICT_UNSEEN, "PAM modules", "whether %s can be loaded: %s",
			path, why);
}

void doctor_check_pam(struct doctor *doctor)
{
	const struct stack *sshd = stacks_find(&doctor->facts->stacks, "sshd");
	bool used = doctor->facts->shell_used;

	report_unknown(doctor);
	if (*doctor->facts->stacks.unread)
		doctor_add(doctor, VERDICT_UNSEEN, "PAM", "%s", doctor->facts->stacks.unread);
	for (size_t i = 0; i < doctor->facts->stacks.count; i++) {
		const struct stack *stack = &doctor->facts->stacks.list[i];

		if (!stack->fragment)
			check_stack(doctor, stack);
		used |= !stack->fragment && stack_has_module(stack);
	}
	if (used || *doctor->facts->stacks.unread)
		return;
	doctor_add(doctor, VERDICT_PROBLEM, "PAM",
		"no stack names " MODULE ", and nobody's login shell is nsisolate-shell: nobody is "
		"isolated");
	if (sshd)
		remedy_by_pair(doctor, sshd);
}
