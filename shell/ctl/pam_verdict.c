#include "pam_verdict.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "module_load.h"
#include "shell/ctl/doctor/run_bounded.h"

/* ---- asking ---- */

/* The changes in pam-judge's input format, in a memory file; or a negative errno. */
static int write_changes(const struct pam_change *changes, size_t count)
{
	_cleanup_close_ int fd = memfd_create("changes", MFD_CLOEXEC);
	int result;

	for (size_t i = 0; i < count && fd >= 0; i++) {
		const struct pam_change *change = &changes[i];
		int written = change->text
				      ? dprintf(fd, "%s\n%zu\n%.*s", change->path, change->length,
						(int)change->length, change->text)
				      : dprintf(fd, "%s\n-\n", change->path);

		if (written < 0)
			return -errno;
	}
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	result = fd;
	fd = -1;
	return result;
}

/* ---- its answer ---- */

/* Cuts the next word off *@cursor, a line of tab-separated words; "" at the end. */
static char *next_word(char **cursor)
{
	char *word = *cursor, *end = word + strcspn(word, "\t");

	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static unsigned next_number(char **cursor)
{
	return (unsigned)strtoul(next_word(cursor), NULL, 10);
}

/* Room for one more element in an array; NULL when out of memory. */
static void *one_more(void *array, size_t *count, size_t size)
{
	void *larger;

	/* doubled at each power of two */
	if (*count & (*count - 1))
		larger = *(void **)array;
	else
		larger = reallocarray(*(void **)array, *count ? *count * 2 : 1, size);
	if (!larger)
		return NULL;
	*(void **)array = larger;
	memset((char *)larger + *count * size, 0, size);
	return (char *)larger + (*count)++ * size;
}

static bool take_line(struct pam_verdict *verdict, char *cursor)
{
	struct pam_line *line = one_more(&verdict->lines, &verdict->line_count, sizeof *line);

	if (!line)
		return false;
	line->type = *next_word(&cursor);
	line->number = next_number(&cursor);
	line->part = next_number(&cursor);
	line->there = next_number(&cursor);
	line->able = next_number(&cursor);
	line->other = next_number(&cursor);
	line->ours = next_number(&cursor);
	line->wrong = next_number(&cursor);
	line->file = next_word(&cursor);
	line->module = next_word(&cursor);
	line->fault = next_word(&cursor);
	while (*cursor) {
		const char **argument =
			one_more(&line->arguments, &line->argument_count, sizeof *line->arguments);

		if (!argument)
			return false;
		*argument = next_word(&cursor);
	}
	return true;
}

static bool take_complaint(struct pam_verdict *verdict, char *cursor)
{
	struct pam_complaint *complaint =
		one_more(&verdict->complaints, &verdict->complaint_count, sizeof *complaint);

	if (!complaint)
		return false;
	complaint->number = next_number(&cursor);
	complaint->file = next_word(&cursor);
	complaint->text = next_word(&cursor);
	return true;
}

static bool take_file(struct pam_verdict *verdict, char *cursor)
{
	struct pam_file *file = one_more(&verdict->files, &verdict->file_count, sizeof *file);

	if (!file)
		return false;
	file->errnum = (int)next_number(&cursor);
	file->path = next_word(&cursor);
	return true;
}

/* Takes in one fact; false when out of memory. */
static bool take_fact(struct pam_verdict *verdict, char *cursor, size_t *decides)
{
	const char *kind = next_word(&cursor);

	if (!strcmp(kind, "line"))
		return take_line(verdict, cursor);
	if (!strcmp(kind, "said"))
		return take_complaint(verdict, cursor);
	if (!strcmp(kind, "file"))
		return take_file(verdict, cursor);
	if (!strcmp(kind, "session")) {
		verdict->fates = next_number(&cursor);
		verdict->usual = next_number(&cursor);
		verdict->closes = next_number(&cursor);
		if (next_number(&cursor))
			snprintf(verdict->unseen, sizeof verdict->unseen,
				"its modules can answer in more ways than the %d that were tried",
				RUNS_MAX);
		verdict->runs = next_number(&cursor);
	} else if (!strcmp(kind, "other")) {
		verdict->auth = next_number(&cursor);
		verdict->account = next_number(&cursor);
	} else if (!strcmp(kind, "decides")) {
		*decides = next_number(&cursor);
	} else if (!strcmp(kind, "unread")) {
		verdict->unread = true;
	} else if (!strcmp(kind, "overflow")) {
		snprintf(verdict->unseen, sizeof verdict->unseen, "it has too many lines");
	}
	return true;
}

static enum pam_isolation isolation_of(const struct pam_verdict *verdict)
{
	if (*verdict->unseen)
		return PAM_UNSEEN;
	if (verdict->unread || !(verdict->fates & ~(unsigned)FATE_REFUSED))
		return PAM_REFUSED;
	if (!(verdict->fates & FATE_ISOLATED))
		return PAM_NONE;
	return verdict->fates & FATE_PASSED_BY ? PAM_SOME : PAM_ALL;
}

static int take_answer(struct pam_verdict *verdict, char *out, struct error *error)
{
	size_t decides = SIZE_MAX;
	bool whole = false;

	verdict->text = strdup(out);
	for (char *line = verdict->text, *end; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		whole = !strcmp(line, "end");
		if (!take_fact(verdict, line, &decides)) {
			verdict->text = NULL;
			break;
		}
	}
	if (!verdict->text)
		return error_set(error, ENOMEM, "no memory for what pam-judge says");
	if (!whole)
		snprintf(verdict->unseen, sizeof verdict->unseen, "pam-judge says too much");
	if (decides < verdict->line_count)
		verdict->decides = &verdict->lines[decides];
	for (size_t i = 0; i < verdict->file_count; i++)
		if (verdict->files[i].errnum == EACCES || verdict->files[i].errnum == EPERM)
			snprintf(verdict->unseen, sizeof verdict->unseen, "%s: %s",
				verdict->files[i].path, strerror(verdict->files[i].errnum));
	verdict->isolation = isolation_of(verdict);
	return 0;
}

static int judge_as(const struct run_user *user, int changes, const char *service,
	struct pam_verdict *verdict, struct error *error)
{
	char *argv[] = {(char *)NSISOLATE_JUDGE, (char *)service, NULL}, *environment[] = {NULL};
	struct run_result *said = malloc(sizeof *said);
	int result = 0;

	if (!said)
		return error_set(error, ENOMEM, "no memory for what pam-judge says");
	lseek(changes, 0, SEEK_SET);
	run_program_on(changes, argv, environment, user, said);
	if (said->status == 0)
		result = take_answer(verdict, said->out, error);
	else if (said->status == RUN_STATUS_NONE)
		snprintf(verdict->unseen, sizeof verdict->unseen, "pam-judge %s", said->err);
	else
		result = error_set(error, EIO, "%s: %s", NSISOLATE_JUDGE, said->err);
	free(said);
	return result;
}

/* Asks once more as root, if @user is not root and may not read everything. */
static int judge_as_needed(const struct run_user *user, int changes, const char *service,
	struct pam_verdict *verdict, struct error *error)
{
	int result = judge_as(user, changes, service, verdict, error);

	if (result == 0 && user && *verdict->unseen && verdict->file_count) {
		pam_verdict_free(verdict);
		result = judge_as(NULL, changes, service, verdict, error);
	}
	if (result < 0)
		pam_verdict_free(verdict);
	return result;
}

/* Adds to @changes the modules that cannot be loaded; returns how many, or a negative errno. */
static int write_broken(int changes, const struct pam_verdict *verdict)
{
	int count = 0;

	lseek(changes, 0, SEEK_END);
	for (size_t i = 0; i < verdict->line_count; i++)
		if (module_load_fault(verdict->lines[i].module)) {
			if (dprintf(changes, "%s\n!\n", verdict->lines[i].module) < 0)
				return -errno;
			count++;
		}
	return count;
}

/* Tries modules that were never loaded before; if some cannot be, judges again without them. */
static int judge_loading(const struct run_user *user, int changes, const char *service,
	struct pam_verdict *verdict, struct error *error)
{
	int broken, result = 0;

	for (size_t i = 0; i < verdict->line_count; i++)
		if (verdict->lines[i].there && !module_load_want(verdict->lines[i].module)) {
			pam_verdict_free(verdict);
			return error_set(error, ENOMEM, "no memory for the modules' names");
		}
	module_load_try(user);
	broken = write_broken(changes, verdict);
	if (broken) {
		pam_verdict_free(verdict);
		result = broken < 0 ? error_errno(error, -broken, "cannot tell pam-judge")
				    : judge_as_needed(user, changes, service, verdict, error);
	}
	for (size_t i = 0; result == 0 && i < verdict->line_count; i++)
		verdict->lines[i].broken = module_load_fault(verdict->lines[i].module);
	return result;
}

int pam_judge(const char *service, const struct pam_change *changes, size_t count,
	struct pam_verdict *verdict, struct error *error)
{
	static struct run_user stranger;
	static bool looked, found;
	_cleanup_close_ int input = write_changes(changes, count);
	const struct run_user *user = NULL;
	bool root = geteuid() == 0;
	int result;

	*verdict = (struct pam_verdict){0};
	if (input < 0)
		return error_errno(error, -input, "cannot pass on the changed files");
	if (root && !looked)
		found = run_find_stranger(&stranger);
	looked = true;
	if (root && found)
		user = &stranger;
	result = judge_as_needed(user, input, service, verdict, error);
	/* never run a module's code as root */
	if (result == 0 && (user || !root))
		result = judge_loading(user, input, service, verdict, error);
	return result;
}

const struct pam_line *pam_verdict_opener(const struct pam_verdict *verdict)
{
	for (size_t i = 0; i < verdict->line_count; i++) {
		const struct pam_line *line = &verdict->lines[i];

		if (line->type == 's' && line->ours && !line->wrong &&
			!pam_line_has(line, "close") && (line->part & LINE_REACHED))
			return line;
	}
	return NULL;
}

bool pam_line_has(const struct pam_line *line, const char *argument)
{
	for (size_t i = 0; i < line->argument_count; i++)
		if (!strcmp(line->arguments[i], argument))
			return true;
	return false;
}

bool pam_line_is(const struct pam_line *line, const char *module)
{
	const char *slash = strrchr(line->module, '/'), *name = slash ? slash + 1 : line->module;
	size_t length = strlen(module);

	return !strncmp(name, module, length) && !strcmp(name + length, ".so");
}

const char *pam_line_fault(const struct pam_line *line, char *text, size_t size)
{
	*text = '\0';
	if (line->broken)
		snprintf(text, size, "%s cannot be loaded: %s", line->module, line->broken);
	else if (!line->there)
		snprintf(text, size, "there is no %s", line->module);
	else if (!line->able)
		snprintf(text, size, "%s has no function for this type", line->module);
	return text;
}

bool pam_verdict_unable(const struct pam_verdict *verdict, char of_type, char *text, size_t size)
{
	const struct pam_line *found = NULL;
	char fault[512];

	for (size_t i = 0; i < verdict->line_count; i++) {
		const struct pam_line *line = &verdict->lines[i];

		if (line->type == of_type && !line->able &&
			(!found || (line->ours && !found->ours)))
			found = line;
	}
	if (found)
		snprintf(text, size, "%s:%u: %s", found->file, found->number,
			pam_line_fault(found, fault, sizeof fault));
	return found;
}

void pam_verdict_free(struct pam_verdict *verdict)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		free(verdict->lines[i].arguments);
	free(verdict->lines);
	free(verdict->complaints);
	free(verdict->files);
	free(verdict->text);
	*verdict = (struct pam_verdict){0};
}
