/*
 * The configuration: what `nsisolatectl check` says of it, and of each other one that a stack names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_file.h"
#include "diagnostics.h"
#include "doctor.h"

/* Those that must be ours alone, for root obeys them; returns whether they are. */
static bool check_trust(struct doctor *doctor, const char *path)
{
	struct diagnostics unsaid = DIAGNOSTICS_EMPTY; /* rules_load says it again */
	char directory[4096];
	char **files;
	bool trusted;

	snprintf(directory, sizeof directory, "%s.d", path);
	trusted = access(path, F_OK) < 0 || doctor_trusts(doctor, path, path);
	if (access(directory, F_OK) == 0)
		trusted &= doctor_trusts(doctor, directory, directory);
	files = config_file_list(directory, NULL, &unsaid);
	for (char **file = files; file && *file; file++) {
		trusted &= doctor_trusts(doctor, *file, *file);
		free(*file);
	}
	free(files);
	diagnostics_free(&unsaid);
	return trusted;
}

static void report(struct doctor *doctor, const char *path, const struct diagnostic *diagnostic)
{
	struct word word;

	if (diagnostic->line)
		doctor_add(doctor,
			diagnostic->severity == SEVERITY_ERROR ? VERDICT_PROBLEM : VERDICT_WARNING,
			path, "%s:%u:%u: %s", diagnostic->file, diagnostic->line,
			diagnostic->column, diagnostic->text);
	else
		doctor_add(doctor,
			diagnostic->severity == SEVERITY_ERROR ? VERDICT_PROBLEM : VERDICT_WARNING,
			path, "%s: %s", diagnostic->file, diagnostic->text);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		doctor_mend(doctor, "make install   # or install the package again: it is missing");
	else
		doctor_mend(doctor, "nsisolatectl edit%s%s",
			!strcmp(diagnostic->file, NSISOLATE_CONF) ? "" : " ",
			!strcmp(diagnostic->file, NSISOLATE_CONF)
				? ""
				: doctor_word(&word, diagnostic->file));
}

static void check_one(struct doctor *doctor, const char *path)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;
	size_t before = doctor->count;
	bool trusted = check_trust(doctor, path);

	if (access(path, R_OK) < 0 && errno == EACCES) {
		doctor_add(doctor, VERDICT_UNSEEN, path, "%s", strerror(EACCES));
		return;
	}
	if (rules_load(path, &rules, &diagnostics) == 0)
		rules_lint(rules, &diagnostics);
	for (size_t i = 0; i < diagnostics.count; i++)
		/* owner and mode are told of already, with what mends them */
		if (trusted || diagnostics.list[i].line)
			report(doctor, path, &diagnostics.list[i]);
	doctor->lost |= diagnostics.lost;
	if (rules && doctor->count == before)
		doctor_add(doctor, VERDICT_OK, path, "%zu rules", rules_count(rules));
	rules_free(rules);
	diagnostics_free(&diagnostics);
}

void doctor_check_config(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->configuration_count; i++)
		check_one(doctor, doctor->configurations[i].path);
}
