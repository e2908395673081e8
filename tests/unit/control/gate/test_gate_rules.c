/* What gate refuses, limits and says before authentication: each rule by itself. */
#include <stdlib.h>
#include <string.h>

#include "control/kex/group.h"
#include "control/kex/method.h"
#include "control/kex/namelist.h"
#include "control/kex/names.h"
#include "tests/unit/control/gate/rules.h"

/* ---- key exchange ---- */

/* Anything but KEXINIT as the first packet, then a KEXINIT with the marker. */
static void
test_strict_first_packet(void)
{
	for (int msg = SSH_MSG_IGNORE; msg <= SSH_MSG_DEBUG; msg++) {
		struct gatebench *g = at_kex(true);

		send_msg(g, (uint8_t)msg);
		bench_client_kexinit(&g->b, kex_offer_default(true), false, true);
		ends(g, R_KEX_STRICT);
	}
}

static void
test_strict_inside(void)
{
	static const uint8_t noise[] = { 2, 3, 4, 5, 7, 50, 80, 90, 192, 255 };

	for (size_t i = 0; i < sizeof(noise); i++) {
		struct gatebench *g = at_kex(true);

		bench_client_kexinit(&g->b, kex_offer_default(true), false, true);
		send_msg(g, noise[i]);
		send_msg(g, SSH_MSG_KEX_ECDH_INIT);
		ends(g, R_KEX_STRICT);
	}
}

/* After our answer only NEWKEYS may come. */
static void
test_strict_after_answer(void)
{
	for (int msg = SSH_MSG_IGNORE; msg <= SSH_MSG_DEBUG; msg++) {
		struct gatebench *g = at_kex(true);
		uint8_t buf[128];
		struct put w = put_of(buf, sizeof(buf));
		uint8_t share[32] = { 9 };

		bench_client_kexinit(&g->b, bench_offer_x25519(), false, true);
		put_u8(&w, SSH_MSG_KEX_ECDH_INIT);
		put_string(&w, share, 32);
		bench_send(&g->b, put_view(&w));
		bench_run(&g->b);
		CU_ASSERT_FALSE(g->b.closed);
		send_msg(g, (uint8_t)msg);
		ends(g, R_KEX_STRICT);
	}
}

static void
test_plain_tolerates(void)
{
	struct gatebench *g = gatebench_new();

	bench_client_init(&g->b.client, false, false);
	bench_ident(&g->b);
	send_msg(g, SSH_MSG_IGNORE);
	bench_client_kexinit(&g->b, kex_offer_default(true), false, true);
	send_msg(g, SSH_MSG_DEBUG);
	send_msg(g, SSH_MSG_UNIMPLEMENTED);
	CU_ASSERT_EQUAL(bench_client_exchange(&g->b, kex_offer_default(true), true), 0);
	CU_ASSERT_TRUE(bench_clean(&g->b));
	gatebench_free(g);
}

/* Every message number in the key exchange of a peer without strict: only what
 * RFC 4253 lists is answered otherwise than by closing. */
static void
test_plain_sweep(void)
{
	for (int msg = 0; msg < 256; msg++) {
		struct gatebench *g = at_kex(false);
		bool open = msg >= SSH_MSG_IGNORE && msg <= SSH_MSG_DEBUG;

		send_msg(g, (uint8_t)msg);
		bench_run(&g->b);
		CU_ASSERT_EQUAL(g->b.closed, !open);
		CU_ASSERT_EQUAL(g->b.faults, 0);
		gatebench_free(g);
	}
}

static void
test_marker_in_wrong_place(void)
{
	struct gatebench *g = at_kex(false);
	struct kex_offer offer = *kex_offer_default(true);

	/* The server's own marker, sent by a client, means nothing. */
	offer.kex = "curve25519-sha256,kex-strict-s-v00@openssh.com,ext-info-s";
	g->b.client.ext_info = false;
	bench_client_kexinit(&g->b, &offer, false, true);
	CU_ASSERT_EQUAL(bench_client_exchange(&g->b, &offer, true), 0);
	gatebench_free(g);
}

static void
test_kexinit_twice(void)
{
	struct gatebench *g = at_kex(true);

	bench_client_kexinit(&g->b, kex_offer_default(true), false, true);
	bench_client_kexinit(&g->b, kex_offer_default(true), false, true);
	ends(g, R_KEX_TWICE);
}

