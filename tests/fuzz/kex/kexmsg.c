/*
 * Input: one byte for the target, then a message of the exchange or a blob.
 * 0: message 30 to the server; 1: message 31 to the client; 2: both as blobs of
 * a key and of a signature. The client's side is fixed, so that a reply in the
 * corpus verifies.
 */
#include <stdlib.h>

#include "control/kex/kex.h"
#include "drivers/pk/pk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kex_choice choice = {
	.kex = "curve25519-sha256",
	.host_key = "ssh-ed25519",
	.suite_c2s = SUITE_AES128_GCM,
	.suite_s2c = SUITE_AES128_GCM,
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
use(struct kex_secret *s)
{
	struct kex_keys k;

	require(s->k_len >= 5 && s->k_len <= 37 && s->h_len == 32);
	require(kex_derive(&k, &choice, s, view_of(s->h, s->h_len), true) == 0);
	kex_secret_wipe(s);
}

static void
to_server(const struct kex_context *ctx, struct view message)
{
	uint8_t buf[512];
	struct put w = put_of(buf, sizeof(buf));
	struct kex_secret s;

	if (kex_server_answer(&s, &choice, ctx, message) != 0)
		return;
	kex_server_reply(&w, &s, ctx, view_str("signature"));
	require(!w.bad);
	use(&s);
}

static void
to_client(const struct kex_context *ctx, struct view message)
{
	/* RFC 7748 section 6.1: Bob. */
	static const uint8_t priv[32] = { 0x5d, 0xab, 0x08, 0x7e, 0x62, 0x4a, 0x8a, 0x4b, 0x79, 0xe1, 0x7f,
		0x8b, 0x83, 0x80, 0x0e, 0xe6, 0x6f, 0x3b, 0xb1, 0x29, 0x26, 0x18, 0xb6, 0xfd, 0x1c, 0x2f,
		0x8b, 0x27, 0xff, 0x88, 0xe0, 0xeb };
	static const uint8_t pub[32] = { 0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61,
		0xc2, 0xec, 0xe4, 0x35, 0x37, 0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78, 0x67, 0x4d, 0xad, 0xfc,
		0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f };
	struct kex_client_state st = { .pub_len = sizeof(pub) };
	struct kex_secret s;
	struct view host_key;

	memcpy(st.priv, priv, sizeof(priv));
	memcpy(st.pub, pub, sizeof(pub));
	if (kex_client_finish(&s, &st, &choice, ctx, message, &host_key) == 0) {
		require(host_key.len == 51);
		use(&s);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kex_context ctx = { view_str("SSH-2.0-c"), view_str("SSH-2.0-s"), view_str("I_C"),
		view_str("I_S"), view_str("host key") };
	uint8_t out[64];
	struct view rest;

	if (size == 0)
		return 0;
	rest = view_of(data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		to_server(&ctx, rest);
		break;
	case 1:
		to_client(&ctx, rest);
		break;
	default:
		kex_ed25519_parse(rest, out);
		kex_ed25519_sig_parse(rest, out);
	}
	return 0;
}
