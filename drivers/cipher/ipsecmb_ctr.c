#include <string.h>

#include "drivers/cipher/ctr.h"
#include "drivers/cipher/ipsecmb.h"
#include "drivers/cipher/rows.h"

#define HASH_256 32u
#define HASH_512 64u
#define BLOCK_256 64u
#define BLOCK_512 128u

struct mb_ctr {
	struct ctr_head head;
	_Alignas(16) uint8_t round[15 * 16];
	uint32_t key_len;
	/* HMAC: states after the padded key for SHA-256, padded keys for SHA-512. */
	_Alignas(16) uint8_t inner[BLOCK_512];
	uint8_t outer[BLOCK_512];
	struct umac *umac;
};

_Static_assert(sizeof(struct mb_ctr) <= CIPHER_CTX_SIZE, "fits the caller's memory");

static struct mb_ctr *
mb_of(struct cipher_ctx *c)
{
	return (struct mb_ctr *)(void *)c->bytes;
}

/* ---- counter mode ---- */

static int
mb_piece(
    const struct mb_ctr *m, const uint8_t counter[CTR_BLOCK], uint8_t *dst, const uint8_t *src, size_t len)
{
	IMB_JOB *job = IMB_GET_NEXT_JOB(mb.manager);

	job->cipher_mode = IMB_CIPHER_CNTR;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_CIPHER_HASH;
	job->hash_alg = IMB_AUTH_NULL;
	job->enc_keys = m->round;
	job->dec_keys = m->round;
	job->key_len_in_bytes = m->key_len;
	job->iv = counter;
	job->iv_len_in_bytes = CTR_BLOCK;
	job->src = src;
	job->dst = dst;
	job->cipher_start_src_offset_in_bytes = 0;
	job->msg_len_to_cipher_in_bytes = len;
	return mb_submit(mb.manager, job);
}

/* The library counts in the low word alone (as IPsec does): a job ends where it
 * wraps, and the carry is ours. */
static int
mb_crypt(struct cipher_ctx *c, const uint8_t counter[CTR_BLOCK], uint8_t *dst, const uint8_t *src, size_t len)
{
	const struct mb_ctr *m = mb_of(c);
	uint64_t left = ((1ull << 32) - ctr_low(counter)) * CTR_BLOCK;
	uint8_t next[CTR_BLOCK];

	if (len <= left)
		return len == 0 ? 0 : mb_piece(m, counter, dst, src, len);
	memcpy(next, counter, sizeof(next));
	ctr_add(next, left / CTR_BLOCK);
	if (mb_piece(m, counter, dst, src, left) != 0)
		return -1;
	return mb_piece(m, next, dst + left, src + left, len - left);
}

/* ---- HMAC ---- */

/* What is hashed stands in one piece: a copy costs less than 1/20 of the hash. It
 * may be plaintext, and goes when the tag is made. */
static uint8_t *
stage(uint32_t seq, const uint8_t *data, size_t len)
{
	uint8_t *at = mb.stage + MB_STAGE_HEAD - 4;

	length_write(at, seq);
	memcpy(at + 4, data, len);
	return at;
}

static int
mb_mac256(struct cipher_ctx *c, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag)
{
	struct mb_ctr *m = mb_of(c);
	IMB_JOB *job = IMB_GET_NEXT_JOB(mb.hasher);
	uint8_t *text = stage(seq, data, len);
	int r;

	job->cipher_mode = IMB_CIPHER_NULL;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_HASH_CIPHER;
	job->hash_alg = IMB_AUTH_HMAC_SHA_256;
	job->u.HMAC._hashed_auth_key_xor_ipad = m->inner;
	job->u.HMAC._hashed_auth_key_xor_opad = m->outer;
	job->src = text;
	job->dst = NULL;
	job->hash_start_src_offset_in_bytes = 0;
	job->msg_len_to_hash_in_bytes = 4 + len;
	job->msg_len_to_cipher_in_bytes = 0;
	job->auth_tag_output = tag;
	job->auth_tag_output_len_in_bytes = HASH_256;
	r = mb_submit(mb.hasher, job);
	explicit_bzero(text, 4 + len);
	return r;
}

