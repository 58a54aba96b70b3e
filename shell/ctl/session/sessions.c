#include "sessions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/common/clock.h"
#include "probe.h"

#ifndef NS_GET_TGID_FROM_PIDNS /* Linux 6.11 */
#define NS_GET_TGID_FROM_PIDNS _IOR(NSIO, 0x7, int)
#endif

#define NO_SESSION ((size_t)-1)

struct sessions_group {
	ino_t namespace; /* 0: an empty slot of the table */
	pid_t sample; /* any process in it */
	size_t session; /* the session it belongs to, as an index before sorting; NO_SESSION */
	pid_t init; /* the same as the PID of its PID 1; 0 */
	size_t processes;
	unsigned long long memory;
};

struct scan {
	struct sessions *sessions;
	struct session_judge judge;
	int proc;
	bool inside; /* our own namespace is a session's */
	size_t used; /* slots of the table in use */
	size_t room; /* capacity of the list */
	bool no_memory;
};

/* ---- the processes of each PID namespace: a table with open addressing, a power of two ---- */

static struct sessions_group *place_of(struct sessions_group *groups, size_t count, ino_t namespace)
{
	size_t place = (size_t) namespace * 2654435761u;

	while (groups[place &= count - 1].namespace && groups[place].namespace != namespace)
		place++;
	return &groups[place];
}

static bool grow_groups(struct scan *scan)
{
	struct sessions *sessions = scan->sessions;
	size_t count = sessions->group_count ? sessions->group_count * 2 : 256;
	struct sessions_group *groups = calloc(count, sizeof *groups);

	if (!groups)
		return false;
	for (size_t i = 0; i < sessions->group_count; i++)
		if (sessions->groups[i].namespace)
			*place_of(groups, count, sessions->groups[i].namespace) =
				sessions->groups[i];
	free(sessions->groups);
	sessions->groups = groups;
	sessions->group_count = count;
	return true;
}

static struct sessions_group *group_of(struct scan *scan, ino_t namespace)
{
	struct sessions *sessions = scan->sessions;
	struct sessions_group *group;

	if (scan->used * 2 >= sessions->group_count && !grow_groups(scan)) {
		scan->no_memory = true;
		return NULL;
	}
	group = place_of(sessions->groups, sessions->group_count, namespace);
	if (!group->namespace) {
		group->namespace = namespace;
		group->session = NO_SESSION;
		scan->used++;
	}
	return group;
}

static size_t add_session(struct scan *scan, const struct session *session)
{
	struct sessions *sessions = scan->sessions;

	if (sessions->count == scan->room) {
		size_t room = scan->room ? scan->room * 2 : 64;
		struct session *list = realloc(sessions->list, room * sizeof *list);

		if (!list) {
			scan->no_memory = true;
			return NO_SESSION;
		}
		sessions->list = list;
		scan->room = room;
	}
	sessions->list[sessions->count] = *session;
	return sessions->count++;
}

/* ---- one pass over /proc ---- */

/* The kernel does not let us examine the process. */
static void visit_hidden(struct scan *scan, const char *name)
{
	_cleanup_close_ int directory = -1;
	struct session session;

	if (scan->judge.uid == 0) {
		scan->sessions->unseen++;
		return;
	}
	directory = openat(scan->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory >= 0 && session_judge_hidden(&scan->judge, directory, &session) == 1) {
		if (session.pid == 1)
			session.namespace = scan->judge.pid_namespace;
		add_session(scan, &session);
	}
}

static void visit(struct scan *scan, const char *name)
{
	struct sessions_group *group;
	struct session session;
	struct stat namespace;
	char path[300];
	_cleanup_close_ int directory = -1;

	/* for most processes of a machine this one check is enough */
	snprintf(path, sizeof path, "%s/ns/pid", name);
	if (fstatat(scan->proc, path, &namespace, 0) < 0) {
		if (errno == EACCES || errno == EPERM)
			visit_hidden(scan, name);
		return;
	}
	if (namespace.st_ino == scan->judge.pid_namespace && !scan->inside)
		return;
	group = group_of(scan, namespace.st_ino);
	if (!group)
		return;
	group->sample = atoi(name);
	if (group->session == NO_SESSION)
		directory = openat(scan->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory >= 0 &&
		session_judge_init(&scan->judge, directory, namespace.st_ino, &session) == 1) {
		group->session = add_session(scan, &session);
		return;
	}
	group->processes++;
	group->memory += process_resident(scan->proc, name, &scan->judge.text);
}

