#include "dataplane/net/vlan.h"

#include <string.h>

#include "dataplane/net/net_priv.h"

#define TAG_TYPE 0x8100u
#define VID_MASK 0x0fffu
#define MACS_SIZE 12u

static uint16_t
word(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

int
vlan_in(uint16_t vlan, struct pkt *p)
{
	if (p->len < ETH_SIZE)
		return -R_NET_SHORT;
	if (word(p->data + MACS_SIZE) != TAG_TYPE)
		return vlan == VLAN_NONE ? 0 : -R_NET_VLAN;
	if (p->len < ETH_SIZE + VLAN_TAG_SIZE)
		return -R_NET_SHORT;
	if ((word(p->data + MACS_SIZE + 2) & VID_MASK) != vlan)
		return -R_NET_VLAN;
	memmove(p->data + VLAN_TAG_SIZE, p->data, MACS_SIZE);
	p->data += VLAN_TAG_SIZE;
	p->len -= VLAN_TAG_SIZE;
	return 0;
}

void
vlan_out(uint16_t vlan, struct pkt *p)
{
	if (vlan == VLAN_NONE)
		return;
	memmove(p->data - VLAN_TAG_SIZE, p->data, MACS_SIZE);
	p->data -= VLAN_TAG_SIZE;
	p->len += VLAN_TAG_SIZE;
	p->data[MACS_SIZE] = TAG_TYPE >> 8;
	p->data[MACS_SIZE + 1] = TAG_TYPE & 0xff;
	p->data[MACS_SIZE + 2] = (uint8_t)(vlan >> 8);
	p->data[MACS_SIZE + 3] = (uint8_t)vlan;
}
