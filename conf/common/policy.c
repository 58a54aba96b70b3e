#include "policy.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "kinds.h"
#include "private_dirs.h"

static const char *const scope_names[] = {[SCOPE_SESSION] = "session", [SCOPE_USER] = "user"};
static const char *const logout_names[] = {[LOGOUT_KILL] = "kill", [LOGOUT_LINGER] = "linger"};
static const char *const on_error_names[] = {[ON_ERROR_DENY] = "deny", [ON_ERROR_ALLOW] = "allow"};
static const char *const user_manager_names[] = {
	[USER_MANAGER_HIDE] = "hide", [USER_MANAGER_KEEP] = "keep"};

const char *policy_scope_name(enum policy_scope scope)
{
	return scope_names[scope];
}

const char *policy_logout_name(enum policy_logout logout)
{
	return logout_names[logout];
}

const char *policy_on_error_name(enum policy_on_error on_error)
{
	return on_error_names[on_error];
}

const char *policy_user_manager_name(enum policy_user_manager user_manager)
{
	return user_manager_names[user_manager];
}

/* How a field of struct policy is written on a command line. */
enum shape {
	SHAPE_SWITCH, /* bool: the option's presence */
	SHAPE_TEXT, /* char[limit + 1]: left out when empty */
	SHAPE_WORD, /* an enum: one of words[] */
	SHAPE_NUMBER, /* unsigned, at most limit */
	SHAPE_PLACES, /* unsigned: a set of places, left out when empty */
};

static const struct option {
	const char *name;
	size_t offset;
	enum shape shape;
	unsigned limit;
	const char *const *words;
} options[] = {
	{"rule", offsetof(struct policy, rule), SHAPE_TEXT, POLICY_RULE_MAX, NULL},
	{"scope", offsetof(struct policy, scope), SHAPE_WORD, 2, scope_names},
	{"id", offsetof(struct policy, id), SHAPE_TEXT, POLICY_ID_LENGTH, NULL},
	{"hostname", offsetof(struct policy, hostname), SHAPE_TEXT, POLICY_NAME_MAX, NULL},
	{"domainname", offsetof(struct policy, domainname), SHAPE_TEXT, POLICY_NAME_MAX, NULL},
	{"hosts", offsetof(struct policy, hosts), SHAPE_SWITCH, 0, NULL},
	{"private", offsetof(struct policy, private), SHAPE_PLACES, 0, NULL},
	{"private-size", offsetof(struct policy, private_size), SHAPE_TEXT, POLICY_SIZE_MAX, NULL},
	{"user-manager", offsetof(struct policy, user_manager), SHAPE_WORD, 2, user_manager_names},
	{"logout", offsetof(struct policy, logout), SHAPE_WORD, 2, logout_names},
	{"grace", offsetof(struct policy, grace), SHAPE_NUMBER, POLICY_GRACE_MAX, NULL},
	{"on-error", offsetof(struct policy, on_error), SHAPE_WORD, 2, on_error_names},
};

/* Appends one formatted word to @argv; the sizes in policy.h leave room for every option. */
static void add_word(struct policy_argv *argv, size_t *used, const char *name, const char *value)
{
	char *word = argv->text + *used;
	int length =
		snprintf(word, sizeof argv->text - *used, value ? "--%s=%s" : "--%s", name, value);

	argv->option[argv->count++] = word;
	*used += (size_t)length + 1;
}

void policy_to_argv(const struct policy *policy, struct policy_argv *argv)
{
	char number[16], list[PLACES_TEXT_MAX];
	size_t used = 0;

	argv->count = 0;
	for (size_t i = 0; i < kinds_count; i++)
		if (policy->kinds & kinds[i].flag)
			add_word(argv, &used, kinds[i].name, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *option = &options[i];
		const void *field = (const char *)policy + option->offset;

		switch (option->shape) {
		case SHAPE_SWITCH:
			if (*(const bool *)field)
				add_word(argv, &used, option->name, NULL);
			break;
		case SHAPE_TEXT:
			if (*(const char *)field)
				add_word(argv, &used, option->name, field);
			break;
		case SHAPE_WORD:
			add_word(
				argv, &used, option->name, option->words[*(const unsigned *)field]);
			break;
		case SHAPE_NUMBER:
			snprintf(number, sizeof number, "%u", *(const unsigned *)field);
			add_word(argv, &used, option->name, number);
			break;
		case SHAPE_PLACES:
			if (*(const unsigned *)field)
				add_word(argv, &used, option->name,
					places_to_text(*(const unsigned *)field, list));
			break;
		}
	}
	argv->option[argv->count] = NULL;
}

static int set_word(
	const struct option *option, unsigned *field, const char *value, struct error *error)
{
	for (unsigned i = 0; i < option->limit; i++)
		if (!strcmp(option->words[i], value)) {
			*field = i;
			return 1;
		}
	return error_set(error, EINVAL, "--%s=%s: expected %s or %s", option->name, value,
		option->words[0], option->words[1]);
}

static int set_number(
	const struct option *option, unsigned *field, const char *value, struct error *error)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || number > option->limit)
		return error_set(error, EINVAL, "--%s=%s: expected a number from 0 to %u",
			option->name, value, option->limit);
	*field = (unsigned)number;
	return 1;
}

static int set_text(
	const struct option *option, char *field, const char *value, struct error *error)
{
	size_t length = strlen(value);

	if (!length || length > option->limit)
		return error_set(error, EINVAL, "--%s: expected 1 to %u bytes, not %zu",
			option->name, option->limit, length);
	memcpy(field, value, length + 1);
	return 1;
}

static int set_places(
	const struct option *option, unsigned *field, const char *value, struct error *error)
{
	char all[PLACES_TEXT_MAX];

	*field = places_from_text(value);
	if (!*field)
		return error_set(error, EINVAL, "--%s=%s: expected some of %s", option->name, value,
			places_to_text(~0u, all));
	return 1;
}

static int set_option(
	const struct option *option, struct policy *policy, const char *value, struct error *error)
{
	void *field = (char *)policy + option->offset;

	if ((option->shape == SHAPE_SWITCH) != !value)
		return error_set(error, EINVAL, "--%s: %s", option->name,
			value ? "takes no value" : "expected =VALUE");
	switch (option->shape) {
	case SHAPE_SWITCH:
		*(bool *)field = true;
		return 1;
	case SHAPE_TEXT:
		return set_text(option, field, value, error);
	case SHAPE_WORD:
		return set_word(option, field, value, error);
	case SHAPE_NUMBER:
		return set_number(option, field, value, error);
	case SHAPE_PLACES:
		return set_places(option, field, value, error);
	}
	return 0;
}

int policy_from_option(struct policy *policy, const char *word, struct error *error)
{
	const char *name, *equals;
	size_t length;

	if (strncmp(word, "--", 2))
		return 0;
	name = word + 2;
	equals = strchr(name, '=');
	length = equals ? (size_t)(equals - name) : strlen(name);
	for (size_t i = 0; i < kinds_count; i++)
		if (strlen(kinds[i].name) == length && !memcmp(kinds[i].name, name, length)) {
			if (equals)
				return error_set(
					error, EINVAL, "--%s: takes no value", kinds[i].name);
			policy->isolate = true;
			policy->kinds |= kinds[i].flag;
			return 1;
		}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strlen(options[i].name) == length && !memcmp(options[i].name, name, length))
			return set_option(&options[i], policy, equals ? equals + 1 : NULL, error);
	return 0;
}
