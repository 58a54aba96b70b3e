/* The PAM stacks: whether our module isolates the logins that it should, according to libpam. */
#include "pam.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void mend(const struct look *look)
{
	mend_by_pair(look->doctor, look->stack);
}

/* ---- our own lines, regardless of those around them ---- */

static const char *type_name(char type)
{
	return type == 'a' ? "auth" : type == 'c' ? "account" : "password";
}

static void check_file(struct look *look, const struct pam_line *line)
{
	struct stat status;
	int errnum = stat(line->module, &status) < 0 ? errno : 0;

	if (errnum == ENOENT || errnum == ENOTDIR) {
		look->explained = true;
		look_add(look, VERDICT_PROBLEM, "%s:%u: %s does not exist: %s", line->file,
			line->number, line->module,
			look->verdict->isolation == PAM_REFUSED ? "every login is refused"
								: "no login is isolated");
		if (access(NSISOLATE_MODULE, F_OK) < 0)
			doctor_mend(look->doctor, "make install   # or install the package again");
		else
			mend(look);
	} else if (errnum) {
		look_add(look, VERDICT_UNSEEN, "%s: %s", line->module, strerror(errnum));
	} else if (line->broken) {
		look->explained = true;
		look_add(look, VERDICT_PROBLEM, "%s:%u: %s cannot be loaded: %s: %s", line->file,
			line->number, line->module, line->broken,
			look->verdict->isolation == PAM_REFUSED ? "every login is refused"
								: "no login is isolated");
		doctor_mend(look->doctor, "make install   # or install the package again");
	}
}

static void check_rescue(struct look *look, const struct pam_line *line)
{
	static const char key[] = "rescue_group=";
	struct error error = {0};
	char called[16];
	struct shell_word word;

	for (size_t i = 0; i < line->argument_count; i++) {
		const char *group = line->arguments[i] + strlen(key);
		int exists;

		if (strncmp(line->arguments[i], key, strlen(key)) != 0 || !*group)
			continue;
		exists = login_group_exists(group, called, sizeof called, &error);
		if (exists < 0) {
			look_add(look, VERDICT_UNSEEN, "%s", error.text);
		} else if (!exists && look->doctor->names) {
			look_add(look, VERDICT_WARNING,
				"%s:%u: there is no group '%s', so rescue_group has no effect",
				line->file, line->number, group);
			doctor_mend(look->doctor, "groupadd %s", shell_word(&word, group));
		}
	}
}

static void check_own_lines(struct look *look)
{
	for (size_t i = 0; i < look->verdict->line_count; i++) {
		const struct pam_line *line = &look->verdict->lines[i];

		if (!line->ours || !stack_has_line(line))
			continue;
		if (line->type != 's') {
			look_add(look, VERDICT_PROBLEM,
				"%s:%u: " MODULE " works in session lines only, and refuses as %s",
				line->file, line->number, type_name(line->type));
			mend(look);
			continue;
		}
		check_file(look, line);
		check_rescue(look, line);
		if (line->wrong) {
			look->explained = true;
			look_add(look, VERDICT_PROBLEM, "%s:%u: %s: %s", line->file, line->number,
				look->verdict->isolation == PAM_REFUSED ? "every login is refused"
									: "no login is isolated",
				line->fault);
			mend(look);
		}
		if (line->part & LINE_AGAIN) {
			look_add(look, VERDICT_WARNING,
				"%s:%u: " MODULE " opens a second time, which does nothing",
				line->file, line->number);
			mend(look);
		}
	}
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

		if (line->number != number || strcmp(line->file, file) != 0 || line->able)
			continue;
		if (line->broken)
			snprintf(words, sizeof words, "%s cannot be loaded: %s", line->module,
				line->broken);
		else if (line->there)
			snprintf(words, sizeof words, "%s has no function for this type",
				line->module);
		else
			snprintf(words, sizeof words, "there is no %s", line->module);
		what = words;
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
	mend(look);
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
	mend(look);
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
		mend(look);
	} else if (verdict->fates & FATE_LET_IN) {
		look_add(look, VERDICT_WARNING,
			"%s:%u: the control lets in logins that cannot be isolated", opener->file,
			opener->number);
		mend(look);
	}
	if (!verdict->closes) {
		look_add(look, VERDICT_WARNING,
			"%s: " MODULE " stands there with `open` only: a session lasts until its "
			"application ends",
			look->stack->path);
		mend(look);
	}
	other = neighbour_behind(verdict, &why);
	if (other) {
		look_add(look, VERDICT_PROBLEM, MODULE " stands before %s (%s:%u): %s",
			strrchr(other->module, '/') + 1, other->file, other->number, why);
		mend(look);
	}
	other = neighbour_inside(verdict, &why);
	if (other) {
		look_add(look, VERDICT_WARNING, "%s is closed %s", strrchr(other->module, '/') + 1,
			why);
		mend(look);
	}
}

static void report_missing(struct look *look)
{
	bool named = doctor_is_named(&look->rule, look->stack->service);

	look_add(look, named ? VERDICT_PROBLEM : VERDICT_WARNING,
		"the rule [%s] isolates %s logins, and %s does not name " MODULE,
		look->rule.place.rule, look->stack->service, look->stack->path);
	mend(look);
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

static void check_stack(struct doctor *doctor, const struct stack *stack)
{
	const bool known = doctor_rules(doctor, stack->service);
	const bool there = stack_has_module(stack), way_in = stack_is_way_in(stack->service);
	struct look look = {
		.doctor = doctor, .stack = stack, .verdict = &stack->verdict, .clean = true};
	bool matters;

	snprintf(look.subject, sizeof look.subject, "PAM %s", stack->service);
	look.wanted = doctor_rule_for(doctor, stack->service, &look.rule);
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
	if (way_in && look.clean && !look.verdict->account)
		look_add(&look, VERDICT_PROBLEM,
			"%s: no account passes `account`, whatever its modules return: every login "
			"is refused",
			look.stack->path);
	if (way_in && (look.verdict->isolation == PAM_REFUSED || !look.verdict->account))
		report_mask(&look);
	report_fine(&look, known);
}

/* What stands in no verdict: it may be that nobody gets in. */
static void report_unknown(struct doctor *doctor)
{
	const char *path, *why;

	for (size_t cursor = 0; (path = module_load_unknown(&cursor, &why));)
		doctor_add(doctor, VERDICT_UNSEEN, "PAM modules", "whether %s can be loaded: %s",
			path, why);
}

void doctor_check_pam(struct doctor *doctor)
{
	const struct stack *sshd = stacks_find(&doctor->stacks, "sshd");
	bool used = doctor->shell_used;

	report_unknown(doctor);
	if (*doctor->stacks.unread)
		doctor_add(doctor, VERDICT_UNSEEN, "PAM", "%s", doctor->stacks.unread);
	for (size_t i = 0; i < doctor->stacks.count; i++) {
		const struct stack *stack = &doctor->stacks.list[i];

		if (!stack->fragment)
			check_stack(doctor, stack);
		used |= !stack->fragment && stack_has_module(stack);
	}
	if (used || *doctor->stacks.unread)
		return;
	doctor_add(doctor, VERDICT_PROBLEM, "PAM",
		"no stack names " MODULE ", and nobody's login shell is nsisolate-shell: nobody is "
		"isolated");
	if (sshd)
		mend_by_pair(doctor, sshd);
}
