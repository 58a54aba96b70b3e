/* sshd.h - sshd_config, and what may be advised to change in it. */
#ifndef NSISOLATE_CTL_SSHD_H
#define NSISOLATE_CTL_SSHD_H

#include <stdbool.h>
#include <stddef.h>

#define SSHD_CONFIG "/etc/ssh/sshd_config"

struct doctor;

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

#endif
