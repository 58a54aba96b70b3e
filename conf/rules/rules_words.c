/* Words of a rule that are well formed, but that no login has: for rules_lint.c. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/file/lookalike.h"
#include "rules.h"
#include "rules_internal.h"

/* Reports @text about what is @offset bytes into the value. */
static void warn(const struct config_item *item, size_t offset, const char *text,
	struct diagnostics *diagnostics)
{
	diagnostics_add(diagnostics, SEVERITY_WARNING, item->place.file, item->place.line,
		item->place.column + (unsigned)offset, item->place.source, "%s", text);
}

/* ---- characters ---- */

static bool check_characters(
	enum key_id id, const struct config_item *item, struct diagnostics *diagnostics)
{
	/* accounts can have any name; services, terminals and hosts cannot */
	bool ascii = id == KEY_SERVICE || id == KEY_TTY || id == KEY_FROM;
	char what[LOOKALIKE_TEXT_MAX], text[LOOKALIKE_TEXT_MAX + 64];
	size_t offset;

	if (!lookalike_find(item->value, ascii, &offset, what))
		return true;
	snprintf(text, sizeof text, "here is %s: most likely another character is meant", what);
	warn(item, offset, text, diagnostics);
	return false;
}

/* Of a list separated by semicolons only the first word counts. */
static void check_comment(const struct config_item *item, struct diagnostics *diagnostics)
{
	const char *value = item->place.source + item->place.column - 1;
	const char *behind = value + strlen(item->value);
	char text[160];

	behind += strspn(behind, "\"' \t");
	if (*behind != ';' || !isalnum((unsigned char)behind[1]))
		return;
	snprintf(text, sizeof text,
		"this begins a comment, and '%.40s' does not count: words of a list are separated "
		"by commas",
		behind + 1);
	warn(item, (size_t)(behind - value), text, diagnostics);
}

/* ---- services ---- */

/* Services that users log in by on various distributions: one file can serve all of them. */
static const char *const customary[] = {"sshd", "login", "remote", "cron", "crond", "atd", "su",
	"su-l", "sudo", "sudo-i", "runuser", "runuser-l", "rlogin", "rsh", "gdm-password",
	"gdm-autologin", "gdm-fingerprint", "gdm-smartcard", "lightdm", "lightdm-autologin", "sddm",
	"sddm-autologin", "xrdp-sesman", "xdm", "lxdm", "greetd", "ly", "cockpit", "vsftpd",
	"proftpd", "dovecot", "samba", "slurm", "doas"};
#define CUSTOMARY ARRAY_SIZE(customary)

static bool is_customary(const char *service)
{
	for (size_t i = 0; i < CUSTOMARY; i++)
		if (!strcmp(service, customary[i]))
			return true;
	return false;
}

/* Whether PAM has a file for it; if PAM has no files at all, this is unknown. */
static bool has_stack(const char *service)
{
	static const char *const directories[] = {"/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"};
	bool any = false;
	char path[512];

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		any |= access(directories[i], F_OK) == 0;
		snprintf(path, sizeof path, "%s/%s", directories[i], service);
		if (access(path, F_OK) == 0)
			return true;
	}
	return !any;
}

static const char *nearest_here(const char *service)
{
	const char *here[CUSTOMARY];
	size_t count = 0;

	for (size_t i = 0; i < CUSTOMARY; i++)
		if (has_stack(customary[i]))
			here[count++] = customary[i];
	return key_nearest(service, here, count);
}

/* Why no service has this name, on any machine; "": nothing is wrong. */
static void find_wrong_service(const char *word, char *text, size_t size)
{
	char small[256];
	size_t length = 0, sign = strcspn(word, ";:|/&");

	*text = '\0';
	if (word[sign]) {
		snprintf(text, size,
			"no service has a '%c' in its name: words of a list are separated by "
			"commas",
			word[sign]);
		return;
	}
	for (; word[length] && length + 1 < sizeof small; length++)
		small[length] = (char)tolower((unsigned char)word[length]);
	small[length] = '\0';
	if (strcmp(small, word) != 0)
		snprintf(text, size, "PAM service names are lower case: write '%s'", small);
}

static void check_missing(const struct config_item *item, const char *word, size_t offset,
	struct diagnostics *diagnostics)
{
	const char *nearest = nearest_here(word);
	char text[512];

	snprintf(text, sizeof text,
		"there is no PAM stack '%s' here, so nobody logs in by that service%s%s%s", word,
		nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
	warn(item, offset, text, diagnostics);
}

static void check_services(
	const struct config_item *item, bool isolates, struct diagnostics *diagnostics)
{
	const char *cursor = item->value, *pattern;
	size_t length, missing = 0;
	char word[256], absent[256] = "", text[512];
	bool negated, present = false;

	while (pattern_next(&cursor, &pattern, &length, &negated)) {
		size_t offset = (size_t)(pattern - item->value);

		snprintf(word, sizeof word, "%.*s", (int)length, pattern);
		find_wrong_service(word, text, sizeof text);
		if (!*text && !negated && isolates && rules_never_isolate(word))
			snprintf(text, sizeof text, "the service %s is never isolated", word);
		if (*text) {
			warn(item, offset, text, diagnostics);
			present = true;
		} else if (!pattern_is_literal(pattern, length) ||
			   !strcmp(word, "nsisolate-shell") || has_stack(word)) {
			present = true;
		} else if (!is_customary(word)) {
			check_missing(item, word, offset, diagnostics);
			present = true;
		} else if (!*absent) {
			snprintf(absent, sizeof absent, "%s", word);
			missing = offset;
		}
	}
	if (*absent && !present)
		check_missing(item, absent, missing, diagnostics);
}

/* ---- terminals ---- */

static void check_terminals(const struct config_item *item, struct diagnostics *diagnostics)
{
	const char *cursor = item->value, *pattern;
	char text[320], word[256];
	size_t length;
	bool negated;

	while (pattern_next(&cursor, &pattern, &length, &negated)) {
		snprintf(word, sizeof word, "%.*s", (int)length, pattern);
		*text = '\0';
		if (!strncmp(word, "/dev/", 5))
			snprintf(text, sizeof text, "terminals are named without /dev/: write '%s'",
				word + 5);
		else if (strpbrk(word, ";|&"))
			snprintf(text, sizeof text, "words of a list are separated by commas");
		else if ((!strncasecmp(word, "tty", 3) && strncmp(word, "tty", 3)) ||
			 (!strncasecmp(word, "pts", 3) && strncmp(word, "pts", 3)))
			snprintf(text, sizeof text,
				"terminal names are lower case, as in tty1 or pts/3");
		if (*text)
			warn(item, (size_t)(pattern - item->value), text, diagnostics);
	}
}

void rule_lint_words(const struct rule *rule, bool isolates, struct diagnostics *diagnostics)
{
	for (int id = 0; id < KEY_COUNT; id++) {
		const struct config_item *item = rule->items[id];
		bool plain = item && check_characters((enum key_id)id, item, diagnostics);

		if (item && id < KEY_MATCHERS)
			check_comment(item, diagnostics);
		if (plain && id == KEY_SERVICE)
			check_services(item, isolates, diagnostics);
		else if (plain && id == KEY_TTY)
			check_terminals(item, diagnostics);
	}
}
