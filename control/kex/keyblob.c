/* Public keys and signatures of ssh-ed25519, RFC 8709 sections 4 and 6. */
#include "control/kex/kex.h"

#define ED25519 "ssh-ed25519"

static void
put_blob(struct put *w, const uint8_t *data, size_t len)
{
	put_cstr(w, ED25519);
	put_string(w, data, len);
}

static int
take_blob(struct view blob, uint8_t *data, size_t len)
{
	struct cur c = cur_view(blob);
	struct view name = cur_string(&c);
	struct view value = cur_string(&c);

	if (!cur_done(&c) || !view_is(name, ED25519) || value.len != len)
		return -R_SHORT;
	memcpy(data, value.data, len);
	return 0;
}

void
kex_ed25519_blob(struct put *w, const uint8_t pub[32])
{
	put_blob(w, pub, 32);
}

int
kex_ed25519_parse(struct view blob, uint8_t pub[32])
{
	return take_blob(blob, pub, 32);
}

void
kex_ed25519_sig_blob(struct put *w, const uint8_t sig[64])
{
	put_blob(w, sig, 64);
}

int
kex_ed25519_sig_parse(struct view blob, uint8_t sig[64])
{
	return take_blob(blob, sig, 64);
}
