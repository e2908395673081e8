/*
 * The stations from which segments come, by a number of one byte that a
 * connection can keep: routers and load balancers, of which a link has few.
 * Another station in the place of a forgotten one only sends its peers' answers
 * to itself, until they are heard from again.
 */
#include "dataplane/net/net_priv.h"

uint8_t
via_of(struct net *n, const uint8_t mac[6])
{
	uint32_t free = 0;

	for (uint32_t i = 1; i < NET_VIA_MAX; i++) {
		if (memcmp(n->via_mac[i], mac, 6) == 0)
			return (uint8_t)i;
		if ((n->via_mac[i][0] & 1) != 0) {
			free = i;
			break;
		}
	}
	if (free == 0) {
		n->via_hand = n->via_hand == NET_VIA_MAX - 1 ? 1 : (uint8_t)(n->via_hand + 1);
		free = n->via_hand;
	}
	memcpy(n->via_mac[free], mac, 6);
	return (uint8_t)free;
}

const uint8_t *
via_mac(const struct net *n, uint8_t via)
{
	return via == 0 || !n->to_sender || (n->via_mac[via][0] & 1) != 0 ? NULL : n->via_mac[via];
}

void
via_clear(struct net *n)
{
	memset(n->via_mac, 0xff, sizeof(n->via_mac));
	n->via_hand = 0;
}
