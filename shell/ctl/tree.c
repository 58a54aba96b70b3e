/* nsisolatectl tree - the processes of one session, each with its PID outside and inside. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "conf/common/cleanup.h"
#include "shell/ctl/output/printable.h"
#include "shell/ctl/output/terminal.h"
#include "shell/ctl/session/probe.h"
#include "shell/ctl/session/process.h"
#include "shell/ctl/session/sessions.h"

#define DEPTH_MAX 40 /* deeper levels are shown at this depth */
#define COMMAND_SIZE 512

struct member {
	pid_t pid, inside, parent;
	char user[33];
	char command[COMMAND_SIZE];
	bool shown;
};

struct members {
	struct member *list; /* by PID */
	size_t count, room;
	int user_width;
};

/* "bash -c ...", or "[name]" of one without arguments, such as a zombie. */
static void find_command(int directory, struct process_text *text, struct member *member)
{
	char *newline;

	if (process_read(directory, "cmdline", text) == 0 && text->length) {
		size_t last = text->length;

		/* a title that was shortened has a tail of NULs */
		while (last && !text->bytes[last - 1])
			last--;
		for (size_t i = 0; i < last; i++)
			if (!text->bytes[i])
				text->bytes[i] = ' ';
		snprintf(member->command, sizeof member->command, "%s", text->bytes);
	} else if (process_read(directory, "comm", text) == 0 && text->length) {
		newline = strrchr(text->bytes, '\n');
		if (newline)
			*newline = '\0';
		snprintf(member->command, sizeof member->command, "[%s]", text->bytes);
	}
	printable(member->command);
}

static int add_member(struct members *members, const struct member *member)
{
	if (members->count == members->room) {
		size_t room = members->room ? members->room * 2 : 32;
		struct member *list = realloc(members->list, room * sizeof *list);

		if (!list)
			return -ENOMEM;
		members->list = list;
		members->room = room;
	}
	members->list[members->count++] = *member;
	return 0;
}

/*
 * Whether the process is in the session or in a nested namespace; a hidden PID 1 is known already.
 */
static bool is_member(
	const struct sessions *sessions, const struct session *session, int proc, const char *name)
{
	struct stat namespace;
	char path[300];

	if (atoi(name) == session->pid)
		return true;
	snprintf(path, sizeof path, "%s/ns/pid", name);
	return fstatat(proc, path, &namespace, 0) == 0 &&
	       sessions_by_namespace(sessions, namespace.st_ino) == session;
}

static int visit(const struct sessions *sessions, const struct session *session, int proc,
	const char *name, struct session_judge *judge, struct members *members)
{
	struct process_status status;
	struct member member = {0};
	_cleanup_close_ int directory = -1;

	if (!is_member(sessions, session, proc, name))
		return 0;
	directory = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* it has ended meanwhile */
	if (directory < 0 || process_status(directory, &status, &judge->text) < 0 ||
		status.levels <= session->level)
		return 0;
	member.pid = status.pids[0];
	member.inside = status.pids[session->level];
	member.parent = status.parent;
	snprintf(member.user, sizeof member.user, "%s", session_judge_user(judge, status.uid));
	printable_word(member.user);
	find_command(directory, &judge->text, &member);
	return add_member(members, &member);
}

static int compare(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return (a->inside > b->inside) - (a->inside < b->inside);
}

static int find_members(const struct sessions *sessions, const struct session *session,
	struct members *members, struct error *error)
{
	struct session_judge judge;
	const struct dirent *entry;
	DIR *proc;
	int result = session_judge_start(&judge, error);

	if (result < 0)
		return result;
	proc = opendir("/proc");
	if (!proc)
		result = error_errno(error, errno, "cannot read /proc");
	while (!result && (entry = readdir(proc)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9' &&
			visit(sessions, session, dirfd(proc), entry->d_name, &judge, members) < 0)
			result = error_set(error, ENOMEM, "no memory");
	if (proc)
		closedir(proc);
	session_judge_free(&judge);
	if (!result && members->count)
		qsort(members->list, members->count, sizeof *members->list, compare);
	return result;
}

static bool has_parent(const struct members *members, const struct member *member)
{
	for (size_t i = 0; i < members->count; i++)
		if (members->list[i].pid == member->parent && &members->list[i] != member)
			return true;
	return false;
}

static void show_member(
	const struct members *members, const struct member *member, unsigned depth, size_t width)
{
	char line[COMMAND_SIZE + DEPTH_MAX * 3 + 96];
	int length = snprintf(line, sizeof line, "%7d %7d  %-*s  %*s%s%s", member->pid,
		member->inside, members->user_width, member->user, depth ? (int)(depth - 1) * 3 : 0,
		"", depth ? "\\_ " : "", member->command);

	if (width && length > 0 && (size_t)length > width && width < sizeof line) {
		line[width - 1] = '~';
		line[width] = '\0';
	}
	puts(line);
}

/* A process with its descendants; quadratic in the number of processes of one session. */
static void show_from(struct members *members, struct member *member, unsigned depth, size_t width)
{
	if (member->shown)
		return;
	member->shown = true;
	show_member(members, member, depth, width);
	if (depth >= DEPTH_MAX)
		return;
	for (size_t i = 0; i < members->count; i++)
		if (members->list[i].parent == member->pid)
			show_from(members, &members->list[i], depth + 1, width);
}

static void show_all(struct members *members, size_t width)
{
	for (size_t i = 0; i < members->count; i++)
		if ((int)strlen(members->list[i].user) > members->user_width)
			members->user_width = (int)strlen(members->list[i].user);
	printf("    PID  INSIDE  %-*s  COMMAND\n", members->user_width, "USER");
	for (size_t i = 0; i < members->count; i++)
		if (!has_parent(members, &members->list[i]))
			show_from(members, &members->list[i], 0, width);
	/* too deep, or the parent ended in the meantime */
	for (size_t i = 0; i < members->count; i++)
		show_from(members, &members->list[i], 0, width);
}

static int tree(const char *word)
{
	struct sessions sessions;
	struct members members = {.user_width = 4};
	struct error error = {0};
	const struct session *session;
	char name[512];
	int result = sessions_find(&sessions, &error);

	if (!result) {
		session = sessions_by_word(&sessions, word, &error);
		result = session ? find_members(&sessions, session, &members, &error) : -ESRCH;
	}
	if (!result) {
		printf("%s\n", session_name(session, name, sizeof name));
		if (session->network)
			printf("network: %s\n", session->network);
		show_all(&members, terminal_style(stdout).width);
		if (!session->namespace)
			fputs(NAME ": this kernel tells only root which processes are in it (Linux "
				   "6.11 tells their user, too)\n",
				stderr);
	} else {
		fprintf(stderr, NAME ": %s\n", error.text);
	}
	free(members.list);
	sessions_free(&sessions);
	return result;
}

int command_tree(int argc, char **argv)
{
	if (argc != 2 || argv[1][0] == '-')
		return command_usage(argv[0]);
	return tree(argv[1]) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
