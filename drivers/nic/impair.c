#include "drivers/nic/impair.h"

#include <stdlib.h>
#include <string.h>

#define IMPAIR_DEPTH 4096u

struct impair {
	struct port port;
	struct port *below;
	struct wire in;
	struct wire out;
	struct wire_frame in_heap[IMPAIR_DEPTH];
	struct wire_frame out_heap[IMPAIR_DEPTH];
};

static struct impair *
self(struct port *p)
{
	return (struct impair *)(void *)p;
}

static struct pkt *
twin_of(struct impair *s, const struct pkt *p)
{
	struct pkt *twin = s->below->ops->alloc(s->below);

	if (twin != NULL && pkt_tailroom(twin) < p->len) {
		s->below->ops->free(s->below, twin);
		return NULL;
	}
	if (twin != NULL) {
		memcpy(twin->data, p->data, p->len);
		twin->len = p->len;
		twin->flags = p->flags;
	}
	return twin;
}

/* What the port below has verified is true no more. */
static void
damage(struct pkt *p, const struct wire_fate *f)
{
	if (f->flip == 0 && f->len == p->len)
		return;
	p->len = f->len;
	p->flags &= ~PKT_CSUM_GOOD;
	wire_damage(f, p->data);
}

static void
wire_enter(struct impair *s, struct wire *w, struct pkt *p, uint64_t now)
{
	struct wire_fate f;
	struct pkt *twin = NULL;

	if (!wire_judge(w, p->len, now, &f)) {
		s->below->ops->free(s->below, p);
		return;
	}
	damage(p, &f);
	if (f.copies == 2)
		twin = twin_of(s, p);
	if (!wire_put(w, &f, 0, p))
		s->below->ops->free(s->below, p);
	if (twin != NULL && !wire_put(w, &f, 1, twin))
		s->below->ops->free(s->below, twin);
}

static void
send_due(struct impair *s, uint64_t now)
{
	struct pkt *p;

	while ((p = wire_take(&s->out, now)) != NULL)
		if (s->below->ops->tx(s->below, &p, 1, now) == 0)
			s->below->ops->free(s->below, p);
}

static uint32_t
impair_rx(struct port *port, struct pkt **pkts, uint32_t n, uint64_t now_us)
{
	struct impair *s = self(port);
	struct pkt *fresh[PORT_BURST];
	uint32_t got, done = 0;

	send_due(s, now_us);
	got = s->below->ops->rx(s->below, fresh, PORT_BURST, now_us);
	for (uint32_t i = 0; i < got; i++)
		wire_enter(s, &s->in, fresh[i], now_us);
	while (done < n && (pkts[done] = wire_take(&s->in, now_us)) != NULL)
		done++;
	return done;
}

static uint32_t
impair_tx(struct port *port, struct pkt **pkts, uint32_t n, uint64_t now_us)
{
	struct impair *s = self(port);

	for (uint32_t i = 0; i < n; i++)
		wire_enter(s, &s->out, pkts[i], now_us);
	send_due(s, now_us);
	return n;
}

static struct pkt *
impair_alloc(struct port *port)
{
	struct port *below = self(port)->below;

	return below->ops->alloc(below);
}

static void
impair_free(struct port *port, struct pkt *p)
{
	struct port *below = self(port)->below;

	below->ops->free(below, p);
}

static int
impair_wait_fd(struct port *port)
{
	struct port *below = self(port)->below;

	return below->ops->wait_fd(below);
}

static void
impair_arm(struct port *port)
{
	struct port *below = self(port)->below;

	below->ops->arm(below);
}

static void
impair_wake(struct port *port, bool error)
{
	struct port *below = self(port)->below;

	below->ops->wake(below, error);
}

static uint64_t
impair_next_us(struct port *port, uint64_t now_us)
{
	struct impair *s = self(port);
	uint64_t next = s->below->ops->next_us(s->below, now_us);

	if (wire_next(&s->in) < next)
		next = wire_next(&s->in);
	if (wire_next(&s->out) < next)
		next = wire_next(&s->out);
	return next;
}

static void
impair_close(struct port *port)
{
	struct impair *s = self(port);

	struct pkt *p;

	while ((p = wire_drain(&s->in)) != NULL)
		s->below->ops->free(s->below, p);
	while ((p = wire_drain(&s->out)) != NULL)
		s->below->ops->free(s->below, p);
	s->below->ops->close(s->below);
	free(s);
}

static const struct port_ops impair_ops = {
	.rx = impair_rx,
	.tx = impair_tx,
	.alloc = impair_alloc,
	.free = impair_free,
	.wait_fd = impair_wait_fd,
	.arm = impair_arm,
	.wake = impair_wake,
	.next_us = impair_next_us,
	.close = impair_close,
};

struct port *
impair_open(struct port *below, const struct impair_config *c)
{
	struct impair *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->port = *below;
	s->port.ops = &impair_ops;
	s->below = below;
	/* A checksum that the port completed would make good what is damaged here. */
	if (c->down.corrupt != 0 || c->down.truncate != 0)
		s->port.tx_csum = false;
	s->port.cut_max = 0; /* what becomes of a segment is decided here */
	wire_init(&s->in, &c->up, 2 * (c->seed + below->queue), s->in_heap, IMPAIR_DEPTH);
	wire_init(&s->out, &c->down, 2 * (c->seed + below->queue) + 1, s->out_heap, IMPAIR_DEPTH);
	return &s->port;
}
