/*
 * own_session.h - whether this process is in a session of its own user's already.
 */
#ifndef NSISOLATE_OWN_SESSION_H
#define NSISOLATE_OWN_SESSION_H

#include <stdbool.h>

/*
 * What /proc tells of process 1 proves it: it has the engine's name; its four uids are ours; and
 * its files there are not ours (proc_pid(5)), because it is not dumpable.  So another user's
 * session, in which an sshd or su let us in, does not count, nor a container whose process 1 has
 * that name.  A user who fakes all three has these uids, and deceives nobody else.  What belongs to
 * uid 0 is root's either way: there the third says nothing, and is not asked for.
 *
 * False also where /proc does not tell: one session in another one is better than none.
 */
bool own_session(void);

#endif