/* Every method with each kind of host key: the session id is its hash. */
static void
test_methods(void)
{
	static const char *const host_keys[] = { "ssh-ed25519", "ecdsa-sha2-nistp256" };
	struct kex_offer offer = *kex_offer_default(true);
	const struct kex_method *m;

	for (size_t i = 0; (m = kex_method_at(i)) != NULL; i++) {
		for (size_t k = 0; k < 2; k++) {
			struct gatebench *g = at_kex(true);

			offer.kex = m->name;
			offer.host_keys = host_keys[k];
			bench_client_kexinit(&g->b, &offer, false, true);
			CU_ASSERT_EQUAL(bench_client_exchange(&g->b, &offer, true), 0);
			CU_ASSERT_STRING_EQUAL(g->b.client.choice.kex, m->name);
			CU_ASSERT_STRING_EQUAL(g->b.client.choice.host_key, host_keys[k]);
			CU_ASSERT_EQUAL(g->b.first_hash_len, pk_hash_size(m->hash));
			CU_ASSERT_TRUE(bench_clean(&g->b));
			gatebench_free(g);
		}
	}
}

/* ---- group exchange ---- */

static struct gatebench *
at_group(uint32_t min, uint32_t n, uint32_t max)
{
	struct kex_offer offer = *kex_offer_default(true);
	struct gatebench *g = at_kex(true);
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	offer.kex = KEX_GROUP_EXCHANGE;
	bench_client_kexinit(&g->b, &offer, false, true);
	bench_run(&g->b);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_KEXINIT).len > 0);
	put_u8(&w, SSH_MSG_KEX_DH_GEX_REQUEST);
	put_u32(&w, min);
	put_u32(&w, n);
	put_u32(&w, max);
	bench_send(&g->b, put_view(&w));
	bench_run(&g->b);
	return g;
}

/* The bench has groups of 2048 and 4096 bits. */
static void
test_group_sizes(void)
{
	static const struct {
		uint32_t min, n, max, bits; /* 0: none */
	} cases[] = {
		{ 2048, 2048, 8192, 2048 },
		{ 2048, 2049, 8192, 4096 },
		{ 1024, 8192, 8192, 4096 },
		{ 1024, 1024, 2048, 2048 },
		{ 2048, 4096, 4095, 0 }, /* in no order */
		{ 2049, 3072, 4095, 0 },
		{ 4097, 8192, 8192, 0 },
		{ 2048, 3072, 3072, 2048 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gatebench *g = at_group(cases[i].min, cases[i].n, cases[i].max);
		struct kex_group got = { .min = 2048, .max = 8192 };

		if (cases[i].bits == 0) {
			ends(g, R_KEX_GROUP);
			continue;
		}
		CU_ASSERT_EQUAL(group_take(&got, bench_take(&g->b, SSH_MSG_KEX_DH_GEX_GROUP)), 0);
		CU_ASSERT_EQUAL(group_bits(&got.dh), cases[i].bits);
		CU_ASSERT_FALSE(gate_idle(g->b.obj));
		gatebench_free(g);
	}
}

/* What was chosen died with the gate that chose; the next one says so. */
static void
test_group_lost(void)
{
	static const uint8_t share[] = { SSH_MSG_KEX_DH_GEX_INIT, 0, 0, 0, 1, 2 };
	struct gatebench *g = at_group(2048, 2048, 8192);

	bench_send(&g->b, view_of(share, sizeof(share)));
	bench_run(&g->b);
	CU_ASSERT_FALSE(g->b.closed);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_KEX_DH_GEX_GROUP).len > 0);
	CU_ASSERT(bench_take(&g->b, SSH_MSG_KEX_DH_GEX_REPLY).len > 0);
	gatebench_free(g);

	g = at_group(2048, 2048, 8192);
	bench_kill(&g->b);
	bench_send(&g->b, view_of(share, sizeof(share)));
	ends(g, R_KEX_GROUP_LOST);
}

/* The second half first, the first half twice, the old request, another method's share. */
static void
test_group_order(void)
{
	static const uint8_t after[] = { SSH_MSG_KEX_ECDH_INIT, SSH_MSG_KEX_ECDH_REPLY,
		SSH_MSG_KEX_DH_GEX_REPLY, SSH_MSG_KEX_DH_GEX_REQUEST, SSH_MSG_KEX_LAST };
	struct kex_offer offer = *kex_offer_default(true);
	struct gatebench *g;

	for (size_t i = 0; i < sizeof(after); i++) {
		g = at_group(2048, 2048, 8192);
		send_msg(g, after[i]);
		ends(g, R_KEX_STATE);
	}
	offer.kex = KEX_GROUP_EXCHANGE;
	for (uint8_t msg = SSH_MSG_KEX_FIRST; msg < SSH_MSG_KEX_DH_GEX_REQUEST; msg++) {
		g = at_kex(true);
		bench_client_kexinit(&g->b, &offer, false, true);
		send_msg(g, msg);
		ends(g, R_KEX_STATE);
	}
}

