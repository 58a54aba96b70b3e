#include "effect.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack_file.h"

/* ---- one verdict ---- */

bool effect_refuses(const struct pam_verdict *verdict)
{
	return verdict->isolation == PAM_REFUSED || !verdict->account;
}

/* A line whose function does not exist, ours before others; NULL: there is none. */
static const struct pam_line *find_unable(const struct pam_verdict *verdict)
{
	const char type = verdict->isolation == PAM_REFUSED ? 's' : 'c';
	const struct pam_line *found = NULL;

	for (size_t i = 0; i < verdict->line_count; i++) {
		const struct pam_line *line = &verdict->lines[i];

		if (line->type == type && !line->able && (!found || (line->ours && !found->ours)))
			found = line;
	}
	return found;
}

static void explain_refusal(const struct pam_verdict *verdict, struct error *why)
{
	const char *part = verdict->isolation == PAM_REFUSED ? "session" : "account";
	const struct pam_line *unable = find_unable(verdict);

	for (size_t i = 0; i < verdict->line_count; i++)
		if (verdict->lines[i].ours && verdict->lines[i].wrong) {
			error_set(why, EINVAL,
				"every login is refused: %s:%u has an argument that "
				"pam_nsisolate.so does not know",
				verdict->lines[i].file, verdict->lines[i].number);
			return;
		}
	if (verdict->complaint_count)
		error_set(why, EINVAL, "every login is refused: %s:%u: %s",
			verdict->complaints[0].file, verdict->complaints[0].number,
			verdict->complaints[0].text);
	else if (unable && unable->broken)
		error_set(why, EINVAL,
			"every login is refused: %s:%u asks for %s, which cannot be loaded: %s",
			unable->file, unable->number, unable->module, unable->broken);
	else if (unable)
		error_set(why, EINVAL, "every login is refused: %s:%u asks for %s, which %s",
			unable->file, unable->number, unable->module,
			unable->there ? "has no such function" : "is not there");
	else
		error_set(why, EINVAL, "every login is refused, by the %s lines", part);
}

void effect_explain(const struct pam_verdict *verdict, struct error *why)
{
	const struct pam_line *line = verdict->decides;

	if (verdict->isolation == PAM_UNSEEN)
		error_set(why, EINVAL, "cannot tell what libpam makes of it: %s", verdict->unseen);
	else if (effect_refuses(verdict))
		explain_refusal(verdict, why);
	else if (verdict->isolation == PAM_NONE)
		error_set(why, EINVAL, "no login is isolated: libpam does not reach the last line");
	else if (line)
		error_set(why, EINVAL,
			"not every login is isolated: what %s in %s:%u answers decides whether "
			"libpam reaches the last line",
			line->module, line->file, line->number);
	else
		error_set(why, EINVAL,
			"not every login is isolated: several modules decide together whether "
			"libpam reaches the last line");
}

/* ---- all services ---- */

struct names {
	char **list;
	size_t count;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static bool names_add(struct names *names, const char *name)
{
	char **larger;

	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->list[i], name))
			return true;
	larger = reallocarray(names->list, names->count + 1, sizeof *names->list);
	if (!larger)
		return false;
	names->list = larger;
	larger[names->count] = strdup(name);
	if (!larger[names->count])
		return false;
	names->count++;
	return true;
}

/* All services that libpam could find. */
static int names_list(struct names *names, struct error *error)
{
	for (size_t i = 0; i < PAM_DIRECTORIES; i++) {
		DIR *directory = opendir(pam_directories[i]);
		const struct dirent *entry;
		bool fits = true;

		if (!directory && (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (!directory)
			return error_errno(error, errno, "cannot list %s", pam_directories[i]);
		while (fits && (entry = readdir(directory)))
			fits = *entry->d_name == '.' || names_add(names, entry->d_name);
		closedir(directory);
		if (!fits)
			return error_set(error, ENOMEM, "no memory");
	}
	return 0;
}

static unsigned count_ours(const struct pam_verdict *verdict)
{
	unsigned count = 0;

	/* lines of `other`, where they count */
	for (size_t i = 0; i < verdict->line_count; i++)
		count += verdict->lines[i].ours && verdict->lines[i].type == 's' &&
			 (!verdict->lines[i].other || (verdict->lines[i].part & LINE_REACHED));
	return count;
}

static int touch(struct effect *effect, const char *service, struct error *error)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", effect->touched, *effect->touched ? ", " : "", service) < 0)
		return error_set(error, ENOMEM, "no memory");
	free(effect->touched);
	effect->touched = longer;
	return 0;
}

static int compare(const char *service, const struct pam_change *change, struct effect *effect,
	struct error *error)
{
	struct pam_verdict now, then;
	int result = pam_judge(service, NULL, 0, &now, error);

	if (result < 0)
		return result;
	result = pam_judge(service, change, 1, &then, error);
	if (result < 0) {
		pam_verdict_free(&now);
		return result;
	}
	if (now.isolation != PAM_UNSEEN && then.isolation != PAM_UNSEEN) {
		if (count_ours(&now) != count_ours(&then))
			result = touch(effect, service, error);
		if (!*effect->harmed && effect_refuses(&then) && !effect_refuses(&now)) {
			snprintf(effect->harmed, sizeof effect->harmed, "%s", service);
			effect_explain(&then, &effect->why);
		}
	}
	pam_verdict_free(&now);
	pam_verdict_free(&then);
	return result;
}

int effect_of(const struct pam_change *change, const char *known, struct effect *effect,
	struct error *error)
{
	struct names names = {0};
	int result = names_list(&names, error);

	*effect = (struct effect){.touched = strdup("")};
	if (!effect->touched && !result)
		result = error_set(error, ENOMEM, "no memory");
	for (size_t i = 0; i < names.count && !result; i++)
		if (!known || strcmp(names.list[i], known) != 0)
			result = compare(names.list[i], change, effect, error);
	names_free(&names);
	if (result < 0)
		effect_free(effect);
	return result;
}

void effect_free(struct effect *effect)
{
	free(effect->touched);
	*effect = (struct effect){0};
}
