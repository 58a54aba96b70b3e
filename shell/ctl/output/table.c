#include "table.h"

#include <string.h>

#define COLUMNS_MAX 16
#define GAP 2
#define NARROWEST 8

struct widths {
	size_t width[COLUMNS_MAX]; /* 0: left out */
	size_t narrowest[COLUMNS_MAX];
	size_t count;
};

static const char *cell_text(char *const cell)
{
	return cell && *cell ? cell : "-";
}

/* Of text in UTF-8, whose further bytes take no column. */
static size_t columns_of(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

static size_t total(const struct widths *widths)
{
	size_t sum = 0;

	for (size_t i = 0; i < widths->count; i++)
		if (widths->width[i])
			sum += widths->width[i] + (sum ? GAP : 0);
	return sum;
}

/* Takes one byte from the widest column of text; false when none can give any. */
static bool narrow(struct widths *widths)
{
	size_t widest = widths->count;

	for (size_t i = 0; i < widths->count; i++)
		if (widths->width[i] > widths->narrowest[i] &&
			(widest == widths->count || widths->width[i] > widths->width[widest]))
			widest = i;
	if (widest == widths->count)
		return false;
	widths->width[widest]--;
	return true;
}

static bool drop(struct widths *widths, const struct table_column *columns)
{
	size_t least = widths->count;

	for (size_t i = 0; i < widths->count; i++)
		if (widths->width[i] && columns[i].drop &&
			(least == widths->count || columns[i].drop > columns[least].drop))
			least = i;
	if (least == widths->count)
		return false;
	widths->width[least] = widths->narrowest[least] = 0;
	return true;
}

static void measure(
	struct widths *widths, const struct table_column *columns, char *const *cells, size_t rows)
{
	for (size_t i = 0; i < widths->count; i++) {
		widths->width[i] = strlen(columns[i].name);
		for (size_t row = 0; row < rows; row++) {
			size_t length = columns_of(cell_text(cells[row * widths->count + i]));

			if (length > widths->width[i])
				widths->width[i] = length;
		}
		/*
		 * a number that is cut becomes another number, and the first column names the row
		 */
		widths->narrowest[i] = !i || columns[i].right || widths->width[i] < NARROWEST
					       ? widths->width[i]
					       : NARROWEST;
	}
}

static void show_cell(const char *text, size_t width, bool right, bool last, FILE *stream)
{
	size_t length = columns_of(text);

	if (length > width)
		fprintf(stream, "%.*s~", (int)width - 1, text);
	else if (right)
		fprintf(stream, "%*s%s", (int)(width - length), "", text);
	else
		fprintf(stream, "%s%*s", text, last ? 0 : (int)(width - length), "");
}

static void show_row(const struct widths *widths, const struct table_column *columns,
	char *const *cells, FILE *stream)
{
	size_t last = widths->count;
	bool first = true;

	while (last && !widths->width[last - 1])
		last--;
	for (size_t i = 0; i < last; i++) {
		if (!widths->width[i])
			continue;
		if (!first)
			fprintf(stream, "%*s", GAP, "");
		first = false;
		show_cell(cells ? cell_text(cells[i]) : columns[i].name, widths->width[i],
			columns[i].right, i == last - 1, stream);
	}
	fputc('\n', stream);
}

void table_show(const struct table_column *columns, size_t column_count, char *const *cells,
	size_t rows, size_t most, size_t width, FILE *stream)
{
	struct widths widths = {.count = column_count < COLUMNS_MAX ? column_count : COLUMNS_MAX};

	measure(&widths, columns, cells, rows);
	while (width && total(&widths) > width)
		if (!narrow(&widths) && !drop(&widths, columns))
			break;
	show_row(&widths, columns, NULL, stream);
	for (size_t row = 0; row < rows && (!most || row < most); row++)
		show_row(&widths, columns, cells + row * column_count, stream);
}
