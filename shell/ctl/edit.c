/*
 * nsisolatectl edit - like visudo(8): a copy is edited, checked together with all the other files,
 * and replaces the file atomically or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "conf/common/array.h"
#include "conf/common/child.h"
#include "conf/common/cleanup.h"
#include "conf/file/config_file.h"
#include "conf/rules/rules.h"
#include "nss_probe.h"
#include "shell/ctl/output/terminal.h"

#define COPY_SUFFIX ".edit" /* not .conf: beside drop-ins it must not be read as one */
#define DROP_IN_SUFFIX ".d"

enum status { STATUS_DONE = 0, STATUS_LEFT = 1, STATUS_FAILED = 2 };

/* One edit in progress.  Its lock is released when the process ends. */
struct edit {
	char *file; /* with links resolved */
	char *copy; /* in the same directory, so that it can replace the file by rename(2) */
	char *main; /* the file that all drop-ins belong to: @file, or another one */
	char *directory;
	bool made_directory; /* for the first drop-in */
	struct stat before; /* of @file; st_nlink 0: it does not exist yet */
};

static enum status failed(const char *what, const char *path)
{
	fprintf(stderr, NAME ": cannot %s %s: %s\n", what, path, strerror(errno));
	return STATUS_FAILED;
}

/* ---- names ---- */

static bool is_drop_in_directory(const char *directory)
{
	size_t length = strlen(directory), suffix = strlen(".conf" DROP_IN_SUFFIX);

	return length > suffix && !strcmp(directory + length - suffix, ".conf" DROP_IN_SUFFIX);
}

/* The directory for the first drop-in, as it is installed. */
static bool make_directory(const char *directory)
{
	return is_drop_in_directory(directory) && mkdir(directory, 0755) == 0 &&
	       chmod(directory, 0755) == 0;
}

/* Resolves links, in the directory part alone where the file does not exist yet. */
static char *resolve(const char *path, bool *made_directory)
{
	_cleanup_free_ char *first = strdup(path), *second = strdup(path), *directory = NULL;
	char *resolved = realpath(path, NULL);

	if (resolved || errno != ENOENT || !first || !second)
		return resolved;
	directory = realpath(dirname(first), NULL);
	if (!directory && errno == ENOENT) {
		*made_directory = make_directory(first);
		directory = realpath(first, NULL);
	}
	if (!directory || asprintf(&resolved, "%s/%s", directory, basename(second)) < 0)
		return NULL;
	return resolved;
}

/* DIR/nsisolate.conf.d/x.conf belongs to DIR/nsisolate.conf; any other file to itself. */
static char *main_file(const char *file, const char *directory)
{
	if (is_drop_in_directory(directory) && config_file_is_drop_in(file))
		return strndup(directory, strlen(directory) - strlen(DROP_IN_SUFFIX));
	return strdup(file);
}

static bool name_files(struct edit *edit, const char *path)
{
	char *slash;

	edit->file = resolve(path, &edit->made_directory);
	if (!edit->file)
		return false;
	edit->directory = strdup(edit->file);
	if (!edit->directory || asprintf(&edit->copy, "%s" COPY_SUFFIX, edit->file) < 0)
		return false;
	slash = strrchr(edit->directory, '/');
	*(slash == edit->directory ? slash + 1 : slash) = '\0';
	edit->main = main_file(edit->file, edit->directory);
	return edit->main;
}

/* ---- one at a time ---- */

/*
 * Locks the file itself, or its directory if it does not exist.  If another edit has replaced the
 * file meanwhile, the new file is locked instead.  Returns the file's descriptor or -1.
 */
static int lock_file(struct edit *edit)
{
	struct stat now;

	for (;;) {
		int fd = open(edit->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		bool there = fd >= 0;

		if (!there && errno == ENOENT)
			fd = open(edit->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &edit->before) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
			cleanup_close(&fd);
			return -1;
		}
		if (!there) {
			edit->before = (struct stat){.st_mode = 0644};
			return fd;
		}
		if (!S_ISREG(edit->before.st_mode)) {
			close(fd);
			errno = S_ISDIR(edit->before.st_mode) ? EISDIR : EINVAL;
			return -1;
		}
		if (stat(edit->file, &now) == 0 && now.st_ino == edit->before.st_ino &&
			now.st_dev == edit->before.st_dev)
			return fd;
		close(fd);
	}
}

/* ---- the copy ---- */

