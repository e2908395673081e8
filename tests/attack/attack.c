/*
 * attack: what hostile peers send, from a raw socket.
 *
 *   attack DEVICE SELF VICTIM VICTIM-MAC PORT SEED VERB ARGUMENT...
 *
 *   flood SECONDS         SYNs from random sources, as fast as the kernel sends
 *   spoof KIND COUNT SOURCE-PORT   forged segments of the connection from SELF and that
 *                         port, made while it is watched: rst syn synack fin data ack old
 *                         dup split optimistic
 *   icmp KIND COUNT SOURCE-PORT    forged ICMP about it: frag68 quench redirect hard stray
 *   icmp6 KIND COUNT SOURCE-PORT   forged ICMPv6 about a connection of fd77::2: ptb1280 ptb576
 *                         ptb0 ptbstray noroute denied port time header stray
 *   side COUNT SOURCE-PORT FLOODED-PORT    so many questions, which challenge
 *                         acknowledgements answer, without and with a flood of the other
 *   crowd KIND COUNT SECONDS       clients at addresses that nobody has (VICTIM's /24, from
 *                         64 on), with a TCP of their own: idle zero half order urgent
 *   junk COUNT            segments and packets that are wrong: land, sources that nobody
 *                         may have, offsets, lengths and options that lie, source routes
 *   arp COUNT             questions of random senders, and claims to SELF's address
 *   nd COUNT              the same in IPv6
 *   isn COUNT             SYNs of one source; prints the answers' sequence numbers
 *
 * Prints what was sent. Root.
 */
#include "tests/attack/raw.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int args;
	int (*run)(struct raw *r, char **arg);
} verbs[] = {
	{ "flood", 1, attack_flood }, { "spoof", 3, attack_spoof }, { "icmp", 3, attack_icmp },
	{ "crowd", 3, attack_crowd }, { "junk", 1, attack_junk }, { "arp", 1, attack_arp },
	{ "icmp6", 3, attack_icmp6 }, { "side", 3, attack_side }, { "nd", 1, attack_nd }, { "isn", 1, attack_isn },
};

static uint32_t
address(const char *text)
{
	struct in_addr a;

	if (inet_aton(text, &a) == 0) {
		fprintf(stderr, "%s: no address\n", text);
		exit(2);
	}
	return ntohl(a.s_addr);
}

int
main(int argc, char **argv)
{
	static struct raw r;

	if (argc < 8)
		return 2;
	r.self = address(argv[2]);
	r.victim = address(argv[3]);
	if (sscanf(argv[4], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &r.peer[0], &r.peer[1], &r.peer[2], &r.peer[3],
	    &r.peer[4], &r.peer[5]) != 6)
		return 2;
	r.port = (uint16_t)atoi(argv[5]);
	if (raw_open(&r, argv[1], strtoull(argv[6], NULL, 0)) != 0)
		return 2;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, argv[7]) == 0 && argc == 8 + verbs[i].args)
			return verbs[i].run(&r, argv + 8);
	fprintf(stderr, "%s: no such attack, or other arguments\n", argv[7]);
	return 2;
}
