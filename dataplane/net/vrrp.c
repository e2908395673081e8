/*
 * Virtual routers (RFC 5798): addresses that several stations share, of which one
 * answers. One worker of a port runs their state machines; the others follow it.
 */
#include "dataplane/net/vrrp.h"

#include "dataplane/net/net_priv.h"

static bool
instance_good(const struct net_vrrp *c)
{
	return (c->family == 4 || c->family == 6) && c->vrid != 0 && c->priority != 0 &&
	    c->interval != 0 && c->interval <= VRRP_INTERVAL_MAX && c->addr_count != 0 &&
	    c->addr_count <= NET_VRRP_ADDRS;
}

int
vrrp_check(const struct net_conf *c)
{
	if (c->vrrp_count > NET_VRRP_MAX)
		return -R_LIMIT;
	for (uint32_t i = 0; i < c->vrrp_count; i++)
		if (!instance_good(&c->vrrp[i]))
			return -R_LIMIT;
	return 0;
}

const struct net_ip *
vrrp_primary(const struct net *n, const struct vrrp *v)
{
	static const struct net_ip none4 = { .b = { [10] = 0xff, [11] = 0xff } };

	if (!v->v4)
		return &n->link_local; /* section 5.1.2.1 */
	for (uint32_t i = 0; i < n->addr_count; i++)
		if (n->addr[i].family == 4)
			return &n->addr_ip[i];
	return &none4;
}

/* ---- the state machine at work ---- */

static void
announce(struct net *n, const struct vrrp *v)
{
	for (uint32_t i = 0; i < v->addr_count; i++) {
		n->stats.announced++;
		if (v->v4)
			arp_announce(n, &v->addr[i]);
		else
			nd_announce(n, &v->addr[i]);
	}
}

static void
wake_at(struct net *n, struct vrrp *v, uint64_t due)
{
	v->due = due;
	if (due < n->vrrp_due)
		n->vrrp_due = due;
}

static void
moved(struct net *n, const struct vrrp *v, enum vrrp_state from)
{
	if (from != VRRP_MASTER && v->state == VRRP_MASTER)
		n->stats.vrrp_master++;
	if (from == VRRP_MASTER && v->state != VRRP_MASTER)
		n->stats.vrrp_left++;
}

static void
step(struct net *n, struct vrrp *v, enum vrrp_event event, uint16_t interval, uint64_t now)
{
	enum vrrp_state from = v->state;
	const struct vrrp_cell *c = vrrp_cell(from, event);

	v->state = c->to;
	moved(n, v, from);
	if (c->actions & VRRP_A_INTERVAL)
		v->master_interval = interval;
	if (c->actions & VRRP_A_ADVERTISE)
		vrrp_send(n, v, v->priority);
	if (c->actions & VRRP_A_RESIGN)
		vrrp_send(n, v, 0);
	if (c->actions & VRRP_A_ANNOUNCE)
		v->announces = v->v4 ? NET_ANNOUNCE4 : NET_ANNOUNCE6;
	if (v->announces > 0 && (c->actions & VRRP_A_ADVER_TIMER)) {
		announce(n, v); /* at once, and again with the next advertisements */
		v->announces--;
	}
	if (c->actions & VRRP_A_ADVER_TIMER)
		wake_at(n, v, now + v->interval * (uint64_t)VRRP_CENTISECOND_US);
	if (c->actions & VRRP_A_DOWN_TIMER)
		wake_at(n, v, now + vrrp_down_us(v->priority, v->master_interval));
	if (c->actions & VRRP_A_SKEW_TIMER)
		wake_at(n, v, now + vrrp_skew_us(v->priority, v->master_interval));
	if (v->state == VRRP_INITIALIZE)
		v->due = NET_NEVER;
}

void
vrrp_poll(struct net *n, uint64_t now)
{
	if (n->vrrp_due > now)
		return;
	n->vrrp_due = NET_NEVER;
	for (uint32_t i = 0; i < n->vrrp_count; i++) {
		struct vrrp *v = &n->vrrp[i];

		if (v->due <= now)
			step(n, v, VRRP_E_TIME, 0, now);
		else if (v->due < n->vrrp_due)
			n->vrrp_due = v->due;
	}
}

/* With the advertisement that is sent at once. */
void
vrrp_announce(struct net *n, uint64_t now)
{
	for (uint32_t i = 0; i < n->vrrp_count && n->speaks; i++)
		if (n->vrrp[i].state == VRRP_MASTER) {
			n->vrrp[i].announces = n->vrrp[i].v4 ? NET_ANNOUNCE4 : NET_ANNOUNCE6;
			wake_at(n, &n->vrrp[i], now);
		}
}

/* Network order is that of the bytes: section 6.4.3. */
static enum vrrp_event
event_of(const struct net *n, const struct vrrp *v, const struct net_frame *f, const struct vrrp_advert *a)
{
	if (a->priority == 0)
		return VRRP_E_ZERO;
	if (a->priority > v->priority)
		return VRRP_E_ABOVE;
	if (a->priority < v->priority)
		return v->preempt ? VRRP_E_BELOW : VRRP_E_BELOW_KEEP;
	return memcmp(f->src.b, vrrp_primary(n, v)->b, sizeof(f->src.b)) > 0 ? VRRP_E_EQUAL_ABOVE : VRRP_E_EQUAL;
}

