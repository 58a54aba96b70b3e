/*
 * One line that names our module: its arguments, its control, and the module itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor_pam.h"

bool judge_opens(const struct stack_line *line)
{
	return line->session && stack_line_is_ours(line) && !stack_line_has(line, "close");
}

bool judge_closes(const struct stack_line *line)
{
	return line->session && stack_line_is_ours(line) && !stack_line_has(line, "open");
}

void judge_mend(struct judge *judge, const struct stack_line *line, const char *command)
{
	const struct stack_place *place = stack_line_place(line);
	struct word file;

	doctor_mend(judge->doctor, "sed -i '%u%s' %s", place->line, command,
		doctor_word(&file, place->file));
}

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
	char called[16];
	struct error error = {0};
	struct word word;
	int exists;

	for (unsigned i = 0; i < line->argument_count; i++) {
		const char *argument = line->arguments[i];

		if (!is_known_argument(argument)) {
			judge->clean = false;
			doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
				"%s:%u: '%s' is no argument of " MODULE ": every login is refused",
				place->file, place->line, argument);
			doctor_mend(judge->doctor, "sed -i '%u{s/%s.*/%s/}' %s", place->line,
				MODULE, MODULE, doctor_word(&word, place->file));
		}
		if (strncmp(argument, "rescue_group=", 13) != 0)
			continue;
		exists = login_group_exists(argument + 13, called, sizeof called, &error);
		if (exists < 0) {
			judge->clean = false;
			doctor_add(judge->doctor, VERDICT_UNSEEN, judge->subject, "%s", error.text);
		} else if (!exists && judge->doctor->names) {
			judge->clean = false;
			doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
				"%s:%u: there is no group '%s': it rescues nobody", place->file,
				place->line, argument + 13);
			doctor_mend(
				judge->doctor, "groupadd %s", doctor_word(&word, argument + 13));
		}
	}
	if (stack_line_has(line, "open") && stack_line_has(line, "close")) {
		judge->clean = false;
		doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
			"%s:%u: open and close on one line: every login is refused", place->file,
			place->line);
		judge_mend(judge, line, "s/ \\(open\\|close\\)\\b//g");
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
	} else if (meaning->success == STACK_BAD || meaning->success == STACK_DIE) {
		doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
			"%s:%u: %s refuses every login", place->file, place->line, line->control);
	} else if (meaning->success == STACK_DONE) {
		doctor_add(judge->doctor, VERDICT_PROBLEM, judge->subject,
			"%s:%u: %s ends the stack, and lets in who cannot be isolated", place->file,
			place->line, line->control);
	} else if (meaning->failure == STACK_IGNORE || meaning->failure == STACK_JUMP) {
		doctor_add(judge->doctor, VERDICT_WARNING, judge->subject,
			"%s:%u: %s lets in, as it is, a login that cannot be isolated", place->file,
			place->line, line->control);
	} else {
		return;
	}
	judge->clean = false;
	judge_mend(judge, line, "s/\\(session[[:space:]]*\\)\\(\\[[^]]*]\\|[a-z]*\\)/\\1required/");
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
	judge->clean = false;
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

void judge_line(struct judge *judge, const struct stack_line *line)
{
	check_module_file(judge, line);
	check_arguments(judge, line);
	check_control(judge, line);
}
