/*
 * process.h - what the kernel says of one process, read so that it cannot be another one's.
 *
 * A directory of /proc that is open stays its process's: when that has ended every look fails with
 * ESRCH, even if its PID is used again.
 */
#ifndef NSISOLATE_CTL_PROCESS_H
#define NSISOLATE_CTL_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* A file's bytes, with a NUL behind them; its memory is used again by the next one. */
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

#define PROCESS_LEVELS_MAX 33 /* MAX_PID_NS_LEVEL of the kernel, and the first one */

struct process_status {
	uid_t uid; /* the real one */
	gid_t gid;
	pid_t parent; /* 0: none that can be seen from here */
	pid_t pids[PROCESS_LEVELS_MAX]; /* from our PID namespace down to its own */
	unsigned levels; /* how many these are */
};

/* From /proc/PID/status.  Returns 0 or a negative errno. */
int process_status(int directory, struct process_status *status, struct process_text *text);

struct process_stat {
	long long started; /* in clock ticks since the machine was */
	unsigned long long resident; /* bytes of memory */
};

/*
 * From /proc/PID/stat: @file is that path, or "stat" below the descriptor @directory.  Returns 0 or
 * a negative errno.
 */
int process_stat(
	int directory, const char *file, struct process_stat *stat, struct process_text *text);

/*
 * The bytes of memory of the process @name (its PID in digits) of the descriptor @proc, of /proc; 0
 * when it has ended.
 */
unsigned long long process_resident(int proc, const char *name, struct process_text *text);

#endif
