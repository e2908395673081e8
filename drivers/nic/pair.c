#include "drivers/nic/pair.h"

#include <stdlib.h>
#include <string.h>

#define PAIR_BUFFER 2048u    /* at least */

struct pair_pkt {
	struct pkt pkt;
	struct pair_pkt *next;
	uint8_t *buffer;
};

struct pair_queue {
	struct pkt **slot;
	uint32_t head;
	uint32_t tail;
};

struct pair;

struct pair_port {
	struct port port;
	struct pair *pair;
	struct pair_queue in;
	struct pair_port *other;
	bool open;
};

/* Both ports and every buffer: freed when the second port is closed. */
struct pair {
	struct pair_port side[2];
	struct pair_pkt *packets;
	struct pair_pkt *free;
	uint8_t *buffers;
	uint32_t buffer_size;
	uint32_t depth;
};

static struct pair_port *
self(struct port *p)
{
	return (struct pair_port *)(void *)p;
}

static void
pair_free(struct port *port, struct pkt *p)
{
	struct pair *pair = self(port)->pair;
	struct pair_pkt *at = p->priv;

	at->next = pair->free;
	pair->free = at;
}

static struct pkt *
pair_alloc(struct port *port)
{
	struct pair *pair = self(port)->pair;
	struct pair_pkt *at = pair->free;

	if (at == NULL)
		return NULL;
	pair->free = at->next;
	at->pkt.head = at->buffer;
	at->pkt.data = at->buffer + PKT_HEADROOM;
	at->pkt.size = pair->buffer_size;
	at->pkt.len = 0;
	at->pkt.truesize = (uint32_t)sizeof(*at) + pair->buffer_size;
	at->pkt.flags = 0;
	at->pkt.priv = at;
	return &at->pkt;
}

static uint32_t
pair_rx(struct port *port, struct pkt **pkts, uint32_t n, uint64_t now_us)
{
	struct pair_queue *q = &self(port)->in;
	uint32_t done = 0;

	(void)now_us;
	while (done < n && q->tail != q->head)
		pkts[done++] = q->slot[q->tail++ % self(port)->pair->depth];
	return done;
}

static uint32_t
pair_tx(struct port *port, struct pkt **pkts, uint32_t n, uint64_t now_us)
{
	struct pair_port *s = self(port);
	struct pair_queue *q = &s->other->in;
	uint32_t done = 0;

	(void)now_us;
	while (done < n && q->head - q->tail < s->pair->depth) {
		pkts[done]->flags = 0;
		if (s->other->open)
			q->slot[q->head++ % s->pair->depth] = pkts[done];
		else
			pair_free(port, pkts[done]);
		done++;
	}
	return done;
}

static int
pair_wait_fd(struct port *port)
{
	(void)port;
	return -1;
}

static void
pair_arm(struct port *port)
{
	(void)port;
}

static void
pair_wake(struct port *port, bool error)
{
	(void)port;
	(void)error;
}

static uint64_t
pair_next_us(struct port *port, uint64_t now_us)
{
	struct pair_queue *q = &self(port)->in;

	(void)now_us;
	return q->tail != q->head ? 0 : UINT64_MAX;
}

static void
pair_release(struct pair *pair)
{
	free(pair->side[0].in.slot);
	free(pair->side[1].in.slot);
	free(pair->packets);
	free(pair->buffers);
	free(pair);
}

static void
pair_close(struct port *port)
{
	struct pair_port *s = self(port);

	s->open = false;
	if (!s->other->open)
		pair_release(s->pair);
}

static const struct port_ops pair_ops = {
	.rx = pair_rx,
	.tx = pair_tx,
	.alloc = pair_alloc,
	.free = pair_free,
	.wait_fd = pair_wait_fd,
	.arm = pair_arm,
	.wake = pair_wake,
	.next_us = pair_next_us,
	.close = pair_close,
};

static void
side_init(struct pair *pair, unsigned at, uint16_t mtu)
{
	struct pair_port *s = &pair->side[at];
	const uint8_t mac[6] = { 0x02, 0x70, 0x6f, 0x73, 0x74, (uint8_t)(at + 1) };

	s->port.ops = &pair_ops;
	memcpy(s->port.mac, mac, sizeof(mac));
	s->port.mtu = mtu;
	s->port.frame_max = mtu + 18u;
	s->port.rx = true;
	s->pair = pair;
	s->other = &pair->side[1 - at];
	s->open = true;
}

int
pair_open(struct port **a, struct port **b, uint32_t depth, uint16_t mtu)
{
	struct pair *pair;
	uint32_t count = 4 * depth;

	if (depth == 0)
		return -1;
	pair = calloc(1, sizeof(*pair));
	if (pair == NULL)
		return -1;
	pair->depth = depth;
	pair->buffer_size = mtu + 18u + PKT_HEADROOM;
	if (pair->buffer_size < PAIR_BUFFER)
		pair->buffer_size = PAIR_BUFFER;
	pair->packets = calloc(count, sizeof(*pair->packets));
	pair->buffers = calloc(count, pair->buffer_size);
	for (unsigned i = 0; i < 2; i++) {
		pair->side[i].in.slot = calloc(depth, sizeof(struct pkt *));
		side_init(pair, i, mtu);
	}
	if (pair->packets == NULL || pair->buffers == NULL || pair->side[0].in.slot == NULL ||
	    pair->side[1].in.slot == NULL) {
		pair_release(pair);
		return -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		pair->packets[i].buffer = pair->buffers + (size_t)i * pair->buffer_size;
		pair->packets[i].next = pair->free;
		pair->free = &pair->packets[i];
	}
	*a = &pair->side[0].port;
	*b = &pair->side[1].port;
	return 0;
}
