#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/common/array.h"

/* 64 bits and little-endian, which offset_of_argument() relies on, and no socketcall(2). */
#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__AARCH64EB__) && !defined(__ILP32__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE

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
	/* /proc; fcntl: musl sets FD_CLOEXEC a second time */
	__NR_getdents64,
	__NR_readlinkat,
	__NR_fstat,
	__NR_newfstatat,
	__NR_fcntl,
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
#ifdef __NR_poll
	__NR_poll,
#endif
};

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
	{__NR_mmap, 2, PROT_EXEC},
	{__NR_mprotect, 2, PROT_EXEC},
};

enum {
	CALLS = ARRAY_SIZE(calls),
	BOUND_CALLS = ARRAY_SIZE(bound_calls),
	/* architecture 3, number 1, four each of the bound, one each of the others, two ends */
	LENGTH = 4 + 4 * BOUND_CALLS + CALLS + 2,
};

static uint32_t offset_of_argument(unsigned number)
{
	return (uint32_t)(offsetof(struct seccomp_data, args) + number * sizeof(uint64_t));
}

/* Generates the program: a jump to the end for each call, the last of them to ENOSYS. */
static void write_program(struct sock_filter program[LENGTH])
{
	const struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
				 allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_filter *next = program, *end = program + LENGTH - 1;

	*next++ = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	*next++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	*next++ = refuse;
	*next++ = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (int i = 0; i < CALLS; i++, next++)
		*next = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, calls[i], (uint8_t)(end - next - 1), 0);
	for (int i = 0; i < BOUND_CALLS; i++) {
		*next++ = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, bound_calls[i].call, 0, 3);
		*next++ = (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS, offset_of_argument(bound_calls[i].argument));
		*next = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
			bound_calls[i].mask, 0, (uint8_t)(end - next - 1));
		*++next = refuse;
		next++;
	}
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