/* First removes what a killed edit left behind: nobody else has the lock. */
static bool make_copy(const struct edit *edit, int file)
{
	_cleanup_close_ int copy = -1;
	ssize_t sent = edit->before.st_nlink ? 1 : 0;

	if (unlink(edit->copy) < 0 && errno != ENOENT)
		return false;
	copy = open(edit->copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (copy < 0)
		return false;
	while (sent > 0)
		sent = sendfile(copy, file, NULL, 1 << 20);
	return sent == 0;
}

/* Owner and mode of the file: an editor may have created a new file. */
static bool finish_copy(const struct edit *edit)
{
	struct stat status;
	_cleanup_close_ int copy = open(edit->copy, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (copy < 0 || fstat(copy, &status) < 0)
		return false;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return false;
	}
	if (edit->before.st_nlink &&
		(status.st_uid != edit->before.st_uid || status.st_gid != edit->before.st_gid) &&
		fchown(copy, edit->before.st_uid, edit->before.st_gid) < 0)
		return false;
	return fchmod(copy, edit->before.st_mode & 07777) == 0 && fsync(copy) == 0;
}

static bool is_unchanged(const struct edit *edit)
{
	FILE *file = fopen(edit->file, "re"), *copy = fopen(edit->copy, "re");
	bool same = copy != NULL;
	int byte;

	/* a file that does not exist yet is unchanged while nothing is written */
	while (same && (byte = getc(copy)) != EOF)
		same = file && getc(file) == byte;
	if (same && file)
		same = getc(file) == EOF;
	if (file)
		fclose(file);
	if (copy)
		fclose(copy);
	return same;
}

/* ---- the editor ---- */

/* The words of an editor's command line, as sudo splits it: by blanks, without a shell. */
static int spawn_editor(const char *command, const char *copy, pid_t *pid)
{
	_cleanup_free_ char *text = strdup(command);
	char *words[16], *word, *rest = text;
	size_t count = 0;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int result;

	while (text && count + 2 < ARRAY_SIZE(words) && (word = strsep(&rest, " \t")))
		if (*word)
			words[count++] = word;
	if (!count)
		return ENOENT;
	words[count++] = (char *)copy;
	words[count] = NULL;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	result = posix_spawnp(pid, words[0], NULL, &attributes, words, environ);
	posix_spawnattr_destroy(&attributes);
	return result;
}

/* The admin's editor, or the first one available. */
static int start_editor(const char *copy, pid_t *pid)
{
	static const char *const variables[] = {"SUDO_EDITOR", "VISUAL", "EDITOR"};
	static const char *const editors[] = {"editor", "vi", "nano"};
	int result = ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *command = getenv(variables[i]);

		if (command && *command)
			return spawn_editor(command, copy, pid);
	}
	for (size_t i = 0; result && i < ARRAY_SIZE(editors); i++)
		result = spawn_editor(editors[i], copy, pid);
	return result;
}

static bool run_editor(const char *copy)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
	pid_t pid, reaped;
	int status, result;

	/* ^C belongs to the editor, as in system(3) */
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	result = start_editor(copy, &pid);
	if (!result)
		reaped = child_wait(pid, &status);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	if (result) {
		errno = result;
		failed("start an editor for", copy);
		fputs("Name one in the variable EDITOR.\n", stderr);
		return false;
	}
	if (reaped < 0 || !WIFEXITED(status) || WEXITSTATUS(status)) {
		fputs(NAME ": the editor failed\n", stderr);
		return false;
	}
	return true;
}

/* ---- the verdict ---- */

enum verdict { VERDICT_CLEAN, VERDICT_WARNINGS, VERDICT_ERRORS };

static enum verdict check(const struct edit *edit)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct diagnostics_style style = terminal_style(stdout);
	struct name_services services;
	struct rules *rules;
	enum verdict verdict;

	if (rules_load_changed(edit->main, edit->file, edit->copy, &rules, &diagnostics) == 0)
		rules_lint(rules, name_services_ask(&services), &diagnostics);
	diagnostics_show(&diagnostics, &style, stdout);
	verdict = diagnostics.errors || diagnostics.lost ? VERDICT_ERRORS
		  : diagnostics.count                    ? VERDICT_WARNINGS
							 : VERDICT_CLEAN;
	rules_free(rules);
	diagnostics_free(&diagnostics);
	return verdict;
}

