/*
 * A packet buffer as the pure rooms see it.
 *
 * The port that made it owns the memory; `data` may be moved inside
 * [head, head + size) to add or strip headers. A port that receives chains makes
 * them contiguous first; only what a port is to cut is sent as a chain.
 */
#ifndef POSTERN_DRIVERS_NIC_PKT_H
#define POSTERN_DRIVERS_NIC_PKT_H

#include <stddef.h>
#include <stdint.h>

#define PKT_HEADROOM 128u

struct pkt {
	uint8_t *head;     /* first byte of the buffer */
	uint8_t *data;     /* first byte of the frame */
	uint32_t size;     /* bytes from head to the end of the buffer */
	uint32_t len;      /* bytes of the frame */
	uint32_t truesize; /* bytes of memory that holding this packet costs */
	uint32_t flags;    /* PKT_* */
	uint32_t cut;      /* with PKT_CUT: bytes of payload in a segment */
	struct pkt *next;  /* with PKT_CUT: where the payload goes on, or NULL */
	void *priv;        /* the port's own */
};

#define PKT_CSUM_GOOD 0x1u /* received: the port verified IP and TCP checksums */
#define PKT_CSUM_TCP \
	0x2u /* to send, where the port has tx_csum: TCP behind a plain IPv4 or
                            * IPv6 header, its checksum field holds the pseudo header's sum */

#define PKT_CUT \
	0x4u /* to send, where the port has cut_max: cut the payload into TCP segments; as
                            * PKT_CSUM_TCP, but the pseudo header's sum is without the length */

/* pkt_whole(p): bytes of the frame, all of its chain. */
static inline uint32_t
pkt_whole(const struct pkt *p)
{
	uint32_t len = p->len;

	if ((p->flags & PKT_CUT) != 0)
		while ((p = p->next) != NULL)
			len += p->len;
	return len;
}

/* pkt_tailroom(p): bytes that may be appended. */
static inline size_t
pkt_tailroom(const struct pkt *p)
{
	return p->size - (size_t)(p->data - p->head) - p->len;
}

#endif
