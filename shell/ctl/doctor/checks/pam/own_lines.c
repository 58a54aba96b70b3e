/* Our own lines in a stack, regardless of those around them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/login/login.h"
#include "pam.h"

static const char *type_name(char type)
{
	return type == 'a' ? "auth" : type == 'c' ? "account" : "password";
}

static void check_file(struct look *look, const struct pam_line *line)
{
	struct stat status;
	int errnum = stat(line->module, &status) < 0 ? errno : 0;

	if (errnum == ENOENT || errnum == ENOTDIR) {
		look->explained = true;
		look_add(look, VERDICT_PROBLEM, "%s:%u: %s does not exist: %s", line->file,
			line->number, line->module,
			look->verdict->isolation == PAM_REFUSED ? "every login is refused"
								: "no login is isolated");
		if (access(NSISOLATE_MODULE, F_OK) < 0)
			doctor_remedy(
				look->doctor, "make install   # or install the package again");
		else
			remedy_by_pair(look->doctor, look->stack);
	} else if (errnum) {
		look_add(look, VERDICT_UNSEEN, "%s: %s", line->module, strerror(errnum));
	} else if (line->broken) {
		look->explained = true;
		look_add(look, VERDICT_PROBLEM, "%s:%u: %s cannot be loaded: %s: %s", line->file,
			line->number, line->module, line->broken,
			look->verdict->isolation == PAM_REFUSED ? "every login is refused"
								: "no login is isolated");
		doctor_remedy(look->doctor, "make install   # or install the package again");
	}
}

static void check_rescue(struct look *look, const struct pam_line *line)
{
	static const char key[] = "rescue_group=";
	struct error error = {0};
	char called[16];
	struct shell_word word;

	for (size_t i = 0; i < line->argument_count; i++) {
		const char *group = line->arguments[i] + strlen(key);
		int exists;

		if (strncmp(line->arguments[i], key, strlen(key)) != 0 || !*group)
			continue;
		exists = login_group_exists(group, called, sizeof called, &error);
		if (exists < 0) {
			look_add(look, VERDICT_UNSEEN, "%s", error.text);
		} else if (!exists && look->doctor->facts->names) {
			look_add(look, VERDICT_WARNING,
				"%s:%u: there is no group '%s', so rescue_group has no effect",
				line->file, line->number, group);
			doctor_remedy(look->doctor, "groupadd %s", shell_word(&word, group));
		}
	}
}

void check_own_lines(struct look *look)
{
	for (size_t i = 0; i < look->verdict->line_count; i++) {
		const struct pam_line *line = &look->verdict->lines[i];

		if (!line->ours || !stack_has_line(line))
			continue;
		if (line->type != 's') {
			look_add(look, VERDICT_PROBLEM,
				"%s:%u: " MODULE " works in session lines only, and refuses as %s",
				line->file, line->number, type_name(line->type));
			remedy_by_pair(look->doctor, look->stack);
			continue;
		}
		check_file(look, line);
		check_rescue(look, line);
		if (line->wrong) {
			look->explained = true;
			look_add(look, VERDICT_PROBLEM, "%s:%u: %s: %s", line->file, line->number,
				look->verdict->isolation == PAM_REFUSED ? "every login is refused"
									: "no login is isolated",
				line->fault);
			remedy_by_pair(look->doctor, look->stack);
		}
		if (line->part & LINE_AGAIN) {
			look_add(look, VERDICT_WARNING,
				"%s:%u: " MODULE " opens a second time, which does nothing",
				line->file, line->number);
			remedy_by_pair(look->doctor, look->stack);
		}
	}
}
