/*
 * process_count.h - how many processes a session has.
 */
#ifndef NSISOLATE_PROCESS_COUNT_H
#define NSISOLATE_PROCESS_COUNT_H

#define PROCESS_COUNT_MAX 16

/*
 * The processes that live in the PID namespace whose /proc is mounted here, PID 1 aside, and those
 * that have ended, zombies or almost.  It looks at PROCESS_COUNT_MAX at most, for the kernel takes
 * some microseconds for each: that number means "so many, or more".  Nothing that a process can do
 * makes it wait.  A negative errno where there is no /proc.
 */
int process_count(void);

#endif
