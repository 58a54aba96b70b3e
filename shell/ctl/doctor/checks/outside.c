/*
 * Running processes outside all sessions that are owned by an isolated user: they were there before
 * the rule, or came through a side door.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/output/printable.h"
#include "shell/ctl/session/process.h"
#include "shell/ctl/session/sessions.h"

#define SUBJECT "processes"
#define PIDS_MAX 10 /* how many are listed */
#define SCANS_MAX 3

/* The processes of one user. */
struct crowd {
	unsigned count;
	char pids[PIDS_MAX * 12];
	char first[32]; /* the name of the first one */
	bool immune; /* one may be a PID 1, which SIGTERM has no effect on */
};

/*
 * What is outside by nature: the login's own processes, and nsisolate-init's.  Root recognises them
 * by their program, which users must not be able to fake; an ordinary user by their name, which
 * anybody can choose.
 */
static bool belongs_outside(int process, const char *comm)
{
	static const char *const names[] = {"sshd", "sshd-session", "nsisolate-init",
		"nsisolate-shell", "nsisolate-login", "login", "su", "sudo"};
	char path[PATH_MAX];
	ssize_t length = readlinkat(process, "exe", path, sizeof path - 1);
	const char *name = comm, *slash;
	struct stat program;

	if (length > 0) {
		if (fstatat(process, "exe", &program, 0) == 0 &&
			(program.st_uid != 0 || program.st_mode & S_IWOTH))
			return false;
		path[length] = '\0';
		slash = strrchr(path, '/');
		name = slash ? slash + 1 : path;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/*
 * Whether the control groups @groups belong to a login that logind knows and that no rule isolates,
 * going by its PAM service.
 */
static bool is_login_left_alone(struct doctor *doctor, struct person *owner, const char *groups)
{
	const char *scope = strstr(groups, "/session-");
	char id[32], path[64], line[256], service[64] = "";
	FILE *file;

	if (!scope || sscanf(scope, "/session-%31[A-Za-z0-9].scope", id) != 1)
		return false;
	snprintf(path, sizeof path, "/run/systemd/sessions/%s", id);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "SERVICE=%63s", service) == 1)
			break;
	if (file)
		fclose(file);
	return *service && !person_is_isolated_by(doctor->facts, owner, service);
}

/* The running sessions; searched again, a few times, as logins may arrive meanwhile. */
struct living {
	struct sessions sessions;
	int scans;
};

static bool is_in_session(struct doctor *doctor, struct living *living, ino_t namespace)
{
	struct error error;

	while (!sessions_by_namespace(&living->sessions, namespace)) {
		if (living->scans++ >= SCANS_MAX)
			return false;
		sessions_free(&living->sessions);
		if (sessions_find(&living->sessions, &error) < 0) {
			doctor->lost = true;
			return true;
		}
	}
	return true;
}

/*
 * Whether a process in a PID namespace below ours is not in a session, but in a namespace that @uid
 * made.  A container that root made is not the user's, although it may use the user's uid.
 */
static bool is_in_own_namespace(
	struct doctor *doctor, struct living *living, int process, uid_t uid)
{
	_cleanup_close_ int pids = openat(process, "ns/pid", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int users = pids < 0 ? -1 : ioctl(pids, NS_GET_USERNS);
	struct stat status;
	uid_t maker;

	return users >= 0 && ioctl(users, NS_GET_OWNER_UID, &maker) == 0 && maker == uid &&
	       fstat(pids, &status) == 0 && !is_in_session(doctor, living, status.st_ino);
}

static struct person *find_owner(const struct people *people, uid_t uid)
{
	for (size_t i = 0; i < people->count; i++)
		if (people->list[i].login.uid == uid)
			return &people->list[i];
	return NULL;
}

/*
 * Returns the process @pid if it should not be outside; 0 if it may be, or a negative errno where
 * that is unknown.
 */
static int look_at_process(struct doctor *doctor, const char *pid, struct crowd *crowds,
	struct living *living, struct process_text *text)
{
	const struct people *people = &doctor->facts->people;
	_cleanup_close_ int process = process_open(pid);
	struct process_status status;
	struct person *owner;
	struct crowd *crowd;
	char comm[32], manager[48];
	int result;

