/* The kernel: its version, each kind of namespace, and the limits on their number. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/common/kinds.h"
#include "shell/common/filter_architecture.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/facts/sysctl.h"
#include "shell/ctl/selinux.h"

/* clone3 needs 5.3, setns with a pidfd 5.8, close_range 5.9; tested from this one on */
#define KERNEL_MAJOR 5
#define KERNEL_MINOR 10

/* Each session needs one of each kind, and the login a mount namespace besides. */
#define FEW 256

static void check_version(struct doctor *doctor)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2) {
		doctor_add(doctor, VERDICT_UNSEEN, "kernel", "its version is unknown");
		return;
	}
	if (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR)) {
		doctor_add(doctor, VERDICT_OK, "kernel", "Linux %s", name.release);
		return;
	}
	doctor_add(doctor, VERDICT_PROBLEM, "kernel",
		"Linux %s is older than %d.%d: no session can be isolated", name.release,
		KERNEL_MAJOR, KERNEL_MINOR);
	doctor_remedy(doctor, "# boot Linux %d.%d or newer", KERNEL_MAJOR, KERNEL_MINOR);
}

/* Creates one, in a child that exits with it: 0, or the negative errno of the kernel's refusal. */
static int try_kind(const struct kind *kind)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(kind->flag) == 0 ? 0 : errno);
	if (pid < 0)
		return -errno;
	child_wait(pid, &status);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

/* A cgroup namespace is useful to a session only with the unified hierarchy. */
static bool is_cgroup_unified(void)
{
	struct statfs status;

	return statfs("/sys/fs/cgroup", &status) < 0 || status.f_type == SYSFS_MAGIC ||
	       status.f_type == CGROUP2_SUPER_MAGIC;
}

static void check_kind(struct doctor *doctor, const struct kind *kind, bool wanted)
{
	struct error error = {0};
	char path[64], subject[64];
	bool there;
	int result = 0;

	snprintf(subject, sizeof subject, "namespace %s", kind->name);
	snprintf(path, sizeof path, "/proc/self/ns/%s", kind->file);
	there = access(path, F_OK) == 0;
	if (there && doctor->facts->root)
		result = try_kind(kind);
	if (!there)
		error_set(&error, EINVAL, "this kernel was built without it");
	else if (result < 0)
		kind_refused(kind, -result, &error);
	else if (kind->flag == CLONE_NEWCGROUP && wanted && !is_cgroup_unified())
		error_set(&error, EINVAL,
			"/sys/fs/cgroup is not the unified hierarchy (cgroup2), which a session "
			"can see its own part of");
	if (!*error.text) {
		doctor_add(doctor, VERDICT_OK, subject, "%s%s",
			doctor->facts->root ? "the kernel gives one" : "the kernel knows it",
			wanted ? "" : "; no rule asks for it");
		return;
	}
	doctor_add(doctor, wanted ? VERDICT_PROBLEM : VERDICT_OK, subject, "%s%s", error.text,
		wanted ? "" : "; no rule asks for it");
	if (wanted && !there)
		doctor_remedy(
			doctor, "nsisolatectl edit   # take %s out of namespaces", kind->name);
	else if (wanted && result == -ENOSPC)
		sysctl_remedy(doctor, kind->limit, "65536");
	else if (wanted && result == -EPERM)
		doctor_remedy(
			doctor, "# in a container: give it CAP_SYS_ADMIN, or run it on the host");
	else if (wanted)
		doctor_remedy(
			doctor, "nsisolatectl edit   # take %s out of namespaces", kind->name);
}

static void check_limit(struct doctor *doctor, const struct kind *kind)
{
	long long limit;
	int result = sysctl_read(kind->limit, &limit);

	if (result == -ENOENT)
		return; /* a kind that this kernel does not have */
	if (result < 0) {
		doctor_add(doctor, VERDICT_UNSEEN, kind->limit, "cannot be read: %s",
			strerror(-result));
	} else if (limit >= FEW) {
		doctor_add(doctor, VERDICT_OK, kind->limit, "%lld", limit);
	} else {
		doctor_add(doctor, limit ? VERDICT_WARNING : VERDICT_PROBLEM, kind->limit,
			limit ? "%lld: limits sessions to this number"
			      : "%lld: no session can have one",
			limit);
		sysctl_remedy(doctor, kind->limit, "65536");
	}
}

/* The application needs this to join the session: PID 1 is not dumpable. */
static void check_ptrace(struct doctor *doctor, int wanted)
{
	bool there = prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE, 0, 0, 0) == 1;

	if (!doctor->facts->root || !wanted || doctor->facts->inside)
		return;
	doctor_add(doctor, there ? VERDICT_OK : VERDICT_PROBLEM, "CAP_SYS_PTRACE",
		there ? "present: the module needs it to join sessions"
		      : "missing: the module cannot join the sessions that it makes");
	if (!there)
		doctor_remedy(
			doctor, "# in a container: give it CAP_SYS_PTRACE, or run it on the host");
}

static void check_selinux(struct doctor *doctor)
{
	const struct sshd_facts *sshd = &doctor->facts->sshd;
	struct rules_summary summary;
	struct error error;
	int result;

	if (!sshd->program || doctor->facts->inside ||
		!doctor_rule_for(doctor->facts, sshd->service, &summary))
		return;
	result = selinux_ask(sshd->program, &error);
	if (result < 0)
		doctor_add(doctor, result == -EACCES ? VERDICT_PROBLEM : VERDICT_UNSEEN, "SELinux",
			"%s%s", error.text,
			result == -EACCES ? ": all but root's are refused" : "");
	if (result == -EACCES)
		doctor_remedy(doctor, SELINUX_LOAD);
}

#ifdef FILTER_ARCHITECTURE
static const bool has_filter = true;
#else
static const bool has_filter = false;
#endif

void doctor_check_kernel(struct doctor *doctor)
{
	int wanted = doctor_kinds(doctor->facts);

	check_version(doctor);
	if (!has_filter)
		doctor_add(doctor, VERDICT_OK, "PID 1",
			"it can make every system call: there is no filter for this processor");
	check_ptrace(doctor, wanted);
	check_selinux(doctor);
	for (size_t i = 0; i < kinds_count; i++)
		check_kind(doctor, &kinds[i], wanted & kinds[i].flag);
	if (!doctor->facts->root)
		doctor_add(doctor, VERDICT_UNSEEN, "namespaces",
			"only root can try whether the kernel gives new ones to a login");
	for (size_t i = 0; i < kinds_count; i++)
		if (wanted & kinds[i].flag)
			check_limit(doctor, &kinds[i]);
}
