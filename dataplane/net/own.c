/*
 * Our own addresses: whether another station has them (RFC 5227 for IPv4, RFC 4862
 * section 5.4 and RFC 4429 for IPv6), announced, defended. One worker of a port
 * speaks for all; the others follow what it found (net_face, net_follow).
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/net/net_priv.h"
#include "dataplane/net/vrrp.h"

#define FACE_VRRP 32u       /* bits: addresses, from here on virtual routers, */
#define FACE_GENERATION 48u /* and how often it was configured */

_Static_assert(OWN_COUNT <= FACE_VRRP && FACE_VRRP + NET_VRRP_MAX <= FACE_GENERATION, "one word");

static bool
is_v4(const struct net *n, uint32_t i)
{
	return i != OWN_LINK_LOCAL && ip_is_v4(&n->addr_ip[i]);
}

static const struct net_ip *
ip_at(const struct net *n, uint32_t i)
{
	return i == OWN_LINK_LOCAL ? &n->link_local : &n->addr_ip[i];
}

uint32_t
own_find(const struct net *n, const struct net_ip *ip)
{
	for (uint32_t i = 0; i < n->addr_count; i++)
		if (ip_eq(&n->addr_ip[i], ip))
			return i;
	return ip_eq(&n->link_local, ip) ? OWN_LINK_LOCAL : OWN_NONE;
}

bool
own_used(const struct net *n, uint32_t i)
{
	return n->own[i].state == OWN_USED || n->own[i].state == OWN_OPTIMISTIC;
}

static void
wake_at(struct net *n, struct own *o, uint64_t due)
{
	o->due = due;
	if (due < n->own_due)
		n->own_due = due;
}

/* Somewhere in [from, from + span), elsewhere for each station. */
static uint64_t
random_us(const struct net *n, uint32_t i, uint64_t now, uint64_t from, uint64_t span)
{
	struct {
		struct net_ip ip;
		uint64_t now;
	} what = { *ip_at(n, i), now };

	return from + siphash24(n->key, &what, sizeof(what)) % span;
}

static void
begin_use(struct net *n, uint32_t i, uint64_t now)
{
	n->own[i].state = OWN_USED;
	n->own[i].announces = is_v4(n, i) ? NET_ANNOUNCE4 : NET_ANNOUNCE6;
	wake_at(n, &n->own[i], now);
}

static void
begin_probe(struct net *n, uint32_t i, enum own_state state, uint64_t now)
{
	n->own[i].state = (uint8_t)state;
	n->own[i].probes = is_v4(n, i) ? OWN_PROBES4 : OWN_PROBES6;
	wake_at(n, &n->own[i],
	    state == OWN_OPTIMISTIC ? now : random_us(n, i, now, now, OWN_PROBE_WAIT_US));
}

static void
begin(struct net *n, uint32_t i, uint64_t now)
{
	enum net_dad dad = is_v4(n, i) ? n->probe4 : n->dad6;

	n->own[i] = (struct own){ .due = NET_NEVER };
	if (!n->speaks)
		n->own[i].state = dad == NET_DAD_FIRST ? OWN_TENTATIVE : OWN_USED;
	else if (dad == NET_DAD_OFF)
		begin_use(n, i, now);
	else
		begin_probe(n, i, dad == NET_DAD_FIRST ? OWN_TENTATIVE : OWN_OPTIMISTIC, now);
}

void
own_set(struct net *n, const struct net_conf *c, uint64_t now)
{
	struct own before[OWN_COUNT];
	struct net_ip ip[NET_ADDR_MAX];
	uint32_t count = n->addr_count;
	bool first = n->own_generation == 0, fresh = first || c->vrrp_count > 0;

	memcpy(before, n->own, sizeof(before));
	memcpy(ip, n->addr_ip, sizeof(ip));
	n->addr_count = c->addr_count;
	n->own_generation++;
	for (uint32_t i = 0; i < c->addr_count; i++) {
		uint32_t k = 0;

		n->addr[i] = c->addr[i];
		n->addr_ip[i] = ip_of(c->addr[i].family, c->addr[i].b);
		while (k < count && !ip_eq(&ip[k], &n->addr_ip[i]))
			k++;
		if (k < count) {
			n->own[i] = before[k]; /* it stays what it is */
			continue;
		}
		begin(n, i, now);
		fresh = true;
	}
	if (first)
		begin(n, OWN_LINK_LOCAL, now);
	if (fresh)
		mld_start(n, now);
}

