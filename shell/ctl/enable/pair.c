#include "pair.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "conf/common/array.h"

#define MARK "# nsisolatectl enable: "
#define BEFORE MARK "this line and the next one; without them "
#define BEFORE_FORMAT BEFORE "%zu bytes, sum %016" PRIx64 "\n"
#define BEFORE_SCAN BEFORE "%zu bytes, sum %16" SCNx64
#define WHOLE MARK "there was no such file; what follows has the sum "
#define WHOLE_FORMAT WHOLE "%016" PRIx64 "\n"
#define WHOLE_SCAN WHOLE "%16" SCNx64
#define LINE "session required pam_nsisolate.so"
#define GROUP " rescue_group="

/* What a text was before, as recorded in a comment. */
struct before {
	size_t size;
	uint64_t sum;
};

/* FNV-1a: detects an edit; it proves nothing against somebody who can write the file anyway. */
static uint64_t sum_of(const char *bytes, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001b3;
	return sum;
}

static bool starts_with(const struct stack_text *text, size_t at, const char *word)
{
	size_t length = strlen(word);

	return text->size - at >= length && !memcmp(text->bytes + at, word, length);
}

/* ---- writing ---- */

static FILE *start(struct stack_text *result)
{
	*result = (struct stack_text){0};
	return open_memstream(&result->bytes, &result->size);
}

static int finish(FILE *stream, struct stack_text *result)
{
	bool failed = ferror(stream);

	if (fclose(stream) == 0 && !failed)
		return 0;
	free(result->bytes);
	*result = (struct stack_text){0};
	return -ENOMEM;
}

static void put_bytes(const struct stack_text *text, size_t begin, size_t end, FILE *stream)
{
	if (end > begin)
		fwrite(text->bytes + begin, 1, end - begin, stream);
}

static void put_last(FILE *stream, const struct pair *pair)
{
	fprintf(stream, LINE "%s\n", pair->arguments ? pair->arguments : "");
}

/* After the comments and blank lines at the start of the text: no line has a part before that. */
static size_t place_of_first(const struct stack_text *text)
{
	size_t at = 0, begin, end, place = 0;

	while (text_next(text, &at, &begin, &end) && text_is_comment(text, begin, end) &&
		text->bytes[end - 1] == '\n')
		place = end;
	return place;
}

int pair_put(const struct stack_text *text, const struct pair *pair, struct stack_text *result)
{
	FILE *stream = start(result);
	size_t place = pair->first ? place_of_first(text) : 0;
	uint64_t sum = sum_of(text->bytes, text->size);

	if (!stream)
		return -ENOMEM;
	put_bytes(text, 0, place, stream);
	if (pair->first)
		fprintf(stream, BEFORE_FORMAT LINE " close\n", text->size, sum);
	put_bytes(text, place, text->size, stream);
	if (pair->last) {
		if (text->size && text->bytes[text->size - 1] != '\n')
			fputc('\n', stream);
		fprintf(stream, BEFORE_FORMAT, text->size, sum);
		put_last(stream, pair);
	}
	return finish(stream, result);
}

int pair_around(const char *vendor, const struct pair *pair, struct stack_text *result)
{
	static const char *const types[] = {"auth", "account", "password"};
	_cleanup_text_ struct stack_text lines = {0};
	FILE *stream = start(&lines);

	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		fprintf(stream, "%s include %s\n", types[i], vendor);
	fprintf(stream, LINE " close\nsession include %s\n", vendor);
	put_last(stream, pair);
	if (finish(stream, &lines) < 0)
		return -ENOMEM;
	stream = start(result);
	if (!stream)
		return -ENOMEM;
	fprintf(stream, WHOLE_FORMAT, sum_of(lines.bytes, lines.size));
	put_bytes(&lines, 0, lines.size, stream);
	return finish(stream, result);
}

/* ---- removing ---- */

