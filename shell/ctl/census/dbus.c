#include "dbus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#define SOCKET "/run/dbus/system_bus_socket"
#define PATIENCE_S 2
#define HEADER_MAX 4096 /* fields of an answer; these are names */

enum { CALL = 1, RETURN, FAILURE };
enum { NO_AUTO_START = 2 };
enum { PATH = 1, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SIGNATURE = 8 };

/* ---- writing: everything in this processor's order of bytes, which the first one names ---- */

static char order_of_bytes(void)
{
	const uint16_t one = 1;
	char first;

	memcpy(&first, &one, 1);
	return first ? 'l' : 'B';
}

struct message {
	char bytes[1024];
	size_t length;
};

static void align(struct message *message, size_t to)
{
	while (message->length % to)
		message->bytes[message->length++] = '\0';
}

static void put_number(struct message *message, uint32_t number)
{
	align(message, 4);
	memcpy(message->bytes + message->length, &number, 4);
	message->length += 4;
}

static void put_text(struct message *message, const char *text)
{
	size_t length = strlen(text) + 1;

	put_number(message, (uint32_t)length - 1);
	memcpy(message->bytes + message->length, text, length);
	message->length += length;
}

/* A struct of a byte and a variant. */
static void put_field(struct message *message, char code, char type, const char *text)
{
	const char head[] = {code, 1, type, '\0'};

	align(message, 8);
	memcpy(message->bytes + message->length, head, 4);
	message->length += 4;
	if (type != 'g') {
		put_text(message, text);
		return;
	}
	message->bytes[message->length++] = (char)strlen(text);
	memcpy(message->bytes + message->length, text, strlen(text) + 1);
	message->length += strlen(text) + 1;
}

static void write_call(struct message *message, uint32_t serial, const struct dbus_call *call)
{
	const char head[] = {order_of_bytes(), CALL, NO_AUTO_START, 1};
	uint32_t body = call->argument ? (uint32_t)strlen(call->argument) + 5 : 0, fields;

	*message = (struct message){.length = 4};
	memcpy(message->bytes, head, 4);
	put_number(message, body);
	put_number(message, serial);
	put_number(message, 0); /* the fields' length, below */
	put_field(message, PATH, 'o', call->path);
	put_field(message, INTERFACE, 's', call->interface);
	put_field(message, MEMBER, 's', call->method);
	put_field(message, DESTINATION, 's', call->service);
	if (call->argument)
		put_field(message, SIGNATURE, 'g', "s");
	fields = (uint32_t)message->length - 16;
	memcpy(message->bytes + 12, &fields, 4);
	align(message, 8);
	if (call->argument)
		put_text(message, call->argument);
}

static bool send_all(int bus, const char *bytes, size_t length)
{
	return send(bus, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* ---- reading ---- */

static bool read_all(int bus, void *bytes, size_t length)
{
	/* by the socket's own limit of time, see dbus_open */
	return recv(bus, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

static bool skip(int bus, size_t length)
{
	char bytes[512];

	while (length) {
		size_t piece = length < sizeof bytes ? length : sizeof bytes;

		if (!read_all(bus, bytes, piece))
			return false;
		length -= piece;
	}
	return true;
}

struct reply {
	char type;
	uint32_t body; /* bytes that have not been read */
	uint32_t to; /* the serial of the call */
	bool nobody; /* an error that says that there is no such service */
};

static uint32_t number_at(const char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, 4);
	return number;
}

/* Takes the fields of an answer; false where they are not those of one. */
static bool take_fields(struct reply *reply, const char *fields, size_t length)
{
	size_t at = 0;

	while ((at = (at + 7) & ~(size_t)7) + 8 <= length) {
		const char code = fields[at], type = fields[at + 2];
		const char *value;

		if (fields[at + 1] != 1)
			return false; /* no field has a type of more than one letter */
		at += 4;
		value = fields + at;
		if (type == 'g') {
			at += (unsigned char)*value + 2u;
			continue;
		}
		at += 4;
		if (type == 'u') {
			if (code == REPLY_SERIAL)
				reply->to = number_at(value);
			continue;
		}
		if (number_at(value) >= length - at)
			return false;
		at += number_at(value) + 1;
		if (code == ERROR_NAME && fields[at - 1] == '\0')
			reply->nobody = strstr(value + 4, ".ServiceUnknown") ||
					strstr(value + 4, ".NameHasNoOwner");
	}
	return true;
}

static bool read_head(int bus, struct reply *reply)
{
	char head[16], fields[HEADER_MAX];
	uint32_t length;

	if (!read_all(bus, head, sizeof head) || head[0] != order_of_bytes())
		return false;
	*reply = (struct reply){.type = head[1], .body = number_at(head + 4)};
	length = number_at(head + 12);
	if (length > sizeof fields - 8)
		return false;
	length = (length + 7) & ~7u; /* the body begins at a multiple of 8 */
	return read_all(bus, fields, length) && take_fields(reply, fields, length);
}

/* ---- the conversation ---- */

/* Reads one line, byte by byte: what follows is not of the same protocol. */
static bool reads_ok(int bus)
{
	char line[256], byte;
	size_t length = 0;

	do {
		if (!read_all(bus, &byte, 1) || length == sizeof line)
			return false;
		line[length++] = byte;
	} while (byte != '\n');
	return length > 3 && !memcmp(line, "OK ", 3);
}

static bool authenticate(int bus)
{
	char id[16], line[64];
	int length;

	/* a zero byte, for credentials; and the uid's digits, each in hexadecimal */
	snprintf(id, sizeof id, "%u", geteuid());
	length = snprintf(line, sizeof line, "%cAUTH EXTERNAL ", 0);
	for (const char *digit = id; *digit; digit++)
		length += snprintf(line + length, sizeof line - (size_t)length, "%02x", *digit);
	length += snprintf(line + length, sizeof line - (size_t)length, "\r\n");
	return send_all(bus, line, (size_t)length) && reads_ok(bus) &&
	       send_all(bus, "BEGIN\r\n", 7);
}

int dbus_open(void)
{
	static const struct dbus_call hello = {"org.freedesktop.DBus", "/org/freedesktop/DBus",
		"org.freedesktop.DBus", "Hello", NULL};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
	int bus = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

	if (bus < 0)
		return -errno;
	setsockopt(bus, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(bus, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	result = connect(bus, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
	if (!result && (!authenticate(bus) || dbus_ask(bus, 1, &hello) != DBUS_ANSWERED))
		result = -EPROTO;
	if (result < 0) {
		close(bus);
		/* a socket file that nobody listens at */
		return result == -ECONNREFUSED ? -ENOENT : result;
	}
	return bus;
}

enum dbus_answer dbus_ask(int bus, unsigned serial, const struct dbus_call *call)
{
	struct message message;
	struct reply reply;

	write_call(&message, serial, call);
	if (!send_all(bus, message.bytes, message.length))
		return DBUS_SILENT;
	do {
		if (!read_head(bus, &reply))
			return DBUS_SILENT;
		if (reply.to == serial && reply.type == RETURN && serial > 1)
			return DBUS_ANSWERED;
		if (!skip(bus, reply.body))
			return DBUS_SILENT;
	} while (reply.to != serial || (reply.type != RETURN && reply.type != FAILURE));
	return reply.type == RETURN ? DBUS_ANSWERED : reply.nobody ? DBUS_NOBODY : DBUS_REFUSED;
}

void dbus_close(int bus)
{
	close(bus);
}
