/*
 * Input: one byte for the suite, then bytes from the wire. What opens is sealed
 * again and has to open to the same payload.
 */
#include <stdlib.h>

#include "dataplane/ssh/ident.h"
#include "dataplane/ssh/record.h"
#include "tests/fuzz/ssh/lax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t buf[RECORD_MAX], again[RECORD_MAX];

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
keys(struct record_dir *d, struct cipher_ctx *ctx, uint16_t suite)
{
	static const uint8_t key[64];

	record_dir_init(d, ctx);
	require(record_dir_keys(d, lax_engine(suite), key, key, key, true) == 0);
}

static void
back(struct record_dir *in, struct record_dir *out, struct view payload)
{
	static const uint8_t random[RECORD_RANDOM];
	struct view got;
	int n = record_seal(out, again, sizeof(again), payload, random);

	require(n > 0 && (size_t)n == record_size(out, payload.len));
	require(record_need(in, again, 4) == n);
	require(record_open(in, again, &got) == 0);
	require(view_eq(got, payload));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cipher_ctx ctx[3];
	struct record_dir in, echo_in, echo_out;
	struct view line;
	size_t used;
	int rc;

	if (size == 0)
		return 0;
	keys(&in, &ctx[0], data[0] % (LAX_COUNT + 1));
	keys(&echo_in, &ctx[1], data[0] % (LAX_COUNT + 1));
	keys(&echo_out, &ctx[2], data[0] % (LAX_COUNT + 1));
	rc = ident_scan(data + 1, size - 1, data[0] & 0x80, &used, &line);
	require(rc <= 0 || (used <= size - 1 && line.len < used));
	for (data++, size--;;) {
		struct view payload;
		int need = record_need(&in, data, size);

		if (need <= 0 || (size_t)need > size)
			break;
		require((size_t)need <= sizeof(buf));
		memcpy(buf, data, (size_t)need);
		rc = record_open(&in, buf, &payload);
		if (rc == RECORD_MORE) {
			require(record_need(&in, data, size) == (int)RECORD_MAX);
			continue;
		}
		data += need;
		size -= (size_t)need;
		if (rc != 0)
			break;
		require(payload.len > 0 && payload.len <= SSH_PAYLOAD_MAX);
		require(payload.data + payload.len + SSH_PADDING_MIN <= buf + need);
		back(&echo_in, &echo_out, payload);
	}
	record_dir_wipe(&in);
	record_dir_wipe(&echo_in);
	record_dir_wipe(&echo_out);
	return 0;
}
