/*
 * Forged segments and ICMP errors of a connection that somebody else has: it is watched,
 * so that each forgery lies where its kind does the most harm, and not by accident where
 * nobody can tell it from the peer's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/attack/watch.h"

#define FAR 0x20000000u /* beyond any window */

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
	s->seq = watch_inside(r, w);
}

static void
forge_syn(struct raw *r, struct watch *w, struct raw_seg *s)
{
	s->flags = RAW_SYN;
	s->seq = raw_below(r, 2) ? watch_inside(r, w) : (uint32_t)raw_random(r);
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
	s->seq = raw_below(r, 2) ? w->next : watch_inside(r, w);
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
	s->seq = raw_below(r, 2) ? w->next : watch_inside(r, w);
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

int
attack_spoof(struct raw *r, char **arg)
{
	uint64_t count = strtoull(arg[1], NULL, 10);
	struct watch w = { 0 };
	size_t k = 0;

	while (k < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[k].name, arg[0]) != 0)
		k++;
	if (k == sizeof(kinds) / sizeof(kinds[0]) || !watch_begin(r, &w, arg[2]))
		return 1;
	for (uint64_t i = 0; i < count; i++) {
		struct raw_seg s = watch_segment(r, &w);

		kinds[k].forge(r, &w, &s);
		/* A blind attacker has no timestamps; one on the path has. */
		if (i % 2 == 0)
			s.options_len = 0;
		raw_tcp(r, &s);
		if (r->count == 0 && !watch_look(r, &w))
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
	if (k == sizeof(errors) / sizeof(errors[0]) || !watch_begin(r, &w, arg[2]))
		return 1;
	for (uint64_t i = 0; i < count; i++) {
		icmp(r, &w, k);
		if (r->count == 0 && !watch_look(r, &w))
			return 1;
	}
	raw_flush(r);
	printf("sent %llu\n", (unsigned long long)r->sent);
	return 0;
}
