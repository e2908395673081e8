#include <stdlib.h>

#include "dataplane/ssh/record.h"
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/toy.h"

static uint64_t seed = 7;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

struct pair {
	struct record_dir in, out;
	struct cipher_ctx ctx[2];
};

static void
pair_init(struct pair *p, uint16_t suite)
{
	static const uint8_t key[16] = "key", iv[12] = "iv";

	record_dir_init(&p->in, &p->ctx[0]);
	record_dir_init(&p->out, &p->ctx[1]);
	if (suite != 0) {
		CU_ASSERT_EQUAL(record_dir_keys(&p->in, toy_engine(suite), key, iv, NULL, false), 0);
		CU_ASSERT_EQUAL(record_dir_keys(&p->out, toy_engine(suite), key, iv, NULL, false), 0);
	}
}

static void
pair_fini(struct pair *p)
{
	record_dir_wipe(&p->in);
	record_dir_wipe(&p->out);
	CU_ASSERT_EQUAL(toy_live, 0);
}

/* Seal and open one payload of len bytes. */
static void
pass(struct pair *p, uint16_t suite, size_t len)
{
	static uint8_t plain[SSH_PAYLOAD_MAX], wire[RECORD_MAX], random[RECORD_RANDOM];
	uint32_t block = suite == TOY_CLEAR ? 16 : 8;
	struct view got;
	int n;

	for (size_t i = 0; i < len; i++)
		plain[i] = (uint8_t)rnd(256);
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)rnd(256);
	n = record_seal(&p->out, wire, sizeof(wire), view_of(plain, len), random);
	CU_ASSERT_EQUAL((size_t)n, record_size(&p->out, len));
	CU_ASSERT(n >= 16);
	CU_ASSERT_EQUAL((n - (suite ? 16 : 0) - (suite & 1 ? 4 : 0)) % (int)block, 0);
	CU_ASSERT_EQUAL(record_need(&p->in, wire, 3), 0);
	CU_ASSERT_EQUAL(record_need(&p->in, wire, 4), n);
	CU_ASSERT_EQUAL(record_need(&p->in, wire, 4), n);
	CU_ASSERT_EQUAL(record_open(&p->in, wire, &got), 0);
	CU_ASSERT_EQUAL(got.len, len);
	CU_ASSERT(got.len == len && memcmp(got.data, plain, len) == 0);
	CU_ASSERT_EQUAL(p->in.seq, p->out.seq);
	CU_ASSERT_EQUAL(p->in.bytes, p->out.bytes);
}

static void
test_sizes(void)
{
	for (uint16_t suite = 0; suite <= TOY_ETM; suite++) {
		struct pair p;

		pair_init(&p, suite);
		for (size_t len = 1; len < 200; len++)
			pass(&p, suite, len);
		for (int i = 0; i < 200; i++)
			pass(&p, suite, 1 + rnd(SSH_PAYLOAD_MAX));
		pass(&p, suite, SSH_PAYLOAD_MAX);
		CU_ASSERT_EQUAL(p.out.records, 400);
		pair_fini(&p);
	}
}

static void
be32(uint8_t *p, uint32_t v)
{
	struct put w = put_of(p, 4);

	put_u32(&w, v);
}

/* Every length from 0 on in the clear: only multiples from 16 bytes to the limit. */
static void
test_length_clear(void)
{
	for (uint32_t len = 0; len < 70000; len++) {
		struct pair p;
		uint8_t head[4];
		int need;

		pair_init(&p, 0);
		be32(head, len);
		need = record_need(&p.in, head, 4);
		if ((len + 4) % 8 == 0 && len + 4 >= 16 && len <= SSH_PACKET_MAX)
			CU_ASSERT_EQUAL_FATAL(need, (int)len + 4)
		else
			CU_ASSERT_EQUAL_FATAL(need, -R_SSH_LENGTH)
	}
}

static void
test_length_keyed(void)
{
	static const uint32_t bad[] = { 0, 1, 8, 15, 17, 31, 35008, 0x7fffffff, 0x80000000, 0xfffffff0,
	    0xffffffff };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pair p;
		uint8_t head[4];

		pair_init(&p, TOY_CLEAR);
		be32(head, bad[i]);
		CU_ASSERT_EQUAL(record_need(&p.in, head, 4), -R_SSH_LENGTH);
		pair_fini(&p);
	}
}

