#include "dataplane/tcp/tcp_board.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/tcp/tcp_seq.h"
#include "tests/lib/suite.h"

#define MSS 100u
#define SPAN 3000u

#define BLOCKS 64u

static struct tcp_board board;
static struct pool pool;

static void
sent(uint32_t una, uint32_t end, uint64_t now)
{
	static void *mem;

	if (mem == NULL)
		mem = aligned_alloc(64, pool_size(BLOCKS));
	pool_init(&pool, mem, BLOCKS);
	tcp_board_init(&board, &pool, una);
	tcp_board_sent(&board, end, now, 0);
}

static uint32_t
sack(uint32_t start, uint32_t end, uint64_t now)
{
	struct tcp_range r = { start, end };
	struct tcp_news n = { .now = now, .min_rtt = UINT32_MAX };

	tcp_board_sack(&board, &r, 1, &n);
	return n.bytes;
}

static void
test_sack(void)
{
	struct tcp_news n = { .min_rtt = UINT32_MAX };

	sent(0, 1000, 1);
	CU_ASSERT_EQUAL(sack(100, 200, 2), 100);
	CU_ASSERT_EQUAL(sack(100, 200, 2), 0); /* nothing new */
	CU_ASSERT_EQUAL(sack(300, 400, 2), 100);
	CU_ASSERT_EQUAL(sack(150, 310, 2), 100); /* joins both */
	CU_ASSERT_EQUAL(board.held, 300);
	CU_ASSERT_EQUAL(tcp_board_count(&board), 3);
	tcp_board_ack(&board, 250, &n);
	CU_ASSERT_EQUAL(n.bytes, 100); /* the rest was held */
	CU_ASSERT_EQUAL(board.held, 150);
	tcp_board_ack(&board, 1000, &n);
	CU_ASSERT(tcp_board_count(&board) == 0 && board.held == 0 && tcp_board_pipe(&board) == 0);
}

static void
test_refuses(void)
{
	sent(1000, 4000, 1);
	CU_ASSERT_EQUAL(sack(500, 600, 2), 0);   /* a D-SACK */
	CU_ASSERT_EQUAL(sack(1000, 1100, 2), 0); /* it would have been acknowledged */
	CU_ASSERT_EQUAL(sack(1200, 1200, 2), 0);
	CU_ASSERT_EQUAL(sack(1300, 1200, 2), 0);
	CU_ASSERT_EQUAL(sack(3900, 4001, 2), 0); /* not sent yet */
	CU_ASSERT_EQUAL(board.held, 0);
}

/* One byte in two of a small flight, until its block is full and beyond. */
static void
test_full(void)
{
	uint32_t end = 8 * TCP_SENT_LEAF;

	sent(0, end, 1);
	for (uint32_t i = 1; i + 1 < end; i += 2) {
		sack(i, i + 1, 2);
		CU_ASSERT(tcp_board_count(&board) <= TCP_SENT_LEAF);
	}
	CU_ASSERT(tcp_board_count(&board) + 2 > TCP_SENT_LEAF);
	CU_ASSERT_EQUAL(tcp_board_lose(&board, 0, end), 0);
	for (uint32_t i = 0; i < 4; i++)
		tcp_board_sent(&board, end + i + 1, 3 + i, 0);
	CU_ASSERT_EQUAL(tcp_board_end(&board), end + 4);
	CU_ASSERT(tcp_board_count(&board) <= TCP_SENT_LEAF);
	tcp_board_again(&board, 0, 50, 9);
	CU_ASSERT(tcp_board_count(&board) <= TCP_SENT_LEAF);
	sent(0, 100, 1000);
	tcp_board_sent(&board, 200, 1005, 10);
	tcp_board_sent(&board, 300, 1010, 10);
	CU_ASSERT(tcp_board_count(&board) == 1 && tcp_board_at(&board, 0)->at == 1000);
	tcp_board_sent(&board, 400, 1011, 10);
	CU_ASSERT(tcp_board_count(&board) == 2 && tcp_board_at(&board, 1)->at == 1011);
	/* Neighbours of one fate make room; the later time stays. */
	sent(0, 1, 1);
	for (uint32_t i = 1; i < 2 * TCP_SENT_LEAF; i++)
		tcp_board_sent(&board, i + 1, 1 + i, 0);
	CU_ASSERT_EQUAL(tcp_board_count(&board), TCP_SENT_LEAF);
	CU_ASSERT_EQUAL(tcp_board_at(&board, 0)->at, tcp_board_at(&board, 0)->end);
}

