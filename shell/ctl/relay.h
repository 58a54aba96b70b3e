/*
 * relay.h - a terminal for a process that must not get at ours.
 *
 * The process has one end of a new pseudo terminal; the other end stays here, and what passes is
 * bytes.  So whoever is inside can neither push input into the caller's terminal (TIOCSTI) nor
 * change its settings, nor keep it open.
 */
#ifndef NSISOLATE_CTL_RELAY_H
#define NSISOLATE_CTL_RELAY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "error.h"

struct relay {
	int stdio[3]; /* what the process gets: our own, or the new terminal in place of ours */
	int inner; /* the process's end; -1: we have no terminal, and it gets none */
	int outer; /* our end */
	bool keyboard; /* standard input is a terminal */
	bool raw; /* every key is the process's, ^C and ^Z too */
	int screen; /* where its output goes */
	struct termios before; /* of the keyboard */
};

/*
 * Makes a terminal like ours where one of our first three descriptors is one; it belongs to @uid.
 * Returns 0 or a negative errno with @error filled.  To be given to relay_close either way.
 */
int relay_open(struct relay *relay, uid_t uid, struct error *error);
void relay_close(struct relay *relay);

/*
 * Carries bytes, window size and signals until our child @pid has ended.  Returns its wait status
 * (wait(2)); our terminal is then as it was.  When our terminal hangs up, or a signal ends us, it
 * does not return: the process is hung up on, and we end by that signal.
 */
int relay_run(struct relay *relay, pid_t pid);

#endif
