/*
 * The filter of PID 1's system calls: what it lets through, and what it does not.  That PID 1 makes
 * no others is checked by tests/login/test_privileges.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "given.h"

#include "shell/common/drop.c"
#include "shell/init/filter.c"
#ifdef __SANITIZE_ADDRESS__
#include "../fault/no_leaks.c"
#endif

/* Each returns the kernel's answer, as from syscall(2). */
static long try_exec(void)
{
	char *const argv[] = {(char *)"true", NULL};

	return execve("/bin/true", argv, argv + 1);
}
static long try_clone(void)
{
	long pid = fork();

	if (!pid)
		_exit(0);
	return pid;
}
static long try_socket(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}
static long try_read_only(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}
static long try_write(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY, 0);
}
static long try_create(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CREAT, 0600);
}
static long try_truncate(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_TRUNC, 0);
}
static long map_page(long protection)
{
	const long flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef __s390x__
	const long arguments[] = {0, 4096, protection, flags, -1, 0};

	return syscall(SYS_mmap, arguments);
#elif defined(SYS_mmap2)
	return syscall(SYS_mmap2, NULL, 4096, protection, flags, -1, 0);
#else
	return syscall(SYS_mmap, NULL, 4096, protection, flags, -1, 0);
#endif
}
/* An address in the upper half of 32 bits is not an error. */
static long try_map(void)
{
	return map_page(PROT_READ | PROT_WRITE) == -1 ? -1 : 0;
}
static long try_map_code(void)
{
	return map_page(PROT_READ | PROT_EXEC) == -1 ? -1 : 0;
}
static long try_make_code(void)
{
	static _Alignas(4096) char page[4096];

	return syscall(SYS_mprotect, page, sizeof page, PROT_READ | PROT_EXEC);
}
static long try_trace(void)
{
	return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
}
static long try_unshare(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER);
}
static long try_setns(void)
{
	return syscall(SYS_setns, -1, 0);
}
static long try_become(void)
{
	return syscall(SYS_setresuid, -1, -1, -1);
}
static long try_mount(void)
{
	return syscall(SYS_mount, "none", "/", "none", 0, NULL);
}
static long try_prctl(void)
{
	return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static long try_unlink(void)
{
	return syscall(SYS_unlinkat, -1, "nothing", 0) == -1 && errno == EBADF ? 0 : -1;
}
static long try_kill(void)
{
	return syscall(SYS_kill, getpid(), 0);
}
static long try_wait(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}
static long try_other_numbers(void)
{
#ifdef __x86_64__
	long result;

	/* getpid(2), in the numbers of 32 bits */
	__asm__ volatile("int $0x80" : "=a"(result) : "0"(20) : "memory");
	if (result >= 0)
		return result;
	errno = (int)-result;
#else
	errno = ENOSYS;
#endif
	return -1;
}

static const struct attempt {
	const char *what;
	long (*call)(void);
	bool allowed;
} attempts[] = {
	{"open /proc", try_read_only, true},
	{"open to write", try_write, false},
	{"open to create", try_create, false},
	{"open to truncate", try_truncate, false},
	{"map memory", try_map, true},
#ifdef __s390x__
	{"map code", try_map_code, true},
#else
	{"map code", try_map_code, false},
#endif
	{"make code", try_make_code, false},
	{"unlinkat", try_unlink, true},
	{"kill", try_kill, true},
	{"wait", try_wait, true},
	{"execve", try_exec, false},
	{"clone", try_clone, false},
	{"socket", try_socket, false},
	{"ptrace", try_trace, false},
	{"unshare", try_unshare, false},
	{"setns", try_setns, false},
	{"setresuid", try_become, false},
	{"mount", try_mount, false},
	{"prctl", try_prctl, false},
	{"a call of another architecture", try_other_numbers, false},
};

/* What ends an attempt that no kernel answers: a confidential guest's, or one without 32 bits. */
enum { BY_SIGNAL = 1000 };

/*
 * The attempt's errno in a process of its own; 0: it succeeded; BY_SIGNAL and the signal it died
 * of.
 */
static int outcome(const struct attempt *attempt, bool (*before)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (before && !before())
			_exit(255);
		_exit(attempt->call() >= 0 ? 0 : errno);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(
		!WIFEXITED(status) || WEXITSTATUS(status) != 255, "no filter is to be had here");
	return WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status);
}

static bool filtered(void)
{
	struct error error = {0};

	return drop_new_privileges(&error) == 0 && filter_install(&error) == 0;
}

/*
 * A call that must not pass is refused by the filter, or was answered by nothing but a signal
 * before there was one.  @plain: the attempt's outcome without the filter.
 */
static bool is_kept(const struct attempt *attempt, int result, int plain)
{
	if (attempt->allowed)
		return result == 0;
	return result == ENOSYS || (plain > BY_SIGNAL && result == plain);
}

