/* Keys and signatures as they cross the wire: made by another implementation, and
 * with everything that a hostile one can make of them. */
#include <stdlib.h>

#include "abi/wire/mpint.h"
#include "abi/wire/ssh.h"
#include "control/kex/sign.h"
#include "tests/lib/suite.h"
#include "tests/vector/vector.h"

/* The cases of the vector file, by the algorithm's place among the rows. */
struct sample {
	const struct sign_algorithm *a;
	struct view key, data, signature;
};

#define SAMPLES 6

static struct sample samples[SAMPLES];

static struct view
copy(struct view v)
{
	uint8_t *p = malloc(v.len);

	memcpy(p, v.data, v.len);
	return view_of(p, v.len);
}

static void
take_sample(const struct vector *v)
{
	const struct sign_algorithm *a = sign_find(vector_get(v, "algorithm"));

	for (size_t i = 0; i < SAMPLES; i++)
		if (a != NULL && sign_at(i) == a)
			samples[i] = (struct sample){ a, copy(vector_get(v, "key")),
				copy(vector_get(v, "data")), copy(vector_get(v, "signature")) };
}

static void
read_samples(void)
{
	vector_each("tests/vector/sign.txt", take_sample);
	for (size_t i = 0; i < SAMPLES; i++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(samples[i].a);
}

static void
free_samples(void)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		free((void *)samples[i].key.data);
		free((void *)samples[i].data.data);
		free((void *)samples[i].signature.data);
	}
}

/* ---- what is good ---- */

static void
test_vectors(void)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];
		uint8_t again[SIGN_KEY_MAX];
		struct put w = put_of(again, sizeof(again));
		struct pk_public key;

		CU_ASSERT_EQUAL(sign_verify(s->a, s->key, s->signature, s->data), 0);
		CU_ASSERT_TRUE(sign_key_fits(s->a, s->key, 2048));
		CU_ASSERT_EQUAL(sign_key_parse(&key, s->key), 0);
		CU_ASSERT_EQUAL(key.type, s->a->type);
		sign_key_put(&w, &key);
		CU_ASSERT_TRUE(view_eq(put_view(&w), s->key));
		CU_ASSERT_EQUAL(
		    sign_verify(s->a, s->key, s->signature, view_of(s->data.data, s->data.len - 1)),
		    -R_KEX_VERIFY);
	}
}

/* Key, signature and algorithm of every two samples: only what belongs together. */
static void
test_mixed(void)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t k = 0; k < SAMPLES; k++) {
			const struct sample *s = &samples[i], *other = &samples[k];
			bool same_key = view_eq(s->key, other->key);

			if (i == k)
				continue;
			CU_ASSERT_EQUAL(sign_verify(other->a, s->key, s->signature, s->data), -R_SHORT);
			CU_ASSERT_EQUAL(sign_verify(s->a, s->key, other->signature, s->data), -R_SHORT);
			CU_ASSERT_EQUAL(
			    sign_verify(s->a, other->key, s->signature, s->data), same_key ? 0 : -R_SHORT);
			CU_ASSERT_EQUAL(sign_key_fits(other->a, s->key, 1024), same_key);
		}
	}
}

/* ---- bytes ---- */

static void
test_cut(void)
{
	uint8_t longer[SSH_SIGNATURE_MAX];

	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];
		struct pk_public key;

		for (size_t len = 0; len < s->key.len; len++)
			CU_ASSERT_EQUAL(sign_key_parse(&key, view_of(s->key.data, len)), -R_SHORT);
		for (size_t len = 0; len < s->signature.len; len++)
			CU_ASSERT_EQUAL(
			    sign_verify(s->a, s->key, view_of(s->signature.data, len), s->data), -R_SHORT);
		memcpy(longer, s->signature.data, s->signature.len);
		longer[s->signature.len] = 0;
		CU_ASSERT_EQUAL(
		    sign_verify(s->a, s->key, view_of(longer, s->signature.len + 1), s->data), -R_SHORT);
		memcpy(longer, s->key.data, s->key.len);
		longer[s->key.len] = 0;
		CU_ASSERT_EQUAL(sign_key_parse(&key, view_of(longer, s->key.len + 1)), -R_SHORT);
	}
}