int
vrrp_input(struct net *n, const struct net_frame *f, uint64_t now)
{
	struct vrrp_advert a;
	int r = vrrp_read(f, &a);

	if (r < 0)
		return r;
	if (!n->speaks)
		return 0;
	for (uint32_t i = 0; i < n->vrrp_count; i++) {
		struct vrrp *v = &n->vrrp[i];

		if (v->vrid != a.vrid || v->v4 != ip_is_v4(&f->src))
			continue;
		/* Section 7.1: nobody may speak for who has the addresses as its own. */
		if (v->priority == VRRP_OWNER)
			return -R_NET_VRRP;
		n->stats.vrrp_in++;
		step(n, v, event_of(n, v, f, &a), a.interval, now);
		return 0;
	}
	return -R_NET_VRRP;
}

/* ---- configuration ---- */

static void
instance_make(struct vrrp *v, const struct net_vrrp *c)
{
	*v = (struct vrrp){ .v4 = c->family == 4, .vrid = c->vrid, .priority = c->priority,
		.preempt = c->preempt, .accept = c->accept, .interval = c->interval,
		.master_interval = c->interval, .addr_count = c->addr_count, .state = VRRP_INITIALIZE,
		.due = NET_NEVER };
	for (uint32_t i = 0; i < c->addr_count; i++)
		v->addr[i] = ip_of(c->family, c->addr[i]);
}

static bool
same(const struct vrrp *a, const struct vrrp *b)
{
	return a->v4 == b->v4 && a->vrid == b->vrid && a->priority == b->priority &&
	    a->preempt == b->preempt && a->accept == b->accept && a->interval == b->interval &&
	    a->addr_count == b->addr_count &&
	    memcmp(a->addr, b->addr, a->addr_count * sizeof(a->addr[0])) == 0;
}

static struct vrrp *
find_same(struct vrrp *list, uint32_t count, const struct vrrp *v)
{
	for (uint32_t i = 0; i < count; i++)
		if (same(&list[i], v))
			return &list[i];
	return NULL;
}

/* Those that stay as they are go on; the others end before new ones begin. */
void
vrrp_set(struct net *n, const struct net_conf *c, uint64_t now)
{
	struct vrrp next[NET_VRRP_MAX];

	for (uint32_t i = 0; i < c->vrrp_count; i++)
		instance_make(&next[i], &c->vrrp[i]);
	for (uint32_t i = 0; i < n->vrrp_count; i++) {
		struct vrrp *stays = find_same(next, c->vrrp_count, &n->vrrp[i]);

		if (stays != NULL)
			*stays = n->vrrp[i];
		else
			step(n, &n->vrrp[i], VRRP_E_SHUTDOWN, 0, now);
	}
	memcpy(n->vrrp, next, c->vrrp_count * sizeof(next[0]));
	n->vrrp_count = c->vrrp_count;
	for (uint32_t i = 0; i < n->vrrp_count && n->speaks; i++)
		if (n->vrrp[i].state == VRRP_INITIALIZE)
			step(n, &n->vrrp[i], n->vrrp[i].priority == VRRP_OWNER ? VRRP_E_START_OWNER :
			    VRRP_E_START, 0, now);
}

void
net_shutdown(struct net *n, uint64_t now)
{
	for (uint32_t i = 0; i < n->vrrp_count && n->speaks; i++)
		step(n, &n->vrrp[i], VRRP_E_SHUTDOWN, 0, now);
}

/* ---- whose an address is ---- */

const struct vrrp *
vrrp_answers(const struct net *n, const struct net_ip *ip)
{
	for (uint32_t i = 0; i < n->vrrp_count; i++)
		for (uint32_t k = 0; n->vrrp[i].state == VRRP_MASTER && k < n->vrrp[i].addr_count; k++)
			if (ip_eq(&n->vrrp[i].addr[k], ip))
				return &n->vrrp[i];
	return NULL;
}

bool
vrrp_accepts(const struct net *n, const struct net_ip *ip)
{
	const struct vrrp *v = vrrp_answers(n, ip);

	return v != NULL && (v->accept || v->priority == VRRP_OWNER);
}

bool
vrrp_frame_to_us(const struct net *n, const uint8_t mac[6])
{
	for (uint32_t i = 0; i < n->vrrp_count; i++) {
		uint8_t own[6];

		vrrp_mac(&n->vrrp[i], own);
		if (n->vrrp[i].state == VRRP_MASTER && memcmp(mac, own, 6) == 0)
			return true;
	}
	return false;
}

void
net_mac_of(const struct net *n, const struct net_ip *own, uint8_t mac[6])
{
	const struct vrrp *v = vrrp_answers(n, own);

	if (v != NULL)
		vrrp_mac(v, mac);
	else
		memcpy(mac, n->mac, 6);
}
