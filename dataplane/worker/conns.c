#include "dataplane/worker/worker.h"

#include <stddef.h>
#include <string.h>

#include "drivers/clock/clock.h"

struct conn *
conn_find(struct worker *w, uint32_t id, uint32_t gen)
{
	uint32_t slot = id & 0xffffffu;
	struct conn *c;

	if (id >> 24 != w->c.index || slot >= w->used_slots)
		return NULL;
	c = &w->conns[slot];
	return c->state == CONN_LIVE && c->gen == gen ? c : NULL;
}

void
conn_list_add(struct worker *w, struct conn *c, enum conn_list_id id)
{
	struct conn_list *l = &w->list[id];

	if ((c->listed & 1u << id) != 0)
		return;
	c->listed |= 1u << id;
	c->next[id] = NULL;
	if (l->last != NULL)
		l->last->next[id] = c;
	else
		l->first = c;
	l->last = c;
	l->count++;
}

struct conn *
conn_list_take(struct worker *w, enum conn_list_id id)
{
	struct conn_list *l = &w->list[id];
	struct conn *c = l->first;

	if (c == NULL)
		return NULL;
	l->first = c->next[id];
	if (l->first == NULL)
		l->last = NULL;
	l->count--;
	c->listed &= ~(1u << id);
	return c;
}

void
conn_touch(struct worker *w, struct conn *c)
{
	if (c->state == CONN_LIVE)
		conn_list_add(w, c, LIST_WORK);
}

static struct conn *
slot_take_free(struct worker *w)
{
	struct conn *c;
	uint32_t slot;

	if (w->free_count > 0)
		slot = w->free_slots[--w->free_count];
	else if (w->used_slots < w->c.conn_max)
		slot = w->used_slots++;
	else
		return NULL;
	c = &w->conns[slot];
	c->slot = slot;
	return c;
}

/* What a slot keeps from one use to the next: its generation, and its places on
 * lists, which those who walk them skip. */
static void
conn_reset(struct conn *c)
{
	uint32_t slot = c->slot, gen = c->gen + 1, listed = c->listed;
	struct conn *next[LIST_COUNT];

	memcpy(next, c->next, sizeof(next));
	memset(&c->tcp, 0, sizeof(*c) - offsetof(struct conn, tcp));
	memcpy(c->next, next, sizeof(next));
	c->slot = slot;
	c->gen = gen != 0 ? gen : 1;
	c->listed = listed;
}

/* Of all workers: the limit is the service's. Two that accept at the same time
 * may exceed it by one each. */
static uint64_t
conns_open(const struct worker *w)
{
	uint64_t own = w->used_slots - w->free_count;

	return w->c.crew != NULL ? own + crew_sum(w->c.crew, w->c.index, METER_CONN_OPEN) : own;
}

struct conn *
conn_new(struct worker *w, struct tcp *t, uint64_t now)
{
	const struct tcp_tuple *at = tcp_tuple(t);
	struct conn *c;

	if (w->stopping || tcp_get_load(w->tcp).level[TCP_RES_BLOCKS] == TCP_SHEDDING ||
	    conns_open(w) >= w->conn_limit || !startups_admit(w, at->remote.b))
		return NULL;
	c = slot_take_free(w);
	if (c == NULL)
		return NULL;
	conn_reset(c);
	memcpy(c->at.local, at->local.b, sizeof(c->at.local));
	memcpy(c->at.remote, at->remote.b, sizeof(c->at.remote));
	c->at.local_port = at->local_port;
	c->at.remote_port = at->remote_port;
	c->state = CONN_LIVE;
	c->tcp = t;
	guest_enter(w, c);
	c->opened_ms = clock_unix_ms();
	fifo_init(&c->undone, true);
	fifo_init(&c->note, true);
	fifo_init(&c->grant, true);
	fifo_init(&c->queries.out, true);
	ssh_init(&c->ssh, &w->env, SSH_SERVER, c->ctx, c, now);
	if (w->capture_count > 0)
		trace_mark(w, c);
	meter_add(w->meter, METER_CONN_TOTAL, 1);
	return c;
}

void
conn_end(struct worker *w, struct conn *c, int reason, const char *text)
{
	reason = reason < 0 ? -reason : reason;
	if (c->state != CONN_LIVE || c->close_us != 0)
		return;
	meter_drop(w->meter, reason);
	c->reason = reason;
	c->close_us = w->now + WORKER_CLOSE_US;
	ssh_end(&c->ssh, reason, text);
	conn_touch(w, c);
}

static void
count_chans(struct worker *w, struct conn *c, uint32_t chans)
{
	w->chan_open += chans;
	w->chan_open -= c->chans;
	c->chans = chans;
}

