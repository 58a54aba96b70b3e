/*
 * pam-judge - asks libpam itself what a service's stack does, without running any module.
 *
 *	pam-judge SERVICE
 *
 * Standard input has replacements for files: a line PATH, a line LENGTH, and that many bytes.
 * LENGTH is `-` for a file that does not exist, and `!` for a module that cannot be loaded
 * (pam-load).  Standard output gets one fact per line, its words separated by tabs; the last line
 * is `end`.  The caller (ctl/pam_verdict.c) limits the time that it takes.
 */
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lines.h"
#include "runs.h"

#define MEMORY_MAX (256ul << 20)

/* ---- what is asked ---- */

/* All of standard input, followed by a NUL; NULL if it cannot be read or memory is short. */
static char *read_input(size_t *length)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t got = 1;

	*length = 0;
	while (got > 0) {
		char *larger = realloc(text, size += 65536);

		if (!larger)
			return NULL;
		text = larger;
		while (*length + 1 < size &&
			(got = read(STDIN_FILENO, text + *length, size - *length - 1)) > 0)
			*length += (size_t)got;
	}
	text[*length] = '\0';
	return got < 0 ? NULL : text;
}

/* The next line of @text, cut off with a NUL; NULL when none is left. */
static char *next_word(char **text)
{
	char *word = *text, *end = strchr(word, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return word;
}

/* False if the input is malformed, or memory is short. */
static bool take_replacements(char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		struct replacement replacement = {.path = next_word(&text)};
		char *number = replacement.path ? next_word(&text) : NULL, *rest;
		struct replacement *larger;

		if (!number)
			return false;
		replacement.broken = !strcmp(number, "!");
		if (!replacement.broken && strcmp(number, "-") != 0) {
			replacement.length = strtoul(number, &rest, 10);
			if (*rest || replacement.length > (size_t)(end - text))
				return false;
			replacement.text = text;
			text += replacement.length;
		}
		larger = reallocarray(replacements, replacement_count + 1, sizeof *replacements);
		if (!larger)
			return false;
		replacements = larger;
		replacements[replacement_count++] = replacement;
	}
	return true;
}

/* ---- the report ---- */

/* One word of a line; a byte that would end the word is printed as `?`. */
static void say(const char *word)
{
	putchar('\t');
	for (; *word; word++)
		putchar((unsigned char)*word < ' ' ? '?' : *word);
}

static void say_lines(void)
{
	for (size_t i = 0; i < line_count; i++) {
		const struct line *line = &lines[i];

		printf("line\t%c\t%u\t%u\t%d\t%d\t%d\t%d\t%d", line->type, line->number, line->part,
			line->there, line->able, line->other, line->ours,
			line->named && line->wrong);
		say(line->file ? line->file : "");
		say(line->module);
		say(line->fault.text);
		for (int j = 0; j < line->argument_count; j++)
			say(line->arguments[j]);
		putchar('\n');
	}
	for (size_t i = 0; i < complaint_count; i++) {
		printf("said\t%u", complaints[i].number);
		say(complaints[i].file ? complaints[i].file : "");
		say(complaints[i].text);
		putchar('\n');
	}
	for (size_t i = 0; i < asked_count; i++) {
		printf("file\t%d", asked_files[i].errnum);
		say(asked_files[i].path);
		putchar('\n');
	}
}

static void judge(pam_handle_t *pamh)
{
	static struct runs runs;
	bool auth, account;

	runs_of_session(pamh, &runs);
	account = runs_can_succeed(pamh, 'c');
	auth = runs_can_succeed(pamh, 'a');
	printf("session\t%u\t%u\t%d\t%d\t%u\n", runs.fates, runs.usual, runs.closes, runs.over,
		runs.count);
	printf("other\t%d\t%d\n", auth, account);
	if (runs.decided)
		printf("decides\t%zu\n", runs.decides);
}

/* libpam 1.5 crashes on `session substack` without a name, and the application with it. */
static void say_crash(int signum)
{
	(void)signum;
	note_complaint("libpam crashes here");
	puts("unread");
	say_lines();
	puts("end");
	fflush(stdout);
	_exit(0);
}

static int converse(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)count;
	(void)messages;
	(void)responses;
	(void)data;
	return PAM_CONV_ERR;
}

int main(int argc, char **argv)
{
	static const struct pam_conv conversation = {converse, NULL};
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
	pam_handle_t *pamh = NULL;
	size_t length;
	char *input;

	if (argc != 2) {
		fputs("usage: pam-judge SERVICE\n", stderr);
		return 2;
	}
	setrlimit(RLIMIT_AS, &memory);
	input = read_input(&length);
	if (!input || !take_replacements(input, length)) {
		fputs("cannot read the replacements on standard input\n", stderr);
		return 2;
	}
	/* files that include each other cost time, not memory: then the caller ends this process */
	reading = true;
	signal(SIGSEGV, say_crash);
	if (pam_start(argv[1], "nobody", &conversation, &pamh) != PAM_SUCCESS)
		puts("unread");
	else if (reading = false, !lines_overflow)
		judge(pamh);
	if (!asked_count) {
		fputs("this libpam does not read its files by fopen(3)\n", stderr);
		return 1;
	}
	if (lines_overflow)
		puts("overflow");
	say_lines();
	puts("end");
	return fflush(stdout) == 0 ? 0 : 1;
}
