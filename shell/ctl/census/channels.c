/* The table of all channels, in the order in which it is shown; and what several looks need. */
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "conf/common/array.h"
#include "conf/common/cleanup.h"

static const struct channels *const rooms[] = {
	&channels_of_processes,
	&channels_of_the_network,
	&channels_of_memory,
	&channels_of_directories,
	&channels_of_accounts,
	&channels_of_the_machine,
	&channels_of_the_bus,
	&channels_of_side_doors,
};

size_t channels_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
		count += rooms[i]->count;
	return count < CHANNELS_MAX ? count : CHANNELS_MAX;
}

const struct channel *channels_get(size_t index)
{
	size_t i = 0;

	while (index >= rooms[i]->count)
		index -= rooms[i++]->count;
	return &rooms[i]->list[index];
}

bool closes_by_pid(const struct policy *policy)
{
	return policy->kinds & CLONE_NEWPID;
}

bool census_is_broken(const struct census *census, size_t channel)
{
	const struct channel *row = channels_get(channel);

	return census->policy.isolate && row->closes && row->closes(&census->policy) &&
	       census->session[channel].seen == SEEN_YES;
}

enum seen look_nothing(struct look *look, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(look->finding->why, sizeof look->finding->why, format, arguments);
	va_end(arguments);
	return SEEN_NOTHING_THERE;
}

int look_for_word(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int found = 0;

	if (!file)
		return -1;
	while (!found && getline(&line, &size, file) >= 0)
		found = strstr(line, word) != NULL;
	fclose(file);
	return found;
}
