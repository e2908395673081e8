#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/link/grant.h"
#include "control/warden/authkeys.h"
#include "tests/lib/suite.h"

#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
#define OTHER "AAAAC3NzaC1lZDI1NTE5AAAAICECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
#define ALL (GRANT_NO_PTY | GRANT_NO_FORWARD | GRANT_NO_AGENT | GRANT_NO_X11 | GRANT_NO_RC)

struct told {
	unsigned count;
	unsigned line;
	char why[256];
};

static void
told(void *ctx, unsigned line, const char *why)
{
	struct told *t = ctx;

	t->count++;
	t->line = line;
	snprintf(t->why, sizeof t->why, "%s", why);
}

static int
find(struct authkeys_match *m, const char *text, size_t len, struct told *t)
{
	memset(t, 0, sizeof *t);
	memset(m, 0, sizeof *m);
	return authkeys_find(m, view_of(text, len), view_str("ssh-ed25519"), view_str(KEY), told, t);
}

static const struct {
	const char *text;
	int found;
	unsigned line; /* found, or told */
	uint32_t restrictions;
	const char *why; /* NULL: nothing is told */
} cases[] = {
	{ "", 0, 0, 0, NULL },
	{ "ssh-ed25519 " KEY "\n", 1, 1, 0, NULL },
	{ "ssh-ed25519 " KEY, 1, 1, 0, NULL },
	{ "ssh-ed25519 " KEY " comment with words", 1, 1, 0, NULL },
	{ "  \tssh-ed25519\t " KEY "\r\n", 1, 1, 0, NULL },
	{ "# c\n\n   \nssh-ed25519 " OTHER "\nssh-ed25519 " KEY "\n", 1, 5, 0, NULL },
	{ "#ssh-ed25519 " KEY "\n", 0, 0, 0, NULL },
	{ "ssh-ed25519 " OTHER "\n", 0, 0, 0, NULL },
	{ "ssh-ed25519 " KEY "x\n", 0, 0, 0, NULL },
	{ "ssh-rsa " KEY "\n", 0, 0, 0, NULL },
	{ "ssh-ed25519-x " KEY "\n", 0, 0, 0, NULL },
	{ "ssh-ed25519\n" KEY "\n", 0, 0, 0, NULL },
	{ "restrict ssh-ed25519 " KEY "\n", 1, 1, ALL, NULL },
	{ "restrict,pty ssh-ed25519 " KEY "\n", 1, 1, ALL & ~GRANT_NO_PTY, NULL },
	{ "pty,restrict ssh-ed25519 " KEY "\n", 1, 1, ALL, NULL },
	{ "no-pty ssh-ed25519 " KEY "\n", 1, 1, GRANT_NO_PTY, NULL },
	{ "NO-PTY,no-Port-forwarding ssh-ed25519 " KEY "\n", 1, 1, GRANT_NO_PTY | GRANT_NO_FORWARD, NULL },
	{ "no-agent-forwarding,no-X11-forwarding,no-user-rc ssh-ed25519 " KEY "\n", 1, 1,
	    GRANT_NO_AGENT | GRANT_NO_X11 | GRANT_NO_RC, NULL },
	{ "restrict,agent-forwarding,x11-forwarding,user-rc,port-forwarding,pty ssh-ed25519 " KEY "\n", 1, 1,
	    0, NULL },
	{ "no-touch-required ssh-ed25519 " KEY "\n", 1, 1, 0, NULL },
	{ "command=x ssh-ed25519 " KEY "\n", 0, 1, 0, "not in quotes" },
	{ "command=\"x\"y ssh-ed25519 " KEY "\n", 0, 1, 0, "not in quotes" },
	{ "command=\"x\"\"y\" ssh-ed25519 " KEY "\n", 0, 1, 0, "not in quotes" },
	{ "command=\"\" ssh-ed25519 " KEY "\n", 0, 1, 0, "is empty" },
	{ "command= ssh-ed25519 " KEY "\n", 0, 1, 0, "is empty" },
	{ "command ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"command\" is not enforced" },
	{ "command=\"a\",command=\"b\" ssh-ed25519 " KEY "\n", 0, 1, 0, "a second option \"command\"" },
	{ "command=\"internal-sftp -R\" ssh-ed25519 " KEY "\n", 0, 1, 0, "arguments of internal-sftp" },
	{ "from=\"10.0.0.0/8\" ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"from\"" },
	{ "environment=\"A=b\" ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"environment\"" },
	{ "expiry-time=\"20300101\" ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"expiry-time\"" },
	{ "permitopen=\"a:1\" ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"permitopen\"" },
	{ "permitlisten=\"1\" ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"permitlisten\"" },
	{ "principals=\"a\" ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"principals\"" },
	{ "tunnel=\"0\" ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"tunnel\"" },
	{ "cert-authority ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"cert-authority\"" },
	{ "verify-required ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"verify-required\"" },
	{ "never-heard-of ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"never-heard-of\"" },
	{ "no-pty, ssh-ed25519 " KEY "\n", 0, 1, 0, "comma" },
	{ ",no-pty ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"\"" },
	{ "no-pty,,pty ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"\"" },
	{ "no-ptyx ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"no-ptyx\"" },
	{ "no-pty=\"x\" ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"no-pty\"" },
	{ "ssh-rsa ssh-ed25519 " KEY "\n", 0, 1, 0, "option \"ssh-rsa\"" },
	/* the type within quotes is no type */
	{ "command=\"ssh-ed25519 " KEY "\" ssh-ed25519 " OTHER "\n", 0, 0, 0, NULL },
	{ "command=\"ssh-ed25519 " KEY "\n", 0, 0, 0, NULL },
	/* a refused line does not hide a later good one, nor open it */
	{ "from=\"x\" ssh-ed25519 " KEY "\nno-pty ssh-ed25519 " KEY "\n", 1, 2, GRANT_NO_PTY,
	    "option \"from\"" },
	/* somebody else's refused options are nobody's concern */
	{ "command=\"x\" ssh-ed25519 " OTHER "\n", 0, 0, 0, NULL },
	{ "ssh-ed25519 " KEY " a\rb\n", 0, 1, 0, "carriage return" },
};

