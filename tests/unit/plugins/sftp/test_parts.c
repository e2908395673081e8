/*
 * The parts that stand alone: attributes, the line of ls -l, options; and that the
 * configuration's check knows the same options and requests.
 */
#include <stdio.h>

#include "control/conf.h"
#include "plugins/sftp/longname.h"
#include "plugins/sftp/options.h"
#include "plugins/sftp/request.h"
#include "tests/lib/suite.h"

static void
test_attrs(void)
{
	static const uint8_t wire[] = { 0x80, 0, 0, 0x0f, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0,
		0, 0x81, 0xa4, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 'n', 0, 0, 0, 2, 'v', 'v' };
	uint8_t buf[64];
	struct out o = { buf, 0, sizeof(buf), 0 };
	struct cur c;
	struct attrs a;
	uint32_t flags;
	size_t cut;

	c = (struct cur){ wire, wire + sizeof(wire), 0 };
	attrs_get(&c, &a);
	CU_ASSERT(!c.bad && cur_left(&c) == 0);
	CU_ASSERT(a.size == (UINT64_C(1) << 32 | 2) && a.uid == 3 && a.gid == 4 && a.permissions == 0100644);
	CU_ASSERT(a.atime == 6 && a.mtime == 7);
	attrs_put(&o, &a);
	CU_ASSERT_EQUAL(o.len, ATTRS_MAX);
	CU_ASSERT_EQUAL(memcmp(buf + 4, wire + 4, o.len - 4), 0);
	CU_ASSERT_EQUAL(load_u32(buf), 0x0f);
	for (cut = 0; cut < sizeof(wire); cut++) {
		c = (struct cur){ wire, wire + cut, 0 };
		attrs_get(&c, &a);
		CU_ASSERT_TRUE(c.bad);
	}
	/* Each alone: what it takes on the wire. */
	for (flags = 0; flags < 16; flags++) {
		a.flags = flags;
		o = (struct out){ buf, 0, sizeof(buf), 0 };
		attrs_put(&o, &a);
		CU_ASSERT_EQUAL(o.len,
		    4 + (flags & 1) * 8 + (flags >> 1 & 1) * 8 + (flags >> 2 & 1) * 4 + (flags >> 3) * 8);
		c = (struct cur){ buf, buf + o.len, 0 };
		attrs_get(&c, &a);
		CU_ASSERT(!c.bad && cur_left(&c) == 0 && a.flags == flags);
	}
	o = (struct out){ buf, 0, 3, 0 };
	attrs_put(&o, &a);
	CU_ASSERT(o.bad && o.len == 0);
}

static void
test_longname(void)
{
	static const struct {
		mode_t mode;
		const char *text;
	} rows[] = {
		{ S_IFREG | 0644, "-rw-r--r--" },
		{ S_IFDIR | 01777, "drwxrwxrwt" },
		{ S_IFLNK | 0777, "lrwxrwxrwx" },
		{ S_IFREG | 04755, "-rwsr-xr-x" },
		{ S_IFREG | 06644, "-rwSr-Sr--" },
		{ S_IFREG | 02711, "-rwx--s--x" },
		{ S_IFCHR | 0600, "crw-------" },
		{ S_IFBLK | 0660, "brw-rw----" },
		{ S_IFIFO, "p---------" },
		{ S_IFSOCK | 01000, "s--------T" },
	};
	struct stat st = { .st_size = 1234, .st_nlink = 2, .st_mtime = 1000000000 };
	struct tm when = { .tm_year = 101, .tm_mon = 8, .tm_mday = 9, .tm_hour = 1, .tm_min = 46 };
	char text[LONGNAME_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		st.st_mode = rows[i].mode;
		longname(text, "x", &st, "u", "g", &when, 1000000000);
		CU_ASSERT_EQUAL(memcmp(text, rows[i].text, 10), 0);
	}
	st.st_mode = S_IFREG | 0600;
	longname(text, "a file", &st, "user", "group", &when, 1000000000 + 1000);
	CU_ASSERT_STRING_EQUAL(text, "-rw-------   2 user     group        1234 Sep  9 01:46 a file");
	longname(text, "x", &st, "averylongusername", "g", &when, 1100000000);
	CU_ASSERT_STRING_EQUAL(text, "-rw-------   2 averylongusername g            1234 Sep  9  2001 x");
	/* Of tomorrow: no hour either. */
	longname(text, "x", &st, "u", "g", &when, 999999999);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Sep  9  2001 x"));
	longname(text, "x", &st, "u", "g", NULL, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "1234  x"));
}

/* ---- options ---- */

static int
parse(struct options *o, const char *text)
{
	char why[128] = "";
	int r = options_parse(o, text, strlen(text), "sftp", 4, why);

	CU_ASSERT(r == 0 || why[0] != '\0');
	return r;
}

