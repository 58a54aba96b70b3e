#include "remedy.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/common/array.h"
#include "doctor.h"

/* These, and everything below. */
static const char *const ours[] = {
	NSISOLATE_CONF,
	NSISOLATE_CONF ".d",
	NSISOLATE_MODULE,
	NSISOLATE_SHELL,
	NSISOLATE_LOGIN,
	NSISOLATE_INIT,
	NSISOLATE_DROPIN,
	NSISOLATE_SELINUX,
	NSISOLATE_PRIVACY,
	"/run/nsisolate",
	"/usr/share/nsisolate",
	"/etc/ssh",
	"/etc/pam.d",
	"/etc/pam.conf",
	"/etc/authselect",
	"/usr/lib/pam.d",
	"/usr/etc/pam.d",
	/* our own files among others' */
	"/etc/apparmor.d/nsisolate",
	"/etc/sysctl.d/60-nsisolate.conf",
	"/etc/systemd/logind.conf.d/nsisolate.conf",
	"/etc/systemd/system/user@.service.d/nsisolate.conf",
	"/etc/polkit-1/rules.d/40-nsisolate.rules",
};

/* Directories for these, which may have to be created. */
static const char *const homes[] = {
	"/etc/systemd/logind.conf.d",
	"/etc/systemd/system/user@.service.d",
	"/etc/systemd/system/user@.service.d/",
};

/*
 * @path with links resolved in its directory part: the file itself may be a link, which is not
 * followed.
 */
static void resolve(const char *path, char real[PATH_MAX])
{
	char directory[PATH_MAX], found[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
	if (!realpath(*directory ? directory : "/", found) ||
		(size_t)snprintf(real, PATH_MAX, "%s%s", found[1] ? found : "", slash) >= PATH_MAX)
		snprintf(real, PATH_MAX, "%s", path);
}

static bool lies_in(const char *path, const char *above)
{
	size_t length = strlen(above);

	return !strncmp(path, above, length) && (!path[length] || path[length] == '/');
}

bool remedy_may_name(const struct doctor *doctor, const char *path)
{
	char real[PATH_MAX];

	if (strstr(path, "/../"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++)
		if (!strcmp(path, homes[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		resolve(ours[i], real);
		if (lies_in(path, ours[i]) || lies_in(path, real))
			return true;
	}
	/* configurations that stacks name by conf= */
	for (size_t i = 0; i < doctor->facts->configuration_count; i++) {
		const char *other = doctor->facts->configurations[i].path;
		size_t length = strlen(other);

		if (!strncmp(path, other, length) &&
			(!path[length] || lies_in(path + length, ".d")))
			return true;
	}
	/* the directory of the engine holds only files of nsisolate */
	resolve(NSISOLATE_INIT, real);
	*strrchr(real, '/') = '\0';
	return !strcmp(path, real);
}

bool remedy_is_ours(const struct doctor *doctor, const char *remedy)
{
	static const char edit[] = "nsisolatectl edit ";
	char path[PATH_MAX], quote = '\0';
	bool begins = true; /* at the start of a word */

	/* whatever file it names is a configuration, and is checked as one */
	if (!strncmp(remedy, edit, sizeof edit - 1))
		return true;
	for (const char *at = remedy; *at; at++) {
		size_t length;

		if (*at == '#' && begins && !quote)
			return true;
		if (*at == '/' && begins) {
			length = strcspn(at, quote ? (char[]){quote, '\0'} : " ;&|>");
			if (length >= sizeof path)
				return false;
			memcpy(path, at, length);
			path[length] = '\0';
			if (!remedy_may_name(doctor, path))
				return false;
			at += length - 1;
			begins = false;
			continue;
		}
		if (!quote && (*at == '\'' || *at == '"')) {
			quote = *at;
			continue; /* a word that starts after it */
		}
		if (*at == quote)
			quote = '\0';
		begins = !quote && strchr(" ;&|>", *at);
	}
	return true;
}
