/*
 * tcp-cost: what TCP and IP cost per segment with no kernel in the path.
 *
 *   tcp-cost [ROUNDS]
 *
 * Two ends, each the pure rooms net and tcp as a worker joins them, on the two ports
 * of drivers/nic/pair.h, in one thread. In each round one end writes, its stack sends,
 * the other takes the frames, and its acknowledgements come back; each of these four
 * is timed by itself with the processor's time stamp counter, less what reading it
 * costs, and divided by its segments. Of all rounds the median is printed with the
 * first and the ninth tenth. Virtual time moves on by a round trip per round.
 *
 * As a measure that moves with the machine, the copy of one full payload is timed in
 * between the rounds; "copies" is the median in such copies. Both ends share the
 * caches, and memory is touched before: what is told is work, not waiting.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/net/net.h"
#include "dataplane/tcp/tcp.h"
#include "dataplane/worker/emit.h"
#include "drivers/clock/clock.h"
#include "drivers/nic/pair.h"

#define ROUNDS 20000u
#define WARM 400u
#define BLOCKS 4096u
#define PORT 22u
#define RTT_US 100u
#define DEPTH 512u
#define FULL 1448u     /* payload of 1500 bytes with timestamps */
#define SMALL 64u
#define IDLE_LIMIT 512u

struct end {
	struct port *port;
	struct net *net;
	struct tcp_stack *stack;
	struct tcp *t;
	struct pool pool;
	uint64_t now;
	uint32_t sent;     /* frames, since the last look */
	bool up;
};

/* ---- what a worker does between port, net and tcp ---- */

static struct pkt *
on_alloc(void *owner)
{
	struct end *e = owner;

	return e->port->ops->alloc(e->port);
}

static void
on_free(void *owner, struct pkt *p)
{
	struct end *e = owner;

	e->port->ops->free(e->port, p);
}

static void
on_send(void *owner, struct pkt *p)
{
	struct end *e = owner;

	if (e->port->ops->tx(e->port, &p, 1, e->now) == 1)
		e->sent++;
	else
		on_free(e, p);
}

static void
on_drop(void *owner, int reason)
{
	struct end *e = owner;

	if (!e->up)
		return; /* announcements that cross */
	fprintf(stderr, "tcp-cost: dropped: %s\n", reason_text(reason));
	exit(1);
}

static void
on_error(void *owner, const struct net_error *e)
{
	(void)owner, (void)e;
}

static const struct net_ops net_ops = {
	.alloc = on_alloc, .send = on_send, .free = on_free, .drop = on_drop, .tcp_error = on_error,
};

static int
on_emit(void *owner, const struct tcp_seg_out *seg)
{
	struct end *e = owner;

	return net_emit(e->net, seg, e->now);
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	struct end *e = owner;

	(void)now;
	e->t = t;
	e->up = true;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	struct end *e = owner;

	(void)t, (void)reason, (void)now;
	if (events & TCP_EV_CONNECTED)
		e->up = true;
}

static const struct tcp_ops tcp_ops = {
	.emit = on_emit, .accept = on_accept, .event = on_event, .drop = on_drop,
};

static uint32_t
take_frames(struct end *e)
{
	struct tcp_seg seg[PORT_BURST];
	struct pkt *p[PORT_BURST];
	uint32_t n = e->port->ops->rx(e->port, p, PORT_BURST, e->now);
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct net_tcp found;

		if (net_input(e->net, p[i], &found, e->now) == 1 &&
		    tcp_seg_parse(&seg[count], found.segment, found.len, found.local, found.remote) == 0)
			count++;
	}
	tcp_input_burst(e->stack, seg, count, e->now);
	for (uint32_t i = 0; i < n; i++)
		on_free(e, p[i]);
	return n;
}

/* ---- the two ends ---- */

static void *
area(size_t size)
{
	void *p = aligned_alloc(64, (size + 63) / 64 * 64);

	if (p == NULL)
		exit(1);
	memset(p, 0, size);
	return p;
}

