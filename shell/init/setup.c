#include "setup.h"

#include <linux/sched.h>

#include "conf/common/cleanup.h"
#include "network.h"
#include "shell/common/drop.h"
#include "shell/init/mounts/close_paths.h"
#include "shell/init/mounts/hosts.h"
#include "shell/init/mounts/mounts.h"
#include "shell/init/mounts/other_procfs.h"
#include "shell/init/mounts/overmounts.h"
#include "shell/init/mounts/runtime_dir.h"

/* The session's own, on /proc and wherever another one is mounted. */
static int setup_proc(uid_t uid, bool own_userns, struct error *error)
{
	int result = mounts_proc(error);
	_cleanup_close_ int own = result < 0 ? result : procfs_open(error);

	return own < 0 ? own : other_procfs_cover(own, own, uid, own_userns, error);
}

static int setup_mounts(
	const struct setup *setup, const struct hosts_files *hosts, struct error *error)
{
	const struct policy *policy = &setup->policy;
	int result = mounts_isolate(&setup->host, error);

	if (!result)
		result = hosts_cover(hosts, policy->kinds & CLONE_NEWPID, error);
	/*
	 * before other mounts hide a procfs, whose directory could then be moved away from under
	 * them
	 */
	if (!result && (policy->kinds & CLONE_NEWPID))
		result = setup_proc(setup->uid, setup->own_userns, error);
	if (!result && policy->user_manager != USER_MANAGER_KEEP)
		result = runtime_dir_cover(setup->uid, setup->gid, error);
	if (!result && policy->private)
		result = overmounts_private_dirs(policy->private, policy->private_size,
			&setup->kept, setup->uid, setup->gid, error);
	if (!result && (policy->kinds & CLONE_NEWIPC))
		result = overmounts_mqueue(error);
	if (!result && (policy->kinds & CLONE_NEWCGROUP))
		result = overmounts_cgroup(error);
	if (!result)
		result = close_paths(policy, setup->own_userns, error);
	/* a user namespace of nsisolate-shell does not map the ids that a container needs */
	if (!result && !setup->own_userns)
		result = mounts_share(error);
	return result;
}

static int setup_network(
	const struct setup *setup, unsigned forwards, pid_t *pasta, struct error *error)
{
	const struct network network = {setup->uid, setup->gid, setup->become, forwards};

	if (!(setup->policy.kinds & CLONE_NEWNET))
		return 0;
	if (setup->policy.network != NETWORK_USER)
		return namespaces_loopback_up(error);
	return network_open(&network, pasta, error);
}

int setup_flags(const struct setup *setup)
{
	const struct policy *policy = &setup->policy;

	/* pasta has to be started outside of the session's network */
	return (policy->kinds & ~(policy->network == NETWORK_USER ? CLONE_NEWNET : 0)) |
	       (setup->own_userns ? CLONE_NEWUSER : 0);
}

int setup_prepare(struct setup *setup, struct error *error)
{
	if (setup->policy.private)
		overmounts_find_kept(&setup->kept);
	return close_paths_check(&setup->policy, setup->own_userns, error);
}

int setup_session(const struct setup *setup, pid_t *pasta, struct error *error)
{
	const struct policy *policy = &setup->policy;
	char hostname[POLICY_NAME_MAX + 1];
	struct hosts_files hosts;
	int result = hosts_make(policy, &hosts, error);

	*pasta = 0;
	policy_hostname(policy->hostname, policy->number, hostname);
	if (!result && setup->own_userns)
		result = namespaces_map_ids(setup->uid, setup->gid, error);
	if (!result && (policy->kinds & CLONE_NEWUTS))
		result = namespaces_set_names(&setup->host, hostname, policy->domainname, error);
	if (!result)
		result = setup_network(setup, hosts.forwards, pasta, error);
	if (!result && (policy->kinds & CLONE_NEWNS))
		result = setup_mounts(setup, &hosts, error);
	hosts_free(&hosts);
	if (result)
		return result;
	if (setup->own_userns)
		return drop_capabilities(error);
	return setup->become ? drop_to_user(setup->uid, setup->gid, error) : 0;
}
