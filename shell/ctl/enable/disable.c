/* nsisolatectl disable - removes all lines that name our module from stacks, enable's or not. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/common/cleanup.h"
#include "difference.h"
#include "editing.h"
#include "effect.h"
#include "pair.h"
#include "shell/ctl/command.h"

/* ---- one file ---- */

/*
 * Whether it would lock somebody out: a jump over our line would then go elsewhere, for instance.
 */
static int check_harm(const struct stack_file *file, const struct stack_text *result, bool whole,
	struct error *error)
{
	const struct pam_change change = {
		.path = file->path, .text = whole ? NULL : result->bytes, .length = result->size};
	struct effect effect;
	struct error unjudged = {0};
	int status = 0;

	/* the lines must go when the module goes, judged or not */
	if (effect_now(&change, NULL, &effect, &unjudged) < 0) {
		fprintf(stderr, NAME ": cannot tell what it does to logins: %s\n", unjudged.text);
		return 0;
	}
	if (*effect.harmed)
		status = error_set(error, EINVAL,
			"%s is unchanged; remove the lines by hand: without them, for %s, %s",
			file->path, effect.harmed, effect.why.text);
	effect_free(&effect);
	return status;
}

static int write_result(const struct stack_file *file, const struct stack_text *result,
	const struct pair_taken *taken, const struct editing *editing, struct error *error)
{
	if (!editing->dry_run)
		return taken->whole ? stack_remove(file, error)
				    : stack_replace(file, result, error);
	if (difference_show(file->path, &file->text, taken->whole ? NULL : result, stdout) < 0)
		return error_set(error, ENOMEM, "no memory");
	return 0;
}

static void say_taken(const struct stack_file *file, const struct pair_taken *taken,
	const struct editing *editing)
{
	bool one = taken->lines == 1;
	const char *is = editing->dry_run ? "would be" : "is";

	if (taken->whole)
		printf("%s: %s gone, as it was before\n", file->path, is);
	else if (taken->restored)
		printf("%s: %s as it was before\n", file->path, is);
	else
		printf("%s: %u line%s pam_nsisolate.so %s removed, and nothing else: the file "
		       "has changed since, or `enable` did not write them\n",
			file->path, taken->lines, one ? " that names" : "s that name",
			editing->dry_run || one ? is : "are");
}

/* Returns how many lines were removed, or a negative errno. */
static int disable_by_hand(
	const struct stack_file *file, const struct editing *editing, struct error *error)
{
	_cleanup_text_ struct stack_text result = {0};
	struct pair_taken taken;
	int status;

	if (pair_take_all(&file->text, !strcmp(file->path, PAM_CONF), &result, &taken) < 0)
		return error_set(error, ENOMEM, "no memory");
	status = check_harm(file, &result, taken.whole, error);
	if (!status)
		status = write_result(file, &result, &taken, editing, error);
	if (status < 0)
		return status;
	say_taken(file, &taken, editing);
	return (int)taken.lines;
}

/* Returns how many lines were removed (of a generated file: how often), or a negative errno. */
static int disable_file(const char *path, const struct editing *editing, struct error *error)
{
	_cleanup_stack_ struct stack_file file = {.fd = -1};
	enum generator generator;
	int result = stack_open(&file, path, error);

	if (result < 0 || !text_count_ours(&file.text, !strcmp(file.path, PAM_CONF)))
		return result;
	generator = generator_of(&file);
	if (generator == GENERATOR_NONE)
		return disable_by_hand(&file, editing, error);
	result = editing_of_generated(&file, generator, false, editing, error);
	if (result != -EALREADY)
		return result < 0 ? result : 1;
	/* somebody edited it, so it no longer belongs to the program */
	*error = (struct error){0};
	stack_close(&file);
	result = stack_open(&file, path, error);
	return result < 0 ? result : disable_by_hand(&file, editing, error);
}

/* ---- one service ---- */

/* Finds what still isolates it: a line of a file that it includes. */
static int check_left(const char *service, struct error *error)
{
	struct pam_verdict verdict;
	const struct pam_line *line;
	int result = pam_judge(service, NULL, 0, &verdict, error);

	if (result < 0)
		return result;
	line = pam_verdict_opener(&verdict);
	if (line)
		result = error_set(error, EEXIST,
			"is still isolated, by %s:%u, which it includes: `" NAME " disable %s`",
			line->file, line->number, strrchr(line->file, '/') + 1);
	pam_verdict_free(&verdict);
	return result;
}

static int disable_service(const char *service, const struct editing *editing, struct error *error)
{
	_cleanup_free_ char *path = strchr(service, '/') ? NULL : stack_find(service);
	int result;

	if (!path)
		return error_set(error, ENOENT, "there is no stack of this name");
	result = disable_file(path, editing, error);
	if (result < 0)
		return result;
	if (!result)
		printf("%s: nothing in %s names pam_nsisolate.so\n", service, path);
	return editing->dry_run ? 0 : check_left(service, error);
}

/* ---- all ---- */

/* A failure for one does not keep the others from being done. */
static int disable_another(const char *path, const struct editing *editing, struct error *error)
{
	struct error own = {0};
	int result = disable_file(path, editing, &own);

	/* no such file, or a dangling link */
	if (result >= 0 || result == -ENOENT)
		return 0;
	fflush(stdout);
	fprintf(stderr, NAME ": %s\n", own.text);
	return error_set(error, EBUSY, "not every line that names pam_nsisolate.so was removed");
}

static int disable_directory(const char *path, const struct editing *editing, struct error *error)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int result = 0;

	if (!directory)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : error_errno(error, errno, "cannot list %s", path);
	while ((entry = readdir(directory))) {
		_cleanup_free_ char *file = NULL;

		if (*entry->d_name == '.' || entry->d_type == DT_DIR)
			continue;
		if (asprintf(&file, "%s/%s", path, entry->d_name) < 0) {
			file = NULL;
			result = error_set(error, ENOMEM, "no memory");
		} else if (disable_another(file, editing, error) < 0) {
			result = -EBUSY;
		}
	}
	closedir(directory);
	return result;
}

static int disable_all(const struct editing *editing, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < PAM_DIRECTORIES; i++)
		if (disable_directory(pam_directories[i], editing, error) < 0)
			result = -EBUSY;
	return disable_another(PAM_CONF, editing, error) < 0 ? -EBUSY : result;
}

static int disable(const char *service, const struct editing *editing, struct error *error)
{
	return editing->all ? disable_all(editing, error)
			    : disable_service(service, editing, error);
}

int command_disable(int argc, char **argv)
{
	return editing_run(argc, argv, false, disable);
}
