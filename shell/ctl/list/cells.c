#include "cells.h"

#include <stdio.h>
#include <string.h>

#include "shell/ctl/output/printable.h"

void cell_word(char *cell, const char *word, bool verified)
{
	size_t length;

	*cell = '\0';
	if (!*word)
		return;
	length = (size_t)snprintf(cell, CELL_SIZE, verified ? "%s" : "(%s)", word);
	printable_word(cell);
	if (length >= CELL_SIZE)
		cell[CELL_SIZE - 2] = '~';
	if (length >= CELL_SIZE && !verified)
		cell[CELL_SIZE - 2] = ')';
}

void cell_number(char *cell, unsigned long long number)
{
	*cell = '\0';
	if (number)
		snprintf(cell, CELL_SIZE, "%llu", number);
}

void cell_bytes(char *cell, unsigned long long bytes)
{
	static const char units[] = "KMGTP";
	double size = (double)bytes / 1024;
	size_t unit = 0;

	while (size >= 1000 && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	*cell = '\0';
	if (bytes)
		snprintf(cell, CELL_SIZE, size < 10 && unit ? "%.1f%c" : "%.0f%c", size,
			units[unit]);
}

void cell_age(char *cell, long long seconds)
{
	long long minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	if (days)
		snprintf(cell, CELL_SIZE, "%lldd%02lldh", days, hours % 24);
	else if (hours)
		snprintf(cell, CELL_SIZE, "%lldh%02lldm", hours, minutes % 60);
	else if (minutes)
		snprintf(cell, CELL_SIZE, "%lldm%02llds", minutes, seconds % 60);
	else
		snprintf(cell, CELL_SIZE, "%llds", seconds);
}
