#include "drivers/cipher/ref.h"

#include "drivers/cipher/chacha.h"
#include "drivers/cipher/ctr.h"
#include "drivers/cipher/gcm.h"
#include "drivers/cipher/library.h"
#include "drivers/cipher/rows.h"

static void
ref_fini(struct cipher_ctx *c)
{
	explicit_bzero(c, sizeof(*c));
}

/* ---- AES-GCM ---- */

struct ref_gcm_ctx {
	struct ref_gcm gcm;
	uint8_t iv[GCM_IV];
};

static struct ref_gcm_ctx *
gcm_of(struct cipher_ctx *c)
{
	return (struct ref_gcm_ctx *)(void *)c->bytes;
}

static int
gcm_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	(void)mac;
	ref_gcm_key(&gcm_of(c)->gcm, key, e->key_len);
	memcpy(gcm_of(c)->iv, iv, GCM_IV);
	return 0;
}

static int
gcm_seal(struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	struct ref_gcm_ctx *r = gcm_of(c);

	(void)seq;
	if (len > CIPHER_LEN_MAX)
		return -1;
	memmove(dst, src, GCM_AAD);
	ref_gcm_crypt(&r->gcm, r->iv, dst + GCM_AAD, src + GCM_AAD, len);
	ref_gcm_tag(&r->gcm, r->iv, dst + GCM_AAD + len, dst, GCM_AAD, dst + GCM_AAD, len);
	gcm_advance(r->iv);
	return 0;
}

static int
gcm_open(struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len)
{
	struct ref_gcm_ctx *r = gcm_of(c);
	uint8_t tag[GCM_TAG];
	int good;

	(void)seq;
	if (len > CIPHER_LEN_MAX)
		return -1;
	ref_gcm_tag(&r->gcm, r->iv, tag, buf, GCM_AAD, buf + GCM_AAD, len);
	good = tag_equal(tag, buf + GCM_AAD + len, sizeof(tag));
	explicit_bzero(tag, sizeof(tag));
	if (good)
		ref_gcm_crypt(&r->gcm, r->iv, buf + GCM_AAD, buf + GCM_AAD, len);
	else
		memset(buf + GCM_AAD, 0, len);
	gcm_advance(r->iv);
	return good ? 0 : -1;
}

#define GCM(NAME)                                                                                         \
	{                                                                                                 \
		.name = "ref", ROW_GCM(NAME), .init = gcm_init, .length = length_clear, .seal = gcm_seal, \
		.open = gcm_open, .fini = ref_fini                                                        \
	}

static const struct cipher_engine gcm_rows[] = { GCM(AES128_GCM), GCM(AES256_GCM) };

/* ---- AES in counter mode with HMAC or UMAC ---- */

struct ref_ctr_ctx {
	struct ctr_head head;
	struct ref_aes aes;
	struct ref_hmac hmac;
	uint8_t umac[16];
};

static struct ref_ctr_ctx *
ctr_ctx_of(struct cipher_ctx *c)
{
	return (struct ref_ctr_ctx *)(void *)c->bytes;
}

static int
ctr_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	ctr_start(c, iv, e->tag_len);
	ref_aes_key(&ctr_ctx_of(c)->aes, key, e->key_len);
	ref_hmac_key(&ctr_ctx_of(c)->hmac, e->tag_len, mac, e->mac_len);
	return 0;
}

static int
ctr_crypt(
    struct cipher_ctx *c, const uint8_t counter[CTR_BLOCK], uint8_t *dst, const uint8_t *src, size_t len)
{
	ref_ctr_crypt(&ctr_ctx_of(c)->aes, counter, dst, src, len);
	return 0;
}

static int
ctr_mac(struct cipher_ctx *c, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag)
{
	uint8_t number[4];

	length_write(number, seq);
	ref_hmac(&ctr_ctx_of(c)->hmac, number, sizeof(number), data, len, tag);
	return 0;
}

