/*
 * origin.h - whether the PAM module made a session's PID 1.
 *
 * Its program and its namespaces alone prove nothing: where a setuid program hands out PID
 * namespaces (an old bubblewrap, apptainer) a user can run the installed nsisolate-init as PID 1 of
 * a namespace that belongs to root, and trace it there until its environment says anything they
 * like; firejail joined such a look-alike as root (CVE-2022-31214).  What users cannot make is the
 * socket that the module gives PID 1: SO_PEERCRED permanently records that root made it (unix(7)),
 * and having no name shows that it was made as a pair, to which nobody can connect.
 */
#ifndef NSISOLATE_CTL_ORIGIN_H
#define NSISOLATE_CTL_ORIGIN_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * Looks for that socket in the process @pid.  Returns true when it is there, with *@leader the
 * process that made it, which may have ended, or 0 when that is outside our PID namespace.  Needs
 * root.
 */
bool session_mark(pid_t pid, pid_t *leader);

/*
 * A copy of the descriptor @number of the process @pidfd, where that is one end of such a pair,
 * with who made it in *@maker; -1: it is not.
 */
int session_line(int pidfd, int number, struct ucred *maker);

#endif
