/* Streams on zlib: known ones, every length, their memory, what they refuse. */
#include <stdlib.h>
#include <string.h>

#include "drivers/zip/zip.h"
#include "tests/lib/suite.h"

#define MOST 34000u
#define GUARD 64u

static const struct zip_engine *const e = &zip_zlib;
static uint32_t blocks;

/* Memory of a stream, with bytes behind it that must stay. */
static void *
memory(size_t size)
{
	uint8_t *mem = aligned_alloc(64, (size + GUARD + 63) & ~(size_t)63);

	memset(mem, 0xa5, size + GUARD);
	return mem;
}

static void
forget(void *mem, size_t size)
{
	for (size_t i = 0; i < GUARD; i++)
		CU_ASSERT_EQUAL(((uint8_t *)mem)[size + i], 0xa5);
	free(mem);
}

/* RFC 1951 section 3.2.4, by hand; section 3.2.6, as zlib 1.2.13 writes it. */
static void
test_known(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
		uint32_t blocks;
	} rows[] = {
#define ROW(bytes, text, blocks) { bytes, sizeof(bytes) - 1, text, blocks }
		ROW("\x00\x05\x00\xfa\xffhello", "hello", 1),                    /* stored */
		ROW("\xca\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff", "hello", 2), /* static, flushed */
		ROW("\x00\x00\x00\xff\xff", "", 1),
		ROW("", "", 0),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		void *mem = memory(e->inflate_size);
		uint8_t out[1001];
		int n;

		CU_ASSERT_EQUAL(e->inflate_init(mem), 0);
		n = e->inflate(mem, out, 1000, (const uint8_t *)rows[i].bytes, rows[i].len, &blocks);
		CU_ASSERT_EQUAL(n, (int)strlen(rows[i].text));
		CU_ASSERT(n <= 0 || memcmp(out, rows[i].text, (size_t)n) == 0);
		CU_ASSERT_EQUAL(blocks, rows[i].blocks);
		forget(mem, e->inflate_size);
	}
}

static void
fill(uint8_t *p, size_t len, int kind)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(kind == 0 ? 0 : kind == 1 ? rand() : rand() % 3 * (rand() % 2));
}

/* Every length up to the limit in one stream, of bytes that shrink and that do not; a
 * fresh stream, or a stored block, takes its place at any record. */
static void
test_lengths(void)
{
	void *out = memory(e->deflate_size), *in = memory(e->inflate_size);
	uint8_t *plain = malloc(MOST), *wire = malloc(ZIP_BOUND(MOST)), *back = malloc(MOST + 1);
	size_t worst = 0;

	srand(7);
	CU_ASSERT_EQUAL(e->deflate_init(out), 0);
	CU_ASSERT_EQUAL(e->inflate_init(in), 0);
	for (size_t len = 1; len <= MOST; len += len < 600 ? 1 : 331) {
		int n, m;

		fill(plain, len, (int)(len % 3));
		if (len % 50 == 0)
			CU_ASSERT_EQUAL(e->deflate_init(out), 0);
		n = e->deflate(out, wire, ZIP_BOUND(len), plain, len);
		CU_ASSERT_FATAL(n > 0);
		worst = (size_t)n > len && (size_t)n - len > worst ? (size_t)n - len : worst;
		m = e->inflate(in, back, len, wire, (size_t)n, &blocks);
		CU_ASSERT_EQUAL_FATAL(m, (int)len);
		CU_ASSERT(memcmp(plain, back, len) == 0);
		CU_ASSERT(blocks >= 1 && blocks <= 6);
	}
	CU_ASSERT(worst > 0 && worst < 32);
	forget(out, e->deflate_size);
	forget(in, e->inflate_size);
	free(plain);
	free(wire);
	free(back);
}