/* Without a table it is not offered, and not agreed on. */
static void
test_group_without_table(void)
{
	struct kex_offer offer = *kex_offer_default(true);
	struct gatebench *g = at_kex(true);
	struct kexinit k;

	CU_ASSERT_EQUAL(exchange_env_moduli(&g->env.exchange, view_str("table")), -R_PROTOCOL);
	CU_ASSERT_PTR_NOT_NULL(g->env.exchange.moduli);
	CU_ASSERT_EQUAL(exchange_env_moduli(&g->env.exchange, view_of(NULL, 0)), 0);
	offer.kex = KEX_GROUP_EXCHANGE;
	bench_client_kexinit(&g->b, &offer, false, true);
	bench_run(&g->b);
	CU_ASSERT_EQUAL(kexinit_parse(&k, bench_take(&g->b, SSH_MSG_KEXINIT), false), 0);
	CU_ASSERT_FALSE(namelist_has(k.lists[0], KEX_GROUP_EXCHANGE));
	CU_ASSERT_TRUE(namelist_has(k.lists[0], "diffie-hellman-group14-sha256"));
	ends(g, R_KEX_NO_MATCH);
}

static struct kexinit
offered(struct gatebench *g)
{
	static uint8_t copy[KEXINIT_MAX];
	struct kexinit k;
	struct view v;

	bench_client_kexinit(&g->b, kex_offer_default(true), false, true);
	bench_run(&g->b);
	v = bench_take(&g->b, SSH_MSG_KEXINIT);
	CU_ASSERT_FATAL(v.len > 0 && v.len <= sizeof(copy));
	memcpy(copy, v.data, v.len);
	CU_ASSERT_EQUAL(kexinit_parse(&k, view_of(copy, v.len), false), 0);
	return k;
}

/* What is offered: the configured names in their order, host keys that are there. */
static void
test_lists(void)
{
	struct gatebench *g = at_kex(true);
	struct kexinit k = offered(g);

	CU_ASSERT_TRUE(view_is(k.lists[1], "ssh-ed25519,ecdsa-sha2-nistp256"));
	gatebench_free(g);
	g = at_kex(true);
	strcpy(g->env.exchange.lists.kex, "ecdh-sha2-nistp521,curve25519-sha256");
	strcpy(g->env.exchange.lists.host_keys, "rsa-sha2-512,ecdsa-sha2-nistp256,ssh-ed25519");
	k = offered(g);
	CU_ASSERT_EQUAL(
	    strncmp((const char *)k.lists[0].data, "ecdh-sha2-nistp521,curve25519-sha256,ext-", 41), 0);
	CU_ASSERT_TRUE(view_is(k.lists[1], "ecdsa-sha2-nistp256,ssh-ed25519"));
	gatebench_free(g);
	/* a key that may not be used is one that is not there */
	g = at_kex(true);
	strcpy(g->env.exchange.lists.host_keys, "rsa-sha2-512");
	k = offered(g);
	CU_ASSERT_EQUAL(k.lists[1].len, 0);
	ends(g, R_KEX_NO_MATCH);
}

/* Our own offer goes out before the connection ends: the user is told by it. */
static void
test_no_match(void)
{
	struct kex_offer offer = *kex_offer_default(true);
	struct gatebench *g = at_kex(true);

	offer.ciphers = "3des-cbc";
	bench_client_kexinit(&g->b, &offer, false, true);
	bench_run(&g->b);
	CU_ASSERT_TRUE(bench_take(&g->b, SSH_MSG_KEXINIT).len > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(g->last_log, "Unable to negotiate with 192.0.2.7 port 40001: no matching "
						   "cipher found. Their offer: 3des-cbc [preauth]"));
	ends(g, R_KEX_NO_MATCH);
}

/* Every suite with a strict peer; without the marker there is no ChaCha20, also
 * when the peer offers nothing else. */
static void
test_suites(void)
{
	static const struct {
		const char *cipher, *mac;
	} suites[] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) { cipher, macname },
		SUITE_LIST(SUITE)
