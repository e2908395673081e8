#include "control/kex/keyslot.h"

#include "control/kex/names.h"

struct suite_size {
	uint16_t key, iv, mac;
};

static const struct suite_size suite_sizes[SUITE_COUNT] = {
#define SUITE(NAME, number, cipher, keysize, ivsize, macsize, macname) \
	[number] = { (keysize), (ivsize), (macsize) },
	SUITE_LIST(SUITE)
#undef SUITE
};

static int
direction(struct link_keys *to, const struct kex_choice *choice, const struct kex_secret *s,
    struct view session_id, bool c2s)
{
	struct kex_keys k;
	int r = kex_derive(&k, choice, s, session_id, c2s);

	if (r == 0 && k.suite >= SUITE_COUNT)
		r = -R_INTERNAL;
	if (r == 0) {
		const struct suite_size *size = &suite_sizes[k.suite];

		to->suite = k.suite;
		to->key_len = size->key;
		to->iv_len = size->iv;
		to->mac_len = size->mac;
		memcpy(to->key, k.key, size->key);
		memcpy(to->iv, k.iv, size->iv);
		memcpy(to->mac, k.mac, size->mac);
	}
	kex_keys_wipe(&k);
	return r;
}

static uint8_t
zip_of(const char *name)
{
	return strcmp(name, ZIP_DELAYED) == 0 ? LINK_ZIP_DELAYED : LINK_ZIP_NONE;
}

int
kex_keyslot(struct link_slot *to, const struct kex_choice *choice, const struct kex_secret *s,
    struct view session_id, bool server)
{
	int r;

	memset(to, 0, sizeof(*to));
	to->zip_in = zip_of(server ? choice->comp_c2s : choice->comp_s2c);
	to->zip_out = zip_of(server ? choice->comp_s2c : choice->comp_c2s);
	r = direction(&to->in, choice, s, session_id, server);
	return r != 0 ? r : direction(&to->out, choice, s, session_id, !server);
}