void
conn_gone(struct worker *w, struct conn *c, int reason)
{
	if (c->state != CONN_LIVE)
		return;
	if (c->reason == 0)
		c->reason = reason < 0 ? -reason : reason;
	c->state = CONN_DEAD;
	guest_leave(w, c);
	count_chans(w, c, 0);
	ssh_fini(&c->ssh, c->reason);
	if (c->tcp != NULL) {
		tcp_set_user(c->tcp, NULL);
		tcp_close(c->tcp, w->now);
		c->tcp = NULL;
	}
	deadline_clear(w, c);
	up_clear(w, c);
	fifo_clear(&c->note, &w->pool);
	fifo_clear(&c->grant, &w->pool);
	queries_fini(w, c);
	explicit_bzero(c->first_hash, sizeof(c->first_hash));
	c->tell_conn = false;
	c->tell_closed = true;
	host_end_wanted(w, c);
	conn_list_add(w, c, LIST_DEAD);
}

/* A dead connection keeps its slot until everybody who knew it has been told. */
uint32_t
dead_stage(struct worker *w)
{
	uint32_t done = 0;

	for (uint32_t n = w->list[LIST_DEAD].count; n > 0; n--) {
		struct conn *c = conn_list_take(w, LIST_DEAD);
		bool told = up_closed(w, c) && ssh_tell_closed(&c->ssh, c->reason) && queries_closed(w, c);
		struct cmd *e;

		if (c->tell_closed && (e = event_slot(w)) != NULL) {
			e->type = EV_CONN_CLOSED;
			e->conn = conn_id(w, c);
			e->gen = c->gen;
			e->reason = (uint32_t)c->reason;
			event_push(w);
			c->tell_closed = false;
			done++;
		}
		if (!told || c->tell_closed) {
			conn_list_add(w, c, LIST_DEAD);
			continue;
		}
		c->state = CONN_FREE;
		w->free_slots[w->free_count++] = c->slot;
		done++;
	}
	return done;
}

/* After the peer's FIN nothing can become a whole record any more, once all
 * that could be acted on was. */
static bool
conn_finished(const struct worker *w, const struct conn *c, int handled)
{
	return c->eof && handled == 0 && (c->tcp == NULL || tcp_readable(c->tcp) == 0 ||
	    up_ready(w, c));
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint32_t
conn_run(struct worker *w, struct conn *c)
{
	int in = 0, out, fatal = 0;
	uint64_t due;

	if (c->close_us == 0) {
		if (c->tcp != NULL)
			c->ssh.rtt_us = tcp_srtt_us(c->tcp);
		in = ssh_input(&c->ssh, w->now);
		if (in < 0)
			conn_end(w, c, in, NULL);
	}
	due = ssh_tick(&c->ssh, w->now, &fatal);
	if (fatal != 0 && c->close_us == 0)
		conn_end(w, c, fatal, NULL);
	due = earlier(due, queries_tick(w, c));
	out = ssh_output(&c->ssh, w->now);
	if (out < 0 && c->close_us == 0)
		conn_end(w, c, out, NULL);
	/* A full batch is followed by another, so its last segment can wait for it. */
	if (c->tcp != NULL)
		tcp_hold(c->tcp, out == SSH_OUTPUT_BATCH || (out > 0 && c->ssh.zip.stopped));
	if (in > 0)
		meter_add(w->meter, METER_RECORDS_IN, (uint64_t)in);
	if (out > 0)
		meter_add(w->meter, METER_RECORDS_OUT, (uint64_t)out);
	if (c->close_us == 0 && conn_finished(w, c, in))
		conn_end(w, c, R_PEER_GONE, NULL);
	if (c->close_us != 0) {
		if (out < 0 || ssh_drained(&c->ssh) || w->now >= c->close_us) {
			conn_gone(w, c, c->reason);
			return 1;
		}
		due = c->close_us;
	}
	if (c->due == 0 || due < c->due)
		deadline_set(w, c, due);
	if (c->undone.len > c->sent)
		conn_list_add(w, c, LIST_UP);
	guest_look(w, c);
	if (c->state != CONN_LIVE)
		return 1;
	count_chans(w, c, c->ssh.chan_count);
	if (in > 0 || out > 0)
		conn_touch(w, c); /* both stop after a batch: others have their turn */
	else if (c->ssh.zip.waits)
		conn_list_add(w, c, LIST_ZIP);
	return (uint32_t)((in > 0 ? in : 0) + (out > 0 ? out : 0));
}

static uint32_t
list_run(struct worker *w, enum conn_list_id id)
{
	uint32_t done = 0;

	for (uint32_t n = w->list[id].count; n > 0; n--) {
		struct conn *c = conn_list_take(w, id);

		if (c->state == CONN_LIVE)
			done += conn_run(w, c);
	}
	return done;
}

/* Those that others left no work of the last poll's compression to come first. */
uint32_t
conn_stage(struct worker *w)
{
	return list_run(w, LIST_ZIP) + list_run(w, LIST_WORK);
}