/* A queue overflows in slow start: one segment in two of a large flight is lost, and each
 * is known. The blocks come back. */
static void
test_large(void)
{
	uint32_t segs = 4 * TCP_SENT_LEAF, again = 0;
	struct tcp_news n = { .min_rtt = UINT32_MAX };
	struct tcp_range r;

	sent(0, segs * 1000, 1);
	for (uint32_t i = 1; i < segs; i += 2)
		sack(i * 1000, (i + 1) * 1000, 2);
	CU_ASSERT_EQUAL(tcp_board_count(&board), segs);
	CU_ASSERT_EQUAL(board.held, segs * 500);
	CU_ASSERT_EQUAL(tcp_board_blocks(&board), 5); /* places for two more were asked for */
	CU_ASSERT_EQUAL(tcp_board_lose(&board, 0, segs * 1000), segs * 500);
	for (; tcp_board_next(&board, &r); again++) {
		CU_ASSERT(r.start == again * 2000 && r.end == r.start + 1000);
		tcp_board_again(&board, r.start, r.end, 3);
	}
	CU_ASSERT_EQUAL(again, segs / 2);
	tcp_board_ack(&board, segs * 900, &n);
	CU_ASSERT_EQUAL(tcp_board_blocks(&board), 2);
	tcp_board_fini(&board);
	CU_ASSERT_EQUAL(pool.free_count, pool.count);
	/* Others need the blocks that are left: some are enough for what was sent. */
	sent(0, segs * 1000, 1);
	while (pool.free_count > pool.count / 8)
		(void)pool_get(&pool);
	for (uint32_t i = 1; i < segs; i += 2)
		sack(i * 1000, (i + 1) * 1000, 2);
	CU_ASSERT_EQUAL(tcp_board_blocks(&board), 1);
	CU_ASSERT(board.held < segs * 500);
	tcp_board_fini(&board);
}

/* What was acknowledged leaves its place, however few are left at the end. */
static void
test_moves(void)
{
	struct tcp_news n = { .min_rtt = UINT32_MAX };

	sent(0, 1, 1);
	for (uint32_t i = 1; i < 10 * TCP_SENT_LEAF; i++) {
		tcp_board_sent(&board, i + 1, 1 + i, 0);
		tcp_board_ack(&board, i - 1, &n);
		CU_ASSERT_EQUAL(tcp_board_count(&board), 2);
		CU_ASSERT_EQUAL(tcp_board_lose(&board, i - 1, i), 1);
		CU_ASSERT_EQUAL(board.lost, 1);
	}
	CU_ASSERT_EQUAL(tcp_board_blocks(&board), 1);
}

static void
test_count(void)
{
	uint32_t una = 0xffffff00u; /* over the end of the sequence space */
	struct tcp_range r;

	sent(una, una + 1000, 1);
	sack(una + 200, una + 300, 2);
	sack(una + 400, una + 500, 2);
	CU_ASSERT_EQUAL(tcp_board_edge(&board, MSS), una); /* two segments: perhaps reordered */
	sack(una + 600, una + 650, 2);
	CU_ASSERT_EQUAL(tcp_board_edge(&board, MSS), una + 200);
	CU_ASSERT(tcp_board_doubt(&board, una, &r));
	CU_ASSERT(r.start == una && r.end == una + 200);
	CU_ASSERT(tcp_board_doubt(&board, una + 320, &r));
	CU_ASSERT(r.start == una + 320 && r.end == una + 400);
	CU_ASSERT_FALSE(tcp_board_doubt(&board, una + 650, &r));
	CU_ASSERT(tcp_board_last(&board, &r));
	CU_ASSERT(r.start == una + 650 && r.end == una + 1000);
	CU_ASSERT_FALSE(tcp_board_next(&board, &r));
	CU_ASSERT_EQUAL(tcp_board_lose(&board, una, una + 650), 400);
	CU_ASSERT_EQUAL(tcp_board_pipe(&board), 350);
	CU_ASSERT(tcp_board_next(&board, &r));
	CU_ASSERT(r.start == una && r.end == una + 200);
	tcp_board_again(&board, una, una + 100, 5);
	CU_ASSERT_EQUAL(tcp_board_pipe(&board), 450);
	CU_ASSERT(tcp_board_next(&board, &r));
	CU_ASSERT_EQUAL(r.start, una + 100);
	tcp_board_forget(&board);
	CU_ASSERT_EQUAL(board.held, 0);
}

