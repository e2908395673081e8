/*
 * Multicast Listener Discovery version 2 (RFC 3810), the listener's part: which
 * groups we hear, for switches that send group frames only where they are asked
 * for. Without it neighbour discovery does not reach us there.
 */
#include "abi/wire/cursor.h"
#include "dataplane/mem/siphash.h"
#include "dataplane/net/net_priv.h"

#define MLD_QUERY_SIZE 28u           /* section 5.1, without sources */
#define MLD_REPORT 143u
#define MLD_HEAD 8u
#define MLD_RECORD 20u               /* section 5.2.4, without sources */
#define MLD_IS_EXCLUDE 2u            /* section 5.2.12: listening to every source */
#define MLD_TO_EXCLUDE 4u            /* since now */
#define MLD_ROBUSTNESS 2u            /* section 9.1: so often is a change said */
#define MLD_REPEAT_US 1000000u       /* section 9.11 */
#define MLD_DELAY_MAX 32768u         /* section 5.1.3: larger codes are floating point */
#define CSUM_OFF 2u

/* Router alert (RFC 2711) and padding, then ICMPv6. */
static const uint8_t hop_by_hop[IP6_HBH_SIZE] = { IP_ICMP6, 0, 5, 2, 0, 0, 1, 0 };
static const struct net_ip routers = { .b = { 0xff, 0x02, [15] = 0x16 } };

/* As many as a packet holds: section 5.2.14 would have more of them. */
static uint32_t
bounded(uint32_t count, uint16_t mtu)
{
	uint32_t most = (mtu - IP6_SIZE - IP6_HBH_SIZE - MLD_HEAD) / MLD_RECORD;

	return count < most ? count : most;
}

static void
report(struct net *n, uint8_t type)
{
	static const struct net_ip none;
	const struct net_ip *src = own_used(n, OWN_LINK_LOCAL) ? &n->link_local : &none; /* RFC 3590 */
	struct net_ip groups[NET_GROUPS_MAX];
	uint32_t count = bounded(net_groups(n, groups), n->mtu);
	struct pkt *p = net_alloc(n, MLD_HEAD + count * MLD_RECORD);
	uint8_t mac[6];
	struct put w;
	uint64_t sum;

	if (p == NULL)
		return;
	w = put_of(p->data, p->len);
	put_u32(&w, MLD_REPORT << 24);
	put_u32(&w, count);
	for (uint32_t i = 0; i < count; i++) {
		put_u32(&w, (uint32_t)type << 24);
		put_bytes(&w, groups[i].b, 16);
	}
	sum = csum_add(csum_pseudo(src, &routers, IP_ICMP6, p->len), p->data, p->len);
	w = put_of(p->data + CSUM_OFF, 2);
	put_u16(&w, csum_fold(sum));
	p->data -= sizeof(hop_by_hop);
	p->len += (uint32_t)sizeof(hop_by_hop);
	memcpy(p->data, hop_by_hop, sizeof(hop_by_hop));
	ip_push(p, src, &routers, IP6_HOP_BY_HOP, 1);
	mac_of_group(mac, &routers);
	eth_push(n, p, mac, ETH_IP6);
	n->stats.mld_reports++;
	n->ops.send(n->owner, p);
}

void
mld_start(struct net *n, uint64_t now)
{
	if (!n->speaks)
		return;
	n->mld_left = MLD_ROBUSTNESS;
	n->mld_due = now;
}

void
mld_poll(struct net *n, uint64_t now)
{
	if (n->mld_due > now)
		return;
	n->mld_due = NET_NEVER;
	report(n, n->mld_left > 0 ? MLD_TO_EXCLUDE : MLD_IS_EXCLUDE);
	if (n->mld_left > 0 && --n->mld_left > 0)
		n->mld_due = now + MLD_REPEAT_US;
}

bool
mld_head(const struct net_frame *f)
{
	return f->hop_limit == 1 && f->len >= IP6_HBH_SIZE && memcmp(f->data, hop_by_hop, IP6_HBH_SIZE) == 0;
}

/* Section 6.2: answered for all groups together, after a time of chance. */
int
mld_input(struct net *n, const struct net_frame *f, uint64_t now)
{
	struct cur c = cur_of(f->data, f->len);
	uint64_t within, due;

	cur_u32(&c);
	within = cur_u16(&c);
	if (f->len < MLD_QUERY_SIZE || f->hop_limit != 1 || !ip_link_local(&f->src))
		return -R_NET_ICMP;
	if (!n->speaks)
		return 0;
	if (within > MLD_DELAY_MAX)
		within = MLD_DELAY_MAX;
	due = now + siphash24(n->key, &now, sizeof(now)) % (within * 1000u + 1);
	if (due < n->mld_due)
		n->mld_due = due;
	return 0;
}
