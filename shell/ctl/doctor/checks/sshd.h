/* sshd.h - the output of `sshd -T`. */
#ifndef NSISOLATE_CTL_SSHD_H
#define NSISOLATE_CTL_SSHD_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/ctl/doctor/run_bounded.h"

#define SSHD_CONFIG "/etc/ssh/sshd_config"

/*
 * The value of the keyword @key; false when it has none. sshd -T writes keywords in lower case, but
 * OpenSSH 10.6 writes them as sshd_config(5) does: UsePAM.
 */
bool sshd_value(const struct run_result *result, const char *key, char *value, size_t size);

struct doctor;

/*
 * Runs `sshd -T` for @user, or for nobody in particular (NULL), with all that Match can test in
 * this version of sshd; @config: its sshd_config, which is read from the beginning, or -1.
 */
void sshd_ask(const struct doctor *doctor, int config, const char *user, struct run_result *result);

/*
 * Whether sshd, after sed with @expression on a copy of sshd_config, reports for @user (NULL:
 * nobody in particular) no value of @key that contains @bad (NULL: any value but "no").  False
 * where that file is a link, which sed -i would replace.
 */
bool sshd_would(const struct doctor *doctor, const char *user, const char *expression,
	const char *key, const char *bad);

/* Adds the remedy for the last finding: that sed, if sshd would; else the words. */
void sshd_remedy(struct doctor *doctor, const char *user, const char *expression, const char *key,
	const char *bad, const char *words);

/* What sshd_config and the files that it includes say, for any user: sshd_blocks.c. */
struct sshd_blocks {
	bool chroots; /* it may chroot somebody, or cannot be read */
	bool forces; /* ForceCommand is nsisolate-shell somewhere */
	char by[32]; /* a keyword of Match other than User and Group; "": none */
};
void sshd_read_blocks(struct sshd_blocks *blocks);

/* Whether the value is @wanted. */
bool sshd_says(const struct run_result *result, const char *key, const char *wanted);

#endif
