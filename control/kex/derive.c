/* Keys from the shared secret, RFC 4253 section 7.2. */
#include "control/kex/kex.h"
#include "control/kex/method.h"

#define LONGEST 64u

struct lengths {
	size_t key, iv, mac;
};

static const struct lengths suites[SUITE_COUNT] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) [number] = { key, iv, mac },
	SUITE_LIST(SUITE)
#undef SUITE
};

/* The letters of section 7.2, by direction. */
struct letters {
	char iv, key, mac;
};

static const struct letters client_to_server = { 'A', 'C', 'E' };
static const struct letters server_to_client = { 'B', 'D', 'F' };

/* K1 = HASH(K || H || X || session_id); K2 = HASH(K || H || K1), and so on. */
static int
expand(uint8_t *out, size_t len, enum pk_hash hash, const struct kex_secret *s, char letter,
    struct view session_id)
{
	uint8_t made[LONGEST + PK_HASH_MAX];
	size_t have = 0;
	int r = 0;

	while (have < len && r == 0) {
		const struct pk_part parts[] = {
			{ s->k, s->k_len },
			{ s->h, s->h_len },
			{ have == 0 ? (const void *)&letter : made, have == 0 ? 1 : have },
			{ session_id.data, have == 0 ? session_id.len : 0 },
		};

		if (pk_hash_parts(hash, made + have, parts, sizeof(parts) / sizeof(parts[0])) != 0)
			r = -R_INTERNAL;
		have += pk_hash_size(hash);
	}
	if (r == 0 && len > 0)
		memcpy(out, made, len);
	pk_wipe(made, sizeof(made));
	return r;
}

static __attribute__((noinline)) int
derive(struct kex_keys *k, const struct lengths *len, const struct letters *letter, enum pk_hash hash,
    const struct kex_secret *s, struct view session_id)
{
	if (expand(k->iv, len->iv, hash, s, letter->iv, session_id) != 0 ||
	    expand(k->key, len->key, hash, s, letter->key, session_id) != 0 ||
	    expand(k->mac, len->mac, hash, s, letter->mac, session_id) != 0)
		return -R_INTERNAL;
	return 0;
}

int
kex_derive(struct kex_keys *k, const struct kex_choice *choice, const struct kex_secret *s,
    struct view session_id, bool c2s)
{
	const struct kex_method *m = kex_method_find(choice->kex);
	int r;

	memset(k, 0, sizeof(*k));
	k->suite = c2s ? choice->suite_c2s : choice->suite_s2c;
	if (m == NULL || k->suite == SUITE_NONE || k->suite >= SUITE_COUNT)
		return -R_INTERNAL;
	r = derive(k, &suites[k->suite], c2s ? &client_to_server : &server_to_client, m->hash, s, session_id);
	pk_wipe_stack();
	if (r != 0)
		kex_keys_wipe(k);
	return r;
}