/* RFC 8985 section 6.2 steps 2 and 3. */
static void
test_delivered(void)
{
	struct tcp_news n = { .now = 300, .min_rtt = 50 };
	struct tcp_range late = { 0, 0 };

	sent(0, 100, 100);
	tcp_board_sent(&board, 200, 110, 0);
	tcp_board_sent(&board, 300, 120, 0);
	sack(200, 300, 220);
	CU_ASSERT(board.rack_on && board.rack_at == 120 && board.rack_end == 300);
	CU_ASSERT_EQUAL(board.rack_rtt, 100);
	late = (struct tcp_range){ 100, 200 };
	tcp_board_sack(&board, &late, 1, &n);
	CU_ASSERT(n.reordered);
	CU_ASSERT_EQUAL(board.rack_at, 120); /* an older one says nothing */
	tcp_board_again(&board, 0, 100, 290);
	n.reordered = false;
	tcp_board_ack(&board, 300, &n); /* ten after it was sent again: of the first */
	CU_ASSERT_EQUAL(board.rack_at, 120);
	CU_ASSERT_FALSE(n.reordered);
	sent(0, 100, 100);
	tcp_board_again(&board, 0, 100, 200);
	n = (struct tcp_news){ .now = 300, .min_rtt = 50, .echo_on = true, .echo_age = 101 };
	tcp_board_ack(&board, 50, &n);
	CU_ASSERT_FALSE(board.rack_on); /* the timestamp is of the first */
	n.echo_age = 100;
	tcp_board_ack(&board, 100, &n);
	CU_ASSERT(board.rack_on && board.rack_rtt == 100);
}

/* Against a map of bytes. */
static void
check_map(const uint8_t *map, uint32_t base, uint32_t una)
{
	uint32_t held = 0, lost = 0, at = base + una;
	bool same = true;

	for (uint32_t k = una; k < SPAN; k++) {
		held += map[k] == TCP_SENT_HELD;
		lost += map[k] == TCP_SENT_LOST;
	}
	CU_ASSERT_EQUAL(board.held, held);
	CU_ASSERT_EQUAL(board.lost, lost);
	CU_ASSERT_EQUAL(board.una, base + una);
	for (uint32_t i = 0; i < tcp_board_count(&board); i++) {
		CU_ASSERT_FATAL(seq_lt(at, tcp_board_at(&board, i)->end));
		for (; at != tcp_board_at(&board, i)->end; at++)
			same &= (tcp_board_at(&board, i)->flags & (TCP_SENT_HELD | TCP_SENT_LOST)) == map[at - base];
	}
	CU_ASSERT(same);
	CU_ASSERT_EQUAL(at, base + SPAN);
}

static void
test_random(void)
{
	static uint8_t map[SPAN];
	unsigned x = 5;

	for (int round = 0; round < 300; round++) {
		uint32_t base = x * 2654435761u;
		uint32_t una = 0;

		memset(map, 0, sizeof(map));
		sent(base, base + SPAN / 2, 1);
		tcp_board_sent(&board, base + SPAN, 2, 0);
		for (int i = 0; i < 30; i++) {
			struct tcp_news n = { .now = 5 + (uint64_t)i, .min_rtt = UINT32_MAX };
			uint32_t start, len, kind, k;

			x = x * 1103515245u + 12345u;
			start = una + 1 + (x >> 8) % 300;
			len = 1 + (x >> 20) % 399;
			kind = (x >> 5) % 8;
			if (start + len >= SPAN)
				break;
			if (kind == 0) {
				tcp_board_ack(&board, base + start, &n);
				una = start;
			} else if (kind < 4) {
				sack(base + start, base + start + len, 5 + (uint64_t)i);
				memset(map + start, TCP_SENT_HELD, len);
			} else if (kind < 6) {
				tcp_board_lose(&board, base + start, base + start + len);
				for (k = start; k < start + len; k++)
					map[k] = map[k] == TCP_SENT_HELD ? TCP_SENT_HELD : TCP_SENT_LOST;
			} else {
				tcp_board_again(&board, base + start, base + start + len, 5 + (uint64_t)i);
				for (k = start; k < start + len; k++)
					map[k] &= TCP_SENT_HELD;
			}
			check_map(map, base, una);
		}
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "blocks are joined and given up", test_sack },
		{ "what cannot be is refused", test_refuses },
		{ "a full board", test_full },
		{ "a large flight has a large board", test_large },
		{ "places are used again", test_moves },
		{ "what is lost by count, and what is under way", test_count },
		{ "what was delivered, and when it was sent", test_delivered },
		{ "random blocks, losses and retransmissions", test_random },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_board", tests);
}
