#include <fcntl.h>

#include "given.h"
#include "shell/ctl/output/printable.h"
#include "shell/ctl/output/table.h"
#include "shell/ctl/session/process.h"

/* ---- tables ---- */

static const struct table_column columns[] = {
	{"NAME", false, 0}, {"TEXT", false, 2}, {"NUMBER", true, 1}};

/* What the table of these rows is at that width. */
static const char *shown(char *const *cells, size_t rows, size_t most, size_t width)
{
	static char text[4096];
	FILE *stream = fmemopen(text, sizeof text, "w");

	ck_assert_ptr_nonnull(stream);
	table_show(columns, 3, cells, rows, most, width, stream);
	fclose(stream);
	return text;
}

static char *const two_rows[] = {(char *)"a-long-name", (char *)"some-longer-text", (char *)"7",
	(char *)"b", (char *)"", (char *)"123456789"};

START_TEST(a_table_is_aligned)
{
	ck_assert_str_eq(shown(two_rows, 2, 0, 0), "NAME         TEXT                 NUMBER\n"
						   "a-long-name  some-longer-text          7\n"
						   "b            -                 123456789\n");
	/* it fits, exactly */
	ck_assert_str_eq(shown(two_rows, 2, 0, 40), shown(two_rows, 2, 0, 0));
}
END_TEST

START_TEST(a_table_gives_way_to_the_terminal)
{
	/* text is cut, numbers and names never */
	ck_assert_str_eq(shown(two_rows, 1, 0, 33), "NAME         TEXT          NUMBER\n"
						    "a-long-name  some-longer~       7\n");
	/* no column is of use with less than eight bytes: it is left out */
	ck_assert_str_eq(shown(two_rows, 1, 0, 28), "NAME         NUMBER\n"
						    "a-long-name       7\n");
	ck_assert_str_eq(shown(two_rows, 1, 0, 5), "NAME\na-long-name\n");
}
END_TEST

START_TEST(a_table_shows_as_many_rows_as_wanted)
{
	ck_assert_str_eq(shown(two_rows, 2, 1, 5), "NAME\na-long-name\n");
	ck_assert_str_eq(shown(two_rows, 0, 0, 0), "NAME  TEXT  NUMBER\n");
}
END_TEST

/* ---- what others chose ---- */

START_TEST(nothing_but_printable_ascii_is_left)
{
	char text[258], word[258];

	for (int byte = 1; byte < 256; byte++)
		text[byte - 1] = word[byte - 1] = (char)byte;
	text[255] = word[255] = '\0';
	ck_assert_ptr_eq(printable(text), text);
	ck_assert_ptr_eq(printable_word(word), word);
	for (int byte = 1; byte < 256; byte++) {
		bool plain = byte > ' ' && byte < 127;

		ck_assert_int_eq(word[byte - 1], plain ? byte : '?');
		ck_assert_int_eq(text[byte - 1], plain || byte == ' ' ? byte : '?');
	}
}
END_TEST

START_TEST(a_name_can_be_pasted)
{
	static const struct {
		const char *locale, *name, *word;
	} names[] = {
		{"C", "alice/1", "alice/1"}, {"C", "LAB\\eve/1", "'LAB\\eve/1'"},
		{"C", "host$/1", "'host$/1'"}, {"C", "john doe/1", "$'john\\040doe/1'"},
		{"C", "o'neill\\a/1", "$'o\\'neill\\\\a/1'"},
		{"C", "Jos\xc3\xa9/1", "$'Jos\\303\\251/1'"},
		{"C.UTF-8", "Jos\xc3\xa9/1", "Jos\xc3\xa9/1"},
		{"C.UTF-8", "Jos\xe9/1", "$'Jos\\351/1'"},
		{"C.UTF-8", "a\033[2J/1", "$'a\\033[2J/1'"},
		{"C.UTF-8", "a\xc2\x9b/1",
			"$'a\\302\\233/1'"}, /* C1: a command to a terminal, too */
	};
	char text[64], small[12];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		setenv("LC_ALL", names[i].locale, 1);
		ck_assert_str_eq(pasteable(names[i].name, text, sizeof text), names[i].word);
	}
	/* never more than there is room for */
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_uint_lt(
			strlen(pasteable(names[i].name, small, sizeof small)), sizeof small);
	unsetenv("LC_ALL");
}
END_TEST

/* ---- what the kernel says ---- */

