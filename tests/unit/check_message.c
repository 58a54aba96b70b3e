/*
 * What our processes send each other: a message with descriptors, which arrive or are closed;
 * the answer of nsisolate-init; the facts and the title of a session.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "given.h"

#include "conf/common/answer.h"
#include "conf/common/clock.h"
#include "conf/common/fd_message.h"
#include "conf/common/session_facts.h"

static int sockets[2];

static void make_sockets(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
}

static int lowest_free(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

START_TEST(a_message_arrives_with_its_descriptors)
{
	const int sent[] = {STDIN_FILENO, STDERR_FILENO};
	char text[16];
	int fds[4];
	size_t count = 4;

	make_sockets();
	ck_assert_int_eq(message_send(sockets[0], "hello", 5, sent, 2), 0);
	ck_assert_int_eq(message_receive(sockets[1], text, sizeof text, fds, &count, 0), 5);
	ck_assert(!memcmp(text, "hello", 5));
	ck_assert_uint_eq(count, 2);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(descriptors_without_room_are_closed)
{
	const int sent[] = {STDIN_FILENO, STDERR_FILENO, STDERR_FILENO};
	char text[16];
	int fds[1], before;
	size_t count = 1;

	make_sockets();
	before = lowest_free();
	ck_assert_int_eq(message_send(sockets[0], "hello", 5, sent, 3), 0);
	ck_assert_int_eq(message_receive(sockets[1], text, sizeof text, fds, &count, 0), 5);
	ck_assert_uint_eq(count, 1);
	close(fds[0]);
	ck_assert_int_eq(lowest_free(), before);
}
END_TEST

START_TEST(nobody_there_is_no_signal)
{
	make_sockets();
	close(sockets[1]);
	ck_assert_int_eq(message_send(sockets[0], "hello", 5, NULL, 0), -EPIPE);
}
END_TEST

/* ---- the answer ---- */

static struct answer receive_answer(void)
{
	struct answer answer;
	size_t count = 0;

	ck_assert_int_eq(answer_receive(sockets[1], &answer, NULL, &count), 1);
	return answer;
}

START_TEST(an_answer_comes_as_it_went)
{
	struct error error = {.text = "no such luck", .lacking = _i}, back;
	struct answer answer;

	make_sockets();
	ck_assert_int_eq(answer_send(sockets[0], ANSWER_NOTE, "no comfort", NULL, 0), 0);
	ck_assert_int_eq(answer_send_number(sockets[0], 99), 0);
	ck_assert_int_eq(answer_send_pid(sockets[0], ANSWER_PID, 4711, NULL, 0), 0);
	ck_assert_int_eq(answer_send_error(sockets[0], &error), 0);
	answer = receive_answer();
	ck_assert_int_eq(answer.word, ANSWER_NOTE);
	ck_assert_str_eq(answer.text, "no comfort");
	answer = receive_answer();
	ck_assert_int_eq(answer.word, ANSWER_NUMBER);
	ck_assert_uint_eq(answer.number, 99);
	answer = receive_answer();
	ck_assert_int_eq(answer.word, ANSWER_PID);
	ck_assert_int_eq(answer.pid, 4711);
	answer = receive_answer();
	ck_assert_int_eq(answer_error(&answer, &back), -EPROTO);
	ck_assert_str_eq(back.text, error.text);
	ck_assert_int_eq(back.lacking, error.lacking);
}
END_TEST

