/*
 * One message between processes of ours: its descriptors arrive, and those that were not asked for
 * are closed.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "given.h"

#include "conf/common/fd_message.h"

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

static Suite *suite(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");

	tcase_add_test(tcase, a_message_arrives_with_its_descriptors);
	tcase_add_test(tcase, descriptors_without_room_are_closed);
	tcase_add_test(tcase, nobody_there_is_no_signal);
	suite_add_tcase(suite, tcase);
	return suite;
}
CHECK_MAIN(suite)
