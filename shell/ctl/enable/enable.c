/*
 * nsisolatectl enable - puts the two lines into the stacks of services, after libpam has told from
 * a copy what becomes of logins.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/common/cleanup.h"
#include "conf/rules/rules.h"
#include "difference.h"
#include "editing.h"
#include "effect.h"
#include "enable.h"
#include "pair.h"
#include "shell/ctl/command.h"
#include "shell/ctl/doctor/facts/sshd_facts.h"
#include "shell/ctl/selinux.h"

/* One service in progress. */
struct job {
	const char *service;
	const struct editing *editing;
	struct stack_file file; /* where the lines go */
	/* the vendor's file that ours includes; NULL: the file has a text of its own */
	char *vendor;
	struct stack_text base; /* without what an earlier enable put in; the vendor's: "" */
	struct stack_text result;
};

static void job_free(struct job *job)
{
	stack_close(&job->file);
	free(job->vendor);
	free(job->base.bytes);
	free(job->result.bytes);
}

/* ---- which file ---- */

static int check_name(const char *service, struct error *error)
{
	char lower[64];
	size_t length = strlen(service);

	if (!length || length >= sizeof lower || strpbrk(service, "/\n") || *service == '.')
		return error_set(error, EINVAL, "that is not a valid name of a PAM service");
	for (size_t i = 0; i <= length; i++)
		lower[i] = (char)tolower((unsigned char)service[i]);
	if (strcmp(lower, service) != 0)
		return error_set(
			error, EINVAL, "PAM service names are lower case: did you mean %s?", lower);
	if (rules_never_isolate(service))
		return error_set(error, EPERM,
			"it is never isolated, whatever the rules say: it manages what all "
			"sessions of a user share");
	return 0;
}

/*
 * What stands in the administrator's place for it must be a file that the administrator may edit.
 */
static int check_own(const char *own, struct error *error)
{
	_cleanup_free_ char *target = NULL;
	struct stat status;

	if (lstat(own, &status) < 0)
		return 0;
	target = realpath(own, NULL);
	if (!target)
		/* libpam then uses the vendor's file, which the link's target would mask */
		return error_errno(error, errno, "%s is a dangling link: remove it first", own);
	if (!strncmp(target, "/usr/", 5))
		return error_set(error, EROFS,
			"%s is a link to %s, which a package owns: remove the link, and libpam "
			"uses the vendor's file of that name, if there is one",
			own, target);
	return 0;
}

static int find_file(struct job *job, struct error *error)
{
	_cleanup_free_ char *own = NULL, *found = NULL;
	int result = check_name(job->service, error);

	if (result < 0)
		return result;
	if (asprintf(&own, PAM_OWN_DIRECTORY "/%s", job->service) < 0) {
		own = NULL;
		return error_set(error, ENOMEM, "no memory");
	}
	result = check_own(own, error);
	if (result < 0)
		return result;
	found = stack_find(job->service);
	if (!found && errno != ENOENT)
		return error_set(error, ENOMEM, "no memory");
	if (!found)
		return error_set(error, ENOENT,
			"there is no stack of this name: no %s, and none in %s or %s", own,
			pam_directories[1], pam_directories[2]);
	if (!strcmp(found, own))
		return stack_open(&job->file, own, error);
	job->vendor = found;
	found = NULL;
	return stack_new(&job->file, own, error);
}

/* ---- what libpam says ---- */

/* With @text as the file; NULL: as it is. */
static int judge(const struct job *job, const struct stack_text *text, struct pam_verdict *verdict,
	struct error *error)
{
	const struct pam_change change = {
		.path = job->file.path, .text = text->bytes, .length = text->size};

	return pam_judge(job->service, &change, text->bytes ? 1 : 0, verdict, error);
}

/* Whether the first session line that libpam reaches is ours, and closes. */
static bool closes_first(const struct pam_verdict *verdict)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		if (verdict->lines[i].type == 's' && (verdict->lines[i].part & LINE_REACHED))
			return verdict->lines[i].ours;
	return false;
}

/* Whether the stack has no session line: then `other` decides, and would not any more. */
static bool is_by_other(const struct pam_verdict *verdict)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		if (verdict->lines[i].type == 's' && !verdict->lines[i].other)
			return false;
	return true;
}

static int check_before(
	const struct job *job, const struct pam_verdict *before, struct error *error)
{
	struct error why;

	/* before libpam's verdict: that of `other` says nothing about this service */
	if (strcmp(job->service, "other") != 0 && before->isolation != PAM_UNSEEN &&
		!before->unread && is_by_other(before))
		return error_set(error, EINVAL,
			"%s has no session line, so that " PAM_OWN_DIRECTORY
			"/other decides: give it one "
			"first, for example `session include other`",
			job->vendor ? job->vendor : job->file.path);
	if (before->isolation == PAM_UNSEEN || effect_refuses(before)) {
		effect_explain(before, &why);
		return error_set(error, EINVAL, "without any change, %s", why.text);
	}
	return 0;
}

static int check_after(
	const struct pam_verdict *before, const struct pam_verdict *after, struct error *error)
{
	struct error why;
	bool isolates = after->isolation == PAM_ALL && !effect_refuses(after);

	if (isolates && (after->auth || !before->auth))
		return 0;
	if (isolates)
		return error_set(error, EINVAL, "with the lines nobody could authenticate");
	effect_explain(after, &why);
	return error_set(error, EINVAL, "with the lines %s", why.text);
}

