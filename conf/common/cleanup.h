/*
 * cleanup.h - attributes that release a resource when its variable goes out of scope, so that every
 * return is safe.
 */
#ifndef NSISOLATE_CLEANUP_H
#define NSISOLATE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close(int *fd)
{
	int saved = errno;

	/* close(2) on Linux releases the descriptor even when it reports an error */
	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))
#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))

#endif
