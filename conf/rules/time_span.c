#include "time_span.h"

#include <stddef.h>
#include <string.h>

#include "conf/common/array.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400
#define MONTH 2629800 /* 30.44 days */
#define YEAR 31557600 /* 365.25 days */

/* Case matters: m is a minute, M a month. */
static const struct unit {
	const char *name;
	unsigned seconds;
} units[] = {
	{"seconds", 1},
	{"second", 1},
	{"sec", 1},
	{"s", 1},
	{"minutes", MINUTE},
	{"minute", MINUTE},
	{"min", MINUTE},
	{"m", MINUTE},
	{"hours", HOUR},
	{"hour", HOUR},
	{"hr", HOUR},
	{"h", HOUR},
	{"days", DAY},
	{"day", DAY},
	{"d", DAY},
	{"weeks", 7 * DAY},
	{"week", 7 * DAY},
	{"w", 7 * DAY},
	{"months", MONTH},
	{"month", MONTH},
	{"M", MONTH},
	{"years", YEAR},
	{"year", YEAR},
	{"y", YEAR},
};

/* The seconds of the unit at *@text, which is advanced past it; 0: no such unit. */
static unsigned take_unit(const char **text)
{
	const size_t length = strcspn(*text, " \t0123456789");
	const char *name = *text;

	*text += length;
	if (!length)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == length && !memcmp(units[i].name, name, length))
			return units[i].seconds;
	return 0;
}

long long time_span_parse(const char *text, unsigned long long limit)
{
	static const char blanks[] = " \t";
	unsigned long long sum = 0;

	if (!strcmp(text, "infinity"))
		return 0;
	while (*text) {
		unsigned long long number = 0;
		unsigned unit;

		if (*text < '0' || *text > '9')
			return -1;
		for (; *text >= '0' && *text <= '9'; text++) {
			number = number * 10 + (unsigned)(*text - '0');
			if (number > limit)
				return -1;
		}
		text += strspn(text, blanks);
		unit = take_unit(&text);
		sum += number * unit;
		if (!unit || sum > limit)
			return -1;
		text += strspn(text, blanks);
	}
	return sum ? (long long)sum : -1;
}
