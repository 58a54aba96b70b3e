/*
 * cells.h - what stands in the tables of `list`.
 */
#ifndef NSISOLATE_CTL_CELLS_H
#define NSISOLATE_CTL_CELLS_H

#include <stdbool.h>

#define CELL_SIZE 72 /* anything longer is cut, terminal or not */

/* Each fills @cell, of CELL_SIZE bytes; "" is what is not known. */

/* A word that somebody else chose; one that is only claimed is in parentheses. */
void cell_word(char *cell, const char *word, bool verified);

void cell_number(char *cell, unsigned long long number); /* 0: not known */
void cell_bytes(char *cell, unsigned long long bytes); /* 0: not known */
void cell_age(char *cell, long long seconds);

#endif
