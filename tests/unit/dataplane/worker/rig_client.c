/* The client of the rig: TCP over the other port of the pair, and SSH on it. */
#include "tests/unit/dataplane/worker/rig_inner.h"

#include <string.h>

#include "dataplane/worker/emit.h"
#include "drivers/cipher/select.h"

#define CLIENT_BLOCKS 4096u

static const uint8_t server_ip[4] = { 192, 0, 2, 1 };
static const uint8_t client_ip[4] = { 192, 0, 2, 2 };

/* ---- its TCP ---- */

static void
c_send(void *owner, struct pkt *p)
{
	struct rig *r = owner;

	vlan_out(r->client_vlan, p);
	if (r->client_port->ops->tx(r->client_port, &p, 1, r->now) == 0)
		r->client_port->ops->free(r->client_port, p);
}

static struct pkt *
c_alloc(void *owner)
{
	struct rig *r = owner;

	return r->client_port->ops->alloc(r->client_port);
}

static void
c_free(void *owner, struct pkt *p)
{
	struct rig *r = owner;

	r->client_port->ops->free(r->client_port, p);
}

static void
c_drop(void *owner, int reason)
{
	(void)owner;
	(void)reason;
}

static void
c_error(void *owner, const struct net_error *e)
{
	(void)owner, (void)e;
}

static const struct net_ops c_net_ops = {
	.alloc = c_alloc, .send = c_send, .free = c_free, .drop = c_drop, .tcp_error = c_error,
};

static int
c_emit(void *owner, const struct tcp_seg_out *seg)
{
	struct rig *r = owner;

	return net_emit(r->net, seg, r->now);
}

static int
c_accept(void *owner, struct tcp *t, uint64_t now)
{
	(void)owner, (void)t, (void)now;
	return -R_LIMIT;
}

static void
c_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	struct client *c = tcp_user(t);

	(void)owner, (void)now;
	if (c == NULL)
		return;
	c->connected |= (events & TCP_EV_CONNECTED) != 0;
	c->eof |= (events & TCP_EV_EOF) != 0;
	if ((events & TCP_EV_CLOSED) != 0) {
		c->closed = true;
		c->reason = reason;
		c->tcp = NULL;
	}
}

static const struct tcp_ops c_tcp_ops = {
	.emit = c_emit, .accept = c_accept, .event = c_event, .drop = c_drop,
};

void
client_poll(struct rig *r)
{
	struct pkt *p[PORT_BURST];
	uint32_t n = r->client_port->ops->rx(r->client_port, p, PORT_BURST, r->now);

	for (uint32_t i = 0; i < n; i++) {
		struct net_tcp found;
		struct tcp_seg seg;

		if (vlan_in(r->client_vlan, p[i]) == 0 && net_input(r->net, p[i], &found, r->now) == 1 &&
		    tcp_seg_parse(&seg, found.segment, found.len, found.local, found.remote) == 0)
			tcp_input(r->tcp, &seg, r->now);
		c_free(r, p[i]);
	}
	(void)tcp_poll(r->tcp, r->now);
	net_poll(r->net, r->now);
}

void
client_start(struct rig *r)
{
	struct net_conf conf = { .addr = { { .family = 4, .prefix = 24 } }, .addr_count = 1 };
	struct tcp_config t;
	uint8_t secret[32] = { 7 };

	tcp_config_default(&t, r->client_port->mtu);
	t.conn_max = 64;
	r->client_mem = rig_area(r, tcp_stack_size(&t));
	r->net_mem = rig_area(r, net_size());
	r->pool_mem = rig_area(r, pool_size(CLIENT_BLOCKS));
	pool_init(&r->pool, r->pool_mem, CLIENT_BLOCKS);
	r->tcp = tcp_stack_init(r->client_mem, &t, &c_tcp_ops, &r->pool, r, secret);
	r->net = net_init(r->net_mem, r->client_port->mac, r->client_port->mtu, &c_net_ops, r, secret);
	memcpy(conf.addr[0].b, client_ip, 4);
	(void)net_configure(r->net, &conf, r->now);
}

void
rig_syn(struct rig *r, uint16_t port)
{
	struct tcp_seg_out o = { .seq = 1000, .flags = TCP_SYN, .window = 1000 };

	o.tuple.local = (struct tcp_addr){ { [10] = 0xff, 0xff, 192, 0, 2, 77 } };
	o.tuple.remote = (struct tcp_addr){ { [10] = 0xff, 0xff, 192, 0, 2, 1 } };
	o.tuple.local_port = port;
	o.tuple.remote_port = 22;
	(void)c_emit(r, &o);
	rig_run(r, 4);
}

