#include "module_load.h"

#include <stdlib.h>
#include <string.h>

#include "conf/common/cleanup.h"

#define NEVER "it was not tried"

static struct module {
	char *path;
	bool tried, broken;
	char *why; /* why it is broken, or why that is unknown; NULL: it was loaded */
} * modules;
static size_t module_count;

static struct module *find(const char *path)
{
	for (size_t i = 0; i < module_count; i++)
		if (!strcmp(modules[i].path, path))
			return &modules[i];
	return NULL;
}

bool module_load_want(const char *path)
{
	struct module *larger;

	if (find(path))
		return true;
	larger = reallocarray(modules, module_count + 1, sizeof *larger);
	if (!larger)
		return false;
	modules = larger;
	modules[module_count] = (struct module){.path = strdup(path)};
	if (!modules[module_count].path)
		return false;
	module_count++;
	return true;
}

/* Takes a line `no PATH WHY` or `unknown PATH WHY`, separated by tabs. */
static void take_line(char *line)
{
	const char *word = strsep(&line, "\t"), *path = strsep(&line, "\t");
	struct module *module = path ? find(path) : NULL;

	if (!module || !line)
		return;
	free(module->why);
	module->why = strdup(line);
	module->broken = module->why && !strcmp(word, "no");
}

/* The command for all that are marked; NULL: no memory, or none is marked. */
static char **words_of_wanted(void)
{
	char **words = calloc(module_count + 2, sizeof *words);
	size_t count = 1;

	for (size_t i = 0; words && i < module_count; i++)
		if (!modules[i].tried)
			words[count++] = modules[i].path;
	if (count > 1) {
		words[0] = (char *)NSISOLATE_LOAD;
		return words;
	}
	free(words);
	return NULL;
}

void module_load_try(const struct run_user *user)
{
	char *environment[] = {NULL}, **words = words_of_wanted(), *text, *line;
	struct run_result *said = words ? malloc(sizeof *said) : NULL;

	if (said) {
		run_program(words, environment, user, said);
		for (text = said->out; (line = strsep(&text, "\n"));)
			take_line(line);
	}
	for (size_t i = 0; i < module_count; i++) {
		/* a run that was cut short has not reported the last ones */
		if (!modules[i].tried && !modules[i].why && (!said || said->status != 0))
			modules[i].why = strdup(said && *said->err ? said->err : NEVER);
		modules[i].tried = true;
	}
	free(said);
	free(words);
}

const char *module_load_fault(const char *path)
{
	const struct module *module = find(path);

	return module && module->broken ? module->why : NULL;
}

const char *module_load_unknown(size_t *cursor, const char **why)
{
	while (*cursor < module_count) {
		const struct module *module = &modules[(*cursor)++];

		if (!module->broken && module->why) {
			*why = module->why;
			return module->path;
		}
	}
	return NULL;
}
