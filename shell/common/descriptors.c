#include "descriptors.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range /* glibc 2.31 does not have it */
#define SYS_close_range 436
#endif

static int compare(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;

	return (a > b) - (a < b);
}

int descriptors_keep(int *keep, size_t count, struct error *error)
{
	unsigned from = 0;

	qsort(keep, count, sizeof *keep, compare);
	for (size_t i = 0; i <= count; i++) {
		unsigned next = i < count ? (unsigned)keep[i] : ~0u;

		if (i < count && keep[i] < 0)
			continue;
		if (from < next &&
			syscall(SYS_close_range, from, i < count ? next - 1 : ~0u, 0) < 0)
			return error_errno(error, errno, "cannot close inherited descriptors");
		from = next + 1;
	}
	return 0;
}
