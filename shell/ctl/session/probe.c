#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "conf/common/session_facts.h"
#include "logins.h"
#include "origin.h"

struct session_names {
	struct session_names *next;
	uid_t uid;
	char name[256];
};

const char *session_judge_user(struct session_judge *judge, uid_t uid)
{
	struct session_names *entry;
	const struct passwd *account;

	for (entry = judge->names; entry; entry = entry->next)
		if (entry->uid == uid)
			return entry->name;
	entry = calloc(1, sizeof *entry);
	if (!entry)
		return "";
	account = getpwuid(uid);
	if (account)
		snprintf(entry->name, sizeof entry->name, "%s", account->pw_name);
	else
		snprintf(entry->name, sizeof entry->name, "%u", uid);
	entry->uid = uid;
	entry->next = judge->names;
	judge->names = entry;
	return entry->name;
}

int session_judge_start(struct session_judge *judge, struct error *error)
{
	char directory[] = NSISOLATE_INIT, path[PATH_MAX];
	char *slash = strrchr(directory, '/');

	*judge = (struct session_judge){.uid = geteuid()};
	judge->pid_namespace = namespace_inode("pid", error);
	judge->user_namespace = namespace_inode("user", error);
	judge->network = namespace_inode("net", NULL);
	if (!judge->pid_namespace || !judge->user_namespace)
		return -ENOENT;
	/* neither has to exist: we may be in the middle of an upgrade, or have been removed */
	if (stat(NSISOLATE_INIT, &judge->init) < 0)
		judge->init = (struct stat){0};
	*slash = '\0';
	if (realpath(directory, path) && statfs(path, &judge->file_system) == 0)
		snprintf(judge->deleted, sizeof judge->deleted, "%.4000s/%s (deleted)", path,
			slash + 1);
	return 0;
}

void session_judge_free(struct session_judge *judge)
{
	while (judge->names) {
		struct session_names *next = judge->names->next;

		free(judge->names);
		judge->names = next;
	}
	process_text_free(&judge->text);
}

/*
 * Whether @exe, the program of the process, was once installed in the same place.  The path alone
 * would prove nothing: in a mount namespace of one's own any file can have it.
 */
static bool was_installed(const struct session_judge *judge, int directory, const struct stat *exe)
{
	char link[sizeof judge->deleted], path[64];
	struct statfs file_system;
	ssize_t length;

	if (exe->st_nlink != 0 || exe->st_uid != 0 || !*judge->deleted)
		return false;
	length = readlinkat(directory, "exe", link, sizeof link - 1);
	if (length < 0)
		return false;
	link[length] = '\0';
	if (strcmp(link, judge->deleted) != 0)
		return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d/exe", directory);
	return statfs(path, &file_system) == 0 && file_system.f_type == judge->file_system.f_type &&
	       !memcmp(&file_system.f_fsid, &judge->file_system.f_fsid, sizeof file_system.f_fsid);
}

static bool runs_init(const struct session_judge *judge, int directory, bool *replaced)
{
	struct stat exe;

	if (fstatat(directory, "exe", &exe, 0) < 0)
		return false; /* a kernel thread, or it has ended */
	*replaced = false;
	if (judge->init.st_ino && exe.st_ino == judge->init.st_ino &&
		exe.st_dev == judge->init.st_dev)
		return true;
	*replaced = was_installed(judge, directory, &exe);
	return *replaced;
}