static void
end_init(struct end *e, struct port *port, unsigned which)
{
	struct net_conf conf = {
		.addr = { { .family = 4, .prefix = 24, .b = { 192, 0, 2, (uint8_t)(1 + which) } },
		    { .family = 6, .prefix = 64, .b = { 0xfd, [15] = (uint8_t)(1 + which) } } },
		.addr_count = 2,
	};
	uint8_t secret[32] = { (uint8_t)(which + 1) };
	struct tcp_config c;

	*e = (struct end){ .port = port, .now = 1000000 };
	tcp_config_default(&c, port->mtu);
	c.conn_max = 64;
	pool_init(&e->pool, area(pool_size(BLOCKS)), BLOCKS);
	e->net = net_init(area(net_size()), port->mac, port->mtu, &net_ops, e, secret);
	e->stack = tcp_stack_init(area(tcp_stack_size(&c)), &c, &tcp_ops, &e->pool, e, secret);
	(void)net_configure(e->net, &conf, e->now);
}

static void
turn(struct end ends[2])
{
	for (unsigned i = 0; i < 2; i++) {
		struct end *e = &ends[i];

		while (take_frames(e) > 0)
			;
		(void)tcp_poll(e->stack, e->now);
		net_poll(e->net, e->now);
		e->now += RTT_US / 2;
	}
}

static bool
join(struct end ends[2], bool v6, uint16_t port)
{
	struct tcp_tuple t = { .local_port = port, .remote_port = PORT };

	for (unsigned i = 0; i < 2; i++) {
		uint8_t *b = i == 0 ? t.local.b : t.remote.b;

		if (v6) {
			b[0] = 0xfd;
		} else {
			b[10] = b[11] = 0xff;
			b[12] = 192, b[14] = 2;
		}
		b[15] = (uint8_t)(1 + i);
		ends[i].up = false;
	}
	(void)tcp_listen(ends[1].stack, PORT);
	ends[0].t = tcp_connect(ends[0].stack, &t, NULL, ends[0].now);
	for (unsigned i = 0; i < 50 && !(ends[0].up && ends[1].up); i++)
		turn(ends);
	return ends[0].up && ends[1].up;
}

/* ---- the rounds ---- */

enum figure { SEND, RECEIVE, ACK_OUT, ACK_IN, FIGURES };

static const char *const figure_name[] = { "data out", "data in", "ack out", "ack in" };

struct rounds {
	uint32_t count, at;
	float *of[FIGURES];
	float *copy;
	uint64_t segments[FIGURES];
};

static uint64_t reading; /* cycles that two readings of the counter are apart */
static uint8_t payload[1 << 16], sink[1 << 16];

static void
note(struct rounds *r, enum figure f, uint64_t cycles, uint32_t segments)
{
	cycles = cycles > reading ? cycles - reading : 0;
	r->of[f][r->at] = segments > 0 ? (float)cycles / (float)segments : 0;
	r->segments[f] += segments;
}

static void
copy_once(struct rounds *r)
{
	uint64_t from = clock_cycles();

	for (unsigned i = 0; i < 8; i++) {
		memcpy(sink, payload + 8 * i, FULL);
		__asm__ volatile("" : : "r"(sink) : "memory");
	}
	r->copy[r->at] = (float)(clock_cycles() - from - reading) / 8;
}

static void
round_once(struct end ends[2], struct rounds *r, uint32_t bytes)
{
	struct end *a = &ends[0], *b = &ends[1];
	uint64_t t0, t1;
	uint32_t n;

	a->sent = b->sent = 0;
	if (tcp_put(a->t, payload, bytes) != 0)
		exit(1);
	t0 = clock_cycles();
	(void)tcp_poll(a->stack, a->now);
	t1 = clock_cycles();
	note(r, SEND, t1 - t0, a->sent);
	b->now += RTT_US / 2;
	t0 = clock_cycles();
	n = take_frames(b);
	t1 = clock_cycles();
	note(r, RECEIVE, t1 - t0, n);
	(void)tcp_peek(b->t, sink, bytes);
	tcp_take(b->t, bytes);
	t0 = clock_cycles();
	(void)tcp_poll(b->stack, b->now);
	t1 = clock_cycles();
	note(r, ACK_OUT, t1 - t0, b->sent);
	a->now += RTT_US / 2;
	t0 = clock_cycles();
	n = take_frames(a);
	t1 = clock_cycles();
	note(r, ACK_IN, t1 - t0, n);
	net_poll(a->net, a->now);
	net_poll(b->net, b->now);
	a->now = b->now = a->now + RTT_US / 2;
}

