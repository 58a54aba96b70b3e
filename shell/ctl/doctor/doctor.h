/*
 * doctor.h - what the checks of `nsisolatectl doctor` share: one row a check, one file a subject.
 *
 * A check looks, and adds what it found.  It changes nothing, and what it cannot read it says to be
 * unseen: "ok" is only what was looked at.
 */
#ifndef NSISOLATE_CTL_DOCTOR_H
#define NSISOLATE_CTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/shell_word.h"
#include "conf/rules/rules.h"
#include "shell/ctl/doctor/facts/accounts.h"
#include "shell/ctl/doctor/facts/pam_stack.h"
#include "shell/ctl/nss_probe.h"

enum verdict {
	VERDICT_OK,
	VERDICT_WARNING, /* works, but is weaker than it looks */
	/* a login that is not isolated, or is refused, though a rule isolates it */
	VERDICT_PROBLEM,
	VERDICT_UNSEEN /* the caller cannot examine it */
};

struct finding {
	enum verdict verdict;
	char *subject; /* what was looked at, in a few words */
	char *why;
	char *remedy; /* the command that fixes it, or a # comment; NULL: none is needed */
};

/* A configuration: ours, or one that a stack names by conf=. */
struct configuration {
	const char *path;
	struct rules *rules; /* NULL: it is broken, or cannot be read */
};

/* What sshd -T says. */
struct sshd_facts {
	const char *program; /* NULL: there is none */
	bool seen;
	unsigned port; /* the first one that it listens on */
	bool more; /* people than it was asked about */
	char why[512]; /* it says nothing */
	char *said; /* for nobody in particular */
	char service[64]; /* the name of its PAM stack */
};

struct doctor {
	bool root;
	bool names; /* NSS answers */
	struct name_services services;
	bool inside; /* it runs in a session, and sees no other process */
	struct configuration *configurations; /* ours is the first one */
	size_t configuration_count;
	struct stacks stacks;
	struct people people;
	struct sshd_facts sshd;
	bool shell_used; /* somebody comes in through nsisolate-shell */
	bool door_open; /* a way to start something outside of every session */
	struct finding *findings;
	size_t count;
	bool lost; /* memory ran out and a finding could not be kept */
};

void doctor_add(struct doctor *doctor, enum verdict verdict, const char *subject,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* What fixes the finding that was added last. */
void doctor_mend(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Shows what was found; the colour and the summary are for people. */
void doctor_show_text(const struct doctor *doctor);
void doctor_show_json(const struct doctor *doctor);

/* How many findings have this verdict. */
size_t doctor_tally(const struct doctor *doctor, enum verdict verdict);

/* Asks sshd, for all whom it may concern; stacks, rules and people must be there. */
void doctor_ask_sshd(struct doctor *doctor);

/* ---- the checks, in the order in which they are shown; all facts are there before ---- */

void doctor_check_config(struct doctor *doctor);
void doctor_check_kernel(struct doctor *doctor);
void doctor_check_pam(struct doctor *doctor);
void doctor_check_applications(struct doctor *doctor);
void doctor_check_sshd(struct doctor *doctor);
void doctor_check_shell(struct doctor *doctor);
void doctor_check_user_namespaces(struct doctor *doctor);
void doctor_check_files(struct doctor *doctor);
void doctor_check_doors(struct doctor *doctor);
void doctor_check_procs(struct doctor *doctor);
void doctor_check_names(struct doctor *doctor);
void doctor_check_outside(struct doctor *doctor);

/* ---- what several of them ask ---- */

/* The rules for logins through @service; NULL when their configuration is broken. */
const struct rules *doctor_rules(const struct doctor *doctor, const char *service);

/*
 * Walks over the rules of all configurations that isolate: *@cursor starts as 0.  False at the end.
 */
bool doctor_next_rule(const struct doctor *doctor, size_t *cursor, struct rules_summary *summary);

/*
 * The first rule that may isolate a login through @service: one that does for somebody, and that no
 * rule before it takes every login from.  False when there is none, or no configuration.
 */
bool doctor_rule_for(
	const struct doctor *doctor, const char *service, struct rules_summary *summary);

/* Whether that rule names the service, and does not only mean it too. */
bool doctor_is_named(const struct rules_summary *summary, const char *service);

/* The CLONE_NEW* flags of all kinds that any rule asks for. */
int doctor_kinds(const struct doctor *doctor);

/*
 * Of @path, as of whatever may be obeyed by root: only root (or, for a user's own installation,
 * the caller) may own it and write it, nor may anybody change the directories that lead there.
 * Adds a finding for each thing that is wrong; returns whether there was none.
 */
bool doctor_trusts(struct doctor *doctor, const char *subject, const char *path);

/* Whether the host's /proc hides other users' processes: 1, 0, or a negative errno. */
int doctor_proc_hidden(void);

#endif