#undef SUITE
	};

	for (size_t i = 1; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct kex_offer offer = *kex_offer_default(false);

		offer.ciphers = suites[i].cipher;
		offer.macs = suites[i].mac;
		for (int strict = 0; strict < 2; strict++) {
			struct gatebench *g = at_kex(strict);
			bool served = strict || strcmp(offer.ciphers, CIPHER_NEEDS_STRICT) != 0;

			bench_client_kexinit(&g->b, &offer, false, true);
			if (!served) {
				ends(g, R_KEX_NO_MATCH);
				continue;
			}
			CU_ASSERT_EQUAL(bench_client_exchange(&g->b, &offer, true), 0);
			gatebench_free(g);
		}
	}
}

static void
test_skip_once(void)
{
	struct kex_offer offer = *kex_offer_default(true);
	struct gatebench *g = at_kex(true);

	offer.kex = "diffie-hellman-group14-sha256,curve25519-sha256";
	bench_client_kexinit(&g->b, &offer, true, true);
	send_msg(g, SSH_MSG_KEX_ECDH_INIT);
	bench_run(&g->b);
	CU_ASSERT_FALSE(g->b.closed);
	send_msg(g, SSH_MSG_KEX_ECDH_INIT);
	ends(g, R_SHORT);
}

static void
test_init_early(void)
{
	struct gatebench *g = at_kex(false);

	send_msg(g, SSH_MSG_KEX_ECDH_INIT);
	ends(g, R_KEX_STATE);
}

static void
test_share(uint8_t fill, size_t len, int reason)
{
	struct gatebench *g = at_kex(true);
	uint8_t buf[4096], share[4000];
	struct put w = put_of(buf, sizeof(buf));

	memset(share, fill, sizeof(share));
	bench_client_kexinit(&g->b, kex_offer_default(true), false, true);
	put_u8(&w, SSH_MSG_KEX_ECDH_INIT);
	put_string(&w, share, len);
	bench_send(&g->b, put_view(&w));
	ends(g, reason);
}

static void
test_shares(void)
{
	test_share(0, 32, R_KEX_SHARE); /* all-zero secret, RFC 8731 section 3 */
	test_share(9, 31, R_KEX_SHARE);
	test_share(9, 33, R_KEX_SHARE);
	test_share(9, 0, R_KEX_SHARE);
	test_share(9, 4000, R_KEX_SHARE);
}

static void
test_no_signature(void)
{
	struct gatebench *g = at_kex(true);
	uint8_t buf[64], share[32] = { 9 };
	struct put w = put_of(buf, sizeof(buf));

	g->b.sign_reason = R_INTERNAL;
	bench_client_kexinit(&g->b, bench_offer_x25519(), false, true);
	put_u8(&w, SSH_MSG_KEX_ECDH_INIT);
	put_string(&w, share, 32);
	bench_send(&g->b, put_view(&w));
	ends(g, R_KEX_SIGN);
}

/* Without a free slot the exchange waits, and goes on when there is one. */
static void
test_slot_wait(void)
{
	struct gatebench *g = at_kex(true);
	struct gate_conn *c = g->b.obj;
	uint8_t buf[64], share[32] = { 9 };
	struct put w = put_of(buf, sizeof(buf));

	g->b.no_slot = true;
	bench_client_kexinit(&g->b, bench_offer_x25519(), false, true);
	put_u8(&w, SSH_MSG_KEX_ECDH_INIT);
	put_string(&w, share, 32);
	bench_send(&g->b, put_view(&w));
	bench_run(&g->b);
	CU_ASSERT_FALSE(g->b.keys_pending);
	CU_ASSERT_FALSE(gate_idle(c));
	g->b.no_slot = false;
	gate_slots(&g->env, c, &g->b.act);
	CU_ASSERT_TRUE(g->b.act.step.used);
	CU_ASSERT_TRUE(gate_idle(c));
	gatebench_free(g);
}

/* Keeper is replaced while a signature is awaited: asked again; with another host
 * key the hash is made anew. */
