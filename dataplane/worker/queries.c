/*
 * What a peer asks of a plugin and not of a channel's program: global requests, and
 * requests on a session channel before its start. Clerk hands a query to a host, in the
 * step that is done with the peer's record; the host's answer goes up to clerk as a
 * record, which is not done before the peer has its reply. So from the one to the other
 * it is remembered here who was asked what, whoever dies.
 */
#include <string.h>

#include "dataplane/worker/step.h"

#define QUERY_WAIT_MAX 65536u   /* bytes of queries for hosts that take nothing */
#define QUERY_AGAIN_US 100000u  /* when there was no memory to say so */

/* In front of an entry that waits for room in its host's ring. */
struct waiting {
	struct link_entry e;
	uint32_t link;
};

/* ---- toward hosts ---- */

static bool
keep(struct worker *w, struct conn *c, uint32_t link, const struct link_entry *e, struct view payload)
{
	struct waiting head;

	memset(&head, 0, sizeof(head));
	head.e = *e;
	head.e.len = (uint32_t)payload.len;
	head.link = link;
	if (!fifo_fits(&c->queries.out, &w->pool, sizeof(head) + payload.len))
		return false;
	(void)fifo_put(&c->queries.out, &w->pool, &head, sizeof(head));
	(void)fifo_put(&c->queries.out, &w->pool, payload.data, payload.len);
	conn_list_add(w, c, LIST_STALL);
	return true;
}

/* In order; false: no memory to keep it until there is room. */
static bool
to_host(struct worker *w, struct conn *c, uint32_t link, struct link_entry *e, struct view payload)
{
	struct link *l = link_find(w, link);

	if (l == NULL)
		return true; /* nobody is there to be told */
	if (c->queries.out.len == 0 && link_send(w, l, e, payload))
		return true;
	return keep(w, c, link, e, payload);
}

void
queries_pump(struct worker *w, struct conn *c)
{
	struct waiting head;

	while (fifo_copy(&c->queries.out, 0, &head, sizeof(head)) == sizeof(head)) {
		struct link *l = link_find(w, head.link);

		if (head.e.len > WORKER_IMAGE_MAX)
			return;
		(void)fifo_copy(&c->queries.out, sizeof(head), w->image, head.e.len);
		if (l != NULL && !link_send(w, l, &head.e, view_of(w->image, head.e.len)))
			return;
		fifo_take(&c->queries.out, &w->pool, sizeof(head) + head.e.len);
	}
	fifo_clear(&c->queries.out, &w->pool);
}

static void
entry_for(const struct worker *w, const struct conn *c, struct link_entry *e, uint16_t op)
{
	memset(e, 0, sizeof(*e));
	e->op = op;
	e->conn = conn_id(w, c);
	e->gen = c->gen;
	e->chan = LINK_CHAN_NONE;
}

/* ---- the answer, up ---- */

static struct query *
find(struct conn *c, uint32_t id, uint32_t link)
{
	for (uint32_t i = 0; i < LINK_QUERIES_MAX; i++)
		if (c->queries.row[i].id == id && c->queries.row[i].link == link)
			return &c->queries.row[i];
	return NULL;
}

static void
row_free(struct conn *c, struct query *q)
{
	memset(q, 0, sizeof(*q));
	c->queries.count--;
}

/* 0, or -R_NOMEM: nothing was done. */
static int
answered(struct worker *w, struct conn *c, struct query *q, bool success, struct view bytes)
{
	uint8_t payload[LINK_ANSWER_MAX + 16];
	struct put p = put_of(payload, sizeof(payload));
	int r;

	put_u32(&p, q->id);
	put_bool(&p, success);
	put_sview(&p, bytes);
	r = up_record(w, c, LINK_UP_ANSWER, put_view(&p), 0, q->chan, 0);
	explicit_bzero(payload, sizeof(payload));
	if (r != 0)
		return -R_NOMEM;
	row_free(c, q);
	return 0;
}

