/* Remedies for a stack, each tried on a copy of its file before it is advised. */
#include <stdio.h>
#include <string.h>

#include "pam.h"
#include "shell/ctl/enable/enable.h"
#include "shell/ctl/enable/pair.h"
#include "shell/ctl/enable/stack_file.h"

#define TRIES_MAX 64 /* lines that are left out in turn, to find the one that refuses */

static bool judge_text(const char *service, const char *path, const struct stack_text *text,
	struct pam_verdict *verdict)
{
	const struct pam_change change = {path, text->bytes, text->size};
	struct error error = {0};

	return pam_judge(service, &change, 1, verdict, &error) == 0;
}

static bool is_refused_without(const struct stack *stack, const char *path, unsigned number)
{
	_cleanup_stack_ struct stack_file file = {.fd = -1};
	struct pam_verdict verdict;
	struct error error = {0};
	bool refused = true;

	if (stack_open(&file, path, &error) < 0 || !text_cut_line(&file.text, number) ||
		!judge_text(stack->service, file.path, &file.text, &verdict))
		return true;
	refused = verdict.isolation == PAM_REFUSED || verdict.isolation == PAM_UNSEEN;
	pam_verdict_free(&verdict);
	return refused;
}

bool find_culprit(const struct stack *stack, const char **file, unsigned *number)
{
	const struct pam_verdict *verdict = &stack->verdict;
	unsigned tries = 0;

	for (size_t i = 0; i < verdict->complaint_count && tries < TRIES_MAX; i++) {
		*file = verdict->complaints[i].file;
		*number = verdict->complaints[i].number;
		if (**file && tries++ < TRIES_MAX && !is_refused_without(stack, *file, *number))
			return true;
	}
	for (size_t i = 0; i < verdict->line_count; i++) {
		*file = verdict->lines[i].file;
		*number = verdict->lines[i].number;
		if (stack_has_line(&verdict->lines[i]) && tries++ < TRIES_MAX &&
			!is_refused_without(stack, *file, *number))
			return true;
	}
	return false;
}

/* ---- the pair ---- */

/* The arguments of our lines other than `open` and `close`, each after a blank. */
static void take_arguments(const struct pam_verdict *verdict, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < verdict->line_count && !used; i++) {
		const struct pam_line *line = &verdict->lines[i];

		for (size_t j = 0; line->ours && line->type == 's' && !line->wrong &&
				   j < line->argument_count && used < size;
			j++)
			if (strcmp(line->arguments[j], "open") != 0 &&
				strcmp(line->arguments[j], "close") != 0)
				used += (size_t)snprintf(
					text + used, size - used, " %s", line->arguments[j]);
	}
}

static bool is_right(const struct pam_verdict *now, const struct pam_verdict *before)
{
	const char *why;

	for (size_t i = 0; i < now->line_count; i++)
		if (now->lines[i].ours && stack_has_line(&now->lines[i]) &&
			(now->lines[i].type != 's' || (now->lines[i].part & LINE_AGAIN)))
			return false;
	return now->isolation == PAM_ALL && !(now->fates & FATE_LET_IN) && now->closes &&
	       now->auth >= before->auth && now->account >= before->account &&
	       !neighbour_behind(now, &why) && !neighbour_inside(now, &why);
}

/* The file with both lines and no others of ours. */
static bool pair_is_right(const struct stack *stack, const char *arguments)
{
	const struct pair pair = {.first = true, .last = true, .arguments = arguments};
	_cleanup_stack_ struct stack_file file = {.fd = -1};
	_cleanup_text_ struct stack_text bare = {0}, text = {0};
	struct pair_taken taken;
	struct pam_verdict verdict;
	struct error error = {0};
	bool right;

	if (stack_open(&file, stack->path, &error) < 0 ||
		pair_take_all(&file.text, false, &bare, &taken) < 0 ||
		pair_put(&bare, &pair, &text) < 0 ||
		!judge_text(stack->service, file.path, &text, &verdict))
		return false;
	right = is_right(&verdict, &stack->verdict);
	pam_verdict_free(&verdict);
	return right;
}

static bool enable_is_right(const struct doctor *doctor, const struct stack *stack)
{
	struct pam_verdict verdict;
	struct error error = {0};
	bool right;

	if (enable_try(stack->service, &doctor->facts->stacks, &verdict, &error) < 0)
		return false;
	right = is_right(&verdict, &stack->verdict);
	pam_verdict_free(&verdict);
	return right;
}

void remedy_by_pair(struct doctor *doctor, const struct stack *stack)
{
	struct shell_word word;
	char arguments[256];

	take_arguments(&stack->verdict, arguments, sizeof arguments);
	if (enable_is_right(doctor, stack))
		doctor_remedy(doctor, "nsisolatectl enable %s", shell_word(&word, stack->service));
	else if (pair_is_right(stack, arguments))
		doctor_remedy(doctor,
			"# in %s: `" LINE " close` first, `" LINE "%s` last, and no other line of "
			"it",
			shell_word(&word, stack->path), arguments);
	else
		doctor_remedy(doctor, "# see pam_nsisolate(8), and nsisolate(7)");
}

/* ---- a file that masks the vendor's ---- */

static bool names_only_ours(const char *path)
{
	_cleanup_stack_ struct stack_file file = {.fd = -1};
	struct text_walk walk = {.text = &file.text};
	struct text_line line;
	struct error error = {0};
	bool only = stack_open(&file, path, &error) == 0;

	while (only && text_walk_next(&walk, &line))
		only = text_line_is_ours(&line, false);
	return only;
}

void report_mask(struct look *look)
{
	const struct stack *stack = look->stack;
	const struct pam_change without = {.path = stack->path};
	struct pam_verdict verdict;
	struct error error = {0};
	struct shell_word word;
	const char *masked = NULL;

	if (pam_judge(stack->service, &without, 1, &verdict, &error) < 0)
		return;
	for (size_t i = 0; i < verdict.file_count && !masked; i++)
		if (!verdict.files[i].errnum)
			masked = verdict.files[i].path;
	/* else libpam goes on to `other`, or finds nothing */
	if (masked && !strcmp(strrchr(masked, '/') + 1, stack->service) && verdict.account &&
		verdict.isolation != PAM_REFUSED && verdict.isolation != PAM_UNSEEN) {
		look_add(look, VERDICT_PROBLEM, "%s masks %s, by which logins would not be refused",
			stack->path, masked);
		if (names_only_ours(stack->path))
			doctor_remedy(look->doctor, "rm %s   # and then: nsisolatectl enable %s",
				shell_word(&word, stack->path), stack->service);
		else
			doctor_remedy(look->doctor, "# include that file in it, by its path");
	}
	pam_verdict_free(&verdict);
}
