#include "answer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "array.h"
#include "fd_message.h"
#include "number.h"
#include "poll_until.h"

/* Preceded by a space where a number or text follows. */
static const struct word {
	const char *text;
	bool number;
	bool last;
} words[] = {
	[ANSWER_PID] = {"pid ", true, false},
	[ANSWER_NUMBER] = {"number ", true, false},
	[ANSWER_NOTE] = {"note ", false, false},
	[ANSWER_STAYS] = {"stays", false, false},
	[ANSWER_READY] = {"ready", false, true},
	[ANSWER_JOINED] = {"joined ", true, true},
	[ANSWER_FAILED] = {"failed ", false, true},
	[ANSWER_LACKING] = {"lacking ", false, true},
};

#define LINE_MAX_BYTES (sizeof(((struct answer *)0)->text) + 16)

int answer_send(int fd, enum answer_word word, const char *text, const int *fds, size_t count)
{
	char line[LINE_MAX_BYTES];
	int length = snprintf(line, sizeof line, "%s%s\n", words[word].text, text);
	int result = message_send(fd, line, (size_t)length, fds, count);

	/* run by hand from a shell: a terminal or a pipe */
	if (result == -ENOTSOCK && write(fd, line, (size_t)length) >= 0)
		return 0;
	/* this, not each line, wakes who is in answer_wait() */
	if (!result && words[word].last && shutdown(fd, SHUT_WR) < 0)
		result = -errno;
	return result;
}

int answer_send_pid(int fd, enum answer_word word, pid_t pid, const int *fds, size_t count)
{
	char number[16];

	snprintf(number, sizeof number, "%d", pid);
	return answer_send(fd, word, number, fds, count);
}

int answer_send_number(int fd, unsigned number)
{
	return answer_send_pid(fd, ANSWER_NUMBER, (pid_t)number, NULL, 0);
}

int answer_send_error(int fd, const struct error *error)
{
	return answer_send(
		fd, error->lacking ? ANSWER_LACKING : ANSWER_FAILED, error->text, NULL, 0);
}

static bool parse(const char *line, struct answer *answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t length = strlen(words[i].text);
		const char *rest = line + length;
		long long number;

		if (strncmp(line, words[i].text, length) != 0)
			continue;
		*answer = (struct answer){.word = (enum answer_word)i};
		if (!words[i].number) {
			snprintf(answer->text, sizeof answer->text, "%s", rest);
			return !*rest == (i == ANSWER_READY || i == ANSWER_STAYS);
		}
		number = number_parse(rest, INT_MAX);
		if (i == ANSWER_NUMBER)
			answer->number = (unsigned)number;
		else
			answer->pid = (pid_t)number;
		return number >= 0;
	}
	return false;
}

int answer_wait(int socket, int64_t deadline)
{
	/* no POLLIN: unix(7) does not wake for an event that nobody asked for */
	return poll_until(socket, POLLRDHUP, deadline);
}

int answer_receive(int socket, struct answer *answer, int *fds, size_t *count)
{
	char line[LINE_MAX_BYTES];
	ssize_t length = message_receive(socket, line, sizeof line - 1, fds, count, MSG_DONTWAIT);

	if (length <= 0)
		return (int)length;
	if (line[length - 1] == '\n')
		length--;
	line[length] = '\0';
	return parse(line, answer) ? 1 : -EBADMSG;
}

int answer_error(const struct answer *answer, struct error *error)
{
	error_set(error, EPROTO, "%s", answer->text);
	error->lacking = answer->word == ANSWER_LACKING;
	return -EPROTO;
}
