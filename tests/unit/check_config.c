/*
 * What must not get into the rules, each with its place; and what a file as a whole can be.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sched.h>
#include <sys/mount.h>

#include "conf/file/config.h"
#include "conf/file/config_file.h"
#include "given.h"

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define X500 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50
#define SHIPPED "conf/nsisolate.conf"
#define RULE "[a]\n" /* before the line that is wrong */
#define SLASHES_16 "////////////////"
#define SLASHES_64 SLASHES_16 SLASHES_16 SLASHES_16 SLASHES_16

/* A row of bytes that may have NULs in it. */
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t size;
	unsigned line, column;
	const char *piece; /* of the only error */
} wrong[] = {
	/* bytes */
	{BYTES(RULE "user = al\0ice\n"), 2, 10, "NUL"},
	{BYTES("\0"), 1, 1, "NUL"},
	{BYTES(RULE "user = alice\0"), 2, 13, "NUL"},
	{BYTES(RULE "# \033[2J\n"), 2, 3, "the control byte 0x1b"},
	{BYTES(RULE "user = a\x01\n"), 2, 9, "control byte"},
	{BYTES(RULE "user = a\x7f\n"), 2, 9, "the control byte 0x7f"},
	{BYTES(RULE "user = a\x0b\n"), 2, 9, "control byte"},
	{BYTES(RULE "us\rer = a\n"), 2, 3, "old Mac"},
	{BYTES("[a]\ruser = alice\r[b]\r"), 1, 4, "fix: `sed -i 's/\\r/\\n/g' /"},
	{BYTES("[a]\r\nuser = alice\r\n[b]\r\n"), 1, 4,
		"DOS line endings; fix: `sed -i 's/\\r$//' /"},
	{BYTES("\xff\xfe[\0a\0]\0\n\0u\0i\0d\0=\0"
	       "1\0\n\0"),
		1, 1, "this is UTF-16"},
	{BYTES("\xfe\xff\0[\0a\0]\0\n"), 1, 1, "this is UTF-16"},
	{BYTES("[\0a\0]\0\n\0u\0i\0d\0=\0"
	       "1\0\n\0"),
		1, 2, "a NUL byte: save the file as plain text"},
	{BYTES("\xef\xbb\xbf[a]\nuser = alice\n"), 1, 1, "byte order mark"},
	{BYTES(RULE "# a comment \\\nuser = alice\n"), 2, 13, "swallow the next line"},
	{BYTES(RULE "; a comment \\  \nuser = alice\n"), 2, 13, "swallow the next line"},
	{BYTES(RULE "user = alice, \\\n"), 2, 15, "swallow the next line"},
	{BYTES(RULE "user = DOM\\\n"), 2, 11, "swallow the next line"},
	{BYTES("[a]\\\n"), 1, 4, "swallow the next line"},
	{BYTES(RULE "user = \\"), 2, 8, "swallow the next line"},
	{BYTES(RULE "#" X500 X500 "\n"), 2, 1001, "longer than 1000 bytes"},
	{BYTES(RULE "user = " X500 X500 "\nuid = 5\n"), 2, 1001, "longer than 1000 bytes"},

	/* sections */
	{BYTES("[]\n"), 1, 2, "needs a name"},
	{BYTES("[a:b]\n"), 1, 3, "consists of"},
	{BYTES("[a b]\n"), 1, 3, "consists of"},
	{BYTES("[ a]\n"), 1, 2, "consists of"},
	{BYTES("[m\xc3\xbcller]\n"), 1, 3, "consists of"},
	{BYTES("[" X50 X10 "xxxxx]\n"), 1, 2, "at most 64 bytes"},
	{BYTES("[a\nuser = alice\n"), 1, 3, "expected ]"},
	{BYTES("[\n"), 1, 2, "expected ]"},
	{BYTES("[a] # comment\n"), 1, 5, "nothing can follow"},
	{BYTES("[a]]\n"), 1, 4, "nothing can follow"},
	{BYTES("[a][b]\n"), 1, 4, "nothing can follow"},
	{BYTES("[a]\nuser = x\n[b\x01]\nuser = y\n"), 3, 3, "control byte"},
	{BYTES("[a]\nuser = x\n[b\0]\nuser = y\n"), 3, 3, "NUL"},
	{BYTES("[a]\nuser = x\n[b\nuser = y\n"), 3, 3, "expected ]"},
	{BYTES("[a]\n[b]\n[a]\n"), 3, 2, "[a] is there already, at "},
	{BYTES("[students]\n[STUDENTS]\n"), 2, 2, ":1: give this one another name"},
	{BYTES("[defaults]\n[a]\n[Defaults]\n"), 3, 2, "stand in one place"},
	{BYTES("[default]\nisolate = no\n"), 1, 2, "did you mean [defaults]"},
	{BYTES("[defalts]\n"), 1, 2, "did you mean [defaults]"},

	/* keys */
	{BYTES("user = alice\n"), 1, 1, "is not in a section"},
	{BYTES("# comment\n\n  user = alice\n[a]\n"), 3, 3, "is not in a section"},
	{BYTES(RULE "user\n"), 2, 1, "expected `key = value`"},
	{BYTES(RULE "  user: alice\n"), 2, 3, "expected `key = value`"},
	{BYTES(RULE "= alice\n"), 2, 1, "a key is missing"},
	{BYTES(RULE "user name = alice\n"), 2, 5, "consists of letters"},
	{BYTES(RULE "on-error = deny\n"), 2, 3, "consists of letters"},
	{BYTES(RULE "\xc3\xbcser = alice\n"), 2, 1, "consists of letters"},
	{BYTES(RULE "usr = alice\n"), 2, 1, "did you mean user?"},
	{BYTES(RULE "hostnames = x\n"), 2, 1, "did you mean hostname?"},
	{BYTES(RULE "colour = red\n"), 2, 1, "unknown key 'colour'"},
	{BYTES(RULE "user = a\nuid = 5\nuser = b\n"), 4, 1, "'user' is already set, in line 2"},
	{BYTES(RULE "user = a\nUSER = a\n"), 3, 1, "'user' is already set, in line 2"},
	{BYTES("[defaults]\nuser = alice\n"), 2, 1, "[defaults] is not a rule"},

	/* values: what iniparser would cut or leave open */
	{BYTES(RULE "user =\n"), 2, 7, "a value is missing, expected user names"},
	{BYTES(RULE "user = \"\"\n"), 2, 9, "a value is missing, expected user names"},
	{BYTES(RULE "isolate = # no\n"), 2, 11, "a value is missing, expected yes, no or observe"},
	{BYTES(RULE "user = alice#1\n"), 2, 13, "cuts the value"},
	{BYTES(RULE "user = alice;bob\n"), 2, 13, "cuts the value"},
	{BYTES(RULE "user = \"alice\n"), 2, 8, "never closed"},
	{BYTES(RULE "user = 'alice\n"), 2, 8, "never closed"},
	{BYTES(RULE "user = \"alice\" bob\n"), 2, 16, "closing quote"},
	{BYTES(RULE "user = \"alice\", \"bob\"\n"), 2, 15, "not around one word of it"},
	{BYTES(RULE "group = \"domain users@ex\", Domain Admins@ex\n"), 2, 26,
		"a word with blanks needs none"},
	{BYTES(RULE "user = alice, \"bob\"\n"), 2, 15, "around the whole value"},
	{BYTES(RULE "user = \"DOM\\alice\"\n"), 2, 12, "remove the quotes"},

	/* values: what they say */
	{BYTES(RULE "isolate = maybe\n"), 2, 11, "'maybe': expected yes, no or observe"},
	{BYTES(RULE "isolate = true\n"), 2, 11, "expected yes, no or observe"},
	{BYTES(RULE "isolate = \"nno\"\n"), 2, 12, "did you mean no?"},
	{BYTES(RULE "hosts = 1\n"), 2, 9, "expected yes or no"},
	{BYTES(RULE "namespaces = uts, pids\n"), 2, 19, "did you mean pid?"},
	{BYTES(RULE "namespaces = uts, user\n"), 2, 19, "'user': expected uts, pid"},
	{BYTES(RULE "namespaces = uts,\n"), 2, 18, "expected the name of a kind"},
	{BYTES(RULE "namespaces = *, !uts\n"), 2, 14, "expected uts, pid"},
	{BYTES(RULE "namespaces = uts, !pid\n"), 2, 20, "expected the name of a kind"},
	{BYTES(RULE "namespaces = pid, uts, pid\n"), 2, 24, "is listed twice"},
	{BYTES(RULE "hostname = %x\n"), 2, 12, "expected one of %u"},
	{BYTES(RULE "hostname = a_b\n"), 2, 13, "only letters"},
	{BYTES(RULE "domainname = %u.%\n"), 2, 17, "expected one of %u"},
	{BYTES(RULE "hostname = %u-%I\n"), 2, 15, "expected one of %u"},
	{BYTES(RULE "namespaces = uts, network\n"), 2, 19, "ipc, net, cgroup or time"},
	{BYTES(RULE "namespaces = cgroups\n"), 2, 14, "did you mean cgroup?"},
	{BYTES(RULE "private = /home\n"), 2, 11, "'/home': expected /tmp, /var/tmp or /dev/shm"},
	{BYTES(RULE "private = /tmp, /run\n"), 2, 17, "'/run': expected /tmp"},
	{BYTES(RULE "private = /tpm\n"), 2, 11, "did you mean /tmp?"},
	{BYTES(RULE "private = tmp\n"), 2, 11, "did you mean /tmp?"},
	{BYTES(RULE "private = /tmp/\n"), 2, 11, "did you mean /tmp?"},
	{BYTES(RULE "private = /tmp /var/tmp\n"), 2, 11, "expected /tmp, /var/tmp or /dev/shm"},
	{BYTES(RULE "private = /tmp, /dev/shm, /tmp\n"), 2, 27, "'/tmp' is listed twice"},
	{BYTES(RULE "private = /tmp,\n"), 2, 16, "expected a directory here"},
	{BYTES(RULE "private = *, !/tmp\n"), 2, 11, "expected /tmp"},
	{BYTES(RULE "private = yes\n"), 2, 11, "expected /tmp"},
	{BYTES(RULE "private =\n"), 2, 10, "a value is missing, expected directories"},
	{BYTES(RULE "private_size = 0\n"), 2, 16, "'0': expected a size"},
	{BYTES(RULE "private_size = 00M\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 101%\n"), 2, 16, "'101%': expected a size"},
	{BYTES(RULE "private_size = -1\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = +1\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 1T\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 17179869184G\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 8796093022208M\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 99999999999999999999\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 1MB\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 1 M\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 1.5G\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = half\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = %\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 1,mode=777\n"), 2, 16, "expected a size"},
	{BYTES(RULE "private_size = 99999999999999999999\n"), 2, 16, "expected a size"},
	{BYTES(RULE "privat = /tmp\n"), 2, 1, "did you mean private?"},
	{BYTES(RULE "inaccessible = /srv/a, b\n"), 2, 24, "expected an absolute path here"},
	{BYTES(RULE "inaccessible = -/srv\n"), 2, 16, "expected an absolute path here"},
	{BYTES(RULE "inaccessible = /srv /opt\n"), 2, 16, "expected an absolute path here"},
	{BYTES(RULE "inaccessible = /srv/*\n"), 2, 16, "expected an absolute path here"},
	{BYTES(RULE "inaccessible = /srv, !/opt\n"), 2, 23, "expected an absolute path here"},
	{BYTES(RULE "inaccessible = /srv,\n"), 2, 21, "expected an absolute path here"},
	{BYTES(RULE "read_only = /srv/\n"), 2, 13, "expected an absolute path here"},
	{BYTES(RULE "read_only = //srv\n"), 2, 13, "expected an absolute path here"},
	{BYTES(RULE "read_only = /srv/../etc\n"), 2, 13, "expected an absolute path here"},
	{BYTES(RULE "read_only = /srv/.\n"), 2, 13, "expected an absolute path here"},
	{BYTES(RULE "read_only =\n"), 2, 12, "a value is missing, expected absolute paths"},
	{BYTES(RULE "read_only = /opt, /srv, /opt\n"), 2, 25, "'/opt' is listed twice"},
	{BYTES(RULE "read_only = /srv, /var/log\n"), 2, 19, "modules need /var/log after"},
	{BYTES(RULE "inaccessible = /var/log/wtmp\n"), 2, 16, "modules need /var/log after"},
	{BYTES(RULE "inaccessible = /var\n"), 2, 16, "need /var/lib/lastlog after"},
	{BYTES(RULE "inaccessible = /\n"), 2, 16, "modules need /dev/log after"},
	{BYTES(RULE "inaccessible = /run/utmp\n"), 2, 16, "modules need /run/utmp after"},
	{BYTES(RULE "inaccessible = /var/run/docker.sock\n"), 2, 16, "need /var/run after"},
	{BYTES(RULE "inaccessible = /dev/pts\n"), 2, 16, "modules need /dev/pts after"},
	{BYTES(RULE "inaccessible = /tmp/x\n"), 2, 16, "modules need /tmp after"},
	{BYTES(RULE "inaccesible = /srv\n"), 2, 1, "did you mean inaccessible?"},
	{BYTES(RULE "privacy = strickt\n"), 2, 11,
		"expected processes or strict (did you mean strict?)"},
	{BYTES(RULE "privacy = strict\nnamespaces = uts, ipc\n"), 2, 11,
		"only where `namespaces` names pid"},
	{BYTES(RULE "user_manager = hidden\n"), 2, 16,
		"expected hide, keep or off (did you mean hide?)"},
	{BYTES(RULE "user_manager = no\n"), 2, 16, "'no': expected hide, keep or off"},
	{BYTES(RULE "usermanager = hide\n"), 2, 1, "did you mean user_manager?"},
	{BYTES(RULE "network = user_\n"), 2, 11,
		"'user_': expected host, none or user (did you mean user?)"},
	{BYTES(RULE "network = user\nnamespaces = uts\n"), 2, 11,
		"only where `namespaces` names pid"},
	{BYTES(RULE "network = host\nnamespaces = uts, net\n"), 2, 11, "one of them must go"},
	{BYTES(RULE "namespaces = pid, net\nnetwork = user\n"), 3, 11, "one of them must go"},
	{BYTES("[defaults]\nnetwork = user\n[a]\nnamespaces = pid, net\n"), 2, 11, "must go"},
	{BYTES(RULE "shell = bash\n"), 2, 9, "absolute path"},
	{BYTES(RULE "shell = " SLASHES_64 SLASHES_64 SLASHES_64 SLASHES_64 "\n"), 2, 9,
		"longer than 255 bytes"},
	{BYTES(RULE "logout = killl\n"), 2, 10, "did you mean kill?"},
	{BYTES(RULE "logout = never\n"), 2, 10, "expected kill or linger"},
	{BYTES(RULE "on_error = permit\n"), 2, 12, "expected deny or allow"},
	{BYTES(RULE "grace = 3601\n"), 2, 9, "from 0 to 3600"},
	{BYTES(RULE "grace = -1\n"), 2, 9, "from 0 to 3600"},
	{BYTES(RULE "grace = 2s\n"), 2, 9, "from 0 to 3600"},
	{BYTES(RULE "grace = 99999999999999999999\n"), 2, 9, "from 0 to 3600"},
	{BYTES(RULE "user = alice,,bob\n"), 2, 14, "a pattern is missing"},
	{BYTES(RULE "user = !eve\n"), 2, 8, "alone never match"},
	{BYTES(RULE "service = sshd login\n"), 2, 11, "blank"},
	{BYTES(RULE "service = sshd;login\n"), 2, 15, "separated by commas"},
	{BYTES(RULE "us\xc2\xa0"
		    "er = a\n"),
		2, 3, "U+00A0 (no-break space)"},
	{BYTES(RULE "user\xc2\xa0= a\n"), 2, 5, "U+00A0 (no-break space)"},
	{BYTES(RULE "\xc2\xa0user = a\n"), 2, 1, "U+00A0 (no-break space)"},
	{BYTES("[a\xe2\x80\x91"
	       "b]\n"),
		1, 3, "U+2011 (non-breaking hyphen)"},
	{BYTES(RULE "isolate = \xe2\x80\x9cno\xe2\x80\x9d\n"), 2, 11, "U+201C (left double"},
	{BYTES(RULE "uid = 1000\xe2\x80\x93"
		    "2000\n"),
		2, 7, "U+2013 (en dash)"},
	{BYTES(RULE "uid = 1000, 2000-\n"), 2, 13, "expected a uid"},
	{BYTES(RULE "uid = alice\n"), 2, 7, "expected a uid"},
	{BYTES(RULE "from = 10.0.0.0/33\n"), 2, 8, "ADDRESS/BITS"},
	{BYTES(RULE "from = lab, 10.0.0.1/8\n"), 2, 13, "beyond its mask"},
	{BYTES(RULE "from = 2001:db8::/200\n"), 2, 8, "ADDRESS/BITS"},
};

