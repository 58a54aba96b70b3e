#include "selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"

#define MOUNT "/sys/fs/selinux"
#define LABEL_SIZE 512
#define PERMISSIVE 1u /* a flag of the answer: this domain alone is not held to the policy */

/* What packaging/selinux/nsisolate.cil grants an application about itself. */
static const struct {
	const char *class, *permission;
} needed[] = {
	{"capability", "sys_admin"},
	{"capability", "sys_chroot"},
	{"capability", "sys_ptrace"},
	{"process", "setcurrent"},
	{"process", "dyntransition"},
};

/* Writes @question, if there is one, and reads what the file says then. */
static int ask(const char *path, const char *question, char *answer, size_t size)
{
	_cleanup_close_ int fd = open(path, (question ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	ssize_t length;

	if (fd < 0 || (question && write(fd, question, strlen(question)) < 0))
		return -errno;
	length = read(fd, answer, size - 1);
	if (length < 0)
		return -errno;
	answer[length] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return 0;
}

/* The number of a class, or of one of its permissions; negative: -errno. */
static int number_of(const char *class, const char *permission)
{
	char path[128], text[32];
	int result, number;

	snprintf(path, sizeof path, MOUNT "/class/%s/%s%s", class, permission ? "perms/" : "",
		permission ? permission : "index");
	result = ask(path, NULL, text, sizeof text);
	if (result < 0)
		return result;
	return sscanf(text, "%d", &number) == 1 && number > 0 ? number : -EPROTO;
}

/* The label that @program has when process 1 has started it. */
static int label_of(const char *program, char label[LABEL_SIZE])
{
	char init[LABEL_SIZE], file[LABEL_SIZE], question[2 * LABEL_SIZE + 16];
	int class = number_of("process", NULL);
	int result = class < 0 ? class : ask("/proc/1/attr/current", NULL, init, sizeof init);
	ssize_t length;

	if (result < 0)
		return result;
	length = getxattr(program, "security.selinux", file, sizeof file - 1);
	if (length < 0)
		return -errno;
	file[length] = '\0';
	snprintf(question, sizeof question, "%s %s %d", init, file, class);
	return ask(MOUNT "/create", question, label, LABEL_SIZE);
}

/* Returns 1 if @label may do this to itself, 0 if not, or a negative errno. */
static int is_allowed(const char *label, const char *class, const char *permission)
{
	char question[2 * LABEL_SIZE + 16], answer[128];
	unsigned allowed, flags;
	int class_number = number_of(class, NULL), bit = number_of(class, permission), result;

	if (class_number < 0 || bit < 0)
		return class_number < 0 ? class_number : bit;
	snprintf(question, sizeof question, "%s %s %d", label, label, class_number);
	result = ask(MOUNT "/access", question, answer, sizeof answer);
	if (result < 0)
		return result;
	if (sscanf(answer, "%x %*x %*x %*x %*u %x", &allowed, &flags) != 2 || bit > 32)
		return -EPROTO;
	return (flags & PERMISSIVE) || (allowed & 1u << (bit - 1));
}

int selinux_ask(const char *program, struct error *error)
{
	char enforce[16] = "", label[LABEL_SIZE];
	int result = ask(MOUNT "/enforce", NULL, enforce, sizeof enforce);

	if (result == -ENOENT || (!result && *enforce != '1'))
		return 0;
	if (!result)
		result = label_of(program, label);
	for (size_t i = 0; !result && i < ARRAY_SIZE(needed); i++) {
		result = is_allowed(label, needed[i].class, needed[i].permission);
		if (result == 0)
			return error_set(error, EACCES,
				"SELinux denies %s (%s) the %s %s, which isolated logins need",
				program, label, needed[i].class, needed[i].permission);
		result = result < 0 ? result : 0;
	}
	return result < 0 ? error_errno(error, -result, "cannot ask SELinux's policy") : 0;
}
