/*
 * census.h - what a user learns of another one: a witness with something to see, and a table of the
 * channels by which it could be seen, from outside and from inside of a session.
 */
#ifndef NSISOLATE_CTL_CENSUS_H
#define NSISOLATE_CTL_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "conf/common/policy.h"
#include "conf/login/login.h"
#include "witness.h"

enum seen {
	SEEN_NOT_YET, /* nobody has looked */
	SEEN_NO,
	SEEN_YES,
	SEEN_NOTHING_THERE /* this machine has no such thing; finding.why */
};

struct finding {
	enum seen seen;
	char why[80]; /* of SEEN_NOTHING_THERE */
};

/* What a look knows.  It runs as the user, without any privilege. */
struct look {
	const struct witness *witness;
	const struct login *login;
	const struct policy *policy; /* of the session that it runs in; NULL: outside */
	const char *procfs; /* where one is mounted besides /proc; NULL: nowhere */
	ino_t group; /* of our control group's directory in cgroup2; 0: there is none */
	bool jobs[2]; /* whether jobs of cron and of at get sessions of their own */
	struct finding *finding;
};

/* One channel: a row of the table. */
struct channel {
	const char *name; /* in JSON, where it never changes */
	const char *text;
	const char *closed_by; /* the setting, or what else an admin can do; NULL: nothing */
	bool (*closes)(const struct policy *policy); /* whether the setting is there; or NULL */
	enum seen (*look)(struct look *look);
	bool made; /* what is to be seen is there only meanwhile, see enum witness_order */
};

/* The channels of one file. */
struct channels {
	const struct channel *list;
	size_t count;
};
extern const struct channels channels_of_processes, channels_of_the_network, channels_of_memory,
	channels_of_directories, channels_of_accounts, channels_of_the_machine, channels_of_the_bus,
	channels_of_side_doors;

#define CHANNELS_MAX 40
size_t channels_count(void);
const struct channel *channels_get(size_t index);

/* For a look: there is no such thing here.  Returns SEEN_NOTHING_THERE. */
enum seen look_nothing(struct look *look, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* For a look: has the witness do something.  Ends this process if it does not. */
void look_ask(const struct look *look, enum witness_order order);

/* Whether a line of the file at @path has @word in it; -1: it cannot be read. */
int look_for_word(const char *path, const char *word);

/* Which kinds of namespace the policy has, as channel.closes. */
bool closes_by_pid(const struct policy *policy);

/* What was found by every channel. */
struct census {
	const char *service;
	struct login login;
	struct policy policy; /* isolate: the session that was looked from */
	struct finding plain[CHANNELS_MAX], session[CHANNELS_MAX];
};

/* Whether the channel is open in the session although its rule closes it. */
bool census_is_broken(const struct census *census, size_t channel);

void census_show_text(const struct census *census);
void census_show_json(const struct census *census);

#endif
