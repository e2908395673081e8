/*
 * The small queues of a channel, and its table.
 */

#include <stdlib.h>

#include "control/host/chans.h"
#include "tests/lib/suite.h"

/* Random puts and takes against a plain array. */
static void
test_inq_random(void)
{
	static uint8_t model[1 << 22], stream_of[1 << 22];
	struct inq q = { 0 };
	size_t in = 0, out = 0;
	unsigned seed = 1;
	int i;

	for (i = 0; i < 20000; i++) {
		seed = seed * 1103515245u + 12345u;
		if ((seed >> 16) % 3 != 0 && in < sizeof(model) - 300) {
			uint8_t buf[300];
			size_t len = (seed >> 8) % sizeof(buf), n;
			uint32_t stream = (seed >> 24) % 3;

			for (n = 0; n < len; n++) {
				buf[n] = model[in + n] = (uint8_t)(in + n);
				stream_of[in + n] = (uint8_t)stream;
			}
			in += len;
			CU_ASSERT_EQUAL_FATAL(inq_put(&q, stream, view_of(buf, len)), 0);
		} else {
			struct view v;
			uint32_t stream;
			size_t n;

			if (!inq_peek(&q, &stream, &v)) {
				CU_ASSERT_EQUAL(in, out);
				continue;
			}
			n = (seed >> 8) % (v.len + 1);
			CU_ASSERT_EQUAL_FATAL(memcmp(v.data, model + out, v.len), 0);
			CU_ASSERT_EQUAL(stream, stream_of[out]);
			inq_take(&q, n);
			out += n;
		}
		CU_ASSERT_EQUAL_FATAL(q.bytes, in - out);
	}
	CU_ASSERT_TRUE(in > 100000);
	inq_clear(&q);
	CU_ASSERT_EQUAL(q.bytes, 0);
}

static void
test_inq_empty_frees(void)
{
	struct inq q = { 0 };
	struct view v;
	uint32_t stream;

	CU_ASSERT_FALSE(inq_peek(&q, &stream, &v));
	CU_ASSERT_EQUAL(inq_put(&q, 0, view_str("")), 0);
	CU_ASSERT_PTR_NULL(q.buf);
	CU_ASSERT_EQUAL(inq_put(&q, 0, view_str("abc")), 0);
	inq_take(&q, 3);
	CU_ASSERT_PTR_NULL(q.buf);
}

static void
test_outq(void)
{
	struct outq q = { 0 };
	struct view v;
	uint16_t op;
	int i, n = 0;

	CU_ASSERT_TRUE(outq_empty(&q));
	while (outq_put(&q, 7, view_str("0123456789"), false) == 0)
		n++;
	CU_ASSERT(n > 100 && n < 1000);
	CU_ASSERT_EQUAL(outq_put(&q, 8, view_str(""), true), 0);
	for (i = 0; i < n; i++) {
		CU_ASSERT_TRUE_FATAL(outq_peek(&q, &op, &v));
		CU_ASSERT_EQUAL(op, 7);
		CU_ASSERT_TRUE(view_is(v, "0123456789"));
		outq_take(&q);
	}
	CU_ASSERT_TRUE(outq_peek(&q, &op, &v));
	CU_ASSERT_EQUAL(op, 8);
	outq_take(&q);
	CU_ASSERT_TRUE(outq_empty(&q));
	CU_ASSERT_PTR_NULL(q.buf);
	outq_take(&q);
}

static void
test_owed(void)
{
	struct owed o = { 0 };
	bool lost, success;
	uint64_t i;

	CU_ASSERT_FALSE(owed_peek(&o, &success));
	for (i = 1; i <= 1000; i++)
		CU_ASSERT_EQUAL(owed_add(&o, i, &lost), i < OWED_MAX ? 0 : -1);
	CU_ASSERT_EQUAL(owed_total(&o), 1000);
	CU_ASSERT_EQUAL(owed_answer(&o, 2, OWED_SUCCESS), 0);
	CU_ASSERT_EQUAL(owed_answer(&o, 2, OWED_SUCCESS), -1);
	CU_ASSERT_EQUAL(owed_answer(&o, OWED_MAX, OWED_SUCCESS), -1);
	CU_ASSERT_FALSE(owed_peek(&o, &success));
	CU_ASSERT_EQUAL(owed_answer(&o, 1, OWED_FAILURE), 0);
	CU_ASSERT_TRUE(owed_peek(&o, &success));
	CU_ASSERT_FALSE(success);
	owed_take(&o);
	CU_ASSERT_TRUE(owed_peek(&o, &success));
	CU_ASSERT_TRUE(success);
	owed_take(&o);
	CU_ASSERT_FALSE(owed_peek(&o, &success));
	owed_fail_all(&o);
	for (i = 3; i <= 1000; i++) {
		CU_ASSERT_TRUE_FATAL(owed_peek(&o, &success));
		CU_ASSERT_FALSE(success);
		owed_take(&o);
	}
	CU_ASSERT_PTR_NULL(o.row);
}

static void
test_chans(void)
{
	struct chans t = { 0 };
	struct chan *c, *again;
	uint64_t handle;

	CU_ASSERT_PTR_NULL(chans_find(&t, 1, 2, 3));
	CU_ASSERT_PTR_NULL(chans_by_handle(&t, 1));
	c = chans_new(&t, 1, 2, 3);
	CU_ASSERT_PTR_EQUAL(chans_find(&t, 1, 2, 3), c);
	CU_ASSERT_PTR_NULL(chans_find(&t, 1, 3, 3));
	handle = chans_handle(&t, c);
	CU_ASSERT_NOT_EQUAL(handle, 0);
	CU_ASSERT_PTR_EQUAL(chans_by_handle(&t, handle), c);
	CU_ASSERT_PTR_NULL(chans_by_handle(&t, handle + 1));
	CU_ASSERT_PTR_NULL(chans_by_handle(&t, handle + (1ull << 32)));
	chans_revoke(&t, c);
	CU_ASSERT_PTR_NULL(chans_by_handle(&t, handle));
	CU_ASSERT_PTR_EQUAL(chans_find(&t, 1, 2, 3), c);
	chans_unhash(&t, c);
	CU_ASSERT_PTR_NULL(chans_find(&t, 1, 2, 3));
	again = chans_new(&t, 1, 2, 3);
	CU_ASSERT_PTR_NOT_EQUAL(again, c);
	chans_free(&t, c);
	CU_ASSERT_PTR_EQUAL(chans_find(&t, 1, 2, 3), again);
	chans_fini(&t);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "input, random", test_inq_random },
		{ "input, empty", test_inq_empty_frees },
		{ "output", test_outq },
		{ "replies owed", test_owed },
		{ "channel table", test_chans },
		CU_TEST_INFO_NULL,
	};

	return suite_run("host queues", tests);
}