int
query_answer(struct worker *w, struct link *l, const struct link_entry *e, struct view payload)
{
	struct conn *c;
	struct query *q;

	if (payload.len > LINK_ANSWER_MAX || e->arg[0] > 1 || e->serial == 0)
		return -R_LINK_ITEM;
	if (l->conn != LINK_CONN_NONE && (e->conn != l->conn || e->gen != l->gen))
		return -R_LINK_DENIED;
	c = conn_find(w, e->conn, e->gen);
	if (c == NULL || c->close_us != 0)
		return -R_LINK_CONN;
	q = find(c, e->serial, l->id);
	if (q == NULL) /* the channel of it is gone, or it was answered */
		return -R_LINK_STATE;
	return answered(w, c, q, e->arg[0] == 1, payload);
}

/* It is over for the host too: its answer finds nobody. */
uint64_t
queries_tick(struct worker *w, struct conn *c)
{
	uint64_t next = UINT64_MAX;

	if (c->queries.count == 0 || c->close_us != 0)
		return next;
	for (uint32_t i = 0; i < LINK_QUERIES_MAX; i++) {
		struct query *q = &c->queries.row[i];

		if (q->id == 0)
			continue;
		if (q->due <= w->now && answered(w, c, q, false, view_of(NULL, 0)) == 0) {
			meter_drop(w->meter, R_CHAN_ANSWER_TIME);
			continue;
		}
		if (q->due <= w->now)
			q->due = w->now + QUERY_AGAIN_US;
		next = q->due < next ? q->due : next;
	}
	return next;
}

void
queries_lost(struct worker *w, struct conn *c, uint32_t link)
{
	for (uint32_t i = 0; i < LINK_QUERIES_MAX; i++) {
		struct query *q = &c->queries.row[i];

		if (q->id != 0 && q->link == link && answered(w, c, q, false, view_of(NULL, 0)) != 0)
			conn_end(w, c, R_SSH_QUEUE, NULL);
	}
	for (uint32_t i = 0; i < QUERY_HOSTS_MAX; i++)
		if (c->queries.host[i] == link)
			c->queries.host[i] = 0;
}

/* ---- ends ---- */

void
queries_chan_free(struct worker *w, struct conn *c, uint32_t ours, uint32_t use)
{
	struct link_entry e;

	for (uint32_t i = 0; i < LINK_QUERIES_MAX; i++)
		if (c->queries.row[i].id != 0 && c->queries.row[i].chan == ours)
			row_free(c, &c->queries.row[i]);
	for (uint32_t i = 0; i < QUERY_HOSTS_MAX; i++) {
		if (c->queries.host[i] == 0)
			continue;
		entry_for(w, c, &e, LINK_UP_SESSION_END);
		e.chan = ours;
		e.seq = use;
		/* A host that takes nothing, and a peer that opens and closes: one of them goes. */
		if (c->queries.out.len >= QUERY_WAIT_MAX ||
		    !to_host(w, c, c->queries.host[i], &e, view_of(NULL, 0)))
			conn_end(w, c, R_SSH_QUEUE, NULL);
	}
}

bool
queries_closed(struct worker *w, struct conn *c)
{
	for (uint32_t i = 0; i < QUERY_HOSTS_MAX; i++) {
		struct link *l = c->queries.host[i] != 0 ? link_find(w, c->queries.host[i]) : NULL;
		struct link_entry e;

		entry_for(w, c, &e, LINK_UP_CONN_END);
		/* A user's host is told by HOST_END. */
		if (l != NULL && l->conn == LINK_CONN_NONE && !link_send(w, l, &e, view_of(NULL, 0)))
			return false;
		c->queries.host[i] = 0;
	}
	return true;
}

void
queries_fini(struct worker *w, struct conn *c)
{
	fifo_clear(&c->queries.out, &w->pool);
	memset(c->queries.row, 0, sizeof(c->queries.row));
	c->queries.count = 0;
}

