/*
 * terminal.h - how output looks where it goes to.
 */
#ifndef NSISOLATE_CTL_TERMINAL_H
#define NSISOLATE_CTL_TERMINAL_H

#include <stdio.h>

#include "conf/file/diagnostics.h"

/*
 * Colour only on a terminal that can do it and where NO_COLOR (no-color.org) is
 * not set; the width is that of the terminal, 0 where there is none.
 */
struct diagnostics_style terminal_style(FILE *stream);

#endif
