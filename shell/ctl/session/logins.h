/*
 * logins.h - how many logins a session serves.
 *
 * Its PID 1 has a pidfd of each login's leader (pid1.h in shell/init), and /proc/PID/fdinfo says
 * whose (pidfd_open(2)).  While it ends it also has one of a process inside, which is not a leader.
 */
#ifndef NSISOLATE_CTL_LOGINS_H
#define NSISOLATE_CTL_LOGINS_H

#include "process.h"

/*
 * How many leaders are alive in the session whose PID 1 has the open directory @directory of /proc,
 * and whose processes are numbered @level levels above it. 0 also where the kernel does not tell:
 * it tells only root.  @text is scratch space.
 */
unsigned session_logins(int directory, unsigned level, struct process_text *text);

#endif
