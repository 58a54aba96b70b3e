#include "modes.h"

#include <string.h>

struct title title_find(char **arguments)
{
	struct title title = {0};
	int last = 0;

	while (arguments[last + 1])
		last++;
	if (last > 0) {
		/* the kernel lays them out without gaps: execve(2), proc_pid_cmdline(5) */
		title.rest = arguments[1];
		title.length = (size_t)(arguments[last] - arguments[1]) + strlen(arguments[last]);
	}
	return title;
}

void title_shorten(const struct title *title)
{
	if (title->rest)
		memset(title->rest, 0, title->length);
}
