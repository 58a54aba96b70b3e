#include "session_facts.h"

#include <stdio.h>
#include <string.h>

#define TITLE "nsisolate-init: "

static const char *const names[FACTS] = {
	[FACT_USER] = "user",
	[FACT_RULE] = "rule",
	[FACT_ID] = "id",
	[FACT_SCOPE] = "scope",
	[FACT_HOSTNAME] = "hostname",
	[FACT_SERVICE] = "service",
	[FACT_TTY] = "tty",
	[FACT_FROM] = "from",
};

void session_facts_write(struct session_facts *facts, const char *const values[FACTS])
{
	char **next = facts->environment, *text = facts->text;

	for (int i = 0; i < FACTS; i++) {
		size_t room = (size_t)(facts->text + sizeof facts->text - text);
		int length;

		if (!values[i] || !*values[i])
			continue;
		length = snprintf(text, room, "%s=%s", names[i], values[i]);
		if (length < 0 || (size_t)length >= room)
			continue; /* oversized value: omit; the log keeps a prefix */
		*next++ = text;
		text += length + 1;
	}
	*next = NULL;
}

void session_facts_read(const char *text, size_t length, const char *values[FACTS])
{
	for (int i = 0; i < FACTS; i++)
		values[i] = "";
	for (const char *word = text; word < text + length; word += strlen(word) + 1) {
		size_t name = strcspn(word, "=");

		for (int i = 0; i < FACTS && word[name]; i++)
			if (strlen(names[i]) == name && !memcmp(names[i], word, name))
				values[i] = word + name + 1;
	}
}

void session_title_write(
	char title[SESSION_TITLE_MAX], const char *user, const char *rule, const char *service)
{
	snprintf(title, SESSION_TITLE_MAX, TITLE "%s %s %s", user, rule, service ? service : "-");
}

bool session_title_read(char *title, const char **rule, const char **service)
{
	char *user = title + strlen(TITLE), *first, *last;

	if (strncmp(title, TITLE, strlen(TITLE)) != 0)
		return false;
	first = strchr(user, ' ');
	last = strrchr(user, ' ');
	if (!first || first == last)
		return false;
	*last = '\0';
	*rule = first + 1;
	*service = last + 1;
	return true;
}
