/*
 * Neighbours: IP to MAC for both families (RFC 826, RFC 4861 section 7.3).
 *
 * What may happen to an entry is a table (neigh_fsm.c). It is stricter than RFC
 * 4861 in one thing: an entry that is in use cannot be changed by somebody who was
 * not asked. The old address is asked first, and only its silence makes room.
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/net/net_priv.h"

#define EVICT_LOOKS 32u
#define SECOND_US 1000000u

void
neigh_init(struct net *n)
{
	memset(n->buckets, 0xff, sizeof(n->buckets));
	n->neigh_free = NIL;
	n->neigh_due = NET_NEVER;
	n->asks = (struct bucket){ .tokens = NEIGH_ASK_BURST };
}

static uint16_t *
bucket(struct net *n, const struct net_ip *ip)
{
	return &n->buckets[siphash24(n->key, ip, sizeof(*ip)) % NET_BUCKETS];
}

/* How many entries a station may have made by itself is counted by its address's
 * hash: two that share one share the number. */
static uint16_t *
claims(struct net *n, const uint8_t mac[6])
{
	return &n->claims[siphash24(n->key, mac, 6) % NET_CLAIM_BUCKETS];
}

static struct neigh *
find(struct net *n, const struct net_ip *ip)
{
	struct neigh *last = &n->neigh[n->neigh_last];
	uint16_t i;

	/* Mostly it is the one that was asked for before. */
	if (last->state != NEIGH_FREE && ip_eq(&last->ip, ip))
		return last;
	i = *bucket(n, ip);
	while (i != NIL && !ip_eq(&n->neigh[i].ip, ip))
		i = n->neigh[i].next;
	if (i == NIL)
		return NULL;
	n->neigh_last = i;
	return &n->neigh[i];
}

/* ---- the table ---- */

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
claim_end(struct net *n, struct neigh *e)
{
	if (e->claimed)
		(*claims(n, e->mac))--;
	e->claimed = false;
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
	claim_end(n, e);
	if (e->state == NEIGH_INCOMPLETE)
		n->neigh_asked--;
	e->state = NEIGH_FREE;
	e->next = n->neigh_free;
	n->neigh_free = i;
	n->neigh_used--;
}

static bool
stale(const struct neigh *e, uint64_t now)
{
	return e->state == NEIGH_STALE || (e->state == NEIGH_REACHABLE && e->due <= now);
}

