/*
 * Fuzzing of the handshake: what the module makes of any answer of nsisolate-init (records.h).
 */
#include <sys/stat.h>

#include "records.h"

#include "pam_module/spawn.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int counts[] = {0, 1, 2, 3};
	struct spawned answer = {.pidfd = -1, .line = -1};
	struct error error = {0};
	int sockets[2], before = lowest_free(), result;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0,
		"there is a socket");
	records_send(sockets[1], data, size, counts);
	close(sockets[1]);
	result = take_answer(sockets[0], SPAWN_TIMEOUT_MS, &answer, &error);
	must(result <= 0, "it is 0 or an error");
	if (result == 0)
		must(answer.pidfd > STDERR_FILENO && fcntl(answer.pidfd, F_GETFD) == FD_CLOEXEC,
			"an answer is whole");
	else
		must(*error.text && memchr(error.text, '\0', sizeof error.text),
			"an error has words");
	close(sockets[0]);
	spawn_close(&answer);
	must(lowest_free() == before, "no descriptor is left");
	return 0;
}
