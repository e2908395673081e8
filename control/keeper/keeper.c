#include "control/keeper/keeper.h"

#include <stdlib.h>
#include <string.h>

/* Exchange hashes that any key exchange method makes: SHA-256, -384, -512. */
static bool
hash_len_good(size_t len)
{
	return len == 32 || len == 48 || len == 64;
}

static enum keeper_act
refuse(uint32_t *reason, uint32_t why)
{
	*reason = why;
	return KEEPER_REFUSE;
}

enum keeper_act
keeper_judge(enum keeper_event event, const struct keeper_facts *f, uint32_t *reason)
{
	*reason = 0;
	if (!f->key || !f->conn || !hash_len_good(f->hash_len))
		return refuse(reason, R_KEX_SIGN);
	if (event == KEEPER_REQUEST)
		return KEEPER_ASK;
	if (event != KEEPER_VERDICT || !f->waiting)
		return refuse(reason, R_KEX_SIGN);
	if (f->reason == 0)
		return KEEPER_SIGN_FIRST;
	if (f->reason == R_LINK_STATE)
		return f->first_known ? KEEPER_SIGN_REKEY : refuse(reason, R_KEX_SIGN);
	return refuse(reason, f->reason);
}

int
keeper_init(struct keeper *k, uint32_t conn_max, const struct keeper_ops *ops, void *ctx)
{
	*k = (struct keeper){ .ops = ops, .ctx = ctx };
	k->conn = calloc(conn_max, sizeof *k->conn);
	if (k->conn == NULL || connmap_init(&k->tab, conn_max) != 0) {
		free(k->conn);
		return -1;
	}
	return 0;
}

void
keeper_fini(struct keeper *k)
{
	connmap_fini(&k->tab);
	free(k->conn);
}

static struct keeper_conn *
find(struct keeper *k, uint32_t conn, uint32_t gen)
{
	uint32_t i = connmap_find(&k->tab, conn, gen);

	return i == CONNMAP_NONE ? NULL : &k->conn[i];
}

static struct keeper_conn *
find_or_add(struct keeper *k, uint32_t conn, uint32_t gen)
{
	struct keeper_conn *c = find(k, conn, gen);
	uint32_t i;

	if (c != NULL)
		return c;
	i = connmap_add(&k->tab, conn, gen);
	if (i == CONNMAP_NONE)
		return NULL;
	k->conn[i] = (struct keeper_conn){ 0 };
	return &k->conn[i];
}

static void
drop(struct keeper *k, struct keeper_conn *c)
{
	connmap_remove(&k->tab, (uint32_t)(c - k->conn));
	*c = (struct keeper_conn){ 0 };
}

/* A row is worth its place only while a hash is known or awaited. */
static void
drop_if_idle(struct keeper *k, struct keeper_conn *c)
{
	if (c->first_len == 0 && c->asked_len == 0)
		drop(k, c);
}

static void
set_first(struct keeper_conn *c, struct view hash)
{
	memcpy(c->first, hash.data, hash.len);
	c->first_len = (uint8_t)hash.len;
}

void
keeper_sign(struct keeper *k, uint32_t asker, uint32_t tag, uint32_t conn, uint32_t gen,
    struct view algorithm, struct view shown, struct view hash)
{
	int key = k->ops->key_find(k->ctx, algorithm, shown);
	struct keeper_facts f = { .key = key >= 0, .conn = conn != UINT32_MAX, .hash_len = hash.len };
	struct keeper_conn *c = NULL;
	uint32_t reason;

	if (keeper_judge(KEEPER_REQUEST, &f, &reason) == KEEPER_ASK) {
		c = find_or_add(k, conn, gen);
		if (c == NULL)
			reason = R_LIMIT;
	}
	if (c != NULL) {
		memcpy(c->asked, hash.data, hash.len);
		c->asked_len = (uint8_t)hash.len;
		c->ask_tag = ++k->next_tag;
		c->asker = asker;
		c->asker_tag = tag;
		c->key = key;
		if (k->ops->store(k->ctx, conn, gen, c->ask_tag, hash) == 0)
			return;
		c->asked_len = 0;
		drop_if_idle(k, c);
		reason = R_KEX_SIGN;
	}
	k->ops->answer(k->ctx, asker, tag, conn, gen, reason, -1, view_of(NULL, 0));
}

void
keeper_verdict(struct keeper *k, uint32_t conn, uint32_t gen, uint32_t tag, uint32_t reason)
{
	struct keeper_conn *c = find(k, conn, gen);
	struct keeper_facts f = { .key = true, .conn = true, .reason = reason };
	struct view hash;
	enum keeper_act act;
	uint32_t why;

	if (c == NULL || c->asked_len == 0 || c->ask_tag != tag)
		return;
	hash = view_of(c->asked, c->asked_len);
	f.hash_len = hash.len;
	f.waiting = true;
	f.first_known = c->first_len > 0;
	act = keeper_judge(KEEPER_VERDICT, &f, &why);
	if (act == KEEPER_SIGN_FIRST)
		set_first(c, hash);
	if (act == KEEPER_REFUSE)
		k->ops->answer(k->ctx, c->asker, c->asker_tag, conn, gen, why, -1, view_of(NULL, 0));
	else
		k->ops->answer(k->ctx, c->asker, c->asker_tag, conn, gen, 0, c->key, hash);
	c->asked_len = 0;
	drop_if_idle(k, c);
}

void
keeper_restore(struct keeper *k, uint32_t conn, uint32_t gen, struct view hash)
{
	struct keeper_conn *c;

	if (!hash_len_good(hash.len))
		return;
	c = find_or_add(k, conn, gen);
	if (c != NULL)
		set_first(c, hash);
}

struct view
keeper_session(struct keeper *k, uint32_t conn, uint32_t gen)
{
	const struct keeper_conn *c = find(k, conn, gen);

	return c != NULL ? view_of(c->first, c->first_len) : view_of(NULL, 0);
}

void
keeper_forget(struct keeper *k, uint32_t conn, uint32_t gen)
{
	struct keeper_conn *c = find(k, conn, gen);

	if (c == NULL)
		return;
	if (c->asked_len > 0)
		k->ops->answer(k->ctx, c->asker, c->asker_tag, conn, gen, R_PEER_GONE, -1, view_of(NULL, 0));
	drop(k, c);
}
