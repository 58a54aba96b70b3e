#include "conf/file/diagnostics.h"
#include "given.h"

static struct diagnostics findings = DIAGNOSTICS_EMPTY;

static void add(enum severity severity, const char *file, unsigned line, unsigned column,
	const char *source, const char *text)
{
	diagnostics_add(&findings, severity, file, line, column, source, "%s", text);
}

/* What diagnostics_show writes, to be freed. */
static char *shown(const struct diagnostics_style *style)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(stream);
	diagnostics_show(&findings, style, stream);
	fclose(stream);
	return text;
}

static void want_shown(const struct diagnostics_style *style, const char *wanted)
{
	char *text = shown(style);

	ck_assert_str_eq(text, wanted);
	free(text);
}

static const struct diagnostics_style plain = {0};

START_TEST(finding_is_shown_with_its_line_and_a_caret)
{
	add(SEVERITY_ERROR, "a.conf", 3, 11, "isolate = maybe", "expected yes or no");
	want_shown(&plain, "a.conf:3:11: error: expected yes or no\n"
			   "    isolate = maybe\n"
			   "              ^\n");
}
END_TEST

START_TEST(warning_is_no_error)
{
	add(SEVERITY_WARNING, "a.conf", 1, 2, "[all]", "can never match");
	ck_assert_uint_eq(findings.errors, 0);
	want_shown(&plain, "a.conf:1:2: warning: can never match\n    [all]\n     ^\n");
}
END_TEST

START_TEST(finding_without_a_line_or_column_is_shown_without)
{
	add(SEVERITY_ERROR, "a.conf", 0, 0, NULL, "cannot be opened");
	add(SEVERITY_ERROR, "a.conf", 7, 0, "x", "odd");
	want_shown(&plain, "a.conf: error: cannot be opened\na.conf:7: error: odd\n    x\n");
}
END_TEST

START_TEST(findings_that_were_lost_are_told_of)
{
	findings.lost = 1;
	want_shown(&plain, "some findings were lost: no memory\n");
}
END_TEST

START_TEST(caret_stands_under_tabs_and_utf8)
{
	add(SEVERITY_ERROR, "a.conf", 1, 9, "\tm\xc3\xbcll = x", "odd");
	want_shown(&plain, "a.conf:1:9: error: odd\n"
			   "     m\xc3\xbcll = x\n"
			   "           ^\n");
}
END_TEST

START_TEST(caret_can_stand_behind_the_line)
{
	add(SEVERITY_ERROR, "a.conf", 1, 4, "[ab", "expected ]");
	want_shown(&plain, "a.conf:1:4: error: expected ]\n    [ab\n       ^\n");
}
END_TEST

START_TEST(terminal_is_not_driven_by_the_file)
{
	add(SEVERITY_ERROR, "a.conf", 1, 1, "\033[2J\a\x7f", "a \033[2J byte");
	want_shown(&plain, "a.conf:1:1: error: a ?[2J byte\n    ?[2J??\n    ^\n");
}
END_TEST

START_TEST(colour_only_where_it_is_wanted)
{
	const struct diagnostics_style coloured = {.colour = true};
	char *text;

	add(SEVERITY_ERROR, "a.conf", 1, 1, "x", "odd");
	text = shown(&plain);
	ck_assert_ptr_null(strchr(text, '\033'));
	free(text);
	text = shown(&coloured);
	ck_assert_ptr_nonnull(strstr(text, "\033["));
	/* what was switched on is switched off again before each line ends */
	ck_assert_ptr_null(strstr(text, "m\n\033[0m"));
	free(text);
}
END_TEST

static const struct {
	unsigned width, column;
	const char *line, *caret;
} widths[] = {
	{0, 30, "    0123456789012345678901234567890123456789", NULL},
	{44, 30, "    0123456789012345678901234567890123456789", NULL},
	{24, 1, "    01234567890123456789", "    ^"},
	{24, 13, "    01234567890123456789", "                ^"},
	{24, 30, "    90123456789012345678", "              ^"},
	{24, 40, "    9012345678901234567890123456789", NULL},
};

