#include "log.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define PATIENCE_MS 1000

/*
 * Like syslog(3), but that blocks for ever if the log daemon does not read: no login may hang on
 * it.  RFC 3164, 4.3.2: the receiver of a line without a time adds its own.
 */
static void write_line(int priority, const char *line)
{
	static const struct sockaddr_un address = {AF_UNIX, "/dev/log"};
	char text[SESSION_LOG_MAX + 64];
	size_t length = (size_t)snprintf(text, sizeof text, "<%d>" LOG_SERVICE "[%d]: %s",
		LOG_AUTHPRIV | priority, getpid(), line);
	struct pollfd log = {.events = POLLOUT};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	log.fd = fd;
	/* nobody to report a failure to */
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
		send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
		poll(&log, 1, PATIENCE_MS) > 0)
		send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void log_start(struct log *log, const struct policy *policy, const char *user, const char *from)
{
	log->wanted = user;
	if (log->wanted)
		session_log_start(&log->session, policy, user, LOG_SERVICE, from);
}

void log_namespace(struct log *log, int namespace)
{
	struct stat status;

	if (log->wanted && namespace >= 0 && fstat(namespace, &status) == 0)
		log->session.namespace = status.st_ino;
}

void log_number(struct log *log, const struct policy *policy)
{
	if (log->wanted)
		session_log_number(&log->session, policy->hostname, policy->number);
}

void log_note(const struct log *log, const char *note)
{
	char line[SESSION_LOG_MAX];

	if (!log->wanted || !*note)
		return;
	session_log_note(&log->session, note, line);
	write_line(LOG_WARNING, line);
}

void log_opened(const struct log *log)
{
	char line[SESSION_LOG_MAX];

	if (!log->wanted)
		return;
	session_log_opened(&log->session, line);
	write_line(LOG_INFO, line);
}

void log_closed(const struct log *log, int left, const char *reason)
{
	char line[SESSION_LOG_MAX];

	if (!log->wanted)
		return;
	session_log_closed(&log->session, left, reason, line);
	write_line(LOG_INFO, line);
}

void log_failed(const char *user, bool allowed, const char *why)
{
	char line[SESSION_LOG_MAX];
	bool root = getuid() == 0;

	if (!user)
		return;
	session_log_failed(user, !allowed ? NULL : root ? "uid 0" : "on_error = allow", why, line);
	write_line(!allowed ? LOG_ERR : root ? LOG_ALERT : LOG_WARNING, line);
}
