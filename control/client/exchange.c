/* The client's side of a key exchange, first or later: the order of its messages. The
 * mathematics is control/kex. */
#include "control/client/caller.h"
#include "control/kex/keyslot.h"

int
caller_kexinit(struct caller *c, struct step *s)
{
	struct put w = put_of(c->kexinit_ours, sizeof(c->kexinit_ours));
	uint8_t cookie[16];

	rng_fill(c->env->rng, cookie, sizeof(cookie));
	kexinit_build(&w, c->offer, false, c->state == CALLER_FIRST, cookie);
	if (w.bad)
		return -R_LIMIT;
	c->kexinit_ours_len = (uint32_t)put_len(&w);
	step_record(s, put_view(&w));
	step_hold(s);
	c->exchange = CALLER_EX_OURS;
	return 0;
}

int
caller_rekey(struct caller *c, struct step *s)
{
	if (c->state != CALLER_OPEN || c->exchange != CALLER_EX_NONE)
		return -R_LINK_STATE;
	step_begin(s, c->conn, c->gen);
	return caller_kexinit(c, s);
}

static struct kex_context
context(const struct caller *c)
{
	return (struct kex_context){
		.ident_client = view_str(c->env->ident),
		.ident_server = view_str(c->ident_server),
		.kexinit_client = view_of(c->kexinit_ours, c->kexinit_ours_len),
		.kexinit_server = view_of(c->kexinit_server, c->kexinit_server_len),
	};
}

/* Markers count in the first KEXINIT of a connection only; where both sides have
 * strict key exchange it is the first packet. */
static int
markers(struct caller *c, const struct kexinit *ours, const struct kexinit *server, uint32_t seq)
{
	if (c->state != CALLER_FIRST)
		return 0;
	c->strict = ours->strict && server->strict;
	c->ext_info = server->ext_info;
	return c->strict && seq != 0 ? -R_KEX_STRICT : 0;
}

static int
share(struct caller *c, struct step *s)
{
	uint8_t init[5 + KEX_SHARE_MAX];
	struct put w = put_of(init, sizeof(init));
	int r = kex_client_init(&c->share, &c->choice, &w);

	if (r == 0)
		step_record(s, put_view(&w));
	c->exchange = CALLER_EX_INIT;
	return r != 0 ? r : w.bad ? -R_LIMIT : 0;
}

int
caller_on_kexinit(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	struct kexinit ours, server;
	int r;

	if (c->exchange != CALLER_EX_NONE && c->exchange != CALLER_EX_OURS)
		return -R_KEX_TWICE;
	if (payload.len > sizeof(c->kexinit_server))
		return -R_KEX_NAMELIST;
	if (c->exchange == CALLER_EX_NONE && (r = caller_kexinit(c, s)) != 0)
		return r;
	memcpy(c->kexinit_server, payload.data, payload.len);
	c->kexinit_server_len = (uint32_t)payload.len;
	if ((r = kexinit_parse(&server, payload, false)) != 0)
		return r;
	if (kexinit_parse(&ours, view_of(c->kexinit_ours, c->kexinit_ours_len), true) != 0)
		return -R_INTERNAL;
	if ((r = markers(c, &ours, &server, seq)) != 0)
		return r;
	/* In every method the client speaks first: there is nothing that a server could
	 * send as its guess (RFC 4253 section 7). */
	if (server.follows)
		return -R_KEX_STATE;
	if ((r = kex_negotiate(&c->choice, &ours, &server)) != 0)
		return r;
	return share(c, s);
}

/* ---- the group, and the reply ---- */

/* RFC 4419 section 3: message 31, answered with 32. */
static int
group(struct caller *c, struct view payload, struct step *s)
{
	uint8_t init[5 + KEX_SHARE_MAX];
	struct put w = put_of(init, sizeof(init));
	int r = kex_client_group(&c->share, &c->choice, payload, &w);

	if (r == 0)
		step_record(s, put_view(&w));
	return r != 0 ? r : w.bad ? -R_LIMIT : 0;
}

/* RFC 8308 section 2.4: right behind our first NEWKEYS, to a server that takes it. */
static void
ext_info(struct step *s)
{
	uint8_t payload[64];
	struct put w = put_of(payload, sizeof(payload));

	kex_ext_info_client(&w);
	step_record(s, put_view(&w));
}

/* Keys of both directions into a slot, and our NEWKEYS. */
static int
newkeys(struct caller *c, struct step *s)
{
	struct link_slot keys;
	int slot = -1;
	int r;

	r = kex_keyslot(&keys, &c->choice, &c->secret, view_of(c->session_id, c->session_id_len), false);
	keys.conn = c->conn;
	keys.gen = c->gen;
	keys.strict = c->strict;
	if (r == 0)
		slot = c->env->slot(c->env->ctx, &keys);
	explicit_bzero(&keys, sizeof(keys));
	kex_secret_wipe(&c->secret);
	if (r != 0 || slot < 0)
		return r != 0 ? r : -R_LINK_SLOT;
	step_newkeys(s, (uint32_t)slot);
	if (c->state == CALLER_FIRST && c->ext_info)
		ext_info(s);
	c->exchange = CALLER_EX_DONE;
	return 0;
}

int
caller_on_method(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	const struct kex_context ctx = context(c);
	struct view key;
	int r;

	(void)seq;
	if (c->exchange != CALLER_EX_INIT)
		return -R_KEX_STATE;
	if (kex_client_waits_group(&c->share))
		return group(c, payload, s);
	r = kex_client_finish(&c->secret, &c->share, &c->choice, &ctx, payload, &key);
	if (r != 0)
		return r;
	if (key.len > sizeof(c->host_key))
		return -R_LIMIT;
	if (c->session_id_len == 0) {
		memcpy(c->session_id, c->secret.h, c->secret.h_len);
		c->session_id_len = c->secret.h_len;
	}
	if (c->trusted && view_eq(key, view_of(c->host_key, c->host_key_len)))
		return newkeys(c, s);
	memcpy(c->host_key, key.data, key.len);
	c->host_key_len = (uint32_t)key.len;
	c->trusted = false;
	c->exchange = CALLER_EX_TRUST;
	c->wants = CALLER_WANTS_TRUST;
	return 0;
}

int
caller_trust(struct caller *c, bool yes, struct step *s)
{
	int r;

	if (!caller_asked(c, CALLER_WANTS_TRUST, s))
		return -R_LINK_STATE;
	c->wants = CALLER_WANTS_NOTHING;
	c->trusted = yes;
	r = yes ? newkeys(c, s) : -R_KEX_UNTRUSTED;
	if (r != 0)
		caller_end(c, r, "", s);
	return r;
}

/* The server's NEWKEYS took effect; ours had left before. */
int
caller_on_newkeys(struct caller *c, struct step *s)
{
	struct caller_event e = { .told = CALLER_TOLD_KEYED };

	if (c->exchange != CALLER_EX_DONE)
		return -R_KEX_STATE;
	c->exchange = CALLER_EX_NONE;
	e.code = ++c->exchanges;
	caller_tell(c, &e);
	if (c->state == CALLER_FIRST)
		caller_login_begin(c, s);
	return 0;
}
