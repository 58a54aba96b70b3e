#include "module_args.h"

#include <errno.h>
#include <string.h>

/* The value of `@name=VALUE`, or NULL when @word is something else. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(word, name, length) || word[length] != '=')
		return NULL;
	return word + length + 1;
}

static int take(struct options *options, const char *word, struct error *error)
{
	const char *value;

	if (!strcmp(word, "debug")) {
		options->debug = true;
	} else if (!strcmp(word, "open")) {
		options->close = false;
	} else if (!strcmp(word, "close")) {
		options->open = false;
	} else if ((value = value_of(word, "conf"))) {
		if (*value != '/')
			return error_set(error, EINVAL, "%s: expected an absolute path", word);
		options->conf = value;
	} else if ((value = value_of(word, "rescue_group"))) {
		if (!*value)
			return error_set(error, EINVAL, "%s: expected the name of a group", word);
		options->rescue_group = value;
	} else {
		return error_set(error, EINVAL,
			"unknown argument '%s': expected conf=PATH, rescue_group=NAME, debug, open "
			"or close",
			word);
	}
	return 0;
}

int options_parse(struct options *options, int argc, const char **argv, struct error *error)
{
	struct error later;
	int result = 0;

	*options = (struct options){.conf = NSISOLATE_CONF, .open = true, .close = true};
	/* to the end: rescue_group may stand behind a wrong word, and says whom that keeps out */
	for (int i = 0; i < argc; i++) {
		if (result < 0)
			take(options, argv[i], &later);
		else
			result = take(options, argv[i], error);
	}
	if (result < 0)
		return result;
	if (!options->open && !options->close)
		return error_set(error, EINVAL,
			"`open` and `close` on one line: nothing would be left "
			"to do; leave both out");
	return 0;
}
