/*
 * hold_sessions [-n COUNT] [-w FIFO] TABLE LABEL HELPER 'WORDS' - opens COUNT sessions one after
 * the other and keeps them all, then ends them.  A session is open when `ready` in it has said so;
 * it ends when its input does.
 *
 * `open`: each one's time, in rounds.  Then, of all together: `machine`, kB of memory that one
 * session took, and its parts `programs`, `page tables`, `stacks` and `slabs`; `pss`, kB of one
 * session's processes of the name HELPER; `helpers`, how many of them; `end`, milliseconds until
 * all had gone.  With -w they are kept until no process has FIFO open for writing any longer;
 * `helpers` is then the last line.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"

#define COUNT_MAX 20000
#define SAMPLED_MAX 200 /* helpers whose memory is read, which is slow */

static const char *table, *label;

/* The number after @name in a file of lines `Name: number kB`; -1: not found. */
static long read_field(const char *path, const char *name)
{
	char line[256];
	long value = -1;
	size_t length = strlen(name);
	FILE *file = fopen(path, "r");

	while (file && value < 0 && fgets(line, sizeof line, file))
		if (!strncmp(line, name, length) && line[length] == ':')
			value = atol(line + length + 1);
	if (file)
		fclose(file);
	return value;
}

/*
 * What is used of the machine's memory, by /proc/meminfo.  MemAvailable would be a single number,
 * but fluctuates with other work by more than a tenth of a session.  As there, what the kernel can
 * reclaim at once (KReclaimable) does not count.
 */
static const struct {
	const char *name, *fields[3];
} parts[] = {
	{"programs", {"AnonPages", "Shmem"}},
	{"page tables", {"PageTables", "SecPageTables"}},
	{"stacks", {"VmallocUsed"}}, /* the kernel's, one per thread, and other vmalloc */
	{"slabs", {"SUnreclaim", "Percpu"}},
};

enum { PARTS = sizeof parts / sizeof parts[0] };

/* kB of each part to @taken; the sum. */
static long read_taken(long taken[PARTS])
{
	long sum = 0;

	for (int i = 0; i < PARTS; i++) {
		taken[i] = 0;
		for (int k = 0; k < 3 && parts[i].fields[k]; k++) {
			long value = read_field("/proc/meminfo", parts[i].fields[k]);

			taken[i] += value > 0 ? value : 0; /* SecPageTables: newer kernels */
		}
		sum += taken[i];
	}
	return sum;
}

/*
 * The same once it is stable, or after half a minute: the memory of processes that have ended, also
 * of those measured before, is freed gradually.
 */
static long read_taken_at_rest(long taken[PARTS])
{
	long sum = 0, earlier = -1;

	for (int i = 0; i < 60; i++) {
		sum = read_taken(taken);
		if (earlier >= 0 && labs(sum - earlier) < 512)
			return sum;
		earlier = sum;
		usleep(500000);
	}
	fprintf(stderr, "hold_sessions: %s: this machine's memory does not come to rest\n", label);
	return sum;
}

static int is_named(const char *pid, const char *name)
{
	char path[300], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	file = fopen(path, "r");
	if (!file || !fgets(comm, sizeof comm, file))
		comm[0] = '\0';
	if (file)
		fclose(file);
	comm[strcspn(comm, "\n")] = '\0';
	return !strncmp(comm, name, sizeof "0123456789abcde" - 1);
}

static void measure_helpers(const char *name, int sessions)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	double pss = 0, helpers = 0, sampled = 0;

	if (!proc)
		give_up("/proc");
	while ((entry = readdir(proc))) {
		char path[300];
		long size;

		if (!isdigit((unsigned char)entry->d_name[0]) || !is_named(entry->d_name, name))
			continue;
		helpers++;
		if (sampled == SAMPLED_MAX)
			continue;
		snprintf(path, sizeof path, "/proc/%s/smaps_rollup", entry->d_name);
		size = read_field(path, "Pss");
		if (size < 0)
			continue;
		pss += (double)size;
		sampled++;
	}
	closedir(proc);
	if (sampled)
		sample(table, 0, label, "pss", pss / sampled * helpers / sessions);
	sample(table, 0, label, "helpers", helpers / sessions);
}

static pid_t open_session(char **words, int input, const int output[2])
{
	char byte;
	pid_t pid = vfork();

	if (pid < 0)
		give_up("vfork");
	if (pid == 0) {
		dup2(input, STDIN_FILENO);
		dup2(output[1], STDOUT_FILENO);
		execvp(words[0], words);
		_exit(127);
	}
	if (read(output[0], &byte, 1) == 1)
		return pid;
	fprintf(stderr, "hold_sessions: %s did not open\n", label);
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	static pid_t pids[COUNT_MAX];
	char *words[64] = {NULL};
	int count = 100, option, input[2], output[2], length = 0, status, fifo = -1;
	char byte;
	double from;
	long before[PARTS], after[PARTS], sum;

	while ((option = getopt(argc, argv, "+n:w:")) != -1) {
		if (option == 'n')
			count = atoi(optarg);
		else if (option != 'w')
			return 2;
		else if ((fifo = open(optarg, O_RDONLY | O_CLOEXEC)) < 0)
			give_up(optarg);
	}
	if (argc - optind != 4 || count < 1 || count > COUNT_MAX)
		return 2;
	table = argv[optind];
	label = argv[optind + 1];
	for (char *word = strtok(argv[optind + 3], " "); word && length < 63;
		word = strtok(NULL, " "))
		words[length++] = word;
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
		give_up("pipe");
	sum = read_taken_at_rest(before);
	for (int i = 0; i < count; i++) {
		from = now_us();
		pids[i] = open_session(words, input[0], output);
		sample(table, i, label, "open", now_us() - from);
		progress(label, i + 1, count);
	}
	sample(table, 0, label, "machine", (double)(read_taken_at_rest(after) - sum) / count);
	for (int i = 0; i < PARTS; i++)
		sample(table, 0, label, parts[i].name, (double)(after[i] - before[i]) / count);
	measure_helpers(argv[optind + 2], count);
	if (fifo >= 0) {
		fflush(stdout);
		while (read(fifo, &byte, 1) > 0)
			;
	}
	from = now_us();
	close(input[1]);
	for (int i = 0; i < count; i++)
		while (waitpid(pids[i], &status, 0) < 0)
			if (errno != EINTR)
				give_up("waitpid");
	if (fifo < 0)
		sample(table, 0, label, "end", (now_us() - from) / 1000);
	return 0;
}
