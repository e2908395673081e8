/*
 * Input: one byte for the suite, then operations on what a peer with the right
 * keys sends:
 *
 *   0 u16     seal a record with a payload of so many bytes
 *   1 u16 u8  change bits of one byte
 *   2 u8 ...  so many bytes as they are
 *   3 u8      cut so many off
 *
 * As far as the wire is what was sealed it opens to what was sent; nothing behind
 * that does, and a wrong record ends where its suite says.
 */
#include <stdlib.h>

#include "abi/wire/algo.h"
#include "dataplane/ssh/record.h"
#include "drivers/cipher/select.h"

#define WIRE_MAX (3 * RECORD_MAX)
#define RECORDS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t wire[WIRE_MAX], sealed[WIRE_MAX], buf[RECORD_MAX], payload[SSH_PAYLOAD_MAX];

struct sent {
	size_t len;        /* on the wire */
	size_t sealed_len; /* of the records as they were sealed */
	size_t changed;    /* where the two part */
	unsigned count;
	size_t end[RECORDS_MAX], payload_len[RECORDS_MAX];
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
keys(struct record_dir *d, struct cipher_ctx *ctx, uint16_t suite)
{
	static const uint8_t key[64] = { 1, 2, 3 }, iv[16] = { 4, 5, 6, 7, [8] = 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xfe };

	record_dir_init(d, ctx);
	require(record_dir_keys(d, cipher_engine_for(suite), key, iv, key, true) == 0);
}

static void
append(struct sent *s, const uint8_t *data, size_t len)
{
	if (len > WIRE_MAX - s->len)
		len = WIRE_MAX - s->len;
	if (len > 0)
		memcpy(wire + s->len, data, len);
	s->len += len;
}

static void
seal_one(struct sent *s, struct record_dir *out, size_t len)
{
	static const uint8_t random[RECORD_RANDOM] = { 9, 8, 7 };
	uint8_t *at = sealed + s->sealed_len;
	int n;

	if (s->count == RECORDS_MAX)
		return;
	memset(payload, (int)s->count, len);
	n = record_seal(out, at, WIRE_MAX - s->sealed_len, view_of(payload, len), random);
	if (n < 0) /* no room */
		return;
	require((size_t)n == record_size(out, len));
	s->sealed_len += (size_t)n;
	s->end[s->count] = s->sealed_len;
	s->payload_len[s->count++] = len;
	append(s, at, (size_t)n);
}

static void
operate(struct sent *s, struct record_dir *out, struct cur *c)
{
	uint8_t op = cur_u8(c) & 3;
	uint32_t n = cur_u8(c);
	struct view raw;

	if (op < 2)
		n = n << 8 | cur_u8(c);
	if (op == 0) {
		seal_one(s, out, n % SSH_PAYLOAD_MAX + 1);
	} else if (op == 1 && s->len > 0) {
		wire[n % s->len] ^= cur_u8(c);
	} else if (op == 2) {
		raw = cur_take(c, n <= cur_left(c) ? n : cur_left(c));
		append(s, raw.data, raw.len);
	} else if (op == 3) {
		s->len -= n < s->len ? n : s->len;
	}
}

static void
compare(struct sent *s)
{
	s->changed = 0;
	while (s->changed < s->len && s->changed < s->sealed_len &&
	    wire[s->changed] == sealed[s->changed])
		s->changed++;
}

/* The bytes of the wire, record for record. */
static void
take(const struct sent *s, struct record_dir *in)
{
	bool hidden = !in->engine->length_clear;
	size_t at = 0;
	unsigned i = 0;

	while (at < s->len) {
		int need = record_need(in, wire + at, s->len - at);
		struct view got;
		int rc;

		if (need <= 0) {
			require(need == 0 ? s->len - at < 4 : need == -R_SSH_LENGTH && !hidden);
			require(at + 4 > s->changed);
			return;
		}
		require((size_t)need <= RECORD_MAX);
		if ((size_t)need > s->len - at)
			return;
		memcpy(buf, wire + at, (size_t)need);
		rc = record_open(in, buf, &got);
		if (rc == RECORD_MORE || rc == -R_SSH_MAC) {
			require(rc == RECORD_MORE ? hidden && !(need == (int)RECORD_MAX && in->spent == 0)
						  : !hidden || need == (int)RECORD_MAX);
			require(at + (size_t)need > s->changed);
			if (rc == RECORD_MORE)
				continue;
			return;
		}
		at += (size_t)need;
		require(rc == 0 && at <= s->changed && i < s->count && at == s->end[i]);
		require(got.len == s->payload_len[i] && got.data[0] == i && got.data[got.len - 1] == i);
		i++;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cipher_ctx ctx[2];
	static bool started;
	struct sent s = { 0 };
	struct cur c = cur_of(data, size);
	struct record_dir in, out;
	uint16_t suite;
	const char *why;

	if (!started)
		require(cipher_start(NULL, &why) == 0);
	started = true;
	suite = 1 + cur_u8(&c) % (SUITE_COUNT - 1);
	keys(&in, &ctx[0], suite);
	keys(&out, &ctx[1], suite);
	while (!c.bad && cur_left(&c) > 0)
		operate(&s, &out, &c);
	compare(&s);
	take(&s, &in);
	record_dir_wipe(&in);
	record_dir_wipe(&out);
	return 0;
}