START_TEST(wrong_text_is_refused_with_its_place)
{
	const char *path = given_bytes(wrong[_i].bytes, wrong[_i].size);
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules = (struct rules *)&diagnostics;
	const struct diagnostic *found;
	char first[1024], place[128];

	ck_assert_int_lt(rules_load(path, &rules, &diagnostics), 0);
	ck_assert_ptr_null(rules);
	found = want_diagnostic(&diagnostics, wrong[_i].line, wrong[_i].column, wrong[_i].piece);
	ck_assert_int_eq(found->severity, SEVERITY_ERROR);
	ck_assert_ptr_nonnull(found->source);
	/* one slip is one finding */
	if (diagnostics.count != 1)
		diagnostics_print(&diagnostics, stderr);
	ck_assert_uint_eq(diagnostics.count, 1);
	/* and that is what a login says in the log */
	diagnostics_first_error(&diagnostics, first, sizeof first);
	snprintf(place, sizeof place, "%s:%u:%u: error: ", path, wrong[_i].line, wrong[_i].column);
	ck_assert_int_eq(strncmp(first, place, strlen(place)), 0);
	ck_assert_str_eq(first + strlen(place), found->text);
	diagnostics_free(&diagnostics);
}
END_TEST

START_TEST(everything_wrong_is_found_in_one_run_and_in_order)
{
	static const char text[] = "user = x\n"
				   "[defaults]\n"
				   "grace = soon\n"
				   "[a b]\n"
				   "usr = alice\n"
				   "logout\n"
				   "[c]\n"
				   "isolate = maybe\n"
				   "from = 1.2.3\n";
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;

	ck_assert_int_lt(rules_load(given_bytes(text, strlen(text)), &rules, &diagnostics), 0);
	ck_assert_uint_eq(diagnostics.errors, 7);
	ck_assert_uint_eq(diagnostics.count, 7);
	for (unsigned i = 0, lines[] = {1, 3, 4, 5, 6, 8, 9}; i < 7; i++)
		ck_assert_uint_eq(diagnostics.list[i].line, lines[i]);
	diagnostics_free(&diagnostics);
}
END_TEST

