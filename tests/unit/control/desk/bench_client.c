/* The client: its side of a key exchange. */
#include "tests/unit/control/desk/bench.h"

#include <stdio.h>
#include <string.h>

void
bench_client_init(struct bench_client *c, bool strict, bool ext_info)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->ident, sizeof(c->ident), "SSH-2.0-bench_1");
	c->strict = strict;
	c->ext_info = ext_info;
}

/* kexinit_build gives both markers or none: the kex list is written here. */
const struct kex_offer *
bench_offer_x25519(void)
{
	static struct kex_offer offer;

	offer = *kex_offer_default(true);
	offer.kex = "curve25519-sha256";
	return &offer;
}

void
bench_client_kexinit(struct bench *b, const struct kex_offer *offer, bool follows, bool first)
{
	struct bench_client *c = &b->client;
	struct put w = put_of(c->kexinit, sizeof(c->kexinit));
	uint8_t cookie[16];
	char kex[512];
	const char *lists[10];

	snprintf(kex, sizeof(kex), "%s%s%s", offer->kex, first && c->ext_info ? ",ext-info-c" : "",
	    first && c->strict ? ",kex-strict-c-v00@openssh.com" : "");
	lists[0] = kex;
	lists[1] = offer->host_keys;
	lists[2] = lists[3] = offer->ciphers;
	lists[4] = lists[5] = offer->macs;
	lists[6] = lists[7] = offer->compression;
	lists[8] = lists[9] = "";
	rng_fill(&b->rng, cookie, sizeof(cookie));
	put_u8(&w, SSH_MSG_KEXINIT);
	put_bytes(&w, cookie, sizeof(cookie));
	for (int i = 0; i < 10; i++)
		put_cstr(&w, lists[i]);
	put_bool(&w, follows);
	put_u32(&w, 0);
	c->kexinit_len = put_len(&w);
	bench_send(b, put_view(&w));
}

static int
negotiate(struct bench_client *c)
{
	struct kexinit client, server;
	int r;

	if ((r = kexinit_parse(&client, view_of(c->kexinit, c->kexinit_len), true)) != 0)
		return r;
	if ((r = kexinit_parse(&server, view_of(c->server_kexinit, c->server_kexinit_len), false)) != 0)
		return r;
	return kex_negotiate(&c->choice, &client, &server);
}

static const struct {
	uint16_t key, iv, mac;
} sizes[SUITE_COUNT] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) [number] = { key, iv, mac },
	SUITE_LIST(SUITE)
#undef SUITE
};

static int
check_direction(const struct link_keys *k, const struct bench_client *c, bool c2s)
{
	struct kex_keys mine;
	int bad;

	if (kex_derive(&mine, &c->choice, &c->secret, view_of(c->session_id, c->session_id_len), c2s) != 0)
		return -1;
	bad = k->suite != mine.suite || k->key_len != sizes[mine.suite].key ||
	      k->iv_len != sizes[mine.suite].iv || k->mac_len != sizes[mine.suite].mac ||
	      memcmp(k->key, mine.key, k->key_len) != 0 || memcmp(k->iv, mine.iv, k->iv_len) != 0 ||
	      memcmp(k->mac, mine.mac, k->mac_len) != 0;
	kex_keys_wipe(&mine);
	return bad ? -1 : 0;
}

int
bench_client_exchange(struct bench *b, const struct kex_offer *offer, bool first)
{
	struct bench_client *c = &b->client;
	uint8_t init[2048];
	struct put w = put_of(init, sizeof(init));
	struct kex_context ctx;
	struct view reply, host_key;
	uint8_t number;

	(void)offer;
	bench_run(b);
	reply = bench_take(b, SSH_MSG_KEXINIT);
	if (reply.len == 0)
		return -1;
	memcpy(c->server_kexinit, reply.data, reply.len);
	c->server_kexinit_len = reply.len;
	if (negotiate(c) != 0 || kex_client_init(&c->state, &c->choice, &w) != 0)
		return -2;
	bench_send(b, put_view(&w));
	bench_run(b);
	number = SSH_MSG_KEX_ECDH_REPLY;
	if (kex_client_waits_group(&c->state)) {
		w = put_of(init, sizeof(init));
		if (kex_client_group(&c->state, &c->choice, bench_take(b, SSH_MSG_KEX_DH_GEX_GROUP), &w) != 0)
			return -9;
		bench_send(b, put_view(&w));
		bench_run(b);
		number = SSH_MSG_KEX_DH_GEX_REPLY;
	}
	reply = bench_take(b, number);
	if (reply.len == 0)
		return -3;
	ctx = (struct kex_context){ .ident_client = view_str(c->ident),
		.ident_server = view_str(SSH_IDENT_OURS),
		.kexinit_client = view_of(c->kexinit, c->kexinit_len),
		.kexinit_server = view_of(c->server_kexinit, c->server_kexinit_len) };
	if (kex_client_finish(&c->secret, &c->state, &c->choice, &ctx, reply, &host_key) != 0)
		return -4;
	if (first) {
		memcpy(c->session_id, c->secret.h, c->secret.h_len);
		c->session_id_len = c->secret.h_len;
		if (b->first_hash_len != c->session_id_len ||
		    memcmp(b->first_hash, c->session_id, c->session_id_len) != 0)
			return -5;
	}
	if (bench_take_kind(b, OUT_NEWKEYS) == NULL)
		return -6;
	if (check_direction(&b->keys.in, c, true) != 0 || check_direction(&b->keys.out, c, false) != 0 ||
	    b->keys.strict != (c->strict ? 1u : 0u))
		return -7;
	if (first && c->ext_info && bench_take(b, SSH_MSG_EXT_INFO).len == 0)
		return -8;
	bench_newkeys(b);
	bench_run(b);
	return 0;
}
