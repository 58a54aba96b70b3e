/*
 * end_as.h - the end of a process that stands for another one.
 */
#ifndef NSISOLATE_END_AS_H
#define NSISOLATE_END_AS_H

/*
 * Ends this process as one of this wait status (waitpid(2)) did: by its exit status or its signal,
 * and then without a core, which would tell nothing of the other one.
 */
_Noreturn void end_as(int status);

#endif
