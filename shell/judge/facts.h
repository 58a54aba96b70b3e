/*
 * facts.h - what pam-judge reports about a service to its caller: ctl/pam_verdict.h.
 */
#ifndef NSISOLATE_JUDGE_FACTS_H
#define NSISOLATE_JUDGE_FACTS_H

#define FILES_MAX 256 /* of one service; further ones are not reported */
#define RUNS_MAX 2000 /* of one service */

/* What can become of a login; flags. */
enum fate {
	FATE_REFUSED = 1,
	FATE_ISOLATED = 2, /* our module was reached and succeeded */
	FATE_PASSED_BY = 4, /* let in without libpam reaching our module */
	FATE_LET_IN = 8 /* let in although our module failed */
};

/*
 * Where a line stands, in any run; flags.  The positions relative to ours are those in runs that
 * ended in FATE_ISOLATED.
 */
enum line_part {
	LINE_REACHED = 1, /* at open */
	LINE_BEFORE = 2, /* at open, before ours */
	LINE_BEHIND = 4, /* at open, after ours */
	LINE_INSIDE = 8, /* at close, before ours: it is closed inside the session */
	LINE_OUTSIDE = 16, /* at close, after ours */
	LINE_LETS_IN = 64, /* at open, in a run that let the login in, isolated or not */
	LINE_AGAIN = 32 /* ours, at open, while a session of ours is open: it does nothing */
};

#endif