/* Any byte of the signature blob changed: never good. */
static void
test_changed(void)
{
	uint8_t sig[SSH_SIGNATURE_MAX];

	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];

		memcpy(sig, s->signature.data, s->signature.len);
		for (size_t at = 0; at < s->signature.len; at++) {
			sig[at] ^= 0x40;
			CU_ASSERT(sign_verify(s->a, s->key, view_of(sig, s->signature.len), s->data) < 0);
			sig[at] ^= 0x40;
		}
		CU_ASSERT_EQUAL(sign_verify(s->a, s->key, view_of(sig, s->signature.len), s->data), 0);
	}
}

/* ---- names ---- */

static struct view
named(struct put *w, const char *name, struct view body)
{
	put_cstr(w, name);
	put_sview(w, body);
	return put_view(w);
}

static struct view
body_of(struct view blob)
{
	struct cur c = cur_view(blob);

	cur_string(&c);
	return cur_string(&c);
}

/* RSA: the hash's name in the signature is what counts, and it must be the one that
 * was agreed on (RFC 8332 section 3). */
static void
test_hash_names(void)
{
	static const char *const names[] = { "ssh-rsa", "rsa-sha2-256", "rsa-sha2-512", "rsa-sha2-384", "" };

	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];

		if (s->a->type != PK_RSA)
			continue;
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			uint8_t buf[SSH_SIGNATURE_MAX];
			struct put w = put_of(buf, sizeof(buf));
			struct view sig = named(&w, names[n], body_of(s->signature));
			const struct sign_algorithm *a = sign_find(view_str(names[n]));
			bool own = strcmp(names[n], s->a->name) == 0;

			CU_ASSERT_EQUAL(sign_verify(s->a, s->key, sig, s->data), own ? 0 : -R_SHORT);
			if (a != NULL && !own)
				CU_ASSERT_EQUAL(sign_verify(a, s->key, sig, s->data), -R_KEX_VERIFY);
		}
	}
	CU_ASSERT_PTR_NULL(sign_find(view_str("ssh-rsa")));
	CU_ASSERT_PTR_NULL(sign_find(view_of(NULL, 0)));
}

/* ECDSA: the curve is named twice, and its point has its length. */
static void
test_curves(void)
{
	static const char *const curves[] = { "nistp256", "nistp384", "nistp521", "secp256k1", "" };
	static const char *const types[] = { "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
		"ecdsa-sha2-nistp521", "ecdsa-sha2-secp256k1" };
	unsigned good = 0;

	for (size_t i = 0; i < SAMPLES; i++) {
		struct pk_public whole, key;

		CU_ASSERT_EQUAL(sign_key_parse(&whole, samples[i].key), 0);
		if (samples[i].a->curve == NULL)
			continue;
		for (size_t k = 0; k < 20; k++) {
			const char *type = types[k / 5], *curve = curves[k % 5];
			bool own =
			    strcmp(type, samples[i].a->name) == 0 && strcmp(curve, samples[i].a->curve) == 0;
			uint8_t buf[256];
			struct put w = put_of(buf, sizeof(buf));

			put_cstr(&w, type);
			named(&w, curve, whole.key);
			CU_ASSERT_EQUAL(sign_key_parse(&key, put_view(&w)), own ? 0 : -R_SHORT);
			good += own;
		}
	}
	CU_ASSERT_EQUAL(good, 3);
}

/* ---- ECDSA's two numbers ---- */

static int
with_numbers(const struct sample *s, struct view r, struct view t, size_t extra)
{
	static const uint8_t zeros[8];
	uint8_t inner[512], outer[600];
	struct put i = put_of(inner, sizeof(inner)), o = put_of(outer, sizeof(outer));

	put_sview(&i, r);
	put_sview(&i, t);
	put_bytes(&i, zeros, extra);
	return sign_verify(s->a, s->key, named(&o, s->a->name, put_view(&i)), s->data);
}

