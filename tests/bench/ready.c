/*
 * ready - the command in a held session: says so on standard output, and ends when its input does.
 */
#include <errno.h>
#include <unistd.h>

int main(void)
{
	char byte;
	ssize_t length;

	if (write(STDOUT_FILENO, "r", 1) != 1)
		return 1;
	close(STDOUT_FILENO);
	do
		length = read(STDIN_FILENO, &byte, 1);
	while (length > 0 || (length < 0 && errno == EINTR));
	return 0;
}
