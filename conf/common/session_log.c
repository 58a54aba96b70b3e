#include "session_log.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "printable.h"
#include "process_count.h"

/* Otherwise stat(2) fails on 32 bits for larger inode numbers, and a login with it. */
_Static_assert(sizeof(off_t) == 8 && sizeof(ino_t) == 8, "wide file offsets, inode numbers");
#if !defined(__GLIBC__) || __GLIBC__ > 2 || __GLIBC_MINOR__ >= 34
_Static_assert(sizeof(time_t) == 8, "times past 2038");
#endif

void session_log_word(char *word, size_t size, const char *value)
{
	size_t length = 0;

	if (!value || !*value)
		value = "-";
	for (; value[length] && length + 1 < size; length++) {
		unsigned char byte = (unsigned char)value[length];

		/* '=', too: otherwise from= could contain what a search takes for another key */
		if (byte <= ' ' || byte >= 0x7f || strchr("\"'`\\=", byte))
			word[length] = '?';
		else
			word[length] = value[length];
	}
	word[length] = '\0';
}

void session_log_failed(
	const char *user, const char *let_in, const char *why, char text[SESSION_LOG_MAX])
{
	char word[64];

	session_log_word(word, sizeof word, user);
	if (let_in)
		snprintf(text, SESSION_LOG_MAX, "session NOT isolated: user=%s is let in (%s): %s",
			word, let_in, why);
	else
		snprintf(text, SESSION_LOG_MAX, "session refused: user=%s: %s", word, why);
	printable(text);
}

void session_log_doubt(const char *user, const struct policy *policy, const char *doubt,
	char text[SESSION_LOG_MAX])
{
	char word[64], rule[POLICY_RULE_MAX + 1];

	session_log_word(word, sizeof word, user);
	session_log_word(rule, sizeof rule, policy->rule);
	snprintf(text, SESSION_LOG_MAX, "decided in doubt: user=%s rule=%s isolate=%s: %s", word,
		rule, policy->isolate ? "yes" : "no", doubt);
	printable(text);
}

void session_log_start(struct session_log *log, const struct policy *policy, const char *user,
	const char *service, const char *from)
{
	*log = (struct session_log){.since = clock_ms() / 1000};
	session_log_word(log->user, sizeof log->user, user);
	session_log_word(log->service, sizeof log->service, service);
	session_log_word(log->from, sizeof log->from, from);
	session_log_word(log->rule, sizeof log->rule, policy->rule);
	session_log_word(log->hostname, sizeof log->hostname, policy->hostname);
	session_log_word(log->id, sizeof log->id, policy->id);
}

void session_log_number(struct session_log *log, const char *hostname, unsigned number)
{
	char name[POLICY_NAME_MAX + 1];

	policy_hostname(hostname, number, name);
	session_log_word(log->hostname, sizeof log->hostname, name);
}

struct number {
	char text[24];
};

/* As a value; "-" where there is none. */
static struct number number_of(bool known, unsigned long long value)
{
	struct number number = {"-"};

	if (known)
		snprintf(number.text, sizeof number.text, "%llu", value);
	return number;
}

void session_log_note(const struct session_log *log, const char *note, char text[SESSION_LOG_MAX])
{
	snprintf(text, SESSION_LOG_MAX, "session without a comfort: user=%s rule=%s id=%s: %s",
		log->user, log->rule, log->id, note);
	printable(text);
}

void session_log_opened(const struct session_log *log, char text[SESSION_LOG_MAX])
{
	snprintf(text, SESSION_LOG_MAX,
		"session opened: user=%s rule=%s service=%s from=%s hostname=%s namespace=%s "
		"init=%s id=%s joined=%s unit=%s",
		log->user, log->rule, log->service, log->from, log->hostname,
		number_of(log->namespace, log->namespace).text,
		number_of(log->init, (unsigned long long)log->init).text, log->id,
		log->joined ? "yes" : "no", log->stays ? "login" : "-");
}

void session_log_closed(
	const struct session_log *log, int left, const char *reason, char text[SESSION_LOG_MAX])
{
	snprintf(text, SESSION_LOG_MAX,
		"session closed: user=%s rule=%s service=%s init=%s id=%s seconds=%lld "
		"processes=%s%s reason=%s",
		log->user, log->rule, log->service,
		number_of(log->init, (unsigned long long)log->init).text, log->id,
		(long long)(clock_ms() / 1000 - log->since),
		number_of(left >= 0, (unsigned long long)left).text,
		left >= PROCESS_COUNT_MAX ? "+" : "", reason);
}