/* ---- the work ---- */

/* Adds what is missing of the pair, and asks what libpam makes of that. */
static int complete(struct job *job, const struct pam_verdict *before, struct pam_verdict *after,
	struct error *error)
{
	struct pair pair = {.first = !closes_first(before),
		.last = before->isolation != PAM_ALL,
		.arguments = job->editing->arguments};
	int result;

	/*
	 * libpam 1.7 would end that line at our comment, but then the original could not be
	 * restored
	 */
	if (pair.last && job->base.bytes && text_ends_open(&job->base))
		return error_set(error, EINVAL,
			"the last line of %s ends in a backslash, and continues into what is added "
			"behind it",
			job->file.path);
	result = job->vendor ? pair_around(job->vendor, &pair, &job->result)
			     : pair_put(&job->base, &pair, &job->result);
	if (result < 0)
		return error_set(error, ENOMEM, "no memory");
	result = judge(job, &job->result, after, error);
	if (result < 0)
		return result;
	result = check_after(before, after, error);
	if (result < 0)
		pam_verdict_free(after);
	return result;
}

/* @stacks: as they are; NULL: to be read. */
static int check_others(const struct job *job, const struct stacks *stacks, struct effect *effect,
	struct error *error)
{
	const struct pam_change change = {
		.path = job->file.path, .text = job->result.bytes, .length = job->result.size};
	int result = stacks ? effect_of(stacks, &change, job->service, effect, error)
			    : effect_now(&change, job->service, effect, error);

	if (result < 0 || !*effect->harmed)
		return result;
	result = error_set(error, EINVAL,
		"%s includes the same file, and with the lines, for it, %s", effect->harmed,
		effect->why.text);
	effect_free(effect);
	return result;
}

static int install(const struct job *job, const struct effect *effect, struct error *error)
{
	bool dry_run = job->editing->dry_run;
	int result;

	if (dry_run && difference_show(job->file.path, job->vendor ? NULL : &job->file.text,
			       &job->result, stdout) < 0)
		return error_set(error, ENOMEM, "no memory");
	result = dry_run ? 0 : stack_replace(&job->file, &job->result, error);
	if (result < 0)
		return result;
	printf("%s: %s isolated, as the rules of " NSISOLATE_CONF " say, by %s%s%s\n", job->service,
		dry_run ? "logins would be" : "from now on logins are", job->file.path,
		job->vendor ? ", which includes " : "", job->vendor ? job->vendor : "");
	if (*effect->touched)
		printf("%s: the same file counts for %s\n", job->service, effect->touched);
	return 0;
}

/* Works out the file's new content, into job->result, and what becomes of logins then. */
static int plan(struct job *job, struct pam_verdict *after, struct error *error)
{
	struct pam_verdict before;
	int result;

	if (!job->vendor && pair_take_own(&job->file.text, &job->base) < 0)
		return error_set(error, ENOMEM, "no memory");
	result = judge(job, &job->base, &before, error);
	if (result < 0)
		return result;
	result = check_before(job, &before, error);
	if (!result)
		result = complete(job, &before, after, error);
	pam_verdict_free(&before);
	return result;
}

static int enable_by_hand(struct job *job, struct error *error)
{
	struct pam_verdict after;
	struct effect effect;
	int result = plan(job, &after, error);

	if (result < 0)
		return result;
	pam_verdict_free(&after);
	if (!job->vendor && text_same(&job->result, &job->file.text)) {
		printf("%s: already enabled, by %s\n", job->service, job->file.path);
		return 0;
	}
	result = check_others(job, NULL, &effect, error);
	if (result < 0)
		return result;
	result = install(job, &effect, error);
	effect_free(&effect);
	return result;
}

/* Of all applications sshd is asked about: the module of policy is for all of them. */
static int check_selinux(struct error *error)
{
	const char *sshd = sshd_program();
	struct error why;

	if (!sshd || selinux_ask(sshd, &why) != -EACCES)
		return 0;
	return error_set(error, EACCES,
		"%s: load the module of policy that grants it first: " SELINUX_LOAD, why.text);
}

static int enable_service(const char *service, const struct editing *editing, struct error *error)
{
	struct job job = {.service = service, .editing = editing, .file.fd = -1};
	enum generator generator;
	int result = check_selinux(error);

	if (!result)
		result = find_file(&job, error);
	generator = result < 0 ? GENERATOR_NONE : generator_of(&job.file);
	if (!result && generator != GENERATOR_NONE)
		result = editing_of_generated(&job.file, generator, true, editing, error);
	else if (!result)
		result = enable_by_hand(&job, error);
	job_free(&job);
	return result;
}

int enable_try(const char *service, const struct stacks *stacks, struct pam_verdict *after,
	struct error *error)
{
	const struct editing editing = {0};
	struct job job = {.service = service, .editing = &editing, .file.fd = -1};
	struct effect effect;
	int result = find_file(&job, error);

	if (!result && generator_of(&job.file) != GENERATOR_NONE)
		result = error_set(error, ENOTSUP, "%s is written by a program", job.file.path);
	if (!result)
		result = plan(&job, after, error);
	if (!result) {
		result = check_others(&job, stacks, &effect, error);
		if (!result)
			effect_free(&effect);
		else
			pam_verdict_free(after);
	}
	job_free(&job);
	return result;
}

int command_enable(int argc, char **argv)
{
	return editing_run(argc, argv, true, enable_service);
}