/* the caller is woken once */
START_TEST(only_the_last_line_ends_the_wait_for_an_answer)
{
	static const enum answer_word last[] = {
		ANSWER_READY, ANSWER_JOINED, ANSWER_FAILED, ANSWER_LACKING};
	struct answer answer;

	make_sockets();
	ck_assert_int_eq(answer_send_pid(sockets[0], ANSWER_PID, 4711, NULL, 0), 0);
	ck_assert_int_eq(answer_send(sockets[0], ANSWER_NOTE, "no comfort", NULL, 0), 0);
	ck_assert_int_eq(answer_send(sockets[0], ANSWER_STAYS, "", NULL, 0), 0);
	ck_assert_int_eq(answer_wait(sockets[1], clock_ms()), -ETIMEDOUT);
	ck_assert_int_eq(receive_answer().word, ANSWER_PID);
	/* nor may anything follow: who ends it is not heard any more */
	ck_assert_int_eq(
		answer_send(sockets[0], last[_i], last[_i] == ANSWER_READY ? "" : "1", NULL, 0), 0);
	ck_assert_int_eq(answer_wait(sockets[1], clock_ms() + 60000), 0);
	ck_assert_int_eq(answer_send(sockets[0], ANSWER_NOTE, "late", NULL, 0), -EPIPE);
	ck_assert_int_eq(receive_answer().word, ANSWER_NOTE);
	ck_assert_int_eq(receive_answer().word, ANSWER_STAYS);
	ck_assert_int_eq(receive_answer().word, last[_i]);
	close(sockets[0]);
	close(sockets[1]);
	make_sockets();
	close(sockets[0]);
	ck_assert_int_eq(answer_wait(sockets[1], clock_ms() + 60000), 0);
	ck_assert_int_eq(answer_receive(sockets[1], &answer, NULL, &(size_t){0}), 0);
}
END_TEST

START_TEST(what_is_no_answer_is_told_from_one)
{
	static const char *const lines[] = {"", "\n", "pid", "pid ", "pid -1", "pid 1x",
		"pid 4294967297", "ready ", "readying", "failed", "failed ", "note ", "failure x",
		"number", "number x"};
	struct answer answer;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		size_t count = 0;
		int wanted = *lines[i] ? -EBADMSG : 0; /* as when the other end has hung up */

		make_sockets();
		message_send(sockets[0], lines[i], strlen(lines[i]), NULL, 0);
		ck_assert_int_eq(answer_receive(sockets[1], &answer, NULL, &count), wanted);
		close(sockets[0]);
		close(sockets[1]);
	}
	make_sockets();
	ck_assert_int_eq(answer_receive(sockets[1], &answer, NULL, &(size_t){0}), -EAGAIN);
}
END_TEST

/* ---- facts and title ---- */

START_TEST(facts_come_back_but_for_one_without_room)
{
	static char tty[2000];
	const char *back[FACTS];
	struct session_facts facts;
	const char *const values[FACTS] = {[FACT_USER] = "alice",
		[FACT_SERVICE] = "",
		[FACT_TTY] = tty,
		[FACT_FROM] = "fe80::1=%eth0"};

	memset(tty, 'x', sizeof tty - 1);
	session_facts_write(&facts, values);
	ck_assert_str_eq(facts.environment[0], "user=alice");
	ck_assert_str_eq(facts.environment[1], "from=fe80::1=%eth0");
	ck_assert_ptr_null(facts.environment[2]);
	session_facts_read(facts.text, strlen(facts.text) + 1 + strlen(facts.environment[1]), back);
	ck_assert_str_eq(back[FACT_USER], "alice");
	ck_assert_str_eq(back[FACT_FROM], "fe80::1=%eth0");
	ck_assert_str_eq(back[FACT_TTY], "");
	ck_assert_str_eq(back[FACT_SCOPE], "");
}
END_TEST

START_TEST(a_title_comes_back_and_nothing_else)
{
	char title[SESSION_TITLE_MAX], other[] = "nsisolate-init: alice";
	const char *rule, *service;

	session_title_write(title, "alice", "all users", NULL);
	ck_assert(session_title_read(title, &rule, &service));
	ck_assert_str_eq(rule, "all users");
	ck_assert_str_eq(service, "-");
	ck_assert(!session_title_read(other, &rule, &service));
}
END_TEST

static Suite *suite(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");

	tcase_add_test(tcase, a_message_arrives_with_its_descriptors);
	tcase_add_test(tcase, descriptors_without_room_are_closed);
	tcase_add_test(tcase, nobody_there_is_no_signal);
	tcase_add_loop_test(tcase, an_answer_comes_as_it_went, 0, 2);
	tcase_add_loop_test(tcase, only_the_last_line_ends_the_wait_for_an_answer, 0, 4);
	tcase_add_test(tcase, what_is_no_answer_is_told_from_one);
	tcase_add_test(tcase, facts_come_back_but_for_one_without_room);
	tcase_add_test(tcase, a_title_comes_back_and_nothing_else);
	suite_add_tcase(suite, tcase);
	return suite;
}
CHECK_MAIN(suite)
