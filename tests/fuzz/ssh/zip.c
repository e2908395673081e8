/*
 * Compressed records of a peer, in one stream. Input: two bytes of length (big endian)
 * and that many bytes each; a length of 65535 begins the stream anew, as NEWKEYS does.
 *
 * What becomes of a record is within its limit, and compressed again and opened again it
 * is the same.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/wire/reason.h"
#include "dataplane/ssh/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
round_trip(struct zip_pool *p, struct zip_conn *back, struct view plain)
{
	static uint8_t text[SSH_PAYLOAD_MAX], wire[SSH_PAYLOAD_MAX];
	struct view sealed, again;

	require(plain.len > 0 && plain.len <= ZIP_PLAIN_MAX);
	memcpy(text, plain.data, plain.len);
	require(zip_seal(p, back, view_of(text, plain.len), &sealed) == 0);
	require(sealed.len <= zip_wire(plain.len) && sealed.len <= SSH_PAYLOAD_MAX);
	memcpy(wire, sealed.data, sealed.len);
	require(zip_open(p, back, view_of(wire, sealed.len), &again) == 0);
	require(again.len == plain.len && memcmp(again.data, text, plain.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void *mem;
	struct cur c = cur_of(data, size);
	struct zip_conn z = { 0 }, back = { 0 };
	struct zip_pool p;

	if (mem == NULL)
		mem = aligned_alloc(4096, zip_pool_size(&zip_zlib, 2, 1));
	zip_pool_init(&p, mem, &zip_zlib, 2, 1);
	require(zip_place(&p, &z, false) && zip_place(&p, &back, false));
	require(zip_begin_in(&p, &z) == 0 && zip_begin_in(&p, &back) == 0);
	zip_begin_out(&p, &back);
	while (cur_left(&c) >= 2) {
		uint32_t len = cur_u16(&c);
		struct view v, plain;

		zip_pool_poll(&p, 0);
		if (len == UINT16_MAX) {
			require(zip_begin_in(&p, &z) == 0);
			continue;
		}
		v = cur_take(&c, len < cur_left(&c) ? len : cur_left(&c));
		if (v.len == 0 || v.len > SSH_PAYLOAD_MAX || zip_open(&p, &z, v, &plain) != 0)
			break;
		round_trip(&p, &back, plain);
	}
	zip_leave(&p, &z);
	zip_leave(&p, &back);
	require(p.places + p.guests + p.busy_in + p.busy_out.count == 0);
	return 0;
}
