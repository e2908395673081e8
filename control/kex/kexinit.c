/* KEXINIT, RFC 4253 section 7.1: what is offered, written and read. */
#include "control/kex/kex.h"
#include "control/kex/marker.h"
#include "control/kex/namelist.h"
#include "control/kex/names.h"
#include "control/kex/quirks.h"

#define SERVED(WITHOUT) \
	{ .kex = KEX_SERVED, .host_keys = SIGN_NAMES, .ciphers = CIPHER_NAMES, .macs = MAC_NAMES, \
	    .compression = "none", .without_chacha = (WITHOUT) }

const struct kex_offer *
kex_offer_default(bool without_chacha)
{
	static const struct kex_offer whole = SERVED(false), without = SERVED(true);

	return without_chacha ? &without : &whole;
}

static void
put_kex_names(struct put *w, const struct kex_offer *offer, bool server, bool first)
{
	struct view list = view_str(offer->kex), name;
	size_t mark = put_mark(w);
	bool any = false;

	while (namelist_next(&list, &name)) {
		if (quirks_withhold(offer->quirks, name))
			continue;
		put_bytes(w, ",", any);
		put_bytes(w, name.data, name.len);
		any = true;
	}
	if (first) {
		const char *ext_info = server ? MARKER_EXT_INFO_S : MARKER_EXT_INFO_C;
		const char *strict = server ? "," MARKER_STRICT_S : "," MARKER_STRICT_C;

		put_bytes(w, ",", any);
		put_bytes(w, ext_info, strlen(ext_info));
		put_bytes(w, strict, strlen(strict));
	}
	put_fill(w, mark);
}

static void
put_ciphers(struct put *w, const struct kex_offer *offer)
{
	struct view list = view_str(offer->ciphers), name;
	size_t mark = put_mark(w);
	bool any = false;

	while (namelist_next(&list, &name)) {
		if (offer->without_chacha && view_is(name, CIPHER_NEEDS_STRICT))
			continue;
		put_bytes(w, ",", any);
		put_bytes(w, name.data, name.len);
		any = true;
	}
	put_fill(w, mark);
}

void
kexinit_build(struct put *w, const struct kex_offer *offer, bool server, bool first, const uint8_t cookie[16])
{
	put_u8(w, SSH_MSG_KEXINIT);
	put_bytes(w, cookie, 16);
	put_kex_names(w, offer, server, first);
	put_cstr(w, offer->host_keys);
	put_ciphers(w, offer);
	put_ciphers(w, offer);
	put_cstr(w, offer->macs);
	put_cstr(w, offer->macs);
	put_cstr(w, offer->compression);
	put_cstr(w, offer->compression);
	put_cstr(w, ""); /* languages */
	put_cstr(w, "");
	put_bool(w, false);
	put_u32(w, 0);
}

int
kexinit_parse(struct kexinit *k, struct view payload, bool from_client)
{
	struct cur c = cur_view(payload);
	bool valid = payload.len <= KEXINIT_MAX;

	memset(k, 0, sizeof(*k));
	if (cur_u8(&c) != SSH_MSG_KEXINIT && !c.bad)
		return -R_KEX_STATE;
	k->cookie = cur_take(&c, 16);
	for (unsigned i = 0; i < sizeof(k->lists) / sizeof(k->lists[0]) && valid; i++) {
		k->lists[i] = cur_string(&c);
		valid = k->lists[i].len <= KEX_NAMELIST_MAX && namelist_valid(k->lists[i]);
	}
	k->follows = cur_bool(&c);
	cur_u32(&c); /* reserved for future extension */
	if (!valid)
		return -R_KEX_NAMELIST;
	if (!cur_done(&c))
		return -R_SHORT;
	k->ext_info = namelist_has(k->lists[0], from_client ? MARKER_EXT_INFO_C : MARKER_EXT_INFO_S);
	k->strict = namelist_has(k->lists[0], from_client ? MARKER_STRICT_C : MARKER_STRICT_S);
	return 0;
}