/* A directory with one file, as if it were a process's. */
static int given_directory(const char *name, const char *bytes)
{
	char path[] = "/tmp/check_ctl.XXXXXX", file[64];
	FILE *stream;
	int directory;

	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(file, sizeof file, "%s/%s", path, name);
	stream = fopen(file, "w");
	ck_assert_ptr_nonnull(stream);
	fputs(bytes, stream);
	fclose(stream);
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(directory, 0);
	return directory;
}

static void forget_directory(int directory, const char *name)
{
	char link[64], path[128] = "";

	snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
	ck_assert_int_gt(readlink(link, path, sizeof path - 1), 0);
	unlinkat(directory, name, 0);
	rmdir(path);
	close(directory);
}

/* proc_pid_status(5): a newline in the name is written as \n, so what follows it begins no line. */
START_TEST(a_name_forges_no_line_of_status)
{
	struct process_text text = {0};
	struct process_status status;
	int directory = given_directory("status",
		"Name:\tx\\nUid:\t0\nUmask:\t0022\nPPid:\t12\nUid:\t5001\t5002\t5003\t5004\n"
		"Gid:\t6001\t6001\t6001\t6001\nNSpid:\t4711\t33\t1\nFoo:\t9\n");

	ck_assert_int_eq(process_status(directory, &status, &text), 0);
	ck_assert_uint_eq(status.uid, 5001);
	ck_assert_uint_eq(status.gid, 6001);
	ck_assert_int_eq(status.parent, 12);
	ck_assert_uint_eq(status.levels, 3);
	ck_assert_int_eq(status.pids[0], 4711);
	ck_assert_int_eq(status.pids[1], 33);
	ck_assert_int_eq(status.pids[2], 1);
	forget_directory(directory, "status");
	process_text_free(&text);
}
END_TEST

START_TEST(half_a_status_is_none)
{
	struct process_text text = {0};
	struct process_status status;
	int directory = given_directory("status", "Name:\tx\nPPid:\t12\nUid:\t0\t0\t0\t0\n");

	ck_assert_int_lt(process_status(directory, &status, &text), 0);
	forget_directory(directory, "status");
	directory = given_directory("other", "");
	ck_assert_int_lt(process_status(directory, &status, &text), 0);
	forget_directory(directory, "other");
	process_text_free(&text);
}
END_TEST

START_TEST(a_name_forges_no_field_of_stat)
{
	struct process_text text = {0};
	struct process_stat stat;
	int directory = given_directory("stat",
		"4711 (x) S 1 1 1 1) S 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 777 21 55 23 "
		"24\n");

	ck_assert_int_eq(process_stat(directory, "stat", &stat, &text), 0);
	ck_assert_int_eq(stat.started, 777);
	ck_assert_uint_eq(stat.resident, 55 * (unsigned long long)sysconf(_SC_PAGESIZE));
	forget_directory(directory, "stat");
	directory = given_directory("stat", "4711 (cut) S 2 3\n");
	ck_assert_int_lt(process_stat(directory, "stat", &stat, &text), 0);
	forget_directory(directory, "stat");
	process_text_free(&text);
}
END_TEST

START_TEST(our_own_process_is_read_as_it_is)
{
	struct process_text text = {0};
	struct process_status status;
	struct process_stat stat;
	int directory = process_open("self");

	ck_assert_int_ge(directory, 0);
	ck_assert_int_eq(process_status(directory, &status, &text), 0);
	ck_assert_uint_eq(status.uid, getuid());
	ck_assert_int_eq(status.pids[0], getpid());
	ck_assert_int_eq(status.parent, getppid());
	ck_assert_int_eq(process_stat(AT_FDCWD, "/proc/self/stat", &stat, &text), 0);
	ck_assert_int_gt(stat.started, 0);
	ck_assert_uint_gt(stat.resident, 4096);
	close(directory);
	process_text_free(&text);
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("ctl");
	TCase *tests = tcase_create("ctl");

	tcase_add_test(tests, a_table_is_aligned);
	tcase_add_test(tests, a_table_gives_way_to_the_terminal);
	tcase_add_test(tests, a_table_shows_as_many_rows_as_wanted);
	tcase_add_test(tests, nothing_but_printable_ascii_is_left);
	tcase_add_test(tests, a_name_can_be_pasted);
	tcase_add_test(tests, a_name_forges_no_line_of_status);
	tcase_add_test(tests, half_a_status_is_none);
	tcase_add_test(tests, a_name_forges_no_field_of_stat);
	tcase_add_test(tests, our_own_process_is_read_as_it_is);
	suite_add_tcase(all, tests);
	return all;
}

CHECK_MAIN(suite)
