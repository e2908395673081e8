#include <string.h>

#include "drivers/cipher/chacha.h"
#include "drivers/cipher/openssl.h"
#include "drivers/cipher/rows.h"

struct ssl_chacha {
	struct chacha_head head;
	EVP_CIPHER_CTX *packet, *length;
	EVP_MAC_CTX *poly;
};

_Static_assert(sizeof(struct ssl_chacha) <= CIPHER_CTX_SIZE, "fits the caller's memory");

static struct ssl_chacha *
ssl_of(struct cipher_ctx *c)
{
	return (struct ssl_chacha *)(void *)c->bytes;
}

/* OpenSSL's IV: the counter, 8 bytes little endian, then the nonce of 8. */
static int
stream(EVP_CIPHER_CTX *evp, uint32_t seq, uint8_t block, uint8_t *dst, const uint8_t *src, size_t len)
{
	uint8_t iv[16] = { block };
	int n;

	length_write(iv + 12, seq);
	return EVP_EncryptInit_ex2(evp, NULL, NULL, iv, NULL) == 1 &&
		       EVP_EncryptUpdate(evp, dst, &n, src, (int)len) == 1
		   ? 0
		   : -1;
}

static int
ssl_first(struct cipher_ctx *c, uint32_t seq, struct chacha_first *f)
{
	static const uint8_t zero[sizeof(f->once)];
	struct ssl_chacha *s = ssl_of(c);

	if (stream(s->packet, seq, 0, f->once, zero, sizeof(f->once)) != 0)
		return -1;
	return stream(s->length, seq, 0, f->length, zero, sizeof(f->length));
}

static int
ssl_crypt(struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, size_t len)
{
	return stream(ssl_of(c)->packet, seq, 1, dst, src, len);
}

static int
ssl_poly_tag(
    struct cipher_ctx *c, const uint8_t once[32], const uint8_t *data, size_t len, uint8_t tag[CHACHA_TAG])
{
	EVP_MAC_CTX *poly = ssl_of(c)->poly;
	size_t made;

	return EVP_MAC_init(poly, once, 32, NULL) == 1 && EVP_MAC_update(poly, data, len) == 1 &&
		       EVP_MAC_final(poly, tag, &made, CHACHA_TAG) == 1
		   ? 0
		   : -1;
}

static void
ssl_fini(struct cipher_ctx *c)
{
	struct ssl_chacha *s = ssl_of(c);

	EVP_CIPHER_CTX_free(s->packet);
	EVP_CIPHER_CTX_free(s->length);
	EVP_MAC_CTX_free(s->poly);
	explicit_bzero(c, sizeof(*c));
}

static int
ssl_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	struct ssl_chacha *s = ssl_of(c);

	(void)e;
	(void)iv;
	(void)mac;
	chacha_start(c);
	s->packet = ssl_keyed(ssl_chacha, key);
	s->length = ssl_keyed(ssl_chacha, key + CHACHA_KEY);
	s->poly = EVP_MAC_CTX_new(ssl_poly);
	if (s->packet != NULL && s->length != NULL && s->poly != NULL)
		return 0;
	ssl_fini(c);
	return -1;
}

static const struct chacha_ops ssl_ops = { .first = ssl_first, .crypt = ssl_crypt, .poly = ssl_poly_tag };

CHACHA_FUNCTIONS(ssl_chacha, ssl_ops)

const struct cipher_engine ssl_chacha_rows[1] = {
	{ .name = "openssl",
	    ROW_CHACHA(CHACHA20_POLY1305),
	    .init = ssl_init,
	    .length = ssl_chacha_length,
	    .seal = ssl_chacha_seal,
	    .open = ssl_chacha_open,
	    .fini = ssl_fini },
};
