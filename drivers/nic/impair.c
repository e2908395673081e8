#include "drivers/nic/impair.h"

#include <stdlib.h>
#include <string.h>

#define IMPAIR_DEPTH 4096u
#define IMPAIR_REORDER_US 1500u /* how long a reordered frame is held at most */

struct held {
	uint64_t due;
	uint64_t order; /* frames that are due together keep their order */
	struct pkt *pkt;
};

/* Frames under way in one direction: a heap, the earliest on top. */
struct wire {
	struct held heap[IMPAIR_DEPTH];
	uint32_t count;
	uint64_t order;
	uint64_t last_due;
};

struct impair {
	struct port port;
	struct port *below;
	struct impair_config c;
	uint64_t state;
	struct wire in;
	struct wire out;
};

static struct impair *
self(struct port *p)
{
	return (struct impair *)(void *)p;
}

/* splitmix64: one word of state, so that a seed is a whole run. */
static uint64_t
next_random(struct impair *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static bool
chance(struct impair *s, double p)
{
	return p > 0 && (double)(next_random(s) >> 11) * 0x1p-53 < p;
}

static bool
earlier(const struct held *a, const struct held *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void
swap(struct held *a, struct held *b)
{
	struct held t = *a;

	*a = *b;
	*b = t;
}

static void
wire_push(struct wire *w, struct pkt *p, uint64_t due)
{
	uint32_t at = w->count++;

	w->heap[at] = (struct held){ .due = due, .order = w->order++, .pkt = p };
	while (at > 0 && earlier(&w->heap[at], &w->heap[(at - 1) / 2])) {
		swap(&w->heap[at], &w->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static struct pkt *
wire_pop(struct wire *w)
{
	struct pkt *p = w->heap[0].pkt;
	uint32_t at = 0;

	w->heap[0] = w->heap[--w->count];
	for (;;) {
		uint32_t least = at, child = 2 * at + 1;

		if (child < w->count && earlier(&w->heap[child], &w->heap[least]))
			least = child;
		if (child + 1 < w->count && earlier(&w->heap[child + 1], &w->heap[least]))
			least = child + 1;
		if (least == at)
			return p;
		swap(&w->heap[at], &w->heap[least]);
		at = least;
	}
}

/* Jitter alone must not reorder: only the reorder setting does that. */
static uint64_t
due_time(struct impair *s, struct wire *w, uint64_t now)
{
	uint64_t due = now + s->c.delay_us;

	if (s->c.jitter_us > 0)
		due += next_random(s) % s->c.jitter_us;
	if (due < w->last_due)
		due = w->last_due;
	w->last_due = due;
	if (chance(s, s->c.reorder))
		due += 1 + next_random(s) % IMPAIR_REORDER_US;
	return due;
}

static void
duplicate(struct impair *s, struct wire *w, const struct pkt *p, uint64_t due)
{
	struct pkt *twin = s->below->ops->alloc(s->below);

	if (twin == NULL)
		return;
	if (w->count == IMPAIR_DEPTH || pkt_tailroom(twin) < p->len) {
		s->below->ops->free(s->below, twin);
		return;
	}
	memcpy(twin->data, p->data, p->len);
	twin->len = p->len;
	twin->flags = p->flags;
	wire_push(w, twin, due);
}

static void
wire_enter(struct impair *s, struct wire *w, struct pkt *p, uint64_t now)
{
	uint64_t due;

	if (w->count == IMPAIR_DEPTH || chance(s, s->c.loss)) {
		s->below->ops->free(s->below, p);
		return;
	}
	due = due_time(s, w, now);
	wire_push(w, p, due);
	if (chance(s, s->c.duplicate))
		duplicate(s, w, p, due);
}

static void
send_due(struct impair *s, uint64_t now)
{
	while (s->out.count > 0 && s->out.heap[0].due <= now) {
		struct pkt *p = wire_pop(&s->out);

		if (s->below->ops->tx(s->below, &p, 1, now) == 0)
			s->below->ops->free(s->below, p);
	}
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
	while (done < n && s->in.count > 0 && s->in.heap[0].due <= now_us)
		pkts[done++] = wire_pop(&s->in);
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

	if (s->in.count > 0 && s->in.heap[0].due < next)
		next = s->in.heap[0].due;
	if (s->out.count > 0 && s->out.heap[0].due < next)
		next = s->out.heap[0].due;
	return next;
}

static void
impair_close(struct port *port)
{
	struct impair *s = self(port);

	while (s->in.count > 0)
		s->below->ops->free(s->below, wire_pop(&s->in));
	while (s->out.count > 0)
		s->below->ops->free(s->below, wire_pop(&s->out));
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
	s->c = *c;
	s->state = c->seed;
	return &s->port;
}

/* "5ms", "300us", "1s" or a bare number of microseconds. */
static bool
parse_time(const char *text, uint32_t *us)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || !(v >= 0))
		return false;
	if (strcmp(end, "ms") == 0)
		v *= 1e3;
	else if (strcmp(end, "s") == 0)
		v *= 1e6;
	else if (*end != '\0' && strcmp(end, "us") != 0)
		return false;
	if (v > 60e6)
		return false;
	*us = (uint32_t)v;
	return true;
}

static bool
parse_chance(const char *text, double *p)
{
	char *end;

	*p = strtod(text, &end);
	if (end != text && strcmp(end, "%") == 0) {
		*p /= 100;
		end++;
	}
	return end != text && *end == '\0' && *p >= 0 && *p <= 1;
}

static const char *
parse_word(struct impair_config *c, const char *name, const char *value)
{
	char *end;

	if (strcmp(name, "loss") == 0)
		return parse_chance(value, &c->loss) ? NULL : "loss: want 0..1 or a percentage";
	if (strcmp(name, "reorder") == 0)
		return parse_chance(value, &c->reorder) ? NULL : "reorder: want 0..1 or a percentage";
	if (strcmp(name, "dup") == 0)
		return parse_chance(value, &c->duplicate) ? NULL : "dup: want 0..1 or a percentage";
	if (strcmp(name, "delay") == 0)
		return parse_time(value, &c->delay_us) ? NULL : "delay: want a time such as 5ms";
	if (strcmp(name, "jitter") == 0)
		return parse_time(value, &c->jitter_us) ? NULL : "jitter: want a time such as 1ms";
	if (strcmp(name, "seed") != 0)
		return "want loss, reorder, dup, delay, jitter or seed";
	c->seed = strtoull(value, &end, 0);
	return end != value && *end == '\0' ? NULL : "seed: want a number";
}

int
impair_parse(struct impair_config *c, const char *text, const char **error)
{
	char word[64];

	memset(c, 0, sizeof(*c));
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		char *value;

		if (len >= sizeof(word)) {
			*error = "word too long";
			return -1;
		}
		memcpy(word, text, len);
		word[len] = '\0';
		value = strchr(word, '=');
		if (value == NULL) {
			*error = "want NAME=VALUE";
			return -1;
		}
		*value++ = '\0';
		*error = parse_word(c, word, value);
		if (*error != NULL)
			return -1;
		text += len;
		if (*text == ',')
			text++;
	}
	return 0;
}
