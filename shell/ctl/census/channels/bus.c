/* What systemd and logind tell everyone by the system's D-Bus. */
#include <errno.h>
#include <string.h>

#include "conf/common/array.h"
#include "shell/ctl/census/census.h"
#include "shell/ctl/census/dbus.h"

/* Open if one of the @count @calls is answered. */
static enum seen ask(
	struct look *look, const char *what, const struct dbus_call *calls, size_t count)
{
	enum seen seen = SEEN_NOTHING_THERE;
	int bus = dbus_open();

	if (bus < 0)
		return bus == -ENOENT ? look_nothing(look, "no system bus here") : SEEN_NO;
	for (size_t i = 0; seen != SEEN_YES && i < count; i++)
		switch (dbus_ask(bus, (unsigned)i + 2, &calls[i])) {
		case DBUS_ANSWERED:
			seen = SEEN_YES;
			break;
		case DBUS_SILENT:
			i = count;
			/* fall through */
		case DBUS_REFUSED:
			seen = SEEN_NO;
			break;
		case DBUS_NOBODY:
			break;
		}
	dbus_close(bus);
	return seen == SEEN_NOTHING_THERE ? look_nothing(look, "no %s on the bus", what) : seen;
}

static enum seen systemd(struct look *look)
{
	static const struct dbus_call calls[] = {
		{"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
			"org.freedesktop.systemd1.Manager", "ListUnits", NULL},
		{"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
			"org.freedesktop.systemd1.Manager", "GetUnitProcesses", "-.slice"},
	};

	return ask(look, "systemd", calls, ARRAY_SIZE(calls));
}

static enum seen logind(struct look *look)
{
	static const struct dbus_call calls[] = {
		{"org.freedesktop.login1", "/org/freedesktop/login1",
			"org.freedesktop.login1.Manager", "ListSessions", NULL},
		{"org.freedesktop.login1", "/org/freedesktop/login1",
			"org.freedesktop.login1.Manager", "ListUsers", NULL},
	};

	return ask(look, "logind", calls, ARRAY_SIZE(calls));
}

#define POLICY "privacy/dbus.conf, opt-in"

static const struct channel list[] = {
	{"systemd", "units and their processes by D-Bus", POLICY, NULL, systemd, false},
	{"logind", "logins by D-Bus", POLICY, NULL, logind, false},
};
const struct channels channels_of_the_bus = {list, ARRAY_SIZE(list)};
