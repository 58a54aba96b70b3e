/*
 * Only the answer of a module that libpam reaches can change its path.  So the answers of the lines
 * are fixed one after the other, depth first, and each path is taken once.  With many lines there
 * are too many paths.  But libpam remembers little of the lines behind it: whether something has
 * succeeded or failed.  So a branch is not explored further if what follows is the same as in
 * another branch in three runs: those where the other lines all succeed, are ignored, or fail.
 */
#include "runs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

/* The answer of all lines whose answer is not fixed. */
enum mode { ALL_SUCCEED, ALL_IGNORE, ALL_FAIL, MODES };

struct run {
	enum fate fate;
	size_t count;
	size_t reached[LINES_MAX];
	uint64_t rest; /* a hash of what it did after the fixed lines */
};

/* The state of the current run: a line's function learns nothing but its index. */
static struct {
	pam_handle_t *pamh;
	char type;
	enum mode mode;
	bool closing, opened, failed, left;
	const char *conf; /* of the line of ours that failed last */
	struct run run;
	struct runs *runs;
	unsigned most; /* how many runs are allowed for now */
	size_t closed_count;
	size_t closed[LINES_MAX];
} now;

/* ---- one run ---- */

static int failure_of(char type)
{
	return type == 'a' ? PAM_AUTH_ERR : type == 'c' ? PAM_PERM_DENIED : PAM_SESSION_ERR;
}

static bool is_module(const struct line *line, const char *name)
{
	const char *slash = strrchr(line->module, '/');

	return !strcmp(slash ? slash + 1 : line->module, name);
}

/* The line's answer if it can have only one; -1: it may have several. */
static int known_answer(const struct line *line)
{
	if (is_module(line, "pam_permit.so"))
		return PAM_SUCCESS;
	if (is_module(line, "pam_deny.so") || (line->ours && line->wrong))
		return failure_of(line->type);
	return line->ours && !line->options.open ? PAM_SUCCESS : -1;
}

static int answer_of(const struct line *line)
{
	int known = known_answer(line);

	if (known >= 0)
		return known;
	if (line->ours && now.opened)
		return PAM_SUCCESS;
	/* our module fails again with a configuration that it failed with before */
	if (line->ours && now.failed && !strcmp(line->options.conf, now.conf))
		return failure_of(line->type);
	if (line->fixed)
		return line->answer;
	/* a failure of our module is tried as an answer of its own */
	if (line->ours || now.mode == ALL_SUCCEED)
		return PAM_SUCCESS;
	return now.mode == ALL_IGNORE ? PAM_IGNORE : failure_of(line->type);
}

static void name_arguments(struct line *line, int argc, const char **argv)
{
	line->named = true;
	/* they live as long as the handle; the list is cut for display, but parsed as a whole */
	line->argument_count = argc < ARGUMENTS_MAX ? argc : ARGUMENTS_MAX;
	for (int i = 0; i < line->argument_count; i++)
		line->arguments[i] = (char *)argv[i];
	if (line->ours)
		line->wrong = options_parse(&line->options, argc, argv, &line->fault) < 0;
}

int line_reached(size_t index, int argc, const char **argv)
{
	struct line *line = &lines[index];
	int answer;

	if (now.closing) {
		if (now.closed_count < LINES_MAX)
			now.closed[now.closed_count++] = index;
		return PAM_SUCCESS;
	}
	if (!line->named)
		name_arguments(line, argc, argv);
	if (now.run.count < LINES_MAX)
		now.run.reached[now.run.count++] = index;
	answer = answer_of(line);
	if (!line->ours)
		return answer;
	if (now.opened && !line->wrong && line->options.open)
		line->part |= LINE_AGAIN;
	if (answer != PAM_SUCCESS && !line->wrong)
		now.conf = line->options.conf;
	now.failed |= answer != PAM_SUCCESS;
	now.opened |= answer == PAM_SUCCESS && line->options.open;
	return answer;
}

