/*
 * pam_fates - what really becomes of logins through a service, for each way in which the
 * pam_answer.so modules of its stack can answer.
 *
 *	pam_fates USER LETTERS SERVICE...
 *
 * LETTERS are those of the modules, as in `abc`.  Prints a line for each SERVICE: its name and
 * which of `isolated`, `open` and `refused` resulted when the modules answered with success,
 * PAM_IGNORE and PAM_SESSION_ERR, in every combination; and when one of them answered with another
 * error while the others succeeded.  A session is isolated when this process has another hostname
 * in it.
 */
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *user, *letters;
static char own[256];

static int converse(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)messages;
	(void)data;
	*responses = calloc((size_t)count, sizeof **responses);
	return *responses ? PAM_SUCCESS : PAM_CONV_ERR;
}

static void set_answer(char letter, int answer)
{
	char name[] = "ANSWER_x", value[16];

	name[sizeof name - 2] = letter;
	snprintf(value, sizeof value, "%d", answer);
	setenv(name, value, 1);
}

struct fates {
	bool isolated, open, refused;
};

static void log_in(const char *service, struct fates *fates)
{
	static const struct pam_conv conversation = {converse, NULL};
	pam_handle_t *pamh = NULL;
	char name[256] = "";

	if (pam_start(service, user, &conversation, &pamh) != PAM_SUCCESS) {
		fates->refused = true;
		return;
	}
	if (pam_open_session(pamh, PAM_SILENT) != PAM_SUCCESS) {
		fates->refused = true;
	} else {
		gethostname(name, sizeof name - 1);
		if (strcmp(name, own) != 0)
			fates->isolated = true;
		else
			fates->open = true;
		pam_close_session(pamh, PAM_SILENT);
	}
	pam_end(pamh, PAM_SUCCESS);
}

static void log_in_all(const char *service, struct fates *fates)
{
	static const int answers[] = {PAM_SUCCESS, PAM_IGNORE, PAM_SESSION_ERR};
	static const int others[] = {PAM_AUTH_ERR, PAM_USER_UNKNOWN};
	size_t count = strlen(letters), ways = 1;

	for (size_t i = 0; i < count; i++)
		ways *= 3;
	for (size_t way = 0; way < ways; way++) {
		size_t left = way;

		for (size_t i = 0; i < count; i++, left /= 3)
			set_answer(letters[i], answers[left % 3]);
		log_in(service, fates);
	}
	for (size_t i = 0; i < 2 * count; i++) {
		for (size_t j = 0; j < count; j++)
			set_answer(letters[j], j == i / 2 ? others[i % 2] : PAM_SUCCESS);
		log_in(service, fates);
	}
}

static int show(const char *service)
{
	struct fates fates = {0};

	log_in_all(service, &fates);
	printf("%s%s%s%s\n", service, fates.isolated ? " isolated" : "", fates.open ? " open" : "",
		fates.refused ? " refused" : "");
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	user = argv[1];
	letters = argv[2];
	gethostname(own, sizeof own - 1);
	for (int i = 3; i < argc; i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0)
			_exit(show(argv[i]));
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return 1;
		/* libpam crashes on some files: nobody gets in */
		if (WIFSIGNALED(status))
			printf("%s refused\n", argv[i]);
		fflush(stdout);
	}
	return 0;
}
