#include "login_facts.h"

#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "session_log.h"

void login_facts_leave(int line, const char *service, const char *from, const char *tty)
{
	char service_word[64], from_word[256], tty_word[64], text[LOGIN_FACTS_MAX];
	struct timespec now;
	int length;

	session_log_word(service_word, sizeof service_word, service);
	session_log_word(from_word, sizeof from_word, from);
	session_log_word(tty_word, sizeof tty_word, tty);
	clock_gettime(CLOCK_BOOTTIME, &now);
	length = snprintf(text, sizeof text, "since=%lld service=%s from=%s tty=%s",
		(long long)now.tv_sec, service_word, from_word, tty_word);
	/* not read, so it waits for nobody */
	if (length > 0)
		send(line, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
}
