/*
 * The PAM stacks: whether our module is where it has to be, and does there what it should.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

#define MODULE "pam_nsisolate.so"
#define LINE "session required " MODULE

/* What one stack is judged by. */
struct judge {
	struct doctor *doctor;
	const struct stack *stack;
	struct rules_summary rule;
	bool wanted; /* a rule may isolate its logins */
	bool clean; /* nothing was found yet */
	char subject[80];
};

static void blame(struct judge *judge)
{
	judge->clean = false;
}

static struct stack_line *line_at(const struct judge *judge, size_t index)
{
	return &judge->stack->lines[index];
}

static bool opens(const struct stack_line *line)
{
	return line->session && stack_line_is_ours(line) && !stack_line_has(line, "close");
}

static bool closes(const struct stack_line *line)
{
	return line->session && stack_line_is_ours(line) && !stack_line_has(line, "open");
}

/* ---- remedies: commands of sed on the file that a line stands in ---- */

static void mend_by_sed(
	struct judge *judge, const struct stack_line *line, const char *before, const char *after)
{
	const struct stack_place *place = stack_line_place(line);
	struct word file;

	doctor_mend(judge->doctor, "sed -i '%s%u%s' %s", before, place->line, after,
		doctor_word(&file, place->file));
}

/*
 * Moves what brings the line @from down behind what brings the line @to, in the file in which their
 * ways part.
 */
static void mend_by_move(
	struct judge *judge, const struct stack_line *from, const struct stack_line *to)
{
	struct word file;
	unsigned level = 0;

	while (level + 1 < from->depth && level + 1 < to->depth &&
		from->trail[level].line == to->trail[level].line)
		level++;
	doctor_mend(judge->doctor, "sed -i -e '%u{h;d}' -e '%uG' %s", from->trail[level].line,
		to->trail[level].line, doctor_word(&file, from->trail[level].file));
}

/* ---- one line of ours ---- */

static bool is_known_argument(const char *argument)
{
	static const char *const known[] = {"debug", "open", "close"};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (!strcmp(known[i], argument))
			return true;
	return (!strncmp(argument, "conf=/", 6)) ||
	       (!strncmp(argument, "rescue_group=", 13) && argument[13]);
}

static void check_arguments(struct judge *judge, const struct stack_line *line)
{
	const struct stack_place *place = stack_line_place(line);
	struct error error = {0};
	struct word word;
	int exists;

	for (unsigned i = 0; i < line->argument_count; i++) {
		const char *argument = line->arguments[i];

		if (!is_known_argument(argument)) {
			blame(judge);
			doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
				"%s:%u: '%s' is no argument of " MODULE ": every login is refused",
				place->file, place->line, argument);
			doctor_mend(judge->doctor, "sed -i '%u{s/%s.*/%s/}' %s", place->line,
				MODULE, MODULE, doctor_word(&word, place->file));
		}
		if (strncmp(argument, "rescue_group=", 13) != 0)
			continue;
		exists = login_group_exists(argument + 13, &error);
		if (exists < 0) {
			blame(judge);
			doctor_add(judge->doctor, VERDICT_UNSEEN, judge->subject, "%s", error.text);
		} else if (!exists) {
			blame(judge);
			doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
				"%s:%u: there is no group '%s': it rescues nobody", place->file,
				place->line, argument + 13);
			doctor_mend(
				judge->doctor, "groupadd %s", doctor_word(&word, argument + 13));
		}
	}
	if (stack_line_has(line, "open") && stack_line_has(line, "close")) {
		blame(judge);
		doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
			"%s:%u: open and close on one line: every login is refused", place->file,
			place->line);
		mend_by_sed(judge, line, "", "s/ \\(open\\|close\\)\\b//g");
	}
}

