#include "abi/wire/reason.h"
#include "abi/wire/ssh.h"
#include "dataplane/ssh/ident.h"
#include "tests/lib/suite.h"

static int
scan(const char *text, bool client, struct view *line, size_t *used)
{
	return ident_scan((const uint8_t *)text, strlen(text), client, used, line);
}

static void
accepts(const char *text, const char *want)
{
	struct view line = { NULL, 0 };
	size_t used = 0;

	for (int client = 0; client < 2; client++) {
		CU_ASSERT_EQUAL(scan(text, client, &line, &used), IDENT_LINE);
		CU_ASSERT(view_is(line, want));
		CU_ASSERT(text[used - 1] == '\n');
		/* Every shorter part asks for more. */
		for (size_t i = 0; i < used; i++)
			CU_ASSERT_EQUAL(ident_scan((const uint8_t *)text, i, client, &used, &line), IDENT_MORE);
	}
}

static void
refuses(const char *text)
{
	struct view line;
	size_t used;

	CU_ASSERT_EQUAL(scan(text, false, &line, &used), -R_SSH_IDENT_BAD);
}

static void
other_version(const char *text)
{
	struct view line;
	size_t used;

	for (int client = 0; client < 2; client++)
		CU_ASSERT_EQUAL(scan(text, client, &line, &used), -R_SSH_IDENT_VERSION);
}

static void
test_accepted(void)
{
	accepts("SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2");
	accepts("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\nmore", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3");
	accepts("SSH-2.0-x\n", "SSH-2.0-x");
	accepts("SSH-1.99-old\r\n", "SSH-1.99-old");
	accepts("SSH-2.0-x \xc3\xa4\n", "SSH-2.0-x \xc3\xa4");
}

static void
test_refused(void)
{
	refuses("GET / HTTP/1.1\r\n");
	refuses("ssh-2.0-x\r\n");
	other_version("SSH-1.5-x\r\n");
	other_version("SSH-2.1-x y\r\n");
	other_version("SSH-10.0-\n");
	refuses("SSH-1.5-a\x1b\n");
	refuses("SSH--x\n");
	refuses("SSH-2.0\n");
	refuses("SSH-2.0-\r\n");
	refuses("SSH-2.0- x\r\n");
	refuses("SSH-2.0x\r\n");
	refuses("SSH-\n");
	refuses("SSH-2.0-a\rb\r\n");
	refuses("SSH-2.0-a\r\r\n");
	refuses("SSH-2.0-a\x1b[2J\r\n");
	refuses("SSH-2.0-a\tb\r\n");
	refuses("SSH-2.0-a\x7f\r\n");
	refuses("SSH-2.0-\xff\r\n");
	refuses("\r\nSSH-2.0-x\r\n");
	refuses("\n");
	refuses("X");   /* at the first byte */
	refuses("SSX");
}

static void
test_nul(void)
{
	static const char text[] = "SSH-2.0-a\0b\r\n";
	struct view line;
	size_t used;

	CU_ASSERT_EQUAL(ident_scan((const uint8_t *)text, sizeof(text) - 1, false, &used, &line),
	    -R_SSH_IDENT_BAD);
}

/* 255 bytes with CR LF are a line, 256 are not, and nobody waits for the rest. */
static void
test_long(void)
{
	uint8_t buf[400];
	struct view line;
	size_t used;

	memset(buf, 'a', sizeof(buf));
	memcpy(buf, "SSH-2.0-", 8);
	CU_ASSERT_EQUAL(ident_scan(buf, 254, false, &used, &line), IDENT_MORE);
	CU_ASSERT_EQUAL(ident_scan(buf, 255, false, &used, &line), -R_SSH_IDENT_LONG);
	buf[255] = '\n';
	CU_ASSERT_EQUAL(ident_scan(buf, 256, false, &used, &line), -R_SSH_IDENT_LONG);
	buf[253] = '\r';
	buf[254] = '\n';
	CU_ASSERT_EQUAL(ident_scan(buf, 300, false, &used, &line), IDENT_LINE);
	CU_ASSERT_EQUAL(used, 255);
	CU_ASSERT_EQUAL(line.len, 253);
}

static void
test_skip(void)
{
	const char *text = "Welcome.\r\nSSH-2.0-x\r\n";
	uint8_t buf[IDENT_SKIP_LINE_MAX];
	struct view line;
	size_t used;

	CU_ASSERT_EQUAL(scan(text, true, &line, &used), IDENT_SKIP);
	CU_ASSERT_EQUAL(used, 10);
	CU_ASSERT_EQUAL(scan(text + used, true, &line, &used), IDENT_LINE);
	CU_ASSERT_EQUAL(scan("\nSSH-", true, &line, &used), IDENT_SKIP);
	CU_ASSERT_EQUAL(scan("SS\n", true, &line, &used), IDENT_SKIP);
	memset(buf, 'b', sizeof(buf));
	CU_ASSERT_EQUAL(ident_scan(buf, sizeof(buf), true, &used, &line), -R_SSH_IDENT_LONG);
}

static void
test_build(void)
{
	uint8_t buf[SSH_IDENT_MAX];
	char comment[300];
	struct put w = put_of(buf, sizeof(buf));

	CU_ASSERT_EQUAL(ident_build(&w, NULL), 0);
	CU_ASSERT(view_is(put_view(&w), SSH_IDENT_OURS "\r\n"));
	w = put_of(buf, sizeof(buf));
	CU_ASSERT_EQUAL(ident_build(&w, "edge 7"), 0);
	CU_ASSERT(view_is(put_view(&w), SSH_IDENT_OURS " edge 7\r\n"));
	w = put_of(buf, sizeof(buf));
	CU_ASSERT_EQUAL(ident_build(&w, "a\nb"), -R_SSH_IDENT_BAD);
	memset(comment, 'x', sizeof(comment));
	comment[299] = '\0';
	w = put_of(buf, sizeof(buf));
	CU_ASSERT_EQUAL(ident_build(&w, comment), -R_SSH_IDENT_BAD);
	comment[SSH_IDENT_MAX - strlen(SSH_IDENT_OURS) - 3] = '\0';
	w = put_of(buf, sizeof(buf));
	CU_ASSERT_EQUAL(ident_build(&w, comment), 0);
	CU_ASSERT_EQUAL(put_len(&w), SSH_IDENT_MAX);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "accepted lines", test_accepted },
		{ "refused lines", test_refused },
		{ "NUL", test_nul },
		{ "length", test_long },
		{ "lines in front of a server's", test_skip },
		{ "ours", test_build },
		CU_TEST_INFO_NULL,
	};

	return suite_run("ident", tests);
}
