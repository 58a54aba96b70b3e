#include "pam_stack.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/common/cleanup.h"

/* A name that no application has: to find it libpam looks in all its directories. */
#define NOBODY "nsisolate-no-service"
#define CONF "conf="

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool matches_any(const char *name, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

bool stack_is_way_in(const char *service)
{
	static const char *const ways[] = {"sshd", "login", "remote", "rlogin", "gdm-*", "gdm",
		"lightdm*", "sddm*", "lxdm", "xdm", "kde*", "wdm", "slim", "nodm", "ly", "greetd*",
		"emptty", "lemurs", "xrdp*", "vncserver*", "cockpit", "dropbear", "mosh", "telnetd",
		NULL};
	static const char *const others[] = {"*-greeter", "*-launch-environment", NULL};

	return matches_any(service, ways) && !matches_any(service, others);
}

bool stack_has_line(const struct pam_line *line)
{
	return !line->other || (line->part & LINE_REACHED);
}

bool stack_has_module(const struct stack *stack)
{
	for (size_t i = 0; i < stack->verdict.line_count; i++) {
		const struct pam_line *line = &stack->verdict.lines[i];

		if (line->type == 's' && line->ours && stack_has_line(line))
			return true;
	}
	return false;
}

const char *stack_configuration(const struct stack *stack)
{
	for (size_t i = 0; stack && i < stack->verdict.line_count; i++) {
		const struct pam_line *line = &stack->verdict.lines[i];

		for (size_t j = 0; line->type == 's' && line->ours && j < line->argument_count; j++)
			if (!strncmp(line->arguments[j], CONF, strlen(CONF)))
				return line->arguments[j] + strlen(CONF);
	}
	return NULL;
}

/* ---- all stacks ---- */

/* Skips backups of editors and package managers; and libpam converts names to lower case. */
static bool is_service(const struct dirent *entry)
{
	static const char *const others[] = {".*", "*~", "#*", "*[A-Z]*", "*.dpkg-*", "*.ucf-*",
		"*.rpmnew", "*.rpmsave", "*.rpmorig", "*.pac*", "*.apk-new", "*.bak", "*.orig",
		"*.old", "*.save", "*.sw?", NULL};

	return entry->d_type != DT_DIR && !matches_any(entry->d_name, others);
}

static bool add_stack(struct stacks *stacks, const char *service)
{
	struct stack *list, *stack;
	struct error error = {0};

	if (stacks_find(stacks, service))
		return true;
	list = reallocarray(stacks->list, stacks->count + 1, sizeof *list);
	if (!list)
		return false;
	stacks->list = list;
	stack = &list[stacks->count];
	*stack = (struct stack){.service = strdup(service), .path = "its file"};
	if (!stack->service)
		return false;
	stacks->count++;
	if (pam_judge(service, NULL, 0, &stack->verdict, &error) < 0)
		snprintf(stack->verdict.unseen, sizeof stack->verdict.unseen, "%s", error.text);
	/* its own file is the first that was found */
	for (size_t i = 0; i < stack->verdict.file_count; i++)
		if (stack->verdict.files[i].errnum != ENOENT) {
			stack->path = stack->verdict.files[i].path;
			break;
		}
	return true;
}

static bool read_directory(struct stacks *stacks, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	bool done = true;

	if (count < 0 && errno != ENOENT)
		snprintf(stacks->unread, sizeof stacks->unread, "%s: %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		done = done && (!is_service(entries[i]) || add_stack(stacks, entries[i]->d_name));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return done;
}

/* The traditional single file, where the first word of a line is the service. */
static bool read_conf(struct stacks *stacks, const char *path)
{
	FILE *file = fopen(path, "re");
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	bool done = true;

	while (file && done && getline(&text, &size, file) >= 0) {
		char service[64];

		/* a line of its own, or one that continues another: no service has such a name */
		if (sscanf(text, " %63[a-zA-Z0-9._-]", service) == 1)
			done = add_stack(stacks, service);
	}
	if (file)
		fclose(file);
	return done;
}

/*
 * Distributions put common parts of stacks into files beside them.  A service that users log in by
 * is not such a fragment, even if another includes it.
 */
static bool is_fragment(const struct stacks *stacks, const struct stack *stack)
{
	static const char *const services[] = {
		"su", "su-l", "sudo", "runuser", "cron", "crond", "atd", "systemd-user", NULL};
	static const char *const common[] = {"common-*", "system-*", "password-auth*", "postlogin*",
		"base-*", "fingerprint-auth*", "smartcard-auth*", "other", NULL};

	if (matches_any(stack->service, common))
		return true;
	if (stack_is_way_in(stack->service) || matches_any(stack->service, services))
		return false;
	for (size_t i = 0; i < stacks->count; i++)
		for (size_t j = 0; j < stacks->list[i].verdict.file_count; j++)
			if (&stacks->list[i] != stack &&
				!strcmp(stacks->list[i].verdict.files[j].path, stack->path))
				return true;
	return false;
}

bool stacks_read(struct stacks *stacks)
{
	struct pam_verdict verdict;
	struct error error = {0};
	bool done = true;

	if (pam_judge(NOBODY, NULL, 0, &verdict, &error) < 0) {
		snprintf(stacks->unread, sizeof stacks->unread, "%s", error.text);
		return true;
	}
	if (*verdict.unseen)
		snprintf(stacks->unread, sizeof stacks->unread, "%s", verdict.unseen);
	for (size_t i = 0; done && i < verdict.file_count; i++) {
		_cleanup_free_ char *path = strdup(verdict.files[i].path);

		if (path && !strcmp(name_of(path), NOBODY)) {
			path[strlen(path) - strlen(name_of(path)) - 1] = '\0';
			done = read_directory(stacks, path);
		} else if (path && !strcmp(name_of(path), "pam.conf")) {
			done = read_conf(stacks, path);
		} else {
			done = path;
		}
	}
	pam_verdict_free(&verdict);
	for (size_t i = 0; i < stacks->count; i++)
		stacks->list[i].fragment = is_fragment(stacks, &stacks->list[i]);
	return done;
}

const struct stack *stacks_find(const struct stacks *stacks, const char *service)
{
	for (size_t i = 0; i < stacks->count; i++)
		if (!strcmp(stacks->list[i].service, service))
			return &stacks->list[i];
	return NULL;
}

void stacks_free(struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->count; i++) {
		pam_verdict_free(&stacks->list[i].verdict);
		free(stacks->list[i].service);
	}
	free(stacks->list);
}