/* Something that is known but not in use: it can be asked for again. */
static bool
evict(struct net *n, uint64_t now)
{
	for (uint32_t i = 0; i < EVICT_LOOKS; i++) {
		struct neigh *e = &n->neigh[n->neigh_hand];

		n->neigh_hand = (uint16_t)((n->neigh_hand + 1) % NET_NEIGH_MAX);
		if (stale(e, now)) {
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
	n->neigh_used++;
	return e;
}

/* ---- what the states do ---- */

static void
wake_at(struct net *n, struct neigh *e, uint64_t due)
{
	e->due = due;
	if (due < n->neigh_due)
		n->neigh_due = due;
}

static bool
may_ask(struct net *n, uint64_t now)
{
	return bucket_take(&n->asks, NEIGH_ASK_RATE, NEIGH_ASK_BURST, now);
}

/* One question; without a token it counts as asked, so that no entry stays. */
static void
ask(struct net *n, struct neigh *e, bool paid, uint64_t now)
{
	const uint8_t *mac = e->state == NEIGH_PROBE ? e->mac : NULL;

	e->probes++;
	wake_at(n, e, now + NEIGH_RETRANS_US);
	if (!paid && !may_ask(n, now)) {
		n->ops.drop(n->owner, R_NET_NEIGH_RATE);
		return;
	}
	n->stats.neigh_asked++;
	if (ip_is_v4(&e->ip))
		arp_request(n, &e->ip, &e->source, mac);
	else
		nd_request(n, &e->ip, &e->source, mac);
}

static void
send_to(struct net *n, struct pkt *p, const struct neigh *e)
{
	eth_push(n, p, e->mac, ip_is_v4(&e->ip) ? ETH_IP4 : ETH_IP6);
	n->ops.send(n->owner, p);
}

static void
adopt(struct net *n, struct neigh *e, const uint8_t mac[6])
{
	claim_end(n, e);
	memcpy(e->mac, mac, 6);
}

/* What waited goes out, and is a use of the entry like any other. */
static void
flush(struct net *n, struct neigh *e, uint64_t now)
{
	uint32_t count = e->wait_count;

	e->wait_count = 0;
	for (uint32_t i = 0; i < count; i++)
		send_to(n, e->wait[i], e);
	if (count > 0)
		neigh_step(n, e, NEIGH_E_USED, NULL, now);
}

/* A question by unicast before anything is changed. It needs an address of ours to
 * ask from, which only an entry has that was sent to; and a token. */
static bool
doubt(struct net *n, struct neigh *e, uint64_t now)
{
	if (e->state == NEIGH_PROBE || ip_unspecified(&e->source) || !may_ask(n, now))
		return false;
	n->stats.neigh_doubted++;
	return true;
}

void
neigh_step(struct net *n, struct neigh *e, enum neigh_event event, const uint8_t *mac, uint64_t now)
{
	enum neigh_state from = stale(e, now) ? NEIGH_STALE : e->state;
	const struct neigh_cell *cell = neigh_cell(from, event);
	bool asks = cell->action == NEIGH_A_DOUBT;

	if (cell->action == NEIGH_A_NONE || (asks && !doubt(n, e, now)))
		return;
	if (cell->action == NEIGH_A_ADOPT)
		adopt(n, e, mac);
	if (from == NEIGH_INCOMPLETE && cell->to != NEIGH_INCOMPLETE)
		n->neigh_asked--;
	e->state = (uint8_t)cell->to;
	if (cell->to == NEIGH_REACHABLE)
		e->due = now + NEIGH_REACHABLE_US;
	else if (cell->to == NEIGH_DELAY && cell->action == NEIGH_A_WAIT)
		wake_at(n, e, now + NEIGH_DELAY_US);
	if (asks || cell->action == NEIGH_A_ASK) {
		e->probes = 0;
		ask(n, e, asks, now);
	}
	if (from == NEIGH_INCOMPLETE && cell->to != NEIGH_INCOMPLETE)
		flush(n, e, now);
}

/* ---- from outside ---- */

static struct neigh *
add_asked(struct net *n, const struct net_ip *hop, const struct net_ip *src, uint64_t now, int *reason)
{
	struct neigh *e;

	*reason = R_NET_NEIGH_FULL;
	if (n->neigh_asked >= NET_NEIGH_ASKED_MAX)
		return NULL;
	*reason = R_NET_NEIGH_RATE;
	if (!may_ask(n, now))
		return NULL;
	*reason = R_NET_NEIGH_FULL;
	e = add(n, hop, now);
	if (e == NULL)
		return NULL;
	e->source = *src;
	e->state = NEIGH_INCOMPLETE;
	n->neigh_asked++;
	ask(n, e, true, now);
	return e;
}

int
neigh_send(struct net *n, struct pkt *p, const struct net_ip *hop, const struct net_ip *src,
    uint64_t now)
{
	struct neigh *e = find(n, hop);
	int reason;

	if (e == NULL) {
		e = add_asked(n, hop, src, now, &reason);
		if (e == NULL)
			return net_refuse(n, p, reason);
	}
	if (e->state == NEIGH_INCOMPLETE) {
		if (e->wait_count == NET_NEIGH_WAIT)
			return net_refuse(n, p, R_NET_NEIGH_WAIT);
		e->wait[e->wait_count++] = p;
		return 0;
	}
	e->source = *src;
	neigh_step(n, e, NEIGH_E_USED, NULL, now);
	send_to(n, p, e);
	return 0;
}

const uint8_t *
neigh_ready(struct net *n, const struct net_ip *hop, const struct net_ip *src, uint64_t now)
{
	struct neigh *e = find(n, hop);

	if (e == NULL || e->state == NEIGH_INCOMPLETE)
		return NULL;
	e->source = *src;
	neigh_step(n, e, NEIGH_E_USED, NULL, now);
	return e->mac;
}

static void
learn_new(struct net *n, const struct net_ip *ip, const uint8_t mac[6], uint64_t now)
{
	uint16_t *count = claims(n, mac);
	struct neigh *e;

	if (*count >= NET_NEIGH_PER_MAC) {
		n->ops.drop(n->owner, R_NET_NEIGH_CLAIM);
		return;
	}
	e = add(n, ip, now);
	if (e == NULL)
		return;
	/* Nobody has shown that it can be reached: RFC 4861 section 7.2.3. */
	memcpy(e->mac, mac, 6);
	e->state = NEIGH_STALE;
	e->claimed = true;
	(*count)++;
}

void
neigh_learn(struct net *n, const struct net_ip *ip, const uint8_t mac[6], bool solicited,
    bool create, uint64_t now)
{
	static const enum neigh_event events[2][2] = { { NEIGH_E_SAYS_OTHER, NEIGH_E_SAYS_SAME },
		{ NEIGH_E_ANSWER_OTHER, NEIGH_E_ANSWER_SAME } };
	struct neigh *e;
	bool same;

	if ((mac[0] & 1) || net_owns(n, ip))
		return;
	e = find(n, ip);
	if (e == NULL) {
		if (create && route_on_link(n, ip))
			learn_new(n, ip, mac, now);
		return;
	}
	same = e->state != NEIGH_INCOMPLETE && memcmp(e->mac, mac, 6) == 0;
	neigh_step(n, e, events[solicited][same], mac, now);
}

void
net_confirm(struct net *n, const uint8_t remote[16], uint64_t now)
{
	struct net_ip to = ip_v6(remote), hop;
	struct neigh *e;

	if (n->to_sender || route_next_hop(n, &to, &hop) < 0)
		return;
	e = find(n, &hop);
	if (e != NULL) {
		n->stats.neigh_confirmed++;
		neigh_step(n, e, NEIGH_E_CONFIRM, NULL, now);
	}
}

/* STALE before its time: the next packet there begins to ask. */
void
net_doubt(struct net *n, const uint8_t remote[16], uint64_t now)
{
	struct net_ip to = ip_v6(remote), hop;
	struct neigh *e;

	if (n->to_sender || route_next_hop(n, &to, &hop) < 0)
		return;
	e = find(n, &hop);
	if (e != NULL && e->state == NEIGH_REACHABLE && e->due > now)
		e->due = now;
}

static bool
timed(const struct neigh *e)
{
	return e->state == NEIGH_INCOMPLETE || e->state == NEIGH_DELAY || e->state == NEIGH_PROBE;
}

void
neigh_poll(struct net *n, uint64_t now)
{
	if (n->neigh_due > now)
		return;
	n->neigh_due = NET_NEVER;
	for (uint32_t i = 0; i < n->neigh_fresh; i++) {
		struct neigh *e = &n->neigh[i];

		if (!timed(e))
			continue;
		if (e->due > now)
			wake_at(n, e, e->due);
		else if (e->state == NEIGH_DELAY)
			neigh_step(n, e, NEIGH_E_TIME, NULL, now);
		else if (e->probes >= NEIGH_PROBES)
			remove_entry(n, e);
		else
			ask(n, e, false, now);
	}
}
