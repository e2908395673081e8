/*
 * Neighbours: IP to MAC for both families (RFC 826, RFC 4861 section 7.3).
 *
 * An entry that has just been confirmed cannot be changed by somebody who was
 * not asked: the old address is asked first, and only its silence makes room.
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/net/net_priv.h"

#define EVICT_LOOKS 32u

void
neigh_init(struct net *n)
{
	memset(n->buckets, 0xff, sizeof(n->buckets));
	n->neigh_free = NIL;
	n->neigh_due = NET_NEVER;
}

static uint16_t *
bucket(struct net *n, const struct net_ip *ip)
{
	return &n->buckets[siphash24(n->key, ip, sizeof(*ip)) % NET_BUCKETS];
}

static struct neigh *
find(struct net *n, const struct net_ip *ip)
{
	uint16_t i = *bucket(n, ip);

	while (i != NIL && !ip_eq(&n->neigh[i].ip, ip))
		i = n->neigh[i].next;
	return i != NIL ? &n->neigh[i] : NULL;
}

static void
give_up_waiting(struct net *n, struct neigh *e)
{
	for (uint32_t i = 0; i < e->wait_count; i++) {
		n->ops.drop(n->owner, R_NET_NEIGH_FAIL);
		n->ops.free(n->owner, e->wait[i]);
	}
	e->wait_count = 0;
}

static void
remove_entry(struct net *n, struct neigh *e)
{
	uint16_t i = (uint16_t)(e - n->neigh);
	uint16_t *at = bucket(n, &e->ip);

	while (*at != i)
		at = &n->neigh[*at].next;
	*at = e->next;
	give_up_waiting(n, e);
	e->state = NEIGH_FREE;
	e->next = n->neigh_free;
	n->neigh_free = i;
}

/* Something that is known but not in use: it can be asked for again. */
static bool
evict(struct net *n, uint64_t now)
{
	for (uint32_t i = 0; i < EVICT_LOOKS; i++) {
		struct neigh *e = &n->neigh[n->neigh_hand];

		n->neigh_hand = (uint16_t)((n->neigh_hand + 1) % NET_NEIGH_MAX);
		if (e->state == NEIGH_REACHABLE && e->due <= now) {
			remove_entry(n, e);
			return true;
		}
	}
	return false;
}

static struct neigh *
add(struct net *n, const struct net_ip *ip, uint64_t now)
{
	uint16_t *at = bucket(n, ip);
	struct neigh *e;

	if (n->neigh_free == NIL && n->neigh_fresh == NET_NEIGH_MAX && !evict(n, now))
		return NULL;
	if (n->neigh_free != NIL) {
		e = &n->neigh[n->neigh_free];
		n->neigh_free = e->next;
	} else {
		e = &n->neigh[n->neigh_fresh++];
	}
	memset(e, 0, sizeof(*e));
	e->ip = *ip;
	e->next = *at;
	*at = (uint16_t)(e - n->neigh);
	return e;
}

static void
ask(struct net *n, struct neigh *e, uint64_t now)
{
	const uint8_t *mac = e->state == NEIGH_PROBE ? e->mac : NULL;

	e->probes++;
	e->due = now + NEIGH_PROBE_US;
	if (e->due < n->neigh_due)
		n->neigh_due = e->due;
	if (ip_is_v4(&e->ip))
		arp_request(n, &e->ip, &e->source, mac);
	else
		nd_request(n, &e->ip, &e->source, mac);
}

static void
question(struct net *n, struct neigh *e, enum neigh_state state, uint64_t now)
{
	e->state = (uint8_t)state;
	e->probes = 0;
	ask(n, e, now);
}

static void
send_to(struct net *n, struct pkt *p, const struct neigh *e)
{
	eth_push(n, p, e->mac, ip_is_v4(&e->ip) ? ETH_IP4 : ETH_IP6);
	n->ops.send(n->owner, p);
}

/* What goes to an address that is no longer certain asks for it. */
static void
confirm(struct net *n, struct neigh *e, const struct net_ip *src, uint64_t now)
{
	if (e->state != NEIGH_REACHABLE || e->due > now)
		return;
	e->source = *src;
	question(n, e, NEIGH_PROBE, now);
}

const uint8_t *
neigh_ready(struct net *n, const struct net_ip *hop, const struct net_ip *src, uint64_t now)
{
	struct neigh *e = find(n, hop);

	if (e == NULL || e->state == NEIGH_INCOMPLETE)
		return NULL;
	confirm(n, e, src, now);
	return e->mac;
}

int
neigh_send(struct net *n, struct pkt *p, const struct net_ip *hop, const struct net_ip *src,
    uint64_t now)
{
	struct neigh *e = find(n, hop);

	if (e == NULL) {
		e = add(n, hop, now);
		if (e == NULL)
			return net_refuse(n, p, R_NET_NEIGH_FULL);
		e->source = *src;
		question(n, e, NEIGH_INCOMPLETE, now);
	}
	if (e->state == NEIGH_INCOMPLETE) {
		if (e->wait_count == NET_NEIGH_WAIT)
			return net_refuse(n, p, R_NET_NEIGH_WAIT);
		e->wait[e->wait_count++] = p;
		return 0;
	}
	confirm(n, e, src, now);
	send_to(n, p, e);
	return 0;
}

static void
settle(struct net *n, struct neigh *e, const uint8_t mac[6], uint64_t now)
{
	memcpy(e->mac, mac, 6);
	e->state = NEIGH_REACHABLE;
	e->due = now + NEIGH_REACHABLE_US;
	for (uint32_t i = 0; i < e->wait_count; i++)
		send_to(n, e->wait[i], e);
	e->wait_count = 0;
}

void
neigh_learn(struct net *n, const struct net_ip *ip, const uint8_t mac[6], bool solicited,
    bool create, uint64_t now)
{
	struct neigh *e = find(n, ip);
	bool same;

	if ((mac[0] & 1) || net_owns(n, ip))
		return;
	if (e == NULL) {
		e = create && route_on_link(n, ip) ? add(n, ip, now) : NULL;
		if (e != NULL)
			settle(n, e, mac, now);
		return;
	}
	same = memcmp(e->mac, mac, 6) == 0;
	if (e->state == NEIGH_INCOMPLETE || (e->state == NEIGH_PROBE && solicited && same))
		settle(n, e, mac, now);
	else if (e->state == NEIGH_REACHABLE && same)
		e->due = now + NEIGH_REACHABLE_US;
	else if (e->state == NEIGH_REACHABLE && e->due <= now)
		settle(n, e, mac, now);
	else if (e->state == NEIGH_REACHABLE && !ip_unspecified(&e->source))
		question(n, e, NEIGH_PROBE, now);
}

void
net_poll(struct net *n, uint64_t now)
{
	if (n->neigh_due > now)
		return;
	n->neigh_due = NET_NEVER;
	for (uint32_t i = 0; i < n->neigh_fresh; i++) {
		struct neigh *e = &n->neigh[i];

		if (e->state != NEIGH_INCOMPLETE && e->state != NEIGH_PROBE)
			continue;
		if (e->due <= now && e->probes >= NEIGH_PROBES)
			remove_entry(n, e);
		else if (e->due <= now)
			ask(n, e, now);
		else if (e->due < n->neigh_due)
			n->neigh_due = e->due;
	}
}

uint64_t
net_next(const struct net *n, uint64_t now)
{
	return n->neigh_due < now ? now : n->neigh_due;
}
