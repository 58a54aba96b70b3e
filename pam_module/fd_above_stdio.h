/* fd_above_stdio.h - keeps our descriptors away from the numbers of the standard ones. */
#ifndef NSISOLATE_FD_ABOVE_STDIO_H
#define NSISOLATE_FD_ABOVE_STDIO_H

#include <fcntl.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

/*
 * Returns @fd; or, where the application has closed its standard descriptors and @fd is one of
 * them, a duplicate above them, close-on-exec.  Takes ownership of @fd.  -1 with errno set when @fd
 * is negative or there is no descriptor left.
 */
static inline int above_stdio(int fd)
{
	int above;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	cleanup_close(&fd);
	return above;
}

#endif
