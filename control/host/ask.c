/*
 * What the plugin asks of the peer: channels, global requests. An entry goes to the
 * worker, which answers each once (abi/link/op.def); what it does not get to answer
 * any more is answered here.
 */
#include "control/host/host.h"

#include <stdlib.h>

#include "abi/link/op.h"
#include "abi/wire/reason.h"

/* One ask: a channel, or a global request. */
struct host_asked {
	struct host_asked *next;
	uint32_t id;
	struct chan *chan;       /* NULL: a global request */
	void (*answered)(void *context, int32_t success, struct postern_view body);
	void *context;
};

static struct host_asked *
find(struct host *h, uint64_t id)
{
	struct host_asked *a = h->asked;

	while (a != NULL && a->id != id)
		a = a->next;
	return a;
}

static void
drop(struct host *h, struct host_asked *a)
{
	struct host_asked **at = &h->asked;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	h->asked_count--;
	free(a);
}

/* Publish the ask, then remember it; its number is never 0. */
static int32_t
send(struct host *h, const struct host_conn *on, uint16_t op, bool want, struct postern_view name,
    struct postern_view body, struct host_asked **out)
{
	uint8_t payload[LINK_ASK_NAME_MAX + LINK_ASK_BODY_MAX + 4];
	struct put w = put_of(payload, sizeof(payload));
	struct link_entry e = { .op = op, .conn = on->conn, .gen = on->gen, .chan = LINK_CHAN_NONE };
	struct linkend *l = host_link(h, on->conn);
	struct host_asked *a;

	/* Only a login's host, toward its own peer. */
	if (h->leader < 0)
		return POSTERN_E_DENIED;
	if (!l->up || l->other.minor < LINK_MINOR_ASK || h->ending)
		return POSTERN_E_CLOSED;
	put_string(&w, name.data, name.len);
	put_bytes(&w, body.data, body.len);
	if (w.bad || name.len == 0 || name.len > LINK_ASK_NAME_MAX || body.len > LINK_ASK_BODY_MAX)
		return POSTERN_E_INVAL;
	if (h->asked_count >= LINK_ASKS_MAX || (a = calloc(1, sizeof(*a))) == NULL)
		return POSTERN_E_NOMEM;
	a->id = ++h->asked_id != 0 ? h->asked_id : ++h->asked_id;
	e.arg[0] = a->id;
	e.arg[1] = want;
	if (!host_out_entry(h, &e, put_view(&w))) {
		free(a);
		return POSTERN_E_NOMEM;
	}
	a->next = h->asked;
	h->asked = a;
	h->asked_count++;
	*out = a;
	return POSTERN_OK;
}

int32_t
ask_open(struct host *h, const struct host_conn *on, const struct postern_open *record,
    struct postern_channel *channel)
{
	struct host_asked *a;
	struct chan *c;
	int32_t r;

	if (record == NULL || channel == NULL || record->size < sizeof(*record) ||
	    record->kind != POSTERN_OPEN_CHANNEL || record->opened == NULL ||
	    (record->type.data == NULL && record->type.len > 0) ||
	    (record->body.data == NULL && record->body.len > 0))
		return POSTERN_E_INVAL;
	c = chans_new_unnamed(&h->chans, on->conn, on->gen);
	if (c == NULL)
		return POSTERN_E_NOMEM;
	r = send(h, on, LINK_DOWN_ASK_OPEN, false, record->type, record->body, &a);
	if (r != POSTERN_OK) {
		chans_free(&h->chans, c);
		return r;
	}
	/* It is there: this only counts. */
	c->on = conns_join(&h->conns, on->conn, on->gen);
	c->host = h;
	c->flags |= CHAN_F_ASKING;
	c->context = record->context;
	c->opened = record->opened;
	c->label = strndup(record->type.data, record->type.len < HOST_LABEL_MAX ? record->type.len : HOST_LABEL_MAX);
	a->chan = c;
	channel->handle = chans_handle(&h->chans, c);
	return POSTERN_OK;
}

