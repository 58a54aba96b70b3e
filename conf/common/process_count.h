/*
 * process_count.h - how many processes a session has.
 */
#ifndef NSISOLATE_PROCESS_COUNT_H
#define NSISOLATE_PROCESS_COUNT_H

#define LIVING_MAX 16

/*
 * The processes that live in the PID namespace whose /proc is mounted here, PID 1 aside, and those
 * that have ended, zombies or almost.  Looks at no more than
 * LIVING_MAX, for the kernel takes some microseconds for each: that means "so many, or more".
 * Nothing that a process can do makes it wait.  A negative errno where there is no /proc.
 */
int living_count(void);

#endif
