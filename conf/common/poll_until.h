/*
 * poll_until.h - waiting for one descriptor, but not for ever.
 */
#ifndef NSISOLATE_POLL_UNTIL_H
#define NSISOLATE_POLL_UNTIL_H

#include <errno.h>
#include <poll.h>

#include "clock.h"

/*
 * Waits until @fd has one of @events, has hung up or failed, or until @deadline (clock_ms()).
 * Returns 0, -ETIMEDOUT, or another negative errno.
 */
static inline int poll_until(int fd, short events, int64_t deadline)
{
	struct pollfd wanted = {.fd = fd, .events = events};
	int count;

	do {
		int64_t left = deadline - clock_ms();

		count = poll(&wanted, 1, left > 0 ? (int)left : 0);
	} while (count < 0 && errno == EINTR);
	return count > 0 ? 0 : count == 0 ? -ETIMEDOUT : -errno;
}

#endif
