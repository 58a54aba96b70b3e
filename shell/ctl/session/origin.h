/*
 * origin.h - whether the PAM module made a session's PID 1.
 *
 * Its program and its namespaces are no proof alone: where a setuid program hands out PID
 * namespaces (an old bubblewrap, apptainer) a user can run the installed nsisolate-init as PID 1 of
 * one that belongs to root, and trace it there until its environment says anything they like.  What
 * users cannot make is the socket that the module gives PID 1: SO_PEERCRED says for ever that root
 * made it (unix(7)), and that it has no name says that it was a pair, which nobody can connect to.
 */
#ifndef NSISOLATE_CTL_ORIGIN_H
#define NSISOLATE_CTL_ORIGIN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Looks for that socket in the process @pid.  True when it is there, with *@leader the process that
 * made it, which may have ended; 0 when it is outside of our PID namespace.  Needs root.
 */
bool session_mark(pid_t pid, pid_t *leader);

#endif
