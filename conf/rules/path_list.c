#include "path_list.h"

#include <stdio.h>
#include <string.h>

#include "conf/common/closed_paths.h"

/* An absolute path of which no part is empty, "." or "..", without blanks and wildcards. */
static bool is_plain(const char *path, size_t length)
{
	const bool root = length == 1;
	size_t part;

	if (!length || *path != '/' || strcspn(path, " \t*?[\\\"'") < length)
		return false;
	for (; length && !root; path += part, length -= part) {
		part = 1 + strcspn(path + 1, "/, \t");
		if (part == 1 || (part == 2 && path[1] == '.') ||
			(part == 3 && path[1] == '.' && path[2] == '.'))
			return false;
	}
	return true;
}

static bool is_listed(const char *list, const char *wanted)
{
	char path[POLICY_PATHS_MAX + 1];

	while (closed_paths_next(&list, path))
		if (!strcmp(path, wanted))
			return true;
	return false;
}

/* Writes what is wrong with a path that is plain, if anything. */
static void judge(const char *list, const char *path, char *text, size_t size)
{
	const char *place = closed_path_conflict(path);

	if (place)
		snprintf(text, size, "'%.100s': " CLOSED_PATH_CONFLICT, path, place);
	else if (is_listed(list, path))
		snprintf(text, size, "'%.100s' is listed twice", path);
}

bool path_list_take(const char *value, char *list, struct key_fault *fault)
{
	const char *cursor = value, *word;
	size_t length, used = 0, count = 0;
	char path[POLICY_PATHS_MAX + 1];
	bool negated;

	*list = '\0';
	*fault->text = '\0';
	while (pattern_next(&cursor, &word, &length, &negated)) {
		fault->offset = (size_t)(word - value);
		snprintf(path, sizeof path, "%.*s", (int)length, word);
		if (negated || !is_plain(word, length))
			strcpy(fault->text,
				"expected an absolute path here, without blanks, wildcards and a "
				"slash at its end");
		else if (used + 1 + length > POLICY_PATHS_MAX || count++ == CLOSED_PATHS_MAX)
			snprintf(fault->text, sizeof fault->text,
				"this list has more than %d paths or %d bytes", CLOSED_PATHS_MAX,
				POLICY_PATHS_MAX);
		else
			judge(list, path, fault->text, sizeof fault->text);
		if (*fault->text)
			return false;
		used += (size_t)sprintf(list + used, "%s%s", used ? "," : "", path);
	}
	return true;
}
