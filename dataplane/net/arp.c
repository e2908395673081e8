/*
 * ARP (RFC 826, RFC 5227).
 */
#include "abi/wire/cursor.h"
#include "dataplane/net/net_priv.h"

#define ARP_SIZE 28u
#define ARP_REQUEST 1u
#define ARP_REPLY 2u
#define ARP_ETHERNET 1u

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t nobody[6];

static void
arp_send(struct net *n, uint16_t op, const struct net_ip *spa, const uint8_t tha[6],
    const struct net_ip *tpa, const uint8_t dst[6])
{
	struct pkt *p = net_alloc(n, ARP_SIZE);
	uint8_t sha[6];
	struct put w;

	if (p == NULL)
		return;
	w = put_of(p->data, p->len);
	put_u16(&w, ARP_ETHERNET);
	put_u16(&w, ETH_IP4);
	put_u8(&w, 6);
	put_u8(&w, 4);
	put_u16(&w, op);
	net_mac_of(n, spa, sha); /* RFC 5798 section 8.1.2 */
	put_bytes(&w, sha, 6);
	put_bytes(&w, spa->b + 12, 4);
	put_bytes(&w, tha, 6);
	put_bytes(&w, tpa->b + 12, 4);
	eth_push(n, p, dst, ETH_ARP);
	n->ops.send(n->owner, p);
}

void
arp_request(struct net *n, const struct net_ip *ip, const struct net_ip *src, const uint8_t *mac)
{
	arp_send(n, ARP_REQUEST, src, nobody, ip, mac != NULL ? mac : broadcast);
}

void
arp_announce(struct net *n, const struct net_ip *own)
{
	/* RFC 5227 section 3: an announcement is a request. */
	arp_send(n, ARP_REQUEST, own, nobody, own, broadcast);
}

void
arp_probe(struct net *n, const struct net_ip *own)
{
	/* RFC 5227 section 2.1.1: the sender's address is zero, so that nobody learns it. */
	static const uint8_t none[4];
	struct net_ip from = ip_v4(none);

	arp_send(n, ARP_REQUEST, &from, nobody, own, broadcast);
}

/* Does it say that another station has an address of ours, or is it about to take one
 * that we are asking for? RFC 5227 sections 2.1.1 and 2.4. */
static bool
conflict(struct net *n, const uint8_t sha[6], const struct net_ip *from, const struct net_ip *to,
    uint64_t now)
{
	bool probe = ip_unspecified(from);
	uint32_t i = own_find(n, probe ? to : from);

	if (i == OWN_NONE || memcmp(sha, n->mac, 6) == 0 || (probe && n->own[i].state != OWN_TENTATIVE))
		return false;
	own_conflict(n, i, now);
	return true;
}

int
arp_input(struct net *n, const uint8_t *p, uint32_t len, bool to_us, uint64_t now)
{
	struct cur c = cur_of(p, len);
	uint32_t hardware = cur_u32(&c);
	uint16_t sizes = cur_u16(&c);
	uint16_t op = cur_u16(&c);
	struct view sha = cur_take(&c, 6);
	struct view spa = cur_take(&c, 4);
	struct view tpa;
	struct net_ip from, to;
	bool ours, probe;

	cur_take(&c, 6);
	tpa = cur_take(&c, 4);
	if (c.bad || hardware != (ARP_ETHERNET << 16 | ETH_IP4) || sizes != 0x0604u ||
	    (op != ARP_REQUEST && op != ARP_REPLY))
		return -R_NET_ARP;
	from = ip_v4(spa.data);
	to = ip_v4(tpa.data);
	ours = net_owns(n, &to) || vrrp_answers(n, &to) != NULL;
	/* A probe has no sender yet (RFC 5227 section 2.1.1): we defend. */
	probe = ip_unspecified(&from);
	if (!(sha.data[0] & 1) && conflict(n, sha.data, &from, &to, now))
		return -R_NET_DUPLICATE;
	if ((sha.data[0] & 1) || (!probe && !ip_source_good(n, &from)))
		return -R_NET_ARP;
	if (!probe)
		neigh_learn(n, &from, sha.data, op == ARP_REPLY && to_us, ours && op == ARP_REQUEST,
		    now);
	if (!ours)
		return -R_NET_ARP;
	if (op == ARP_REQUEST && !n->overhears)
		arp_send(n, ARP_REPLY, &to, sha.data, &from, sha.data);
	return 0;
}
