#include "effect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- one verdict ---- */

bool effect_refuses(const struct pam_verdict *verdict)
{
	return verdict->isolation == PAM_REFUSED || !verdict->account;
}

static void explain_refusal(const struct pam_verdict *verdict, struct error *why)
{
	bool session = verdict->isolation == PAM_REFUSED;
	char words[512];

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
	else if (pam_verdict_unable(verdict, session ? 's' : 'c', words, sizeof words))
		error_set(why, EINVAL, "every login is refused: %s", words);
	else
		error_set(why, EINVAL, "every login is refused, by the %s lines",
			session ? "session" : "account");
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

/* Whether libpam asks for the file when it reads the stack: by this path, or through a link. */
static bool asks_for(const struct pam_verdict *verdict, const char *path)
{
	struct stat file, asked;
	bool there = stat(path, &file) == 0;

	for (size_t i = 0; i < verdict->file_count; i++)
		if (!strcmp(verdict->files[i].path, path) ||
			(there && stat(verdict->files[i].path, &asked) == 0 &&
				asked.st_dev == file.st_dev && asked.st_ino == file.st_ino))
			return true;
	return verdict->file_count == FILES_MAX;
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

static int compare(const struct stack *stack, const struct pam_change *change,
	struct effect *effect, struct error *error)
{
	const struct pam_verdict *now = &stack->verdict;
	struct pam_verdict then;
	int result = pam_judge(stack->service, change, 1, &then, error);

	if (result < 0)
		return result;
	if (now->isolation != PAM_UNSEEN && then.isolation != PAM_UNSEEN) {
		if (count_ours(now) != count_ours(&then))
			result = touch(effect, stack->service, error);
		if (!*effect->harmed && effect_refuses(&then) && !effect_refuses(now)) {
			snprintf(effect->harmed, sizeof effect->harmed, "%s", stack->service);
			effect_explain(&then, &effect->why);
		}
	}
	pam_verdict_free(&then);
	return result;
}

int effect_of(const struct stacks *stacks, const struct pam_change *change, const char *known,
	struct effect *effect, struct error *error)
{
	int result = 0;

	*effect = (struct effect){.touched = strdup("")};
	if (!effect->touched)
		result = error_set(error, ENOMEM, "no memory");
	else if (*stacks->unread)
		result = error_set(error, EIO, "%s", stacks->unread);
	for (size_t i = 0; i < stacks->count && !result; i++)
		if ((!known || strcmp(stacks->list[i].service, known) != 0) &&
			asks_for(&stacks->list[i].verdict, change->path))
			result = compare(&stacks->list[i], change, effect, error);
	if (result < 0)
		effect_free(effect);
	return result;
}

int effect_now(const struct pam_change *change, const char *known, struct effect *effect,
	struct error *error)
{
	struct stacks stacks = {0};
	int result = stacks_read(&stacks) ? effect_of(&stacks, change, known, effect, error)
					  : error_set(error, ENOMEM, "no memory");

	stacks_free(&stacks);
	return result;
}

void effect_free(struct effect *effect)
{
	free(effect->touched);
	*effect = (struct effect){0};
}
