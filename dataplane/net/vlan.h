/*
 * One VLAN of a port (IEEE 802.1Q) in software: the tag is taken off before anything
 * looks at a frame, and put on when it leaves, so that nothing between knows of it.
 */
#ifndef POSTERN_NET_VLAN_H
#define POSTERN_NET_VLAN_H

#include <stdint.h>

#include "drivers/nic/pkt.h"

#define VLAN_NONE 0u         /* frames carry no tag */
#define VLAN_MAX 4094u       /* 4095 is reserved */
#define VLAN_TAG_SIZE 4u

/* vlan_in(vlan, p): 0: p is a frame of this VLAN, and has no tag any more. A tag that
 * names no VLAN is of a priority alone: that of VLAN_NONE. -R_NET_SHORT, -R_NET_VLAN:
 * it is not, and stays as it was. */
int vlan_in(uint16_t vlan, struct pkt *p);

/* vlan_out(vlan, p): the tag in front of an Ethernet frame's type, for which there is
 * headroom; nothing for VLAN_NONE. */
void vlan_out(uint16_t vlan, struct pkt *p);

#endif