/* Where each line stood relative to ours, at open and at close. */
static void note_parts(void)
{
	bool opened = false;

	for (size_t i = 0; i < now.run.count; i++) {
		struct line *line = &lines[now.run.reached[i]];
		bool ours = line->ours && !line->wrong && line->options.open;

		if (now.run.fate == FATE_ISOLATED && !ours)
			line->part |= opened ? LINE_BEHIND : LINE_BEFORE;
		opened |= ours;
		line->part |= LINE_REACHED;
		if (now.run.fate != FATE_REFUSED)
			line->part |= LINE_LETS_IN;
	}
	for (size_t i = 0; i < now.closed_count; i++) {
		struct line *line = &lines[now.closed[i]];

		if (line->ours && !line->wrong && line->options.close)
			now.left = true;
		else
			line->part |= now.left ? LINE_OUTSIDE : LINE_INSIDE;
	}
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	/* FNV-1a, one word at a time */
	return (hash ^ value) * 1099511628211u;
}

static int call(void)
{
	if (now.type == 'a')
		return pam_authenticate(now.pamh, PAM_SILENT);
	if (now.type == 'c')
		return pam_acct_mgmt(now.pamh, PAM_SILENT);
	return pam_open_session(now.pamh, PAM_SILENT);
}

/* Sets now.run; false when no more runs are allowed. */
static bool run_once(enum mode mode)
{
	struct run *run = &now.run;
	const char *lacking = ""; /* like now.conf, but of the fixed lines */
	bool opened = false;
	int result;

	if (now.runs->count == now.most) {
		now.runs->over = true;
		return false;
	}
	now.runs->count++;
	now.mode = mode;
	now.closing = now.opened = now.failed = now.left = false;
	now.conf = "";
	now.closed_count = run->count = 0;
	result = call();
	if (result != PAM_SUCCESS)
		run->fate = FATE_REFUSED;
	else if (now.opened)
		run->fate = FATE_ISOLATED;
	else
		run->fate = now.failed ? FATE_LET_IN : FATE_PASSED_BY;
	if (now.type == 's' && run->fate == FATE_ISOLATED) {
		now.closing = true;
		pam_close_session(now.pamh, PAM_SILENT);
	}
	note_parts();
	if (now.type == 's' && run->fate == FATE_ISOLATED)
		now.runs->closes &= now.left;
	run->rest = mix(14695981039346656037u, run->fate);
	for (size_t i = 0; i < run->count; i++) {
		const struct line *line = &lines[run->reached[i]];

		if (!line->fixed) {
			run->rest = mix(run->rest, run->reached[i]);
		} else if (line->ours && !opened && strcmp(line->options.conf, lacking) != 0) {
			opened = line->answer == PAM_SUCCESS;
			lacking = opened ? lacking : line->options.conf;
		}
	}
	run->rest = mix(mix(run->rest, opened), *lacking != '\0');
	now.runs->fates |= run->fate;
	return true;
}

/* ---- all of them ---- */

#define WHOLE_MAX (RUNS_MAX / 2) /* runs for the attempt to take every path */

static void decide(size_t index, unsigned fates)
{
	if (now.runs->decided || lines[index].ours ||
		(fates & (FATE_ISOLATED | FATE_PASSED_BY)) != (FATE_ISOLATED | FATE_PASSED_BY))
		return;
	now.runs->decided = true;
	now.runs->decides = index;
}

/* Takes every path after the fixed lines; returns the fate if all succeed, 0: too many paths. */
static unsigned take_each(void)
{
	size_t reached[LINES_MAX], count;
	unsigned fate;

	if (!run_once(ALL_SUCCEED))
		return 0;
	fate = now.run.fate;
	count = now.run.count;
	memcpy(reached, now.run.reached, count * sizeof *reached);
	/* the lines before the one with another answer succeed; those after it are tried in turn */
	for (size_t i = 0; i < count; i++) {
		struct line *line = &lines[reached[i]];

		if (line->fixed || known_answer(line) >= 0) {
			reached[i] = LINES_MAX;
			continue;
		}
		line->fixed = true;
		for (int failure = line->ours; failure < 2 && !now.runs->over; failure++) {
			line->answer = failure ? failure_of(line->type) : PAM_IGNORE;
			decide(reached[i], fate | take_each());
		}
		line->answer = PAM_SUCCESS;
	}
	for (size_t i = 0; i < count; i++)
		if (reached[i] < LINES_MAX)
			lines[reached[i]].fixed = false;
	return fate;
}

