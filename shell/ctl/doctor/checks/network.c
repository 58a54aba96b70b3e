/* What `network = user` needs of the machine: pasta, the device that it opens, a route. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/pasta.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/facts/sysctl.h"
#include "shell/ctl/doctor/run_bounded.h"

#define SUBJECT "network = user"
#define TUN "/dev/net/tun"
#define EVERYBODY (S_IROTH | S_IWOTH)

/* Whether a line of a table of /proc/net is a default route, not that of the loopback device. */
static bool has_line(const char *path, bool (*is_default)(const char *line, char device[32]))
{
	char line[512], device[32];
	FILE *file = fopen(path, "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof line, file))
		found = is_default(line, device) && strcmp(device, "lo") != 0;
	if (file)
		fclose(file);
	return found;
}

static bool is_default4(const char *line, char device[32])
{
	unsigned destination;

	return sscanf(line, "%31s %x", device, &destination) == 2 && destination == 0;
}

static bool is_default6(const char *line, char device[32])
{
	unsigned bits;

	return sscanf(line, "%*s %x %*s %*s %*s %*s %*s %*s %*s %31s", &bits, device) == 2 &&
	       bits == 0;
}

static void check_device(struct doctor *doctor)
{
	struct stat status;

	if (stat(TUN, &status) < 0)
		doctor_add(
			doctor, VERDICT_PROBLEM, SUBJECT, TUN ": %s: pasta fails", strerror(errno));
	else if (!S_ISCHR(status.st_mode) || (status.st_mode & EVERYBODY) != EVERYBODY)
		doctor_add(doctor, VERDICT_PROBLEM, SUBJECT,
			TUN " cannot be opened by users (mode %04o): pasta fails",
			(unsigned)status.st_mode & 07777);
	else
		return;
	doctor_remedy(doctor, "# load the kernel module tun; udev gives " TUN " the mode 0666");
}

/* One that does not know an option ends with a status; --version, the last word, gives 0. */
static void check_version(struct doctor *doctor, const char *rule)
{
	const char *const argv[] = {
		PASTA, PASTA_OPTIONS, PASTA_FORWARD, "192.0.2.1", "--version", NULL};
	char *environment[] = {NULL};
	struct run_user stranger;
	struct run_result result;

	if (doctor->facts->root && !run_find_stranger(&stranger)) {
		doctor_add(doctor, VERDICT_UNSEEN, SUBJECT,
			"whether " PASTA " is new enough: no uid is unused to run it");
		return;
	}
	run_program(
		(char *const *)argv, environment, doctor->facts->root ? &stranger : NULL, &result);
	if (result.status == 0)
		return;
	doctor_add(doctor, VERDICT_PROBLEM, SUBJECT,
		PASTA " does not know what it is asked to do (%s): the logins of [%s] are refused",
		*result.err ? result.err : "no reason", rule);
	doctor_remedy(doctor, "# install a newer package passt");
}

void doctor_check_network(struct doctor *doctor)
{
	struct rules_summary summary;
	size_t cursor = 0, before = doctor->count;
	bool wanted = false;
	long long limit;

	while (!wanted && doctor_next_rule(doctor->facts, &cursor, &summary))
		wanted = summary.policy.network == NETWORK_USER;
	if (!wanted || doctor->facts->inside)
		return;
	if (access(PASTA, X_OK) < 0) {
		doctor_add(doctor, VERDICT_PROBLEM, SUBJECT,
			"there is no " PASTA ": the logins of [%s] are refused",
			summary.place.rule);
		doctor_remedy(doctor,
			"# install the package passt, or write network = host in that rule");
		return;
	}
	check_version(doctor, summary.place.rule);
	check_device(doctor);
	if (sysctl_read("user.max_user_namespaces", &limit) == 0 && limit == 0) {
		doctor_add(doctor, VERDICT_PROBLEM, SUBJECT,
			"user.max_user_namespaces is 0, and the network is in such a "
			"namespace");
		sysctl_remedy(doctor, "user.max_user_namespaces", "65536");
	}
	if (!has_line("/proc/net/route", is_default4) &&
		!has_line("/proc/net/ipv6_route", is_default6))
		doctor_add(doctor, VERDICT_WARNING, SUBJECT,
			"the machine has no default route: some versions of pasta fail without");
	if (doctor->count == before)
		doctor_add(doctor, VERDICT_OK, SUBJECT, PASTA " has what it needs");
}
