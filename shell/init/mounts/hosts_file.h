/*
 * hosts_file.h - a file of the host's, in memory, to be changed for the session.
 */
#ifndef NSISOLATE_HOSTS_FILE_H
#define NSISOLATE_HOSTS_FILE_H

#include <stddef.h>

#include "conf/common/error.h"

/* Size 0: the same as the host's.  Not to be copied: @bytes may be @few. */
struct hosts_file {
	char *bytes;
	size_t size;
	size_t room;
	char few[1536]; /* enough for most; on a stack that PID 1 releases */
};

/*
 * Reads the host's file @path into new memory, behind @before bytes of room for it and with @after
 * behind it: *@length of them.  1; 0 if there is none, or none that can be copied, and @error says
 * so; or a negative errno.
 */
int hosts_file_read(const char *path, size_t before, size_t after, struct hosts_file *file,
	size_t *length, struct error *error);
void hosts_file_free(struct hosts_file *file);

#endif
