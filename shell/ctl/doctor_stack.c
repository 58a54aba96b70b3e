#include "doctor_stack.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cleanup.h"
#include "doctor_stack_text.h"

#define MODULE "pam_nsisolate"
#define CONF "/etc/pam.conf"

/* Where libpam looks for the file of a service; the first one that has it wins. */
static const char *const directories[] = {"/etc/pam.d", "/usr/lib/pam.d"};
#define DIRECTORIES (sizeof directories / sizeof directories[0])

/* Who reads a file, and as what. */
struct reader {
	struct stacks *stacks;
	struct stack *stack;
	struct stack_place trail[STACK_DEPTH];
	unsigned depth, substack;
	bool all_types; /* false: session lines only */
};

static bool read_file(struct reader *reader, const char *path);

/* ---- lines ---- */

static void line_free(struct stack_line *line)
{
	free(line->text);
	free(line->copy);
}

static bool add_line(struct reader *reader, struct stack_line *line)
{
	struct stack *stack = reader->stack;
	struct stack_line *lines;

	lines = reallocarray(stack->lines, stack->count + 1, sizeof *lines);
	if (!lines) {
		line_free(line);
		return false;
	}
	memcpy(line->trail, reader->trail, sizeof line->trail);
	line->depth = reader->depth;
	line->substack = reader->substack;
	stack->lines = lines;
	lines[stack->count++] = *line;
	return true;
}

static bool include(struct reader *reader, const char *name, bool all_types, bool substack)
{
	bool outer_types = reader->all_types, done = false;
	unsigned outer_substack = reader->substack;
	char path[4096] = "";

	if (*name == '/')
		snprintf(path, sizeof path, "%s", name);
	for (size_t i = 0; !*path && i < DIRECTORIES; i++) {
		snprintf(path, sizeof path, "%s/%s", directories[i], name);
		if (access(path, F_OK) < 0 && errno == ENOENT && i + 1 < DIRECTORIES)
			*path = '\0';
	}
	if (reader->depth >= STACK_DEPTH) {
		snprintf(reader->stack->unread, sizeof reader->stack->unread,
			"%s: files include each other too deeply", path);
		return true;
	}
	reader->all_types &= all_types;
	if (substack)
		reader->substack = reader->depth;
	done = read_file(reader, path);
	reader->all_types = outer_types;
	reader->substack = outer_substack;
	return done;
}

/* Takes one line, which it cuts into words; false when memory ran out. */
static bool take_line(struct reader *reader, char *text, bool named)
{
	struct stack_line line = {.text = strdup(text), .copy = strdup(text)};
	char *cursor = line.copy, *word;

	if (!line.text || !line.copy)
		goto no_memory;
	if (named)
		stack_next_word(&cursor);
	line.type = stack_next_word(&cursor);
	line.control = stack_next_word(&cursor);
	if (line.type && line.control && !strcasecmp(line.type, "@include")) {
		bool done = include(reader, line.control, true, false);

		line_free(&line);
		return done;
	}
	line.module = stack_next_word(&cursor);
	if (!line.type || !line.control || !line.module) {
		line_free(&line);
		return true; /* libpam skips it, too */
	}
	line.session = !strcasecmp(line.type + (*line.type == '-'), "session");
	if (!strcasecmp(line.control, "include") || !strcasecmp(line.control, "substack")) {
		bool done = !line.session || include(reader, line.module, false,
						     !strcasecmp(line.control, "substack"));

		line_free(&line);
		return done;
	}
	while (line.argument_count < STACK_ARGUMENTS && (word = stack_next_word(&cursor)))
		line.arguments[line.argument_count++] = word;
	line.meaning = stack_control_of(line.control);
	if (line.session || (reader->all_types &&
				    (stack_line_is_ours(&line) || stack_line_is(&line, "pam_env"))))
		return add_line(reader, &line);
	line_free(&line);
	return true;
no_memory:
	line_free(&line);
	return false;
}

/* The name, kept for as long as the stacks are. */
static const char *keep_file(struct stacks *stacks, const char *path)
{
	char **files;

	for (size_t i = 0; i < stacks->file_count; i++)
		if (!strcmp(stacks->files[i], path))
			return stacks->files[i];
	files = reallocarray(stacks->files, stacks->file_count + 1, sizeof *files);
	if (!files)
		return NULL;
	stacks->files = files;
	files[stacks->file_count] = strdup(path);
	return files[stacks->file_count] ? files[stacks->file_count++] : NULL;
}

static bool read_file(struct reader *reader, const char *path)
{
	FILE *file = fopen(path, "re");
	struct stack *stack = reader->stack;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	unsigned number, lines = 0;
	const char *name = keep_file(reader->stacks, path);
	bool done = name;

	if (!file) {
		snprintf(stack->unread, sizeof stack->unread, "%s: %s", path, strerror(errno));
		return done;
	}
	reader->depth++;
	while (done && stack_next_line(file, &text, &size, &number, &lines)) {
		reader->trail[reader->depth - 1] = (struct stack_place){name, number};
		done = take_line(reader, text, false);
	}
	if (ferror(file))
		snprintf(stack->unread, sizeof stack->unread, "%s: cannot be read", path);
	reader->depth--;
	fclose(file);
	return done;
}

/* ---- all stacks ---- */

