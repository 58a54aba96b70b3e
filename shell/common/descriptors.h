/* descriptors.h - which inherited descriptors a process keeps. */
#ifndef NSISOLATE_DESCRIPTORS_H
#define NSISOLATE_DESCRIPTORS_H

#include <stddef.h>

#include "conf/common/error.h"

/*
 * Closes every descriptor but the @count ones in @keep (-1: none), whatever the limits say.
 * Sorts @keep.  Needs close_range(2), Linux 5.9.
 */
int descriptors_keep(int *keep, size_t count, struct error *error);

#endif
