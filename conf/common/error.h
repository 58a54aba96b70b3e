/*
 * error.h - one failure, in words for the admin who must fix it.
 *
 * Library code returns 0 or a negative errno and fills a struct error; only main()s and the PAM
 * module show it.  A text says what was tried, on what, why it failed, and what to do.
 */
#ifndef NSISOLATE_ERROR_H
#define NSISOLATE_ERROR_H

#include <stdbool.h>

struct error {
	char text[512]; /* one line, no newline at the end; "" while nothing failed */
	/*
	 * The cause was there before the user came: the kernel, a permission, a sysctl or a program
	 * is lacking.  Only then may a login go un-isolated (on_error = allow): a user can choose
	 * to exhaust a limit, memory or descriptors, or to pick a moment.
	 */
	bool lacking;
};

/*
 * Fills @error with the formatted text; a text too long for it is cut.  Returns -errnum, so that a
 * caller can write `return error_set(error, ENOENT, ...)`.  @errnum is a positive errno value and
 * is not put into the text by itself.  @error may be NULL.
 */
int error_set(struct error *error, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same for a failed system call: the text gets ": " and strerror(errnum) at its end.
 */
int error_errno(struct error *error, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * For an @error just filled with @result, of a call for which EPERM, EACCES and ENOSYS mean that
 * the machine forbids it or lacks it, for every user: marks it as lacking if it is one of these.
 * Returns @result.
 */
int error_of_machine(struct error *error, int result);

#endif
