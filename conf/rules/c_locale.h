/*
 * c_locale.h - the C locale for this thread, while a variable with _in_c_locale_ is in scope: how a
 * configuration is read must not depend on that of the application.
 */
#ifndef NSISOLATE_C_LOCALE_H
#define NSISOLATE_C_LOCALE_H

#include <locale.h>

static inline locale_t c_locale_enter(void)
{
	/* for "C" alone this is a constant of the C library, and cannot fail */
	return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

static inline void c_locale_leave(const locale_t *before)
{
	uselocale(*before);
}

#define _in_c_locale_ __attribute__((cleanup(c_locale_leave), unused)) locale_t

#endif
