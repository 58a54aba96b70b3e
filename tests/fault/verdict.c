/*
 * verdict - tells by its exit status what it was started in; arguments are ignored.
 *
 *	42  a complete session: every namespace named in OUTSIDE is different, and what belongs to
 *	    them is present
 *	43  no session: every namespace is the one in OUTSIDE
 *	44  anything in between, described on standard error
 *
 * OUTSIDE, in the environment, lists the namespaces that the session must not share, by their names
 * in /proc/PID/ns and their inodes outside, as in "uts 4026531838 pid ..."; HOSTNAME_IN is its
 * hostname, or the two that it can have, with a blank between them.
 *
 * PROC_ELSEWHERE, where set, is the mount point of another procfs, which must be the session's.
 *
 * With NAMES_ONLY set nothing else is checked.  With PRIVATE set /tmp must be private and empty,
 * and below /home/closed what is called `inaccessible` must be so, and all else read-only.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WHOLE = 42, NONE = 43, HALF = 44 };

static int wrong(const char *what)
{
	fprintf(stderr, "verdict: %s\n", what);
	return HALF;
}

static unsigned long long inode(const char *file)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof path, "/proc/self/ns/%s", file);
	return stat(path, &status) == 0 ? status.st_ino : 0;
}

/* Whether a line of the file at @path contains @text. */
static bool file_has(const char *path, const char *text)
{
	char line[4096];
	bool found = false;
	FILE *file = fopen(path, "re");

	while (file && !found && fgets(line, sizeof line, file))
		found = strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

/* Descriptors of namespaces, processes and sockets to PID 1, which the user must not have. */
static bool ours_is_open(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory))) {
		char target[256] = "";

		if (readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1) > 0)
			found = strstr(target, "mnt:[") || strstr(target, "uts:[") ||
				strstr(target, "pid:[") || strstr(target, "pidfd") ||
				strstr(target, "signalfd") || strstr(target, "+hostnames");
	}
	if (directory)
		closedir(directory);
	return found;
}

static bool is_one_of(const char *name, const char *names)
{
	size_t length = strlen(name), first = strcspn(names, " ");

	return (length == first && !memcmp(name, names, length)) ||
	       (names[first] && !strcmp(name, names + first + 1));
}

/* Whether opening it fails with this error. */
static bool is_closed(const char *path, int flags, int wanted)
{
	int file = open(path, flags | O_CLOEXEC);

	if (file >= 0)
		close(file);
	return file < 0 && errno == wanted;
}

static int check_private(void)
{
	if (access("/tmp/of-the-host", F_OK) == 0)
		return wrong("/tmp is the host's");
	if (!is_closed("/home/closed/inaccessible/directory/file", O_RDONLY, EACCES) ||
		!is_closed("/home/closed/inaccessible/file", O_RDONLY, EACCES))
		return wrong("what is inaccessible can be opened");
	if (!is_closed("/home/closed/file", O_WRONLY, EROFS) ||
		!is_closed("/home/closed/mount/file", O_WRONLY, EROFS))
		return wrong("what is read-only can be written");
	return WHOLE;
}

static int check_whole(void)
{
	char name[256] = "", self[64] = "", target[256];
	const char *wanted = getenv("HOSTNAME_IN"), *elsewhere = getenv("PROC_ELSEWHERE");

	gethostname(name, sizeof name - 1);
	if (!wanted || !is_one_of(name, wanted))
		return wrong("the hostname is not the session's");
	if (getenv("NAMES_ONLY"))
		return ours_is_open() ? wrong("a descriptor of ours is open") : WHOLE;
	name[strlen(name)] = '\n'; /* it is the last word of its line */
	if (!file_has("/etc/hosts", name))
		return wrong("the hostname is not in /etc/hosts");
	if (readlink("/proc/self", self, sizeof self - 1) < 0 || atoi(self) != getpid())
		return wrong("/proc is another namespace's");
	if (!file_has("/proc/1/comm", "nsisolate-init"))
		return wrong("PID 1 is not nsisolate-init");
	/*
	 * the shell's PID 1 can set it only when it has forked the command, which must not have it
	 */
	for (int ms = 0; ms < 1000 && !file_has("/proc/1/status", "NoNewPrivs:\t1"); ms++)
		usleep(1000);
	if (!file_has("/proc/1/status", "NoNewPrivs:\t1") ||
		!file_has("/proc/1/status", "CapEff:\t0000000000000000") ||
		!file_has("/proc/1/status", "CapPrm:\t0000000000000000"))
		return wrong("PID 1 could gain privileges");
	if (getuid() != 0 && readlink("/proc/1/ns/uts", target, sizeof target) >= 0)
		return wrong("PID 1 is open to its user");
	if (getenv("PRIVATE") && check_private() != WHOLE)
		return HALF;
	if (elsewhere && (snprintf(self, sizeof self, "%s/1/comm", elsewhere),
				 !file_has(self, "nsisolate-init")))
		return wrong("a procfs elsewhere shows what is outside");
	if (ours_is_open())
		return wrong("a descriptor of ours is open");
	return WHOLE;
}

/* How many of the namespaces in OUTSIDE are different here; -1 when that is unknown. */
static int count_new(int *count)
{
	char file[32];
	unsigned long long outside;
	const char *text = getenv("OUTSIDE");
	int length, new = 0;

	for (*count = 0; text && sscanf(text, "%31s %llu%n", file, &outside, &length) == 2;
		text += length, ++*count) {
		unsigned long long own = inode(file);

		if (!own)
			return -1;
		new += own != outside;
	}
	return *count ? new : -1;
}

int main(void)
{
	int count, new = count_new(&count);

	if (new < 0)
		return wrong("a namespace cannot be read, or OUTSIDE is not set");
	if (new == 0)
		return NONE;
	return new < count ? wrong("some namespaces are new and some are not") : check_whole();
}
