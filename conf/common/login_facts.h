/*
 * login_facts.h - the facts of one login of a shared session, for nsisolatectl.
 *
 * PID 1 has a socket to each login (pid1.h in shell/init) and never reads from it.  So what a
 * login's leader sends there stays in the kernel for as long as the login, costs PID 1 nothing,
 * and can be read only by root (MSG_PEEK, pidfd_getfd(2)).  The kernel knows who made the socket.
 *
 *	since=SECONDS service=WORD from=WORD tty=WORD
 *
 * SECONDS of CLOCK_BOOTTIME; "-" for what is unknown.
 */
#ifndef NSISOLATE_LOGIN_FACTS_H
#define NSISOLATE_LOGIN_FACTS_H

struct login_facts {
	long long since; /* -1: not known, and the rest neither */
	char service[64], from[256], tty[64]; /* "": not known */
};

/*
 * Leaves them on @line, of a login that begins now; NULL is what is not known.  A comfort: where it
 * fails, nobody is told.
 */
void login_facts_leave(int line, const char *service, const char *from, const char *tty);

/* Looks at them on @line, PID 1's end of it; @facts stay as they are where there are none. */
void login_facts_look(int line, struct login_facts *facts);

#endif
