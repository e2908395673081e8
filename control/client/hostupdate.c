#include "control/client/hostupdate.h"

#include "control/client/knownhosts.h"
#include "control/kex/namelist.h"
#include "control/kex/sign.h"

/* The name, the session id, the key: draft-miller-sshm-hostkey-update section 3.2. */
#define SIGNED_MAX (sizeof(HOSTUPDATE_PROVE) + 3 * 4 + SSH_HASH_MAX + SIGN_KEY_MAX)

static bool
twice(const struct hostupdate *u, struct view blob)
{
	for (uint32_t i = 0; i < u->count; i++)
		if (view_eq(u->key[i].blob, blob))
			return true;
	return false;
}

int
hostupdate_take(struct hostupdate *u, struct view data)
{
	struct cur c;

	u->count = 0;
	if (data.len > sizeof(u->bytes))
		return -R_LIMIT;
	if (data.len > 0)
		memcpy(u->bytes, data.data, data.len);
	c = cur_of(u->bytes, data.len);
	while (cur_left(&c) > 0) {
		struct view blob = cur_string(&c);
		int r = c.bad || blob.len == 0 ? -R_SHORT : twice(u, blob) ? -R_PROTOCOL : 0;

		if (r == 0 && u->count == HOSTUPDATE_KEYS_MAX)
			r = -R_LIMIT;
		if (r != 0) {
			u->count = 0;
			return r;
		}
		u->key[u->count].state = HOSTUPDATE_UNUSED;
		u->key[u->count++].blob = blob;
	}
	return 0;
}

/* Does an algorithm of ours sign with this key? None with certificates. */
static bool
usable(const char *names, struct view blob, unsigned rsa_bits_min)
{
	struct view list = view_str(names), one;

	if (blob.len > SIGN_KEY_MAX)
		return false;
	while (namelist_next(&list, &one)) {
		const struct sign_algorithm *a = sign_find(one);

		if (a != NULL && sign_key_fits(a, blob, rsa_bits_min))
			return true;
	}
	return false;
}

uint32_t
hostupdate_ask(struct hostupdate *u, struct put *w, struct view known_hosts, const char *host, uint16_t port,
    const char *names, unsigned rsa_bits_min)
{
	uint32_t asked = 0;

	u->names = names;
	for (uint32_t i = 0; i < u->count; i++) {
		struct knownhosts_found f;

		u->key[i].state = HOSTUPDATE_UNUSED;
		if (!usable(names, u->key[i].blob, rsa_bits_min))
			continue;
		knownhosts_find(&f, known_hosts, host, port, u->key[i].blob, 0);
		if (f.verdict == KNOWNHOSTS_KNOWN || f.verdict == KNOWNHOSTS_REVOKED)
			continue;
		put_sview(w, u->key[i].blob);
		u->key[i].state = HOSTUPDATE_ASKED;
		asked++;
	}
	return asked;
}

/* By the algorithm that the signature names: of RSA there are two. */
static int
verify(const char *names, struct view blob, struct view signature, struct view session_id)
{
	struct cur c = cur_view(signature);
	struct view name = cur_string(&c);
	const struct sign_algorithm *a = namelist_has_view(view_str(names), name) ? sign_find(name) : NULL;
	uint8_t data[SIGNED_MAX];
	struct put w = put_of(data, sizeof(data));

	put_cstr(&w, HOSTUPDATE_PROVE);
	put_sview(&w, session_id);
	put_sview(&w, blob);
	if (c.bad || w.bad)
		return -R_SHORT;
	return a != NULL ? sign_verify(a, blob, signature, put_view(&w)) : -R_KEX_VERIFY;
}

static int
verify_all(const struct hostupdate *u, struct view session_id, struct view data)
{
	struct cur c = cur_view(data);
	int r = 0;

	for (uint32_t i = 0; i < u->count && r == 0; i++)
		if (u->key[i].state == HOSTUPDATE_ASKED)
			r = verify(u->names, u->key[i].blob, cur_string(&c), session_id);
	return r == 0 && !cur_done(&c) ? -R_SHORT : r;
}

int
hostupdate_proved(struct hostupdate *u, struct view session_id, struct view data)
{
	int r = verify_all(u, session_id, data);

	for (uint32_t i = 0; i < u->count; i++)
		if (u->key[i].state == HOSTUPDATE_ASKED)
			u->key[i].state = r == 0 ? HOSTUPDATE_PROVED : HOSTUPDATE_UNUSED;
	return r;
}

struct view
hostupdate_new(const struct hostupdate *u, uint32_t i)
{
	for (uint32_t k = 0; k < u->count; k++)
		if (u->key[k].state == HOSTUPDATE_PROVED && i-- == 0)
			return u->key[k].blob;
	return view_of(NULL, 0);
}
