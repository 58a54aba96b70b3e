/*
 * doctor.h - what the checks of `nsisolatectl doctor` share: one row per check, one file per
 * subject.
 *
 * A check examines something and adds its findings.  It changes nothing, and what it cannot read it
 * reports as unseen: "ok" is said only of what was examined.
 */
#ifndef NSISOLATE_CTL_DOCTOR_H
#define NSISOLATE_CTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/shell_word.h"
#include "conf/rules/rules.h"
#include "shell/ctl/doctor/facts/accounts.h"
#include "shell/ctl/nss_probe.h"
#include "shell/ctl/pam_stack.h"

enum verdict {
	VERDICT_OK,
	VERDICT_WARNING, /* works, but is weaker than it looks */
	/* a login that is not isolated, or is refused, though a rule isolates it */
	VERDICT_PROBLEM,
	VERDICT_UNSEEN /* the caller cannot examine it */
};

struct finding {
	enum verdict verdict;
	char *subject; /* what was examined, in a few words */
	char *why;
	char *remedy; /* the command that fixes it, or a # comment; NULL: none is needed */
};

/* A configuration: ours, or one that a stack names by conf=. */
struct configuration {
	const char *path;
	struct rules *rules; /* NULL: it is broken, or cannot be read */
};

/* The output of sshd -T. */
struct sshd_facts {
	const char *program; /* NULL: no sshd */
	unsigned port; /* the first port that it listens on */
	bool more; /* there are more users than it was asked about */
	char why[512]; /* why it gave no output */
	char *said; /* for nobody in particular; NULL: it gave no output */
	char service[64]; /* the name of its PAM stack */
};

/* All that is examined is gathered before the first check, which finds it as every other does. */
struct facts {
	bool root;
	bool names; /* NSS answers */
	struct name_services services;
	bool inside; /* doctor runs in a session, and sees no process outside */
	struct configuration *configurations; /* the first one is ours */
	size_t configuration_count;
	struct stacks stacks;
	struct people people;
	struct sshd_facts sshd;
	bool shell_used; /* somebody comes in through nsisolate-shell */
	bool lost; /* memory ran out, and one could not be kept */
};

struct doctor {
	const struct facts *facts;
	struct finding *findings;
	size_t count;
	bool lost; /* memory ran out and a finding could not be kept */
};

void doctor_add(struct doctor *doctor, enum verdict verdict, const char *subject,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The remedy for the finding added last. */
void doctor_remedy(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints the findings; colour and summary are for human readers. */
void doctor_show_text(const struct doctor *doctor);
void doctor_show_json(const struct doctor *doctor);

/* How many findings have this verdict. */
size_t doctor_tally(const struct doctor *doctor, enum verdict verdict);

/* Runs sshd -T for each user concerned; stacks, rules and accounts must have been read. */
void doctor_ask_sshd(struct facts *facts);

/* ---- the checks, in the order in which they are shown; all facts have been gathered ---- */

void doctor_check_config(struct doctor *doctor);
void doctor_check_kernel(struct doctor *doctor);
void doctor_check_pam(struct doctor *doctor);
void doctor_check_applications(struct doctor *doctor);
void doctor_check_sshd(struct doctor *doctor);
void doctor_check_shell(struct doctor *doctor);
void doctor_check_user_namespaces(struct doctor *doctor);
void doctor_check_files(struct doctor *doctor);
void doctor_check_doors(struct doctor *doctor);
void doctor_check_managers(struct doctor *doctor);
void doctor_check_records(struct doctor *doctor);
void doctor_check_procs(struct doctor *doctor);
void doctor_check_names(struct doctor *doctor);
void doctor_check_network(struct doctor *doctor);
void doctor_check_logins(struct doctor *doctor);
void doctor_check_outside(struct doctor *doctor);

/* ---- what several of them need ---- */

/* Reads ours and all that stacks name, which must have been read; false: no memory. */
bool doctor_read_configurations(struct facts *facts);
void doctor_free_configurations(struct facts *facts);

/* The rules for logins through @service; NULL when their configuration is broken. */
const struct rules *doctor_rules(const struct facts *facts, const char *service);

/*
 * Iterates over the isolating rules of all configurations: *@cursor starts at 0.  False at the end.
 */
bool doctor_next_rule(const struct facts *facts, size_t *cursor, struct rules_summary *summary);

/*
 * The first rule that may isolate a login through @service: one that does so for somebody, and that
 * no earlier rule takes every login from.  False when there is none, or no configuration.
 */
bool doctor_rule_for(const struct facts *facts, const char *service, struct rules_summary *summary);

/* Whether that rule names the service, and does not only match it by a wildcard. */
bool doctor_is_named(const struct rules_summary *summary, const char *service);

/* Whether the rule is for nsisolate-shell alone, which nobody uses here. */
bool doctor_is_idle(const struct facts *facts, const struct rules_summary *summary);

/* Whether any rule of any configuration looks at a login's groups. */
bool doctor_groups_matter(const struct facts *facts);

/* The CLONE_NEW* flags of all kinds that any rule asks for. */
int doctor_kinds(const struct facts *facts);

/*
 * Checks @path, and anything that root may obey: only root (or, for a user's own installation, the
 * user) may own or write it, or change the directories on the way to it.  Adds a finding for each
 * thing that is wrong; returns whether there was none.
 */
bool doctor_trusts(struct doctor *doctor, const char *subject, const char *path);

/* Whether the host's /proc hides other users' processes: 1, 0, or a negative errno. */
int doctor_proc_hidden(void);

#endif