/* ---- what is accepted, and how it is understood ---- */

static const struct {
	const char *bytes;
	size_t size;
	const char *values; /* "section:key=value" each, with a blank behind it */
} right[] = {
	{BYTES("[a]\nuser = alice\n"), "a:user=alice "},
	{BYTES("[a]\nuser=alice"), "a:user=alice "},
	{BYTES("  [a]  \n\tuser\t=\talice\t\n"), "a:user=alice "},
	{BYTES("[A.b_c-9]\nUSER = Alice\n"), "a.b_c-9:user=Alice "},
	{BYTES("# one\n; two\n\n[a]\n#user = x\n  # three\n"), ""},
	{BYTES("[a]\nuser = alice # who\n"), "a:user=alice "},
	{BYTES("[a]\nuser = alice ; who\n"), "a:user=alice "},
	{BYTES("[a]\nuser = alice\t# who # else\n"), "a:user=alice "},
	{BYTES("[a]\nuser = \"alice\"\n"), "a:user=alice "},
	{BYTES("[a]\nuser = 'alice' # who\n"), "a:user=alice "},
	{BYTES("[a]\nuser = 'alice'#who\n"), "a:user=alice "},
	{BYTES("[a]\nuser = \"a#b;c\"\n"), "a:user=a#b;c "},
	{BYTES("[a]\nuser = \"it's\"\n"), "a:user=it's "},
	{BYTES("[a]\nuser = it's\n"), "a:user=it's "},
	{BYTES("[a]\nuser = 'say \"hi\"'\n"), "a:user=say \"hi\" "},
	{BYTES("[a]\nuser = \"  alice  \"\n"), "a:user=  alice   "},
	{BYTES("[a]\nuser = a=b\n"), "a:user=a=b "}, {BYTES("[a]\nuser == b\n"), "a:user== b "},
	{BYTES("[a]\nuser = [b]\n"), "a:user=[b] "},
	{BYTES("[a]\nuser = DOM\\alice\n"), "a:user=DOM\\alice "},
	{BYTES("[a]\nuser = m\xc3\xbcller\n"), "a:user=m\xc3\xbcller "},
	{BYTES("[a]\nuser = a, b\nuid = 5\n[b]\nuser = c\n"), "a:user=a, b a:uid=5 b:user=c "},
	{BYTES("[a]\nuser = 5\n\n\n\n[b]\nx"), NULL},
	{BYTES("[a]\nuid = 5\n[b]\nuid = 6\n[defaults]\ngrace = 1\n"),
		"a:uid=5 b:uid=6 defaults:grace=1 "},
	{BYTES("[" X50 X10 "xxxx]\nuser = a\n"), X50 X10 "xxxx:user=a "},
	{BYTES("# " X500 X50 X50 X50 X50 X50 X50 X50 X50 X50 X10 X10 X10 X10 "xxxxxxxx\n[a]\n"),
		""}, /* 1000 bytes */
};