static void
test_options(void)
{
	static const char *const wrong[] = { "Subsystem sftp -x", "Subsystem sftp x", "Subsystem sftp -",
		"Subsystem sftp -u", "Subsystem sftp -u 8", "Subsystem sftp -u 1777",
		"Subsystem sftp -l LOUD", "Subsystem sftp -P open,", "Subsystem sftp -p look", "MaxHandles",
		"MaxHandles 0", "MaxHandles 4097", "MaxHandles 1x",
		"Root", "Root srv", "Root /srv/my files",
		"Subsystem a\nSubsystem sftp -R\nSubsystem sftp -z" };
	uint64_t all = (UINT64_C(1) << OP_COUNT) - 1;
	struct options o;
	size_t i;

	CU_ASSERT_EQUAL(parse(&o, ""), 0);
	CU_ASSERT(!o.read_only && o.umask == OPTIONS_UMASK_LOGIN && o.handles == 256 && o.allowed == all &&
		  o.log == SFTP_LOG_ERROR && o.directory[0] == '\0');
	CU_ASSERT_EQUAL(
	    parse(&o, "# words\nRunAs user\nMaxHandles 7\nSubsystem sftpx -R\nSubsystem other -q"), 0);
	CU_ASSERT(!o.read_only && o.handles == 7);
	CU_ASSERT_EQUAL(parse(&o, "Subsystem sftp -eRu027 -l VERBOSE -f AUTH -d /srv/%u\n"), 0);
	CU_ASSERT(o.read_only && o.umask == 027 && o.log == SFTP_LOG_INFO);
	CU_ASSERT_STRING_EQUAL(o.directory, "/srv/%u");
	CU_ASSERT_EQUAL(o.root[0], '\0');
	CU_ASSERT_EQUAL(parse(&o, "Root\t%d/files \nSubsystem sftp -R"), 0);
	CU_ASSERT_STRING_EQUAL(o.root, "%d/files");
	CU_ASSERT_EQUAL(parse(&o, "Subsystem sftp -p OPEN,read,copy-data -P read"), 0);
	CU_ASSERT_EQUAL(o.allowed, UINT64_C(1) << OP_OPEN | UINT64_C(1) << OP_COPY_DATA);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_EQUAL(parse(&o, wrong[i]), -1);
}

static void
told(void *ctx, bool fatal, const char *line)
{
	(void)line;
	if (fatal)
		*(int *)ctx = 1;
}

static int
checked(struct conf *c, const char *arguments)
{
	char line[256];
	int errors = 0;

	snprintf(line, sizeof(line), "Subsystem sftp internal-sftp %s\n", arguments);
	return conf_parse(c, line, strlen(line), "FILE", told, &errors);
}

/* `posternd -t` and the plugin agree about every letter, level and request. */
static void
test_same_options(void)
{
	static const char *const more[] = { "-u 022", "-u 777", "-u 0777", "-u 00777", "-u 999", "-l QUIET",
		"-l FATAL", "-l DEBUG3", "-l DEBUG4", "-d /x", "-Rd/x", "-RR", "-u", "-P", "-" };
	static struct conf c;
	char arguments[128], text[256];
	struct options o;
	size_t i;
	int letter, op;

	for (letter = 33; letter < 127; letter++) {
		if (strchr("\"'\\#", letter) != NULL)
			continue;
		snprintf(arguments, sizeof(arguments), "-%c%s", letter,
		    letter == 'u'                  ? " 1"
		    : letter == 'l'                ? " INFO"
		    : strchr("pP", letter) != NULL ? " stat"
		    : strchr("df", letter) != NULL ? " /x"
						   : "");
		snprintf(text, sizeof(text), "Subsystem sftp %s", arguments);
		CU_ASSERT_EQUAL(checked(&c, arguments), parse(&o, text));
	}
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		snprintf(text, sizeof(text), "Subsystem sftp %s", more[i]);
		/* Whatever the one lets through the other understands. */
		CU_ASSERT(checked(&c, more[i]) != 0 || parse(&o, text) == 0);
	}
	for (op = 0; op < OP_COUNT; op++) {
		snprintf(arguments, sizeof(arguments), "-P %s", request_rows[op].name);
		snprintf(text, sizeof(text), "Subsystem sftp %s", arguments);
		CU_ASSERT_EQUAL(checked(&c, arguments), 0);
		CU_ASSERT_EQUAL(parse(&o, text), 0);
		CU_ASSERT_EQUAL(o.allowed, ((UINT64_C(1) << OP_COUNT) - 1) & ~(UINT64_C(1) << op));
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "attributes", test_attrs },
		{ "the line of ls -l", test_longname },
		{ "options", test_options },
		{ "options, as the configuration knows them", test_same_options },
		CU_TEST_INFO_NULL,
	};

	return suite_run("sftp parts", tests);
}
