/*
 * What of the configuration concerns the dataplane, as ATTACH_CONF has it.
 */
#include "control/supervisor/supervisor.h"

#define GRACE_KEX_S 30u /* identification and first exchange, within LoginGraceTime */

static void
field(struct put *w, uint8_t number, const struct put *body)
{
	put_u8(w, number);
	put_sview(w, put_view(body));
}

static void
field_u32s(struct put *w, uint8_t number, uint32_t a, uint32_t b, int count)
{
	uint8_t room[8];
	struct put body = put_of(room, sizeof(room));

	put_u32(&body, a);
	if (count > 1)
		put_u32(&body, b);
	field(w, number, &body);
}

static void
field_address(struct put *w, uint8_t number, const struct conf_address *a, bool prefix)
{
	uint8_t room[18];
	struct put body = put_of(room, sizeof(room));

	put_u8(&body, a->family);
	put_bytes(&body, a->b, a->family == 4 ? 4 : 16);
	if (prefix)
		put_u8(&body, a->prefix);
	field(w, number, &body);
}

static void
field_route(struct put *w, const struct conf_route *r)
{
	uint8_t room[34];
	struct put body = put_of(room, sizeof(room));
	size_t size = r->to.family == 4 ? 4 : 16;

	put_u8(&body, r->to.family);
	put_bytes(&body, r->to.b, size);
	put_u8(&body, r->to.prefix);
	put_bytes(&body, r->gateway, size);
	field(w, ATTACH_CONF_ROUTE, &body);
}

static void
field_vrrp(struct put *w, const struct conf_vrrp *v)
{
	uint8_t room[8 + CONF_VRRP_ADDRS * 16];
	struct put body = put_of(room, sizeof(room));

	put_u8(&body, v->family);
	put_u8(&body, v->vrid);
	put_u8(&body, v->priority);
	put_u16(&body, v->interval);
	put_u8(&body, v->preempt);
	put_u8(&body, v->accept);
	for (uint32_t i = 0; i < v->addr_count; i++)
		put_bytes(&body, v->addr[i], v->family == 4 ? 4 : 16);
	field(w, ATTACH_CONF_VRRP, &body);
}

static uint32_t
grace_kex(const struct conf *c)
{
	return c->login_grace_s != 0 && c->login_grace_s < GRACE_KEX_S ? c->login_grace_s : GRACE_KEX_S;
}

static uint8_t
dscp(uint32_t qos)
{
	return qos < CONF_QOS_NONE ? (uint8_t)qos : UINT8_MAX;
}

static void
field_tcp(struct put *w, const struct conf *c)
{
	uint8_t room[8];
	struct put body = put_of(room, sizeof(room));

	put_u8(&body, c->tcp_keepalive);
	put_u32(&body, c->time_wait_s);
	put_u8(&body, dscp(c->qos_interactive));
	put_u8(&body, dscp(c->qos_bulk));
	put_u8(&body, c->tcp_pacing);
	field(w, ATTACH_CONF_TCP, &body);
}

static void
field_startups(struct put *w, const struct conf *c)
{
	uint8_t room[32];
	struct put body = put_of(room, sizeof(room));

	put_u32(&body, c->startups_begin);
	put_u32(&body, c->startups_rate);
	put_u32(&body, c->startups_full);
	put_u32(&body, c->startups_source);
	put_u8(&body, (uint8_t)c->net_block4);
	put_u8(&body, (uint8_t)c->net_block6);
	field(w, ATTACH_CONF_STARTUPS, &body);
}

void
attach_conf_body(struct put *w, const struct conf *c, uint32_t generation)
{
	uint8_t room[16];
	struct put body;
	uint32_t i;

	put_u32(w, generation);
	for (i = 0; i < c->address_count; i++)
		field_address(w, ATTACH_CONF_ADDRESS, &c->address[i], true);
	for (i = 0; i < c->gateway_count; i++)
		field_address(w, ATTACH_CONF_GATEWAY, &c->gateway[i], false);
	for (i = 0; i < c->route_count; i++)
		field_route(w, &c->route[i]);
	for (i = 0; i < c->vrrp_count; i++)
		field_vrrp(w, &c->vrrp[i]);
	for (i = 0; i < c->listen_count; i++)
		field_address(w, ATTACH_CONF_LISTEN, &c->listen[i], false);
	body = put_of(room, sizeof(room));
	put_u8(&body, c->reply_to_sender);
	field(w, ATTACH_CONF_TO_SENDER, &body);
	body = put_of(room, sizeof(room));
	put_u8(&body, c->address_probe ? CONF_DAD_YES : CONF_DAD_NO);
	put_u8(&body, (uint8_t)c->address_detection);
	field(w, ATTACH_CONF_DAD, &body);
	body = put_of(room, sizeof(room));
	put_u16(&body, (uint16_t)c->vlan);
	field(w, ATTACH_CONF_VLAN, &body);
	body = put_of(room, sizeof(room));
	put_u16(&body, c->port);
	field(w, ATTACH_CONF_PORT, &body);
	put_u8(w, ATTACH_CONF_IDENT);
	put_cstr(w, c->version_addendum);
	field_u32s(w, ATTACH_CONF_GRACE, c->login_grace_s, 0, 1);
	body = put_of(room, sizeof(room));
	put_u64(&body, c->rekey_bytes);
	put_u32(&body, c->rekey_s);
	field(w, ATTACH_CONF_REKEY, &body);
	field_u32s(w, ATTACH_CONF_GATES, c->gates, c->clerks, 2);
	field_u32s(w, ATTACH_CONF_GRACE_KEX, grace_kex(c), 0, 1);
	field_u32s(w, ATTACH_CONF_ALIVE, c->alive_interval_s, c->alive_count_max, 2);
	field_u32s(w, ATTACH_CONF_CHAFF, c->chaff_ms, 0, 1);
	field_u32s(w, ATTACH_CONF_CONN_MAX, c->conn_max, 0, 1);
	field_startups(w, c);
	field_tcp(w, c);
	field_u32s(w, ATTACH_CONF_CHAN_MAX, c->max_channels, 0, 1);
	field_u32s(w, ATTACH_CONF_ANSWER, c->answer_s, 0, 1);
}
