/*
 * Between whom a frame goes, and its checksum as it leaves: for captures, which look
 * at frames of both directions and change none.
 */
#ifndef POSTERN_NET_ENDS_H
#define POSTERN_NET_ENDS_H

#include <stdbool.h>
#include <stdint.h>

struct net_ends {
	uint8_t src[16];     /* IPv4 as ::ffff:a.b.c.d */
	uint8_t dst[16];
	uint16_t src_port;   /* of TCP in a first or only fragment; else both 0 */
	uint16_t dst_port;
	uint32_t tcp;        /* where the TCP header begins; 0: there is none */
	uint32_t end;        /* where the IP packet ends */
};

/* net_ends(frame, len, e): Ethernet, up to two VLAN tags, IPv4 or IPv6. False: not
 * IP, or cut. Nothing is verified beyond that. */
bool net_ends(const uint8_t *frame, uint32_t len, struct net_ends *e);

/* net_ends_csum(frame, e, csum): what the port makes of a TCP checksum field that
 * holds the pseudo header's sum (PKT_CSUM_TCP). False: no whole TCP header. */
bool net_ends_csum(const uint8_t *frame, const struct net_ends *e, uint8_t csum[2]);

#define NET_ENDS_CSUM_AT 16u /* of the TCP header */

#endif
