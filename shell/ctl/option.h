/* option.h - an option with a value on the command line of a command. */
#ifndef NSISOLATE_CTL_OPTION_H
#define NSISOLATE_CTL_OPTION_H

/*
 * Takes @name VALUE or @name=VALUE from the front of the @argc words of @argv.  Returns how many
 * words that are, with *@value filled; 0: they are something else.
 */
int option_take(const char *name, int argc, char **argv, const char **value);

#endif
