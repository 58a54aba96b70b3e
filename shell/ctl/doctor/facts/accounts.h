/*
 * accounts.h - the accounts of this machine, as far as NSS lists them, and which of them the rules
 * isolate.
 */
#ifndef NSISOLATE_CTL_ACCOUNTS_H
#define NSISOLATE_CTL_ACCOUNTS_H

#include <search.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf/common/policy.h"
#include "conf/login/login.h"

struct person {
	struct login login;
	bool uses_shell; /* the login shell is nsisolate-shell, wherever it is installed */
	bool by_module; /* isolated by the module through some service */
	bool by_sshd; /* ... through sshd */
	bool by_shell; /* isolated by nsisolate-shell */
	bool no_manager; /* ... by a rule that says `user_manager = off` */
	bool shares_processes; /* one of the rules that isolate does so without a PID namespace */
	char *sshd; /* the output of `sshd -T` for this account; NULL: it was not run */
	struct policy policy; /* what nsisolate-shell gives to an account that uses it */
};

struct people {
	struct person *list;
	size_t count;
	struct hsearch_data names; /* the position of each in the list, from 1 */
	char untold[256]; /* why the list may be incomplete; "": it is complete */
};

struct facts;

/*
 * Fills facts->people; stacks and rules must have been read.  A login's terminal and host are
 * unknown: a rule that asks for them does not match.
 */
void people_read(struct facts *facts);

/*
 * Whether nsswitch.conf(5) names a service for @database that need not list all its entries, such
 * as a directory; @service is the first of these.
 */
bool people_find_unlisted(const char *database, char *service, size_t size);

/* Whether this service of nsswitch.conf(5) lists all that it has. */
bool people_service_lists(const char *service);

/*
 * Reads the groups of all accounts at once, where a rule asks for any.  The groups of accounts for
 * which this is not enough are looked up when a rule needs them: account_groups.c.
 */
void people_read_groups(struct facts *facts);

/* Shows progress on a terminal, if there are many. */
void people_show_progress(const struct people *people, size_t done);

/* The account of this name; NULL: it is not in the list. */
const struct person *people_find(const struct people *people, const char *user);

/*
 * Whether a rule isolates this account's logins through @service, whether or not the module is
 * there.
 */
bool person_is_isolated_by(const struct facts *facts, struct person *person, const char *service);

/*
 * Notes that this account comes in by nsisolate-shell, whatever passwd says, and what it gets
 * there.
 */
void person_comes_by_shell(struct facts *facts, struct person *person);

/* Whether this account is isolated through any way in. */
bool person_is_isolated(const struct person *person);

void people_free(struct people *people);

#endif