/* Who owns the process's PID namespace: that tells the kind, and the user of a shell's session. */
static int find_owner(const struct session_judge *judge, int directory, struct session *session)
{
	_cleanup_close_ int namespace = openat(directory, "ns/pid", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int owner = namespace < 0 ? -1 : ioctl(namespace, NS_GET_USERNS);
	struct stat status;

	if (owner < 0 || fstat(owner, &status) < 0)
		return -errno;
	if (status.st_ino == judge->user_namespace) {
		session->kind = SESSION_MODULE;
		return 0;
	}
	session->kind = SESSION_SHELL;
	return ioctl(owner, NS_GET_OWNER_UID, &session->uid) < 0 ? -errno : 0;
}

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/* What the module passed on. */
static void take_facts(struct session_judge *judge, int directory, struct session *session)
{
	struct {
		char *to;
		size_t size;
	} const fields[FACTS] = {
		[FACT_USER] = {session->user, sizeof session->user},
		[FACT_RULE] = {session->rule, sizeof session->rule},
		[FACT_ID] = {session->id, sizeof session->id},
		[FACT_SERVICE] = {session->service, sizeof session->service},
		[FACT_HOSTNAME] = {session->hostname, sizeof session->hostname},
		[FACT_FROM] = {session->from, sizeof session->from},
		[FACT_TTY] = {session->tty, sizeof session->tty},
	};
	const char *facts[FACTS];
	pid_t leader = 0;
	bool marked = session_mark(session->pid, &leader);

	/* it can still be read, so it is alive, and the mark was its own */
	if (process_read(directory, "environ", &judge->text) < 0)
		return;
	session->verified = marked;
	session_facts_read(judge->text.bytes, judge->text.length, facts);
	for (int i = 0; i < FACTS; i++)
		if (fields[i].to)
			copy(fields[i].to, fields[i].size, facts[i]);
	/* never trust a claimed name; use the process's uid */
	if (!marked)
		*session->user = '\0';
	session->shared = !strcmp(facts[FACT_SCOPE], "user");
	/* the login that made a shared session is like any other */
	if (session->shared)
		session->logins = session_logins(directory, session->level, &judge->text);
	else
		session->leader = leader;
}

/* The title; the user is known from a better source. */
static void take_claims(struct session_judge *judge, int directory, struct session *session)
{
	const char *rule, *service;

	if (process_read(directory, "cmdline", &judge->text) < 0 || !judge->text.length ||
		!session_title_read(judge->text.bytes, &rule, &service))
		return;
	copy(session->rule, sizeof session->rule, rule);
	copy(session->service, sizeof session->service, service);
}

/* The hostname as the kernel has it: we enter its UTS namespace for a moment. */
static void take_hostname(int directory, struct session *session)
{
	_cleanup_close_ int own = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int its = openat(directory, "ns/uts", O_RDONLY | O_CLOEXEC);
	struct utsname names;

	if (own < 0 || its < 0 || setns(its, CLONE_NEWUTS) < 0)
		return;
	if (uname(&names) == 0)
		copy(session->hostname, sizeof session->hostname, names.nodename);
	if (setns(own, CLONE_NEWUTS) < 0) {
		fputs("nsisolatectl: cannot return to its own UTS namespace\n", stderr);
		exit(EXIT_FAILURE);
	}
}

/*
 * Whether it is of `network = user`, and still has its way out.  That network belongs to a user
 * namespace made for it alone (network.h in shell/init).
 */
static void find_network(const struct session_judge *judge, int directory, struct session *session)
{
	_cleanup_close_ int namespace = -1, owner = -1;
	struct process_text text = {0};
	struct stat its, own;

	/* the host's, as of most */
	if (fstatat(directory, "ns/net", &its, 0) < 0 || its.st_ino == judge->network)
		return;
	namespace = openat(directory, "ns/net", O_RDONLY | O_CLOEXEC);
	owner = namespace < 0 ? -1 : ioctl(namespace, NS_GET_USERNS);
	if (owner < 0 || fstat(owner, &its) < 0 || its.st_ino == judge->user_namespace ||
		fstatat(directory, "ns/user", &own, 0) < 0 || its.st_ino == own.st_ino)
		return;
	session->network =
		session_connected(directory, session->level, &text) ? "connected" : "ended";
	process_text_free(&text);
}

/* The leader is only a number; a process that reused it was started later than PID 1. */
static void check_leader(struct session_judge *judge, struct session *session)
{
	struct process_stat stat;
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/stat", session->leader);
	if (session->leader <= 0 || process_stat(AT_FDCWD, path, &stat, &judge->text) < 0 ||
		stat.started > session->started)
		session->leader = 0;
}

/*
 * In a session of nsisolate-shell the leader is the outer nsisolate-init, PID 1's parent as long as
 * it lives.  A shared session's PID 1 has no such parent: it watches the leaders.
 */
static void take_parent(
	struct session_judge *judge, int session_directory, pid_t parent, struct session *session)
{
	char name[16];
	bool replaced;
	_cleanup_close_ int directory = -1;

	snprintf(name, sizeof name, "%d", parent);
	directory = parent > 0 ? process_open(name) : -1;
	if (directory >= 0 && runs_init(judge, directory, &replaced)) {
		session->leader = parent;
		return;
	}
	session->logins = session_logins(session_directory, session->level, &judge->text);
	session->shared = session->logins > 0;
}

/* The last number of NSpid is 1: it is the first process of its PID namespace. */
static bool is_first(const struct process_status *status)
{
	return status->pids[status->levels - 1] == 1;
}

int session_judge_init(
	struct session_judge *judge, int directory, ino_t namespace, struct session *session)
{
	struct process_status status;
	struct process_stat stat;

	*session = (struct session){.namespace = namespace, .processes = 1, .left = -1, .ends = -1};
	if (!runs_init(judge, directory, &session->replaced) ||
		process_status(directory, &status, &judge->text) < 0 || !is_first(&status))
		return 0;
	session->pid = status.pids[0];
	session->level = status.levels - 1;
	session->uid = status.uid;
	session->gid = status.gid;
	if (process_stat(directory, "stat", &stat, &judge->text) < 0 ||
		find_owner(judge, directory, session) < 0)
		return 0;
	session->started = stat.started;
	session->memory = stat.resident;
	if (session->kind == SESSION_MODULE) {
		take_facts(judge, directory, session);
		check_leader(judge, session);
	} else {
		take_claims(judge, directory, session);
		take_parent(judge, directory, status.parent, session);
	}
	find_network(judge, directory, session);
	if (!session->logins && !session->leader)
		session_left(directory, &judge->text, &session->left, &session->ends);
	/* it may have a number, of which the module knew nothing when it passed on the facts */
	if (!session->verified || *session->hostname)
		take_hostname(directory, session);
	if (!*session->user)
		copy(session->user, sizeof session->user, session_judge_user(judge, session->uid));
	return 1;
}

int session_judge_hidden(struct session_judge *judge, int directory, struct session *session)
{
	struct process_status status;
	struct process_stat stat;

	/* the name proves nothing, but only a process that lays claim to it is worth examining */
	if (process_read(directory, "comm", &judge->text) < 0 ||
		strcmp(judge->text.bytes, "nsisolate-init\n") != 0 ||
		process_status(directory, &status, &judge->text) < 0 || !is_first(&status) ||
		status.uid != judge->uid ||
		process_stat(directory, "stat", &stat, &judge->text) < 0)
		return 0;
	*session = (struct session){
		.kind = SESSION_UNKNOWN,
		.left = -1,
		.ends = -1,
		.pid = status.pids[0],
		.level = status.levels - 1,
		.uid = status.uid,
		.gid = status.gid,
		.started = stat.started,
		.processes = 1,
		.memory = stat.resident,
	};
	take_claims(judge, directory, session);
	if (!session->level)
		gethostname(session->hostname, sizeof session->hostname - 1);
	copy(session->user, sizeof session->user, session_judge_user(judge, session->uid));
	return 1;
}