/* A record of `len` bytes behind the length, with this padding byte. */
static int
open_padded(uint16_t suite, uint32_t len, uint8_t pad, struct view *got)
{
	static uint8_t buf[RECORD_MAX];
	struct pair p;
	int rc;

	pair_init(&p, suite);
	memset(buf, 0, sizeof(buf));
	be32(buf, len);
	buf[4] = pad;
	if (suite != 0)
		p.out.engine->seal(p.out.ctx, 0, buf, buf, len);
	CU_ASSERT(record_need(&p.in, buf, 4) > 0);
	rc = record_open(&p.in, buf, got);
	pair_fini(&p);
	return rc;
}

static void
test_padding(void)
{
	static const uint32_t lens[4] = { 28, 32, 28, 32 };

	for (uint16_t suite = 0; suite <= TOY_ETM; suite++) {
		for (unsigned pad = 0; pad < 256; pad++) {
			uint32_t len = lens[suite];
			struct view got;
			int rc = open_padded(suite, len, (uint8_t)pad, &got);

			if (pad < 4 || pad + 1 > len) {
				CU_ASSERT_EQUAL(rc, -R_SSH_PADDING);
			} else if (pad + 1 == len) {
				CU_ASSERT_EQUAL(rc, -R_SSH_EMPTY);
			} else {
				CU_ASSERT_EQUAL(rc, 0);
				CU_ASSERT_EQUAL(got.len, len - 1 - pad);
			}
		}
	}
}

/* A payload beyond the limit in a packet within it. */
static void
test_payload_max(void)
{
	struct view got;

	CU_ASSERT_EQUAL(open_padded(0, 34996, 4, &got), -R_SSH_LENGTH);
	CU_ASSERT_EQUAL(open_padded(TOY_CLEAR, 34992, 4, &got), -R_SSH_LENGTH);
}

static void
test_flips(void)
{
	static const uint8_t random[RECORD_RANDOM];

	for (uint16_t suite = TOY_CLEAR; suite <= TOY_ETM; suite++) {
		for (size_t bit = 0; bit < 8 * 64; bit++) {
			struct pair p;
			uint8_t wire[256];
			struct view got;
			int n, rc;

			pair_init(&p, suite);
			n = record_seal(&p.out, wire, sizeof(wire), view_str("a payload of some bytes"), random);
			CU_ASSERT_FATAL(n > 0);
			if (bit / 8 < (size_t)n - 8) { /* the toy's tag ends in zeros */
				wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
				rc = record_need(&p.in, wire, 4);
				if (rc == n)
					rc = record_open(&p.in, wire, &got);
				CU_ASSERT(rc != 0);
			}
			pair_fini(&p);
		}
	}
}

/* ---- records that are wrong where the length is encrypted ---- */

static const struct cipher_engine *counted;
static uint64_t opened;

static int
counting_open(struct cipher_ctx *ctx, uint32_t seq, uint8_t *buf, uint32_t len)
{
	opened += 4 + (uint64_t)len + counted->tag_len;
	return counted->open(ctx, seq, buf, len);
}

/* A record of `len` bytes with the byte at `at` changed; what comes of it when
 * `first` bytes of it are there before the rest. Returns the work at its end. */
static uint64_t
wrong(size_t len, size_t at, size_t first)
{
	static uint8_t plain[SSH_PAYLOAD_MAX], wire[2 * RECORD_MAX], buf[RECORD_MAX];
	static const uint8_t random[RECORD_RANDOM];
	struct cipher_engine e = *toy_engine(TOY_HIDDEN);
	struct view got;
	struct pair p;
	int need, rc = RECORD_MORE;

	counted = toy_engine(TOY_HIDDEN);
	e.open = counting_open;
	pair_init(&p, TOY_HIDDEN);
	p.in.engine = &e;
	memset(wire, 0, sizeof(wire));
	CU_ASSERT(record_seal(&p.out, wire, RECORD_MAX, view_of(plain, len), random) > 0);
	wire[at] ^= 0x81;
	opened = 0;
	for (unsigned turn = 0; rc == RECORD_MORE && turn < 3; turn++) {
		need = record_need(&p.in, wire, 4);
		CU_ASSERT_FATAL(need > 0 && need <= (int)RECORD_MAX);
		if ((size_t)need > first) { /* the rest comes */
			record_later(&p.in);
			opened = 0;
			first = RECORD_MAX;
		}
		memcpy(buf, wire, (size_t)need);
		rc = record_open(&p.in, buf, &got);
		CU_ASSERT_EQUAL(rc, need == (int)RECORD_MAX ? -R_SSH_MAC : RECORD_MORE);
	}
	CU_ASSERT_EQUAL(rc, -R_SSH_MAC);
	pair_fini(&p);
	return opened;
}

