/*
 * pam-load - whether PAM modules can be loaded, as libpam loads them.
 *
 *	pam-load PATH...
 *
 * Loading a module runs its constructors, so each is loaded in a process of its own, under limits;
 * the caller (ctl/module_load.c) has given up all privileges before.  Standard output gets a line
 * for each PATH that cannot be loaded (`no`), or where that is not known (`unknown`): the word,
 * PATH and the reason, separated by tabs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"

#define PATIENCE_S 2
#define MEMORY_MAX (1ul << 30)
#define NO 'n'
#define UNKNOWN 'u'

/* Reports the reason, preceded by its kind, to the process at the other end. */
static _Noreturn void answer(int report, int kind, const char *reason)
{
	dprintf(report, "%c%s", kind, reason);
	_exit(0);
}

/* Only a file that nobody but root can change is run: the caller may be a user. */
static void check_file(int report, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		answer(report, UNKNOWN, strerror(errno));
	if (!S_ISREG(status.st_mode))
		answer(report, S_ISDIR(status.st_mode) ? NO : UNKNOWN, "it is not a file");
	if (status.st_uid != 0 || status.st_mode & (S_IWGRP | S_IWOTH))
		answer(report, UNKNOWN, "not only root can change it");
	close(fd);
}

/* A failure caused by our own rights or limits does not mean that sshd would fail. */
static char kind_of(const char *reason)
{
	static const int ours[] = {EACCES, ENOMEM, EMFILE, ENFILE, EAGAIN};

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (strstr(reason, strerror(ours[i])))
			return UNKNOWN;
	return NO;
}

static void limit(int resource, rlim_t most)
{
	setrlimit(resource, &(struct rlimit){most, most});
}

static _Noreturn void load(const char *path, int report)
{
	const char *reason;
	const size_t length = strlen(path);
	int nothing = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(nothing, fd);
	limit(RLIMIT_AS, MEMORY_MAX);
	limit(RLIMIT_CPU, PATIENCE_S);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	alarm(PATIENCE_S);
	check_file(report, path);
	if (dlopen(path, RTLD_NOW))
		_exit(0);
	reason = dlerror();
	/* glibc begins with the path, musl with other words */
	if (reason && !strncmp(reason, path, length) && !strncmp(reason + length, ": ", 2))
		reason += length + 2;
	answer(report, reason ? kind_of(reason) : UNKNOWN, reason ? reason : "no reason given");
}

static void say(const char *word, const char *path, const char *reason)
{
	printf("%s\t%s\t", word, path);
	for (; *reason; reason++)
		putchar((unsigned char)*reason < ' ' ? ' ' : *reason);
	putchar('\n');
	fflush(stdout);
}

static void try_one(const char *path)
{
	char text[512] = "";
	size_t used = 0;
	_cleanup_close_ int end = -1, report = -1;
	int ends[2], status = 0;
	ssize_t got;
	pid_t pid;

	/* non-blocking: a process that it started may keep the other end open after it has ended */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		say("unknown", path, strerror(errno));
		return;
	}
	end = ends[0];
	report = ends[1];
	pid = fork();
	if (pid < 0) {
		say("unknown", path, strerror(errno));
		return;
	}
	if (pid == 0)
		load(path, report);
	child_wait(pid, &status);
	while (used < sizeof text - 1 && (got = read(end, text + used, sizeof text - 1 - used)) > 0)
		used += (size_t)got;
	if (WIFSIGNALED(status))
		snprintf(text, sizeof text, "%cthe process that tried it was killed by signal %d",
			UNKNOWN, WTERMSIG(status));
	if (*text)
		say(*text == NO ? "no" : "unknown", path, text + 1);
}

int main(int argc, char **argv)
{
	/* some modules rely on the application being linked with libpam */
	if (!pam_strerror(NULL, PAM_SUCCESS))
		return 1;
	for (int i = 1; i < argc; i++)
		try_one(argv[i]);
	return 0;
}
