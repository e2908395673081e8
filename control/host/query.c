/*
 * What a connection's peer asks of the plugin and of none of its channels
 * (postern.requests/1). Each query is answered once, when the plugin has: the order of
 * replies is kept on the other side of the link.
 */
#include "control/host/host.h"

#include <stdlib.h>
#include <string.h>

#include "abi/link/op.h"
#include "abi/wire/reason.h"
#include "control/log.h"

#define REPLY_MAX 1024u     /* specific bytes of message 81 */
#define VARIABLES_MAX 1024u /* of one request, encoded */
#define VARIABLES_COST 8u   /* two lengths */

struct host_query {
	struct host_query *next;
	struct host_held *on;
	uint32_t id;         /* the link's */
	uint64_t session;    /* 0: a global request */
	uint64_t token;      /* 0: answered, the answer waits for room */
	bool success;
	uint32_t len;
	uint8_t bytes[VARIABLES_MAX]; /* variables, or the reply's body */
};

struct session {
	struct session *next;
	uint64_t number;
};

/* A connection that something was asked about. */
struct host_held {
	struct host_held *next;
	struct host_conn *conn;
	struct session *sessions; /* that the plugin was told of */
	bool over;                /* told connection_ended as soon as its channels are gone */
};

/* Not 0, and not used again: `use` counts. */
static uint64_t
session_number(const struct link_entry *e)
{
	return e->chan == LINK_CHAN_NONE ? 0 : (uint64_t)e->seq << 32 | ((uint64_t)e->chan + 1);
}

/* ---- connections and sessions ---- */

static struct host_held *
held_find(const struct host *h, uint32_t conn, uint32_t gen)
{
	struct host_held *d = h->held;

	while (d != NULL && (d->conn->conn != conn || d->conn->gen != gen))
		d = d->next;
	return d;
}

static struct host_held *
held_get(struct host *h, uint32_t conn, uint32_t gen)
{
	struct host_held *d = held_find(h, conn, gen);

	if (d != NULL || (d = calloc(1, sizeof(*d))) == NULL)
		return d;
	d->conn = conns_join(&h->conns, conn, gen);
	if (d->conn == NULL) {
		free(d);
		return NULL;
	}
	d->next = h->held;
	h->held = d;
	return d;
}

