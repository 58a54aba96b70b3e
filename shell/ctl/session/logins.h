/*
 * logins.h - how many logins a session is for.
 *
 * Its PID 1 has a pidfd of each login's leader (pid1.h in shell/init), and /proc/PID/fdinfo says
 * whose (pidfd_open(2)).  While it ends it has one of a process inside, too: that is not a leader.
 */
#ifndef NSISOLATE_CTL_LOGINS_H
#define NSISOLATE_CTL_LOGINS_H

#include "process.h"

/*
 * The leaders that live of the session whose PID 1 has the open directory @directory of /proc, and
 * whose processes are numbered @level times above it.  0 also where the kernel does not tell, as it
 * does root only.  @text is room to read into.
 */
unsigned session_logins(int directory, unsigned level, struct process_text *text);

#endif