static void
test_numbers(void)
{
	uint8_t padded[80] = { 0 }, large[80], negative[] = { 0x80 }, zero[] = { 0 }, one[] = { 1 };

	memset(large, 0x7f, sizeof(large));
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];
		struct cur c = cur_view(body_of(s->signature));
		struct view r = cur_string(&c), t = cur_string(&c);

		if (s->a->curve == NULL)
			continue;
		CU_ASSERT_EQUAL(with_numbers(s, r, t, 0), 0);
		CU_ASSERT_EQUAL(with_numbers(s, r, t, 1), -R_SHORT);
		CU_ASSERT_EQUAL(with_numbers(s, t, r, 0), -R_KEX_VERIFY);
		CU_ASSERT_EQUAL(with_numbers(s, view_of(NULL, 0), t, 0), -R_KEX_VERIFY); /* 0 */
		CU_ASSERT_EQUAL(with_numbers(s, r, view_of(NULL, 0), 0), -R_KEX_VERIFY);
		CU_ASSERT_EQUAL(with_numbers(s, view_of(one, 1), t, 0), -R_KEX_VERIFY);
		CU_ASSERT_EQUAL(with_numbers(s, view_of(zero, 1), t, 0), -R_SHORT); /* 0 is no byte */
		CU_ASSERT_EQUAL(with_numbers(s, r, view_of(negative, 1), 0), -R_SHORT);
		CU_ASSERT_EQUAL(with_numbers(s, view_of(large, sizeof(large)), t, 0), -R_SHORT);
		CU_ASSERT_EQUAL(with_numbers(s, r, view_of(large, sizeof(large)), 0), -R_SHORT);
		/* one more leading zero than the number needs */
		memcpy(padded + 1, r.data, r.len);
		if (r.data[0] == 0)
			CU_ASSERT_EQUAL(with_numbers(s, view_of(padded, r.len + 1), t, 0), -R_SHORT);
		padded[1] = 0;
		memcpy(padded + 2, r.data, r.len);
		CU_ASSERT_EQUAL(with_numbers(s, view_of(padded, r.len + 2), t, 0), -R_SHORT);
	}
}

/* ---- RSA keys ---- */

static int
rsa_key(struct view e, struct view n)
{
	uint8_t buf[4096];
	struct put w = put_of(buf, sizeof(buf));
	struct pk_public key;

	put_cstr(&w, "ssh-rsa");
	put_sview(&w, e);
	put_sview(&w, n);
	CU_ASSERT_FALSE(w.bad);
	return sign_key_parse(&key, put_view(&w));
}

static void
test_rsa_keys(void)
{
	static const uint8_t e3[] = { 3 }, e4[] = { 4 }, e1[] = { 1 }, e32[] = { 0, 0xff, 0xff, 0xff, 0xff },
			     e33[] = { 1, 0, 0, 0, 1 }, minus[] = { 0xfd }, padded[] = { 0, 3 };
	static uint8_t n[2 + PK_KEY_MAX];
	struct view three = view_of(e3, 1);

	memset(n, 0xff, sizeof(n));
	n[0] = 0;
	CU_ASSERT_EQUAL(rsa_key(three, view_of(n, 1 + 128)), 0);
	CU_ASSERT_EQUAL(rsa_key(three, view_of(n, 1 + 127)), -R_SHORT);        /* 1016 bits */
	CU_ASSERT_EQUAL(rsa_key(three, view_of(n, 1 + PK_KEY_MAX)), 0);        /* 16384 */
	CU_ASSERT_EQUAL(rsa_key(three, view_of(n, 2 + PK_KEY_MAX)), -R_SHORT); /* 16392 */
	CU_ASSERT_EQUAL(rsa_key(three, view_of(n + 1, 256)), -R_SHORT);        /* negative */
	CU_ASSERT_EQUAL(rsa_key(three, view_of(NULL, 0)), -R_SHORT);
	CU_ASSERT_EQUAL(rsa_key(view_of(e32, 5), view_of(n, 257)), 0);
	CU_ASSERT_EQUAL(rsa_key(view_of(e33, 5), view_of(n, 257)), -R_SHORT);
	CU_ASSERT_EQUAL(rsa_key(view_of(e1, 1), view_of(n, 257)), -R_SHORT);
	CU_ASSERT_EQUAL(rsa_key(view_of(e4, 1), view_of(n, 257)), -R_SHORT);
	CU_ASSERT_EQUAL(rsa_key(view_of(minus, 1), view_of(n, 257)), -R_SHORT);
	CU_ASSERT_EQUAL(rsa_key(view_of(padded, 2), view_of(n, 257)), -R_SHORT);
	CU_ASSERT_EQUAL(rsa_key(view_of(NULL, 0), view_of(n, 257)), -R_SHORT);
	CU_ASSERT_EQUAL(rsa_key(view_of(n, 257), three), -R_SHORT); /* the wrong way round */
	n[256] = 0xfe;
	CU_ASSERT_EQUAL(rsa_key(three, view_of(n, 257)), -R_SHORT); /* even */
	n[256] = 0xff;
	n[1] = 0; /* a needless zero */
	CU_ASSERT_EQUAL(rsa_key(three, view_of(n, 257)), -R_SHORT);
}

