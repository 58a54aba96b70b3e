#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERRNO_MAX 4095 /* the kernel encodes an errno as one of the last 4095 pointers */

int error_set(struct error *error, int errnum, const char *format, ...)
{
	va_list args;

	if (!error)
		return -errnum;
	va_start(args, format);
	vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	error->lacking = false;
	return -errnum;
}

int error_errno(struct error *error, int errnum, const char *format, ...)
{
	va_list args;
	size_t used;

	if (!error)
		return -errnum;
	va_start(args, format);
	vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	used = strlen(error->text);
	/*
	 * an NSS service may use error codes of its own, which strerror(3) does not know (sssd
	 * does)
	 */
	if (errnum <= ERRNO_MAX)
		snprintf(error->text + used, sizeof error->text - used, ": %s", strerror(errnum));
	else
		snprintf(error->text + used, sizeof error->text - used, ": error code %d", errnum);
	error->lacking = false;
	return -errnum;
}

int error_of_machine(struct error *error, int result)
{
	if (error)
		error->lacking = result == -EPERM || result == -EACCES || result == -ENOSYS;
	return result;
}
