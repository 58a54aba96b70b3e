/*
 * Lengths of time as systemd.time(7) has them.
 */
#include "given.h"

#include "conf/common/array.h"
#include "conf/rules/time_span.h"

#define YEARS_10 315576000

static const struct {
	const char *text;
	long long seconds;
} spans[] = {
	{"1", 1},
	{"90s", 90},
	{"2 h", 7200},
	{"2hours", 7200},
	{"55s500s", 555},
	{"300 1 s", 301},
	{"1y 12month", 31557600 + 12 * 2629800},
	{"2h 30min", 9000},
	{"2h30min 5", 9005},
	{"7days", 604800},
	{"1week", 604800},
	{"1m", 60},
	{"1M", 2629800},
	{"0d 1s", 1},
	{"10years", YEARS_10},
	{"infinity", 0},
	/* not time spans */
	{"", -1},
	{" 1s", -1},
	{"0", -1},
	{"0h", -1},
	{"h", -1},
	{"-1h", -1},
	{"1.5h", -1},
	{"1H", -1},
	{"10ms", -1},
	{"1 fortnight", -1},
	{"1h,2h", -1},
	{"1h infinity", -1},
	{"11years", -1},
	{"10years 1s", -1},
	{"315576001", -1},
	{"18446744073709551617", -1},
	{"315576000y", -1},
};

START_TEST(a_span_is_so_many_seconds)
{
	ck_assert_msg(time_span_parse(spans[_i].text, YEARS_10) == spans[_i].seconds, "'%s': %lld",
		spans[_i].text, time_span_parse(spans[_i].text, YEARS_10));
}
END_TEST

static Suite *suite(void)
{
	Suite *suite = suite_create("time_span");
	TCase *cases = tcase_create("spans");

	tcase_add_loop_test(cases, a_span_is_so_many_seconds, 0, ARRAY_SIZE(spans));
	suite_add_tcase(suite, cases);
	return suite;
}
CHECK_MAIN(suite)
