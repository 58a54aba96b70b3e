/*
 * witness.h - a process that has something of everything that others could see, and belongs to
 * nobody: its uid has no account.
 *
 * It ends, and takes back what would outlive it, when every copy of its socket is closed, so also
 * when all those are killed who have one.  If it is killed itself, witness_end takes it back.
 */
#ifndef NSISOLATE_CTL_WITNESS_H
#define NSISOLATE_CTL_WITNESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/common/error.h"

#define WITNESS_PREFIX "nsisolate-census."

struct witness {
	pid_t pid;
	int socket; /* to it */
	uid_t uid;
	char token[9]; /* hexadecimal digits, nowhere else on the machine: its command line */
	char name[sizeof WITNESS_PREFIX + 8]; /* of whatever has a name: the prefix and the token */

	/* what it has, or can make: false or 0 where the machine has no such thing */
	uint16_t port; /* it listens there on 127.0.0.1 */
	bool abstract; /* ... and at the abstract address @name */
	bool shared_memory, message_queue; /* of System V, with its uid */
	bool posix_queue; /* /dev/mqueue/@name */
	bool key; /* in a keyring */
	int terminal; /* /dev/pts/N; -1: none */
	char program[PATH_MAX]; /* what it starts when asked to; "": nothing */
};

/* The directories in which it has a file called @name. */
extern const char *const witness_directories[3];

/*
 * What it can be asked to do.  Files and queues, which would outlive it, are there only between
 * WITNESS_MAKE and WITNESS_TAKE_BACK: when everything is killed at once, nobody is left to take
 * them back.
 */
enum witness_order {
	WITNESS_MAKE = 'm',
	WITNESS_TAKE_BACK = 't',
	WITNESS_WRITE = 'w', /* a byte into each of its files */
	WITNESS_START = 'x' /* its program, until that has ended */
};

/*
 * Starts it.  Its command line is written over that of this process, whose last @argc words are
 * @argv.  Returns 0, or a negative errno with @error filled.
 */
int witness_start(struct witness *witness, int argc, char **argv, struct error *error);

/* Whether it did, within ten seconds. */
bool witness_ask(const struct witness *witness, enum witness_order order);

/* Ends it, and waits until nothing of it is left. */
void witness_end(struct witness *witness);

#endif
