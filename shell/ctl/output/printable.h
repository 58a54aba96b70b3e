/*
 * printable.h - names that somebody else chose, made harmless to a terminal and to the lines around
 * them.
 */
#ifndef NSISOLATE_CTL_PRINTABLE_H
#define NSISOLATE_CTL_PRINTABLE_H

#include <stddef.h>

#include "conf/common/printable.h"

/* printable() for one word of a table, where a blank would start the next one. */
char *printable_word(char *text);

/*
 * The @size bytes at @text get @name as one word that a terminal shows and bash(1), zsh(1) and
 * ksh(1) take when it is pasted: as it is where the locale can show it, quoted where the shell
 * needs that, else as $'...' with octal numbers.  Cut where @size is too small.  Returns @text.
 */
char *pasteable(const char *name, char *text, size_t size);

#endif
