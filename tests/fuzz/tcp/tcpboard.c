/*
 * Input: two bytes of the length in flight, then steps of five bytes against one
 * board: kind, 16-bit start, 16-bit length.
 *
 *   0  more is sent     1  sent again     2  acknowledged     3  held (SACK)
 *   4  lost             5  all is lost    6  nothing is lost  7  forget what is held
 */
#include <stdlib.h>

#include "abi/wire/cursor.h"
#include "dataplane/tcp/tcp_board.h"
#include "dataplane/tcp/tcp_seq.h"

#define MSS 500u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLOCKS 16u

static struct tcp_board b;
static struct pool pool;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* The sums are those of the ranges; the answers lie in what is in flight. */
static void
check(uint32_t una, uint32_t end)
{
	uint32_t at = una, held = 0, lost = 0;
	struct tcp_range r;

	require(tcp_board_count(&b) <= TCP_SENT_LEAF * VEC_LEAVES && b.una == una && tcp_board_end(&b) == end);
	for (uint32_t i = 0; i < tcp_board_count(&b); i++) {
		uint32_t len = tcp_board_at(&b, i)->end - at;

		require(len > 0 && len <= end - una);
		require((tcp_board_at(&b, i)->flags & TCP_SENT_HELD) == 0 || (tcp_board_at(&b, i)->flags & TCP_SENT_LOST) == 0);
		held += (tcp_board_at(&b, i)->flags & TCP_SENT_HELD) ? len : 0;
		lost += (tcp_board_at(&b, i)->flags & TCP_SENT_LOST) ? len : 0;
		at = tcp_board_at(&b, i)->end;
	}
	require(at == end && held == b.held && lost == b.lost);
	require(tcp_board_pipe(&b) == end - una - held - lost);
	require(tcp_board_next(&b, &r) == (lost > 0));
	if (lost > 0)
		require(seq_leq(una, r.start) && seq_lt(r.start, r.end) && seq_leq(r.end, end));
	require(tcp_board_last(&b, &r) == (held < end - una));
	if (tcp_board_doubt(&b, una, &r))
		require(seq_leq(una, r.start) && seq_lt(r.start, r.end) && seq_leq(r.end, end));
	at = tcp_board_edge(&b, MSS);
	require(seq_leq(una, at) && seq_leq(at, end));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	uint32_t una = 0xffffc000u;
	uint32_t end = una + 1 + cur_u16(&c);
	uint64_t now = 0xfffffff0u;
	static void *mem;

	if (mem == NULL)
		mem = aligned_alloc(64, pool_size(BLOCKS));
	pool_init(&pool, mem, BLOCKS);
	tcp_board_init(&b, &pool, una);
	tcp_board_sent(&b, end, now, 0);
	while (cur_left(&c) >= 5) {
		uint8_t kind = cur_u8(&c);
		struct tcp_range r = { .start = una + cur_u16(&c) };
		struct tcp_news n = { .now = now += 1 + kind / 8, .min_rtt = 10 };

		r.end = r.start + cur_u16(&c);
		if (kind % 8 == 0 && end - una < 1u << 20) {
			end += 1 + (r.end - r.start);
			tcp_board_sent(&b, end, now, kind / 8);
		} else if (kind % 8 == 1 && seq_lt(r.start, r.end) && seq_leq(r.end, end)) {
			tcp_board_again(&b, r.start, r.end, now);
		} else if (kind % 8 == 2 && seq_leq(r.start, end)) {
			una = r.start;
			tcp_board_ack(&b, una, &n);
		} else if (kind % 8 == 3) {
			tcp_board_sack(&b, &r, 1, &n);
			require(n.bytes <= end - una);
		} else if (kind % 8 == 4) {
			tcp_board_lose(&b, r.start, r.end);
		} else if (kind % 8 == 5) {
			tcp_board_lose(&b, una, end);
		} else if (kind % 8 == 6) {
			tcp_board_found(&b);
		} else if (kind % 8 == 7) {
			tcp_board_forget(&b);
		}
		check(una, end);
	}
	require(pool.free_count + tcp_board_blocks(&b) - 1 == pool.count);
	tcp_board_fini(&b);
	require(pool.free_count == pool.count);
	return 0;
}
