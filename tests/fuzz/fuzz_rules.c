/*
 * Fuzzing of load + match + expand: any bytes as a configuration, any words as a login.
 *
 * The input is the configuration; behind a line that is `--` come, a line each, the login's user,
 * host, terminal and service.  What must hold for every input is checked by abort().
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/rules/rules.h"

#define SEPARATOR "\n--\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what does not hold, for the reader of the crash. */
static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

/* A file with these bytes that root trusts; the path is valid until the next call. */
static const char *file_of(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		must(fd >= 0 && fchmod(fd, 0600) == 0, "there is a memory file");
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	must(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size,
		"it can be written");
	return path;
}

/* The next line of *@rest as a string; "" at the end. */
static char *next_word(const char **rest, const char *end)
{
	const char *line = *rest, *stop = memchr(line, '\n', (size_t)(end - line));

	if (!stop)
		stop = end;
	*rest = stop < end ? stop + 1 : end;
	/* a name has no NUL byte */
	return strndup(line, (size_t)(stop - line));
}

/* RFC 1123, as check_hostname.c has it. */
static bool is_valid_name(const char *name)
{
	size_t label = 0;

	if (!*name || strlen(name) > POLICY_NAME_MAX)
		return false;
	for (const char *byte = name;; byte++) {
		if (*byte == '.' || !*byte) {
			if (!label || label > 63 || byte[-1] == '-')
				return false;
			label = 0;
			if (!*byte)
				return true;
		} else if ((*byte == '-' && !label) ||
			   !strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *byte)) {
			return false;
		} else {
			label++;
		}
	}
}

static void hear_matcher(void *data, const struct rules_matcher *matcher)
{
	size_t *heard = data;

	must(matcher->place.line > 0 && matcher->place.rule && matcher->key,
		"a matcher has a place");
	must(matcher->answer == TRUTH_UNKNOWN ||
			(matcher->answer == TRUTH_YES) ==
				(matcher->reason->pattern && !matcher->reason->negated),
		"the reason is that of the outcome");
	++*heard;
}

static void hear_rule(void *data, const struct rules_place *place, enum truth answer)
{
	(void)answer;
	must(place->line > 0, "a rule has a place");
	++*(size_t *)data;
}

static void hear_setting(void *data, const struct rules_setting *setting)
{
	must(!setting->place.rule == !setting->place.file, "a setting has a place, or is built in");
	++*(size_t *)data;
}

static void match(const struct rules *rules, struct login *login)
{
	size_t heard = 0;
	const struct rules_listener listener = {hear_matcher, hear_rule, hear_setting, &heard};
	static struct policy policy, explained;
	struct error error = {0}, again = {0};
	int result = rules_match(rules, login, &policy, &error);

	must(rules_explain(rules, login, &explained, &listener, &again) == result,
		"explain decides as a login does");
	must((result == 0) == !*error.text, "a failure is explained");
	if (result)
		return;
	must(!memcmp(&policy, &explained, sizeof policy), "explain has the policy of a login");
	must(!*policy.rule || heard, "what won was told");
	if (!policy.isolate)
		return;
	must(*policy.rule && policy.kinds, "who is isolated is so by a rule, and from something");
	must(!*policy.hostname || is_valid_name(policy.hostname), "the hostname is valid");
	must(!*policy.domainname || is_valid_name(policy.domainname), "the domainname is valid");
}

static void log_in(const struct rules *rules, const char *words, const char *end)
{
	char *names[] = {(char *)"users", (char *)"staff"};
	gid_t ids[] = {100, 50};
	char *user = next_word(&words, end), *rhost = next_word(&words, end);
	char *tty = next_word(&words, end), *service = next_word(&words, end);
	/* no NSS: the groups are known */
	struct login login = {.user = user,
		.uid = (uid_t)(1000 + strlen(user)),
		.gid = 100,
		.service = service,
		.tty = tty,
		.rhost = *rhost ? rhost : NULL,
		.groups_known = true,
		.group_count = 2,
		.group_names = names,
		.group_ids = ids};

	must(user && rhost && tty && service, "there is memory");
	match(rules, &login);
	free(user);
	free(rhost);
	free(tty);
	free(service);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	const char *separator = size ? memmem(data, size, SEPARATOR, strlen(SEPARATOR)) : NULL;
	const char *words = separator ? separator + strlen(SEPARATOR) : end;
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules = NULL;
	char first[256];
	int result = rules_load(file_of(data, separator ? (size_t)(separator + 1 - text) : size),
		&rules, &diagnostics);

	must((result == 0) == (rules != NULL), "rules are there, or an error");
	must((result == 0) == (diagnostics.errors == 0), "an error is reported, and only then");
	for (size_t i = 0; i < diagnostics.count; i++)
		/* without a line: the text of others can contain words of the input */
		must(diagnostics.list[i].line ||
				!strstr(diagnostics.list[i].text, "iniparser reads"),
			"iniparser and the strict reading agree");
	diagnostics_first_error(&diagnostics, first, sizeof first);
	if (rules)
		log_in(rules, words, end);
	rules_free(rules);
	diagnostics_free(&diagnostics);
	return 0;
}