	/* a rule may match the caller, too: `runuser -u alice nsisolatectl doctor` */
	if (atoi(pid) == getpid())
		return 0;
	if (process < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	result = process_status(process, &status, text);
	if (result < 0)
		return result == -ESRCH || result == -ENOENT ? 0 : result;
	if (strstr(text->bytes, "\nState:\tZ"))
		return 0; /* it has ended */
	owner = find_owner(people, status.uid);
	if (!owner || !person_is_isolated(owner) || owner->shares_processes ||
		(status.levels > 1 && !is_in_own_namespace(doctor, living, process, status.uid)))
		return 0;
	if (process_read(process, "comm", text) < 0)
		return 0;
	snprintf(comm, sizeof comm, "%.*s", (int)strcspn(text->bytes, "\n"), text->bytes);
	if (belongs_outside(process, comm) || process_read(process, "cgroup", text) < 0)
		return 0;
	/* what the user's own systemd started does not belong to a login */
	snprintf(manager, sizeof manager, "/user@%u.service", status.uid);
	if (strstr(text->bytes, manager) || is_login_left_alone(doctor, owner, text->bytes))
		return 0;
	crowd = &crowds[owner - people->list];
	crowd->immune |= status.levels > 1;
	if (!crowd->count++)
		snprintf(crowd->first, sizeof crowd->first, "%s", printable(comm));
	if (crowd->count <= PIDS_MAX)
		snprintf(crowd->pids + strlen(crowd->pids),
			sizeof crowd->pids - strlen(crowd->pids), " %s", pid);
	return 0;
}

static void report(struct doctor *doctor, const struct crowd *crowds)
{
	bool any = false;

	for (size_t i = 0; i < doctor->facts->people.count; i++) {
		if (!crowds[i].count)
			continue;
		any = true;
		doctor_add(doctor, VERDICT_WARNING, SUBJECT,
			"%u of %s's (%s%s) run outside all sessions: from before the rule, or "
			"through a side door",
			crowds[i].count, doctor->facts->people.list[i].login.user, crowds[i].first,
			crowds[i].count > 1 ? ", ..." : "");
		doctor_remedy(doctor, "kill%s%s", crowds[i].immune ? " -KILL" : "", crowds[i].pids);
	}
	if (!any)
		doctor_add(doctor, VERDICT_OK, SUBJECT,
			"no isolated user has one outside the sessions");
}

void doctor_check_outside(struct doctor *doctor)
{
	_cleanup_free_ struct crowd *crowds =
		calloc(doctor->facts->people.count + 1, sizeof *crowds);
	struct process_text text = {0};
	struct living living = {.scans = 0};
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int result = proc ? 0 : -errno;

	if (!crowds) {
		doctor->lost = true;
	} else if (doctor->facts->inside) {
		doctor_add(doctor, VERDICT_UNSEEN, SUBJECT,
			"inside a session: other processes are invisible");
	} else if (!doctor->facts->root && doctor_proc_hidden() != 0) {
		doctor_add(doctor, VERDICT_UNSEEN, SUBJECT, "/proc hides other users' processes");
	} else {
		while (proc && result == 0 && (entry = readdir(proc)))
			if (*entry->d_name >= '1' && *entry->d_name <= '9')
				result = look_at_process(
					doctor, entry->d_name, crowds, &living, &text);
		if (result < 0)
			doctor_add(doctor, VERDICT_UNSEEN, SUBJECT, "/proc: %s", strerror(-result));
		else
			report(doctor, crowds);
	}
	if (proc)
		closedir(proc);
	sessions_free(&living.sessions);
	process_text_free(&text);
}