/* ---- ITEM(QUERY) ---- */

struct asked {
	uint32_t link;
	uint32_t id;
	uint32_t chan;
	bool want;
	struct view name;
	struct view body;
};

static bool
item_read(struct asked *q, struct view body)
{
	struct cur c = cur_view(body);

	q->link = cur_u32(&c);
	q->id = cur_u32(&c);
	q->chan = cur_u32(&c);
	q->want = cur_bool(&c);
	q->name = cur_string(&c);
	q->body = cur_string(&c);
	return cur_done(&c) && q->id != 0 && q->name.len > 0 && q->name.len <= LINK_QUERY_NAME_MAX &&
	    q->body.len <= LINK_QUERY_BODY_MAX && (q->chan == LINK_CHAN_NONE || q->chan < SSH_CHAN_MAX);
}

int
step_check_query(struct worker *w, struct step_plan *p, struct view body)
{
	const struct link *host;
	struct asked q;

	if (!item_read(&q, body) || p->phase != SSH_PHASE_OPEN)
		return -R_LINK_ITEM;
	host = link_find(w, q.link);
	if (host != NULL && (host->role != LINK_HOST || (host->conn != LINK_CONN_NONE &&
	    (host->conn != p->entry->conn || host->gen != p->entry->gen))))
		return -R_LINK_DENIED;
	return 0;
}

/* It is told when a session or the connection ends. */
static bool
remember_host(struct conn *c, uint32_t link)
{
	uint32_t at = QUERY_HOSTS_MAX;

	for (uint32_t i = 0; i < QUERY_HOSTS_MAX; i++) {
		if (c->queries.host[i] == link)
			return true;
		if (c->queries.host[i] == 0 && at == QUERY_HOSTS_MAX)
			at = i;
	}
	if (at == QUERY_HOSTS_MAX)
		return false;
	c->queries.host[at] = link;
	return true;
}

/* The payload of QUERY: what is asked, and who asks. */
static struct view
query_payload(struct worker *w, const struct conn *c, const struct asked *q)
{
	struct put p = put_of(w->image, WORKER_IMAGE_MAX);
	uint8_t *at;

	put_sview(&p, q->name);
	put_sview(&p, q->body);
	put_u32(&p, c->grant.len);
	at = put_room(&p, c->grant.len);
	if (at != NULL)
		(void)fifo_copy(&c->grant, 0, at, c->grant.len);
	return put_view(&p);
}

int
step_apply_query(struct worker *w, struct step_plan *p, struct view body)
{
	struct conn *c = p->conn;
	struct query *row = find(c, 0, 0);
	struct link_entry e;
	struct asked q;

	(void)item_read(&q, body);
	if (row == NULL)
		return -R_LINK_STATE;
	/* The peer may have closed the channel meanwhile: nobody is to be answered. */
	if (q.chan != LINK_CHAN_NONE && !chanset_has(&c->ssh.used, q.chan)) {
		meter_drop(w->meter, R_LINK_CHAN);
		return 0;
	}
	*row = (struct query){ .id = q.id, .link = q.link, .chan = q.chan, .due = w->now + w->answer_us };
	c->queries.count++;
	if (link_find(w, q.link) == NULL || !remember_host(c, q.link) || c->queries.out.len >= QUERY_WAIT_MAX)
		return answered(w, c, row, false, view_of(NULL, 0)) != 0 ? -R_SSH_QUEUE : 0;
	entry_for(w, c, &e, LINK_UP_QUERY);
	e.chan = q.chan;
	e.serial = q.id;
	e.seq = q.chan != LINK_CHAN_NONE ? ssh_chan_at(&c->ssh, q.chan)->use : 0;
	e.arg[0] = q.want;
	return to_host(w, c, q.link, &e, query_payload(w, c, &q)) ? 0 : -R_SSH_QUEUE;
}
