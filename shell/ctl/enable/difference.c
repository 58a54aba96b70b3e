#include "difference.h"

#include <errno.h>
#include <string.h>

#include "conf/common/cleanup.h"

#define CONTEXT 3

/* A line of either text, or of both. */
struct step {
	char sign; /* ' ', '+' or '-' */
	const char *line;
	size_t length;
};

static size_t count_lines(const struct stack_text *text)
{
	size_t at = 0, begin, end, count = 0;

	while (text && text_next(text, &at, &begin, &end))
		count++;
	return count;
}

/* Takes the next line of @text as a step. */
static bool next_step(const struct stack_text *text, size_t *at, char sign, struct step *step)
{
	size_t begin, end;

	if (!text || !text_next(text, at, &begin, &end))
		return false;
	*step = (struct step){sign, text->bytes + begin, end - begin};
	return true;
}

static bool same(const struct step *one, const struct step *other)
{
	return one->length == other->length && !memcmp(one->line, other->line, one->length);
}

/* Whether the lines are equal, apart from the newline at the end. */
static bool same_but_for_end(const struct step *one, const struct step *other)
{
	size_t least = one->length < other->length ? one->length : other->length;

	return one->length + other->length == 2 * least + 1 &&
	       !memcmp(one->line, other->line, least);
}

/* Fills @steps; returns how many. */
static size_t compare(
	const struct stack_text *before, const struct stack_text *after, struct step *steps)
{
	bool grows = count_lines(after) >= count_lines(before);
	const struct stack_text *more = grows ? after : before, *less = grows ? before : after;
	const char sign = grows ? '+' : '-', other = grows ? '-' : '+';
	size_t at = 0, at_less = 0, count = 0;
	struct step step, wanted = {0};
	bool left = next_step(less, &at_less, other, &wanted);

	while (next_step(more, &at, sign, &step)) {
		if (left && same(&step, &wanted)) {
			step.sign = ' ';
			left = next_step(less, &at_less, other, &wanted);
		} else if (left && same_but_for_end(&step, &wanted)) {
			/* removed lines come before added ones */
			steps[count++] = grows ? wanted : step;
			step = grows ? step : wanted;
			left = next_step(less, &at_less, other, &wanted);
		}
		steps[count++] = step;
	}
	for (; left; left = next_step(less, &at_less, other, &wanted))
		steps[count++] = wanted;
	return count;
}

static void show_range(FILE *stream, char sign, size_t line, size_t count)
{
	/* an empty range is numbered by the line before it */
	fprintf(stream, " %c%zu,%zu", sign, count ? line : line - 1, count);
}

static void show_step(FILE *stream, const struct step *step)
{
	fputc(step->sign, stream);
	fwrite(step->line, 1, step->length, stream);
	if (step->line[step->length - 1] != '\n')
		fputs("\n\\ No newline at end of file\n", stream);
}

/*
 * The end of the hunk that starts at step @first: past all changes no further apart than their
 * context.
 */
static size_t end_of_hunk(const struct step *steps, size_t count, size_t first)
{
	size_t last = first;

	for (size_t i = first; i < count && i <= last + (size_t)2 * CONTEXT; i++)
		if (steps[i].sign != ' ')
			last = i;
	return last + 1 + CONTEXT < count ? last + 1 + CONTEXT : count;
}

static void show_hunk(
	const struct step *steps, size_t count, size_t *old, size_t *new, FILE *stream)
{
	size_t olds = 0, news = 0;

	for (size_t i = 0; i < count; i++) {
		olds += steps[i].sign != '+';
		news += steps[i].sign != '-';
	}
	fputs("@@", stream);
	show_range(stream, '-', *old, olds);
	show_range(stream, '+', *new, news);
	fputs(" @@\n", stream);
	for (size_t i = 0; i < count; i++)
		show_step(stream, &steps[i]);
	*old += olds;
	*new += news;
}

int difference_show(const char *path, const struct stack_text *before,
	const struct stack_text *after, FILE *stream)
{
	size_t most = count_lines(before) + count_lines(after), old = 1, new = 1, count, done = 0;
	_cleanup_free_ struct step *steps = calloc(most + 1, sizeof *steps);

	if (!steps)
		return -ENOMEM;
	count = compare(before, after, steps);
	fprintf(stream, "--- %s\n+++ %s\n", before ? path : "/dev/null",
		after ? path : "/dev/null");
	for (size_t i = 0; i < count; i++) {
		size_t first = i > done + CONTEXT ? i - CONTEXT : done;

		if (steps[i].sign == ' ')
			continue;
		old += first - done;
		new += first - done;
		done = end_of_hunk(steps, count, i);
		show_hunk(steps + first, done - first, &old, &new, stream);
		i = done - 1;
	}
	return 0;
}
