/* own_session.h - whether this process is already in a session of its own user. */
#ifndef NSISOLATE_OWN_SESSION_H
#define NSISOLATE_OWN_SESSION_H

#include <stdbool.h>

/*
 * What /proc says of process 1 proves it: it has the engine's name; its four uids are ours; and its
 * files there are not owned by us (proc_pid(5)), because it is not dumpable.  So another user's
 * session that an sshd or su let us into does not count, nor a container whose process 1 has that
 * name.  A user who fakes all three has these uids, and deceives nobody else.  For uid 0 the owner
 * is root either way, so the third is not checked.
 *
 * False also if /proc does not tell: a session within a session is better than none.
 */
bool own_session(void);

#endif