/* A stream goes on after each byte that it is cut at. */
static void
test_cut(void)
{
	static const char text[] = "a stream that is cut, a stream that is cut, a stream that is cut";
	void *out = memory(e->deflate_size);
	uint8_t wire[ZIP_BOUND(sizeof(text))], back[sizeof(text) + 1];
	int n;

	CU_ASSERT_EQUAL(e->deflate_init(out), 0);
	n = e->deflate(out, wire, sizeof(wire), (const uint8_t *)text, sizeof(text));
	CU_ASSERT_FATAL(n > 0);
	for (int cut = 0; cut <= n; cut++) {
		void *in = memory(e->inflate_size);
		int a, b;

		CU_ASSERT_EQUAL(e->inflate_init(in), 0);
		a = e->inflate(in, back, sizeof(text), wire, (size_t)cut, &blocks);
		CU_ASSERT_FATAL(a >= 0);
		b = e->inflate(in, back + a, sizeof(text) - (size_t)a, wire + cut, (size_t)(n - cut), &blocks);
		CU_ASSERT_EQUAL(a + b, (int)sizeof(text));
		CU_ASSERT(memcmp(back, text, sizeof(text)) == 0);
		forget(in, e->inflate_size);
	}
	forget(out, e->deflate_size);
}

/* Exactly as much as there is room for, and one byte more. */
static void
test_full(void)
{
	static uint8_t zero[MOST], back[MOST + 1];
	void *out = memory(e->deflate_size);
	uint8_t wire[ZIP_BOUND(MOST)];
	int n;

	CU_ASSERT_EQUAL(e->deflate_init(out), 0);
	n = e->deflate(out, wire, sizeof(wire), zero, MOST);
	CU_ASSERT_FATAL(n > 0 && n < 400);
	for (uint32_t room = MOST - 2; room <= MOST; room++) {
		void *in = memory(e->inflate_size);

		CU_ASSERT_EQUAL(e->inflate_init(in), 0);
		CU_ASSERT_EQUAL(e->inflate(in, back, room, wire, (size_t)n, &blocks),
		    room == MOST ? (int)MOST : ZIP_FULL);
		forget(in, e->inflate_size);
	}
	forget(out, e->deflate_size);
}

/* Any bytes: an answer in bounds, and the same one each time. */
static void
test_garbage(void)
{
	static uint8_t back[2][MOST + 1], wire[4096];
	unsigned bad = 0, good = 0;

	srand(11);
	for (int round = 0; round < 3000; round++) {
		size_t len = (size_t)(rand() % (round % 3 == 0 ? 40 : 4096));
		int got[2];

		fill(wire, len, round % 3);
		for (int i = 0; i < 2; i++) {
			void *in = memory(e->inflate_size);

			memset(back[i], 0, sizeof(back[i]));
			CU_ASSERT_EQUAL(e->inflate_init(in), 0);
			got[i] = e->inflate(in, back[i], MOST, wire, len, &blocks);
			CU_ASSERT(got[i] <= (int)MOST && got[i] >= ZIP_SHREDS);
			CU_ASSERT(blocks <= ZIP_BLOCKS_FREE + MOST / ZIP_BLOCK_BYTES + 1);
			forget(in, e->inflate_size);
		}
		CU_ASSERT_EQUAL(got[0], got[1]);
		if (got[0] > 0)
			CU_ASSERT(memcmp(back[0], back[1], (size_t)got[0]) == 0);
		bad += got[0] == ZIP_BAD;
		good += got[0] >= 0;
	}
	CU_ASSERT(bad > 100 && good > 100);
}

/* Blocks are free at first, then they must give something. */
static void
test_shreds(void)
{
	uint8_t wire[5 * 40], back[101];

	for (unsigned count = ZIP_BLOCKS_FREE - 1; count < 40; count++) {
		void *in = memory(e->inflate_size);
		int n;

		for (unsigned i = 0; i < count; i++)
			memcpy(wire + 5 * i, "\0\0\0\xff\xff", 5);
		CU_ASSERT_EQUAL(e->inflate_init(in), 0);
		n = e->inflate(in, back, 100, wire, 5 * count, &blocks);
		CU_ASSERT_EQUAL(n, count <= ZIP_BLOCKS_FREE ? 0 : ZIP_SHREDS);
		forget(in, e->inflate_size);
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "known streams", test_known },
		{ "lengths", test_lengths },
		{ "cut anywhere", test_cut },
		{ "full", test_full },
		{ "garbage", test_garbage },
		{ "shreds", test_shreds },
		CU_TEST_INFO_NULL,
	};

	return suite_run("zlib", tests);
}