/* A line that is too long is shown around its caret, never wider than the terminal. */
START_TEST(line_is_cut_to_the_terminal)
{
	const struct diagnostics_style style = {.width = widths[_i].width};
	char *text, *line, *caret;

	add(SEVERITY_ERROR, "a.conf", 1, widths[_i].column,
		"0123456789012345678901234567890123456789", "odd");
	text = shown(&style);
	line = strchr(text, '\n') + 1;
	caret = strchr(line, '\n') + 1;
	caret[-1] = '\0';
	caret[strlen(caret) - 1] = '\0';
	if (style.width)
		ck_assert_uint_le(strlen(line), style.width);
	else
		ck_assert_str_eq(line, widths[_i].line);
	/* the caret still stands under the byte that it stood under */
	ck_assert_int_eq(line[strlen(caret) - 1], '0' + (int)(widths[_i].column - 1) % 10);
	if (widths[_i].caret) {
		ck_assert_str_eq(line, widths[_i].line);
		ck_assert_str_eq(caret, widths[_i].caret);
	}
	free(text);
}
END_TEST

START_TEST(order_is_that_of_files_lines_and_columns)
{
	add(SEVERITY_WARNING, "a.conf.d/2.conf", 1, 1, "x", "sixth");
	add(SEVERITY_ERROR, "a.conf.d/10.conf", 1, 1, "x", "fifth");
	add(SEVERITY_ERROR, "a.conf", 20, 3, "x", "fourth");
	add(SEVERITY_ERROR, "a.conf", 20, 1, "x", "third");
	add(SEVERITY_ERROR, "a.conf", 3, 9, "x", "second");
	add(SEVERITY_WARNING, "a.conf", 0, 0, NULL, "first");
	diagnostics_sort(&findings);
	ck_assert_uint_eq(findings.count, 6);
	ck_assert_str_eq(findings.list[0].text, "first");
	ck_assert_str_eq(findings.list[1].text, "second");
	ck_assert_str_eq(findings.list[2].text, "third");
	ck_assert_str_eq(findings.list[3].text, "fourth");
	ck_assert_str_eq(findings.list[4].text, "fifth");
	ck_assert_str_eq(findings.list[5].text, "sixth");
}
END_TEST

START_TEST(first_error_is_one_line_for_a_log)
{
	char text[64], tiny[8];

	add(SEVERITY_WARNING, "a.conf", 1, 1, "x", "only a warning");
	add(SEVERITY_ERROR, "a.conf", 2, 3, "y", "odd");
	add(SEVERITY_ERROR, "a.conf", 4, 5, "z", "odder");
	diagnostics_first_error(&findings, text, sizeof text);
	ck_assert_str_eq(text, "a.conf:2:3: error: odd");
	diagnostics_first_error(&findings, tiny, sizeof tiny);
	ck_assert_str_eq(tiny, "a.conf:");
}
END_TEST

START_TEST(many_findings_are_all_kept)
{
	for (unsigned i = 1; i <= 1000; i++)
		diagnostics_add(&findings, SEVERITY_ERROR, "a.conf", i, 1, "x", "finding %u", i);
	ck_assert_uint_eq(findings.count, 1000);
	ck_assert_uint_eq(findings.errors, 1000);
	ck_assert_str_eq(findings.list[999].text, "finding 1000");
}
END_TEST

START_TEST(free_leaves_an_empty_list)
{
	add(SEVERITY_ERROR, "a.conf", 1, 1, "x", "odd");
	diagnostics_free(&findings);
	ck_assert_uint_eq(findings.count, 0);
	ck_assert_uint_eq(findings.errors, 0);
	want_shown(&plain, "");
}
END_TEST

static void forget(void)
{
	diagnostics_free(&findings);
}

static Suite *diagnostics_suite(void)
{
	Suite *suite = suite_create("diagnostics");
	TCase *tcase = tcase_create("diagnostics");

	tcase_add_checked_fixture(tcase, NULL, forget);
	tcase_add_test(tcase, finding_is_shown_with_its_line_and_a_caret);
	tcase_add_test(tcase, warning_is_no_error);
	tcase_add_test(tcase, findings_that_were_lost_are_told_of);
	tcase_add_test(tcase, finding_without_a_line_or_column_is_shown_without);
	tcase_add_test(tcase, caret_stands_under_tabs_and_utf8);
	tcase_add_test(tcase, caret_can_stand_behind_the_line);
	tcase_add_test(tcase, terminal_is_not_driven_by_the_file);
	tcase_add_test(tcase, colour_only_where_it_is_wanted);
	tcase_add_loop_test(tcase, line_is_cut_to_the_terminal, 0, ROWS(widths));
	tcase_add_test(tcase, order_is_that_of_files_lines_and_columns);
	tcase_add_test(tcase, first_error_is_one_line_for_a_log);
	tcase_add_test(tcase, many_findings_are_all_kept);
	tcase_add_test(tcase, free_leaves_an_empty_list);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(diagnostics_suite)
