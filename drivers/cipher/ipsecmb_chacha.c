#include <string.h>

#include "drivers/cipher/chacha.h"
#include "drivers/cipher/chacha_block.h"
#include "drivers/cipher/ipsecmb.h"
#include "drivers/cipher/rows.h"

/*
 * A plain ChaCha20 job begins at block 1 and takes an IV of 12 bytes, which for
 * an SSH packet is the counter's upper half, zero, and the nonce of 8. Block 0
 * of either key is made by our own function.
 */
struct mb_chacha {
	struct chacha_head head;
	_Alignas(16) uint8_t key[2 * CHACHA_KEY];
};

_Static_assert(sizeof(struct mb_chacha) <= CIPHER_CTX_SIZE, "fits the caller's memory");

static struct mb_chacha *
mb_of(struct cipher_ctx *c)
{
	return (struct mb_chacha *)(void *)c->bytes;
}

static int
mb_first(struct cipher_ctx *c, uint32_t seq, struct chacha_first *f)
{
	chacha_block_pair(mb_of(c)->key, seq, f->once, f->length);
	return 0;
}

static int
mb_crypt(struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, size_t len)
{
	IMB_JOB *job = IMB_GET_NEXT_JOB(mb.manager);
	uint8_t iv[12] = { 0 };

	length_write(iv + 8, seq);
	job->cipher_mode = IMB_CIPHER_CHACHA20;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_CIPHER_HASH;
	job->hash_alg = IMB_AUTH_NULL;
	job->enc_keys = mb_of(c)->key;
	job->dec_keys = mb_of(c)->key;
	job->key_len_in_bytes = CHACHA_KEY;
	job->iv = iv;
	job->iv_len_in_bytes = sizeof(iv);
	job->src = src;
	job->dst = dst;
	job->cipher_start_src_offset_in_bytes = 0;
	job->msg_len_to_cipher_in_bytes = len;
	return len == 0 ? 0 : mb_submit(mb.manager, job);
}

static int
mb_poly(
    struct cipher_ctx *c, const uint8_t once[32], const uint8_t *data, size_t len, uint8_t tag[CHACHA_TAG])
{
	IMB_JOB *job = IMB_GET_NEXT_JOB(mb.manager);

	(void)c;
	job->cipher_mode = IMB_CIPHER_NULL;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_HASH_CIPHER;
	job->hash_alg = IMB_AUTH_POLY1305;
	job->u.POLY1305._key = once;
	job->src = data;
	job->dst = NULL;
	job->hash_start_src_offset_in_bytes = 0;
	job->msg_len_to_hash_in_bytes = len;
	job->msg_len_to_cipher_in_bytes = 0;
	job->auth_tag_output = tag;
	job->auth_tag_output_len_in_bytes = CHACHA_TAG;
	return mb_submit(mb.manager, job);
}

static const struct chacha_ops mb_ops = { .first = mb_first, .crypt = mb_crypt, .poly = mb_poly };

static int
mb_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	(void)iv;
	(void)mac;
	if (mb.manager == NULL)
		return -1;
	chacha_start(c);
	memcpy(mb_of(c)->key, key, e->key_len);
	return 0;
}

static void
mb_fini(struct cipher_ctx *c)
{
	explicit_bzero(c, sizeof(*c));
}

CHACHA_FUNCTIONS(mb_chacha, mb_ops)

const struct cipher_engine mb_chacha_rows[1] = {
	{ .name = "ipsecmb",
	    ROW_CHACHA(CHACHA20_POLY1305),
	    .init = mb_init,
	    .length = mb_chacha_length,
	    .seal = mb_chacha_seal,
	    .open = mb_chacha_open,
	    .fini = mb_fini },
};