static void
test_rsa_size(void)
{
	const struct sample *s = &samples[SAMPLES - 1];

	CU_ASSERT_EQUAL(s->a->type, PK_RSA);
	CU_ASSERT_TRUE(sign_key_fits(s->a, s->key, 1024));
	CU_ASSERT_TRUE(sign_key_fits(s->a, s->key, 2048));
	CU_ASSERT_FALSE(sign_key_fits(s->a, s->key, 2049));
	/* it is a size of RSA alone */
	CU_ASSERT_TRUE(sign_key_fits(samples[0].a, samples[0].key, 16384));
	CU_ASSERT_TRUE(sign_key_fits(samples[1].a, samples[1].key, 16384));
}

/* ---- signing ---- */

static void
test_make(void)
{
	static const uint8_t seed[PK_ED25519_SIZE] = { 9 };
	struct pk_signer *s = pk_signer_ed25519(seed);
	uint8_t key[128], sig[128];
	struct put k = put_of(key, sizeof(key)), w = put_of(sig, sizeof(sig)), small = put_of(sig, 60);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	sign_key_put(&k, pk_signer_public(s));
	CU_ASSERT_EQUAL(sign_make(&w, sign_at(0), s, view_str("data")), 0);
	CU_ASSERT_EQUAL(sign_verify(sign_at(0), put_view(&k), put_view(&w), view_str("data")), 0);
	CU_ASSERT_EQUAL(sign_make(&small, sign_at(0), s, view_str("data")), -R_KEX_VERIFY);
	/* a key of another type */
	w = put_of(sig, sizeof(sig));
	CU_ASSERT_EQUAL(sign_make(&w, sign_at(1), s, view_str("data")), -R_KEX_VERIFY);
	CU_ASSERT_EQUAL(put_len(&w), 0);
	/* a fault while signing: the public half does not verify it */
	((uint8_t *)pk_signer_public(s)->key.data)[0] ^= 1;
	CU_ASSERT_EQUAL(sign_make(&w, sign_at(0), s, view_str("data")), -R_KEX_VERIFY);
	CU_ASSERT_EQUAL(put_len(&w), 0);
	pk_signer_free(s);
}

/* RFC 4251 section 5: its own examples. */
static void
test_mpint(void)
{
	static const struct {
		uint8_t wire[16];
		size_t len;
		uint64_t value;
	} cases[] = {
		{ { 0, 0, 0, 0 }, 4, 0 },
		{ { 0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7 }, 12, 0x9a378f9b2e332a7 },
		{ { 0, 0, 0, 2, 0, 0x80 }, 6, 0x80 },
	};
	static const uint8_t minus[][10] = { { 0, 0, 0, 2, 0xed, 0xcc },
		{ 0, 0, 0, 5, 0xff, 0x21, 0x52, 0x41, 0x11 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cur c = cur_of(cases[i].wire, cases[i].len);
		struct view v = cur_mpint(&c);
		uint8_t again[16];
		struct put w = put_of(again, sizeof(again));
		uint64_t value = 0;

		CU_ASSERT_TRUE(cur_done(&c));
		for (size_t k = 0; k < v.len; k++)
			value = value << 8 | v.data[k];
		CU_ASSERT_EQUAL(value, cases[i].value);
		put_mpint(&w, v);
		CU_ASSERT_TRUE(view_eq(put_view(&w), view_of(cases[i].wire, cases[i].len)));
	}
	for (size_t i = 0; i < 2; i++) {
		struct cur c = cur_of(minus[i], 4u + minus[i][3]);

		CU_ASSERT_EQUAL(cur_mpint(&c).len, 0);
		CU_ASSERT_TRUE(c.bad);
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "samples", read_samples },
		{ "vectors", test_vectors },
		{ "mixed", test_mixed },
		{ "cut and longer", test_cut },
		{ "each byte", test_changed },
		{ "names of RSA's hashes", test_hash_names },
		{ "curves by name", test_curves },
		{ "ECDSA's numbers", test_numbers },
		{ "RSA keys that are none", test_rsa_keys },
		{ "RequiredRSASize", test_rsa_size },
		{ "signing", test_make },
		{ "mpint", test_mpint },
		CU_TEST_INFO_NULL,
	};
	int r = suite_run("keys and signatures", tests);

	free_samples();
	return r;
}
