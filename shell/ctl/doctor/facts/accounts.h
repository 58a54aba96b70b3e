/*
 * accounts.h - the accounts of this machine, as far as NSS counts them up, and which of them
 * the rules isolate.
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
	bool shares_processes; /* one of the rules that isolate does so without pid */
	char *sshd; /* what `sshd -T` says for this one; NULL: it was not asked */
	struct policy policy; /* what nsisolate-shell gives, for who uses it */
};

struct people {
	struct person *list;
	size_t count;
	struct hsearch_data names; /* where in the list each is, from 1 */
	char untold[256]; /* why the list may lack some; "": it does not */
};

struct doctor;

/*
 * Fills doctor->people; stacks and rules must be there.  A login's terminal and host are not known:
 * a rule that asks for them does not match.
 */
void people_read(struct doctor *doctor);

/*
 * Whether nsswitch.conf(5) names a service for @database that need not list all that it has, as a
 * directory does not; @service is the first of these.
 */
bool people_find_unlisted(const char *database, char *service, size_t size);

/*
 * Fills in the groups of all accounts at once, where NSS can list them; where it cannot, nothing is
 * filled in, and each account's are asked for when a rule wants to know them: account_groups.c.
 */
void people_read_groups(struct people *people);

/* The account of this name; NULL: there is none in the list. */
const struct person *people_find(const struct people *people, const char *user);

/* Whether a rule isolates this one's logins through @service, be the module there or not. */
bool person_is_isolated_by(struct doctor *doctor, struct person *person, const char *service);

/* This one comes in by nsisolate-shell, whatever passwd says: what it gets there. */
void person_comes_by_shell(struct doctor *doctor, struct person *person);

/* Whether any way in is isolated for this one. */
bool person_is_isolated(const struct person *person);

void people_free(struct people *people);

#endif