static void
test_cases(void)
{
	struct authkeys_match m;
	struct told t;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int r = find(&m, cases[i].text, strlen(cases[i].text), &t);

		if (r != cases[i].found || (cases[i].why == NULL) != (t.count == 0))
			fprintf(stderr, "case %zu [%s]: %d [%s]\n", i, cases[i].text, r, t.why);
		CU_ASSERT_EQUAL(r, cases[i].found);
		CU_ASSERT_EQUAL(t.count, cases[i].why != NULL);
		if (cases[i].why != NULL)
			CU_ASSERT_PTR_NOT_NULL(strstr(t.why, cases[i].why));
		if (r > 0) {
			CU_ASSERT_EQUAL(m.line, cases[i].line);
			CU_ASSERT_EQUAL(m.restrictions, cases[i].restrictions);
		} else if (cases[i].why != NULL) {
			CU_ASSERT_EQUAL(t.line, cases[i].line);
		}
	}
}

/* The command that a key forces, as it is given to a shell. */
static void
test_commands(void)
{
	static const struct {
		const char *line, *command;
		uint32_t restrictions;
	} rows[] = {
		{ "ssh-ed25519 " KEY, "", 0 },
		{ "command=\"x\" ssh-ed25519 " KEY, "x", 0 },
		{ "restrict,Command=\"a b, \\\"c d\\\"\",pty ssh-ed25519 " KEY, "a b, \"c d\"", ALL & ~GRANT_NO_PTY },
		{ "command=\"a\\b\\\\c\" ssh-ed25519 " KEY, "a\\b\\\\c", 0 },
		{ "command=\"internal-sftp\" ssh-ed25519 " KEY, "internal-sftp", 0 },
		/* one line's is not the next one's */
		{ "command=\"x\",from=\"y\" ssh-ed25519 " KEY "\nno-pty ssh-ed25519 " KEY, "", GRANT_NO_PTY },
	};
	char line[2 * GRANT_COMMAND_MAX + 256];
	struct authkeys_match m;
	struct told t;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CU_ASSERT_EQUAL(find(&m, rows[i].line, strlen(rows[i].line), &t), 1);
		CU_ASSERT_STRING_EQUAL(m.command, rows[i].command);
		CU_ASSERT_EQUAL(m.restrictions, rows[i].restrictions);
	}
	/* the longest, and one more */
	for (int more = 0; more < 2; more++) {
		snprintf(line, sizeof line, "command=\"%0*d\" ssh-ed25519 " KEY, (int)GRANT_COMMAND_MAX - 1 + more, 0);
		CU_ASSERT_EQUAL(find(&m, line, strlen(line), &t), !more);
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(t.why, "too long"));
}

