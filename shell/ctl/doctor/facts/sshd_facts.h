/* sshd_facts.h - the output of `sshd -T`: what sshd would do for each account. */
#ifndef NSISOLATE_CTL_SSHD_FACTS_H
#define NSISOLATE_CTL_SSHD_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/ctl/doctor/run_bounded.h"

#define SSHD_OUR_SHELL "nsisolate-shell"
#define SSHD_PEOPLE_MAX 100 /* for whom sshd is asked individually */

struct facts;

/* The file of the OpenSSH server; NULL: there is none. */
const char *sshd_program(void);

/*
 * The value of the keyword @key; false when it has none. sshd -T writes keywords in lower case, but
 * OpenSSH 10.6 writes them as sshd_config(5) does: UsePAM.
 */
bool sshd_value(const struct run_result *result, const char *key, char *value, size_t size);

/*
 * Runs `sshd -T` for @user, or for nobody in particular (NULL), with all that Match can test in
 * this version of sshd; @config: its sshd_config, which is read from the beginning, or -1.
 */
void sshd_ask(const struct facts *facts, int config, const char *user, struct run_result *result);

/* Whether the value is @wanted. */
bool sshd_says(const struct run_result *result, const char *key, const char *wanted);

/* The first port that it listens on. */
unsigned sshd_port(const struct facts *facts);

/* Whether sshd runs nsisolate-shell whatever the login shell is; its path goes to @path. */
bool sshd_forces_shell(const struct run_result *result, char *path, size_t size);

#endif
