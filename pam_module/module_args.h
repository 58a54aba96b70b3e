/*
 * module_args.h - the module's arguments in a PAM service file, see pam_nsisolate(8).
 */
#ifndef NSISOLATE_MODULE_ARGS_H
#define NSISOLATE_MODULE_ARGS_H

#include <stdbool.h>

#include "conf/common/error.h"

struct options {
	const char *conf; /* the configuration's path */
	const char *rescue_group; /* its members get in when the configuration is broken; or NULL */
	bool debug;
	bool open; /* this line acts when a session is opened */
	bool close; /* ... and when it is closed */
};

/* The strings remain the caller's.  -EINVAL with @error filled when an argument is unknown. */
int options_parse(struct options *options, int argc, const char **argv, struct error *error);

#endif
