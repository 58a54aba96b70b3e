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
	long long since; /* -1: unknown, and then so is the rest */
	char service[64], from[256], tty[64]; /* "": unknown */
};

/*
 * Leaves them on @line, for a login that begins now; NULL where unknown.  Not essential, so a
 * failure is not reported.
 */
void login_facts_leave(int line, const char *service, const char *from, const char *tty);

/* Peeks at them on @line, PID 1's end of it; leaves @facts unchanged if there are none. */
void login_facts_look(int line, struct login_facts *facts);

#endif
