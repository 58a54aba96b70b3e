/*
 * The filter of PID 1's system calls: what it lets through, and what it does not.  That PID 1 makes
 * no others is tests/login/test_privileges.sh's to see.
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

/* Each: what the kernel said, as syscall(2) returns it. */
static long try_exec(void)
{
	char *const argv[] = {(char *)"true", NULL};

	return execve("/bin/true", argv, argv + 1);
}
static long try_clone(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

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
static long try_map(void)
{
	return syscall(
		SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static long try_map_code(void)
{
	return syscall(
		SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
	{"map code", try_map_code, false},
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
#ifdef ARCHITECTURE
	const struct attempt *attempt = &attempts[_i];
	int result = outcome(attempt, filtered);

	ck_assert_msg(
		is_kept(attempt, result, outcome(attempt, NULL)), "%s: %d", attempt->what, result);
#endif
}
END_TEST

#if defined(ARCHITECTURE) && defined(__x86_64__)
/* Stands in for a kernel without a 32-bit entry: whoever takes it dies. */
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

/* There the kernel keeps the promise, and what it does must not be taken for a broken one. */
START_TEST(so_it_is_where_the_kernel_has_no_other_architecture)
{
	const struct attempt *attempt = &attempts[ROWS(attempts) - 1];
	int plain = outcome(attempt, without_32_bits);

	ck_assert_ptr_eq(attempt->call, try_other_numbers);
	ck_assert_int_gt(plain, BY_SIGNAL);
	ck_assert(is_kept(attempt, outcome(attempt, without_32_bits_filtered), plain));
	/* a call that passes is none that is kept from passing */
	ck_assert(!is_kept(attempt, 0, 0));
}
END_TEST
#endif

/* What fails without the filter, too, would show nothing. */
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
#ifdef ARCHITECTURE
	/* a jump has eight bits */
	ck_assert_int_lt(LENGTH, 256);
#endif
}
END_TEST

static Suite *filter_suite(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("filter");

	tcase_add_loop_test(tcase, pid_1s_calls_pass_and_others_are_unknown, 0, ROWS(attempts));
#if defined(ARCHITECTURE) && defined(__x86_64__)
	tcase_add_test(tcase, so_it_is_where_the_kernel_has_no_other_architecture);
#endif
	tcase_add_loop_test(tcase, without_the_filter_each_is_known, 0, ROWS(attempts));
	tcase_add_test(tcase, every_jump_reaches);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(filter_suite)
