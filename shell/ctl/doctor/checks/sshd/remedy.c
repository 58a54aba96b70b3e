/*
 * A change of sshd_config is tried before it is advised: on a copy, which is given to `sshd -T`.
 * If it has no effect (the line is in another file, or not written as sed expects), causes an
 * error, or would change a file through a link, the advice is given in words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/common/cleanup.h"
#include "shell/ctl/doctor/doctor.h"
#include "shell/ctl/doctor/facts/sshd_facts.h"
#include "sshd.h"

bool sshd_would(const struct doctor *doctor, const char *user, const char *expression,
	const char *key, const char *bad)
{
	static struct run_result result;
	char *none[] = {NULL}, value[512];
	char *sed[] = {
		(char *)"/bin/sed", (char *)"-E", (char *)expression, (char *)SSHD_CONFIG, NULL};
	_cleanup_close_ int copy = memfd_create("sshd_config", MFD_CLOEXEC);
	struct stat status;
	size_t length;

	if (copy < 0 || lstat(SSHD_CONFIG, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	run_program(sed, none, NULL, &result);
	length = strlen(result.out);
	if (result.status != 0 || !length || length + 1 >= sizeof result.out ||
		write(copy, result.out, length) != (ssize_t)length)
		return false;
	sshd_ask(doctor->facts, copy, user, &result);
	if (result.status != 0)
		return false;
	if (!sshd_value(&result, key, value, sizeof value))
		return true;
	return bad ? !strcasestr(value, bad) : !strcasecmp(value, "no");
}

void sshd_remedy(struct doctor *doctor, const char *user, const char *expression, const char *key,
	const char *bad, const char *words)
{
	struct shell_word word;

	if (sshd_would(doctor, user, expression, key, bad))
		doctor_remedy(doctor, "sed -i -E %s " SSHD_CONFIG "   # and reload sshd",
			shell_word(&word, expression));
	else
		doctor_remedy(doctor, "# in sshd_config(5): %s; and reload sshd", words);
}
