#include <string.h>

#include "drivers/cipher/gcm.h"
#include "drivers/cipher/ipsecmb.h"
#include "drivers/cipher/rows.h"

/* The direct calls: no jobs. */
struct gcm_ctx {
	_Alignas(64) struct gcm_key_data key;
	uint8_t iv[GCM_IV];
	uint16_t key_len;
};

_Static_assert(sizeof(struct gcm_ctx) <= CIPHER_CTX_SIZE, "fits the caller's memory");
_Static_assert(_Alignof(struct cipher_ctx) >= 64, "the library's alignment for keys");

static struct gcm_ctx *
gcm_of(struct cipher_ctx *c)
{
	return (struct gcm_ctx *)c->bytes;
}

static int
mb_gcm_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	struct gcm_ctx *m = gcm_of(c);

	(void)mac;
	if (mb.manager == NULL)
		return -1;
	if (e->key_len == IMB_KEY_128_BYTES)
		IMB_AES128_GCM_PRE(mb.manager, key, &m->key);
	else
		IMB_AES256_GCM_PRE(mb.manager, key, &m->key);
	memcpy(m->iv, iv, GCM_IV);
	m->key_len = e->key_len;
	return 0;
}

static int
mb_gcm_seal(struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	struct gcm_ctx *m = gcm_of(c);
	uint8_t *tag = dst + GCM_AAD + len;

	(void)seq;
	if (len > CIPHER_LEN_MAX)
		return -1;
	memmove(dst, src, GCM_AAD);
	if (m->key_len == IMB_KEY_128_BYTES)
		IMB_AES128_GCM_ENC(mb.manager, &m->key, mb.work, dst + GCM_AAD, src + GCM_AAD, len, m->iv,
		    dst, GCM_AAD, tag, GCM_TAG);
	else
		IMB_AES256_GCM_ENC(mb.manager, &m->key, mb.work, dst + GCM_AAD, src + GCM_AAD, len, m->iv,
		    dst, GCM_AAD, tag, GCM_TAG);
	gcm_advance(m->iv);
	return 0;
}

static int
mb_gcm_open(struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len)
{
	struct gcm_ctx *m = gcm_of(c);
	uint8_t *text = buf + GCM_AAD;
	uint8_t tag[GCM_TAG];
	int good;

	(void)seq;
	if (len > CIPHER_LEN_MAX)
		return -1;
	if (m->key_len == IMB_KEY_128_BYTES)
		IMB_AES128_GCM_DEC(
		    mb.manager, &m->key, mb.work, text, text, len, m->iv, buf, GCM_AAD, tag, GCM_TAG);
	else
		IMB_AES256_GCM_DEC(
		    mb.manager, &m->key, mb.work, text, text, len, m->iv, buf, GCM_AAD, tag, GCM_TAG);
	good = tag_equal(tag, text + len, GCM_TAG);
	if (!good)
		memset(text, 0, len);
	explicit_bzero(tag, sizeof(tag));
	gcm_advance(m->iv);
	return good ? 0 : -1;
}

static void
mb_gcm_fini(struct cipher_ctx *c)
{
	explicit_bzero(c, sizeof(*c));
}

#define ROW(NAME)                                                                              \
	{                                                                                      \
		.name = "ipsecmb", ROW_GCM(NAME), .init = mb_gcm_init, .length = length_clear, \
		.seal = mb_gcm_seal, .open = mb_gcm_open, .fini = mb_gcm_fini                  \
	}

const struct cipher_engine mb_gcm_rows[2] = { ROW(AES128_GCM), ROW(AES256_GCM) };
