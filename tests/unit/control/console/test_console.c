/*
 * Log lines, and posternctl's answers; the plugin descriptor is the supervisor's.
 */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/console/logline.h"
#include "control/json.h"
#include "control/log.h"
#include "tests/lib/suite.h"

static const struct logline_names names = {
	.owner = { { 501, "gate" }, { 502, "warden" } },
	.count = 2,
	.machine = "box",
};

static char line[LOGLINE_MAX + 1];

static size_t
format(const char *datagram, size_t len, uid_t uid, int most)
{
	size_t n = logline_format(line, &names, datagram, len, 77, uid, 1700000000123ull, most);

	line[n] = '\0';
	return n;
}

static void
test_line(void)
{
	CU_ASSERT(format("<6>warden Failed none for x", 27, 502, LOG_L_INFO) > 0);
	CU_ASSERT_STRING_EQUAL(
	    line, "2023-11-14T22:13:20.123+0000 box postern-warden[77]: Failed none for x\n");
	CU_ASSERT(format("<3>keeper no key", 16, 0, LOG_L_INFO) > 0);
	CU_ASSERT(strstr(line, "postern-keeper[77]: error: no key\n") != NULL);
	CU_ASSERT(format("<7>keeper x", 11, 0, LOG_L_INFO) == 0);
	CU_ASSERT(format("<7>keeper x", 11, 0, LOG_L_DEBUG) > 0);
}

static void
test_forged(void)
{
	/* A gate cannot speak as warden, a plugin as nobody but a plugin. */
	CU_ASSERT(format("<6>warden x", 11, 501, LOG_L_INFO) > 0);
	CU_ASSERT(strstr(line, "postern-gate[77]: x\n") != NULL);
	CU_ASSERT(format("<6>supervisor Accepted", 22, 1000, LOG_L_INFO) > 0);
	CU_ASSERT(strstr(line, "postern-host[77]: uid 1000: Accepted\n") != NULL);
	CU_ASSERT(format("<6>nobody x", 11, 0, LOG_L_INFO) > 0);
	CU_ASSERT(strstr(line, "postern-supervisor[77]: x\n") != NULL);
}

/* What filters made for sshd read: its name, and one number per connection. */
static const struct {
	const char *datagram;
	uid_t uid;
	const char *head; /* behind the stamp */
} connections[] = {
	{ "<6>warden@17-3 Invalid user x from 192.0.2.1 port 7", 502, "sshd[17000003]: Invalid user x " },
	{ "<6>warden@17-3 Failed none for invalid user x from 192.0.2.1 port 7 ssh2", 502,
	    "sshd[17000003]: Failed none for " },
	{ "<6>gate@16777216-1000001 Connection closed by 192.0.2.1 port 7 [preauth]", 501,
	    "sshd[16777216000001]: Connection closed by " },
	{ "<6>supervisor@0-1 Accepted publickey for x from 192.0.2.1 port 7 ssh2", 0,
	    "sshd[1]: Accepted publickey for x " },
	/* not the sender's to say */
	{ "<6>gate@17-3 Failed password for x from 192.0.2.1 port 7 ssh2", 501, "postern-gate[77]: Failed " },
	{ "<6>supervisor@17-3 Accepted publickey for x from 192.0.2.1", 501, "postern-gate[77]: Accepted " },
	{ "<6>supervisor@17-3 Accepted publickey for x from 192.0.2.1", 1000,
	    "postern-host[77]: uid 1000: Accepted " },
	/* not sshd's, or not about a connection */
	{ "<6>gate@17-3 hello", 501, "postern-gate[77]: hello" },
	{ "<6>warden Failed none for x", 502, "postern-warden[77]: Failed " },
	{ "<6>warden@17 Failed none for x", 502, "postern-warden[77]: Failed " },
	{ "<6>warden@17-3]: Failed none for x", 502, "postern-warden[77]: Failed " },
	{ "<6>warden@11111111111111111111-22222222222222222222 Failed none", 502,
	    "postern-warden[77]: Failed " },
};