START_TEST(pid_1s_calls_pass_and_others_are_unknown)
{
#ifdef FILTER_ARCHITECTURE
	const struct attempt *attempt = &attempts[_i];
	int result = outcome(attempt, filtered);

	ck_assert_msg(
		is_kept(attempt, result, outcome(attempt, NULL)), "%s: %d", attempt->what, result);
#endif
}
END_TEST

#if defined(FILTER_ARCHITECTURE) && defined(__x86_64__)
/* Stands in for a kernel without a 32-bit entry: a process that uses it dies. */
static bool without_32_bits(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {ROWS(program), program};
	struct error error = {0};

	return drop_new_privileges(&error) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

static bool without_32_bits_filtered(void)
{
	return without_32_bits() && filtered();
}

/* There the kernel itself keeps the promise, which must not be reported as broken. */
START_TEST(so_it_is_where_the_kernel_has_no_other_architecture)
{
	const struct attempt *attempt = &attempts[ROWS(attempts) - 1];
	int plain = outcome(attempt, without_32_bits);

	ck_assert_ptr_eq(attempt->call, try_other_numbers);
	ck_assert_int_gt(plain, BY_SIGNAL);
	ck_assert(is_kept(attempt, outcome(attempt, without_32_bits_filtered), plain));
	/* a call that passes is not mistaken for one that is refused */
	ck_assert(!is_kept(attempt, 0, 0));
}
END_TEST
#endif

/* A call that fails even without the filter would prove nothing. */
START_TEST(without_the_filter_each_is_known)
{
	const struct attempt *attempt = &attempts[_i];

	if (attempt->call == try_other_numbers)
		return; /* a kernel may be built, or booted, without them */
	ck_assert_msg(outcome(attempt, NULL) != ENOSYS, "%s: unknown anyhow", attempt->what);
}
END_TEST

START_TEST(every_jump_reaches)
{
#ifdef FILTER_ARCHITECTURE
	/* a jump has eight bits */
	ck_assert_int_lt(LENGTH, 256);
#endif
}
END_TEST

/* ---- the program itself, without a kernel ---- */

#ifdef FILTER_ARCHITECTURE

/* What it returns for a call: seccomp(2) in a kernel's net/core/filter.c, as far as it is used. */
static uint32_t run_program(const struct seccomp_data *data)
{
	struct sock_filter program[LENGTH];
	uint32_t word = 0;
	bool yes;

	write_program(program);
	for (size_t at = 0; at < LENGTH; at++) {
		const struct sock_filter *step = &program[at];

		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			ck_assert_uint_eq(step->k % sizeof word, 0);
			ck_assert_uint_le(step->k, sizeof *data - sizeof word);
			memcpy(&word, (const char *)data + step->k, sizeof word);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = BPF_OP(step->code) == BPF_JEQ ? word == step->k : word & step->k;
			at += yes ? step->jt : step->jf;
			break;
		case BPF_RET | BPF_K:
			return step->k;
		default:
			ck_abort_msg("no such instruction is expected: %#x", step->code);
		}
	}
	ck_abort_msg("it runs off its end");
	return 0;
}

/* Whether the call passes, with that one of its arguments; no third outcome is there. */
static bool passes(uint32_t architecture, long number, unsigned argument, uint64_t value)
{
	struct seccomp_data data = {.arch = architecture, .nr = (int)number};
	uint32_t result;

	data.args[argument] = value;
	result = run_program(&data);
	ck_assert(result == SECCOMP_RET_ALLOW || result == (SECCOMP_RET_ERRNO | ENOSYS));
	return result == SECCOMP_RET_ALLOW;
}

/* What PID 1 calls from its filter to its end, as its sources have it, on every processor. */
static const long recorded[] = {
	SYS_ppoll,
	SYS_read,
	SYS_wait4,
	SYS_kill,
	SYS_pidfd_open,
	SYS_getdents64,
	SYS_openat,
	SYS_close,
	SYS_recvmsg,
	SYS_accept4,
	SYS_exit_group,
#ifdef SYS_clock_gettime64
	SYS_statx,
	SYS_fcntl64,
	SYS_clock_gettime64,
	SYS_ppoll_time64,
	SYS_timerfd_settime64,
	SYS_mmap2,
#else
	SYS_fstat,
	SYS_fcntl,
	SYS_clock_gettime,
	SYS_timerfd_settime,
	SYS_mmap,
#endif
	SYS_mprotect,
};

START_TEST(what_pid_1_was_seen_to_call_passes)
{
	ck_assert(passes(FILTER_ARCHITECTURE, recorded[_i], 0, 0));
}
END_TEST

