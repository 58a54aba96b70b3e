/*
 * process_count.h - how many processes a session has.
 */
#ifndef NSISOLATE_PROCESS_COUNT_H
#define NSISOLATE_PROCESS_COUNT_H

#define PROCESS_COUNT_MAX 16

/*
 * Counts the processes in the PID namespace whose /proc is mounted here, except PID 1 and those
 * that have ended (zombies, or about to become one), and except @others, which are known to be
 * there.  Stops at PROCESS_COUNT_MAX, because the kernel takes some microseconds for each: that
 * result means "so many, or more".  Nothing that a process does can make this wait.  A negative
 * errno without /proc.
 */
int process_count(int others);

#endif