static char *values_of(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; i < config->count; i++)
		for (size_t k = 0; k < config->sections[i].count; k++)
			fprintf(stream, "%s:%s=%s ", config->sections[i].name,
				config->sections[i].items[k].key,
				config->sections[i].items[k].value);
	fclose(stream);
	return text;
}

START_TEST(right_text_is_understood)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct config config = CONFIG_EMPTY;
	char *values;

	config_read(&config, given_bytes(right[_i].bytes, right[_i].size), NULL, &diagnostics);
	if (!right[_i].values) {
		ck_assert_uint_eq(diagnostics.errors, 1);
	} else {
		diagnostics_print(&diagnostics, stderr);
		ck_assert_uint_eq(diagnostics.count, 0);
		values = values_of(&config);
		ck_assert_str_eq(values, right[_i].values);
		free(values);
	}
	config_free(&config);
	diagnostics_free(&diagnostics);
}
END_TEST

START_TEST(places_are_those_of_the_file)
{
	static const char text[] = "\n  [a]\n\n  user =  'alice' # x\n";
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct config config = CONFIG_EMPTY;
	const struct config_item *item;

	config_read(&config, given_bytes(text, strlen(text)), NULL, &diagnostics);
	ck_assert_uint_eq(config.count, 1);
	ck_assert_uint_eq(config.sections[0].place.line, 2);
	ck_assert_uint_eq(config.sections[0].place.column, 4);
	item = &config.sections[0].items[0];
	ck_assert_uint_eq(item->key_place.line, 4);
	ck_assert_uint_eq(item->key_place.column, 3);
	ck_assert_uint_eq(item->place.column, 12);
	ck_assert_str_eq(item->place.source, "  user =  'alice' # x");
	config_free(&config);
}
END_TEST

