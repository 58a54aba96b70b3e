/*
 * settings.h - the settings of nsisolate.conf: one row each, used to check a file, to fill struct
 * policy, to write it as options of nsisolate-init and read it back, to explain and to test.
 */
#ifndef NSISOLATE_SETTINGS_H
#define NSISOLATE_SETTINGS_H

#include <stddef.h>

#include "policy.h"

/* The keys of nsisolate.conf. */
enum key_id {
	/* matchers, in the order in which they are looked at; see conf/rules/keys.h */
	KEY_USER,
	KEY_UID,
	KEY_SERVICE,
	KEY_TTY,
	KEY_FROM,
	KEY_GROUP, /* the last one: it alone has to ask NSS */
	KEY_MATCHERS, /* how many of them */

	/* settings, in the order in which they are shown */
	KEY_ISOLATE = KEY_MATCHERS,
	KEY_PRIVACY,
	KEY_NAMESPACES,
	KEY_NETWORK,
	KEY_SCOPE,
	KEY_HOSTNAME,
	KEY_DOMAINNAME,
	KEY_HOSTS,
	KEY_PRIVATE,
	KEY_PRIVATE_SIZE,
	KEY_INACCESSIBLE,
	KEY_READ_ONLY,
	KEY_USER_MANAGER,
	KEY_SHELL,
	KEY_LOGOUT,
	KEY_LINGER_MAX,
	KEY_GRACE,
	KEY_ON_ERROR,
	KEY_COUNT
};

/* What a value is, and the field of struct policy that holds it. */
enum setting_shape {
	SHAPE_SWITCH, /* bool: the first of words[] or another one; as an option, there or not */
	SHAPE_WORD, /* an enum: one of words[] */
	SHAPE_NUMBER, /* unsigned, at most limit */
	SHAPE_SPAN, /* unsigned: seconds, at most limit; 0: none; as an option, left out then */
	SHAPE_KINDS, /* int: CLONE_NEW* flags; as options, one for each of kinds[] */
	SHAPE_DIRS, /* unsigned: a set of directories (private_dirs.h) */
	/* char[limit + 1]; as an option, left out when empty */
	SHAPE_TEXT, /* that nsisolate.conf cannot set */
	SHAPE_TEMPLATE, /* in nsisolate.conf with specifiers, expanded for each login */
	SHAPE_SIZE, /* a size= of tmpfs(5) */
	SHAPE_PATH,
	SHAPE_PATHS /* closed_paths.h */
};

struct setting {
	const char *name; /* in nsisolate.conf; NULL: it cannot be set there */
	const char *option; /* of nsisolate-init, without the "--"; NULL: it is not told */
	enum setting_shape shape;
	size_t offset; /* of the field in struct policy */
	unsigned limit; /* of a number, of a text's bytes, of how many words there are */
	const char *const *words; /* of a SHAPE_SWITCH or a SHAPE_WORD, by its value */
	const char *expected; /* what can stand there, where no words say so */
	const char *builtin; /* the value where nobody sets it; NULL: none */
};

/* Indexed by enum key_id from KEY_MATCHERS on; after KEY_COUNT those of nsisolate-init alone. */
#define SETTINGS_END (KEY_COUNT + 3)
extern const struct setting settings[SETTINGS_END];

#endif
