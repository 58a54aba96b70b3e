/*
 * effect.h - what changing a PAM file would do to every service of the machine, found out
 * beforehand.
 */
#ifndef NSISOLATE_CTL_EFFECT_H
#define NSISOLATE_CTL_EFFECT_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/common/error.h"
#include "shell/ctl/pam_stack.h"

struct effect {
	char *touched; /* the services whose lines of ours change, separated by commas; "": none */
	char harmed[64]; /* one that would be refused then, and is not now; "": none */
	struct error why; /* the reason */
};

/*
 * Compares each verdict of @stacks with the one with @change, where libpam asks for that file; the
 * service @known, which the caller judges itself, is left out (NULL: none).  Returns 0 with @effect
 * filled, which the caller frees; or a negative errno: the services cannot be listed or judged.  A
 * service whose stack cannot be judged is neither touched nor harmed.
 */
int effect_of(const struct stacks *stacks, const struct pam_change *change, const char *known,
	struct effect *effect, struct error *error);

/* The same for all stacks as they are now. */
int effect_now(const struct pam_change *change, const char *known, struct effect *effect,
	struct error *error);

void effect_free(struct effect *effect);

/* Whether every login is refused, by any part of the stack. */
bool effect_refuses(const struct pam_verdict *verdict);

/* Explains to an administrator why every login is refused, or why some or all are not isolated. */
void effect_explain(const struct pam_verdict *verdict, struct error *why);

#endif
