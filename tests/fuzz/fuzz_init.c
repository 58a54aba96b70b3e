/*
 * Fuzzing of nsisolate-init's command line: the input's lines are its words.  What it would do is
 * only checked, not done.
 */
#include <string.h>

#include "must.h"

#define main init_main
#include "shell/init/nsisolate-init.c"
#undef main

#include "shell/init/title.c"

enum { WORDS_MAX = 64 };

static struct {
	int attached, ran;
	struct policy policy;
} done;

static bool fits(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

/* What both modes may rely on. */
static void check(const struct job *job)
{
	const struct policy *policy = &job->setup.policy;

	must(policy->kinds && policy->kinds == kinds_complete(policy->kinds), "kinds are complete");
	must(fits(policy->rule, sizeof policy->rule) && fits(policy->id, sizeof policy->id) &&
			fits(policy->hostname, sizeof policy->hostname) &&
			fits(policy->domainname, sizeof policy->domainname) &&
			fits(policy->private_size, sizeof policy->private_size) &&
			fits(policy->inaccessible, sizeof policy->inaccessible) &&
			fits(policy->read_only, sizeof policy->read_only),
		"texts have an end");
	must(policy->grace <= POLICY_GRACE_MAX, "grace is in its bounds");
	must(policy->linger_max <= POLICY_LINGER_MAX, "linger_max is in its bounds");
	must(policy->logout <= LOGOUT_LINGER && policy->on_error <= ON_ERROR_ALLOW,
		"words are of the list");
	must(job->setup.uid != (uid_t)-1 && job->setup.gid != (gid_t)-1, "ids are ids");
	done.policy = *policy;
}

int attach_run(struct job *job)
{
	check(job);
	must(!job->command, "this mode has no command");
	must(!job->setup.own_userns || job->setup.policy.scope == SCOPE_USER,
		"without root there is nobody to attach to except a shared session");
	must(job->setup.own_userns || !(job->setup.policy.kinds & CLONE_NEWNS) ||
			job->setup.host.mnt,
		"the host's mounts are known");
	done.attached++;
	return 0;
}

int foreground_run(struct job *job)
{
	check(job);
	must(job->command && *job->command, "there is a command");
	done.ran++;
	return 0;
}

/* Parses what the policy writes about itself: both ends of the command line must agree. */
static void check_way_back(void)
{
	struct policy_argv options, again;
	struct policy first = done.policy;
	char *words[POLICY_OPTIONS_MAX + 4] = {(char *)"nsisolate-init"},
					 *command[] = {(char *)"--", (char *)"true", NULL};

	policy_to_argv(&first, &options);
	must(options.count <= POLICY_OPTIONS_MAX, "there is room for every option");
	memcpy(words + 1, options.option, (size_t)options.count * sizeof *words);
	memcpy(words + 1 + options.count, command, sizeof command);
	must(init_main(options.count + 3, words) == 0, "it understands itself");
	policy_to_argv(&done.policy, &again);
	must(again.count == options.count, "and means the same");
	for (int i = 0; i < again.count; i++)
		must(!strcmp(again.option[i], options.option[i]), "and means the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[WORDS_MAX + 2] = {(char *)"nsisolate-init"}, *text = malloc(size + 1),
				*rest = text;
	int count = 1, status;

	must(text, "there is memory");
	memcpy(text, data, size);
	text[size] = '\0';
	/* a command line cannot contain NUL bytes */
	for (size_t i = 0; i < size; i++)
		if (!text[i])
			text[i] = '\n';
	while (rest && count <= WORDS_MAX)
		words[count++] = strsep(&rest, "\n");
	memset(&done, 0, sizeof done);
	status = init_main(count, words);
	must(status == 0 || status == 2, "its status says whether it was understood");
	must(done.attached + done.ran == (status == 0) || count == 2, "it did one thing");
	if (done.attached || done.ran)
		check_way_back();
	free(text);
	return 0;
}
