/*
 * process.h - what the kernel says of one process, read so that it cannot be another one's.
 *
 * An open directory of /proc always belongs to its process: once that has ended every access fails
 * with ESRCH, even if its PID is reused.
 */
#ifndef NSISOLATE_CTL_PROCESS_H
#define NSISOLATE_CTL_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* A file's bytes, followed by a NUL; the memory is reused for the next file. */
struct process_text {
	char *bytes;
	size_t size, length;
};
void process_text_free(struct process_text *text);

/* The directory of the process @name (its PID in digits), as a descriptor; -1 with errno set. */
int process_open(const char *name);

/*
 * Reads @file below the descriptor @directory, at most 4 MB of it.  Returns 0 or a negative errno;
 * then @text is empty.
 */
int process_read(int directory, const char *file, struct process_text *text);

#define PROCESS_LEVELS_MAX 33 /* MAX_PID_NS_LEVEL of the kernel, plus the initial one */

struct process_status {
	uid_t uid; /* the real one */
	gid_t gid;
	pid_t parent; /* 0: none that is visible from here */
	pid_t pids[PROCESS_LEVELS_MAX]; /* from our PID namespace down to its own */
	unsigned levels; /* how many there are */
};

/* From /proc/PID/status.  Returns 0 or a negative errno. */
int process_status(int directory, struct process_status *status, struct process_text *text);

struct process_stat {
	long long started; /* in clock ticks since boot */
	unsigned long long resident; /* bytes of memory */
};

/*
 * From /proc/PID/stat: @file is that path, or "stat" below the descriptor @directory.  Returns 0 or
 * a negative errno.
 */
int process_stat(
	int directory, const char *file, struct process_stat *stat, struct process_text *text);

/*
 * Resident memory in bytes of the process @name (its PID in digits); @proc is a descriptor of
 * /proc. 0 when it has ended.
 */
unsigned long long process_resident(int proc, const char *name, struct process_text *text);

#endif
