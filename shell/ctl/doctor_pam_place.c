/*
 * The place of our line in its stack: what must come before it, and whether PAM comes to it at all.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor_pam.h"

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

static bool is_selinux_on(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

/* Whether pam_namespace has anything to do: as it is shipped, it has not. */
static bool is_namespace_on(void)
{
	static const char *const patterns[] = {
		"/etc/security/namespace.conf", "/etc/security/namespace.d/*.conf"};
	bool on = false;

	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		glob_t found;

		if (glob(patterns[i], 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++) {
			FILE *file = fopen(found.gl_pathv[j], "re");
			char line[512], first;

			while (file && fgets(line, sizeof line, file))
				on |= sscanf(line, " %c", &first) == 1 && first != '#';
			if (file)
				fclose(file);
		}
		globfree(&found);
	}
	return on;
}

#define NO_PROC "while the application has the session's /proc"
#define STAYS_MOUNTED "inside of the session: what it mounted stays mounted behind the logout"
#define HOOK_INSIDE \
	"inside of the session, and not at all where PID 1 has gone: what it cleans up may stay"

/* Modules that work on the application's own /proc, or on what the session has its own of. */
static const struct neighbour {
	const char *module;
	const char *why; /* it must come before; NULL: it need not */
	const char *on_close; /* what becomes of it if it is closed before ours; NULL: nothing */
	bool (*is_on)(void); /* NULL: always */
} neighbours[] = {
	{"pam_loginuid", "it finds no /proc/self, and the login gets no audit id", NULL, NULL},
	{"pam_selinux", "it finds no /proc/self, and sets no context", NO_PROC, is_selinux_on},
	{"pam_namespace", "it finds no /proc/self, and cannot guard what it mounts", NULL,
		is_namespace_on},
	{"pam_systemd", "the session does not get the XDG_RUNTIME_DIR that it names", NULL, NULL},
	{"pam_elogind", "the session does not get the XDG_RUNTIME_DIR that it names", NULL, NULL},
	{"pam_mount", NULL, STAYS_MOUNTED, NULL},
	{"pam_encfs", NULL, STAYS_MOUNTED, NULL},
	{"pam_ecryptfs", NULL, STAYS_MOUNTED, NULL},
	{"pam_cryptsetup", NULL, STAYS_MOUNTED, NULL},
	{"pam_zfs_key", NULL, STAYS_MOUNTED, NULL},
	{"pam_exec", NULL, HOOK_INSIDE, NULL},
	{"pam_script", NULL, HOOK_INSIDE, NULL},
	{"pam_afs_session", NULL, HOOK_INSIDE, NULL},
	{"pam_krb5", NULL, HOOK_INSIDE, NULL},
	{"pam_slurm_adopt", NULL, HOOK_INSIDE, NULL},
};
#define NEIGHBOURS (sizeof neighbours / sizeof neighbours[0])

static const struct neighbour *neighbour_of(const struct stack_line *line)
{
	for (size_t i = 0; i < NEIGHBOURS; i++)
		if (stack_line_is(line, neighbours[i].module) &&
			(!neighbours[i].is_on || neighbours[i].is_on()))
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
		const struct stack_line *line = &judge->stack->lines[i];
		const struct neighbour *found = line->session ? neighbour_of(line) : NULL;

		if (!found || !found->why || stack_line_has(line, "close"))
			continue;
		neighbour = found;
		other = line;
	}
	if (!neighbour)
		return;
	judge->clean = false;
	place = stack_line_place(other);
	doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
		MODULE " stands before %s.so (%s:%u): %s", neighbour->module, place->file,
		place->line, neighbour->why);
	mend_by_move(judge, &judge->stack->lines[ours], other);
}

/*
 * PAM closes in the order in which it opens: what needs the machine then, its /proc or its mounts,
 * wants ours to have left before.
 */
static void check_close(struct judge *judge)
{
	bool left = false;
	struct word word;

	for (size_t i = 0; i < judge->stack->count; i++) {
		const struct stack_line *line = &judge->stack->lines[i];
		const struct neighbour *neighbour = line->session ? neighbour_of(line) : NULL;

		left |= judge_closes(line);
		if (left || !neighbour || !neighbour->on_close || stack_line_has(line, "open") ||
			stack_line_has(line, "type=open_session"))
			continue;
		judge->clean = false;
		doctor_add(judge->doctor, VERDICT_WARNING, judge->subject, "%s.so is closed %s",
			neighbour->module, neighbour->on_close);
		doctor_mend(judge->doctor, "sed -i '%ui " LINE " close' %s", line->trail[0].line,
			doctor_word(&word, line->trail[0].file));
		return;
	}
}

/* Whether the line is in a substack that ours is not in: what ends there ends only that. */
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

/* Whether both are in the same substack of the one that the line @from is in. */
static bool counts_as_one(const struct stack_line *from, const struct stack_line *left,
	const struct stack_line *right)
{
	if (left->substack <= from->substack || right->substack <= from->substack)
		return false;
	for (unsigned i = 0; i <= from->substack; i++)
		if (left->trail[i].line != right->trail[i].line)
			return false;
	return true;
}

/* Whether the line @from can jump as far as to the line @to: a substack is one step, in which it ends. */
static bool jumps_over(const struct stack *stack, size_t from, size_t to)
{
	const struct stack_line *lines = stack->lines;
	unsigned left = lines[from].meaning.jump;

	for (size_t i = from + 1; i <= to; i++) {
		if (!lines[i].session)
			continue;
		if (lines[i].substack < lines[from].substack)
			return false;
		if (i > from + 1 && counts_as_one(&lines[from], &lines[i - 1], &lines[i]))
			continue;
		if (!left--)
			return false;
	}
	return true;
}

/* Lines before ours because of which PAM may never come to it. */
static void check_before(struct judge *judge, size_t ours)
{
	for (size_t i = 0; i < ours; i++) {
		const struct stack_line *line = &judge->stack->lines[i];
		const struct stack_line *own = &judge->stack->lines[ours];
		const struct stack_place *place = stack_line_place(line);
		bool ends = line->meaning.success == STACK_DONE && !ends_elsewhere(line, own);

		if (!line->session || stack_line_is_ours(line) ||
			(!ends && !jumps_over(judge->stack, i, ours)))
			continue;
		judge->clean = false;
		doctor_add(judge->doctor, ends ? VERDICT_PROBLEM : VERDICT_WARNING, judge->subject,
			"%s:%u: '%s %s' %s " MODULE, place->file, place->line, line->control,
			line->module, ends ? "ends the stack before" : "can jump over");
		mend_by_move(judge, line, own);
	}
}

void judge_place(struct judge *judge, size_t ours)
{
	check_before(judge, ours);
	check_behind(judge, ours);
	check_close(judge);
}
