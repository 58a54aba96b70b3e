/*
 * dbus.h - as much of the D-Bus protocol as it takes to ask a service of the system's bus a
 * question and to learn whether it answers: the D-Bus Specification, "Message Protocol" and
 * "Authentication Protocol".  The answer itself is not read.
 */
#ifndef NSISOLATE_CTL_DBUS_H
#define NSISOLATE_CTL_DBUS_H

struct dbus_call {
	const char *service, *path, *interface, *method;
	const char *argument; /* its only one, a string; NULL: none */
};

enum dbus_answer {
	DBUS_NOBODY, /* there is no such service, and none is started */
	DBUS_SILENT, /* no answer in two seconds, or none that is one: only dbus_close is left */
	DBUS_REFUSED,
	DBUS_ANSWERED
};

/* A connection as the caller's uid; or a negative errno, -ENOENT: there is no bus. */
int dbus_open(void);

/*
 * @serial is another one for each call, from 2 on.  After DBUS_ANSWERED there is only dbus_close.
 */
enum dbus_answer dbus_ask(int bus, unsigned serial, const struct dbus_call *call);

void dbus_close(int bus);

#endif
