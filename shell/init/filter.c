#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "shell/common/filter_architecture.h"

#ifdef FILTER_ARCHITECTURE

/* musl's names where a call has one for 32 bits of time, and another for 64 */
#if !defined(__NR_clock_gettime) && defined(__NR_clock_gettime32)
#define __NR_clock_gettime __NR_clock_gettime32
#define __NR_timerfd_settime __NR_timerfd_settime32
#endif

/* clang-format off */
/* With musl and with glibc, which use different calls for the same purpose. */
static const uint16_t calls[] = {
	/* the loop; restart_syscall: a poll(2) interrupted by a stop or a freeze */
	__NR_ppoll,
	__NR_read,
	__NR_restart_syscall,
	__NR_clock_gettime,
	__NR_timerfd_settime,
	/* children, and all other processes at the end */
	__NR_wait4,
	__NR_kill,
	__NR_getpid,
	__NR_pidfd_open,
	__NR_exit_group,
	__NR_exit,
	/* /proc */
	__NR_getdents64,
	__NR_readlinkat,
	__NR_close,
	/* sockets to the leaders, and logins that join */
	__NR_accept4,
	__NR_recvmsg,
	__NR_recvfrom,
	__NR_sendmsg,
	__NR_sendto,
	__NR_unlinkat,
	/* memory; getrandom: for glibc's malloc(3) */
	__NR_brk,
	__NR_munmap,
	__NR_mremap,
	__NR_madvise,
	__NR_getrandom,
	/* fcntl: musl sets FD_CLOEXEC a second time */
#ifdef __NR_fstatat64 /* 32 bits */
	__NR_fcntl64,
	__NR_statx,
	__NR_fstat64,
	__NR_fstatat64,
	__NR_ppoll_time64,
	__NR_clock_gettime64,
	__NR_timerfd_settime64,
#else
	__NR_fcntl,
	__NR_fstat,
	__NR_newfstatat,
#endif
#ifdef __NR_poll
	__NR_poll,
#endif
#ifdef __NR_send
	__NR_send,
	__NR_recv,
#endif
#ifdef __s390x__
	__NR_mmap, /* its arguments are in memory, where no filter sees them */
#endif
};
/* clang-format on */

/* Allowed if none of the bits of @mask is set in the argument of that number. */
static const struct {
	uint16_t call;
	uint16_t argument;
	uint32_t mask;
} bound_calls[] = {
#ifdef __NR_open
	{__NR_open, 1, O_ACCMODE | O_CREAT | O_TRUNC},
#endif
	{__NR_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC},
#ifdef __NR_mmap2
	{__NR_mmap2, 2, PROT_EXEC},
#elif !defined(__s390x__)
	{__NR_mmap, 2, PROT_EXEC},
#endif
	{__NR_mprotect, 2, PROT_EXEC},
};

#ifdef __NR_socketcall
/* glibc's way to the socket calls above, on some processors; its first argument says which. */
static const uint16_t socket_calls[] = {
	SYS_SEND,
	SYS_RECV,
	SYS_SENDTO,
	SYS_RECVFROM,
	SYS_SENDMSG,
	SYS_RECVMSG,
	SYS_ACCEPT4,
};
enum { SOCKET_CALLS = ARRAY_SIZE(socket_calls), SOCKET_LENGTH = 3 + SOCKET_CALLS };
#else
enum { SOCKET_LENGTH = 0 };
#endif

enum {
	CALLS = ARRAY_SIZE(calls),
	BOUND_CALLS = ARRAY_SIZE(bound_calls),
	/* architecture 3, number 1, one each of the calls, four each of the bound, two ends */
	LENGTH = 4 + CALLS + 4 * BOUND_CALLS + SOCKET_LENGTH + 2,
};

/* Of its low half: the arguments that are looked at are ints. */
static uint32_t offset_of_argument(unsigned number)
{
	const size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0;

	return (uint32_t)(offsetof(struct seccomp_data, args) + number * sizeof(uint64_t) + low);
}

static struct sock_filter load(size_t offset)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static struct sock_filter jump_if_equal(uint32_t value, ptrdiff_t yes, ptrdiff_t no)
{
	return (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, value, (uint8_t)yes, (uint8_t)no);
}

/* Generates the program: a jump to the end for each call, the last of them to ENOSYS. */
static void write_program(struct sock_filter program[LENGTH])
{
	const struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
				 allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_filter *next = program, *end = program + LENGTH - 1;

	*next++ = load(offsetof(struct seccomp_data, arch));
	*next++ = jump_if_equal(FILTER_ARCHITECTURE, 1, 0);
	*next++ = refuse;
	*next++ = load(offsetof(struct seccomp_data, nr));
	for (int i = 0; i < CALLS; i++, next++)
		*next = jump_if_equal(calls[i], end - next - 1, 0);
	for (int i = 0; i < BOUND_CALLS; i++) {
		*next++ = jump_if_equal(bound_calls[i].call, 0, 3);
		*next++ = load(offset_of_argument(bound_calls[i].argument));
		*next = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
			bound_calls[i].mask, 0, (uint8_t)(end - next - 1));
		*++next = refuse;
		next++;
	}
#ifdef __NR_socketcall
	*next++ = jump_if_equal(__NR_socketcall, 0, SOCKET_CALLS + 2);
	*next++ = load(offset_of_argument(0));
	for (int i = 0; i < SOCKET_CALLS; i++, next++)
		*next = jump_if_equal(socket_calls[i], end - next - 1, 0);
	*next++ = refuse;
#endif
	*next = refuse;
	*end = allow;
}

int filter_install(struct error *error)
{
	struct sock_filter program[LENGTH];
	struct sock_fprog filter = {.len = LENGTH, .filter = program};

	write_program(program);
	/*
	 * without SPEC_ALLOW older kernels slow the process down, needlessly: it runs only our code
	 */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) <
		0)
		return error_errno(error, errno, "cannot give up system calls");
	return 0;
}

#else
#pragma message("PID 1 keeps all system calls: there is no filter for this architecture")

int filter_install(struct error *error)
{
	(void)error;
	return 0;
}

#endif
