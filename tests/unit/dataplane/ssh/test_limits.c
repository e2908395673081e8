/*
 * What a record may be, to the byte, for every suite with a real engine: lengths, padding,
 * payload, blocks, the records of one key. By hand from RFC 4253 section 6, RFC 5647
 * section 7.2 and OpenSSH's PROTOCOL (sections 1.1, 1.5, 1.6), and from the limits that
 * posternd(8) states: 35000 for the length of a packet, 34000 for its payload.
 */
#include <stdlib.h>

#include "dataplane/ssh/record.h"
#include "drivers/cipher/select.h"
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/duo_inner.h"

#define LENGTH_MAX 35000u
#define PAYLOAD_LIMIT 34000u
#define WIRE_MAX (4 + LENGTH_MAX + 64) /* what a wrong record with a hidden length takes */

/* The lengths that a packet may have: from, to, in steps. */
struct lengths {
	uint32_t min, max, step;
};

static const struct lengths in_clear = { 12, 34996, 8 };
static const struct lengths outside = { 16, 34992, 16 }; /* GCM, ETM: the length does not count */
static const struct lengths chacha = { 8, 35000, 8 };
static const struct lengths inside = { 12, 34988, 16 };  /* MAC of the plaintext: it does */

static const char *const macs[SUITE_COUNT] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) [number] = macname,
	SUITE_LIST(SUITE)
#undef SUITE
};

static const struct lengths *
lengths_of(uint16_t suite)
{
	if (suite == SUITE_NONE)
		return &in_clear;
	if (suite == SUITE_CHACHA20_POLY1305)
		return &chacha;
	return macs[suite][0] == '\0' || strstr(macs[suite], "-etm@") != NULL ? &outside : &inside;
}

static bool
is_hidden(uint16_t suite)
{
	return lengths_of(suite) == &chacha || lengths_of(suite) == &inside;
}

static const struct cipher_engine *
engine_of(uint16_t suite)
{
	return suite == SUITE_NONE ? NULL : cipher_engine_for(suite);
}

struct pair {
	struct record_dir in, out;
	struct cipher_ctx ctx[2];
};

static struct pair pair;
static uint8_t wire[2 * RECORD_MAX], copy[2 * RECORD_MAX];

static void
pair_up(uint16_t suite)
{
	static const uint8_t key[64] = "a key", iv[16] = "an iv", mac[64] = "a key of the mac";

	record_dir_init(&pair.in, &pair.ctx[0]);
	record_dir_init(&pair.out, &pair.ctx[1]);
	if (suite == SUITE_NONE)
		return;
	CU_ASSERT_EQUAL_FATAL(record_dir_keys(&pair.in, engine_of(suite), key, iv, mac, true), 0);
	CU_ASSERT_EQUAL_FATAL(record_dir_keys(&pair.out, engine_of(suite), key, iv, mac, true), 0);
}

static void
pair_fini(void)
{
	record_dir_wipe(&pair.in);
	record_dir_wipe(&pair.out);
}

/* A record of any length and padding, sealed as if it were one. Wire bytes. */
static uint32_t
forge(const struct record_dir *d, uint32_t len, uint8_t pad)
{
	struct put w = put_of(wire, 4);

	memset(wire, 0, sizeof(wire));
	put_u32(&w, len);
	wire[4] = pad;
	wire[5] = SSH_MSG_IGNORE;
	if (d->engine == NULL)
		return 4 + len;
	CU_ASSERT_EQUAL_FATAL(d->engine->seal(d->ctx, d->seq, wire, wire, len), 0);
	return 4 + len + d->engine->tag_len;
}

/* What the record in `wire` is to the other side; a refused length is -R_SSH_LENGTH. */
static int
judge(struct view *got)
{
	int need = record_need(&pair.in, wire, 4);

	if (need < 0)
		return need;
	memcpy(copy, wire, sizeof(copy));
	return record_open(&pair.in, copy, got);
}

/* Each number that a length field can be near the limits: what is no length is told at
 * once where it is in the clear, and waited for like the longest record where not. */
