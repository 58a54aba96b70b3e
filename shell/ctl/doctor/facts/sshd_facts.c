#include "sshd_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "shell/ctl/doctor/doctor.h"

const char *sshd_program(void)
{
	static const char *const paths[] = {"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd",
		"/usr/bin/sshd", "/usr/lib/ssh/sshd"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

unsigned sshd_port(const struct facts *facts)
{
	return facts->sshd.port ? facts->sshd.port : 22;
}

/*
 * Match tests a user, host, address and group, and the port, address and routing domain that sshd
 * listens on: if a value that is tested is missing, sshd -T fails.
 */
void sshd_ask(const struct facts *facts, int config, const char *user, struct run_result *result)
{
	static const char refused[] = "nvalid test mode specification";
	char who[512], *none[] = {NULL};
	char *argv[] = {(char *)facts->sshd.program, (char *)"-T", NULL, NULL, NULL, NULL, NULL};
	int count = 2;

	if (config >= 0) {
		argv[count++] = (char *)"-f";
		argv[count++] = (char *)"/proc/self/fd/0";
	}
	if (!user) {
		run_program_on(config, argv, none, NULL, result);
		if (result->status == 0)
			return;
	}
	argv[count++] = (char *)"-C";
	argv[count] = who;
	snprintf(who, sizeof who,
		"user=%s,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=%u,rdomain=",
		user ? user : "", sshd_port(facts));
	run_program_on(config, argv, none, NULL, result);
	/* a version that does not know all of these words */
	if (result->status != 0 && strstr(result->err, refused)) {
		snprintf(
			who, sizeof who, "user=%s,host=localhost,addr=127.0.0.1", user ? user : "");
		run_program_on(config, argv, none, NULL, result);
	}
}

bool sshd_value(const struct run_result *result, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);

	for (const char *line = result->out; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, key, length) != 0 || line[length] != ' ')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(line + length + 1, "\n"),
			line + length + 1);
		return true;
	}
	return false;
}

bool sshd_says(const struct run_result *result, const char *key, const char *wanted)
{
	char value[256];

	return sshd_value(result, key, value, sizeof value) && !strcasecmp(value, wanted);
}

bool sshd_forces_shell(const struct run_result *result, char *path, size_t size)
{
	char force[512];
	const char *word = force;

	if (!sshd_value(result, "forcecommand", force, sizeof force) ||
		!strstr(force, SSHD_OUR_SHELL))
		return false;
	word += strspn(force, " \"");
	snprintf(path, size, "%.*s", (int)strcspn(word, " \""), word);
	return true;
}

static void ask_about(struct facts *facts, struct person *person)
{
	static struct run_result result;
	char path[512];

	sshd_ask(facts, -1, person->login.user, &result);
	if (result.status != 0)
		return;
	person->sshd = strdup(result.out);
	facts->lost |= !person->sshd;
	if (sshd_forces_shell(&result, path, sizeof path))
		person_comes_by_shell(facts, person);
}

void doctor_ask_sshd(struct facts *facts)
{
	static struct run_result result;
	struct sshd_facts *sshd = &facts->sshd;
	size_t asked = 0;
	char port[16];

	strcpy(sshd->service, "sshd");
	sshd->program = sshd_program();
	if (!sshd->program)
		return;
	sshd_ask(facts, -1, NULL, &result);
	if (result.status != 0) {
		snprintf(sshd->why, sizeof sshd->why, "%s",
			*result.err ? result.err : "it fails without a message");
		return;
	}
	sshd->said = strdup(result.out);
	facts->lost |= !sshd->said;
	sshd_value(&result, "pamservicename", sshd->service, sizeof sshd->service);
	if (sshd_value(&result, "port", port, sizeof port))
		sshd->port = (unsigned)atoi(port);
	for (size_t i = 0; !sshd_says(&result, "usepam", "yes") && i < facts->people.count; i++)
		facts->people.list[i].by_sshd = false;
	for (size_t i = 0; i < facts->people.count && !sshd->more; i++) {
		struct person *person = &facts->people.list[i];

		/* system accounts do not log in */
		if (!person_is_isolated(person) && person->login.uid < 1000)
			continue;
		sshd->more = asked++ >= SSHD_PEOPLE_MAX;
		if (!sshd->more)
			ask_about(facts, person);
	}
}
