/*
 * editing.h - what enable and disable have in common.
 */
#ifndef NSISOLATE_CTL_EDITING_H
#define NSISOLATE_CTL_EDITING_H

#include <stdbool.h>

#include "conf/common/error.h"
#include "generated.h"
#include "stack_file.h"

/* What was asked for. */
struct editing {
	bool dry_run; /* shows the difference, and changes nothing */
	bool all; /* disable: every file there is */
	char arguments[96]; /* enable: of the last line, each after a blank */
};

/*
 * Returns 0 after reporting what it did, or a negative errno.  With editing->all @service is NULL.
 */
typedef int edit_service(const char *service, const struct editing *editing, struct error *error);

/*
 * Parses the command's arguments, checks that the caller is root, and runs @edit for each service
 * named.  Returns the exit status of nsisolatectl.
 */
int editing_run(int argc, char **argv, bool enable, edit_service *edit);

/*
 * Switches a file that a program writes by means of that program; if it has none, prints advice.
 * Closes the file.
 */
int editing_of_generated(struct stack_file *file, enum generator generator, bool enable,
	const struct editing *editing, struct error *error);

#endif
