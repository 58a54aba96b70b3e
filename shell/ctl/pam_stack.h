/*
 * pam_stack.h - the PAM services of this machine, and what libpam makes of each.
 */
#ifndef NSISOLATE_CTL_PAM_STACK_H
#define NSISOLATE_CTL_PAM_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/ctl/pam_verdict.h"

struct stack {
	char *service;
	const char *path; /* of its own file; in the verdict */
	struct pam_verdict verdict;
	bool fragment; /* other stacks include it, and no application has this name */
};

struct stacks {
	struct stack *list;
	size_t count;
	char unread[768]; /* why there are none, or not all; "": all were read */
};

/* Has all of them judged.  False when out of memory. */
bool stacks_read(struct stacks *stacks);

/* The stack of this service; NULL: there is none. */
const struct stack *stacks_find(const struct stacks *stacks, const char *service);

/* Whether the line counts for the stack: it is its own, or libpam reaches it in `other`. */
bool stack_has_line(const struct pam_line *line);

/* Whether some session line of the stack names our module. */
bool stack_has_module(const struct stack *stack);

/* The configuration that its line of ours names; NULL: the built-in one. */
const char *stack_configuration(const struct stack *stack);

/* Services that users log in by; other stacks serve users who are logged in. */
bool stack_is_way_in(const char *service);

void stacks_free(struct stacks *stacks);

#endif