static const struct ctr_ops ctr_ops = { .crypt = ctr_crypt, .mac = ctr_mac };

CTR_FUNCTIONS(hmac, ctr_ops)

static CTR_ROWS(ctr_rows, "ref", ctr_init, hmac, ctr_init, hmac, ref_fini);

static int
umac_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	ctr_start(c, iv, e->tag_len);
	ref_aes_key(&ctr_ctx_of(c)->aes, key, e->key_len);
	memcpy(ctr_ctx_of(c)->umac, mac, sizeof(ctr_ctx_of(c)->umac));
	return 0;
}

static int
umac_mac(struct cipher_ctx *c, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag)
{
	uint8_t nonce[UMAC_NONCE] = { 0 };

	length_write(nonce + 4, seq);
	ref_umac(ctr_ctx_of(c)->umac, nonce, data, len, tag, ctr_of(c)->tag_len);
	return 0;
}

static const struct ctr_ops umac_ops = { .crypt = ctr_crypt, .mac = umac_mac };

CTR_FUNCTIONS(umac, umac_ops)

static UMAC_ROWS(umac_rows, "ref", umac_init, umac, ref_fini);

/* ---- ChaCha20 with Poly1305 ---- */

struct ref_chacha_ctx {
	struct chacha_head head;
	uint8_t key[2 * CHACHA_KEY];
};

static struct ref_chacha_ctx *
chacha_ctx_of(struct cipher_ctx *c)
{
	return (struct ref_chacha_ctx *)(void *)c->bytes;
}

static int
chacha_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	(void)iv;
	(void)mac;
	chacha_start(c);
	memcpy(chacha_ctx_of(c)->key, key, e->key_len);
	return 0;
}

static int
chacha_first(struct cipher_ctx *c, uint32_t seq, struct chacha_first *f)
{
	const uint8_t *key = chacha_ctx_of(c)->key;
	uint8_t nonce[8] = { 0 }, block[64];

	length_write(nonce + 4, seq);
	ref_chacha_block(key, 0, nonce, block);
	memcpy(f->once, block, sizeof(f->once));
	ref_chacha_block(key + CHACHA_KEY, 0, nonce, block);
	memcpy(f->length, block, sizeof(f->length));
	explicit_bzero(block, sizeof(block));
	return 0;
}

static int
chacha_crypt(struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, size_t len)
{
	uint8_t nonce[8] = { 0 };

	length_write(nonce + 4, seq);
	ref_chacha_crypt(chacha_ctx_of(c)->key, 1, nonce, dst, src, len);
	return 0;
}

static int
chacha_poly(
    struct cipher_ctx *c, const uint8_t once[32], const uint8_t *data, size_t len, uint8_t tag[CHACHA_TAG])
{
	(void)c;
	ref_poly1305(once, data, len, tag);
	return 0;
}

static const struct chacha_ops chacha_ops = {
	.first = chacha_first,
	.crypt = chacha_crypt,
	.poly = chacha_poly,
};

CHACHA_FUNCTIONS(ref_chacha, chacha_ops)

static const struct cipher_engine chacha_rows[] = {
	{ .name = "ref",
	    ROW_CHACHA(CHACHA20_POLY1305),
	    .init = chacha_init,
	    .length = ref_chacha_length,
	    .seal = ref_chacha_seal,
	    .open = ref_chacha_open,
	    .fini = ref_fini },
};

_Static_assert(sizeof(struct ref_gcm_ctx) <= CIPHER_CTX_SIZE &&
		   sizeof(struct ref_ctr_ctx) <= CIPHER_CTX_SIZE &&
		   sizeof(struct ref_chacha_ctx) <= CIPHER_CTX_SIZE,
    "fits the caller's memory");

const struct cipher_library cipher_library_ref = {
	.parts = { { gcm_rows, 2 }, { ctr_rows, 12 }, { umac_rows, 12 }, { chacha_rows, 1 } },
};
