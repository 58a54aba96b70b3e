#include "calls.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

#ifndef SYS_openat2 /* since Linux 5.6 */
#define SYS_openat2 437
#endif
#ifndef SYS_mount_setattr /* since Linux 5.12 */
#define SYS_mount_setattr 442
#endif
#ifndef SYS_statmount /* since Linux 6.8 */
#define SYS_statmount 457
#define SYS_listmount 458
#endif
#ifndef SYS_close_range /* glibc 2.31 does not have it */
#define SYS_close_range 436
#endif

/* clang-format off */
#define CALL(name, ...) {SYS_##name, #name, FAILS, {__VA_ARGS__}}

static const struct call calls[] = {
	/* files */
	CALL(openat, ENOENT, EACCES, EMFILE, ENFILE, ENOMEM, EINTR, ELOOP),
	CALL(openat2, EACCES, EMFILE, ENFILE, ENOMEM, ENOSYS),
	CALL(read, EINTR, EIO, ENOMEM),
	CALL(pread64, EIO, ENOMEM),
	CALL(write, EINTR, EIO, ENOSPC, EPIPE, EFBIG),
	CALL(writev, EINTR, EIO, ENOSPC, EPIPE),
	CALL(sendfile, EIO, ENOMEM, ENOSPC, EINVAL),
	{SYS_close, "close", DONE_ANYWAY, {EINTR, EIO}},
	CALL(close_range, ENOSYS, EMFILE, ENOMEM),
	CALL(fstat, ENOMEM, EIO),
	CALL(statx, ENOENT, EACCES, ENOMEM),
	CALL(fstatfs, EIO, ENOMEM),
	CALL(readlinkat, ENOENT, EACCES, ENOMEM),
	CALL(faccessat, ENOENT, EACCES, ENOMEM),
	CALL(getdents64, ENOENT, EIO, ENOMEM),
	CALL(lseek, ESPIPE),
	CALL(fcntl, EMFILE, EINVAL),
	CALL(dup3, EMFILE, EBUSY, EINTR),
	CALL(pipe2, EMFILE, ENFILE),
	CALL(fchmod, EPERM, EROFS),
	CALL(getcwd, ENOENT, ERANGE, ENOMEM),
	CALL(chdir, ENOENT, EACCES, ENOMEM),
	CALL(fchdir, EACCES, ENOTDIR),
	CALL(chroot, EPERM, EACCES, ENOMEM),
	CALL(ioctl, ENOTTY, EIO, EPERM),
	CALL(flock, EINTR, ENOLCK),
	/* memory */
	CALL(mprotect, ENOMEM, EACCES),
	{SYS_brk, "brk", NOTHING_CHANGED, {ENOMEM}},
	CALL(mremap, ENOMEM),
	CALL(madvise, ENOMEM, EAGAIN),
	CALL(munmap),
	/* processes */
	CALL(clone, EAGAIN, ENOMEM, EPERM, ENOSPC, EUSERS, EINVAL),
	CALL(clone3, EAGAIN, ENOMEM, EPERM, ENOSPC, EUSERS, EINVAL, ENOSYS),
	CALL(execve, ENOENT, EACCES, ENOMEM, E2BIG, ETXTBSY, EAGAIN),
	CALL(wait4, EINTR),
	CALL(kill, EPERM, ESRCH),
	CALL(pidfd_open, EMFILE, ENFILE, ENOMEM, EPERM, ENOSYS, ESRCH),
	CALL(pidfd_send_signal, EPERM, ESRCH, ENOSYS),
	CALL(signalfd4, EMFILE, ENFILE, ENOMEM),
	CALL(setsid, EPERM),
	CALL(setpgid, EPERM, EACCES, ESRCH),
	CALL(prlimit64, EPERM),
	/* sockets, waiting */
	CALL(socket, EMFILE, ENFILE, ENOMEM, EACCES, EAFNOSUPPORT),
	CALL(socketpair, EMFILE, ENFILE, ENOMEM, EACCES),
	CALL(connect, ECONNREFUSED, ENOENT, EACCES, EAGAIN, EINTR),
	CALL(sendto, EPIPE, ENOBUFS, EAGAIN, EINTR, ECONNREFUSED, ECONNRESET, ENOTCONN),
	CALL(sendmsg, EPIPE, ENOBUFS, EINTR, ENOMEM, ETOOMANYREFS),
	CALL(recvfrom, EINTR, ENOMEM, ECONNRESET),
	CALL(recvmsg, EINTR, ENOMEM, ECONNRESET, EMFILE),
	CALL(shutdown, ENOTCONN, EPERM),
	CALL(ppoll, EINTR, ENOMEM),
	/* namespaces, privilege */
	CALL(unshare, EPERM, ENOMEM, ENOSPC, EINVAL, EUSERS),
	CALL(setns, EPERM, ENOMEM, EINVAL),
	CALL(mount, EPERM, ENOMEM, EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENOSPC),
	CALL(open_tree, EPERM, EMFILE, ENOMEM, EINVAL, ENOSYS),
	CALL(move_mount, EPERM, ENOMEM, EINVAL, ENOSPC, ENOSYS),
	CALL(mount_setattr, EPERM, ENOMEM, EINVAL, ENOSYS),
	CALL(listmount, ENOMEM, ENOSYS),
	CALL(statmount, ENOENT), /* one for each mount */
	CALL(umount2, EBUSY, ENOMEM, EPERM),
	CALL(sethostname, EPERM),
	CALL(setdomainname, EPERM),
	CALL(setgroups, EPERM, ENOMEM),
	CALL(setresuid, EPERM, EAGAIN),
	CALL(setresgid, EPERM, EAGAIN),
	CALL(capset, EPERM),
	CALL(prctl, EPERM, EINVAL, EACCES),
	CALL(seccomp, EPERM, ENOMEM, EINVAL, ENOSYS),
	/* these cannot fail, or their failure ends the C library itself */
	CALL(exit),
	CALL(exit_group),
	CALL(getpid),
	CALL(getppid),
	CALL(gettid),
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
	CALL(clock_gettime),
	CALL(rt_sigreturn),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(tgkill),
	CALL(sched_yield),
	CALL(restart_syscall),
	CALL(set_tid_address),
	CALL(set_robust_list),
	CALL(rseq),
	/* 64 bits, or by other names 32 */
#ifndef SYS_fstatat64
	CALL(newfstatat, ENOENT, EACCES, ENOMEM, ELOOP),
	CALL(mmap, ENOMEM, EACCES, EPERM),
#else
	CALL(fstat64, ENOMEM, EIO),
	CALL(fstatat64, ENOENT, EACCES, ENOMEM, ELOOP),
	CALL(fstatfs64, EIO, ENOMEM),
	CALL(fcntl64, EMFILE, EINVAL),
	CALL(sendfile64, EIO, ENOMEM, ENOSPC, EINVAL),
	CALL(mmap2, ENOMEM, EACCES, EPERM),
	CALL(ppoll_time64, EINTR, ENOMEM),
	CALL(setgroups32, EPERM, ENOMEM),
	CALL(setresuid32, EPERM, EAGAIN),
	CALL(setresgid32, EPERM, EAGAIN),
	CALL(getuid32),
	CALL(geteuid32),
	CALL(getgid32),
	CALL(getegid32),
	CALL(clock_gettime64),
#endif
	/* absent from newer architectures */
#ifdef SYS_open
	CALL(open, ENOENT, EACCES, EMFILE, ENFILE, ENOMEM, EINTR, ELOOP),
	CALL(stat, ENOENT, EACCES, ENOMEM, ELOOP),
	CALL(lstat, ENOENT, EACCES, ENOMEM),
	CALL(access, ENOENT, EACCES, ENOMEM),
	CALL(readlink, ENOENT, EACCES, ENOMEM),
	CALL(poll, EINTR, ENOMEM),
	CALL(fork, EAGAIN, ENOMEM),
	CALL(vfork, EAGAIN, ENOMEM),
	CALL(dup2, EMFILE, EBUSY, EINTR),
	CALL(pipe, EMFILE, ENFILE),
	CALL(getpgrp),
#endif
#ifdef SYS_time
	CALL(time),
#endif
#ifdef SYS_arch_prctl
	CALL(arch_prctl),
#endif
};

static const struct call other = {-1, "another call", FAILS, {EPERM, ENOSYS}};
/* clang-format on */

const struct call *call_by_number(long number)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (calls[i].number == number)
			return &calls[i];
	return &other;
}
