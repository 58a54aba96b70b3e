/* Remedies for a stack, each tried on a copy of its file before it is advised. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../enable/enable.h"
#include "conf/common/cleanup.h"
#include "pam.h"

#define TRIES_MAX 64 /* lines that are left out in turn, to find the one that refuses */

/* A growing copy of a file. */
struct copy {
	FILE *stream;
	char *text;
	size_t length;
};

static bool copy_open(struct copy *copy)
{
	*copy = (struct copy){0};
	copy->stream = open_memstream(&copy->text, &copy->length);
	return copy->stream;
}

/* Closes it and completes the text; false when out of memory. */
static bool copy_close(struct copy *copy)
{
	FILE *stream = copy->stream;

	copy->stream = NULL;
	return fclose(stream) == 0;
}

/* Which lines to leave out. */
struct omit {
	const struct pam_verdict *verdict; /* all lines of ours; or NULL */
	const char *file;
	unsigned number;
};

static bool omits(const struct omit *omit, unsigned number)
{
	if (!omit->verdict)
		return omit->number == number;
	for (size_t i = 0; i < omit->verdict->line_count; i++)
		if (omit->verdict->lines[i].ours && omit->verdict->lines[i].number == number &&
			!strcmp(omit->verdict->lines[i].file, omit->file))
			return true;
	return false;
}

/*
 * Copies the file without these lines and those joined to them by a backslash; ends the last line.
 */
static bool copy_without(struct copy *copy, const struct omit *omit)
{
	FILE *file = fopen(omit->file, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool joined = false, left_out = false, written = true;

	if (!file)
		return false;
	for (unsigned number = 1; (length = getline(&line, &size, file)) >= 0; number++) {
		if (!joined)
			left_out = omits(omit, number);
		if (!left_out)
			written &= fwrite(line, 1, (size_t)length, copy->stream) == (size_t)length;
		if (!left_out && line[length - 1] != '\n')
			fputc('\n', copy->stream);
		while (length && strchr(" \t\n", line[length - 1]))
			length--;
		joined = length && line[length - 1] == '\\';
	}
	fclose(file);
	return written;
}

static bool judge_copy(
	const char *service, const char *path, const struct copy *copy, struct pam_verdict *verdict)
{
	const struct pam_change change = {path, copy->text, copy->length};
	struct error error = {0};

	return pam_judge(service, &change, 1, verdict, &error) == 0;
}

static bool is_refused_without(const struct stack *stack, const char *file, unsigned number)
{
	const struct omit omit = {NULL, file, number};
	struct pam_verdict verdict;
	struct copy copy;
	bool refused = true, written;

	if (!copy_open(&copy))
		return true;
	written = copy_without(&copy, &omit);
	if (copy_close(&copy) && written && judge_copy(stack->service, file, &copy, &verdict)) {
		refused = verdict.isolation == PAM_REFUSED || verdict.isolation == PAM_UNSEEN;
		pam_verdict_free(&verdict);
	}
	free(copy.text);
	return refused;
}

bool find_culprit(const struct stack *stack, const char **file, unsigned *number)
{
	const struct pam_verdict *verdict = &stack->verdict;
	unsigned tries = 0;

	for (size_t i = 0; i < verdict->complaint_count && tries < TRIES_MAX; i++) {
		*file = verdict->complaints[i].file;
		*number = verdict->complaints[i].number;
		if (**file && tries++ < TRIES_MAX && !is_refused_without(stack, *file, *number))
			return true;
	}
	for (size_t i = 0; i < verdict->line_count; i++) {
		*file = verdict->lines[i].file;
		*number = verdict->lines[i].number;
		if (stack_has_line(&verdict->lines[i]) && tries++ < TRIES_MAX &&
			!is_refused_without(stack, *file, *number))
			return true;
	}
	return false;
}

/* ---- the pair ---- */

/* The arguments of our lines other than `open` and `close`, for both lines of the pair. */
static void write_arguments(FILE *stream, const struct pam_verdict *verdict)
{
	for (size_t i = 0; i < verdict->line_count; i++) {
		const struct pam_line *line = &verdict->lines[i];

		if (!line->ours || line->type != 's' || line->wrong || !line->argument_count)
			continue;
		for (size_t j = 0; j < line->argument_count; j++)
			if (strcmp(line->arguments[j], "open") != 0 &&
				strcmp(line->arguments[j], "close") != 0)
				fprintf(stream, " %s", line->arguments[j]);
		return;
	}
}

static bool is_right(const struct pam_verdict *now, const struct pam_verdict *before)
{
	const char *why;

	for (size_t i = 0; i < now->line_count; i++)
		if (now->lines[i].ours && stack_has_line(&now->lines[i]) &&
			(now->lines[i].type != 's' || (now->lines[i].part & LINE_AGAIN)))
			return false;
	return now->isolation == PAM_ALL && !(now->fates & FATE_LET_IN) && now->closes &&
	       now->auth >= before->auth && now->account >= before->account &&
	       !neighbour_behind(now, &why) && !neighbour_inside(now, &why);
}

static bool pair_is_right(const struct stack *stack)
{
	const struct omit omit = {&stack->verdict, stack->path, 0};
	struct pam_verdict verdict;
	struct copy copy;
	bool right = false;

	if (!copy_open(&copy))
		return false;
	fputs(LINE " close", copy.stream);
	write_arguments(copy.stream, &stack->verdict);
	fputc('\n', copy.stream);
	right = copy_without(&copy, &omit);
	fputs(LINE, copy.stream);
	write_arguments(copy.stream, &stack->verdict);
	fputc('\n', copy.stream);
	if (copy_close(&copy) && right &&
		judge_copy(stack->service, stack->path, &copy, &verdict)) {
		right = is_right(&verdict, &stack->verdict);
		pam_verdict_free(&verdict);
	} else {
		right = false;
	}
	free(copy.text);
	return right;
}

static bool enable_is_right(const struct stack *stack)
{
	struct pam_verdict verdict;
	struct error error = {0};
	bool right;

	if (enable_try(stack->service, &verdict, &error) < 0)
		return false;
	right = is_right(&verdict, &stack->verdict);
	pam_verdict_free(&verdict);
	return right;
}

void mend_by_pair(struct doctor *doctor, const struct stack *stack)
{
	struct shell_word word;

	if (enable_is_right(stack))
		doctor_mend(doctor, "nsisolatectl enable %s", shell_word(&word, stack->service));
	else if (pair_is_right(stack))
		doctor_mend(doctor,
			"# in %s: `" LINE " close` first, `" LINE "` last, and no other line of it",
			shell_word(&word, stack->path));
	else
		doctor_mend(doctor, "# see pam_nsisolate(8), and nsisolate(7)");
}