static void
test_connections(void)
{
	static const char stamp[] = "2023-11-14T22:13:20.123+0000 box ";
	size_t i;

	for (i = 0; i < sizeof(connections) / sizeof(connections[0]); i++) {
		const char *d = connections[i].datagram;
		const char *head = connections[i].head;

		CU_ASSERT(format(d, strlen(d), connections[i].uid, LOG_L_INFO) > 0);
		CU_ASSERT(strncmp(line, stamp, strlen(stamp)) == 0);
		if (strncmp(line + strlen(stamp), head, strlen(head)) != 0) {
			fprintf(stderr, "not \"%s\": %s", head, line);
			CU_FAIL("head");
		}
	}
}

static void
test_escape(void)
{
	static char longest[2048];
	size_t i;

	CU_ASSERT(format("<6>gate a\nb\x1b[\\\xff", 15, 501, LOG_L_INFO) > 0);
	CU_ASSERT(strstr(line, ": a\\012b\\033[\\\\\\377\n") != NULL);
	CU_ASSERT(strchr(line, '\n') == line + strlen(line) - 1);
	memset(longest, 0x01, sizeof(longest));
	memcpy(longest, "<6>gate ", 8);
	CU_ASSERT(format(longest, sizeof(longest), 501, LOG_L_INFO) < LOGLINE_MAX);
	for (i = 0; line[i] != '\0' && line[i] != '\n'; i++)
		CU_ASSERT(line[i] >= 0x20 && line[i] < 0x7f);
}

static void
test_not_lines(void)
{
	CU_ASSERT(format("", 0, 0, LOG_L_DEBUG) == 0);
	CU_ASSERT(format("<6>x", 4, 0, LOG_L_DEBUG) == 0);
	CU_ASSERT(format("<x>gate a", 9, 0, LOG_L_DEBUG) == 0);
	CU_ASSERT(format("<6>gateandnothing", 17, 0, LOG_L_DEBUG) == 0);
}

static void
count(void *ctx, const char *key, uint64_t n)
{
	*(uint64_t *)ctx += n + (uint64_t)strlen(key);
}

static void
test_json(void)
{
	struct js *o = js_object();
	struct js *list = js_array();
	struct js *back;
	uint64_t sum = 0;
	char *text;

	js_set_str(o, "user", "a\"\n\xff");
	js_set_u64(o, "n", 1u << 30);
	js_set_bool(o, "yes", true);
	js_add(list, js_object());
	js_set(o, "list", list);
	text = js_text(o, false);
	CU_ASSERT_FATAL(text != NULL);
	CU_ASSERT(strchr(text, '\n') == NULL);
	back = js_parse(text, strlen(text));
	CU_ASSERT_STRING_EQUAL(js_str(back, "user"), "a\"\n?");
	CU_ASSERT(js_u64(back, "n") == 1u << 30 && js_bool(back, "yes"));
	CU_ASSERT(js_count(js_get(back, "list")) == 1);
	CU_ASSERT(js_at(js_get(back, "list"), 5) == NULL);
	CU_ASSERT_STRING_EQUAL(js_str(back, "none"), "");
	CU_ASSERT_STRING_EQUAL(js_str(NULL, "none"), "");
	js_each(back, count, &sum);
	CU_ASSERT(sum == (1u << 30) + 1);
	CU_ASSERT(js_parse("{", 1) == NULL);
	CU_ASSERT(js_parse("", 0) == NULL);
	js_free(back);
	js_free(o);
	js_free(NULL);
	free(text);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "lines", test_line },
		{ "forged names", test_forged },
		{ "lines of connections", test_connections },
		{ "escapes", test_escape },
		{ "not lines", test_not_lines },
		{ "json", test_json },
		CU_TEST_INFO_NULL,
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return suite_run("console", tests);
}
