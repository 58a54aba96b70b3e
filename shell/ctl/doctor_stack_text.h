/*
 * doctor_stack_text.h - the text of PAM's files: lines, words, and what a control means.
 */
#ifndef NSISOLATE_CTL_DOCTOR_STACK_TEXT_H
#define NSISOLATE_CTL_DOCTOR_STACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "doctor_stack.h"

/*
 * The next line into *@text, which is made as large as need be, joined with those that a backslash
 * at its end continues it by, and without its comment.  *@number is that of its first line, *@lines
 * how many were read so far.  False at the end, or when memory ran out.
 */
bool stack_next_line(FILE *file, char **text, size_t *size, unsigned *number, unsigned *lines);

/* Cuts the next word off *@cursor: [...] is one, pam.conf(5).  NULL at the end. */
char *stack_next_word(char **cursor);

/* What libpam makes of a control, a word or [...]. */
struct stack_control stack_control_of(const char *text);

#endif
