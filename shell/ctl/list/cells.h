/*
 * cells.h - the cells of `list`'s tables.
 */
#ifndef NSISOLATE_CTL_CELLS_H
#define NSISOLATE_CTL_CELLS_H

#include <stdbool.h>

#define CELL_SIZE 72 /* anything longer is cut, terminal or not */

/* Each fills @cell, of CELL_SIZE bytes, with "" if the value is unknown. */

/* A word that somebody else chose; in parentheses unless it is verified. */
void cell_word(char *cell, const char *word, bool verified);

void cell_number(char *cell, unsigned long long number); /* 0: unknown */
void cell_bytes(char *cell, unsigned long long bytes); /* 0: unknown */
void cell_age(char *cell, long long seconds);

#endif
