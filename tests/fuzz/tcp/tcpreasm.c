/*
 * Input: a byte for the cap in blocks and one for where in the sequence space it is,
 * then steps against one reassembly queue and a map of bytes that knows better:
 *   0..5  add: 16-bit offset, 16-bit length     6  take what is in order
 *   7     the point of what is in order moves on: 16-bit offset
 *
 * What is held is what the map has, to the byte; SACK blocks name nothing else; blocks
 * stay under the cap, and all of them come back.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/wire/cursor.h"
#include "dataplane/tcp/tcp_reasm.h"
#include "dataplane/tcp/tcp_seq.h"

#define SPAN 8000u
#define BLOCKS 64u
#define STEPS 120

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct tcp_reasm r;
	struct pool pool;
	void *mem;
	uint32_t base, next; /* sequence number of offset 0; the offset that is waited for */
	uint32_t cap;
	uint8_t held[SPAN];
	uint8_t found[SPAN];
	uint8_t text[SPAN];
} f;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* What the queue says it holds; how many bytes. */
static uint32_t
find(void)
{
	uint32_t at = f.base + f.next, end = f.base + SPAN, bytes = 0;
	struct tcp_range got;

	memset(f.found, 0, sizeof(f.found));
	while (seq_lt(at, end) && tcp_reasm_held(&f.r, at, end, &got)) {
		require(seq_leq(at, got.start) && seq_lt(got.start, got.end) && seq_leq(got.end, end));
		memset(f.found + (got.start - f.base), 1, got.end - got.start);
		bytes += got.end - got.start;
		at = got.end;
	}
	return bytes;
}

static uint32_t
count(const uint8_t *map)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SPAN; i++)
		n += map[i];
	return n;
}

static void
add(uint32_t off, uint32_t len)
{
	uint32_t before = count(f.held), fresh = 0, kept;
	bool full = false;

	if (off < f.next || off >= SPAN)
		return;
	len = len < SPAN - off ? len : SPAN - off;
	for (uint32_t i = off; i < off + len; i++)
		fresh += !f.held[i];
	kept = tcp_reasm_add(&f.r, &f.pool, f.base + off, f.text + off, len, f.cap, &full);
	require(kept <= fresh && (full || kept == fresh));
	require(find() == before + kept);
	for (uint32_t i = 0; i < SPAN; i++) {
		require(!f.held[i] || f.found[i]);
		require(!f.found[i] || f.held[i] || (i >= off && i < off + len));
	}
	memcpy(f.held, f.found, sizeof(f.held));
}

static void
take(void)
{
	const uint8_t *at;
	size_t len;

	while ((at = tcp_reasm_next(&f.r, &f.pool, f.base + f.next, &len)) != NULL) {
		require(len > 0 && f.next + len <= SPAN && memcmp(at, f.text + f.next, len) == 0);
		for (size_t i = 0; i < len; i++, f.next++) {
			require(f.held[f.next]);
			f.held[f.next] = 0;
		}
	}
	require(f.next == SPAN || !f.held[f.next]);
}

static void
check(void)
{
	struct tcp_range sack[TCP_OPT_SACK_MAX];
	uint32_t n = tcp_reasm_sack(&f.r, sack, TCP_OPT_SACK_MAX);

	require((n > 0) == (count(f.held) > 0));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t start = sack[i].start - f.base, end = sack[i].end - f.base;

		require(start < end && end <= SPAN);
		for (uint32_t b = start; b < end; b++)
			require(f.held[b]);
		require((start == 0 || start == f.next || !f.held[start - 1]) && (end == SPAN || !f.held[end]));
	}
	require(tcp_reasm_blocks(&f.r) <= f.cap);
	require(f.pool.free_count + tcp_reasm_blocks(&f.r) == f.pool.count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);

	if (f.mem == NULL)
		f.mem = aligned_alloc(64, pool_size(BLOCKS));
	pool_init(&f.pool, f.mem, BLOCKS);
	memset(&f.r, 0, sizeof(f.r));
	memset(f.held, 0, sizeof(f.held));
	for (uint32_t i = 0; i < SPAN; i++)
		f.text[i] = (uint8_t)(i * 5 + i / 241);
	f.cap = 2 + cur_u8(&c) % BLOCKS;
	f.base = (uint32_t)cur_u8(&c) << 24 | 0x00fff000u;
	f.next = 0;
	for (int i = 0; i < STEPS && cur_left(&c) > 0; i++) {
		uint8_t op = cur_u8(&c) & 7;

		if (op < 6) {
			uint32_t off = cur_u16(&c) % SPAN;

			add(off, cur_u16(&c) % 3000u);
		} else if (op == 7) {
			uint32_t to = f.next + cur_u16(&c) % 2000u;

			while (f.next < to && f.next < SPAN)
				f.held[f.next++] = 0;
			take();
		} else {
			take();
		}
		check();
	}
	tcp_reasm_clear(&f.r, &f.pool);
	require(f.pool.free_count == f.pool.count);
	return 0;
}