/* Two direct hashes: a single job of the library takes half as long again. */
static int
mb_mac512(struct cipher_ctx *c, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag)
{
	struct mb_ctr *m = mb_of(c);
	uint8_t *text = stage(seq, data, len) - BLOCK_512;
	uint8_t outer[BLOCK_512 + HASH_512];

	memcpy(text, m->inner, BLOCK_512);
	IMB_SHA512(mb.manager, text, BLOCK_512 + 4 + len, outer + BLOCK_512);
	memcpy(outer, m->outer, BLOCK_512);
	IMB_SHA512(mb.manager, outer, sizeof(outer), tag);
	explicit_bzero(text, BLOCK_512 + 4 + len);
	explicit_bzero(outer, sizeof(outer));
	return 0;
}

_Static_assert(MB_STAGE_HEAD >= BLOCK_512 + 4, "room in front of the record");

static void
hmac_keys(struct mb_ctr *m, const uint8_t *mac, size_t len, size_t block)
{
	memset(m->inner, 0x36, block);
	memset(m->outer, 0x5c, block);
	for (size_t i = 0; i < len; i++) {
		m->inner[i] ^= mac[i];
		m->outer[i] ^= mac[i];
	}
}

/* ---- the rows ---- */

static int
mb_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv)
{
	struct mb_ctr *m = mb_of(c);
	_Alignas(16) uint8_t decrypt[15 * 16];

	if (mb.manager == NULL)
		return -1;
	ctr_start(c, iv, e->tag_len);
	m->key_len = e->key_len;
	if (e->key_len == IMB_KEY_128_BYTES)
		IMB_AES_KEYEXP_128(mb.manager, key, m->round, decrypt);
	else if (e->key_len == IMB_KEY_192_BYTES)
		IMB_AES_KEYEXP_192(mb.manager, key, m->round, decrypt);
	else
		IMB_AES_KEYEXP_256(mb.manager, key, m->round, decrypt);
	explicit_bzero(decrypt, sizeof(decrypt));
	return 0;
}

static int
mb_init256(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	struct mb_ctr *m = mb_of(c);
	uint8_t padded[BLOCK_256];

	if (mb_init(e, c, key, iv) != 0)
		return -1;
	hmac_keys(m, mac, e->mac_len, BLOCK_256);
	memcpy(padded, m->inner, BLOCK_256);
	IMB_SHA256_ONE_BLOCK(mb.manager, padded, m->inner);
	memcpy(padded, m->outer, BLOCK_256);
	IMB_SHA256_ONE_BLOCK(mb.manager, padded, m->outer);
	explicit_bzero(padded, sizeof(padded));
	return 0;
}

static int
mb_init512(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	if (mb_init(e, c, key, iv) != 0)
		return -1;
	hmac_keys(mb_of(c), mac, e->mac_len, BLOCK_512);
	return 0;
}

static void
mb_fini(struct cipher_ctx *c)
{
	explicit_bzero(c, sizeof(*c));
}

/* ---- UMAC, which the library lacks ---- */

static int
mb_umac_init(const struct cipher_engine *e, struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *mac)
{
	if (mb_init(e, c, key, iv) != 0)
		return -1;
	mb_of(c)->umac = umac_new(mac, e->tag_len);
	if (mb_of(c)->umac != NULL)
		return 0;
	mb_fini(c);
	return -1;
}

static int
mb_umac_tag(struct cipher_ctx *c, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag)
{
	umac_tag(mb_of(c)->umac, seq, data, len, tag);
	return 0;
}

static void
mb_umac_fini(struct cipher_ctx *c)
{
	umac_free(mb_of(c)->umac);
	mb_fini(c);
}

static const struct ctr_ops ops256 = { .crypt = mb_crypt, .mac = mb_mac256 };
static const struct ctr_ops ops512 = { .crypt = mb_crypt, .mac = mb_mac512 };

CTR_FUNCTIONS(sha256, ops256)
CTR_FUNCTIONS(sha512, ops512)

static const struct ctr_ops umac_ops = { .crypt = mb_crypt, .mac = mb_umac_tag };

CTR_FUNCTIONS(umac, umac_ops)

CTR_ROWS(mb_ctr_rows, "ipsecmb", mb_init256, sha256, mb_init512, sha512, mb_fini);
UMAC_ROWS(mb_umac_rows, "ipsecmb", mb_umac_init, umac, mb_umac_fini);