/* ---- limits ---- */

/* @first, then @count times @line with @ in it as a number; to be freed. */
static char *repeat(const char *first, const char *line, int count)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	fputs(first, stream);
	for (int i = 0; i < count; i++)
		for (const char *byte = line; *byte; byte++)
			if (*byte == '@')
				fprintf(stream, "%d", i);
			else
				fputc(*byte, stream);
	fclose(stream);
	return text;
}

static size_t errors_of(const char *text, unsigned line, const char *piece)
{
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;
	size_t errors;

	rules_load(given_bytes(text, strlen(text)), &rules, &diagnostics);
	errors = diagnostics.errors;
	if (errors)
		want_diagnostic(&diagnostics, line, 2, piece);
	rules_free(rules);
	diagnostics_free(&diagnostics);
	return errors;
}

START_TEST(thousand_rules_are_taken_and_one_more_is_not)
{
	char *text = repeat("", "[r@]\nuser = a\n", 1000);
	char *more = repeat("", "[r@]\nuser = a\n", 50000);

	ck_assert_uint_eq(errors_of(text, 0, ""), 0);
	ck_assert_uint_eq(errors_of(more, 2001, "more than 1000 sections"), 1);
	free(text);
	free(more);
}
END_TEST

START_TEST(hundred_keys_are_read_and_one_more_is_not)
{
	char *more = repeat("[a]\n", " x@ = 1\n", 50000);
	struct diagnostics diagnostics = DIAGNOSTICS_EMPTY;
	struct rules *rules;

	ck_assert_int_lt(rules_load(given_bytes(more, strlen(more)), &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 102, 2, "more than 100 keys");
	ck_assert_uint_eq(diagnostics.errors, 101);
	diagnostics_free(&diagnostics);
	free(more);
}
END_TEST

/* ---- the file itself ---- */

static char directory[64]; /* made before these tests, removed after them */
static char path[96];
static char locales[64]; /* where make_turkish puts one */
static struct diagnostics diagnostics;
static struct rules *rules;

static void make_directory(void)
{
	strcpy(directory, "/tmp/check_config.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/nsisolate.conf", directory);
}

static void empty_directory(const char *name)
{
	DIR *stream = opendir(name);
	struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dirfd(stream), entry->d_name, 0) < 0) {
			char *below;

			ck_assert_int_gt(asprintf(&below, "%s/%s", name, entry->d_name), 0);
			empty_directory(below);
			ck_assert_int_eq(rmdir(below), 0);
			free(below);
		}
	}
	if (stream)
		closedir(stream);
}

static void clean(void)
{
	rules_free(rules);
	rules = NULL;
	diagnostics_free(&diagnostics);
	empty_directory(directory);
}

static void remove_directory(void)
{
	empty_directory(directory);
	rmdir(directory);
	empty_directory(locales);
	rmdir(locales);
}

/* Whether there is a Turkish locale, made for the tests where need be. */
static bool make_turkish(void)
{
	char command[256];
	bool there;

	strcpy(locales, "/tmp/check_config.XXXXXX");
	if (!mkdtemp(locales))
		return false;
	snprintf(command, sizeof command,
		"localedef -i tr_TR -f UTF-8 %s/tr_TR.UTF-8 >/dev/null 2>&1", locales);
	if (system(command) == 0)
		setenv("LOCPATH", locales, 1);
	there = setlocale(LC_ALL, "tr_TR.UTF-8");
	setlocale(LC_ALL, "C");
	return there;
}

static void write_file(const char *name, const char *text, size_t size)
{
	char *full;
	FILE *file;

	ck_assert_int_gt(asprintf(&full, "%s/%s", directory, name), 0);
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(full, 0644), 0);
	free(full);
}

static void write_text(const char *name, const char *text)
{
	write_file(name, text, strlen(text));
}

/* The file as a whole is refused, for this one reason. */
static void want_refused(const char *piece)
{
	ck_assert_int_lt(rules_load(path, &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 0, 0, piece);
	ck_assert_uint_eq(diagnostics.count, 1);
}

static void want_loaded(void)
{
	int result = rules_load(path, &rules, &diagnostics);

	diagnostics_print(&diagnostics, stderr);
	ck_assert_int_eq(result, 0);
	ck_assert_uint_eq(diagnostics.count, 0);
}

START_TEST(file_that_is_missing_is_refused)
{
	want_refused("cannot be opened: No such file or directory");
}
END_TEST

START_TEST(directory_is_refused)
{
	ck_assert_int_eq(mkdir(path, 0755), 0);
	want_refused("is a directory");
}
END_TEST

/* Check's limit of 4 s is the proof that it does not wait for a writer. */
START_TEST(fifo_is_refused_at_once)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	want_refused("is not a regular file");
}
END_TEST

START_TEST(device_is_refused)
{
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	want_refused("is not a regular file");
}
END_TEST

START_TEST(dangling_link_is_refused)
{
	ck_assert_int_eq(symlink("nowhere", path), 0);
	want_refused("link to a file that does not exist");
}
END_TEST

START_TEST(link_to_a_file_is_followed)
{
	write_text("real.conf", "[a]\nuser = alice\n");
	ck_assert_int_eq(symlink("real.conf", path), 0);
	want_loaded();
}
END_TEST

