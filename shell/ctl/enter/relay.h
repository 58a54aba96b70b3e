/*
 * relay.h - a terminal and pipes for a process that must not get hold of ours.
 *
 * Instead of a terminal the process has one end of a new pseudo-terminal, and instead of anything
 * else the end of a pipe; the other ends stay here, and only bytes pass.  So a process inside
 * cannot push input into the caller's terminal (TIOCSTI, CVE-2017-5226) or change its settings, nor
 * seek in, truncate or keep the caller's files.
 */
#ifndef NSISOLATE_CTL_RELAY_H
#define NSISOLATE_CTL_RELAY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "conf/common/error.h"

struct relay {
	int stdio[3]; /* what the process gets: the new terminal, or its ends of the pipes */
	int pipes[3]; /* our ends; -1: none, as that one is a terminal, or 2 is the same as 1 */
	int inner; /* the process's end; -1: we have no terminal, and it gets none */
	int outer; /* our end */
	int signals; /* signalfd(2) of what is passed on; blocked from relay_open() on */
	bool keyboard; /* standard input is a terminal */
	bool raw; /* every key goes to the process, ^C and ^Z too */
	int screen; /* where its output goes */
	struct termios before; /* of the keyboard */
};

/*
 * Makes a terminal like ours where one of our first three descriptors is one, and pipes for the
 * others, owned by @uid; where 1 and 2 are the same file they share one pipe and keep their order.
 * Returns 0 or a negative errno with @error filled. relay_close must be called either way.
 */
int relay_open(struct relay *relay, uid_t uid, struct error *error);
void relay_close(struct relay *relay);

/* What else can be done with the ends: */

/* The new terminal gets the size of ours. */
void relay_copy_size(const struct relay *relay);

/*
 * Closes the process's ends of the pipes, which it has by now: we see the end of its output only
 * when nobody else holds them.
 */
void relay_give_away(struct relay *relay);

/* Closes one of ours and sets it to -1. */
void relay_close_end(int *end);

/*
 * Carries bytes, window size and signals until our child @pid has ended.  Returns its wait status
 * (wait(2)), with our terminal restored.  When our terminal hangs up, or a signal ends us, it does
 * not return: the process is hung up on, and we end by that signal.
 */
int relay_run(struct relay *relay, pid_t pid);

#endif