static struct stack *add_stack(struct stacks *stacks, const char *service, const char *path)
{
	struct stack *list = reallocarray(stacks->list, stacks->count + 1, sizeof *list);
	struct stack *stack;

	if (!list)
		return NULL;
	stacks->list = list;
	stack = &list[stacks->count++];
	*stack = (struct stack){.service = strdup(service), .path = strdup(path)};
	return stack->service && stack->path ? stack : NULL;
}

static bool read_stack(struct stacks *stacks, const char *directory, const char *name)
{
	struct reader reader = {.stacks = stacks, .all_types = true};
	char path[4096];

	if (stacks_find(stacks, name))
		return true;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	reader.stack = add_stack(stacks, name, path);
	return reader.stack && read_file(&reader, path);
}

/* What editors and package managers leave is no service that anything is called. */
static bool is_service(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !strpbrk(entry->d_name, ".~") && entry->d_type != DT_DIR;
}

static bool read_directory(struct stacks *stacks, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	bool done = true;

	if (count < 0 && errno != ENOENT)
		snprintf(stacks->unread, sizeof stacks->unread, "%s: %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		done = done &&
		       (!is_service(entries[i]) || read_stack(stacks, path, entries[i]->d_name));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return done;
}

/* The one file of old, in which the first word of a line is the service. */
static bool read_conf(struct stacks *stacks)
{
	FILE *file = fopen(CONF, "re");
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	unsigned number, lines = 0;
	bool done = true;

	if (!file) {
		if (errno != ENOENT)
			snprintf(stacks->unread, sizeof stacks->unread, CONF ": %s",
				strerror(errno));
		return true;
	}
	while (done && stack_next_line(file, &text, &size, &number, &lines)) {
		struct reader reader = {.stacks = stacks, .all_types = true, .depth = 1};
		char service[64];

		if (sscanf(text, " %63s", service) != 1)
			continue;
		reader.stack = (struct stack *)stacks_find(stacks, service);
		if (!reader.stack)
			reader.stack = add_stack(stacks, service, CONF);
		reader.trail[0] = (struct stack_place){keep_file(stacks, CONF), number};
		done = reader.stack && reader.trail[0].file && take_line(&reader, text, true);
	}
	fclose(file);
	return done;
}

/*
 * Distributions put what services have in common into files beside them.  A service that another
 * one includes stays one.
 */
static bool is_fragment(const struct stacks *stacks, const struct stack *stack)
{
	static const char *const services[] = {"sshd", "login", "remote", "su", "sudo", "runuser",
		"cron", "crond", "atd", "systemd-user"};
	static const char *const common[] = {"common-", "system-", "password-auth", "postlogin",
		"base-", "fingerprint-auth", "smartcard-auth"};

	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
		if (!strcmp(stack->service, services[i]))
			return false;
	for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
		if (!strncmp(stack->service, common[i], strlen(common[i])))
			return true;
	for (size_t i = 0; i < stacks->count; i++)
		for (size_t j = 0; j < stacks->list[i].count; j++)
			for (unsigned k = 1; k < stacks->list[i].lines[j].depth; k++)
				if (!strcmp(stacks->list[i].lines[j].trail[k].file, stack->path))
					return true;
	return false;
}

bool stacks_read(struct stacks *stacks)
{
	bool done = true;

	/* where there is the directory, libpam does not look at the file */
	if (access(directories[0], F_OK) < 0 && access(directories[1], F_OK) < 0)
		done = read_conf(stacks);
	for (size_t i = 0; done && i < DIRECTORIES; i++)
		done = read_directory(stacks, directories[i]);
	for (size_t i = 0; i < stacks->count; i++)
		stacks->list[i].fragment = is_fragment(stacks, &stacks->list[i]);
	return done;
}

const struct stack *stacks_find(const struct stacks *stacks, const char *service)
{
	for (size_t i = 0; i < stacks->count; i++)
		if (!strcmp(stacks->list[i].service, service))
			return &stacks->list[i];
	return NULL;
}

bool stack_line_is(const struct stack_line *line, const char *module)
{
	const char *slash = strrchr(line->module, '/'), *name = slash ? slash + 1 : line->module;
	size_t length = strlen(module);

	return !strncmp(name, module, length) && (!name[length] || !strcmp(name + length, ".so"));
}

bool stack_line_is_ours(const struct stack_line *line)
{
	return stack_line_is(line, MODULE);
}

bool stack_line_has(const struct stack_line *line, const char *argument)
{
	for (unsigned i = 0; i < line->argument_count; i++)
		if (!strcmp(line->arguments[i], argument))
			return true;
	return false;
}

bool stack_has_module(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->lines[i].session && stack_line_is_ours(&stack->lines[i]))
			return true;
	return false;
}

const struct stack_place *stack_line_place(const struct stack_line *line)
{
	return &line->trail[line->depth - 1];
}

void stacks_free(struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->count; i++) {
		for (size_t j = 0; j < stacks->list[i].count; j++)
			line_free(&stacks->list[i].lines[j]);
		free(stacks->list[i].lines);
		free(stacks->list[i].service);
		free(stacks->list[i].path);
	}
	for (size_t i = 0; i < stacks->file_count; i++)
		free(stacks->files[i]);
	free(stacks->files);
	free(stacks->list);
}
