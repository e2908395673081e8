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
	rc = ctrl_put(c, view_of(&newkeys, 1));
	if (rc != 0)
		return rc;
	keep(&c->pending_in, in, keys->reset_seq, keys->key_in, keys->iv_in, keys->mac_in);
	keep(&c->pending_out, out, keys->reset_seq, keys->key_out, keys->iv_out, keys->mac_out);
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

static void
keys_settle(struct ssh_conn *c)
{
	if (exchanging(c))
		return;
	c->kex_us = 0;
	c->rekey_asked = false;
	c->rekey_wanted = false;
	c->reported &= ~(1ull << SSH_DEADLINE_REKEY);
}

int
keys_in_switch(struct ssh_conn *c)
{
	int rc;

	if (!c->keys_pending)
		return -R_SSH_NEWKEYS;
	rc = switch_to(c, &c->in, &c->pending_in);
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
	int rc = switch_to(c, &c->out, &c->pending_out);

	c->out_pending = false;
	keys_settle(c);
	return rc;
}