static void
announce(struct net *n, uint32_t i)
{
	n->stats.announced++;
	if (is_v4(n, i))
		arp_announce(n, ip_at(n, i));
	else
		nd_announce(n, ip_at(n, i));
}

static void
probe(struct net *n, uint32_t i, uint64_t now)
{
	struct own *o = &n->own[i];

	n->stats.own_probes++;
	o->probes--;
	if (is_v4(n, i)) {
		arp_probe(n, ip_at(n, i));
		wake_at(n, o, o->probes > 0 ?
		    random_us(n, i, now, now + OWN_PROBE_MIN_US, OWN_PROBE_SPAN_US) :
		    now + OWN_ANNOUNCE_WAIT_US);
	} else {
		nd_probe(n, ip_at(n, i));
		wake_at(n, o, now + NEIGH_RETRANS_US);
	}
}

static void
due(struct net *n, uint32_t i, uint64_t now)
{
	struct own *o = &n->own[i];

	o->due = NET_NEVER;
	if (o->state == OWN_TAKEN)
		begin_probe(n, i, OWN_TENTATIVE, now);
	else if (o->probes > 0)
		probe(n, i, now);
	else if (o->state != OWN_USED)
		begin_use(n, i, now);
	else if (o->announces > 0) {
		announce(n, i);
		if (--o->announces > 0)
			wake_at(n, o, now + (is_v4(n, i) ? NET_ANNOUNCE4_US : NET_ANNOUNCE6_US));
	}
}

/* Beginning to use an address is followed by its announcement in the same poll. */
void
own_poll(struct net *n, uint64_t now)
{
	while (n->own_due <= now) {
		n->own_due = NET_NEVER;
		for (uint32_t i = 0; i < OWN_COUNT; i++) {
			if (i >= n->addr_count && i != OWN_LINK_LOCAL)
				continue;
			if (n->own[i].due <= now)
				due(n, i, now);
			if (n->own[i].due < n->own_due)
				n->own_due = n->own[i].due;
		}
	}
}

void
own_conflict(struct net *n, uint32_t i, uint64_t now)
{
	struct own *o = &n->own[i];

	if (!n->speaks)
		return;
	n->stats.duplicates++;
	if (o->state != OWN_USED) {
		/* Whoever was there first keeps it: RFC 5227 section 2.1.1, RFC 4862 5.4.5. */
		o->state = OWN_TAKEN;
		o->probes = 0;
		wake_at(n, o, now + OWN_RETRY_US);
		return;
	}
	/* RFC 5227 section 2.4 (c): a server keeps its address, and says so seldom. */
	if (now < o->defend_at)
		return;
	o->defend_at = now + OWN_DEFEND_US;
	n->stats.defended++;
	announce(n, i);
}

void
net_announce(struct net *n, uint64_t now)
{
	for (uint32_t i = 0; i < OWN_COUNT && n->speaks; i++)
		if ((i < n->addr_count || i == OWN_LINK_LOCAL) && n->own[i].state == OWN_USED)
			begin_use(n, i, now);
	vrrp_announce(n, now);
}

uint64_t
net_face(const struct net *n)
{
	uint64_t face = (uint64_t)n->own_generation << FACE_GENERATION;

	for (uint32_t i = 0; i < OWN_COUNT; i++)
		face |= (uint64_t)own_used(n, i) << i;
	for (uint32_t i = 0; i < NET_VRRP_MAX && i < n->vrrp_count; i++)
		face |= (uint64_t)(n->vrrp[i].state == VRRP_MASTER) << (FACE_VRRP + i);
	return face;
}

void
net_follow(struct net *n, uint64_t face)
{
	if (face == n->face || face >> FACE_GENERATION != n->own_generation)
		return;
	n->face = face;
	for (uint32_t i = 0; i < OWN_COUNT; i++)
		n->own[i].state = (face >> i & 1) != 0 ? OWN_USED : OWN_TAKEN;
	for (uint32_t i = 0; i < n->vrrp_count; i++)
		n->vrrp[i].state = (face >> (FACE_VRRP + i) & 1) != 0 ? VRRP_MASTER : VRRP_BACKUP;
}
