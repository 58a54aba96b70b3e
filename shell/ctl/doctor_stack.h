/*
 * doctor_stack.h - PAM's stacks as libpam reads them: pam.conf(5).
 *
 * A stack is the session lines of one service, with the lines of the files that it includes in
 * their place; and, of the other types, the lines that name our module or pam_env, which does the
 * same in each.
 */
#ifndef NSISOLATE_CTL_DOCTOR_STACK_H
#define NSISOLATE_CTL_DOCTOR_STACK_H

#include <stdbool.h>
#include <stddef.h>

#define STACK_DEPTH 8 /* files that include each other */
#define STACK_ARGUMENTS 16

/* A line of a file; the name lives as long as the stacks. */
struct stack_place {
	const char *file;
	unsigned line;
};

/*
 * What libpam does next: pam.conf(5), "control".  A failure that is ok or done is the stack's, too:
 * it refuses as bad does.
 */
enum stack_action { STACK_IGNORE, STACK_OK, STACK_DONE, STACK_BAD, STACK_DIE, STACK_JUMP };

struct stack_control {
	enum stack_action success, failure; /* for PAM_SUCCESS and PAM_SESSION_ERR */
	unsigned jump; /* the longest of any return value; 0: none */
	bool known; /* false: libpam does not understand it either */
};

struct stack_line {
	struct stack_place trail[STACK_DEPTH]; /* from the service's own file to where it stands */
	unsigned depth; /* how many */
	unsigned
		substack; /* the files of the trail that are not in the innermost substack; 0: none */
	bool session;
	char *text; /* the whole line, as it is written */
	char *type, *control, *module; /* into a copy */
	char *arguments[STACK_ARGUMENTS];
	unsigned argument_count;
	struct stack_control meaning;
	char *copy;
};

struct stack {
	char *service;
	char *path;
	struct stack_line *lines;
	size_t count;
	bool fragment; /* other stacks include it, and no application is called so */
	char unread[256]; /* a file that could not be read, and why; "": all were */
};

struct stacks {
	struct stack *list;
	size_t count;
	char **files; /* the names that places point to */
	size_t file_count;
	char unread[256]; /* why there are none; "": they were read */
};

/* Reads all that there are.  False when memory ran out. */
bool stacks_read(struct stacks *stacks);

/* The stack of this service; NULL: there is none. */
const struct stack *stacks_find(const struct stacks *stacks, const char *service);

/* Whether the line names our module, and whether some session line of the stack does. */
bool stack_line_is_ours(const struct stack_line *line);
bool stack_has_module(const struct stack *stack);

/* Whether the line is one of this module, by its name without directories and ".so". */
bool stack_line_is(const struct stack_line *line, const char *module);

/* Whether the line has this argument. */
bool stack_line_has(const struct stack_line *line, const char *argument);

/* Where the line itself stands. */
const struct stack_place *stack_line_place(const struct stack_line *line);

void stacks_free(struct stacks *stacks);

#endif
