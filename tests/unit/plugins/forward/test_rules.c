/* What PermitOpen, PermitListen and the others mean, beside the plugin. */
#include <string.h>

#include "plugins/forward/rules.h"
#include "tests/lib/suite.h"

static struct settings
settings(const char *text)
{
	struct settings s;

	settings_read(&s, text, strlen(text));
	return s;
}

static void
test_permits(void)
{
	static const struct {
		const char *line, *host;
		uint32_t port;
		int permitted;
	} rows[] = {
		{ "", "anything", 1, 1 },
		{ "PermitOpen any", "anything", 1, 1 },
		{ "PermitOpen none", "anything", 1, 0 },
		{ "PermitOpen host:22", "host", 22, 1 },
		{ "permitopen host:22", "host", 23, 0 },
		{ "PermitOpen host:22", "hosts", 22, 0 },
		{ "PermitOpen host:22", "HOST", 22, 0 },
		{ "PermitOpen host:*", "host", 65535, 1 },
		{ "PermitOpen *:80 other:22", "any.example.org", 80, 1 },
		{ "PermitOpen *:80 other:22", "any.example.org", 22, 0 },
		{ "PermitOpen *:80 other:22", "other", 22, 1 },
		{ "PermitOpen [::1]:22", "::1", 22, 1 },
		{ "PermitOpen [::1]:22", "[::1]", 22, 0 },
		{ "RunAs user\nPermitOpen a:1\n# PermitOpen any\n", "b", 1, 0 },
		{ "PermitListen none", "anything", 1, 1 }, /* says nothing of connecting */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings s = settings(rows[i].line);

		CU_ASSERT_EQUAL(rules_permit(&s.open, rows[i].host, rows[i].port), rows[i].permitted);
	}
}

static void
test_listen(void)
{
	struct settings s = settings("PermitListen 8080 localhost:0 [::]:*\nGatewayPorts clientspecified\n"
				     "StreamLocalBindMask 0117\nStreamLocalBindUnlink yes");

	CU_ASSERT_TRUE(rules_permit(&s.listen, "", 8080));
	CU_ASSERT_TRUE(rules_permit(&s.listen, "localhost", 8080));
	CU_ASSERT_TRUE(rules_permit(&s.listen, "localhost", 0));
	CU_ASSERT_FALSE(rules_permit(&s.listen, "", 0));
	CU_ASSERT_TRUE(rules_permit(&s.listen, "::", 1));
	CU_ASSERT_EQUAL(s.gateway, GATEWAY_CLIENT);
	CU_ASSERT_EQUAL(s.mask, 0117);
	CU_ASSERT_TRUE(s.unlink);
	s = settings("");
	CU_ASSERT_EQUAL(s.gateway, GATEWAY_NO);
	CU_ASSERT_EQUAL(s.mask, 0177);
	CU_ASSERT_FALSE(s.unlink);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "where to", test_permits },
		{ "what listens", test_listen },
		CU_TEST_INFO_NULL,
	};

	return suite_run("forward rules", tests);
}