static int visit_all(struct scan *scan, struct error *error)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	if (!proc)
		return error_errno(error, errno, "cannot read /proc");
	scan->proc = dirfd(proc);
	while ((entry = readdir(proc)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			visit(scan, entry->d_name);
	closedir(proc);
	scan->proc = -1;
	return scan->no_memory ? error_set(error, ENOMEM, "no memory") : 0;
}

/* ---- what is known only when all have been seen ---- */

/* The kernel tells an ordinary user the PID 1 of a namespace, but not the namespace of a PID 1. */
static void find_hidden_init(struct scan *scan, struct sessions_group *group, int namespace)
{
	struct sessions *sessions = scan->sessions;
	pid_t pid = ioctl(namespace, NS_GET_TGID_FROM_PIDNS, 1);

	if (pid < 0 && group->namespace == scan->judge.pid_namespace)
		pid = 1;
	for (size_t i = 0; pid > 0 && i < sessions->count; i++)
		if (sessions->list[i].pid == pid) {
			sessions->list[i].namespace = group->namespace;
			group->session = i;
		}
}

/* A nested PID namespace still belongs to its session. */
static void find_session_above(
	const struct sessions *sessions, struct sessions_group *group, int namespace)
{
	_cleanup_close_ int below = fcntl(namespace, F_DUPFD_CLOEXEC, 0);

	while (group->session == NO_SESSION && below >= 0) {
		int above = ioctl(below, NS_GET_PARENT); /* EPERM: above us */
		const struct sessions_group *found;
		struct stat status;

		close(below);
		below = above;
		if (above < 0 || fstat(above, &status) < 0)
			return;
		found = place_of(sessions->groups, sessions->group_count, status.st_ino);
		if (found->namespace)
			group->session = found->session;
	}
}

static void assign_groups(struct scan *scan)
{
	struct sessions *sessions = scan->sessions;

	for (int hidden = 1; hidden >= 0; hidden--)
		for (size_t i = 0; i < sessions->group_count; i++) {
			struct sessions_group *group = &sessions->groups[i];
			char path[64];
			_cleanup_close_ int namespace = -1;

			if (!group->namespace || group->session != NO_SESSION)
				continue;
			snprintf(path, sizeof path, "/proc/%d/ns/pid", group->sample);
			namespace = open(path, O_RDONLY | O_CLOEXEC);
			if (namespace < 0)
				continue;
			if (!hidden)
				find_session_above(sessions, group, namespace);
			else if (scan->judge.uid != 0)
				find_hidden_init(scan, group, namespace);
		}
	for (size_t i = 0; i < sessions->group_count; i++) {
		struct sessions_group *group = &sessions->groups[i];

		if (!group->namespace || group->session == NO_SESSION)
			continue;
		group->init = sessions->list[group->session].pid;
		sessions->list[group->session].processes += group->processes;
		sessions->list[group->session].memory += group->memory;
	}
}

static int compare(const void *left, const void *right)
{
	const struct session *a = left, *b = right;
	int order = strcmp(a->user, b->user);

	if (!order)
		order = (a->started > b->started) - (a->started < b->started);
	return order ? order : (a->pid > b->pid) - (a->pid < b->pid);
}

static void number(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++) {
		struct session *session = &sessions->list[i];
		bool first = !i || strcmp(session->user, session[-1].user) != 0;

		session->number = first ? 1 : session[-1].number + 1;
	}
}

static void count_ages(struct sessions *sessions)
{
	long ticks = sysconf(_SC_CLK_TCK);
	int64_t now = clock_boot_seconds();

	for (size_t i = 0; i < sessions->count; i++) {
		struct session *session = &sessions->list[i];

		session->age = now - session->started / ticks;
		if (session->age < 0)
			session->age = 0;
	}
}

/* Whether PID 1 of our own namespace is a session's. */
static bool are_inside(struct session_judge *judge)
{
	_cleanup_close_ int directory = process_open("1");
	struct session session;

	return directory >= 0 &&
	       (session_judge_init(judge, directory, judge->pid_namespace, &session) == 1 ||
		       session_judge_hidden(judge, directory, &session) == 1);
}

int sessions_find(struct sessions *sessions, struct error *error)
{
	struct scan scan = {.sessions = sessions, .proc = -1};
	int result;

	*sessions = (struct sessions){0};
	result = session_judge_start(&scan.judge, error);
	if (!result) {
		sessions->own_only = scan.judge.uid != 0;
		scan.inside = are_inside(&scan.judge);
		result = visit_all(&scan, error);
	}
	if (!result) {
		assign_groups(&scan);
		if (sessions->count)
			qsort(sessions->list, sessions->count, sizeof *sessions->list, compare);
		number(sessions);
		count_ages(sessions);
	}
	session_judge_free(&scan.judge);
	if (result < 0)
		sessions_free(sessions);
	return result;
}

void sessions_free(struct sessions *sessions)
{
	free(sessions->list);
	free(sessions->groups);
	*sessions = (struct sessions){0};
}

/* ---- one of them ---- */

const struct session *sessions_by_namespace(const struct sessions *sessions, ino_t namespace)
{
	const struct sessions_group *group;

	if (!sessions->group_count || !namespace)
		return NULL;
	group = place_of(sessions->groups, sessions->group_count, namespace);
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i].namespace == namespace ||
			(group->namespace && group->init == sessions->list[i].pid))
			return &sessions->list[i];
	return NULL;
}