/* ---- its SSH ---- */

struct client *
client_open(struct rig *r, unsigned at)
{
	return client_open_from(r, at, (uint16_t)(40000 + at + r->now % 7919));
}

struct client *
client_open_to(struct rig *r, unsigned at, uint32_t worker)
{
	uint8_t tuple[12] = { [10] = 0, [11] = RIG_PORT };
	uint16_t port = (uint16_t)(40000 + r->now % 7919);

	memcpy(tuple, client_ip, 4);
	memcpy(tuple + 4, server_ip, 4);
	do {
		port++;
		tuple[8] = (uint8_t)(port >> 8);
		tuple[9] = (uint8_t)port;
	} while (crew_owner(r->crew, flow_hash(&r->crew->key, tuple, sizeof(tuple))) != worker);
	return client_open_from(r, at, port);
}

struct client *
client_open_from(struct rig *r, unsigned at, uint16_t port)
{
	struct client *c = &r->client[at];
	struct tcp_tuple t = { .local_port = port, .remote_port = RIG_PORT };

	memset(c, 0, sizeof(*c));
	c->rig = r;
	t.local.b[10] = t.local.b[11] = t.remote.b[10] = t.remote.b[11] = 0xff;
	memcpy(t.local.b + 12, client_ip, 4);
	memcpy(t.remote.b + 12, server_ip, 4);
	record_dir_init(&c->in, &c->ctx[0]);
	record_dir_init(&c->out, &c->ctx[1]);
	c->tcp = tcp_connect(r->tcp, &t, c, r->now);
	for (int i = 0; i < 400 && !c->connected && !c->closed; i++)
		rig_run(r, 1);
	return c;
}

void
client_bytes(struct client *c, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0 && c->tcp != NULL) {
		size_t n = tcp_room(c->tcp) < len ? tcp_room(c->tcp) : len;

		if (n > 0 && tcp_put(c->tcp, at, n) == 0) {
			at += n;
			len -= n;
		}
		rig_run(c->rig, 1);
	}
}

bool
client_line(struct client *c, char *dst, size_t size)
{
	for (int i = 0; i < 400 && c->tcp != NULL; i++) {
		size_t n = tcp_peek(c->tcp, dst, size - 1);
		char *end;

		dst[n] = '\0';
		end = strstr(dst, "\r\n");
		if (end != NULL) {
			*end = '\0';
			tcp_take(c->tcp, (size_t)(end - dst) + 2);
			return true;
		}
		rig_run(c->rig, 1);
	}
	return false;
}

void
client_record(struct client *c, struct view payload)
{
	uint8_t random[32];
	int n;

	rng_fill(&c->rig->client_rng, random, sizeof(random));
	n = record_seal(&c->out, c->record, sizeof(c->record), payload, random);
	if (n > 0)
		client_bytes(c, c->record, (size_t)n);
}

void
client_msg(struct client *c, uint8_t msg)
{
	client_record(c, view_of(&msg, 1));
}

struct view
client_next(struct client *c)
{
	struct view v = { NULL, 0 };

	for (int i = 0; i < 400 && c->tcp != NULL; i++) {
		uint8_t head[4];
		int need = 0;

		if (tcp_peek(c->tcp, head, 4) == 4)
			need = record_need(&c->in, head, 4);
		if (need > 0 && tcp_readable(c->tcp) >= (size_t)need) {
			(void)tcp_peek(c->tcp, c->record, (size_t)need);
			tcp_take(c->tcp, (size_t)need);
			if (record_open(&c->in, c->record, &v) != 0)
				v = view_of(NULL, 0);
			return v;
		}
		if (need < 0)
			break;
		rig_run(c->rig, 1);
	}
	return v;
}

static void
dir_keys(struct record_dir *d, uint8_t fill)
{
	struct link_keys k;

	memset(&k, 0, sizeof(k));
	rig_key_set(&k, fill);
	(void)record_dir_keys(d, cipher_engine_for(k.suite), k.key, k.iv, k.mac, true);
}

void
client_keys_in(struct client *c)
{
	dir_keys(&c->in, 0x22);
}

void
client_keys_out(struct client *c)
{
	dir_keys(&c->out, 0x11);
}
