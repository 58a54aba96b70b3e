/* Modules that must be opened before ours, or closed after it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "pam.h"
#include "shell/ctl/doctor/facts/config_lines.h"

static bool is_selinux_on(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static void take_namespace(const char *line, void *on)
{
	char first;

	*(bool *)on |= sscanf(line, " %c", &first) == 1 && first != '#';
}

/* Whether pam_namespace has anything to do: as shipped it has not. */
static bool is_namespace_on(void)
{
	static const char *const patterns[] = {
		"/etc/security/namespace.conf", "/etc/security/namespace.d/*.conf"};
	bool on = false;

	config_lines(patterns, ARRAY_SIZE(patterns), take_namespace, &on);
	return on;
}

#define NO_PROC "while the application has the session's /proc"
#define STAYS_MOUNTED "inside the session: what it mounted stays mounted after the logout"
#define HOOK_INSIDE \
	"inside the session, and not at all if PID 1 has ended: what it should remove may stay"

/* Modules that work on the application's own /proc, or on what the session has a copy of. */
static const struct neighbour {
	const char *module;
	const char *why; /* the reason that it must come before ours; NULL: it need not */
	const char *on_close; /* what happens if it is closed before ours; NULL: nothing */
	bool (*is_on)(void); /* NULL: always */
} neighbours[] = {
	{"pam_loginuid", "it finds no /proc/self, and the login gets no audit id", NULL, NULL},
	{"pam_selinux", "it finds no /proc/self, and sets no context", NO_PROC, is_selinux_on},
	{"pam_namespace", "it finds no /proc/self, and cannot guard what it mounts", NULL,
		is_namespace_on},
	{"pam_systemd", "the session does not get the XDG_RUNTIME_DIR that it names", NULL, NULL},
	{"pam_elogind", "the session does not get the XDG_RUNTIME_DIR that it names", NULL, NULL},
	{"pam_mount", NULL, STAYS_MOUNTED, NULL},
	{"pam_encfs", NULL, STAYS_MOUNTED, NULL},
	{"pam_ecryptfs", NULL, STAYS_MOUNTED, NULL},
	{"pam_cryptsetup", NULL, STAYS_MOUNTED, NULL},
	{"pam_zfs_key", NULL, STAYS_MOUNTED, NULL},
	{"pam_exec", NULL, HOOK_INSIDE, NULL},
	{"pam_script", NULL, HOOK_INSIDE, NULL},
	{"pam_afs_session", NULL, HOOK_INSIDE, NULL},
	{"pam_krb5", NULL, HOOK_INSIDE, NULL},
	{"pam_slurm_adopt", NULL, HOOK_INSIDE, NULL},
};
#define NEIGHBOURS ARRAY_SIZE(neighbours)

static const struct neighbour *neighbour_of(const struct pam_line *line)
{
	for (size_t i = 0; line->type == 's' && i < NEIGHBOURS; i++)
		if (pam_line_is(line, neighbours[i].module) &&
			(!neighbours[i].is_on || neighbours[i].is_on()))
			return &neighbours[i];
	return NULL;
}

const struct pam_line *neighbour_behind(const struct pam_verdict *verdict, const char **why)
{
	const struct pam_line *last = NULL;

	for (size_t i = 0; i < verdict->line_count; i++) {
		const struct pam_line *line = &verdict->lines[i];
		const struct neighbour *found = neighbour_of(line);

		if (!found || !found->why || !(line->part & LINE_BEHIND) ||
			pam_line_has(line, "close"))
			continue;
		*why = found->why;
		last = line;
	}
	return last;
}

const struct pam_line *neighbour_inside(const struct pam_verdict *verdict, const char **why)
{
	for (size_t i = 0; i < verdict->line_count; i++) {
		const struct pam_line *line = &verdict->lines[i];
		const struct neighbour *found = neighbour_of(line);

		/* what was opened after ours is in the session, and closed there */
		if (!found || !found->on_close || !(line->part & LINE_INSIDE) ||
			!(line->part & LINE_BEFORE) || pam_line_has(line, "open") ||
			pam_line_has(line, "type=open_session"))
			continue;
		*why = found->on_close;
		return line;
	}
	return NULL;
}
