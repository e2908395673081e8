#include "dataplane/tcp/tcp_sack.h"

#include <string.h>

#include "dataplane/tcp/tcp_seq.h"
#include "tests/lib/suite.h"

#define MSS 100u
#define SPAN 3000u

static bool
add(struct tcp_sack *b, uint32_t una, uint32_t start, uint32_t end)
{
	struct tcp_range r = { start, end };

	return tcp_sack_update(b, una, una + SPAN, &r, 1);
}

static void
test_update(void)
{
	struct tcp_sack b = { 0 };

	CU_ASSERT(add(&b, 0, 100, 200));
	CU_ASSERT_FALSE(add(&b, 0, 100, 200)); /* nothing new */
	CU_ASSERT(add(&b, 0, 300, 400));
	CU_ASSERT(add(&b, 0, 150, 310)); /* joins both */
	CU_ASSERT_EQUAL(b.count, 1);
	CU_ASSERT(b.r[0].start == 100 && b.r[0].end == 400);
	tcp_sack_advance(&b, 250);
	CU_ASSERT(b.count == 1 && b.r[0].start == 250);
	tcp_sack_advance(&b, 400);
	CU_ASSERT_EQUAL(b.count, 0);
}

static void
test_refuses(void)
{
	struct tcp_sack b = { 0 };

	CU_ASSERT_FALSE(add(&b, 1000, 500, 600));   /* a D-SACK */
	CU_ASSERT_FALSE(add(&b, 1000, 1000, 1100)); /* it would have been acknowledged */
	CU_ASSERT_FALSE(add(&b, 1000, 1200, 1200));
	CU_ASSERT_FALSE(add(&b, 1000, 1300, 1200));
	CU_ASSERT_FALSE(add(&b, 1000, 3900, 4001)); /* not sent yet */
	CU_ASSERT_EQUAL(b.count, 0);
	for (uint32_t i = 0; i < 2 * TCP_SACK_MAX; i++)
		CU_ASSERT_EQUAL(add(&b, 0, 10 + 20 * i, 20 + 20 * i), i < TCP_SACK_MAX);
	CU_ASSERT_EQUAL(b.count, TCP_SACK_MAX);
}

static void
test_lost(void)
{
	struct tcp_sack b = { 0 };
	uint32_t una = 0xffffff00u; /* over the end of the sequence space */
	struct tcp_range hole;

	add(&b, una, una + 200, una + 300);
	add(&b, una, una + 400, una + 500);
	CU_ASSERT_EQUAL(tcp_sack_edge(&b, una, MSS), una); /* two segments: perhaps reordered */
	add(&b, una, una + 600, una + 650);
	CU_ASSERT_EQUAL(tcp_sack_edge(&b, una, MSS), una + 200);
	CU_ASSERT(tcp_sack_hole(&b, una, una + 200, &hole));
	CU_ASSERT(hole.start == una && hole.end == una + 200);
	CU_ASSERT_FALSE(tcp_sack_hole(&b, una + 200, una + 200, &hole));
	add(&b, una, una + 650, una + 900);
	CU_ASSERT_EQUAL(tcp_sack_edge(&b, una, MSS), una + 600);
	CU_ASSERT(tcp_sack_hole(&b, una + 200, una + 600, &hole));
	CU_ASSERT(hole.start == una + 300 && hole.end == una + 400);
	CU_ASSERT(tcp_sack_hole(&b, una + 520, una + 600, &hole));
	CU_ASSERT_EQUAL(hole.start, una + 520);
}

static void
test_pipe(void)
{
	struct tcp_sack b = { .again = 0 };

	CU_ASSERT_EQUAL(tcp_sack_pipe(&b, 0, 1000, 0), 1000);
	add(&b, 0, 300, 700); /* 0-300 is lost, 700-1000 under way */
	CU_ASSERT_EQUAL(tcp_sack_edge(&b, 0, MSS), 300);
	CU_ASSERT_EQUAL(tcp_sack_pipe(&b, 0, 1000, 300), 300);
	b.again = 100; /* one segment of it is under way again */
	CU_ASSERT_EQUAL(tcp_sack_pipe(&b, 0, 1000, 300), 400);
	b.again = 5000;
	CU_ASSERT_EQUAL(tcp_sack_pipe(&b, 0, 1000, 300), 600);
}

/* Against a map of bytes. */
static void
test_random(void)
{
	static bool have[SPAN];
	unsigned x = 5;

	for (int round = 0; round < 200; round++) {
		struct tcp_sack b = { 0 };
		uint32_t base = x * 2654435761u, sum = 0, map = 0;

		memset(have, 0, sizeof(have));
		for (int i = 0; i < 12; i++) {
			uint32_t start, len;
			bool fresh = false;

			x = x * 1103515245u + 12345u;
			start = 1 + (x >> 8) % (SPAN - 400);
			len = 1 + (x >> 20) % 399;
			for (uint32_t k = start; k < start + len; k++) {
				fresh |= !have[k];
				have[k] = true;
			}
			CU_ASSERT_EQUAL(add(&b, base, base + start, base + start + len), fresh);
		}
		for (uint32_t i = 0; i < b.count; i++) {
			sum += b.r[i].end - b.r[i].start;
			CU_ASSERT(i == 0 || seq_gt(b.r[i].start, b.r[i - 1].end));
		}
		for (uint32_t k = 0; k < SPAN; k++)
			map += have[k];
		CU_ASSERT_EQUAL(sum, map);
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "blocks are joined and given up", test_update },
		{ "what cannot be is refused", test_refuses },
		{ "what is lost, and its holes", test_lost },
		{ "what is under way", test_pipe },
		{ "random blocks", test_random },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_sack", tests);
}
