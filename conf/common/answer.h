/*
 * answer.h - what nsisolate-init (--attach) answers to its caller, the session's leader: lines,
 * each of them one message if it is a socket.  Behind the last line the sender's side is shut down,
 * and only that wakes the caller: a wake-up on another processor costs more than a line.
 *
 *	pid PID       PID 1 of a new session, with a pidfd of it
 *	note TEXT     what the session goes without, for the log; before `ready`
 *	number NUMBER of its hostname (struct policy), if it has one; before `pid` or `joined`
 *	stays         the new shared session is in the login's systemd unit; before `pid`
 *	ready         the namespaces can be joined: new ones, and the leader's mount namespace
 *	joined PID    instead of both: those of the user's other logins (--scope=user), with the
 *	              pidfd
 *	failed TEXT   instead of the last: nothing is left behind
 *	lacking TEXT  the same, for what was lacking before the user came (error.h)
 *
 * With --user `ready` and `joined` come with descriptors of the namespaces (shell/init/shared/
 * join.h), and without a pidfd.
 */
#ifndef NSISOLATE_ANSWER_H
#define NSISOLATE_ANSWER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

enum answer_word {
	ANSWER_PID,
	ANSWER_NUMBER,
	ANSWER_NOTE,
	ANSWER_STAYS,
	ANSWER_READY,
	ANSWER_JOINED,
	ANSWER_FAILED,
	ANSWER_LACKING,
};

struct answer {
	enum answer_word word;
	pid_t pid; /* of ANSWER_PID and ANSWER_JOINED; 0: it has ended */
	unsigned number; /* of ANSWER_NUMBER */
	char text[sizeof(((struct error *)0)->text)]; /* of the others; "": it has none */
};

/*
 * Sends one line with @count descriptors; @text is "" where the word has none.  0 or a negative
 * errno; a reader that has gone away has given up this session.  No line can follow the last.
 */
int answer_send(int fd, enum answer_word word, const char *text, const int *fds, size_t count);
int answer_send_pid(int fd, enum answer_word word, pid_t pid, const int *fds, size_t count);
int answer_send_number(int fd, unsigned number);

/* ANSWER_FAILED or ANSWER_LACKING. */
int answer_send_error(int fd, const struct error *error);

/*
 * Waits until the answer is complete, or the other end has hung up, or for @deadline (clock_ms()).
 * 0, -ETIMEDOUT, or another negative errno.
 */
int answer_wait(int socket, int64_t deadline);

/*
 * Receives one line that is there, with descriptors as message_receive() does.  Returns 1 with
 * @answer filled; 0 at the end of the answer; or a negative errno: -EAGAIN when there is none yet,
 * -EBADMSG for a line that is not an answer (its descriptors are in @fds nevertheless), or the
 * reason that it cannot be read.
 */
int answer_receive(int socket, struct answer *answer, int *fds, size_t *count);

/* Restores what answer_send_error sent.  Returns -EPROTO. */
int answer_error(const struct answer *answer, struct error *error);

#endif
