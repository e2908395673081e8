#include "drivers/cipher/umac.h"

#include <nettle/umac.h>
#include <stdlib.h>
#include <string.h>

struct umac {
	size_t tag_len;
	union {
		struct umac64_ctx small;
		struct umac128_ctx large;
	};
};

struct umac *
umac_new(const uint8_t *key, size_t tag_len)
{
	struct umac *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->tag_len = tag_len;
	if (tag_len == UMAC_SHORT)
		umac64_set_key(&u->small, key);
	else
		umac128_set_key(&u->large, key);
	return u;
}

void
umac_tag(struct umac *u, uint32_t seq, const uint8_t *data, size_t len, uint8_t *tag)
{
	const uint8_t nonce[UMAC_NONCE] = { 0, 0, 0, 0, (uint8_t)(seq >> 24), (uint8_t)(seq >> 16),
		(uint8_t)(seq >> 8), (uint8_t)seq };

	if (u->tag_len == UMAC_SHORT) {
		umac64_set_nonce(&u->small, sizeof(nonce), nonce);
		umac64_update(&u->small, len, data);
		umac64_digest(&u->small, UMAC_SHORT, tag);
	} else {
		umac128_set_nonce(&u->large, sizeof(nonce), nonce);
		umac128_update(&u->large, len, data);
		umac128_digest(&u->large, UMAC_LONG, tag);
	}
}

void
umac_free(struct umac *u)
{
	if (u == NULL)
		return;
	explicit_bzero(u, sizeof(*u));
	free(u);
}
