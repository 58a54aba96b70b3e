/* Other users' processes: their command lines, and when they start. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "shell/ctl/census/census.h"

/* Whether a process in this procfs has the witness's token in its command line. */
static bool shows_witness(const char *procfs, const struct witness *witness)
{
	DIR *proc = opendir(procfs);
	const struct dirent *entry;
	bool found = false;

	while (proc && !found && (entry = readdir(proc))) {
		char path[NAME_MAX + 16], text[4096];
		_cleanup_close_ int file = -1;
		ssize_t length;

		if (*entry->d_name < '1' || *entry->d_name > '9')
			continue;
		snprintf(path, sizeof path, "%s/cmdline", entry->d_name);
		file = openat(dirfd(proc), path, O_RDONLY | O_CLOEXEC);
		length = file < 0 ? -1 : read(file, text, sizeof text);
		found = length > 0 &&
			memmem(text, (size_t)length, witness->token, strlen(witness->token));
	}
	if (proc)
		closedir(proc);
	return found;
}

static enum seen processes(struct look *look)
{
	if (shows_witness("/proc", look->witness))
		return SEEN_YES;
	/* hidden, but there: signalling it is forbidden, not impossible */
	return kill(look->witness->pid, 0) < 0 && errno == EPERM ? SEEN_YES : SEEN_NO;
}

static enum seen procfs(struct look *look)
{
	if (!look->procfs)
		return look_nothing(look, "no empty directory to mount a procfs on");
	return shows_witness(look->procfs, look->witness) ? SEEN_YES : SEEN_NO;
}

/* Whether one of the events that there are is about a file of this name. */
static bool tells_of(int events, const char *name)
{
	char buffer[4096] __attribute__((aligned(8)));
	ssize_t length;

	while ((length = read(events, buffer, sizeof buffer)) > 0)
		for (char *at = buffer; at < buffer + length;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			if (event->len && !strcmp(event->name, name))
				return true;
			at += sizeof *event + event->len;
		}
	return false;
}

/* A directory that may be read may be watched, and what is executed is opened. */
static enum seen programs(struct look *look)
{
	char directory[PATH_MAX], *slash;
	_cleanup_close_ int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(directory, sizeof directory, "%s", look->witness->program);
	slash = strrchr(directory, '/');
	if (!slash)
		return look_nothing(look, "no /bin/sh that the witness could start");
	*slash = '\0';
	if (events < 0 || inotify_add_watch(events, *directory ? directory : "/",
				  IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE) < 0)
		return SEEN_NO;
	look_ask(look, WITNESS_START);
	return tells_of(events, slash + 1) ? SEEN_YES : SEEN_NO;
}

static const struct channel list[] = {
	{"processes", "processes and command lines", "namespaces = pid", closes_by_pid, processes,
		false},
	{"procfs", "a procfs mounted elsewhere", "namespaces = pid", closes_by_pid, procfs, false},
	{"programs", "programs that others start (inotify)", NULL, NULL, programs, false},
};
const struct channels channels_of_processes = {list, ARRAY_SIZE(list)};