static int
by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/* Sorts; rounds without a segment are left out. */
static float
part(float *v, uint32_t count, unsigned tenth)
{
	uint32_t from = 0;

	qsort(v, count, sizeof(*v), by_size);
	while (from + 1 < count && v[from] <= 0)
		from++;
	return v[from + (count - 1 - from) * tenth / 10];
}

static void
measure(bool v6, uint32_t segments, uint32_t size, uint32_t count)
{
	static uint16_t port = 40000;
	struct rounds r = { .count = count };
	struct port *a, *b;
	struct end ends[2];
	float copy;

	for (int f = 0; f < FIGURES; f++)
		r.of[f] = area((count + WARM) * sizeof(float));
	r.copy = area((count + WARM) * sizeof(float));
	if (pair_open(&a, &b, DEPTH, 1500) != 0)
		exit(1);
	end_init(&ends[0], a, 0);
	end_init(&ends[1], b, 1);
	if (!join(ends, v6, port++)) {
		fprintf(stderr, "tcp-cost: no connection\n");
		exit(1);
	}
	for (uint32_t i = 0; i < WARM + count; i++) {
		r.at = i < WARM ? 0 : i - WARM;
		if (i == WARM)
			memset(r.segments, 0, sizeof(r.segments));
		round_once(ends, &r, segments * size);
		copy_once(&r);
	}
	copy = part(r.copy, count, 5);
	for (int f = 0; f < FIGURES; f++)
		printf("IPv%d  %2u x %4u  %-8s  %6.2f  %7.0f  %7.0f  %7.0f  %7.2f\n", v6 ? 6 : 4, segments, size,
		    figure_name[f], (double)r.segments[f] / count, (double)part(r.of[f], count, 5),
		    (double)part(r.of[f], count, 1), (double)part(r.of[f], count, 9),
		    (double)(part(r.of[f], count, 5) / copy));
}

/* What one connection more takes of the memory that a stack is given. */
static size_t
idle_bytes(void)
{
	struct tcp_config c;
	size_t one;

	tcp_config_default(&c, 1500);
	c.conn_max = 1u << 14;
	one = tcp_stack_size(&c);
	c.conn_max <<= 1;
	return (tcp_stack_size(&c) - one) >> 14;
}

static void
read_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t from = clock_cycles();
		uint64_t apart = clock_cycles() - from;

		if (apart < least)
			least = apart;
	}
	reading = least;
}

int
main(int argc, char **argv)
{
	uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : ROUNDS;
	size_t idle = idle_bytes();

	if (count < 10) {
		fprintf(stderr, "usage: tcp-cost [ROUNDS]\n");
		return 2;
	}
	clock_start();
	read_cost();
	printf("TCP and IP alone, two stacks in memory, %u rounds; cycles of the time stamp counter\n"
	       "(%.2f GHz) per segment, checksums in software; copies: of %u bytes in this run\n",
	    count, (double)clock_hz() / 1e9, FULL);
	printf("%-4s  %9s  %-8s  %6s  %7s  %7s  %7s  %7s\n", "", "a round", "", "segs", "median", "10 %",
	    "90 %", "copies");
	measure(false, 16, FULL, count);
	measure(true, 16, FULL - 20, count);
	measure(false, 1, FULL, count);
	measure(false, 1, SMALL, count);
	printf("memory of an idle connection: %zu bytes, of at most %u\n", idle, IDLE_LIMIT);
	return idle > IDLE_LIMIT;
}
