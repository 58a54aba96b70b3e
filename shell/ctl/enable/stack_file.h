/*
 * stack_file.h - one file of PAM's: found as libpam finds it, read, and replaced at one stroke.
 */
#ifndef NSISOLATE_CTL_STACK_FILE_H
#define NSISOLATE_CTL_STACK_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "conf/common/error.h"
#include "text_lines.h"

#define PAM_OWN_DIRECTORY "/etc/pam.d"
#define PAM_CONF "/etc/pam.conf"

/* Where libpam looks for a service, in this order: the administrator's, then the vendors'. */
extern const char *const pam_directories[];
#define PAM_DIRECTORIES 3

/* A file that was read, and is locked as long as @fd is open. */
struct stack_file {
	char *path; /* what links lead to */
	char *directory; /* of @path */
	int fd; /* -1: there is no such file yet */
	struct stat status; /* as it was read */
	struct stack_text text;
};

/*
 * The path of what libpam reads for @service; NULL with errno ENOENT: nothing, or ENOMEM.  It is
 * the caller's to free.
 */
char *stack_find(const char *service);

/*
 * Opens, locks and reads @path, through links.  Returns 0; -ENOENT: there is no such file; or
 * another -errno.  To be given back by stack_close in any case.
 */
int stack_open(struct stack_file *file, const char *path, struct error *error);

/* For a file that is not there yet, at @path. */
int stack_new(struct stack_file *file, const char *path, struct error *error);

/*
 * Puts @text in the place of the file, with its owner, mode and extended attributes (SELinux's
 * label and access lists are such), or makes it, with those of a new file.  Whoever reads it at
 * that moment finds the one or the other.  Refused where somebody changed the file since it was
 * read, and where a file of several names would part from them.
 */
int stack_replace(
	const struct stack_file *file, const struct stack_text *text, struct error *error);

/* Takes the file away. */
int stack_remove(const struct stack_file *file, struct error *error);

void stack_close(struct stack_file *file);
#define _cleanup_stack_ __attribute__((cleanup(stack_close)))

#endif
