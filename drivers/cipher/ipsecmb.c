#include <intel-ipsec-mb.h>
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/gcm.h"
#include "drivers/cipher/library.h"

/*
 * The direct GCM calls: no jobs in flight, nothing kept in the manager but its
 * table of functions, which is the same for every thread and never written
 * after start.
 */
static IMB_MGR *manager;

struct mb_ctx {
	_Alignas(64) struct gcm_key_data key;
	_Alignas(64) struct gcm_context_data work;
	uint8_t iv[GCM_IV];
};

_Static_assert(sizeof(struct mb_ctx) <= CIPHER_CTX_SIZE, "fits the caller's memory");
_Static_assert(_Alignof(struct cipher_ctx) >= 64, "the library's alignment for keys");

static struct mb_ctx *
mb_of(struct cipher_ctx *c)
{
	return (struct mb_ctx *)c->bytes;
}

static int
mb_start(void)
{
	IMB_ARCH arch = IMB_ARCH_NONE;

	manager = alloc_mb_mgr(0);
	if (manager == NULL)
		return -1;
	init_mb_mgr_auto(manager, &arch);
	if (arch == IMB_ARCH_NONE || imb_get_errno(manager) != 0) {
		free_mb_mgr(manager);
		manager = NULL;
		return -1;
	}
	return 0;
}

static int
mb_init(struct cipher_ctx *c, const uint8_t *key, const uint8_t *iv, const uint8_t *mac)
{
	struct mb_ctx *m = mb_of(c);

	(void)mac;
	if (manager == NULL)
		return -1;
	IMB_AES128_GCM_PRE(manager, key, &m->key);
	memcpy(m->iv, iv, GCM_IV);
	return 0;
}

static int
mb_seal(struct cipher_ctx *c, uint32_t seq, uint8_t *dst, const uint8_t *src, uint32_t len)
{
	struct mb_ctx *m = mb_of(c);

	(void)seq;
	memmove(dst, src, GCM_AAD);
	IMB_AES128_GCM_ENC(manager, &m->key, &m->work, dst + GCM_AAD, src + GCM_AAD, len, m->iv, dst, GCM_AAD,
	    dst + GCM_AAD + len, GCM_TAG);
	gcm_advance(m->iv);
	return 0;
}

static int
mb_open(struct cipher_ctx *c, uint32_t seq, uint8_t *buf, uint32_t len)
{
	struct mb_ctx *m = mb_of(c);
	uint8_t *text = buf + GCM_AAD;
	uint8_t tag[GCM_TAG];
	int good;

	(void)seq;
	IMB_AES128_GCM_DEC(manager, &m->key, &m->work, text, text, len, m->iv, buf, GCM_AAD, tag, GCM_TAG);
	good = gcm_tag_equal(tag, text + len);
	if (!good)
		memset(text, 0, len);
	explicit_bzero(tag, sizeof(tag));
	gcm_advance(m->iv);
	return good ? 0 : -1;
}

static void
mb_fini(struct cipher_ctx *c)
{
	explicit_bzero(c, sizeof(*c));
}

static const struct cipher_engine mb_rows[] = {
	{ .name = "ipsecmb", GCM_ROW, .init = mb_init, .seal = mb_seal, .open = mb_open, .fini = mb_fini },
};

const struct cipher_library cipher_library_ipsecmb = {
	.start = mb_start,
	.rows = mb_rows,
	.count = sizeof(mb_rows) / sizeof(mb_rows[0]),
};

/* What the link asks for, see dir.mk. */
const char cipher_wanted_ipsecmb = 1;
