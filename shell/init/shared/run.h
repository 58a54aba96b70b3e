/*
 * run.h - a foreground session in the session that all logins of the user share (scope = user):
 * what the PAM module does as root, done by the user.
 *
 *	outer process	forks a helper, attach_run(), which finds or makes the shared session and
 *			passes out descriptors of its namespaces; keeps the socket to PID 1
 *	runner		its temporary child: joins the namespaces, and cannot come back
 *	command		forked by the runner, but a child of the outer process (CLONE_PARENT)
 */
#ifndef NSISOLATE_RUN_H
#define NSISOLATE_RUN_H

#include "conf/common/error.h"
#include "shell/init/command.h"
#include "shell/init/job.h"
#include "shell/init/supervisor.h"

/*
 * Runs @command in the user's shared session.  Returns 0 when it has begun, with @outer->command
 * and @outer->line set; a negative errno when it has not and can be run otherwise.
 */
int shared_start(struct job *job, const struct command *command, struct supervisor *outer,
	struct error *error);

#endif
