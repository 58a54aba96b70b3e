/* end_as.h - ends a process in the same way as another one that it stands for. */
#ifndef NSISOLATE_END_AS_H
#define NSISOLATE_END_AS_H

/*
 * Ends this process with this wait status (waitpid(2)): the same exit status or signal, but without
 * a core dump, which would show nothing of the other process.
 */
_Noreturn void end_as(int status);

#endif
