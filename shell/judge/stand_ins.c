/*
 * What libpam calls in place of the C library's functions: see lines.h.
 *
 * A definition in the program takes precedence over that of any library: ld.so(8), "symbol
 * resolution".  A file is handed out line by line, so that we know which line libpam is at when it
 * asks for a module or complains.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "lines.h"

#define EXPORTED __attribute__((visibility("default")))
#define OURS "pam_nsisolate.so"
#define TEXT_MAX (1 << 20)
#define DEPTH_MAX 64 /* of files that include each other */

struct line lines[LINES_MAX];
size_t line_count;
bool lines_overflow;
struct asked_file asked_files[FILES_MAX];
size_t asked_count;
struct complaint complaints[LINES_MAX];
size_t complaint_count;
struct replacement *replacements;
size_t replacement_count;
bool reading;

/* ---- files ---- */

/* A file that libpam has open; @outer is the one that includes it. */
struct source {
	struct source *outer;
	const char *path;
	char *text;
	size_t length, used;
	unsigned depth;
};

static struct source *innermost;

/* The number of the first of the lines handed out last, which backslashes may join. */
static unsigned line_number(const struct source *source)
{
	unsigned number = 0, first = 0;
	bool continued = false;

	for (size_t at = 0; at < source->used;) {
		const char *line = source->text + at;
		const char *end = memchr(line, '\n', source->length - at);
		size_t length = end ? (size_t)(end - line) : source->length - at;

		number++;
		if (!continued)
			first = number;
		at += length + 1;
		while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
			length--;
		continued = length && line[length - 1] == '\\';
	}
	return first;
}

static ssize_t source_read(void *cookie, char *buffer, size_t size)
{
	struct source *source = cookie;
	const char *from = source->text + source->used;
	size_t left = source->length - source->used;
	const char *end = memchr(from, '\n', left);
	size_t length = end ? (size_t)(end - from) + 1 : left;

	if (length > size)
		length = size;
	memcpy(buffer, from, length);
	source->used += length;
	return (ssize_t)length;
}

static int source_close(void *cookie)
{
	struct source *source = cookie;

	/* libpam closes in the reverse order */
	innermost = source->outer;
	free(source->text);
	free(source);
	return 0;
}

/* The name of the file that includes all the others. */
static const char *outermost_name(void)
{
	const struct source *source = innermost;
	const char *slash;

	while (source && source->outer)
		source = source->outer;
	slash = source ? strrchr(source->path, '/') : NULL;
	return slash ? slash + 1 : "";
}

static bool is_file(const struct stat *status, const char *path)
{
	struct stat other;

	return stat(path, &other) == 0 && other.st_dev == status->st_dev &&
	       other.st_ino == status->st_ino;
}

/* The replacement for @path, named by its path or through a link; NULL: none. */
static const struct replacement *find_replacement(const char *path)
{
	struct stat status;
	bool there = stat(path, &status) == 0;

	for (size_t i = 0; i < replacement_count; i++)
		if (!replacements[i].broken &&
			(!strcmp(replacements[i].path, path) ||
				(there && is_file(&status, replacements[i].path))))
			return &replacements[i];
	return NULL;
}

/* Reads the whole file into @source; 0 or a negative errno. */
static int take_text(struct source *source, const char *path)
{
	const struct replacement *replacement = find_replacement(path);
	_cleanup_close_ int fd = -1;
	ssize_t got;
	char *text;

	if (replacement && !replacement->text)
		return -ENOENT;
	/* libpam only limits the depth of substacks, and would go on until its stack overflows */
	source->depth = innermost ? innermost->depth + 1 : 1;
	if (source->depth > DEPTH_MAX)
		return -ELOOP;
	source->text = malloc(replacement ? replacement->length + 1 : TEXT_MAX);
	if (!source->text)
		return -ENOMEM;
	if (replacement) {
		memcpy(source->text, replacement->text, replacement->length);
		source->length = replacement->length;
		return 0;
	}
	/* a FIFO is not a PAM file, and reading one could wait for ever */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	while (source->length < TEXT_MAX &&
		(got = read(fd, source->text + source->length, TEXT_MAX - source->length)) != 0) {
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			source->length += (size_t)got;
	}
	text = realloc(source->text, source->length + 1);
	if (!text)
		return -ENOMEM;
	source->text = text;
	return source->length < TEXT_MAX ? 0 : -EFBIG;
}

static void note_asked(char *path, int errnum)
{
	for (size_t i = 0; i < asked_count; i++)
		if (!strcmp(asked_files[i].path, path)) {
			if (errnum)
				asked_files[i].errnum = errnum;
			return;
		}
	if (asked_count < FILES_MAX)
		asked_files[asked_count++] = (struct asked_file){path, errnum};
}

/* The second is libpam's name for it where it was built with wide file offsets on 32 bits. */
EXPORTED FILE *source_open(const char *path, const char *mode) __asm__("fopen");
EXPORTED FILE *source_open_wide(const char *path, const char *mode) __asm__("fopen64");

