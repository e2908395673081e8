/* The agent's messages against bytes written by hand from RFC 9987. */
#include "control/kex/agent.h"
#include "tests/lib/suite.h"

static struct view
built(uint8_t *buf, size_t size, const char *algorithm)
{
	struct put w = put_of(buf, size);

	agent_put_sign(&w, view_str("key"), algorithm, view_str("data"));
	return put_view(&w);
}

static void
test_requests(void)
{
	static const uint8_t list[] = { 0, 0, 0, 1, 11 };
	static const uint8_t sign[] = { 0, 0, 0, 20, 13, 0, 0, 0, 3, 'k', 'e', 'y', 0, 0, 0, 4, 'd', 'a', 't', 'a',
		0, 0, 0, 0 };
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	struct view v;

	agent_put_list(&w);
	CU_ASSERT(view_eq(put_view(&w), view_of(list, sizeof(list))));
	v = built(buf, sizeof(buf), "ssh-ed25519");
	CU_ASSERT(view_eq(v, view_of(sign, sizeof(sign))));
	CU_ASSERT_EQUAL(built(buf, sizeof(buf), "ecdsa-sha2-nistp256").data[23], 0);
	CU_ASSERT_EQUAL(built(buf, sizeof(buf), "rsa-sha2-256").data[23], 2);
	CU_ASSERT_EQUAL(built(buf, sizeof(buf), "rsa-sha2-512").data[23], 4);
	CU_ASSERT_EQUAL(built(buf, sizeof(buf), "rsa-sha2-512-cert-v01@openssh.com").data[23], 4);
}

static void
test_pieces(void)
{
	static const uint8_t bytes[] = { 0, 0, 0, 2, 5, 9, 0, 0 };
	static const uint8_t none[] = { 0, 0, 0, 0 }, long_[] = { 0, 4, 0, 1 };
	struct view m;

	for (size_t n = 0; n < 6; n++)
		CU_ASSERT_EQUAL(agent_whole(view_of(bytes, n), &m), 0);
	for (size_t n = 6; n <= sizeof(bytes); n++) {
		CU_ASSERT_EQUAL(agent_whole(view_of(bytes, n), &m), 1);
		CU_ASSERT(view_eq(m, view_of(bytes + 4, 2)));
	}
	CU_ASSERT_EQUAL(agent_whole(view_of(none, sizeof(none)), &m), -R_SHORT);
	CU_ASSERT_EQUAL(agent_whole(view_of(long_, sizeof(long_)), &m), -R_SHORT);
}

static void
test_list(void)
{
	uint8_t buf[128];
	struct put w = put_of(buf, sizeof(buf));
	struct view keys, blob, comment;

	put_u8(&w, 12);
	put_u32(&w, 2);
	put_cstr(&w, "one");
	put_cstr(&w, "first");
	put_cstr(&w, "two");
	put_cstr(&w, "");
	CU_ASSERT_EQUAL_FATAL(agent_list(put_view(&w), &keys), 0);
	CU_ASSERT(agent_key(&keys, &blob, &comment) && view_is(blob, "one") && view_is(comment, "first"));
	CU_ASSERT(agent_key(&keys, &blob, &comment) && view_is(blob, "two") && view_is(comment, ""));
	CU_ASSERT(!agent_key(&keys, &blob, &comment));
	/* A count that does not fit, and another answer. */
	buf[4] = 1;
	CU_ASSERT_EQUAL(agent_list(put_view(&w), &keys), -R_SHORT);
	buf[4] = 3;
	CU_ASSERT_EQUAL(agent_list(put_view(&w), &keys), -R_SHORT);
	buf[1] = 1;
	CU_ASSERT_EQUAL(agent_list(put_view(&w), &keys), -R_SHORT);
	buf[0] = 5;
	CU_ASSERT_EQUAL(agent_list(put_view(&w), &keys), -R_KEX_SIGN);
}

static void
test_signature(void)
{
	uint8_t buf[128];
	struct put w = put_of(buf, sizeof(buf));
	struct view signature;
	size_t mark;

	put_u8(&w, 14);
	mark = put_mark(&w);
	put_cstr(&w, "rsa-sha2-256");
	put_cstr(&w, "signed");
	put_fill(&w, mark);
	CU_ASSERT_EQUAL(agent_signature(put_view(&w), "rsa-sha2-256", &signature), 0);
	CU_ASSERT_EQUAL(signature.len, 16 + 10);
	CU_ASSERT_EQUAL(agent_signature(put_view(&w), "rsa-sha2-256-cert-v01@openssh.com", &signature), 0);
	/* An old agent that does not know the flags signs with SHA-1; nobody takes that. */
	CU_ASSERT_EQUAL(agent_signature(put_view(&w), "rsa-sha2-512", &signature), -R_KEX_SIGN);
	CU_ASSERT_EQUAL(agent_signature(put_view(&w), "rsa-sha2", &signature), -R_KEX_SIGN);
	buf[0] = 5;
	CU_ASSERT_EQUAL(agent_signature(put_view(&w), "rsa-sha2-256", &signature), -R_KEX_SIGN);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "requests", test_requests },
		{ "answers come in pieces", test_pieces },
		{ "list", test_list },
		{ "signature", test_signature },
		CU_TEST_INFO_NULL,
	};

	return suite_run("agent", tests);
}
