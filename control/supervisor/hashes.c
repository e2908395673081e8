/*
 * Keeper's first hash, the session id: stored by the dataplane before keeper
 * signs, told to warden before the client can log in with it.
 *
 * Keeper may ask again for the same connection while the first exchange runs
 * (its gate was restarted). One request is with the dataplane at a time; of those
 * that wait, the last one counts and the others are refused.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/wire/reason.h"
#include "control/supervisor/supervisor.h"

struct hash_ask {
	uint8_t hash[SUP_HASH_MAX];
	uint8_t len;
	uint32_t tag;
	struct hash_ask *next; /* the one that waits */
};

static void
answer(struct sup *s, uint32_t conn, uint32_t gen, uint32_t tag, uint32_t reason)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_FIRST_HASH_OK, .conn = conn, .gen = gen, .tag = tag };

	put_u32(&w, reason);
	m.body = put_view(&w);
	if (proc_up(&s->keeper.proc))
		proc_send(&s->keeper.proc, &m);
}

static void
tell(struct sup *s, struct conn *c, void *ctx)
{
	struct proc *p = ctx;
	uint8_t body[4 + SUP_HASH_MAX];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CONN_HASH, .conn = c->conn, .gen = c->gen };

	(void)s;
	if (c->hash_len == 0 || !proc_up(p))
		return;
	put_string(&w, c->hash, c->hash_len);
	m.body = put_view(&w);
	proc_send(p, &m);
}

void
hashes_tell(struct sup *s, struct proc *p)
{
	conns_each(s, tell, p);
}

static void
store(struct sup *s, const struct conn *c)
{
	if (attach_on(s))
		attach_send(
		    s, ATTACH_FIRST_HASH, c->conn, c->gen, view_of(c->hash_ask->hash, c->hash_ask->len));
}

void
on_first_hash(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur b = cur_view(m->body);
	struct view hash = cur_string(&b);
	struct conn *c;
	struct hash_ask *a;

	if (!cur_done(&b) || hash.len == 0 || hash.len > SUP_HASH_MAX) {
		proc_refuse(p, m);
		return;
	}
	c = conn_make(s, m->conn, m->gen);
	a = c != NULL ? calloc(1, sizeof(*a)) : NULL;
	if (a == NULL) {
		answer(s, m->conn, m->gen, m->tag, R_NOMEM);
		return;
	}
	memcpy(a->hash, hash.data, hash.len);
	a->len = (uint8_t)hash.len;
	a->tag = m->tag;
	if (c->hash_ask == NULL) {
		c->hash_ask = a;
		store(s, c);
		return;
	}
	if (c->hash_ask->next != NULL) {
		answer(s, c->conn, c->gen, c->hash_ask->next->tag, R_INTERNAL);
		free(c->hash_ask->next);
	}
	c->hash_ask->next = a;
}

void
hash_stored(struct sup *s, struct conn *c, uint32_t reason)
{
	struct hash_ask *a = c->hash_ask;

	if (a == NULL)
		return;
	if (reason == R_NONE) {
		memcpy(c->hash, a->hash, a->len);
		c->hash_len = a->len;
		tell(s, c, &s->warden.proc);
		tell(s, c, &s->keeper.proc);
	}
	answer(s, c->conn, c->gen, a->tag, reason);
	c->hash_ask = a->next;
	free(a);
	if (c->hash_ask != NULL)
		store(s, c);
	else if (reason == R_LINK_CONN)
		conn_gone(s, c, reason);
}

void
hash_again(struct sup *s, struct conn *c)
{
	if (c->hash_ask != NULL)
		store(s, c);
}

void
hash_drop(struct sup *s, struct conn *c, uint32_t reason)
{
	struct hash_ask *a;

	while ((a = c->hash_ask) != NULL) {
		c->hash_ask = a->next;
		answer(s, c->conn, c->gen, a->tag, reason != R_NONE ? reason : R_LINK_CONN);
		free(a);
	}
}