static bool is_whole(const struct stack_text *text)
{
	size_t at = 0, begin, end;
	uint64_t sum;

	return text_next(text, &at, &begin, &end) && sscanf(text->bytes, WHOLE_SCAN, &sum) == 1 &&
	       sum == sum_of(text->bytes + end, text->size - end);
}

static bool is_mark(const struct stack_text *text, size_t begin, struct before *before)
{
	return starts_with(text, begin, BEFORE) &&
	       sscanf(text->bytes + begin, BEFORE_SCAN, &before->size, &before->sum) == 2;
}

/* Whether the physical line is, byte for byte, one that pair_put writes. */
static bool is_own_line(const struct stack_text *text, size_t begin, size_t end)
{
	const size_t length = end - begin,
		     least = sizeof LINE GROUP; /* of a group, with a newline */
	const char *bytes = text->bytes + begin;

	if (starts_with(text, begin, LINE GROUP))
		return length > least && bytes[length - 1] == '\n' &&
		       !memchr(bytes + least - 1, ' ', length - least) &&
		       !memchr(bytes + least - 1, '\\', length - least);
	return (length == sizeof LINE && starts_with(text, begin, LINE "\n")) ||
	       (length == sizeof LINE " close" && starts_with(text, begin, LINE " close\n"));
}

/* How many bytes from @begin on are a comment and a line as pair_put writes them; 0: none. */
static size_t length_of_own(const struct stack_text *text, size_t begin, struct before *before)
{
	size_t at = begin, first, line, end;

	if (!is_mark(text, begin, before) || !text_next(text, &at, &first, &line) ||
		!text_next(text, &at, &line, &end) || !is_own_line(text, line, end))
		return 0;
	return end - begin;
}

/*
 * Whether @text, with or without the newline at its end, is what was there before; removes that
 * newline.
 */
static bool restore(struct stack_text *text, const struct before *before)
{
	size_t size = text->size;

	if (size == before->size + 1 && text->bytes[size - 1] == '\n')
		size--;
	if (size != before->size || sum_of(text->bytes, size) != before->sum)
		return false;
	text->bytes[size] = '\0';
	text->size = size;
	return true;
}

int pair_take_own(const struct stack_text *text, struct stack_text *result)
{
	struct before before = {0}, mark;
	size_t at = 0, begin, end, length;
	FILE *stream = start(result);

	if (!stream)
		return -ENOMEM;
	while (text_next(text, &at, &begin, &end)) {
		length = length_of_own(text, begin, &mark);
		if (length) {
			before = mark;
			at = begin + length;
		} else {
			put_bytes(text, begin, end, stream);
		}
	}
	if (finish(stream, result) < 0)
		return -ENOMEM;
	restore(result, &before);
	return 0;
}

int pair_take_all(const struct stack_text *text, bool service_first, struct stack_text *result,
	struct pair_taken *taken)
{
	struct text_walk walk = {.text = text};
	struct text_line line;
	struct before before = {0}, mark;
	bool more = text_walk_next(&walk, &line), ours;
	size_t at = 0, begin, end;
	FILE *stream = start(result);

	*taken = (struct pair_taken){.whole = is_whole(text)};
	if (!stream)
		return -ENOMEM;
	while (!taken->whole && text_next(text, &at, &begin, &end)) {
		while (more && line.end <= begin)
			more = text_walk_next(&walk, &line);
		ours = more && begin >= line.begin && text_line_is_ours(&line, service_first) &&
		       !text_is_comment(text, begin, end);
		taken->lines += ours && begin == line.begin;
		if (is_mark(text, begin, &mark))
			before = mark;
		else if (!ours && !starts_with(text, begin, MARK))
			put_bytes(text, begin, end, stream);
	}
	if (finish(stream, result) < 0)
		return -ENOMEM;
	if (taken->whole)
		taken->lines = 2;
	taken->restored = taken->whole || (taken->lines && restore(result, &before));
	return 0;
}