START_TEST(what_leads_out_does_not_pass)
{
	static const long others[] = {SYS_execve, SYS_execveat, SYS_clone, SYS_clone3, SYS_unshare,
		SYS_setns, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount,
		SYS_move_mount, SYS_open_tree, __NR_openat2, SYS_socket, SYS_connect, SYS_bind,
		__NR_pidfd_getfd, SYS_setresuid, SYS_setuid, SYS_prctl, SYS_seccomp, SYS_bpf,
		SYS_init_module, SYS_keyctl, SYS_write, SYS_ioctl, SYS_io_uring_setup};

	for (int i = 0; i < ROWS(others); i++)
		ck_assert_msg(!passes(FILTER_ARCHITECTURE, others[i], 0, 0), "%ld", others[i]);
}
END_TEST

/* Each number of each other architecture, which means another call there. */
START_TEST(of_another_architecture_no_call_passes)
{
	static const uint32_t architectures[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
		AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64, AUDIT_ARCH_PPC64,
		AUDIT_ARCH_PPC64LE, AUDIT_ARCH_S390, AUDIT_ARCH_S390X, 0};

	for (int i = 0; i < ROWS(architectures); i++)
		for (long number = 0; number < 512; number++)
			if (architectures[i] != FILTER_ARCHITECTURE)
				ck_assert(!passes(architectures[i], number, 0, 0));
}
END_TEST

/* seccomp_filter.rst of Linux, "Caveats": x32 is told by a bit of the number */
START_TEST(nor_one_by_the_numbers_of_x32)
{
	for (long number = 0; number < 1024; number++) {
		ck_assert(!passes(FILTER_ARCHITECTURE, number | 0x40000000, 0, 0));
		ck_assert(!passes(FILTER_ARCHITECTURE, number | (long)0x80000000, 0, 0));
	}
	ck_assert(!passes(FILTER_ARCHITECTURE, -1, 0, 0));
}
END_TEST

/* The half of an argument that the kernel takes is looked at, wherever it is in memory. */
START_TEST(an_argument_with_a_bit_that_is_not_allowed_does_not_pass)
{
	for (int i = 0; i < BOUND_CALLS; i++) {
		const long call = bound_calls[i].call;
		const unsigned argument = bound_calls[i].argument;

		ck_assert(passes(FILTER_ARCHITECTURE, call, argument, 0));
		ck_assert(passes(FILTER_ARCHITECTURE, call, argument, ~bound_calls[i].mask));
		for (uint32_t bit = 1; bit; bit <<= 1) {
			const bool allowed = !(bit & bound_calls[i].mask);

			ck_assert(passes(FILTER_ARCHITECTURE, call, argument, bit) == allowed);
			ck_assert(passes(FILTER_ARCHITECTURE, call, argument,
					  bit | ~(uint64_t)~0u) == allowed);
			ck_assert(passes(FILTER_ARCHITECTURE, call, argument, (uint64_t)bit << 32));
		}
	}
	ck_assert(!passes(FILTER_ARCHITECTURE, SYS_openat, 2, O_WRONLY));
	ck_assert(!passes(FILTER_ARCHITECTURE, SYS_openat, 2, O_RDWR));
	ck_assert(!passes(FILTER_ARCHITECTURE, SYS_mprotect, 2, PROT_EXEC));
}
END_TEST

/* socketcall(2): the numbers of linux/net.h */
START_TEST(of_socketcall_only_what_sends_receives_and_accepts_passes)
{
#ifdef SYS_socketcall
	for (uint64_t call = 0; call < 32; call++)
		ck_assert(passes(FILTER_ARCHITECTURE, SYS_socketcall, 0, call) ==
			  ((call >= 9 && call <= 12) || (call >= 16 && call <= 18)));
#endif
}
END_TEST
#endif

static bool has_seccomp(void)
{
	const uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static Suite *filter_suite(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("filter");

	if (has_seccomp()) {
		tcase_add_loop_test(
			tcase, pid_1s_calls_pass_and_others_are_unknown, 0, ROWS(attempts));
#if defined(FILTER_ARCHITECTURE) && defined(__x86_64__)
		tcase_add_test(tcase, so_it_is_where_the_kernel_has_no_other_architecture);
#endif
		tcase_add_loop_test(tcase, without_the_filter_each_is_known, 0, ROWS(attempts));
	} else {
		puts("skipped: 3 tests: there is no seccomp(2), as under qemu-user");
	}
#ifdef FILTER_ARCHITECTURE
	tcase_add_loop_test(tcase, what_pid_1_was_seen_to_call_passes, 0, ROWS(recorded));
	tcase_add_test(tcase, what_leads_out_does_not_pass);
	tcase_add_test(tcase, of_another_architecture_no_call_passes);
	tcase_add_test(tcase, nor_one_by_the_numbers_of_x32);
	tcase_add_test(tcase, an_argument_with_a_bit_that_is_not_allowed_does_not_pass);
	tcase_add_test(tcase, of_socketcall_only_what_sends_receives_and_accepts_passes);
#endif
	tcase_add_test(tcase, every_jump_reaches);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(filter_suite)