static void
test_keeper_again(bool other_key)
{
	struct gatebench *g = at_kex(true);
	uint8_t buf[64], share[32] = { 9 }, first[256];
	struct put w = put_of(buf, sizeof(buf));
	size_t len;

	g->b.mute = true;
	bench_client_kexinit(&g->b, bench_offer_x25519(), false, true);
	put_u8(&w, SSH_MSG_KEX_ECDH_INIT);
	put_string(&w, share, 32);
	bench_send(&g->b, put_view(&w));
	bench_run(&g->b);
	CU_ASSERT_EQUAL_FATAL(g->b.ask_count, 1);
	len = g->b.ask[0].len;
	memcpy(first, g->b.ask[0].bytes, len);
	if (other_key) {
		static uint8_t body[HOSTKEYS_BYTES_MAX];
		struct hostkeys *k = &g->env.exchange.keys;
		size_t at = (size_t)(k->list.key[0].blob.data - k->bytes) + 30;
		struct put keys = put_of(body, sizeof(body));

		bench_keys(&g->b, &keys);
		CU_ASSERT_EQUAL(hostkeys_decode(k, put_view(&keys)), 0);
		CU_ASSERT_EQUAL(k->list.key[0].version, 0);
		body[at] ^= 1;
		CU_ASSERT_EQUAL(hostkeys_decode(k, put_view(&keys)), 0);
		CU_ASSERT_NOT_EQUAL(k->list.key[0].version, 0);
		CU_ASSERT_EQUAL(k->list.key[1].version, 1);
	}
	gate_again(&g->env, g->b.obj, ASK_KEEPER, &g->b.act);
	CU_ASSERT_EQUAL(g->b.act.ask.to, ASK_KEEPER);
	CU_ASSERT_EQUAL(g->b.act.ask.type, MSG_SIGN);
	CU_ASSERT_EQUAL(view_eq(put_view(&g->b.act.ask.w), view_of(first, len)), !other_key);
	gatebench_free(g);
}

static void
test_keeper_replaced(void)
{
	test_keeper_again(false);
	test_keeper_again(true);
}

static void
test_disconnect(void)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	struct gatebench *g = at_kex(true);

	put_u8(&w, SSH_MSG_DISCONNECT);
	put_u32(&w, 11);
	put_cstr(&w, "bye");
	put_cstr(&w, "");
	bench_send(&g->b, put_view(&w));
	bench_run(&g->b);
	CU_ASSERT_STRING_EQUAL(
	    g->last_log, "Received disconnect from 192.0.2.7 port 40001:11: bye [preauth]");
	ends(g, R_SSH_DISCONNECT_IN);
}

static void
test_deadlines(void)
{
	struct gatebench *g = at_kex(true);

	bench_up(&g->b, LINK_UP_DEADLINE, LINK_DEADLINE_GRACE);
	bench_run(&g->b);
	CU_ASSERT_STRING_EQUAL(g->last_log, "Timeout before authentication for 192.0.2.7 port 40001");
	ends(g, R_SSH_GRACE);
	g = at_kex(true);
	bench_up(&g->b, LINK_UP_DEADLINE, LINK_DEADLINE_REKEY);
	ends(g, R_SSH_REKEY_TIME);
}

/* No rekey before login. */
static void
test_no_early_rekey(void)
{
	struct gatebench *g = gatebench_new();

	CU_ASSERT_EQUAL(gatebench_keyed(g, true, true), 0);
	bench_client_kexinit(&g->b, kex_offer_default(true), false, false);
	ends(g, R_SSH_PHASE);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "strict: KEXINIT is the first packet", test_strict_first_packet },
		{ "strict: nothing else inside", test_strict_inside },
		{ "strict: only NEWKEYS after the answer", test_strict_after_answer },
		{ "without strict 2 to 4 are tolerated", test_plain_tolerates },
		{ "without strict: all message numbers", test_plain_sweep },
		{ "the other side's markers", test_marker_in_wrong_place },
		{ "KEXINIT twice", test_kexinit_twice },
		{ "every method", test_methods },
		{ "sizes of groups", test_group_sizes },
		{ "a group that is lost", test_group_lost },
		{ "group exchange in order", test_group_order },
		{ "no group exchange without a table", test_group_without_table },
		{ "what is offered", test_lists },
		{ "nothing in common", test_no_match },
		{ "every suite, ChaCha20 for strict peers", test_suites },
		{ "a wrong guess is skipped once", test_skip_once },
		{ "message 30 before KEXINIT", test_init_early },
		{ "invalid shares", test_shares },
		{ "keeper does not sign", test_no_signature },
		{ "no key slot is free", test_slot_wait },
		{ "keeper is replaced", test_keeper_replaced },
		{ "DISCONNECT", test_disconnect },
		{ "deadlines", test_deadlines },
		{ "no rekey before login", test_no_early_rekey },
		CU_TEST_INFO_NULL,
	};

	return suite_run("gate: rules of key exchange", tests);
}
