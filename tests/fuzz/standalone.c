/*
 * Runs a fuzz target on files, for compilers without libFuzzer, for AFL++ and for a crash under a
 * debugger: PROGRAM FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *path)
{
	static uint8_t data[1 << 21];
	FILE *file = fopen(path, "rb");
	uint8_t *copy;
	size_t size;

	if (!file) {
		perror(path);
		return EXIT_FAILURE;
	}
	size = fread(data, 1, sizeof data, file);
	fclose(file);
	/* in a block of exactly its size, so that a sanitizer catches the first byte beyond */
	copy = malloc(size ? size : 1);
	if (!copy)
		return EXIT_FAILURE;
	for (size_t i = 0; i < size; i++)
		copy[i] = data[i];
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (run(argv[i]) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	printf("%d files\n", argc - 1);
	return EXIT_SUCCESS;
}