static void
test_lengths(void)
{
	static const uint32_t far[] = { 65535, 65536, 1u << 24, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffc,
		0xffffffff };

	for (uint16_t suite = SUITE_NONE; suite < SUITE_COUNT; suite++) {
		const struct lengths *l = lengths_of(suite);
		uint32_t tag = suite == SUITE_NONE ? 0 : engine_of(suite)->tag_len;
		uint8_t stream[4];

		pair_up(suite);
		/* The length is one with the stream of the cipher, or with nothing. */
		forge(&pair.out, 32, 4);
		memcpy(stream, wire, 4);
		stream[3] ^= 32;
		if (!is_hidden(suite))
			memset(stream, 0, 4);
		for (uint32_t i = 0; i < 36000 + sizeof(far) / sizeof(far[0]); i++) {
			uint32_t len = i < 36000 ? i : far[i - 36000];
			bool good = len >= l->min && len <= l->max && (len - l->min) % l->step == 0;
			struct put w = put_of(copy, 4);
			int need;

			put_u32(&w, len);
			for (unsigned b = 0; b < 4; b++)
				copy[b] ^= stream[b];
			pair.in.need = 0;
			pair.in.bad = false;
			need = record_need(&pair.in, copy, 4);
			if (good)
				CU_ASSERT_EQUAL(need, (int)(4 + len + tag))
			else
				CU_ASSERT_EQUAL(need, is_hidden(suite) ? (int)WIRE_MAX : -R_SSH_LENGTH)
		}
		pair_fini();
	}
}

/* The shortest and the longest record of a suite pass; one step more or less is none. */
static void
test_ends(void)
{
	for (uint16_t suite = SUITE_NONE; suite < SUITE_COUNT; suite++) {
		const struct lengths *l = lengths_of(suite);
		int refused = is_hidden(suite) ? -R_SSH_MAC : -R_SSH_LENGTH;
		struct view got;

		for (unsigned at = 0; at < 6; at++) {
			const uint32_t lens[] = { l->min, l->max, l->min - l->step / 2, l->max + l->step,
				l->min + 1, l->max - 1 };

			pair_up(suite);
			forge(&pair.out, lens[at], at == 1 ? 255 : 4);
			if (at == 1) /* no payload fills it: its padding does not fit either */
				CU_ASSERT_EQUAL(judge(&got), l->max - 256 > PAYLOAD_LIMIT ? -R_SSH_LENGTH : 0)
			else
				CU_ASSERT_EQUAL(judge(&got), at == 0 ? 0 : refused);
			pair_fini();
		}
	}
}

/* From 4 to 255 bytes of padding, in a record as long as that; never none of payload. */
static void
test_padding(void)
{
	for (uint16_t suite = SUITE_NONE; suite < SUITE_COUNT; suite++) {
		const struct lengths *l = lengths_of(suite);

		for (unsigned pad = 0; pad < 256; pad++) {
			for (uint32_t len = l->min; len <= l->min + 272; len += 16) {
				struct view got;
				int r;

				pair_up(suite);
				forge(&pair.out, len, (uint8_t)pad);
				r = judge(&got);
				if (pad < 4 || pad >= len)
					CU_ASSERT_EQUAL(r, -R_SSH_PADDING)
				else if (pad == len - 1)
					CU_ASSERT_EQUAL(r, -R_SSH_EMPTY)
				else
					CU_ASSERT(r == 0 && got.len == len - 1 - pad);
				pair_fini();
			}
		}
	}
}

/* The largest payload, with any padding that completes a block; one byte more. */
static void
test_payload(void)
{
	for (uint16_t suite = SUITE_NONE; suite < SUITE_COUNT; suite++) {
		const struct lengths *l = lengths_of(suite);

		for (uint32_t len = l->min; len <= l->max; len += l->step) {
			struct view got;
			uint32_t pad = len - 1 - PAYLOAD_LIMIT;

			if (len < PAYLOAD_LIMIT + 5 || pad > 255)
				continue;
			pair_up(suite);
			forge(&pair.out, len, (uint8_t)pad);
			CU_ASSERT(judge(&got) == 0 && got.len == PAYLOAD_LIMIT);
			pair_fini();
			if (pad == 4)
				continue;
			pair_up(suite);
			forge(&pair.out, len, (uint8_t)(pad - 1));
			CU_ASSERT_EQUAL(judge(&got), -R_SSH_LENGTH);
			pair_fini();
		}
	}
}

