/*
 * exec_with FILE PROGRAM [ARGUMENT...] - runs PROGRAM with exactly the strings of FILE, each
 * terminated by a NUL, as its environment: duplicate names, no name, or no '=' included.  Status 7:
 * it was too large.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char bytes[8 << 20], *list[sizeof bytes + 1];
	char **word = list;
	FILE *file = argc > 2 ? fopen(argv[1], "re") : NULL;
	size_t size;

	if (!file) {
		perror("exec_with");
		return 2;
	}
	size = fread(bytes, 1, sizeof bytes - 1, file);
	fclose(file);
	for (size_t at = 0; at < size; at += strlen(bytes + at) + 1)
		*word++ = bytes + at;
	execve(argv[2], argv + 2, list);
	if (errno == E2BIG)
		return 7;
	perror(argv[2]);
	return 126;
}
