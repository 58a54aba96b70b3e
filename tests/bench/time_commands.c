/*
 * time_commands [-n ROUNDS] [-p COUNT] TABLE LABEL 'WORDS' ... - runs commands in turn, in a new
 * order in every round: `time` from start to end, and `cpu`, user and system time of it and the
 * children it waited for.  WORDS are split at blanks, without a shell.  LABEL/K runs only in every
 * K-th round.
 *
 * -p: runs COUNT of the same at once; `time` is until the last one has ended, `each` is that
 * divided by COUNT.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"

#define COMMANDS_MAX 24
#define WARM_UP 5

extern char **environ;

static struct command {
	char *label;
	int every;
	char *words[64];
} commands[COMMANDS_MAX];
static int command_count;
static const char *table;
static posix_spawn_file_actions_t silence;

static void add_command(char *label, char *words)
{
	struct command *command = &commands[command_count++];
	char *slash = strchr(label, '/');
	int count = 0;

	*command = (struct command){.label = label, .every = slash ? atoi(slash + 1) : 1};
	if (slash)
		*slash = '\0';
	for (char *word = strtok(words, " "); word && count < 63; word = strtok(NULL, " "))
		command->words[count++] = word;
}

static pid_t start(const struct command *command)
{
	pid_t pid;

	errno = posix_spawnp(
		&pid, command->words[0], &silence, NULL, (char *const *)command->words, environ);
	if (errno)
		give_up(command->words[0]);
	return pid;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

static void end(const struct command *command, pid_t pid, struct rusage *usage)
{
	int status;

	while (wait4(pid, &status, 0, usage) < 0)
		if (errno != EINTR)
			give_up("wait4");
	if (status) {
		fprintf(stderr, "time_commands: %s: wait status %#x\n", command->label, status);
		exit(EXIT_FAILURE);
	}
}

static void run(const struct command *command, int round, int at_once)
{
	pid_t pids[1000];
	struct rusage usage;
	double from = now_us(), cpu = 0, time;

	for (int i = 0; i < at_once; i++)
		pids[i] = start(command);
	for (int i = 0; i < at_once; i++) {
		end(command, pids[i], &usage);
		cpu += seconds(usage.ru_utime) + seconds(usage.ru_stime);
	}
	time = now_us() - from;
	if (round < 0)
		return;
	sample(table, round, command->label, "time", time);
	sample(table, round, command->label, "cpu", cpu);
	if (at_once > 1)
		sample(table, round, command->label, "each", time / at_once);
}

int main(int argc, char **argv)
{
	int rounds = 100, at_once = 1, option, order[COMMANDS_MAX];

	while ((option = getopt(argc, argv, "+n:p:")) != -1) {
		if (option == 'n')
			rounds = atoi(optarg);
		else if (option == 'p')
			at_once = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind < 3 || at_once < 1 || at_once > 1000)
		return 2;
	table = argv[optind++];
	for (; optind + 1 < argc && command_count < COMMANDS_MAX; optind += 2)
		add_command(argv[optind], argv[optind + 1]);
	posix_spawn_file_actions_init(&silence);
	posix_spawn_file_actions_addopen(&silence, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&silence, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (int round = -WARM_UP; round < rounds; round++) {
		shuffle(order, command_count);
		for (int i = 0; i < command_count; i++)
			if (round % commands[order[i]].every == 0)
				run(&commands[order[i]], round, at_once);
		progress(table, round + 1, rounds);
	}
	return 0;
}
