#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return (!no_color || !*no_color) && term && *term && strcmp(term, "dumb") != 0;
}

struct diagnostics_style terminal_style(FILE *stream)
{
	struct diagnostics_style style = {0};
	struct winsize size;

	if (!isatty(fileno(stream)))
		return style;
	style.colour = wants_colour();
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0)
		style.width = size.ws_col;
	return style;
}