/* as one that is written to meanwhile */
START_TEST(file_that_is_longer_than_it_says_is_read)
{
	struct stat status;

	ck_assert_int_eq(stat("/proc/version", &status), 0);
	ck_assert_int_eq(status.st_size, 0);
	ck_assert_int_eq(symlink("/proc/version", path), 0);
	ck_assert_int_lt(rules_load(path, &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 1, 1, "expected `key = value`");
}
END_TEST

START_TEST(link_that_turns_in_a_circle_is_refused)
{
	ck_assert_int_eq(symlink("nsisolate.conf", path), 0);
	want_refused("cannot be opened");
}
END_TEST

/* A comment of 999 bytes a line, to a file of @size bytes. */
static void write_comments(size_t size)
{
	char *text = malloc(size);

	for (size_t i = 0; i < size; i++)
		text[i] = i % 1000 == 999 ? '\n' : '#';
	memcpy(text, "[a]\n", 4);
	write_file("nsisolate.conf", text, size);
	free(text);
}

START_TEST(file_of_one_mebibyte_is_read)
{
	write_comments(1 << 20);
	want_loaded();
}
END_TEST

START_TEST(file_of_more_is_refused)
{
	write_comments((1 << 20) + 1);
	want_refused("is larger than 1 MiB");
}
END_TEST

START_TEST(empty_file_is_warned_about)
{
	write_text("nsisolate.conf", "");
	ck_assert_int_eq(rules_load(path, &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 0, 0, "no login is isolated");
	ck_assert_uint_eq(diagnostics.errors, 0);
}
END_TEST

START_TEST(file_of_defaults_only_is_warned_about)
{
	write_text("nsisolate.conf", "[defaults]\ngrace = 5\n");
	ck_assert_int_eq(rules_load(path, &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 0, 0, "no login is isolated");
}
END_TEST

/* ---- whose file: what root obeys, nobody else may write ---- */

START_TEST(file_of_somebody_else_is_refused_by_root)
{
	write_text("nsisolate.conf", "[a]\nuser = alice\n");
	ck_assert_int_eq(chown(path, 5001, 0), 0);
	want_refused("is owned by uid 5001, expected root");
}
END_TEST

START_TEST(file_that_others_can_write_is_refused_by_root)
{
	static const mode_t modes[] = {0664, 0646, 0666, 0602};

	for (int i = 0; i < ROWS(modes); i++) {
		write_text("nsisolate.conf", "[a]\nuser = alice\n");
		ck_assert_int_eq(chmod(path, modes[i]), 0);
		want_refused("is writable by users other");
		diagnostics_free(&diagnostics);
	}
}
END_TEST

START_TEST(file_of_somebody_else_is_read_by_users)
{
	write_text("nsisolate.conf", "[a]\nuser = alice\n");
	ck_assert_int_eq(chown(path, 5001, 0), 0);
	ck_assert_int_eq(chmod(directory, 0755), 0);
	ck_assert_int_eq(seteuid(5002), 0);
	want_loaded();
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(file_that_cannot_be_read_is_refused)
{
	write_text("nsisolate.conf", "[a]\nuser = alice\n");
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(chmod(directory, 0755), 0);
	ck_assert_int_eq(seteuid(5002), 0);
	want_refused("cannot be opened: Permission denied");
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(drop_ins_of_somebody_else_are_refused_by_root)
{
	write_text("nsisolate.conf", "[a]\nuser = alice\n");
	ck_assert_int_eq(mkdir(strcat(path, ".d"), 0755), 0);
	ck_assert_int_eq(chown(path, 5001, 0), 0);
	*strrchr(path, '.') = '\0';
	ck_assert_int_lt(rules_load(path, &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 0, 0, "is owned by uid 5001");
	ck_assert_ptr_nonnull(strstr(diagnostics.list[0].file, ".conf.d"));
}
END_TEST

/* ---- drop-ins ---- */

static void make_drop_ins(void)
{
	char *name;

	ck_assert_int_gt(asprintf(&name, "%s.d", path), 0);
	ck_assert_int_eq(mkdir(name, 0755), 0);
	free(name);
}

START_TEST(drop_ins_come_after_the_file_in_the_order_of_bytes)
{
	struct config config = CONFIG_EMPTY;
	char *values;

	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/b.conf", "[b]\nuid = 4\n");
	write_text("nsisolate.conf.d/a.conf", "[a]\nuid = 3\n");
	write_text("nsisolate.conf.d/Z.conf", "[z]\nuid = 2\n");
	write_text("nsisolate.conf.d/10.conf", "[ten]\nuid = 0\n");
	config_read(&config, path, NULL, &diagnostics);
	ck_assert_uint_eq(diagnostics.count, 0);
	values = values_of(&config);
	ck_assert_str_eq(values, "main:uid=1 ten:uid=0 z:uid=2 a:uid=3 b:uid=4 ");
	free(values);
	config_free(&config);
}
END_TEST

START_TEST(what_editors_leave_is_no_drop_in)
{
	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/.hidden.conf", "wrong\n");
	write_text("nsisolate.conf.d/.#a.conf", "wrong\n");
	write_text("nsisolate.conf.d/a.conf~", "wrong\n");
	write_text("nsisolate.conf.d/a.conf.dpkg-new", "wrong\n");
	write_text("nsisolate.conf.d/README", "wrong\n");
	write_text("nsisolate.conf.d/.conf", "wrong\n");
	want_loaded();
}
END_TEST

START_TEST(drop_in_that_is_masked_is_left_out)
{
	char *name;

	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	ck_assert_int_gt(asprintf(&name, "%s.d/a.conf", path), 0);
	ck_assert_int_eq(symlink("/dev/null", name), 0);
	want_loaded();
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(symlink("/dev/zero", name), 0);
	free(name);
	want_refused("is not a regular file");
}
END_TEST

START_TEST(drop_in_that_is_not_read_is_warned_about)
{
	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/README", "x");
	write_text("nsisolate.conf.d/.hidden", "x");
	write_text("nsisolate.conf.d/a.conf~", "x");
	write_text("nsisolate.conf.d/a.conf.bak", "x");
	write_text("nsisolate.conf.d/a.conf", "[a]\nuid = 2\n");
	config_file_lint(path, &diagnostics);
	ck_assert_uint_eq(diagnostics.count, 0);
	write_text("nsisolate.conf.d/site", "x");
	write_text("nsisolate.conf.d/B.CONF", "x");
	config_file_lint(path, &diagnostics);
	ck_assert_uint_eq(diagnostics.count, 2);
	want_diagnostic(&diagnostics, 0, 0, "must end in .conf");
}
END_TEST

START_TEST(name_that_two_files_use_is_refused_with_both_places)
{
	const struct diagnostic *found;

	write_text("nsisolate.conf", "[main]\nuid = 1\n\n[staff]\nuid = 2\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/a.conf", "\n[Staff]\nuid = 3\n");
	ck_assert_int_lt(rules_load(path, &rules, &diagnostics), 0);
	found = want_diagnostic(
		&diagnostics, 2, 2, "/nsisolate.conf:4: give this one another name");
	ck_assert_ptr_nonnull(strstr(found->file, "/nsisolate.conf.d/a.conf"));
}
END_TEST

START_TEST(defaults_stand_in_one_file_only)
{
	write_text("nsisolate.conf", "[defaults]\n[main]\nuid = 1\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/a.conf", "[defaults]\ngrace = 3\n");
	ck_assert_int_lt(rules_load(path, &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 1, 2, "/nsisolate.conf:1: put the values there");
}
END_TEST

START_TEST(drop_in_that_is_wrong_spoils_all)
{
	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/a.conf", "[a]\nuser\n");
	write_text("nsisolate.conf.d/b.conf", "[b]\nuid = x\n");
	ck_assert_int_lt(rules_load(path, &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 2, 1, "expected `key = value`");
	want_diagnostic(&diagnostics, 2, 7, "expected a uid");
	ck_assert_uint_eq(diagnostics.errors, 2);
}
END_TEST

START_TEST(drop_in_key_does_not_belong_to_the_file_before)
{
	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/a.conf", "user = x\n");
	ck_assert_int_lt(rules_load(path, &rules, &diagnostics), 0);
	want_diagnostic(&diagnostics, 1, 1, "is not in a section");
}
END_TEST

START_TEST(drop_in_that_is_a_directory_is_refused)
{
	char *name;

	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	ck_assert_int_gt(asprintf(&name, "%s.d/a.conf", path), 0);
	ck_assert_int_eq(mkdir(name, 0755), 0);
	free(name);
	want_refused("is a directory");
}
END_TEST

START_TEST(drop_in_directory_that_is_a_file_is_refused)
{
	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	write_text("nsisolate.conf.d", "x");
	want_refused("cannot be opened: Not a directory");
}
END_TEST

/* ---- changes that are only tried ---- */

/* Loads as if @file, below the directory, were @text. */
static int load_changed(const char *file, const char *text)
{
	char *full, *with;
	int result;

	write_text("changed", text);
	ck_assert_int_gt(asprintf(&full, "%s/%s", directory, file), 0);
	ck_assert_int_gt(asprintf(&with, "%s/changed", directory), 0);
	result = rules_load_changed(path, full, with, &rules, &diagnostics);
	free(full);
	free(with);
	return result;
}

START_TEST(change_of_the_file_is_read_with_its_drop_ins)
{
	const struct diagnostic *found;

	write_text("nsisolate.conf", "wrong\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/a.conf", "[a]\nuid = 1\n");
	ck_assert_int_eq(load_changed("nsisolate.conf", "[b]\nuid = 2\n"), 0);
	rules_free(rules);
	ck_assert_int_lt(load_changed("nsisolate.conf", "\n[a]\nuid = 2\n"), 0);
	found = want_diagnostic(&diagnostics, 1, 2, "/nsisolate.conf:2: give this one");
	ck_assert_ptr_nonnull(strstr(found->file, "/nsisolate.conf.d/a.conf"));
}
END_TEST

START_TEST(change_of_a_drop_in_is_read_with_the_others)
{
	const struct diagnostic *found;

	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/a.conf", "wrong\n");
	ck_assert_int_eq(load_changed("nsisolate.conf.d/a.conf", "[a]\nuid = 2\n"), 0);
	rules_free(rules);
	ck_assert_int_lt(load_changed("nsisolate.conf.d/a.conf", "[main]\n"), 0);
	found = want_diagnostic(&diagnostics, 1, 2, "/nsisolate.conf:1: give this one");
	ck_assert_ptr_nonnull(strstr(found->file, "/nsisolate.conf.d/a.conf"));
}
END_TEST

START_TEST(drop_in_that_is_not_there_yet_is_read)
{
	write_text("nsisolate.conf", "[main]\nuid = 1\n");
	make_drop_ins();
	write_text("nsisolate.conf.d/a.conf", "[a]\nuid = 1\n");
	ck_assert_int_lt(load_changed("nsisolate.conf.d/b.conf", "[a]\n"), 0);
	want_diagnostic(&diagnostics, 1, 2, "/a.conf:1: give this one");
	diagnostics_free(&diagnostics);
	/* a file that is not a drop-in does not become one */
	ck_assert_int_eq(load_changed("nsisolate.conf.d/b.txt", "wrong\n"), 0);
}
END_TEST

/* ---- surroundings ---- */

/* su and login have the locale of their user; in a Turkish one `I` is not the capital `i`. */
START_TEST(locale_changes_nothing)
{
	struct login login = {.user = (char *)"alice", .uid = 1, .rhost = "LIB.X"};
	struct policy policy;
	struct error error;

	ck_assert_ptr_nonnull(setlocale(LC_ALL, "tr_TR.UTF-8"));
	write_text("nsisolate.conf", "[DEFAULTS]\nISOLATE = YES\n[WIKI]\nUID = 1\nFROM = LIB.x\n");
	want_loaded();
	ck_assert_int_eq(rules_match(rules, &login, &policy, &error), 0);
	ck_assert_str_eq(policy.rule, "wiki");
	/* and it is the caller's again */
	ck_assert_ptr_eq(uselocale((locale_t)0), LC_GLOBAL_LOCALE);
}
END_TEST

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

START_TEST(nothing_is_left_open)
{
	static const char *const texts[] = {"[a]\nuser = alice\n", "[a\n", ""};
	int before = open_descriptors();

	for (int i = 0; i < ROWS(texts); i++) {
		write_text("nsisolate.conf", texts[i]);
		rules_load(path, &rules, &diagnostics);
		rules_free(rules);
		diagnostics_free(&diagnostics);
		ck_assert_int_eq(open_descriptors(), before);
	}
	make_drop_ins();
	rules_load(path, &rules, &diagnostics);
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* iniparser can be given paths only, and complains on standard error, which can be sshd's. */
START_TEST(without_proc_it_is_one_error_and_nothing_on_stderr)
{
	int saved = dup(2), file = memfd_create("stderr", MFD_CLOEXEC);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	/* in a chroot "/" is not a mount; /proc is one everywhere */
	ck_assert_int_eq(mount(NULL, "/proc", NULL, MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("none", "/proc", "tmpfs", 0, NULL), 0);
	write_text("nsisolate.conf", "[a]\nuser = alice\n");
	dup2(file, 2);
	want_refused("/proc is not mounted");
	fflush(stderr);
	dup2(saved, 2);
	/* a sanitizer may want it at the end */
	ck_assert_int_eq(umount("/proc"), 0);
	ck_assert_int_eq(lseek(file, 0, SEEK_END), 0);
}
END_TEST

START_TEST(shipped_file_has_nothing_to_report)
{
	snprintf(path, sizeof path, "%s", SHIPPED);
	ck_assert_msg(access(path, R_OK) == 0, "run this from the top of the tree: %s", path);
	want_loaded();
	rules_lint(rules, true, &diagnostics);
	diagnostics_print(&diagnostics, stderr);
	ck_assert_uint_eq(diagnostics.count, 0);
}
END_TEST

static Suite *config_suite(void)
{
	const bool mounts = can_unshare(CLONE_NEWNS); /* a fork: before there is memory to lose */
	Suite *suite = suite_create("config");
	TCase *text = tcase_create("text");
	TCase *file = tcase_create("file");

	tcase_add_loop_test(text, wrong_text_is_refused_with_its_place, 0, ROWS(wrong));
	tcase_add_test(text, everything_wrong_is_found_in_one_run_and_in_order);
	tcase_add_loop_test(text, right_text_is_understood, 0, ROWS(right));
	tcase_add_test(text, places_are_those_of_the_file);
	tcase_add_test(text, thousand_rules_are_taken_and_one_more_is_not);
	tcase_add_test(text, hundred_keys_are_read_and_one_more_is_not);
	suite_add_tcase(suite, text);

	tcase_add_unchecked_fixture(file, make_directory, remove_directory);
	tcase_add_checked_fixture(file, NULL, clean);
	tcase_add_test(file, file_that_is_missing_is_refused);
	tcase_add_test(file, directory_is_refused);
	tcase_add_test(file, fifo_is_refused_at_once);
	tcase_add_test(file, device_is_refused);
	tcase_add_test(file, dangling_link_is_refused);
	tcase_add_test(file, link_to_a_file_is_followed);
	tcase_add_test(file, link_that_turns_in_a_circle_is_refused);
	tcase_add_test(file, file_that_is_longer_than_it_says_is_read);
	tcase_add_test(file, file_of_one_mebibyte_is_read);
	tcase_add_test(file, file_of_more_is_refused);
	tcase_add_test(file, empty_file_is_warned_about);
	tcase_add_test(file, file_of_defaults_only_is_warned_about);
	if (is_root()) {
		tcase_add_test(file, file_of_somebody_else_is_refused_by_root);
		tcase_add_test(file, file_that_others_can_write_is_refused_by_root);
		tcase_add_test(file, file_of_somebody_else_is_read_by_users);
		tcase_add_test(file, file_that_cannot_be_read_is_refused);
		tcase_add_test(file, drop_ins_of_somebody_else_are_refused_by_root);
	} else {
		puts("skipped: 5 tests of other users' files: they need root");
	}
	if (mounts)
		tcase_add_test(file, without_proc_it_is_one_error_and_nothing_on_stderr);
	else
		puts("skipped: 1 test of a machine without /proc: it needs a mount namespace");
	tcase_add_test(file, drop_ins_come_after_the_file_in_the_order_of_bytes);
	tcase_add_test(file, what_editors_leave_is_no_drop_in);
	tcase_add_test(file, drop_in_that_is_masked_is_left_out);
	tcase_add_test(file, drop_in_that_is_not_read_is_warned_about);
	tcase_add_test(file, name_that_two_files_use_is_refused_with_both_places);
	tcase_add_test(file, defaults_stand_in_one_file_only);
	tcase_add_test(file, drop_in_that_is_wrong_spoils_all);
	tcase_add_test(file, drop_in_key_does_not_belong_to_the_file_before);
	tcase_add_test(file, drop_in_that_is_a_directory_is_refused);
	tcase_add_test(file, drop_in_directory_that_is_a_file_is_refused);
	tcase_add_test(file, change_of_the_file_is_read_with_its_drop_ins);
	tcase_add_test(file, change_of_a_drop_in_is_read_with_the_others);
	tcase_add_test(file, drop_in_that_is_not_there_yet_is_read);
	if (make_turkish())
		tcase_add_test(file, locale_changes_nothing);
	else
		puts("skipped: 1 test of a Turkish locale: there is none and none can be made");
	tcase_add_test(file, nothing_is_left_open);
	tcase_add_test(file, shipped_file_has_nothing_to_report);
	suite_add_tcase(suite, file);
	return suite;
}

CHECK_MAIN(config_suite)
