#include "job.h"

#include <string.h>

struct title title_find(char **arguments)
{
	struct title title = {.start = arguments[0]};
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
	size_t room = title->rest ? (size_t)(title->rest - title->start) + title->length : 0;
	size_t length = title->text ? strlen(title->text) : 0;

	if (length && length < room) {
		memmove(title->start, title->text, length);
		memset(title->start + length, 0, room - length);
	} else if (title->rest) {
		memset(title->rest, 0, title->length);
	}
}
