/*
 * The last guard before a hostname is set and before mounts are changed: never the host's.  What is
 * tested runs in a UTS namespace that plays the host, where there is one to be had, and else as
 * somebody who may not rename anything.
 */
#include <errno.h>
#include <sched.h>

#include "given.h"

#include "shell/init/mounts/mounts.c"
#include "shell/init/namespaces.c"

static char before[65];

static void play_the_host(void)
{
	if (can_unshare(CLONE_NEWUTS | CLONE_NEWNS))
		ck_assert_int_eq(unshare(CLONE_NEWUTS | CLONE_NEWNS), 0);
	gethostname(before, sizeof before);
}

static void assert_refused(struct namespaces_host host)
{
	struct error error = {0};
	char now[65];

	ck_assert_int_eq(namespaces_set_names(&host, "by-mistake", "", &error), -EINVAL);
	ck_assert_msg(
		strstr(error.text, "refusing to go on: this is the host's UTS"), "%s", error.text);
	ck_assert_int_eq(mounts_isolate(&host, &error), -EINVAL);
	ck_assert_msg(strstr(error.text, "refusing to go on: this is the host's mount"), "%s",
		error.text);
	gethostname(now, sizeof now);
	ck_assert_str_eq(now, before);
}

START_TEST(the_hosts_namespaces_are_left_alone)
{
	struct error error = {0};
	struct namespaces_host host;

	play_the_host();
	host = (struct namespaces_host){
		false, namespace_inode("uts", &error), namespace_inode("mnt", &error)};
	ck_assert(host.uts && host.mnt);
	assert_refused(host);
	/* a promise that this is process 1, which it is not */
	host.first = true;
	assert_refused(host);
}
END_TEST

START_TEST(so_they_are_where_nobody_knows_which_those_are)
{
	play_the_host();
	assert_refused((struct namespaces_host){false, 0, 0});
}
END_TEST

START_TEST(new_ones_are_named)
{
	struct namespaces_host host;
	struct error error = {0};
	char now[65];

	play_the_host();
	host = (struct namespaces_host){
		false, namespace_inode("uts", &error), namespace_inode("mnt", &error)};
	ck_assert_int_eq(unshare(CLONE_NEWUTS), 0);
	ck_assert_int_eq(namespaces_set_names(&host, "by-intent", "", &error), 0);
	gethostname(now, sizeof now);
	ck_assert_str_eq(now, "by-intent");
}
END_TEST

START_TEST(a_refusal_without_a_known_cause_is_told_as_it_is)
{
	struct error error = {0};

	ck_assert_int_eq(kind_refused(kind_by_name("net"), EIO, &error), -EIO);
	ck_assert_str_eq(error.text, "no new net namespace: Input/output error");
}
END_TEST

static Suite *suite(void)
{
	const bool names = can_unshare(CLONE_NEWUTS | CLONE_NEWNS);
	Suite *suite = suite_create("namespaces");
	TCase *guards = tcase_create("guards");

	tcase_add_test(guards, the_hosts_namespaces_are_left_alone);
	tcase_add_test(guards, so_they_are_where_nobody_knows_which_those_are);
	if (names)
		tcase_add_test(guards, new_ones_are_named);
	else
		puts("skipped: 1 test of a hostname that is set: it needs a UTS namespace");
	tcase_add_test(guards, a_refusal_without_a_known_cause_is_told_as_it_is);
	suite_add_tcase(suite, guards);
	return suite;
}
CHECK_MAIN(suite)
