/*
 * signals.h - all signals: musl's functions leave out 32 to 34, glibc's 32 and 33, which the C
 * library reserves for its threads.  They are passed on to the command, too, and end a process that
 * does not block them.
 */
#ifndef NSISOLATE_SIGNALS_H
#define NSISOLATE_SIGNALS_H

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's own sigset_t: one bit per signal. */
#define SIGNALS_ALL (~(uint64_t)0)
#define SIGNALS_NONE ((uint64_t)0)

/* rt_sigprocmask(2), SIG_SETMASK; @before: what it was, or NULL. */
static inline int signals_set(uint64_t mask, uint64_t *before)
{
	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, before, sizeof mask);
}

/* signalfd(2) of @mask. */
static inline int signals_open(uint64_t mask, int flags)
{
	return (int)syscall(SYS_signalfd4, -1, &mask, sizeof mask, flags);
}

#endif
