/*
 * shell_word.h - a path or a name for a command that somebody pastes into a shell.
 */
#ifndef NSISOLATE_SHELL_WORD_H
#define NSISOLATE_SHELL_WORD_H

#include <limits.h>

/* Room for one. */
struct shell_word {
	char text[PATH_MAX + 64];
};

/* @text as one word for sh(1), quoted where it must be, in *@word; cut where that is too small. */
const char *shell_word(struct shell_word *word, const char *text);

#endif
