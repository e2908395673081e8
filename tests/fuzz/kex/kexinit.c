/*
 * Input: one byte, odd for the client's role, and a KEXINIT payload of the
 * peer. It is negotiated with ours, and with itself.
 */
#include <stdlib.h>

#include "control/kex/kex.h"
#include "control/kex/marker.h"
#include "control/kex/namelist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_choice(const struct kex_choice *c, const struct kexinit *a, const struct kexinit *b)
{
	const struct {
		const char *name;
		int list;
	} chosen[] = { { c->kex, 0 }, { c->host_key, 1 }, { c->cipher_c2s, 2 }, { c->cipher_s2c, 3 },
		{ c->comp_c2s, 6 }, { c->comp_s2c, 7 } };

	for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++) {
		require(chosen[i].name[0] != '\0');
		require(namelist_has(a->lists[chosen[i].list], chosen[i].name));
		require(namelist_has(b->lists[chosen[i].list], chosen[i].name));
	}
	require(strcmp(c->kex, MARKER_STRICT_C) != 0 && strcmp(c->kex, MARKER_STRICT_S) != 0);
	require(strcmp(c->kex, MARKER_EXT_INFO_C) != 0 && strcmp(c->kex, MARKER_EXT_INFO_S) != 0);
	require(c->suite_c2s < SUITE_COUNT && c->suite_s2c < SUITE_COUNT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t cookie[16];
	static uint8_t buf[KEXINIT_MAX];
	struct put w = put_of(buf, sizeof(buf));
	struct kexinit peer, ours;
	struct kex_choice c;
	bool from_client;

	if (size == 0)
		return 0;
	from_client = data[0] & 1;
	if (kexinit_parse(&peer, view_of(data + 1, size - 1), from_client) != 0)
		return 0;
	kexinit_build(&w, kex_offer_default(false), from_client, true, cookie);
	require(kexinit_parse(&ours, put_view(&w), !from_client) == 0);
	if (kex_negotiate(&c, from_client ? &peer : &ours, from_client ? &ours : &peer) == 0)
		check_choice(&c, &peer, &ours);
	if (kex_negotiate(&c, &peer, &peer) == 0)
		check_choice(&c, &peer, &peer);
	return 0;
}
