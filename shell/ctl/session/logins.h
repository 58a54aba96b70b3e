/*
 * logins.h - the logins that a session serves.
 *
 * Its PID 1 has a pidfd of each login's leader (pid1.h in shell/init), and /proc/PID/fdinfo says
 * whose (pidfd_open(2)).  While it ends it also has one of a process inside, which is not a leader.
 * It also has a line to each leader.  The leader made that, and left there what the login is
 * (login_facts.h).
 */
#ifndef NSISOLATE_CTL_LOGINS_H
#define NSISOLATE_CTL_LOGINS_H

#include <stdbool.h>

#include "conf/common/login_facts.h"
#include "process.h"

/*
 * How many leaders are alive in the session whose PID 1 has the open directory @directory of /proc,
 * and whose processes are numbered @level levels above it.  Also 0 if the kernel does not say,
 * which it does only to root.  @text is scratch space.
 */
unsigned session_logins(int directory, unsigned level, struct process_text *text);

/* Whether it has a pidfd of a process inside: of pasta, until that ends (pid1.c in shell/init). */
bool session_connected(int directory, unsigned level, struct process_text *text);

/*
 * How many seconds a lingering session has been without a login, and after how many more it will
 * end because of that, according to its PID 1's timer (pid1_timer in shell/init).  *@left is -1 if
 * it has a login, or the kernel does not say; *@ends also if there is no limit.
 */
void session_left(int directory, struct process_text *text, long long *left, long long *ends);

struct session_login {
	pid_t leader; /* 0: unknown */
	struct login_facts facts;
};

/*
 * The same one by one: *@list gets them, and the caller frees it.  @pidfd is PID 1's.  Returns how
 * many there are, or -ENOMEM.
 */
int session_logins_list(int pidfd, int directory, unsigned level, struct process_text *text,
	struct session_login **list);

#endif
