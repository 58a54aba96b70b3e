/* child.h - waiting for one child of ours, never for any other: wait(2). */
#ifndef NSISOLATE_CHILD_H
#define NSISOLATE_CHILD_H

#include <errno.h>
#include <sys/types.h>
#include <sys/wait.h>

/* Reaps @child, ignoring interruptions; *@status as for waitpid(2), or NULL.  -1 with errno set. */
static inline pid_t child_wait(pid_t child, int *status)
{
	pid_t reaped;

	while ((reaped = waitpid(child, status, 0)) < 0 && errno == EINTR)
		;
	return reaped;
}

#endif
