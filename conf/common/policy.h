/*
 * policy.h - what one login gets: the result of matching it against the rules, and the only thing
 * that the ways in tell the engine.
 *
 * It reaches nsisolate-init as a command line; policy_to_argv and policy_from_option are the two
 * ends and share one table (settings.h), so they cannot drift apart.
 */
#ifndef NSISOLATE_POLICY_H
#define NSISOLATE_POLICY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define POLICY_NAME_MAX 64 /* a hostname's or domainname's bytes: __NEW_UTS_LEN */
#define POLICY_LABEL_MAX 63 /* of the part of one up to a dot: RFC 1035, 2.3.4 */
#define POLICY_RULE_MAX 64 /* a rule name's bytes */
#define POLICY_ID_LENGTH 8 /* digits of a session's id */
#define POLICY_SHELL_MAX 255 /* bytes of a shell's path: PID 1 keeps all this for its life */
#define POLICY_SIZE_MAX 15 /* bytes of a size of memory, as text */
#define POLICY_PATHS_MAX 1000 /* bytes of a list of paths: a line of nsisolate.conf has no more */
#define POLICY_GRACE_DEFAULT 2 /* seconds */
#define POLICY_GRACE_MAX 3600 /* seconds */
#define POLICY_LINGER_MAX 315576000 /* seconds: ten years */

enum policy_logout {
	LOGOUT_KILL, /* end every process of the session, after `grace` seconds by force */
	LOGOUT_LINGER /* wait until the last process has ended by itself */
};

enum policy_scope {
	SCOPE_SESSION, /* a set of namespaces of its own for each login */
	SCOPE_USER /* one for all logins of the user under the rule */
};

enum policy_network {
	NETWORK_HOST, /* the machine's */
	NETWORK_NONE, /* an empty one, but for its own loopback */
	NETWORK_USER /* one of the user's, with a way out: shell/init/network.h */
};

enum policy_privacy {
	PRIVACY_PROCESSES,
	PRIVACY_STRICT /* other values where a rule does not say them itself: rules.c */
};

enum policy_user_manager {
	USER_MANAGER_HIDE, /* /run/user is the session's own */
	USER_MANAGER_KEEP, /* ... is the host's */
	USER_MANAGER_OFF /* as with HIDE, and no manager is started: the module does that */
};

enum policy_on_error { ON_ERROR_DENY, ON_ERROR_ALLOW };

struct policy {
	bool isolate; /* false: the login is left alone, ignore the rest */
	bool observe; /* of one that is left alone: the log says what it would have got, the rest */
	char rule[POLICY_RULE_MAX + 1]; /* which rule won; "" when none matched */
	char id[POLICY_ID_LENGTH + 1]; /* the session's: hexadecimal digits */
	enum policy_privacy privacy; /* only to show: the fields below have what it stands for */
	enum policy_scope scope;
	int kinds; /* CLONE_NEW* flags, complete (kinds_complete) */
	enum policy_network network; /* other than NETWORK_HOST: kinds has CLONE_NEWNET */
	char hostname[POLICY_NAME_MAX + 1]; /* "" when kinds has no CLONE_NEWUTS */
	bool numbered; /* of the user's sessions with that hostname the second one gets a -2 */
	unsigned number; /* that one: 0 or 1, the hostname is as it is */
	char domainname[POLICY_NAME_MAX + 1]; /* "" leaves the host's */
	bool hosts; /* name the hostname in the session's /etc/hosts */
	unsigned private; /* directories that are the session's own, see private_dirs.h */
	char private_size[POLICY_SIZE_MAX + 1]; /* of each, see tmpfs(5); "": the kernel's */
	/* closed_paths.h; "" none; else kinds has CLONE_NEWNS */
	char inaccessible[POLICY_PATHS_MAX + 1];
	char read_only[POLICY_PATHS_MAX + 1];
	enum policy_user_manager user_manager;
	char shell[POLICY_SHELL_MAX + 1]; /* the real shell for nsisolate-shell; "": passwd's */
	enum policy_logout logout;
	unsigned linger_max; /* seconds that what lingers may live without a login; 0: no limit */
	unsigned grace; /* seconds between SIGTERM and the end, for LOGOUT_KILL */
	enum policy_on_error on_error;
};

/*
 * nsisolate-init's options for a policy.  The strings live in @argv->text and @policy; both must
 * outlive argv->option.  option[count] is NULL.
 */
#define POLICY_OPTIONS_MAX 24
struct policy_argv {
	char *option[POLICY_OPTIONS_MAX + 1];
	int count;
	char text[1024 + 2 * POLICY_PATHS_MAX];
};
void policy_to_argv(const struct policy *policy, struct policy_argv *argv);

/*
 * The hostname of the session with that number: -2 behind the first label of @hostname, which is
 * shortened where that would be too long.  A name that still has no room loses its other labels.
 */
void policy_hostname(const char *hostname, unsigned number, char name[POLICY_NAME_MAX + 1]);

/*
 * Takes one command-line word into @policy if it is one of the options that policy_to_argv makes.
 * Returns 1 when it was taken, 0 when it is not an option of a policy, -EINVAL with @error filled
 * when its value is not allowed.
 */
int policy_from_option(struct policy *policy, const char *word, struct error *error);

#endif
