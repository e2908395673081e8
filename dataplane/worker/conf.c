/*
 * The configuration, as the control plane sends it. What does not read as it
 * should is left out; what a newer control plane has added is passed over.
 */
#include "dataplane/worker/worker.h"

#include <string.h>

#include "dataplane/ssh/ident.h"

#define CHAFF_MAX_MS 1000u
#define TIME_WAIT_MAX_S 240u /* twice the MSL of RFC 9293 section 3.4.2 */
#define DSCP_COUNT 64u       /* RFC 2474 section 3 */

struct conf_fields {
	struct net_conf net;
	struct tcp_addr listen[NET_ADDR_MAX];
	uint32_t listen_count;
	uint16_t port;
	uint16_t vlan;
};

static uint32_t
addr_size(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

static bool
read_addr(struct cur *c, struct net_addr *a, bool prefix)
{
	memset(a, 0, sizeof(*a));
	a->family = cur_u8(c);
	if (a->family != 4 && a->family != 6)
		return false;
	cur_copy(c, a->b, addr_size(a->family));
	a->prefix = prefix ? cur_u8(c) : (uint8_t)(8 * addr_size(a->family));
	return !c->bad && a->prefix <= 8 * addr_size(a->family);
}

static void
conf_addr(struct conf_fields *f, struct cur *c)
{
	struct net_conf *n = &f->net;

	if (n->addr_count < NET_ADDR_MAX && read_addr(c, &n->addr[n->addr_count], true) && cur_done(c))
		n->addr_count++;
}

/* A gateway alone is the default route of its family. */
static void
conf_route(struct conf_fields *f, struct cur *c, bool everything)
{
	struct net_route *r = &f->net.route[f->net.route_count];
	struct net_addr gateway;

	if (f->net.route_count == NET_ROUTE_MAX)
		return;
	memset(r, 0, sizeof(*r));
	if (everything) {
		if (!read_addr(c, &gateway, false))
			return;
		r->to.family = gateway.family;
		memcpy(r->gateway, gateway.b, sizeof(r->gateway));
	} else {
		if (!read_addr(c, &r->to, true))
			return;
		cur_copy(c, r->gateway, addr_size(r->to.family));
	}
	if (cur_done(c))
		f->net.route_count++;
}

static void
conf_listen(struct conf_fields *f, struct cur *c)
{
	static const struct tcp_addr mapped = { .b = { [10] = 0xff, [11] = 0xff } };
	struct net_addr a;

	if (f->listen_count == NET_ADDR_MAX || !read_addr(c, &a, false) || !cur_done(c))
		return;
	if (a.family == 4) {
		f->listen[f->listen_count] = mapped;
		memcpy(f->listen[f->listen_count++].b + 12, a.b, 4);
	} else {
		memcpy(f->listen[f->listen_count++].b, a.b, 16);
	}
}

/* A comment that makes no identification line leaves the old one. */
static void
conf_ident(struct worker *w, struct view v)
{
	char comment[SSH_IDENT_MAX], line[SSH_IDENT_MAX];
	struct put p = put_of(line, sizeof(line));

	if (v.len >= sizeof(comment))
		return;
	if (v.len > 0)
		memcpy(comment, v.data, v.len);
	comment[v.len] = '\0';
	if (ident_build(&p, comment) == 0)
		memcpy(w->ident, comment, v.len + 1);
	else
		meter_drop(w->meter, R_SSH_IDENT_BAD);
}

static uint32_t
bounded(uint32_t v, uint32_t min, uint32_t max)
{
	return v < min ? min : v > max ? max : v;
}

static uint64_t
seconds(struct cur *c)
{
	return (uint64_t)cur_u32(c) * 1000000u;
}

static void
conf_vrrp(struct conf_fields *f, struct cur *c)
{
	struct net_vrrp *v = &f->net.vrrp[f->net.vrrp_count];

	if (f->net.vrrp_count == NET_VRRP_MAX)
		return;
	memset(v, 0, sizeof(*v));
	v->family = cur_u8(c);
	v->vrid = cur_u8(c);
	v->priority = cur_u8(c);
	v->interval = cur_u16(c);
	v->preempt = cur_u8(c) == 1;
	v->accept = cur_u8(c) == 1;
	while (!c->bad && cur_left(c) > 0 && v->addr_count < NET_VRRP_ADDRS)
		cur_copy(c, v->addr[v->addr_count++], addr_size(v->family));
	if (cur_done(c))
		f->net.vrrp_count++;
}

static enum net_dad
dad(uint8_t v)
{
	return v <= NET_DAD_FIRST ? (enum net_dad)v : NET_DAD_OFF;
}

static void
conf_startups(struct worker *w, struct cur *c)
{
	struct startups *s = &w->startups;
	uint32_t begin = cur_u32(c), rate = cur_u32(c), full = cur_u32(c), source_max = cur_u32(c);
	uint8_t bits4 = cur_u8(c), bits6 = cur_u8(c);

	if (!cur_done(c))
		return;
	s->begin = begin;
	s->rate = bounded(rate, 0, 100);
	s->full = full;
	s->source_max = source_max;
	startups_bits(w, bounded(bits4, 0, 32), bounded(bits6, 0, 128));
}

/* What makes no sense leaves all as it was. */
static void
conf_tcp(struct worker *w, struct cur *c)
{
	struct tcp_config t = *tcp_get_config(w->tcp);
	uint8_t terminal, bulk;

	t.keepalive = cur_u8(c) == 1;
	t.timewait_us = bounded(cur_u32(c), 1, TIME_WAIT_MAX_S) * 1000000u;
	terminal = cur_u8(c);
	bulk = cur_u8(c);
	if (cur_left(c) > 0)
		t.pacing = cur_u8(c) == 1;
	if (c->bad || tcp_set_config(w->tcp, &t) != 0) {
		meter_drop(w->meter, R_LIMIT);
		return;
	}
	w->dscp[QOS_TERMINAL] = terminal < DSCP_COUNT ? terminal : TCP_HOST;
	w->dscp[QOS_BULK] = bulk < DSCP_COUNT ? bulk : TCP_HOST;
}

static void
conf_field(struct worker *w, struct conf_fields *f, uint8_t number, struct view body)
{
	struct cur c = cur_view(body);

	switch (number) {
	case ATTACH_CONF_ADDRESS:
		conf_addr(f, &c);
		break;
	case ATTACH_CONF_GATEWAY:
		conf_route(f, &c, true);
		break;
	case ATTACH_CONF_ROUTE:
		conf_route(f, &c, false);
		break;
	case ATTACH_CONF_LISTEN:
		conf_listen(f, &c);
		break;
	case ATTACH_CONF_VRRP:
		conf_vrrp(f, &c);
		break;
	case ATTACH_CONF_DAD:
		f->net.probe4 = dad(cur_u8(&c));
		f->net.dad6 = dad(cur_u8(&c));
		break;
	case ATTACH_CONF_TO_SENDER:
		f->net.to_sender = cur_u8(&c) == 1;
		break;
	case ATTACH_CONF_VLAN:
		f->vlan = cur_u16(&c);
		break;
	case ATTACH_CONF_PORT:
		f->port = cur_u16(&c);
		break;
	case ATTACH_CONF_IDENT:
		conf_ident(w, body);
		break;
	case ATTACH_CONF_GRACE:
		w->env.grace_us = seconds(&c);
		break;
	case ATTACH_CONF_GRACE_KEX:
		w->env.grace_kex_us = seconds(&c);
		break;
	case ATTACH_CONF_REKEY:
		w->env.rekey_bytes = cur_u64(&c);
		w->env.rekey_us = seconds(&c);
		break;
	case ATTACH_CONF_GATES:
		w->role_count[0] = bounded(cur_u32(&c), 1, LINK_ROLE_MAX);
		w->role_count[1] = bounded(cur_u32(&c), 1, LINK_ROLE_MAX);
		break;
	case ATTACH_CONF_ALIVE:
		w->env.alive_us = seconds(&c);
		w->env.alive_max = cur_u32(&c);
		break;
	case ATTACH_CONF_CHAFF:
		w->env.chaff_us = (uint64_t)bounded(cur_u32(&c), 0, CHAFF_MAX_MS) * 1000u;
		break;
	case ATTACH_CONF_CONN_MAX:
		w->conn_limit = bounded(cur_u32(&c), 1, w->c.conn_max);
		break;
	case ATTACH_CONF_STARTUPS:
		conf_startups(w, &c);
		break;
	case ATTACH_CONF_TCP:
		conf_tcp(w, &c);
		break;
	case ATTACH_CONF_CHAN_MAX:
		w->chan_max = bounded(cur_u32(&c), 1, SSH_CHAN_MAX);
		break;
	case ATTACH_CONF_ANSWER:
		w->answer_us = bounded(cur_u32(&c), 1, WORKER_ANSWER_MAX_S) * 1000000ull;
		break;
	default: /* of a newer minor version */
		break;
	}
}

static void
listen_at(struct worker *w, const struct conf_fields *f)
{
	int r = 0;

	if (w->listen_port != 0)
		tcp_unlisten(w->tcp, w->listen_port);
	w->listen_port = f->port;
	if (f->port != 0 && f->listen_count == 0)
		r = tcp_listen(w->tcp, f->port);
	for (uint32_t i = 0; f->port != 0 && i < f->listen_count && r == 0; i++)
		r = tcp_listen_at(w->tcp, &f->listen[i], f->port);
	if (r != 0)
		meter_drop(w->meter, R_LIMIT);
}

void
worker_conf(struct worker *w, struct view fields)
{
	struct conf_fields f = { .port = w->listen_port };
	struct cur c = cur_view(fields);

	while (!c.bad && cur_left(&c) > 0) {
		uint8_t number = cur_u8(&c);
		struct view body = cur_string(&c);

		if (!c.bad)
			conf_field(w, &f, number, body);
	}
	if (f.vlan <= VLAN_MAX)
		w->vlan = f.vlan;
	/* Devices look for headers where they are without a tag. */
	net_offload(w->net, w->port->tx_csum && w->vlan == VLAN_NONE,
	    w->vlan == VLAN_NONE ? w->port->cut_max : 0);
	f.net.speaks = w->c.index == 0;
	if (net_configure(w->net, &f.net, w->now) != 0)
		meter_drop(w->meter, R_LIMIT);
	listen_at(w, &f);
	w->configured = true;
	w->adopting = true;
	w->adopt_at = 0;
}