static void
test_nul(void)
{
	static const char text[] = "ssh-ed25519 " KEY " a\0b\nssh-ed25519 " KEY "\n";
	struct authkeys_match m;
	struct told t;

	CU_ASSERT_EQUAL(find(&m, text, sizeof text - 1, &t), 1);
	CU_ASSERT_EQUAL(m.line, 2);
	CU_ASSERT_EQUAL(t.line, 1);
}

static void
test_bounds(void)
{
	static const char good[] = "\nssh-ed25519 " KEY "\n";
	size_t size = AUTHKEYS_FILE_MAX + 2;
	char *text = malloc(size);
	struct authkeys_match m;
	struct told t;

	/* a line too long is told and left out, what follows is read */
	memset(text, 'a', AUTHKEYS_LINE_MAX + 1);
	memcpy(text + AUTHKEYS_LINE_MAX + 1, good, sizeof good - 1);
	CU_ASSERT_EQUAL(find(&m, text, AUTHKEYS_LINE_MAX + sizeof good, &t), 1);
	CU_ASSERT_EQUAL(t.line, 1);
	/* too many lines */
	memset(text, '\n', size);
	memcpy(text + AUTHKEYS_LINES_MAX, good + 1, sizeof good - 2);
	CU_ASSERT_EQUAL(find(&m, text, AUTHKEYS_LINES_MAX + sizeof good - 2, &t), 0);
	CU_ASSERT_EQUAL(t.line, 0);
	CU_ASSERT_EQUAL(t.count, 1);
	memset(text, '\n', size);
	memcpy(text + AUTHKEYS_LINES_MAX - 1, good + 1, sizeof good - 2);
	CU_ASSERT_EQUAL(find(&m, text, AUTHKEYS_LINES_MAX + sizeof good - 2, &t), 1);
	/* too large a file holds nothing */
	memset(text, ' ', size);
	memcpy(text, good, sizeof good - 1);
	CU_ASSERT_EQUAL(find(&m, text, AUTHKEYS_FILE_MAX + 1, &t), 0);
	CU_ASSERT_EQUAL(t.count, 1);
	free(text);
}

static void
test_text(void)
{
	uint8_t blob[51] = "\0\0\0\x0bssh-ed25519\0\0\0 ", big[AUTHKEYS_KEY_TEXT_MAX] = { 0 };
	char text[AUTHKEYS_KEY_TEXT_MAX];

	for (int i = 0; i < 32; i++)
		blob[19 + i] = (uint8_t)(i + 1);
	CU_ASSERT_EQUAL(authkeys_text(text, view_of(blob, sizeof blob)), strlen(KEY));
	CU_ASSERT_STRING_EQUAL(text, KEY);
	CU_ASSERT_EQUAL(authkeys_text(text, view_of("f", 1)), 4);
	CU_ASSERT_STRING_EQUAL(text, "Zg==");
	CU_ASSERT_EQUAL(authkeys_text(text, view_of("foobar", 5)), 8);
	CU_ASSERT_STRING_EQUAL(text, "Zm9vYmE=");
	CU_ASSERT_EQUAL(authkeys_text(text, view_of(big, sizeof big)), 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "lines and options", test_cases },
		{ "forced commands", test_commands },
		{ "NUL in a line", test_nul },
		{ "bounds", test_bounds },
		{ "base64 of a key", test_text },
		CU_TEST_INFO_NULL,
	};

	return suite_run("authorized_keys", tests);
}
