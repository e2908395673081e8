/*
 * Proofs of host keys (draft-miller-sshm-hostkey-update section 3): what is asked for, and
 * that one wrong signature among right ones spoils them all.
 */
#include "control/client/hostupdate.h"
#include "control/client/knownhosts.h"
#include "control/kex/base64.h"
#include "control/kex/sign.h"
#include "tests/lib/suite.h"

#define KEYS 3

static struct pk_signer *signer[KEYS];
static uint8_t blob_bytes[KEYS][SIGN_KEY_MAX];
static struct view blob[KEYS];
static struct hostupdate u;
static const char *names = "rsa-sha2-512,ssh-ed25519";
static const uint8_t session_id[32] = { 1, 2, 3 };

static int
load(void)
{
	for (uint8_t i = 0; i < KEYS; i++) {
		const uint8_t seed[PK_ED25519_SIZE] = { (uint8_t)(i + 1) };
		struct put w = put_of(blob_bytes[i], sizeof(blob_bytes[i]));

		signer[i] = pk_signer_ed25519(seed);
		if (signer[i] == NULL)
			return -1;
		sign_key_put(&w, pk_signer_public(signer[i]));
		blob[i] = put_view(&w);
	}
	return 0;
}

/* A list of all keys, and of one that nobody knows the type of. */
static int
take(void)
{
	uint8_t list[4096];
	struct put w = put_of(list, sizeof(list));

	for (int i = 0; i < KEYS; i++)
		put_sview(&w, blob[i]);
	put_string(&w, "\0\0\0\3new and more", 16);
	return hostupdate_take(&u, put_view(&w));
}

/* known_hosts has key 0, and what `more` says of the others. */
static uint32_t
ask(const char *marker, int of)
{
	static uint8_t asked[4096];
	char file[2048];
	struct put f = put_of(file, sizeof(file)), w = put_of(asked, sizeof(asked));
	struct cur c;
	uint32_t count, n = 0;

	knownhosts_entry(&f, "host", 22, blob[0], NULL);
	if (marker != NULL) {
		put_bytes(&f, marker, strlen(marker));
		knownhosts_entry(&f, "host", 22, blob[of], NULL);
	}
	count = hostupdate_ask(&u, &w, put_view(&f), "host", 22, names, 2048);
	c = cur_of(asked, put_len(&w));
	while (cur_left(&c) > 0) {
		cur_string(&c);
		n++;
	}
	CU_ASSERT(!c.bad && n == count);
	return count;
}

static void
sign(struct put *w, int key, const char *name, const void *id, size_t id_len)
{
	uint8_t data[4096], made[1024];
	struct put d = put_of(data, sizeof(data)), m = put_of(made, sizeof(made));

	put_cstr(&d, name);
	put_string(&d, id, id_len);
	put_sview(&d, blob[key]);
	CU_ASSERT_EQUAL(sign_make(&m, sign_find(view_str("ssh-ed25519")), signer[key], put_view(&d)), 0);
	put_sview(w, put_view(&m));
}

static void
test_asked(void)
{
	CU_ASSERT_EQUAL(take(), 0);
	CU_ASSERT_EQUAL(u.count, KEYS + 1);
	CU_ASSERT_EQUAL(ask(NULL, 0), 2);
	CU_ASSERT_EQUAL(ask("", 1), 1);
	CU_ASSERT_EQUAL(ask("@revoked ", 2), 1);
	CU_ASSERT_EQUAL(hostupdate_new(&u, 0).len, 0);
	/* Algorithms that we did not offer are not asked for. */
	names = "rsa-sha2-512,ssh-ed25519-cert-v01@openssh.com";
	CU_ASSERT_EQUAL(ask(NULL, 0), 0);
	names = "rsa-sha2-512,ssh-ed25519";
}

static int
answer(const char *name, const void *id, size_t id_len, int first, int second)
{
	uint8_t bytes[4096];
	struct put w = put_of(bytes, sizeof(bytes));

	CU_ASSERT_EQUAL(take(), 0);
	CU_ASSERT_EQUAL(ask(NULL, 0), 2);
	sign(&w, first, name, id, id_len);
	if (second >= 0)
		sign(&w, second, name, id, id_len);
	return hostupdate_proved(&u, view_of(session_id, sizeof(session_id)), put_view(&w));
}

