/* Ciphers and MACs: what is offered, what is chosen, and the keys of each. */
#include <stdio.h>
#include <string.h>

#include "control/kex/kex.h"
#include "control/kex/namelist.h"
#include "control/kex/names.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

#define CHACHA "chacha20-poly1305@openssh.com"

struct row {
	uint16_t suite;
	const char *cipher, *mac;
	size_t key, iv, mac_key;
};

static const struct row rows[] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) { number, cipher, macname, key, iv, mac },
	SUITE_LIST(SUITE)
#undef SUITE
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct view
build(uint8_t buf[KEXINIT_MAX], const struct kex_offer *offer, bool server)
{
	static const uint8_t cookie[16];
	struct put w = put_of(buf, KEXINIT_MAX);

	kexinit_build(&w, offer, server, true, cookie);
	CU_ASSERT_FALSE(w.bad);
	return put_view(&w);
}

static int
choose(struct kex_choice *c, const char *ciphers, const char *macs, bool without_chacha)
{
	static uint8_t theirs[KEXINIT_MAX], ours[KEXINIT_MAX];
	struct kex_offer offer = *kex_offer_default(false);
	struct kexinit client, server;

	offer.ciphers = ciphers;
	offer.macs = macs;
	CU_ASSERT_EQUAL_FATAL(kexinit_parse(&client, build(theirs, &offer, false), true), 0);
	CU_ASSERT_EQUAL_FATAL(
	    kexinit_parse(&server, build(ours, kex_offer_default(without_chacha), true), false), 0);
	return kex_negotiate(c, &client, &server);
}

/* Every row is offered, and its names lead to it alone. */
static void
test_every_suite(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		struct kex_choice c;

		if (r->suite == SUITE_NONE) {
			CU_ASSERT_EQUAL(choose(&c, r->cipher, MAC_NAMES, false), -R_KEX_NO_MATCH);
			continue;
		}
		CU_ASSERT_EQUAL(choose(&c, r->cipher, r->mac[0] != '\0' ? r->mac : MAC_NAMES, false), 0);
		CU_ASSERT_EQUAL(c.suite_c2s, r->suite);
		CU_ASSERT_EQUAL(c.suite_s2c, r->suite);
		CU_ASSERT_STRING_EQUAL(c.cipher_c2s, r->cipher);
		CU_ASSERT_STRING_EQUAL(c.mac_s2c, r->mac);
	}
}

/* A cipher with its own tag needs no common MAC; one in counter mode does. */
static void
test_macs(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		bool alone = rows[i].mac[0] == '\0';
		struct kex_choice c;

		if (rows[i].suite == SUITE_NONE)
			continue;
		CU_ASSERT_EQUAL(
		    choose(&c, rows[i].cipher, "hmac-sha1", false), alone ? 0 : -R_KEX_NO_MATCH);
		CU_ASSERT_EQUAL(choose(&c, rows[i].cipher, "", false), alone ? 0 : -R_KEX_NO_MATCH);
	}
}

/* The client's order, of ciphers first and then of MACs. */
static void
test_order(void)
{
	struct kex_choice c;

	CU_ASSERT_EQUAL(choose(&c, "aes256-cbc,aes256-ctr,aes128-gcm@openssh.com",
			    "hmac-md5,hmac-sha2-512,hmac-sha2-256-etm@openssh.com", false),
	    0);
	CU_ASSERT_EQUAL(c.suite_c2s, SUITE_AES256_CTR_SHA512);
	CU_ASSERT_EQUAL(choose(&c, CHACHA ",aes256-gcm@openssh.com", "", false), 0);
	CU_ASSERT_EQUAL(c.suite_s2c, SUITE_CHACHA20_POLY1305);
}

static void
test_chacha_withheld(void)
{
	static uint8_t buf[KEXINIT_MAX];
	struct kex_offer only = *kex_offer_default(true);
	struct kex_choice c;
	struct kexinit k;

	CU_ASSERT_EQUAL(choose(&c, CHACHA, MAC_NAMES, true), -R_KEX_NO_MATCH);
	CU_ASSERT_EQUAL(choose(&c, CHACHA ",aes256-gcm@openssh.com", MAC_NAMES, true), 0);
	CU_ASSERT_EQUAL(c.suite_c2s, SUITE_AES256_GCM);
	for (int without = 0; without < 2; without++) {
		CU_ASSERT_EQUAL(kexinit_parse(&k, build(buf, kex_offer_default(without), true), false), 0);
		for (unsigned list = 2; list <= 3; list++) {
			CU_ASSERT_EQUAL(namelist_has(k.lists[list], CHACHA), !without);
			CU_ASSERT(namelist_has(k.lists[list], "aes128-ctr"));
			CU_ASSERT(namelist_has(k.lists[list], "aes256-gcm@openssh.com"));
		}
	}
	/* Nothing is left: an empty list, not a broken message. */
	only.ciphers = CHACHA;
	CU_ASSERT_EQUAL(kexinit_parse(&k, build(buf, &only, true), false), 0);
	CU_ASSERT_EQUAL(k.lists[2].len, 0);
	only.ciphers = CHACHA ",aes192-ctr," CHACHA;
	CU_ASSERT_EQUAL(kexinit_parse(&k, build(buf, &only, true), false), 0);
	CU_ASSERT(view_is(k.lists[3], "aes192-ctr"));
}

static bool
prefix(const uint8_t *got, size_t len, struct view whole)
{
	return len <= whole.len && memcmp(got, whole.data, len) == 0;
}

static void
derive_case(const struct vector *v)
{
	struct view k = vector_get(v, "k"), h = vector_get(v, "h");
	struct kex_secret s = { .k_len = (uint32_t)k.len, .h_len = (uint32_t)h.len };

	memcpy(s.k, k.data, k.len);
	memcpy(s.h, h.data, h.len);
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];

		for (int c2s = 0; c2s < 2 && r->suite != SUITE_NONE; c2s++) {
			struct kex_choice c = {
				.kex = "curve25519-sha256",
				.suite_c2s = r->suite,
				.suite_s2c = r->suite,
			};
			struct kex_keys keys;

			CU_ASSERT_EQUAL(kex_derive(&keys, &c, &s, vector_get(v, "session_id"), c2s), 0);
			CU_ASSERT_EQUAL(keys.suite, r->suite);
			CU_ASSERT(prefix(keys.iv, r->iv, vector_get(v, c2s ? "a" : "b")));
			CU_ASSERT(prefix(keys.key, r->key, vector_get(v, c2s ? "c" : "d")));
			CU_ASSERT(prefix(keys.mac, r->mac_key, vector_get(v, c2s ? "e" : "f")));
			kex_keys_wipe(&keys);
		}
	}
}

static void
test_derive(void)
{
	CU_ASSERT_EQUAL(vector_each("tests/vector/key_expansion.txt", derive_case), 1);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every suite by its names", test_every_suite },
		{ "MACs count for counter mode alone", test_macs },
		{ "the client's order", test_order },
		{ "ChaCha20 is withheld", test_chacha_withheld },
		{ "keys of every suite", test_derive },
		CU_TEST_INFO_NULL,
	};

	return suite_run("suites", tests);
}