/* What is sealed is within them too: each payload, in blocks, with the least padding. */
static void
test_sealed(void)
{
	static uint8_t plain[PAYLOAD_LIMIT + 1];
	static const uint8_t random[RECORD_RANDOM];

	for (uint16_t suite = SUITE_NONE; suite < SUITE_COUNT; suite++) {
		const struct lengths *l = lengths_of(suite);
		uint32_t tag = suite == SUITE_NONE ? 0 : engine_of(suite)->tag_len;

		pair_up(suite);
		for (uint32_t n = 1; n <= PAYLOAD_LIMIT; n += n < 600 || n > PAYLOAD_LIMIT - 40 ? 1 : 33) {
			int size = record_seal(&pair.out, wire, sizeof(wire), view_of(plain, n), random);
			uint32_t len = (uint32_t)size - 4 - tag;
			struct view got;

			CU_ASSERT_FATAL(size > 0 && len >= l->min && len <= l->max);
			CU_ASSERT_EQUAL((len - l->min) % l->step, 0);
			CU_ASSERT_EQUAL(record_need(&pair.in, wire, 4), size);
			CU_ASSERT(record_open(&pair.in, wire, &got) == 0 && got.len == n);
			CU_ASSERT(wire[4] >= 4 && wire[4] < 4 + l->step);
		}
		CU_ASSERT_EQUAL(record_seal(&pair.out, wire, sizeof(wire), view_of(plain, sizeof(plain)), random),
		    -R_SSH_LENGTH);
		pair_fini();
	}
}

/* 2^32 records of one key and not one more, in either direction, and in the clear: there
 * the sequence number would come again (OpenSSH ends the connection too). Between keys it
 * goes on over its end. */
static void
test_records(void)
{
	static const uint8_t key[64] = "next", iv[16] = "next", mac[64] = "next", random[RECORD_RANDOM];
	struct view got;

	for (uint16_t suite = SUITE_NONE; suite < SUITE_COUNT; suite++) {
		for (int strict = 0; strict < 2; strict++) {
			pair_up(suite);
			pair.in.records = pair.out.records = UINT32_MAX - 1ull;
			pair.in.seq = pair.out.seq = UINT32_MAX - 1;
			for (unsigned i = 0; i < 2; i++) {
				CU_ASSERT(record_seal(&pair.out, wire, sizeof(wire), view_str("x"), random) > 0);
				CU_ASSERT_EQUAL(judge(&got), 0);
			}
			CU_ASSERT(pair.in.seq == 0 && pair.out.seq == 0);
			CU_ASSERT_EQUAL(
			    record_seal(&pair.out, wire, sizeof(wire), view_str("x"), random), -R_SSH_SEQ_WRAP);
			pair.out.records = 0;
			CU_ASSERT(record_seal(&pair.out, wire, sizeof(wire), view_str("x"), random) > 0);
			CU_ASSERT_EQUAL(judge(&got), -R_SSH_SEQ_WRAP);
			pair.in.seq = pair.out.seq = UINT32_MAX;
			record_dir_keys(&pair.in, engine_of(SUITE_CHACHA20_POLY1305), key, iv, mac, strict);
			record_dir_keys(&pair.out, engine_of(SUITE_CHACHA20_POLY1305), key, iv, mac, strict);
			for (unsigned i = 0; i < 3; i++) {
				CU_ASSERT(record_seal(&pair.out, wire, sizeof(wire), view_str("x"), random) > 0);
				CU_ASSERT_EQUAL(judge(&got), 0);
			}
			CU_ASSERT_EQUAL(pair.in.seq, strict ? 3u : 2u);
			pair_fini();
		}
	}
}

/* ---- the same for a connection, in both directions ---- */

static struct duo *
logged_in(uint16_t suite)
{
	struct duo *d = duo_new(suite);

	d->s[SRV].env.engine = d->s[CLI].env.engine = engine_of;
	d->strict = true;
	duo_login(d);
	return d;
}

static void
test_connection(void)
{
	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		const struct lengths *l = lengths_of(suite);
		uint32_t len = l->min + (PAYLOAD_LIMIT + 4) / l->step * l->step; /* room for it, and a block */

		for (int from = 0; from < 2; from++) {
			for (unsigned over = 0; over < 2; over++) {
				struct duo *d = logged_in(suite);
				struct record_dir *out = &d->s[from].c.out;
				uint32_t n = forge(out, len, (uint8_t)(len - 1 - PAYLOAD_LIMIT - over));

				duo_pipe(&d->s[!from], wire, n);
				duo_run(d);
				CU_ASSERT_EQUAL(d->s[!from].fatal, over ? -R_SSH_LENGTH : 0);
				CU_ASSERT_EQUAL(d->s[from].fatal, 0);
				duo_free(d);
			}
		}
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every length", test_lengths },
		{ "the shortest and the longest record", test_ends },
		{ "padding", test_padding },
		{ "payload", test_payload },
		{ "what is sealed", test_sealed },
		{ "records of one key", test_records },
		{ "connections, both directions", test_connection },
		CU_TEST_INFO_NULL,
	};
	const char *why;

	if (cipher_start(NULL, &why) != 0)
		return 1;
	return suite_run("limits", tests);
}
