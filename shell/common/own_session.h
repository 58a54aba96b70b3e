/*
 * own_session.h - whether this process is in a session of its own user's already.
 */
#ifndef NSISOLATE_OWN_SESSION_H
#define NSISOLATE_OWN_SESSION_H

#include <stdbool.h>

/*
 * What /proc tells of process 1 proves it: it has the engine's name; its four uids are ours; and
 * its files there are not ours (proc_pid(5)), for it is not dumpable.  So neither a session of
 * somebody else's counts, inside of which an sshd or su let us in, nor a container whose process 1
 * has that name.  Who fakes all three has these uids, and fools himself.  What belongs to uid 0 is
 * root's either way: there the third says nothing, and is not asked for.
 *
 * False also where /proc does not tell: one session in another one is better than none.
 */
bool own_session(void);

#endif
