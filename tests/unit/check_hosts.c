/*
 * The line that a session's /etc/hosts has more than the host's, and its /etc/resolv.conf.
 */
#include "given.h"

#include "shell/init/mounts/hosts.c"
#include "shell/init/mounts/hosts_file.c"
#include "shell/init/mounts/resolver.c"

#define LOCAL "127.0.0.1 localhost\n"

static const struct {
	const char *text, *host, *domain;
	bool local;
	const char *wanted;
} lines[] = {
	/* only the machine's name is known */
	{"", "lab", "", false, "\n127.0.1.1\talice-lab\n"},
	{LOCAL, "lab", "", false, "\n127.0.1.1\talice-lab\n"},
	{LOCAL, "lab.example.org", "", false, "\n127.0.1.1\tlab.example.org alice-lab\n"},
	/* its line, wherever the name stands on it */
	{LOCAL "127.0.1.1\tlab.example.org\tlab\n", "lab", "", false,
		"\n127.0.1.1\tlab.example.org alice-lab\n"},
	{"192.0.2.5 lab lab.example.org", "lab.example.org", "", false,
		"\n192.0.2.5\tlab alice-lab\n"},
	{"\t192.0.2.5 \t one two LAB \r\n", "lab", "", false, "\n192.0.2.5\tone alice-lab\n"},
	{"127.0.0.1 localhost lab\n", "lab", "", false, "\n127.0.0.1\tlocalhost alice-lab\n"},
	/* the first one, of IPv4 if there is any */
	{"192.0.2.5 a lab\n192.0.2.6 b lab\n", "lab", "", false, "\n192.0.2.5\ta alice-lab\n"},
	{"2001:db8::5 a lab\n192.0.2.6 b lab\n", "lab", "", false, "\n192.0.2.6\tb alice-lab\n"},
	{"2001:db8::5 a lab\n2001:db8::6 b lab\n", "lab", "", false, "\n127.0.1.1\ta alice-lab\n"},
	/* no line of it */
	{"192.0.2.5 lab2 xlab lab.example.org\n#192.0.2.5 lab\n192.0.2.5 other # lab\nlab\n lab \n",
		"lab", "", false, "\n127.0.1.1\talice-lab\n"},
	/* the machine's addresses are not there, or the session has a domain of its own */
	{"192.0.2.5 lab.example.org lab\n", "lab", "", true,
		"\n127.0.1.1\tlab.example.org alice-lab\n"},
	{"192.0.2.5 lab.example.org lab\n", "lab", "example.net", false,
		"\n127.0.1.1\talice-lab.example.net alice-lab\n"},
	/* the machine's name is the session's */
	{"192.0.2.5 lab.example.org alice-lab\n", "alice-lab", "", false, ""},
	{LOCAL, "alice-lab", "", false, "\n127.0.1.1\talice-lab\n"},
};

START_TEST(the_session_is_an_alias_of_the_machine)
{
	struct hosts_names names = {lines[_i].host, "alice-lab", lines[_i].domain, lines[_i].local};
	char line[512] = "";
	struct word text;
	size_t length;

	/* nothing after its end can be read, under a sanitizer and valgrind */
	text.length = strlen(lines[_i].text);
	text.text = memcpy(malloc(text.length + 1), lines[_i].text, text.length);
	text.text = realloc((void *)text.text, text.length ? text.length : 1);
	length = make_line(&text, &names, line, sizeof line);
	free((void *)text.text);
	ck_assert_uint_eq(length, strlen(lines[_i].wanted));
	if (length)
		ck_assert_str_eq(line, lines[_i].wanted);
}
END_TEST

/* Whatever the file has: one complete line that fits. */
START_TEST(any_file_gives_one_line)
{
	static const char *const pieces[] = {
		"lab", "127.0.0.1", " ", "\t", "\n", "\n", "#", "::1", "a.b", "\r", "\xff", "x"};

	srandom(7);
	for (int round = 0; round < 20000; round++) {
		struct hosts_names names = {"lab", "alice-lab", "", false};
		char file[8192] = "", line[512];
		struct word text = {file, 0};
		size_t length;

		for (long n = random() % 30; n >= 0; n--)
			strcat(file, pieces[random() % ROWS(pieces)]);
		/* now and then a name or an address that is too long */
		if (round % 10 == 0)
			snprintf(file + strlen(file), 600, "\n%0*d %0*d lab\n",
				(int)(random() % 60), 1, (int)(random() % 400), 2);
		text.length = strlen(file);
		length = make_line(&text, &names, line, sizeof line);
		ck_assert_uint_gt(length, strlen("\nalice-lab\n"));
		ck_assert_uint_lt(length, sizeof line);
		ck_assert_ptr_eq(memchr(line + 1, '\n', length - 1), line + length - 1);
		ck_assert(!strncmp(line + length - 10, "alice-lab\n", 10));
	}
}
END_TEST