/* 'e' edit again, 'i' install, 'x' exit; without a terminal to ask on: exit. */
static char ask(enum verdict verdict)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	for (;;) {
		fputs(verdict == VERDICT_ERRORS
				? "What now? (e)dit again, e(x)it and leave the file as it is: "
				: "What now? (e)dit again, (i)nstall it anyway, e(x)it and "
				  "leave the "
				  "file as it is: ",
			stdout);
		fflush(stdout);
		if (getline(&line, &size, stdin) < 0) {
			fputc('\n', stdout);
			return 'x';
		}
		if ((*line == 'e' || *line == 'x' || (*line == 'i' && verdict != VERDICT_ERRORS)) &&
			line[1] == '\n')
			return *line;
	}
}

/* ---- the end ---- */

static bool changed_meanwhile(const struct edit *edit)
{
	const struct stat *before = &edit->before;
	struct stat now;

	if (stat(edit->file, &now) < 0)
		return before->st_nlink != 0;
	return now.st_ino != before->st_ino || now.st_dev != before->st_dev ||
	       now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

/* A file that nobody reads never takes effect. */
static const char *when_it_counts(const struct edit *edit)
{
	if (is_drop_in_directory(edit->directory) && !config_file_is_drop_in(edit->file))
		return "but no login reads it: names of drop-ins must end in .conf";
	if (strcmp(edit->main, NSISOLATE_CONF) != 0)
		return "it takes effect at the next login, where PAM or nsisolate-shell uses "
		       "it";
	return "it takes effect at the next login";
}

static enum status install(const struct edit *edit)
{
	_cleanup_close_ int directory = open(edit->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (changed_meanwhile(edit)) {
		fprintf(stderr,
			NAME
			": %s was changed by someone else in the meantime; your text is in %s\n",
			edit->file, edit->copy);
		return STATUS_FAILED;
	}
	if (rename(edit->copy, edit->file) < 0) {
		failed("install", edit->file);
		fprintf(stderr, "Your text is in %s\n", edit->copy);
		return STATUS_FAILED;
	}
	/* the rename has to survive a power failure, too */
	if (directory < 0 || fsync(directory) < 0)
		return failed("write out", edit->directory);
	printf("%s is installed; %s.\n", edit->file, when_it_counts(edit));
	return STATUS_DONE;
}

static enum status leave(const struct edit *edit, enum status status, const char *text)
{
	unlink(edit->copy);
	if (text)
		printf("%s: %s\n", edit->file, text);
	return status;
}

static enum status work(const struct edit *edit)
{
	enum verdict verdict;
	char answer;

	for (;;) {
		if (!run_editor(edit->copy))
			return leave(edit, STATUS_FAILED, NULL);
		if (is_unchanged(edit)) {
			verdict = edit->before.st_nlink ? check(edit) : VERDICT_CLEAN;
			return verdict == VERDICT_ERRORS
				       ? leave(edit, STATUS_LEFT, "unchanged, with these errors")
				       : leave(edit, STATUS_DONE, "unchanged");
		}
		if (!finish_copy(edit)) {
			failed("keep owner and mode of", edit->file);
			return leave(edit, STATUS_FAILED, NULL);
		}
		verdict = check(edit);
		answer = 'i';
		if (verdict != VERDICT_CLEAN)
			answer = ask(verdict);
		if (answer == 'i')
			return install(edit);
		if (answer == 'x')
			return leave(edit, STATUS_LEFT, "left as it is");
	}
}

static enum status edit_file(const char *path)
{
	struct edit edit = {0};
	_cleanup_close_ int lock = -1;
	enum status status;

	if (!name_files(&edit, path)) {
		status = failed("edit", path);
	} else if (!strcmp(edit.file, "/dev/null")) {
		fprintf(stderr, NAME ": %s is masked: remove the link to /dev/null first\n", path);
		status = STATUS_FAILED;
	} else if ((lock = lock_file(&edit)) < 0) {
		status = STATUS_FAILED;
		if (errno == EWOULDBLOCK)
			fprintf(stderr, NAME ": %s is being edited by someone else\n", edit.file);
		else
			failed("edit", edit.file);
	} else if (!make_copy(&edit, lock)) {
		status = failed("write", edit.copy);
	} else {
		status = work(&edit);
	}
	/* fails, as it should, where a drop-in is in it now */
	if (edit.made_directory && edit.directory)
		rmdir(edit.directory);
	free(edit.file);
	free(edit.copy);
	free(edit.main);
	free(edit.directory);
	return status;
}

int command_edit(int argc, char **argv)
{
	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return command_usage(argv[0]);
	return (int)edit_file(argc == 2 ? argv[1] : NSISOLATE_CONF);
}
