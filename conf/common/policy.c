#include "policy.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "number.h"
#include "private_dirs.h"
#include "settings.h"

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
	char number[16], list[PRIVATE_DIRS_TEXT_MAX];
	size_t used = 0;

	argv->count = 0;
	for (size_t i = 0; i < kinds_count; i++)
		if (policy->kinds & kinds[i].flag)
			add_word(argv, &used, kinds[i].name, NULL);
	for (size_t i = KEY_MATCHERS; i < SETTINGS_END; i++) {
		const struct setting *setting = &settings[i];
		const void *field = (const char *)policy + setting->offset;

		if (!setting->option)
			continue;
		switch (setting->shape) {
		case SHAPE_SWITCH:
			if (*(const bool *)field)
				add_word(argv, &used, setting->option, NULL);
			break;
		case SHAPE_WORD:
			add_word(argv, &used, setting->option,
				setting->words[*(const unsigned *)field]);
			break;
		case SHAPE_SPAN:
			if (!*(const unsigned *)field)
				break;
			/* fall through */
		case SHAPE_NUMBER:
			snprintf(number, sizeof number, "%u", *(const unsigned *)field);
			add_word(argv, &used, setting->option, number);
			break;
		case SHAPE_DIRS:
			if (*(const unsigned *)field)
				add_word(argv, &used, setting->option,
					private_dirs_to_text(*(const unsigned *)field, list));
			break;
		case SHAPE_KINDS:
			break; /* each has an option of its own, above */
		case SHAPE_TEXT:
		case SHAPE_TEMPLATE:
		case SHAPE_SIZE:
		case SHAPE_PATH:
		case SHAPE_PATHS:
			if (*(const char *)field)
				add_word(argv, &used, setting->option, field);
			break;
		}
	}
	argv->option[argv->count] = NULL;
}

static int set_word(
	const struct setting *setting, unsigned *field, const char *value, struct error *error)
{
	for (unsigned i = 0; i < setting->limit; i++)
		if (!strcmp(setting->words[i], value)) {
			*field = i;
			return 1;
		}
	return error_set(error, EINVAL, "--%s=%s: expected %s%s%s or %s", setting->option, value,
		setting->words[0], setting->limit > 2 ? ", " : "",
		setting->limit > 2 ? setting->words[1] : "", setting->words[setting->limit - 1]);
}

static int set_number(
	const struct setting *setting, unsigned *field, const char *value, struct error *error)
{
	long long number = number_parse(value, setting->limit);

	if (number < 0)
		return error_set(error, EINVAL, "--%s=%s: expected a number from 0 to %u",
			setting->option, value, setting->limit);
	*field = (unsigned)number;
	return 1;
}

static int set_text(
	const struct setting *setting, char *field, const char *value, struct error *error)
{
	size_t length = strlen(value);

	if (!length || length > setting->limit)
		return error_set(error, EINVAL, "--%s: expected 1 to %u bytes, not %zu",
			setting->option, setting->limit, length);
	memcpy(field, value, length + 1);
	return 1;
}

static int set_dirs(
	const struct setting *setting, unsigned *field, const char *value, struct error *error)
{
	char all[PRIVATE_DIRS_TEXT_MAX];

	*field = private_dirs_from_text(value);
	if (!*field)
		return error_set(error, EINVAL, "--%s=%s: expected some of %s", setting->option,
			value, private_dirs_to_text(~0u, all));
	return 1;
}

static int set_option(const struct setting *setting, struct policy *policy, const char *value,
	struct error *error)
{
	void *field = (char *)policy + setting->offset;

	if ((setting->shape == SHAPE_SWITCH) != !value)
		return error_set(error, EINVAL, "--%s: %s", setting->option,
			value ? "takes no value" : "expected =VALUE");
	switch (setting->shape) {
	case SHAPE_SWITCH:
		*(bool *)field = true;
		return 1;
	case SHAPE_WORD:
		return set_word(setting, field, value, error);
	case SHAPE_SPAN:
	case SHAPE_NUMBER:
		return set_number(setting, field, value, error);
	case SHAPE_DIRS:
		return set_dirs(setting, field, value, error);
	case SHAPE_KINDS:
		break;
	case SHAPE_TEXT:
	case SHAPE_TEMPLATE:
	case SHAPE_SIZE:
	case SHAPE_PATH:
	case SHAPE_PATHS:
		return set_text(setting, field, value, error);
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
	for (size_t i = KEY_MATCHERS; i < SETTINGS_END; i++) {
		const char *option = settings[i].option;

		if (option && strlen(option) == length && !memcmp(option, name, length))
			return set_option(&settings[i], policy, equals ? equals + 1 : NULL, error);
	}
	return 0;
}

void policy_hostname(const char *hostname, unsigned number, char name[POLICY_NAME_MAX + 1])
{
	const char *rest = hostname + strcspn(hostname, ".");
	size_t first = (size_t)(rest - hostname), digits, room;
	char text[16];

	if (number < 2) {
		snprintf(name, POLICY_NAME_MAX + 1, "%s", hostname);
		return;
	}
	digits = (size_t)snprintf(text, sizeof text, "-%u", number);
	if (strlen(rest) + digits >= POLICY_NAME_MAX)
		rest = "";
	room = POLICY_NAME_MAX - strlen(rest);
	room = (room < POLICY_LABEL_MAX ? room : POLICY_LABEL_MAX) - digits;
	if (first > room)
		first = room;
	while (first > 1 && hostname[first - 1] == '-')
		first--;
	snprintf(name, POLICY_NAME_MAX + 1, "%.*s%s%s", (int)first, hostname, text, rest);
}
