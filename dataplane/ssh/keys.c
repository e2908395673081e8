#include "dataplane/ssh/inner.h"

/* One direction's material into the connection's own memory. */
static void
keep(struct ssh_key_copy *to, const struct cipher_engine *e, bool reset, const uint8_t *key,
    const uint8_t *iv, const uint8_t *mac)
{
	to->suite = e->suite;
	to->reset_seq = reset;
	memcpy(to->key, key, e->key_len);
	memcpy(to->iv, iv, e->iv_len);
	if (e->mac_len > 0)
		memcpy(to->mac, mac, e->mac_len);
}

static bool
fits(const struct cipher_engine *e, const uint8_t *mac)
{
	const struct ssh_key_copy *k = NULL;

	return e != NULL && e->key_len <= sizeof(k->key) && e->iv_len <= sizeof(k->iv) &&
	    e->mac_len <= sizeof(k->mac) && e->tag_len <= RECORD_TAG_MAX &&
	    (e->mac_len == 0 || mac != NULL);
}

int
ssh_do_newkeys(struct ssh_conn *c, const struct ssh_new_keys *keys, uint64_t now)
{
	static const uint8_t newkeys = SSH_MSG_NEWKEYS;
	const struct cipher_engine *in = c->env->engine(keys->suite_in);
	const struct cipher_engine *out = c->env->engine(keys->suite_out);
	int rc;

	c->last_msg = 0;
	if (!c->hold || !c->kex_in || c->keys_pending || c->out_pending)
		return -R_LINK_STATE;
	if (!fits(in, keys->mac_in) || !fits(out, keys->mac_out))
		return -R_LINK_SLOT;
	if ((keys->zip_in || keys->zip_out) && c->zip.place == ZIP_PLACE_NONE)
		return -R_LINK_SLOT;
	rc = ctrl_put(c, view_of(&newkeys, 1));
	if (rc != 0)
		return rc;
	keep(&c->pending_in, in, keys->reset_seq, keys->key_in, keys->iv_in, keys->mac_in);
	keep(&c->pending_out, out, keys->reset_seq, keys->key_out, keys->iv_out, keys->mac_out);
	c->pending_in.zip = keys->zip_in;
	c->pending_out.zip = keys->zip_out;
	c->strict = keys->reset_seq;
	c->keys_pending = true;
	c->out_pending = true;
	/* What is queued from here on stands behind message 21 in ctrl. */
	c->hold = false;
	c->answer_awaited = false;
	c->keyed_us = now;
	return 0;
}

static int
switch_to(struct ssh_conn *c, struct record_dir *d, struct ssh_key_copy *k)
{
	int rc = record_dir_keys(d, c->env->engine(k->suite), k->key, k->iv, k->mac, k->reset_seq);

	explicit_bzero(k, sizeof(*k));
	return rc;
}

/*
 * Compression goes with the keys: a new exchange agrees on it anew, and a stream never
 * goes on behind NEWKEYS (RFC 4253 section 6.2). Before the login it waits for message 52.
 */
static int
zip_in_switch(struct ssh_conn *c, bool agreed)
{
	struct zip_pool *p = c->env->zip;

	if (p == NULL)
		return 0;
	if (!agreed || c->phase != SSH_PHASE_OPEN)
		zip_stop_in(p, &c->zip);
	c->zip.in.agreed = agreed;
	return agreed && c->phase == SSH_PHASE_OPEN ? zip_begin_in(p, &c->zip) : 0;
}

static void
zip_out_switch(struct ssh_conn *c, bool agreed)
{
	struct zip_pool *p = c->env->zip;

	if (p == NULL)
		return;
	zip_stop_out(p, &c->zip);
	c->zip.out.agreed = agreed;
	if (agreed && c->phase == SSH_PHASE_OPEN)
		zip_begin_out(p, &c->zip);
}

/*
 * What a client has sent before it saw our message 52 is not compressed, and nothing
 * says where that ends. But a stream begins like no message that may come before the
 * login. A server's first compressed record is the one right behind 52.
 */
int
zip_login_in(struct ssh_conn *c)
{
	if (c->env->zip == NULL)
		return 0;
	zip_login(c->env->zip, &c->zip);
	if (!c->zip.in.agreed)
		return 0;
	if (c->role == SSH_CLIENT)
		return zip_begin_in(c->env->zip, &c->zip);
	c->zip.in.awaited = true;
	return 0;
}

void
zip_login_out(struct ssh_conn *c)
{
	if (c->zip.out.agreed)
		zip_begin_out(c->env->zip, &c->zip);
}

static void
keys_settle(struct ssh_conn *c)
{
	if (exchanging(c))
		return;
	c->kex_us = 0;
	if (c->env->zip != NULL && !c->zip.in.agreed && !c->zip.out.agreed)
		zip_leave(c->env->zip, &c->zip);
	c->rekey_asked = false;
	c->rekey_wanted = false;
	c->reported &= ~(1ull << SSH_DEADLINE_REKEY);
}

int
keys_in_switch(struct ssh_conn *c)
{
	bool zip = c->pending_in.zip;
	int rc;

	if (!c->keys_pending)
		return -R_SSH_NEWKEYS;
	rc = switch_to(c, &c->in, &c->pending_in);
	if (rc == 0)
		rc = zip_in_switch(c, zip);
	c->keys_pending = false;
	c->kex_in = false;
	if (rc != 0)
		return rc;
	if (c->phase == SSH_PHASE_KEX) {
		c->phase = SSH_PHASE_SERVICE;
		c->first_done = true;
	}
	keys_settle(c);
	return 0;
}

int
keys_out_switch(struct ssh_conn *c)
{
	bool zip = c->pending_out.zip;
	int rc = switch_to(c, &c->out, &c->pending_out);

	zip_out_switch(c, zip);
	c->out_pending = false;
	keys_settle(c);
	return rc;
}
