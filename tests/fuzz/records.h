/*
 * records.h - what a process sends on a socket, made from a fuzzer's input: records of a byte and a
 * message.  The byte's upper two bits choose how many descriptors are sent, the lower six are the
 * message's length; 63: all that is left.
 */
#ifndef NSISOLATE_TEST_RECORDS_H
#define NSISOLATE_TEST_RECORDS_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "must.h"

#define RECORD_FDS_MAX 14

static inline void record_send(int socket, const void *data, size_t length, int count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(RECORD_FDS_MAX * sizeof(int))];
	} control = {.space = {0}};
	struct iovec text = {.iov_base = (void *)data, .iov_len = length};
	struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};

	if (count) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		for (int i = 0; i < count; i++)
			memcpy(CMSG_DATA(&control.header) + (size_t)i * sizeof(int),
				&(int){STDERR_FILENO}, sizeof(int));
	}
	/* if the buffer is full, enough was sent */
	sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* @counts: numbers of descriptors, indexed by the two bits. */
static inline void records_send(int socket, const uint8_t *data, size_t size, const int counts[4])
{
	while (size > 0) {
		size_t length = *data & 63;
		int count = counts[*data >> 6];

		data++, size--;
		if (length == 63 || length > size)
			length = size;
		record_send(socket, data, length, count);
		data += length, size -= length;
	}
}

/* The lowest free descriptor, which a leaked one raises. */
static inline int lowest_free(void)
{
	int fd = dup(STDERR_FILENO);

	must(fd >= 0 && close(fd) == 0, "there is a descriptor");
	return fd;
}

#endif
