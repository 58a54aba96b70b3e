/*
 * relay.h - a terminal and pipes for a process that must not get at ours.
 *
 * In place of a terminal the process has one end of a new pseudo terminal, and in place of anything
 * else the end of a pipe; the other ends stay here, and what passes is bytes.  So whoever is inside
 * can neither push input into the caller's terminal (TIOCSTI) nor change its settings, nor wind
 * back, cut or keep the caller's files.
 */
#ifndef NSISOLATE_CTL_RELAY_H
#define NSISOLATE_CTL_RELAY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "conf/common/error.h"

struct relay {
	int stdio[3]; /* what the process gets: the new terminal, or its ends of the pipes */
	int pipes[3]; /* our ends; -1: none, that one is a terminal, or what 2 writes goes by 1's */
	int inner; /* the process's end; -1: we have no terminal, and it gets none */
	int outer; /* our end */
	bool keyboard; /* standard input is a terminal */
	bool raw; /* every key is the process's, ^C and ^Z too */
	int screen; /* where its output goes */
	struct termios before; /* of the keyboard */
};

/*
 * Makes a terminal like ours where one of our first three descriptors is one, and pipes for the
 * others, which belong to @uid; where 1 and 2 lead to the same file they have one pipe, and keep
 * their order.  Returns 0 or a negative errno with @error filled.  To be given to relay_close
 * either way.
 */
int relay_open(struct relay *relay, uid_t uid, struct error *error);
void relay_close(struct relay *relay);

/* What else is done with the ends: */

/* The new terminal gets the size of ours. */
void relay_copy_size(const struct relay *relay);

/*
 * Closes the process's ends of the pipes, which it has by now: where its output ends is seen only
 * when nobody else has them.
 */
void relay_give_away(struct relay *relay);

/* Closes one of ours, which is -1 then. */
void relay_close_end(int *end);

/*
 * Carries bytes, window size and signals until our child @pid has ended.  Returns its wait status
 * (wait(2)); our terminal is then as it was.  When our terminal hangs up, or a signal ends us, it
 * does not return: the process is hung up on, and we end by that signal.
 */
int relay_run(struct relay *relay, pid_t pid);

#endif