static const size_t lengths[] = {0, 1, 1536 - LINE_MAX_ADDED, 1536 - LINE_MAX_ADDED + 1, 5000};

START_TEST(a_file_of_any_length_has_room_for_the_line)
{
	char path[32], text[5000];
	struct hosts_file file;
	struct error error;
	size_t length;
	int fd = memfd_create("hosts", MFD_CLOEXEC);

	memset(text, 'x', sizeof text);
	ck_assert_int_eq(write(fd, text, lengths[_i]), lengths[_i]);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ck_assert_int_eq(hosts_file_read(path, 0, LINE_MAX_ADDED, &file, &length, &error), 1);
	ck_assert_uint_eq(length, lengths[_i]);
	ck_assert_uint_eq(file.room, length + LINE_MAX_ADDED);
	ck_assert(file.bytes != file.few || file.room <= sizeof file.few);
	ck_assert(!memcmp(file.bytes, text, length));
	memset(file.bytes + length, 'y', LINE_MAX_ADDED);
	hosts_file_free(&file);
	close(fd);
}
END_TEST

#define FORWARD4 "nameserver 169.254.2.3\n"
#define FORWARD6 "nameserver fd6e:7369:736f::3\n"

static const struct {
	const char *text, *wanted; /* "": the host's */
} resolvers[] = {
	{"", ""},
	{"nameserver 192.0.2.1\nnameserver 2001:db8::1\n", ""},
	/* systemd-resolved's, and what else is on the line or around it */
	{"# a stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lab.example\n",
		"# a stub\n" FORWARD4 "options edns0 trust-ad\nsearch lab.example\n"},
	{"nameserver\t 127.0.0.1 # here\n", FORWARD4},
	{"nameserver 127.0.0.1\r\nnameserver ::1", FORWARD4 FORWARD6},
	/* pasta forwards to the first of each family only */
	{"nameserver 127.0.0.1\nnameserver 127.0.0.2\nnameserver ::1\n", FORWARD4 FORWARD6},
	{"nameserver 192.0.2.1\nnameserver 127.0.0.1\nnameserver ::1\n",
		"nameserver 192.0.2.1\n" FORWARD6},
	{"nameserver 127.0.0.1\nnameserver 192.0.2.1\n", FORWARD4 "nameserver 192.0.2.1\n"},
	/* what is no such line */
	{"#nameserver 127.0.0.1\n;nameserver 127.0.0.1\n nameserver 127.0.0.1\nnameserver\n"
	 "nameservers 127.0.0.1\nnameserver ::11\nnameserver ::\nnameserver 128.127.0.0\n",
		""},
};

START_TEST(a_resolver_on_loopback_is_forwarded)
{
	const size_t length = strlen(resolvers[_i].text);
	char *memory = malloc(GROWTH + length + 1), *text = memory + GROWTH;
	unsigned forwards = 0;
	size_t size;

	/* its end is the end of memory that can be read, under a sanitizer and valgrind */
	memcpy(text, resolvers[_i].text, length);
	memory = realloc(memory, GROWTH + length);
	size = rewrite(memory, memory + GROWTH, length, &forwards);
	ck_assert_uint_eq(size, strlen(resolvers[_i].wanted));
	ck_assert(!memcmp(memory, resolvers[_i].wanted, size));
	ck_assert_int_eq(forwards & NETWORK_FORWARD4,
		strstr(resolvers[_i].wanted, FORWARD4) ? NETWORK_FORWARD4 : 0);
	ck_assert_int_eq(forwards & NETWORK_FORWARD6,
		strstr(resolvers[_i].wanted, FORWARD6) ? NETWORK_FORWARD6 : 0);
	free(memory);
}
END_TEST

static Suite *suite(void)
{
	Suite *suite = suite_create("hosts");
	TCase *tcase = tcase_create("hosts");

	tcase_add_loop_test(tcase, the_session_is_an_alias_of_the_machine, 0, ROWS(lines));
	tcase_add_test(tcase, any_file_gives_one_line);
	tcase_add_loop_test(tcase, a_file_of_any_length_has_room_for_the_line, 0, ROWS(lengths));
	tcase_add_loop_test(tcase, a_resolver_on_loopback_is_forwarded, 0, ROWS(resolvers));
	suite_add_tcase(suite, tcase);
	return suite;
}
CHECK_MAIN(suite)