static void check_control(struct judge *judge, const struct stack_line *line)
{
	const struct stack_place *place = stack_line_place(line);
	const struct stack_control *meaning = &line->meaning;

	if (!meaning->known) {
		doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
			"%s:%u: '%s' is nothing that PAM knows", place->file, place->line,
			line->control);
	} else if (meaning->success == STACK_DONE) {
		doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
			"%s:%u: %s ends the stack, and lets in who cannot be isolated", place->file,
			place->line, line->control);
	} else if (meaning->failure == STACK_IGNORE || meaning->failure == STACK_OK ||
		   meaning->failure == STACK_DONE || meaning->failure == STACK_JUMP) {
		doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
			"%s:%u: %s lets in, as it is, a login that cannot be isolated", place->file,
			place->line, line->control);
	} else {
		return;
	}
	blame(judge);
	mend_by_sed(judge, line, "",
		"s/\\(session[[:space:]]*\\)\\(\\[[^]]*]\\|[a-z]*\\)/\\1required/");
}

static void check_module_file(struct judge *judge, const struct stack_line *line)
{
	const struct stack_place *place = stack_line_place(line);
	const char *path = *line->module == '/' ? line->module : NSISOLATE_MODULE;
	bool ignored = *line->type == '-' || strstr(line->control, "module_unknown=ignore");
	struct stat status;
	struct word word;

	if (stat(path, &status) == 0)
		return;
	blame(judge);
	if (errno != ENOENT && errno != ENOTDIR) {
		doctor_add(judge->doctor, VERDICT_UNSEEN, judge->subject, "%s: %s", path,
			strerror(errno));
		return;
	}
	doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject, "%s:%u: there is no %s: %s",
		place->file, place->line, path,
		ignored ? "no login is isolated" : "every login is refused");
	if (*line->module == '/' && access(NSISOLATE_MODULE, F_OK) == 0)
		doctor_mend(judge->doctor, "sed -i '%us|[^[:space:]]*/" MODULE "|" MODULE "|' %s",
			place->line, doctor_word(&word, place->file));
	else
		doctor_mend(judge->doctor, "make install   # or install the package again");
}

/* ---- its place among the others ---- */

/* Modules that work on the application's own /proc, or on what the session has its own of. */
static const struct neighbour {
	const char *module;
	const char *why; /* it must come before */
	bool on_close; /* ... and must be closed after */
	const char *only_where; /* this file exists; NULL: everywhere */
} neighbours[] = {
	{"pam_loginuid", "it finds no /proc/self, and the audit trail no login uid", false, NULL},
	{"pam_selinux", "it finds no /proc/self, and sets no context", true,
		"/sys/fs/selinux/enforce"},
	{"pam_namespace", "it finds no /proc/self, and refuses the login", true, NULL},
	{"pam_systemd", "the session does not get the XDG_RUNTIME_DIR that it names", false, NULL},
	{"pam_elogind", "the session does not get the XDG_RUNTIME_DIR that it names", false, NULL},
};
#define NEIGHBOURS (sizeof neighbours / sizeof neighbours[0])

static const struct neighbour *neighbour_of(const struct stack_line *line)
{
	for (size_t i = 0; i < NEIGHBOURS; i++)
		if (stack_line_is(line, neighbours[i].module) &&
			(!neighbours[i].only_where || access(neighbours[i].only_where, F_OK) == 0))
			return &neighbours[i];
	return NULL;
}

/* The last one behind ours that should be before it. */
static void check_behind(struct judge *judge, size_t ours)
{
	const struct neighbour *neighbour = NULL;
	const struct stack_line *other = NULL;
	const struct stack_place *place;

	for (size_t i = ours + 1; i < judge->stack->count; i++) {
		const struct stack_line *line = line_at(judge, i);

		if (!line->session || stack_line_has(line, "close") || !neighbour_of(line))
			continue;
		neighbour = neighbour_of(line);
		other = line;
	}
	if (!neighbour)
		return;
	blame(judge);
	place = stack_line_place(other);
	doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
		MODULE " stands before %s.so (%s:%u): %s", neighbour->module, place->file,
		place->line, neighbour->why);
	mend_by_move(judge, line_at(judge, ours), other);
}