static struct session **
session_at(struct host_held *d, uint64_t number)
{
	struct session **at = &d->sessions;

	while (*at != NULL && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static bool
session_know(struct host_held *d, uint64_t number)
{
	struct session *s;

	if (number == 0 || *session_at(d, number) != NULL)
		return true;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return false;
	s->number = number;
	s->next = d->sessions;
	d->sessions = s;
	return true;
}

/* Nobody waits for these any more; session 0: of the whole connection. */
static void
drop_queries(struct host *h, const struct host_held *on, uint64_t session)
{
	struct host_query **at = &h->queries;

	while (*at != NULL) {
		struct host_query *q = *at;

		if (q->on == on && (session == 0 || q->session == session)) {
			*at = q->next;
			explicit_bzero(q->bytes, sizeof(q->bytes));
			free(q);
		} else {
			at = &q->next;
		}
	}
}

static struct postern_connection
handle_of(const struct host_held *d)
{
	return (struct postern_connection){ conns_handle(d->conn) };
}

static void
session_end(struct host *h, struct host_held *d, uint64_t number)
{
	struct session **at = session_at(d, number);
	struct session *s = *at;

	if (s == NULL)
		return;
	*at = s->next;
	free(s);
	drop_queries(h, d, number);
	if (h->requests != NULL && h->requests->session_ended != NULL)
		h->requests->session_ended(h->plugin, handle_of(d), number);
}

static void
held_end(struct host *h, struct host_held *d)
{
	struct host_held **at = &h->held;

	while (d->sessions != NULL)
		session_end(h, d, d->sessions->number);
	drop_queries(h, d, 0);
	if (h->requests != NULL && h->requests->connection_ended != NULL)
		h->requests->connection_ended(h->plugin, handle_of(d));
	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	conns_leave(&h->conns, d->conn);
	free(d);
}

void
query_end_all(struct host *h)
{
	while (h->held != NULL)
		held_end(h, h->held);
}

/* ---- answers ---- */

/* False: no room; it is said later. */
static bool
say(struct host *h, struct host_query *q)
{
	struct link_entry e = { .op = LINK_DOWN_ANSWER, .conn = q->on->conn->conn, .gen = q->on->conn->gen,
		.chan = LINK_CHAN_NONE, .serial = q->id, .arg = { q->success } };
	struct host_query **at = &h->queries;

	if (!host_out_entry(h, &e, view_of(q->bytes, q->success ? q->len : 0)))
		return false;
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	explicit_bzero(q->bytes, sizeof(q->bytes));
	free(q);
	return true;
}

void
query_settle(struct host *h)
{
	struct host_query *q = h->queries, *next;
	struct host_held *d = h->held, *after;

	for (; q != NULL; q = next) {
		next = q->next;
		if (q->token == 0 && !say(h, q))
			break;
	}
	for (; d != NULL; d = after) {
		after = d->next;
		if (d->over && d->conn->refs == 1)
			held_end(h, d);
	}
}

static struct host_query *
find(const struct host *h, const struct host_conn *on, uint64_t token)
{
	struct host_query *q = h->queries;

	while (q != NULL && (q->token != token || q->on->conn != on))
		q = q->next;
	return token != 0 ? q : NULL;
}

static void
answer(struct host *h, struct host_query *q, bool success)
{
	q->token = 0;
	q->success = success;
	(void)say(h, q);
}

int32_t
query_reply(struct host *h, const struct host_conn *on, uint64_t token, bool success, struct view body)
{
	struct host_query *q = find(h, on, token);

	if (q == NULL || (body.len > 0 && (q->session != 0 || !success)) || body.len > REPLY_MAX)
		return POSTERN_E_INVAL;
	if (body.len > 0) {
		memcpy(q->bytes, body.data, body.len);
		q->len = (uint32_t)body.len;
	}
	answer(h, q, success);
	return POSTERN_OK;
}

/* Which names it may set is checked outside too, where a plugin cannot reach. */
static bool
variable_allowed(const struct host *h, struct view name)
{
	return serves_has(&h->serves, SERVES_VARIABLE, name, view_str(h->name));
}

int32_t
query_variable(struct host *h, const struct host_conn *on, uint64_t token, struct view name, struct view value)
{
	struct host_query *q = find(h, on, token);
	struct put w;

	if (q == NULL || q->session == 0 || name.len == 0 || memchr(name.data, '=', name.len) != NULL ||
	    memchr(name.data, 0, name.len) != NULL || (value.len > 0 && memchr(value.data, 0, value.len) != NULL))
		return POSTERN_E_INVAL;
	if (!variable_allowed(h, name))
		return POSTERN_E_DENIED;
	if (name.len + value.len + VARIABLES_COST > VARIABLES_MAX - q->len)
		return POSTERN_E_NOMEM;
	w = put_of(q->bytes + q->len, VARIABLES_MAX - q->len);
	put_sview(&w, name);
	put_sview(&w, value);
	q->len += (uint32_t)put_len(&w);
	return POSTERN_OK;
}

/* ---- questions ---- */

static bool
served(const struct host *h, uint32_t kind, struct view name)
{
	for (uint64_t i = 0; h->requests != NULL && i < h->requests->answers_count; i++) {
		const struct postern_answers *row = &h->requests->answers[i];

		if (row->kind == kind && view_eq(name, view_of(row->name.data, row->name.len)))
			return true;
	}
	return false;
}

/* Told no without the plugin. */
static int
decline(struct host *h, const struct link_entry *e)
{
	struct link_entry no = { .op = LINK_DOWN_ANSWER, .conn = e->conn, .gen = e->gen, .chan = LINK_CHAN_NONE,
		.serial = e->serial };

	return host_out_entry(h, &no, view_of(NULL, 0)) ? 0 : -R_NOMEM;
}

/* The worker has given up the oldest of more than it asks at once. */
static void
drop_oldest(struct host *h, const struct host_held *on)
{
	struct host_query **oldest = NULL, *q;
	uint32_t count = 0;

	for (struct host_query **at = &h->queries; *at != NULL; at = &(*at)->next)
		if ((*at)->on == on) {
			oldest = at;
			count++;
		}
	if (count < LINK_QUERIES_MAX)
		return;
	q = *oldest;
	*oldest = q->next;
	explicit_bzero(q->bytes, sizeof(q->bytes));
	free(q);
}

static int
ask(struct host *h, struct host_held *d, const struct link_entry *e, struct view name, struct view body)
{
	struct host_query *q = calloc(1, sizeof(*q));
	uint32_t kind = e->chan == LINK_CHAN_NONE ? POSTERN_REQUEST_GLOBAL : POSTERN_REQUEST_SESSION;
	uint64_t token = ++h->token;
	int32_t r;

	if (q == NULL || !session_know(d, session_number(e))) {
		free(q);
		return decline(h, e);
	}
	drop_oldest(h, d);
	q->on = d;
	q->id = e->serial;
	q->session = session_number(e);
	q->token = token;
	q->next = h->queries;
	h->queries = q;
	r = h->requests->request(h->plugin, handle_of(d), q->session, token, kind, e->arg[0] == 1, view_out(name),
	    view_out(body));
	/* It may have been answered inside. */
	q = find(h, d->conn, token);
	if (q != NULL && r != POSTERN_E_AGAIN)
		answer(h, q, r == POSTERN_OK);
	return 0;
}

static int
on_query(struct host *h, const struct link_entry *e, struct view payload)
{
	struct cur in = cur_view(payload);
	struct view name = cur_string(&in);
	struct view body = cur_string(&in);
	struct view facts = cur_string(&in);
	struct host_held *d;

	if (!cur_done(&in) || e->serial == 0)
		return -R_LINK_ITEM;
	if (!served(h, e->chan == LINK_CHAN_NONE ? POSTERN_REQUEST_GLOBAL : POSTERN_REQUEST_SESSION, name) ||
	    (d = held_get(h, e->conn, e->gen)) == NULL || conns_facts(d->conn, facts) != 0)
		return decline(h, e);
	return ask(h, d, e, name, body);
}

int
query_entry(struct host *h, const struct link_entry *e, struct view payload)
{
	struct host_held *d;

	if (e->op == LINK_UP_QUERY)
		return on_query(h, e, payload);
	d = held_find(h, e->conn, e->gen);
	if (d == NULL)
		return 0;
	if (e->op == LINK_UP_SESSION_END)
		session_end(h, d, session_number(e));
	else
		d->over = true;
	return 0;
}