/* The continuations that have been seen. */
static struct {
	uint64_t rests[RUNS_MAX];
	size_t count;
} seen;

static bool was_seen(uint64_t rest)
{
	for (size_t i = 0; i < seen.count; i++)
		if (seen.rests[i] == rest)
			return true;
	if (seen.count < RUNS_MAX)
		seen.rests[seen.count++] = rest;
	return false;
}

/* Takes only the paths that differ; returns the same. */
static unsigned explore(void)
{
	uint64_t rest = 0;
	unsigned fate = 0, fates = 0;
	struct line *line = NULL;
	size_t next = LINES_MAX;
	int answers[3] = {PAM_SUCCESS, PAM_IGNORE};

	for (int mode = ALL_SUCCEED; mode < MODES; mode++) {
		if (!run_once((enum mode)mode))
			return 0;
		rest = mix(rest, now.run.rest);
		if (mode != ALL_SUCCEED)
			continue;
		fate = now.run.fate;
		for (size_t i = 0; i < now.run.count && next == LINES_MAX; i++)
			if (!lines[now.run.reached[i]].fixed &&
				known_answer(&lines[now.run.reached[i]]) < 0)
				next = now.run.reached[i];
	}
	if (was_seen(rest) || next == LINES_MAX)
		return fate;
	line = &lines[next];
	answers[2] = failure_of(line->type);
	line->fixed = true;
	for (size_t i = 0; i < 3 && !now.runs->over; i++) {
		if (line->ours && answers[i] == PAM_IGNORE)
			continue;
		line->answer = answers[i];
		fates |= explore();
	}
	line->fixed = false;
	decide(next, fates);
	return fate;
}

/*
 * A control may name any other value, too: each line returns each once, while all others succeed.
 */
static void try_other_answers(unsigned usual)
{
	for (size_t i = 0; i < line_count; i++) {
		struct line *line = &lines[i];

		if (line->type != now.type || line->ours || known_answer(line) >= 0 ||
			!(line->part & LINE_REACHED))
			continue;
		line->fixed = true;
		for (line->answer = PAM_SERVICE_ERR; line->answer < PAM_INCOMPLETE;
			line->answer++) {
			/* libpam's own answer for a module that does not exist */
			if (line->answer == PAM_MODULE_UNKNOWN || line->answer == PAM_IGNORE)
				continue;
			if (now.runs->count == now.most || !run_once(ALL_SUCCEED))
				break;
			decide(i, usual | now.run.fate);
		}
		line->fixed = false;
	}
}

static void start_runs(pam_handle_t *pamh, char type, struct runs *runs)
{
	now.pamh = pamh;
	now.type = type;
	now.runs = runs;
	seen.count = 0;
	now.most = WHOLE_MAX;
	*runs = (struct runs){.closes = true};
	runs->usual = take_each();
	now.most = RUNS_MAX;
	if (!runs->over)
		return;
	runs->over = false;
	runs->usual = explore();
}

void runs_of_session(pam_handle_t *pamh, struct runs *runs)
{
	start_runs(pamh, 's', runs);
	if (!runs->over)
		try_other_answers(runs->usual);
}

bool runs_can_succeed(pam_handle_t *pamh, char of_type)
{
	static struct runs runs; /* `now` keeps pointing to it */

	start_runs(pamh, of_type, &runs);
	/* if there is too much to try, it is not reported as impossible */
	return runs.over || (runs.fates & ~(unsigned)FATE_REFUSED);
}
