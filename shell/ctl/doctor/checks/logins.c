/* Several logins of one user: which programs here judge wrongly by hostname and processes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "conf/rules/hostname.h"
#include "shell/ctl/doctor/doctor.h"

static bool is_installed(const char *program)
{
	static const char *const directories[] = {"/usr/local/bin", "/usr/bin", "/bin"};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof path, "%s/%s", directories[i], program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* Those of @count @programs that are installed, as "tmux, screen"; "" if none is. */
static const char *list_installed(
	const char *const *programs, size_t count, char *text, size_t size)
{
	*text = '\0';
	for (size_t i = 0; i < count; i++)
		if (is_installed(programs[i]))
			snprintf(text + strlen(text), size - strlen(text), "%s%s",
				*text ? ", " : "", programs[i]);
	return text;
}

static void remedy_scope(struct doctor *doctor, const struct rules_summary *summary)
{
	doctor_remedy(doctor, "nsisolatectl edit   # in [%s]: scope = user", summary->place.rule);
}

/* Their state is shared in the home, but they look for its owner among their own processes. */
static void check_storage(struct doctor *doctor, const struct rules_summary *summary)
{
	static const char *const programs[] = {"podman", "buildah", "gocryptfs"};
	char found[64];

	if (summary->policy.scope != SCOPE_SESSION ||
		!*list_installed(programs, ARRAY_SIZE(programs), found, sizeof found))
		return;
	doctor_add(doctor, VERDICT_WARNING, "several logins",
		"each login by the rule [%s] has processes of its own (scope = session), and %s "
		"%s in a second one what is in use in the first: a container can run twice on one "
		"storage",
		summary->place.rule, found, strchr(found, ',') ? "use" : "uses");
	remedy_scope(doctor, summary);
}

/* The shell's sessions get different hostnames only where their users have a directory for that. */
static void check_shells_names(struct doctor *doctor, const struct rules_summary *summary)
{
	static const char *const shell = "nsisolate-shell";

	if (summary->policy.scope != SCOPE_SESSION || !doctor->facts->shell_used ||
		!(summary->policy.kinds & kind_by_name("uts")->flag) ||
		!hostname_may_be_numbered(summary->hostname) ||
		(summary->service &&
			!pattern_match(summary->service, PATTERN_WORD, &shell, 1, NULL)) ||
		access("/run/user", F_OK) == 0)
		return;
	doctor_add(doctor, VERDICT_WARNING, "several logins",
		"without /run/user two logins through nsisolate-shell by the rule [%s] have the "
		"same hostname and different processes: locks that name both do not hold between "
		"them",
		summary->place.rule);
	doctor_remedy(doctor, "nsisolatectl edit   # in [%s]: hostname = %%u-%%l-%%i",
		summary->place.rule);
}

/* tmux and its like exist to outlive a login. */
static void check_multiplexers(struct doctor *doctor, const struct rules_summary *summary)
{
	static const char *const programs[] = {"tmux", "screen", "mosh-server"};
	char found[64];

	if (summary->policy.logout != LOGOUT_KILL ||
		!*list_installed(programs, ARRAY_SIZE(programs), found, sizeof found))
		return;
	doctor_add(doctor, VERDICT_OK, "several logins",
		"the rule [%s] ends at logout what %s would keep (logout = kill)",
		summary->place.rule, found);
}

/* ---- homes that several machines share ---- */

/* The type of a network file system at /home or below; "" where there is none. */
static const char *network_homes(char *type, size_t size)
{
	static const char *const types[] = {"nfs", "nfs4", "cifs", "smb3", "ceph", "lustre", "afs",
		"9p", "gpfs", "beegfs", "glusterfs", "fuse.glusterfs", "fuse.sshfs"};
	FILE *file = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	*type = '\0';
	while (file && getline(&line, &room, file) >= 0) {
		const char *behind = strstr(line, " - ");
		char point[8] = "", found[32] = "";

		if (sscanf(line, "%*s %*s %*s %*s %7s", point) != 1 || !behind ||
			sscanf(behind, " - %31s", found) != 1 || strncmp(point, "/home", 5) != 0 ||
			(point[5] && point[5] != '/'))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(types); i++)
			if (!strcmp(found, types[i]))
				snprintf(type, size, "%s", found);
	}
	if (file)
		fclose(file);
	return type;
}

static void check_homes(
	struct doctor *doctor, const struct rules_summary *summary, const char *type)
{
	const char *hostname = summary->hostname;

	if (!*type || !(summary->policy.kinds & kind_by_name("uts")->flag) ||
		hostname_has(hostname, strlen(hostname), "lH"))
		return;
	doctor_add(doctor, VERDICT_WARNING, "several logins",
		"the hostname of the rule [%s] is the same on several machines, and the homes are "
		"on %s: one machine's ssh-agent removes the sockets of another's, and locks that "
		"name a host do not hold",
		summary->place.rule, type);
	doctor_remedy(doctor, "nsisolatectl edit   # in [%s]: %%l or %%H in hostname",
		summary->place.rule);
}

void doctor_check_logins(struct doctor *doctor)
{
	struct rules_summary summary;
	char type[32];

	network_homes(type, sizeof type);
	for (size_t cursor = 0; doctor_next_rule(doctor->facts, &cursor, &summary);) {
		check_homes(doctor, &summary, type);
		if (!(summary.policy.kinds & kind_by_name("pid")->flag) ||
			doctor_is_idle(doctor->facts, &summary))
			continue;
		check_storage(doctor, &summary);
		check_shells_names(doctor, &summary);
		check_multiplexers(doctor, &summary);
	}
}