int32_t
ask_global(struct host *h, const struct host_conn *on, struct postern_view name,
    struct postern_view body,
    void (*answered)(void *context, int32_t success, struct postern_view body), void *context)
{
	struct host_asked *a;
	int32_t r;

	if ((name.data == NULL && name.len > 0) || (body.data == NULL && body.len > 0))
		return POSTERN_E_INVAL;
	r = send(h, on, LINK_DOWN_ASK_GLOBAL, answered != NULL, name, body, &a);
	if (r != POSTERN_OK)
		return r;
	a->answered = answered;
	a->context = context;
	return POSTERN_OK;
}

/* ---- answers ---- */

/* The handle ends with the callback. */
static void
failed(struct host *h, struct host_asked *a, int32_t result, uint32_t code, struct view text)
{
	struct chan *c = a->chan;

	drop(h, a);
	if (c->flags & CHAN_F_CLOSING)
		result = POSTERN_E_CLOSED;
	c->opened(c->context, result, code, view_out(text));
	chans_revoke(&h->chans, c);
	chan_release(h, c);
}

static int32_t
result_of(uint64_t code)
{
	return code == SSH_OPEN_RESOURCE_SHORTAGE ? POSTERN_E_NOMEM : POSTERN_E_DENIED;
}

/* From here on it is a channel as any other. */
static int
opened(struct host *h, struct host_asked *a, const struct link_entry *e, struct view payload)
{
	struct chan *c = a->chan;
	struct cur in = cur_view(payload);
	struct view facts = cur_string(&in);

	if (!cur_done(&in) || chans_find(&h->chans, e->conn, e->gen, e->chan) != NULL || e->chan == LINK_CHAN_NONE)
		return -R_LINK_STATE;
	drop(h, a);
	if (conns_facts(c->on, facts) != 0)
		return -R_NOMEM;
	c->flags &= ~CHAN_F_ASKING;
	c->use = e->seq;
	c->max_packet = (uint32_t)e->arg[0];
	c->credit = e->arg[1];
	c->window = e->arg[2] > 0 && e->arg[2] <= UINT32_MAX ? (uint32_t)e->arg[2] : HOST_WINDOW_DEFAULT;
	chan_windows(c, facts);
	chans_name(&h->chans, c, e->chan);
	chan_touch(h, c);
	if (c->flags & CHAN_F_CLOSING) {
		/* The plugin did not wait for it. */
		c->flags &= ~(CHAN_F_CLOSING | CHAN_F_LOCAL_EOF);
		c->opened(c->context, POSTERN_E_CLOSED, 0, view_out(view_of(NULL, 0)));
		chans_revoke(&h->chans, c);
		chan_close(h, c);
		return 0;
	}
	c->flags |= CHAN_F_OPEN;
	c->opened(c->context, POSTERN_OK, 0, view_out(view_of(NULL, 0)));
	return 0;
}

static void
answered(struct host *h, struct host_asked *a, int32_t success, struct view body)
{
	struct host_asked was = *a;

	drop(h, a);
	if (was.answered != NULL)
		was.answered(was.context, success, view_out(body));
}

int
ask_entry(struct host *h, const struct link_entry *e, struct view payload)
{
	struct host_asked *a = find(h, e->arg[3]);

	/* The worker answers what was asked, and that once. */
	if (a == NULL || (a->chan == NULL) != (e->op == LINK_UP_GLOBAL_ANSWER))
		return -R_LINK_STATE;
	if (e->op == LINK_UP_CHAN_OPENED)
		return opened(h, a, e, payload);
	if (e->op == LINK_UP_OPEN_REFUSED)
		failed(h, a, result_of(e->arg[0]), (uint32_t)e->arg[0], payload);
	else
		answered(h, a, e->arg[0] == 1, payload);
	return 0;
}

void
ask_end_all(struct host *h)
{
	while (h->asked != NULL) {
		struct host_asked *a = h->asked;

		if (a->chan != NULL)
			failed(h, a, POSTERN_E_CLOSED, 0, view_of(NULL, 0));
		else
			answered(h, a, POSTERN_E_CLOSED, view_of(NULL, 0));
	}
}
