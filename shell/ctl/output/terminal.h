/* terminal.h - how to format output for its destination. */
#ifndef NSISOLATE_CTL_TERMINAL_H
#define NSISOLATE_CTL_TERMINAL_H

#include <stdio.h>

#include "conf/file/diagnostics.h"

/*
 * Colour only on a terminal that supports it and where NO_COLOR (no-color.org) is not set; the
 * width is that of the terminal, 0 where there is none.
 */
struct diagnostics_style terminal_style(FILE *stream);

#endif
