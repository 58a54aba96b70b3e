/* fd_message.h - one message on a socket between our processes: some text, and descriptors. */
#ifndef NSISOLATE_FD_MESSAGE_H
#define NSISOLATE_FD_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

#define MESSAGE_FDS_MAX 12

/* Sends @length bytes of @text with @count descriptors.  0 or a negative errno; never SIGPIPE. */
int message_send(int socket, const char *text, size_t length, const int *fds, size_t count);

/*
 * Receives one message: its length (more than @size is cut off), 0 when the other end has hung up,
 * or a negative errno.  Its descriptors come close-on-exec into @fds, of which the first *@count
 * may be filled; *@count becomes how many are.  What does not fit is closed, and so are all where
 * the process has no room for some of them (-EMFILE).
 */
ssize_t message_receive(int socket, char *text, size_t size, int *fds, size_t *count, int flags);

#endif