/* PAM closes in the order in which it opens: who needs /proc then wants ours to have left before. */
static void check_close(struct judge *judge)
{
	bool left = false;
	struct word word;

	for (size_t i = 0; i < judge->stack->count; i++) {
		const struct stack_line *line = line_at(judge, i);
		const struct neighbour *neighbour = line->session ? neighbour_of(line) : NULL;

		left |= closes(line);
		if (left || !neighbour || !neighbour->on_close || stack_line_has(line, "open"))
			continue;
		blame(judge);
		doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
			"%s.so is closed while the application has the session's /proc",
			neighbour->module);
		doctor_mend(judge->doctor, "sed -i '%ui " LINE " close' %s", line->trail[0].line,
			doctor_word(&word, line->trail[0].file));
		return;
	}
}

/* Whether the line @index is in a substack that ours is not in: what ends there ends only that. */
static bool ends_elsewhere(const struct stack_line *line, const struct stack_line *ours)
{
	if (!line->substack)
		return false;
	if (ours->depth <= line->substack)
		return true;
	for (unsigned i = 0; i < line->substack; i++)
		if (line->trail[i].line != ours->trail[i].line)
			return true;
	return false;
}

/* Lines before ours because of which PAM may never come to it. */
static void check_before(struct judge *judge, size_t ours)
{
	for (size_t i = 0; i < ours; i++) {
		const struct stack_line *line = line_at(judge, i), *own = line_at(judge, ours);
		const struct stack_place *place = stack_line_place(line);
		bool ends = line->meaning.success == STACK_DONE && !ends_elsewhere(line, own);

		if (!line->session || stack_line_is_ours(line) ||
			(!ends && i + line->meaning.jump < ours))
			continue;
		blame(judge);
		doctor_add(judge->doctor, ends ? VERDICT_PROBLEM : VERDICT_WARNING, judge->subject,
			"%s:%u: '%s %s' %s " MODULE, place->file, place->line, line->control,
			line->module, ends ? "ends the stack before" : "can jump over");
		mend_by_move(judge, line, own);
	}
}

/* ---- one stack ---- */

/* Lines of ours that make no sense together; returns the one that opens, or the stack's end. */
static size_t check_lines(struct judge *judge)
{
	size_t first = judge->stack->count;
	bool close = false;

	for (size_t i = 0; i < judge->stack->count; i++) {
		const struct stack_line *line = line_at(judge, i);
		const struct stack_place *place = stack_line_place(line);

		if (!stack_line_is_ours(line))
			continue;
		if (!line->session) {
			blame(judge);
			doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
				"%s:%u: " MODULE " is for session lines, and refuses as %s",
				place->file, place->line, line->type);
			mend_by_sed(judge, line, "", "d");
			continue;
		}
		check_module_file(judge, line);
		check_arguments(judge, line);
		check_control(judge, line);
		close |= closes(line);
		if (opens(line) && first < judge->stack->count) {
			blame(judge);
			doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
				"%s:%u: " MODULE " opens a second time, and does nothing then",
				place->file, place->line);
			mend_by_sed(judge, line, "", "d");
		} else if (opens(line)) {
			first = i;
		}
	}
	if (first == judge->stack->count && close) {
		blame(judge);
		doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
			"%s: " MODULE " stands there with `close` only: no login is isolated",
			judge->stack->path);
		doctor_mend(judge->doctor, "echo '" LINE " open' >>%s", judge->stack->path);
	} else if (first < judge->stack->count && !close) {
		blame(judge);
		doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
			"%s: " MODULE " stands there with `open` only: a session lasts until its "
			"application ends",
			judge->stack->path);
		doctor_mend(judge->doctor, "sed -i '1i " LINE " close' %s", judge->stack->path);
	}
	return first;
}

static void judge_stack(struct judge *judge)
{
	const struct stack_line *line;
	size_t ours = check_lines(judge);

	if (ours == judge->stack->count)
		return;
	check_before(judge, ours);
	check_behind(judge, ours);
	check_close(judge);
	line = line_at(judge, ours);
	if (!judge->clean)
		return;
	doctor_add(judge->doctor, VERDICT_OK, judge->subject, "%s:%u: in its place, and %s",
		stack_line_place(line)->file, stack_line_place(line)->line,
		judge->wanted          ? "refuses what cannot be isolated"
		: judge->doctor->rules ? "no rule isolates these logins"
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
		(there || judge.wanted || (!doctor->rules && is_way_in(stack->service)))) {
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
