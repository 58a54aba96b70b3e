#include "login_facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "session_log.h"

#define TEXT_MAX 512

void login_facts_leave(int line, const char *service, const char *from, const char *tty)
{
	struct login_facts facts;
	char text[TEXT_MAX];
	int length;

	session_log_word(facts.service, sizeof facts.service, service);
	session_log_word(facts.from, sizeof facts.from, from);
	session_log_word(facts.tty, sizeof facts.tty, tty);
	length = snprintf(text, sizeof text, "since=%lld service=%s from=%s tty=%s",
		(long long)clock_boot_seconds(), facts.service, facts.from, facts.tty);
	/* nobody reads it, so do not block */
	if (length > 0)
		send(line, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void forget_unknown(char *word)
{
	if (!strcmp(word, "-"))
		*word = '\0';
}

void login_facts_look(int line, struct login_facts *facts)
{
	struct login_facts found;
	char text[TEXT_MAX];
	ssize_t length = recv(line, text, sizeof text - 1, MSG_PEEK | MSG_DONTWAIT);

	text[length > 0 ? length : 0] = '\0';
	if (sscanf(text, "since=%lld service=%63s from=%255s tty=%63s", &found.since, found.service,
		    found.from, found.tty) != 4)
		return;
	forget_unknown(found.service);
	forget_unknown(found.from);
	forget_unknown(found.tty);
	*facts = found;
}
