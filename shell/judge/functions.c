/*
 * libpam tells a module's function neither its line nor its path, so each line has one of its own.
 */
#include <security/pam_modules.h>

#include "conf/common/array.h"
#include "lines.h"

/* Each of three octal digits takes eight values: 512 functions, line_0000 to line_0777. */
#define ONE(number)                                                                          \
	static int line_##number(pam_handle_t *pamh, int flags, int argc, const char **argv) \
	{                                                                                    \
		(void)pamh;                                                                  \
		(void)flags;                                                                 \
		return line_reached(number, argc, argv);                                     \
	}
#define NAME(number) line_##number,
#define EIGHT(each, digits)                                                             \
	each(digits##0) each(digits##1) each(digits##2) each(digits##3) each(digits##4) \
		each(digits##5) each(digits##6) each(digits##7)
#define SIXTY_FOUR(each, digits) \
	EIGHT(each, digits##0)   \
	EIGHT(each, digits##1)   \
	EIGHT(each, digits##2)   \
	EIGHT(each, digits##3)   \
	EIGHT(each, digits##4) EIGHT(each, digits##5) EIGHT(each, digits##6) EIGHT(each, digits##7)
#define ALL(each)            \
	SIXTY_FOUR(each, 00) \
	SIXTY_FOUR(each, 01) \
	SIXTY_FOUR(each, 02) \
	SIXTY_FOUR(each, 03) \
	SIXTY_FOUR(each, 04) SIXTY_FOUR(each, 05) SIXTY_FOUR(each, 06) SIXTY_FOUR(each, 07)

ALL(ONE)

void *line_function(size_t index)
{
	static int (*const functions[])(
		pam_handle_t * pamh, int flags, int argc, const char **argv) = {ALL(NAME)};

	_Static_assert(ARRAY_SIZE(functions) == LINES_MAX, "one for each line");
	return (void *)functions[index];
}