FILE *source_open(const char *path, const char *mode)
{
	static const cookie_io_functions_t functions = {.read = source_read, .close = source_close};
	struct source *source;
	FILE *file = NULL;
	char *kept;
	int result;

	/* nothing may be written, even if the compiler's runtime library wants to */
	if (*mode != 'r' || strchr(mode, '+')) {
		errno = EACCES;
		return NULL;
	}
	source = calloc(1, sizeof *source);
	kept = strdup(path); /* never freed: lines point to it */
	result = source && kept ? take_text(source, path) : -ENOMEM;
	if (kept)
		note_asked(kept, -result);
	if (result == 0)
		file = fopencookie(source, "r", functions);
	if (file) {
		source->path = kept;
		source->outer = innermost;
		innermost = source;
		return file;
	}
	if (source)
		free(source->text);
	free(source);
	errno = result < 0 ? -result : ENOMEM;
	return NULL;
}

FILE *source_open_wide(const char *path, const char *mode)
{
	return source_open(path, mode);
}

/* ---- modules ---- */

struct module {
	struct module *next;
	char *path;
	bool there, broken;
	const char *text; /* the file itself */
	size_t length;
};

static struct module *modules;

static void look_at(struct module *module)
{
	_cleanup_close_ int fd = open(module->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	void *text;

	module->there = fd >= 0 || errno == EACCES || errno == EPERM;
	for (size_t i = 0; i < replacement_count; i++)
		module->broken |=
			replacements[i].broken && !strcmp(replacements[i].path, module->path);
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_size <= 0)
		return;
	text = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return;
	module->text = text;
	module->length = (size_t)status.st_size;
}

/* Whether the function's name is among the file's strings, as in one that exports it. */
static bool has_function(const struct module *module, const char *name)
{
	/* with the NUL before and after it: elf(5), string tables */
	char string[64] = "";
	size_t length = strlen(name);

	if (!module->text)
		return module->there;
	if (length + 2 > sizeof string)
		return false;
	memcpy(string + 1, name, length);
	return memmem(module->text, module->length, string, length + 2) != NULL;
}

EXPORTED void *dlopen(const char *path, int flags)
{
	struct module *module = calloc(1, sizeof *module);

	(void)flags;
	if (!module || !(module->path = strdup(path))) {
		free(module);
		return NULL;
	}
	look_at(module);
	if (!module->there && strstr(path, "$ISA")) {
		/* then libpam asks again, for the path without that */
		free(module->path);
		free(module);
		return NULL;
	}
	/*
	 * A module that does not exist or cannot be loaded is given to libpam as one without any
	 * function: the line fails in the same way, with PAM_MODULE_UNKNOWN, and we get to know it.
	 */
	module->next = modules;
	modules = module;
	return module;
}

static char type_of(const char *function)
{
	static const struct {
		const char *function;
		char type;
	} types[] = {
		{"pam_sm_authenticate", 'a'},
		{"pam_sm_acct_mgmt", 'c'},
		{"pam_sm_open_session", 's'},
		{"pam_sm_chauthtok", 'p'},
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].function, function))
			return types[i].type;
	return '\0'; /* a line's second function */
}

/* libpam asks once for each function of each line, in order. */
EXPORTED void *dlsym(void *handle, const char *function)
{
	const struct module *module = handle;
	bool able = module->there && !module->broken && has_function(module, function);
	const char *slash = strrchr(module->path, '/');
	char type = type_of(function);

	if (type && line_count == LINES_MAX)
		lines_overflow = true;
	if (lines_overflow || (!type && !line_count))
		return NULL;
	if (type)
		lines[line_count++] = (struct line){
			.type = type,
			.file = innermost ? innermost->path : NULL,
			.number = innermost ? line_number(innermost) : 0,
			.module = module->path,
			.there = module->there,
			.able = able,
			.other = !strcmp(outermost_name(), "other"),
			.ours = !strcmp(slash ? slash + 1 : module->path, OURS),
		};
	return able ? line_function(line_count - 1) : NULL;
}

EXPORTED int dlclose(void *handle)
{
	(void)handle;
	return 0;
}

EXPORTED char *dlerror(void)
{
	static char text[] = "is not there";

	return text;
}

/* ---- the log ---- */

void note_complaint(const char *text)
{
	if (complaint_count < LINES_MAX)
		complaints[complaint_count++] = (struct complaint){
			.file = innermost ? innermost->path : NULL,
			.number = innermost ? line_number(innermost) : 0,
			.text = text,
		};
}

static void complain(const char *format, va_list args)
{
	static const char prefix[] = "PAM ";
	char *text;

	if (!reading || vasprintf(&text, format, args) < 0)
		return;
	/* complaints about a module are recorded with its line: dlsym */
	if (!strstr(text, "unable to resolve symbol"))
		note_complaint(
			!strncmp(text, prefix, strlen(prefix)) ? text + strlen(prefix) : text);
}

EXPORTED void syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
EXPORTED void __syslog_chk(int priority, int flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void syslog(int priority, const char *format, ...)
{
	va_list args;

	(void)priority;
	va_start(args, format);
	complain(format, args);
	va_end(args);
}

/* what libpam calls if it was built with _FORTIFY_SOURCE */
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)priority;
	(void)flag;
	va_start(args, format);
	complain(format, args);
	va_end(args);
}

/* libaudit's: this is not a login, so there is nothing to audit. */
EXPORTED int audit_open(void);

int audit_open(void)
{
	errno = EPROTONOSUPPORT;
	return -1;
}
