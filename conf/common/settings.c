#include "settings.h"

#include "array.h"

static const char *const yes_no[] = {"yes", "no"};
static const char *const isolate[] = {"yes", "no", "observe"};
static const char *const scope[] = {[SCOPE_SESSION] = "session", [SCOPE_USER] = "user"};
static const char *const privacy[] = {
	[PRIVACY_PROCESSES] = "processes", [PRIVACY_STRICT] = "strict"};
static const char *const network[] = {
	[NETWORK_HOST] = "host", [NETWORK_NONE] = "none", [NETWORK_USER] = "user"};
static const char *const user_manager[] = {
	[USER_MANAGER_HIDE] = "hide", [USER_MANAGER_KEEP] = "keep", [USER_MANAGER_OFF] = "off"};
static const char *const logout[] = {[LOGOUT_KILL] = "kill", [LOGOUT_LINGER] = "linger"};
static const char *const on_error[] = {[ON_ERROR_DENY] = "deny", [ON_ERROR_ALLOW] = "allow"};

#define TEXT_OF_VALUE(number) #number
#define TEXT_OF(number) TEXT_OF_VALUE(number)

#define LIST ", separated by commas"
#define PATHS "absolute paths without wildcards" LIST
#define TEMPLATE "a name, with specifiers such as %u (user) and %l (this host)"
#define FIELD(name) offsetof(struct policy, name)
/* a text field, and how many bytes it holds */
#define ROOM(name) FIELD(name), sizeof((struct policy *)0)->name - 1
#define WORDS(words) ARRAY_SIZE(words), words, NULL

const struct setting settings[SETTINGS_END] = {
	[KEY_ISOLATE] = {"isolate", NULL, SHAPE_SWITCH, FIELD(isolate), WORDS(isolate), "yes"},
	[KEY_PRIVACY] = {"privacy", NULL, SHAPE_WORD, FIELD(privacy), WORDS(privacy), "processes"},
	[KEY_NAMESPACES] = {"namespaces", NULL, SHAPE_KINDS, FIELD(kinds), 0, NULL,
		"kinds of namespace" LIST ", as in uts, pid", "uts, pid"},
	[KEY_NETWORK] = {"network", "network", SHAPE_WORD, FIELD(network), WORDS(network), "host"},
	[KEY_SCOPE] = {"scope", "scope", SHAPE_WORD, FIELD(scope), WORDS(scope), "session"},
	[KEY_HOSTNAME] = {"hostname", "hostname", SHAPE_TEMPLATE, ROOM(hostname), NULL, TEMPLATE,
		"%u-%l"},
	[KEY_DOMAINNAME] = {"domainname", "domainname", SHAPE_TEMPLATE, ROOM(domainname), NULL,
		TEMPLATE, NULL},
	[KEY_HOSTS] = {"hosts", "hosts", SHAPE_SWITCH, FIELD(hosts), WORDS(yes_no), "yes"},
	[KEY_PRIVATE] = {"private", "private", SHAPE_DIRS, FIELD(private), 0, NULL,
		"directories" LIST ", as in /tmp, /var/tmp, /dev/shm", NULL},
	[KEY_PRIVATE_SIZE] = {"private_size", "private-size", SHAPE_SIZE, ROOM(private_size), NULL,
		"a size from 1 up, as in 25%, 512M or 2G", "25%"},
	[KEY_INACCESSIBLE] = {"inaccessible", "inaccessible", SHAPE_PATHS, ROOM(inaccessible), NULL,
		PATHS, NULL},
	[KEY_READ_ONLY] = {"read_only", "read-only", SHAPE_PATHS, ROOM(read_only), NULL, PATHS,
		NULL},
	[KEY_USER_MANAGER] = {"user_manager", "user-manager", SHAPE_WORD, FIELD(user_manager),
		WORDS(user_manager), "hide"},
	[KEY_SHELL] = {"shell", NULL, SHAPE_PATH, ROOM(shell), NULL, "the absolute path of a shell",
		NULL},
	[KEY_LOGOUT] = {"logout", "logout", SHAPE_WORD, FIELD(logout), WORDS(logout), "kill"},
	[KEY_LINGER_MAX] = {"linger_max", "linger-max", SHAPE_SPAN, FIELD(linger_max),
		POLICY_LINGER_MAX, NULL,
		"a time from 1s to 10years, as in 12h or 7days, or infinity", NULL},
	[KEY_GRACE] = {"grace", "grace", SHAPE_NUMBER, FIELD(grace), POLICY_GRACE_MAX, NULL,
		"seconds, from 0 to " TEXT_OF(POLICY_GRACE_MAX), TEXT_OF(POLICY_GRACE_DEFAULT)},
	[KEY_ON_ERROR] = {"on_error", "on-error", SHAPE_WORD, FIELD(on_error), WORDS(on_error),
		"deny"},
	[KEY_COUNT] = {NULL, "rule", SHAPE_TEXT, ROOM(rule), NULL, NULL, NULL},
	[KEY_COUNT + 1] = {NULL, "id", SHAPE_TEXT, ROOM(id), NULL, NULL, NULL},
	[KEY_COUNT + 2] = {NULL, "numbered", SHAPE_SWITCH, FIELD(numbered), WORDS(yes_no), NULL},
};
