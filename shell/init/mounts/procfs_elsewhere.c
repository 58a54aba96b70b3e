#include "procfs_elsewhere.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

bool procfs_has_processes(const char *root)
{
	static const char gone[] = "//deleted";
	size_t length = strlen(root);

	if (!strcmp(root, "/"))
		return true;
	if (!isdigit(root[1]))
		return false;
	return length < sizeof gone || strcmp(root + length - (sizeof gone - 1), gone) != 0;
}

/* Headers may be older than the kernel.  Elsewhere these calls have other numbers. */
#if defined(__alpha__) || defined(__mips__) || (defined(__x86_64__) && defined(__ILP32__))

bool procfs_may_be_elsewhere(dev_t own)
{
	(void)own;
	return true;
}

#else

#define CALL_STATMOUNT 457
#define CALL_LISTMOUNT 458

/* struct mnt_id_req, its first version: of one mount, or of those after one */
struct request {
	uint32_t size, spare;
	uint64_t id, wanted;
};
#define ALL UINT64_MAX /* LSMT_ROOT: of this process's root directory */

/* struct statmount; strings begin at its end, and the fields here are offsets of theirs */
struct answer {
	uint32_t size, options;
	uint64_t has;
	uint32_t major, minor;
	uint64_t magic;
	uint32_t flags, type;
	uint64_t others[8];
	uint32_t root, point;
	uint64_t spare[50];
	char strings[];
};
_Static_assert(offsetof(struct answer, root) == 104, "as in the kernel");
_Static_assert(offsetof(struct answer, strings) == 512, "as in the kernel");

enum { SUPER_BLOCK = 0x1, ROOT = 0x8, POINT = 0x10 };

/* How many are asked for at once. */
#define PART 128

/* Whether the kernel says all of @wanted; what is too long for @size it does not say. */
static bool ask(uint64_t id, uint64_t wanted, struct answer *answer, size_t size)
{
	struct request request = {.size = sizeof request, .id = id, .wanted = wanted};

	return syscall(CALL_STATMOUNT, &request, answer, size, 0) == 0 &&
	       (answer->has & wanted) == wanted;
}

/*
 * Whether a path that begins with @place, on /proc or below it, leads to the session's own: the
 * mount that was seen there is below that one.  Such names are the kernel's; no user changes them.
 */
static bool is_covered(const char *place, dev_t own)
{
	struct stat status;

	if (strncmp(place, "/proc", 5) != 0 || (place[5] && place[5] != '/'))
		return false;
	return lstat(place, &status) == 0 ? status.st_dev == own : errno == ENOENT;
}

/* Of a procfs, not the session's own. */
static bool may_show(uint64_t id, dev_t own)
{
	union {
		struct answer answer;
		char bytes[sizeof(struct answer) + 256];
	} room;
	const struct answer *answer = &room.answer;

	if (!ask(id, ROOT | POINT, &room.answer, sizeof room))
		return true;
	return procfs_has_processes(answer->strings + answer->root) &&
	       !is_covered(answer->strings + answer->point, own);
}

bool procfs_may_be_elsewhere(dev_t own)
{
	struct request request = {.size = sizeof request, .id = ALL};
	uint64_t ids[PART];
	long count;

	do {
		count = syscall(CALL_LISTMOUNT, &request, ids, (size_t)PART, 0);
		if (count < 0)
			return true;
		for (long i = 0; i < count; i++) {
			struct answer answer;

			if (!ask(ids[i], SUPER_BLOCK, &answer, offsetof(struct answer, flags)))
				return true;
			if (answer.magic == PROC_SUPER_MAGIC &&
				makedev(answer.major, answer.minor) != own && may_show(ids[i], own))
				return true;
			request.wanted = ids[i];
		}
	} while (count == PART);
	return false;
}

#endif
