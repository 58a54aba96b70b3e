/*
 * procfs_elsewhere.h - a first look, which spares most sessions the long one of other_procfs.h.
 */
#ifndef NSISOLATE_PROCFS_ELSEWHERE_H
#define NSISOLATE_PROCFS_ELSEWHERE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether a path of this process may lead to a procfs that shows processes and is not @own, the
 * device of the session's own.  False is certain; true also stands for "cannot tell": a kernel
 * without listmount(2) and statmount(2), which are since Linux 6.8, or one that refuses them.
 */
bool procfs_may_be_elsewhere(dev_t own);

/* Whether the part @root of a procfs shows processes: all of it, or the directory of one. */
bool procfs_has_processes(const char *root);

#endif
