/* stack_file.h - one PAM file: found as libpam finds it, read, and replaced atomically. */
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

/* A file that has been read; locked as long as @fd is open. */
struct stack_file {
	char *path; /* with links resolved */
	char *directory; /* of @path */
	int fd; /* -1: it does not exist yet */
	struct stat status; /* at the time of reading */
	struct stack_text text;
};

/*
 * The path of the file that libpam reads for @service; NULL with errno ENOENT (there is none) or
 * ENOMEM.  The caller frees it.
 */
char *stack_find(const char *service);

/*
 * Opens, locks and reads @path, following links.  Returns 0; -ENOENT: no such file; or
 * another negative errno. stack_close must be called in any case.
 */
int stack_open(struct stack_file *file, const char *path, struct error *error);

/* The same for a file at @path that does not exist yet. */
int stack_new(struct stack_file *file, const char *path, struct error *error);

/*
 * Replaces the file by one with @text and the same owner, mode and extended attributes (such as
 * SELinux's label and access lists), or creates it.  A concurrent reader finds either the old file
 * or the new one.  Refuses where somebody changed the file since it was read, and where it has hard
 * links, which would keep the old content.
 */
int stack_replace(
	const struct stack_file *file, const struct stack_text *text, struct error *error);

/* Removes the file. */
int stack_remove(const struct stack_file *file, struct error *error);

void stack_close(struct stack_file *file);
#define _cleanup_stack_ __attribute__((cleanup(stack_close)))

#endif
