/*
 * Which connections are meant, of those that a worker has: what posternctl tcp and
 * capture are asked with, checked by console and again by the dataplane.
 *
 * On the wire: u8 prefix length, 16 bytes address, u16 port, u32 conn, u32 gen.
 */
#ifndef POSTERN_LINK_FILTER_H
#define POSTERN_LINK_FILTER_H

#include "abi/link/layout.h"
#include "abi/wire/cursor.h"

#define LINK_FILTER_SIZE 27u

/* All of what is set must hold. */
struct link_filter {
	uint8_t prefix;    /* bits of `peer` that count, 0..128; 0: any peer */
	uint8_t peer[16];  /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;     /* the peer's; 0: any */
	uint32_t conn;     /* or LINK_CONN_NONE: any */
	uint32_t gen;      /* with it */
};

static inline struct link_filter
filter_all(void)
{
	struct link_filter f = { .conn = LINK_CONN_NONE };

	return f;
}

void filter_put(struct put *w, const struct link_filter *f);

/* filter_get(c, f): 0, or -R_LINK_ITEM: no filter. */
int filter_get(struct cur *c, struct link_filter *f);

/* filter_peer(f, peer, port): does the peer fit? */
bool filter_peer(const struct link_filter *f, const uint8_t peer[16], uint16_t port);

/* filter_conn(f, conn, gen): does the connection? */
bool filter_conn(const struct link_filter *f, uint32_t conn, uint32_t gen);

#endif
