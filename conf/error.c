#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, int errnum, const char *format, ...)
{
	va_list args;

	if (!error)
		return -errnum;
	va_start(args, format);
	vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
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
	snprintf(error->text + used, sizeof error->text - used, ": %s", strerror(errnum));
	return -errnum;
}