/* In all of them the last byte that is waited for, and the work when it came, are
 * those of a record of the largest size. */
static void
test_wrong_alike(void)
{
	static const size_t lens[] = { 1, 100, 5000, 33000 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		for (size_t at = 0; at < 20; at++) {
			CU_ASSERT_EQUAL(wrong(lens[i], at, RECORD_MAX), RECORD_MAX);
			CU_ASSERT_EQUAL(wrong(lens[i], at, lens[i] + 64), RECORD_MAX);
			CU_ASSERT_EQUAL(wrong(lens[i], at, 4), RECORD_MAX);
		}
	}
}

/* Keys switch at one record; the counters start again only in strict mode. */
static void
test_switch(void)
{
	static const uint8_t key[16] = "other", iv[12] = "iv";

	for (int strict = 0; strict < 2; strict++) {
		struct pair p;

		pair_init(&p, TOY_CLEAR);
		for (int i = 0; i < 10; i++)
			pass(&p, TOY_CLEAR, 20);
		record_dir_keys(&p.out, toy_engine(TOY_HIDDEN), key, iv, NULL, strict);
		record_dir_keys(&p.in, toy_engine(TOY_HIDDEN), key, iv, NULL, strict);
		CU_ASSERT_EQUAL(p.out.seq, strict ? 0u : 10u);
		CU_ASSERT_EQUAL(p.out.bytes, 0);
		CU_ASSERT_EQUAL(p.out.records, 0);
		pass(&p, TOY_HIDDEN, 33);
		pair_fini(&p);
	}
}

static void
test_wrap(void)
{
	static const uint8_t random[RECORD_RANDOM];
	uint8_t wire[64];
	struct view got;
	struct pair p;

	pair_init(&p, TOY_CLEAR);
	p.in.records = p.out.records = UINT32_MAX;
	p.in.seq = p.out.seq = UINT32_MAX;
	pass(&p, TOY_CLEAR, 5);
	CU_ASSERT_EQUAL(p.in.seq, 0);
	CU_ASSERT_EQUAL(record_seal(&p.out, wire, sizeof(wire), view_str("x"), random), -R_SSH_SEQ_WRAP);
	p.out.records = 0;
	CU_ASSERT(record_seal(&p.out, wire, sizeof(wire), view_str("x"), random) > 0);
	CU_ASSERT(record_need(&p.in, wire, 4) > 0);
	CU_ASSERT_EQUAL(record_open(&p.in, wire, &got), -R_SSH_SEQ_WRAP);
	pair_fini(&p);
}

static void
test_seal_bounds(void)
{
	static uint8_t big[SSH_PAYLOAD_MAX + 1], wire[RECORD_MAX];
	static const uint8_t random[RECORD_RANDOM];
	struct pair p;

	pair_init(&p, TOY_CLEAR);
	CU_ASSERT_EQUAL(record_seal(&p.out, wire, sizeof(wire), view_of(big, 0), random), -R_SSH_LENGTH);
	CU_ASSERT_EQUAL(record_seal(&p.out, wire, sizeof(wire), view_of(big, sizeof(big)), random),
	    -R_SSH_LENGTH);
	CU_ASSERT_EQUAL(record_seal(&p.out, wire, 40, view_of(big, 100), random), -R_SSH_LENGTH);
	CU_ASSERT_EQUAL(p.out.seq, 0);
	pair_fini(&p);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every size passes, aligned", test_sizes },
		{ "lengths in the clear", test_length_clear },
		{ "lengths under keys", test_length_keyed },
		{ "padding", test_padding },
		{ "payload limit", test_payload_max },
		{ "a flipped bit", test_flips },
		{ "wrong records are alike", test_wrong_alike },
		{ "keys switch", test_switch },
		{ "sequence numbers do not wrap", test_wrap },
		{ "what cannot be sealed", test_seal_bounds },
		CU_TEST_INFO_NULL,
	};

	return suite_run("record", tests);
}