static void
test_proved(void)
{
	static const uint8_t other_id[32] = { 9 };

	CU_ASSERT_EQUAL(answer(HOSTUPDATE_PROVE, session_id, 32, 1, 2), 0);
	CU_ASSERT(view_eq(hostupdate_new(&u, 0), blob[1]) && view_eq(hostupdate_new(&u, 1), blob[2]));
	CU_ASSERT_EQUAL(hostupdate_new(&u, 2).len, 0);
	/* Another order, another session, another subject, one too few, a key's own. */
	CU_ASSERT_EQUAL(answer(HOSTUPDATE_PROVE, session_id, 32, 2, 1), -R_KEX_VERIFY);
	CU_ASSERT_EQUAL(hostupdate_new(&u, 0).len, 0);
	CU_ASSERT_EQUAL(answer(HOSTUPDATE_PROVE, other_id, 32, 1, 2), -R_KEX_VERIFY);
	CU_ASSERT_EQUAL(answer("hostkeys-prove@openssh.com", session_id, 32, 1, 2), -R_KEX_VERIFY);
	CU_ASSERT_EQUAL(answer(HOSTUPDATE_PROVE, session_id, 32, 1, 0), -R_KEX_VERIFY);
	CU_ASSERT(answer(HOSTUPDATE_PROVE, session_id, 32, 1, -1) != 0);
	CU_ASSERT_EQUAL(hostupdate_new(&u, 0).len, 0);
}

static void
test_bits(void)
{
	uint8_t good[4096], bad[4096];
	struct put w = put_of(good, sizeof(good));

	sign(&w, 1, HOSTUPDATE_PROVE, session_id, 32);
	sign(&w, 2, HOSTUPDATE_PROVE, session_id, 32);
	for (size_t i = 0; i < put_len(&w); i++) {
		CU_ASSERT_EQUAL(take(), 0);
		CU_ASSERT_EQUAL(ask(NULL, 0), 2);
		memcpy(bad, good, put_len(&w));
		bad[i] ^= 0x10;
		CU_ASSERT(hostupdate_proved(&u, view_of(session_id, 32), view_of(bad, put_len(&w))) != 0);
		CU_ASSERT_EQUAL(hostupdate_new(&u, 0).len, 0);
	}
}

static void
test_lists(void)
{
	uint8_t list[8192];
	struct put w = put_of(list, sizeof(list));

	CU_ASSERT_EQUAL(hostupdate_take(&u, view_of(NULL, 0)), 0);
	CU_ASSERT_EQUAL(ask(NULL, 0), 0);
	put_sview(&w, blob[1]);
	CU_ASSERT_EQUAL(hostupdate_take(&u, view_of(list, put_len(&w) - 1)), -R_SHORT);
	CU_ASSERT_EQUAL(u.count, 0);
	put_sview(&w, blob[1]);
	CU_ASSERT_EQUAL(hostupdate_take(&u, put_view(&w)), -R_PROTOCOL);
	CU_ASSERT_EQUAL(u.count, 0);
	w = put_of(list, sizeof(list));
	for (uint32_t i = 0; i <= HOSTUPDATE_KEYS_MAX; i++) {
		put_u32(&w, 4);
		put_u32(&w, i);
	}
	CU_ASSERT_EQUAL(hostupdate_take(&u, put_view(&w)), -R_LIMIT);
	w = put_of(list, sizeof(list));
	put_cstr(&w, "");
	CU_ASSERT_EQUAL(hostupdate_take(&u, put_view(&w)), -R_SHORT);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "what is asked for", test_asked },
		{ "proofs", test_proved },
		{ "changed bits", test_bits },
		{ "lists", test_lists },
		CU_TEST_INFO_NULL,
	};

	if (load() != 0)
		return 1;
	return suite_run("hostupdate", tests);
}
