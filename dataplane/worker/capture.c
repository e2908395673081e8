#include "dataplane/worker/worker.h"

#include <string.h>

#include "abi/link/bell.h"
#include "abi/link/op.h"
#include "dataplane/net/ends.h"
#include "drivers/clock/clock.h"

/* One connection is its four-tuple, also when it is over meanwhile: what comes late
 * is wanted most. */
static int
fix_ends(struct worker *w, struct capture *c)
{
	const struct conn *n;

	if (c->ask.filter.conn == LINK_CONN_NONE)
		return 0;
	/* Of another worker: that one has it. */
	if (c->ask.filter.conn >> LINK_WORKER_SHIFT != w->c.index)
		return -R_LINK_CONN;
	n = conn_find(w, c->ask.filter.conn, c->ask.filter.gen);
	if (n == NULL)
		return -R_LINK_CONN;
	c->one = true;
	memcpy(c->local, n->at.local, sizeof(c->local));
	c->local_port = n->at.local_port;
	memcpy(c->ask.filter.peer, n->at.remote, sizeof(c->ask.filter.peer));
	c->ask.filter.prefix = 128;
	c->ask.filter.port = n->at.remote_port;
	return 0;
}

static int
trace_fits(struct worker *w, const struct capture *c)
{
	const struct link_filter *f = &c->ask.filter;

	if (f->conn == LINK_CONN_NONE)
		return 0;
	return f->conn >> LINK_WORKER_SHIFT == w->c.index && conn_find(w, f->conn, f->gen) != NULL ? 0 : -R_LINK_CONN;
}

int
capture_start(struct worker *w, struct capture *c)
{
	int r = c->ask.kind == CAPTURE_RECORDS ? trace_fits(w, c) : fix_ends(w, c);

	if (r != 0)
		return r;
	if (w->capture_count == CAPTURE_MAX)
		return -R_LIMIT;
	c->until_us = w->now + (uint64_t)c->ask.seconds * 1000000u;
	w->capture[w->capture_count++] = c;
	if (c->ask.kind == CAPTURE_RECORDS)
		trace_mark_all(w);
	return 0;
}

void
capture_over(struct worker *w, struct capture *c, int reason)
{
	if (c->over)
		return;
	c->over = true;
	c->reason = reason;
	c->drain_us = w->now + CAPTURE_DRAIN_US;
	if (c->ask.kind == CAPTURE_RECORDS)
		trace_mark_all(w);
}

void
capture_stop(struct worker *w, uint32_t tag)
{
	for (uint32_t i = 0; i < w->capture_count; i++)
		if (w->capture[i]->tag == tag)
			capture_over(w, w->capture[i], R_NONE);
}

/* ---- frames ---- */

static bool
wanted(const struct capture *c, const struct net_ends *e, bool ip, bool out)
{
	const struct link_filter *f = &c->ask.filter;
	const uint8_t *peer = out ? e->dst : e->src;
	const uint8_t *local = out ? e->src : e->dst;

	if (f->prefix == 0 && f->port == 0)
		return true;
	if (!ip || !filter_peer(f, peer, out ? e->dst_port : e->src_port))
		return false;
	return !c->one ||
	    (memcmp(c->local, local, sizeof(c->local)) == 0 && c->local_port == (out ? e->src_port : e->dst_port));
}

/* The port completes some checksums on their way out; the copy has what it makes. */
static void
complete(const struct pkt *p, const struct net_ends *e, uint8_t *copy, uint32_t len)
{
	uint8_t csum[2];
	uint32_t at = e->tcp + NET_ENDS_CSUM_AT;

	if ((p->flags & PKT_CSUM_TCP) != 0 && at + 2 <= len && net_ends_csum(p->data, e, csum))
		memcpy(copy + at, csum, 2);
}

static void
copy(struct worker *w, struct capture *c, const struct pkt *p, const struct net_ends *e, uint64_t now_ns,
    bool out)
{
	uint32_t len = p->len < c->ask.snap ? p->len : c->ask.snap;
	struct link_entry entry = { .op = LINK_UP_FRAME, .conn = LINK_CONN_NONE };
	uint8_t *at;

	c->seen++;
	at = ring_reserve(&c->out, len);
	if (at == NULL) {
		c->missed++;
		meter_add(w->meter, METER_CAPTURE_MISSED, 1);
		return;
	}
	memcpy(at, p->data, len);
	if (out)
		complete(p, e, at, len);
	entry.arg[0] = now_ns;
	entry.arg[1] = p->len | (out ? CAPTURE_OUT : 0);
	entry.arg[2] = c->seen;
	entry.arg[3] = c->missed;
	ring_publish(&c->out, &entry, len);
	c->published = true;
	c->bytes += len;
	meter_add(w->meter, METER_CAPTURE_FRAMES, 1);
	if (c->bytes >= c->ask.bytes || c->seen - c->missed >= c->ask.packets)
		capture_over(w, c, R_LIMIT);
}

void
capture_frame_seen(struct worker *w, const struct pkt *p, bool out)
{
	struct net_ends e;
	bool ip = net_ends(p->data, p->len, &e);
	uint64_t now_ns = 0;

	for (uint32_t i = 0; i < w->capture_count; i++) {
		struct capture *c = w->capture[i];

		if (c->over || c->ask.kind != CAPTURE_FRAMES || !wanted(c, &e, ip, out))
			continue;
		if (now_ns == 0)
			now_ns = clock_unix_ns();
		copy(w, c, p, &e, now_ns, out);
	}
}

/* ---- their ends ---- */

static void
tell_end(struct capture *c)
{
	struct link_entry entry = { .op = LINK_UP_FRAME_END,
		.conn = LINK_CONN_NONE,
		.seq = (uint32_t)c->reason };

	entry.arg[0] = clock_unix_ns();
	entry.arg[2] = c->seen;
	entry.arg[3] = c->missed;
	if (!ring_room(&c->out, 0))
		return;
	ring_publish(&c->out, &entry, 0);
	c->told = c->published = true;
}

/* An index that cannot be: the reader broke the rules, and has nothing more to read. */
static bool
finished(struct worker *w, struct capture *c)
{
	if (ring_reclaim(&c->out) != 0 || (c->over && w->now >= c->drain_us)) {
		c->over = true;
		return true;
	}
	return c->told && c->out.tail == c->out.head;
}

static void
give_back(struct worker *w, uint32_t i)
{
	struct cmd *e = event_slot(w);

	if (e == NULL)
		return;
	e->type = EV_CAPTURE_GONE;
	e->capture = w->capture[i];
	event_push(w);
	w->capture[i] = w->capture[--w->capture_count];
}

uint32_t
capture_stage(struct worker *w)
{
	uint32_t done = 0;

	for (uint32_t i = w->capture_count; i-- > 0;) {
		struct capture *c = w->capture[i];

		if (!c->over && (w->now >= c->until_us || w->stopping))
			capture_over(w, c, w->stopping ? R_DRAIN : R_LIMIT);
		if (c->over && !c->told)
			tell_end(c);
		if (c->published && ring_armed(&c->peer)) {
			bell_ring(c->ring_fd);
			done++;
		}
		c->published = false;
		if (finished(w, c))
			give_back(w, i);
	}
	return done;
}

uint64_t
capture_next(const struct worker *w)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < w->capture_count; i++) {
		const struct capture *c = w->capture[i];
		uint64_t at = c->over ? w->now + CAPTURE_LOOK_US : c->until_us;

		next = at < next ? at : next;
	}
	return next;
}
