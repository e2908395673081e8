#include "tests/unit/dataplane/worker/rig_inner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drivers/cipher/select.h"
#include "drivers/clock/clock.h"
#include "drivers/nic/pair.h"

static const uint8_t server_ip[4] = { 192, 0, 2, 1 };

/* Pages that cost nothing until they are touched. */
void *
rig_area(struct rig *r, size_t size)
{
	struct rig_area *a = &r->area[r->area_count++];

	a->size = size;
	a->at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->at == MAP_FAILED || r->area_count == RIG_AREAS)
		abort();
	return a->at;
}

/* ---- shares of one end of a pair ---- */

static struct rig_worker *
share_of(struct port *p)
{
	return (struct rig_worker *)(void *)p;
}

static struct port *
below(struct port *p)
{
	return share_of(p)->rig->port;
}

static uint32_t
share_rx(struct port *p, struct pkt **pkts, uint32_t n, uint64_t now)
{
	struct rig *r = share_of(p)->rig;

	if (!p->rx)
		return 0;
	if (p->spread == PORT_SPREAD_LOOSE) {
		r->dice = r->dice * 6364136223846793005u + 1442695040888963407u;
		n = r->dice >> 62 < n ? (uint32_t)(r->dice >> 62) : n;
	}
	return below(p)->ops->rx(below(p), pkts, n, now);
}

static uint32_t
share_tx(struct port *p, struct pkt **pkts, uint32_t n, uint64_t now)
{
	return below(p)->ops->tx(below(p), pkts, n, now);
}

static struct pkt *
share_alloc(struct port *p)
{
	return below(p)->ops->alloc(below(p));
}

static void
share_free(struct port *p, struct pkt *k)
{
	below(p)->ops->free(below(p), k);
}

static int
share_wait_fd(struct port *p)
{
	return below(p)->ops->wait_fd(below(p));
}

static void
share_arm(struct port *p)
{
	below(p)->ops->arm(below(p));
}

static void
share_wake(struct port *p, bool error)
{
	below(p)->ops->wake(below(p), error);
}

static uint64_t
share_next(struct port *p, uint64_t now)
{
	return p->rx ? below(p)->ops->next_us(below(p), now) : UINT64_MAX;
}

static void
share_close(struct port *p)
{
	(void)p;
}

static const struct port_ops share_ops = {
	.rx = share_rx, .tx = share_tx, .alloc = share_alloc, .free = share_free,
	.wait_fd = share_wait_fd, .arm = share_arm, .wake = share_wake, .next_us = share_next,
	.close = share_close,
};

/* ---- the workers ---- */

static void
worker_open(struct rig *r, uint32_t index, enum rig_spread spread)
{
	struct worker_config c = { .index = index, .conn_max = 64, .block_count = 4096, .crew = r->crew };
	struct rig_worker *k = &r->worker[index];
	struct port *port = r->port;

	k->rig = r;
	if (r->worker_count > 1) {
		k->port = *r->port;
		k->port.ops = &share_ops;
		k->port.queue = index;
		k->port.spread = spread == RIG_LOOSE ? PORT_SPREAD_LOOSE : PORT_SPREAD_NONE;
		k->port.rx = spread == RIG_LOOSE || index == 0;
		port = &k->port;
	}
	rng_fixed(&k->rng, 1 + 16 * index);
	if (meter_create(&k->meter, &k->meter_fd, index) != 0)
		abort();
	if (r->crew != NULL)
		r->crew->seat[index].meter = k->meter;
	k->commands = rig_area(r, sizeof(*k->commands));
	k->events = rig_area(r, sizeof(*k->events));
	k->w = worker_init(rig_area(r, worker_size(&c, port)), &c, port, k->meter, &k->rng, k->commands,
	    k->events, -1);
	if (k->w == NULL)
		abort();
}

static struct rig *
open_with(uint32_t workers, enum rig_spread spread, uint16_t mtu)
{
	static const uint8_t key[FLOW_KEY_SIZE] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
		0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb };
	struct rig *r = calloc(1, sizeof(*r));
	const char *why;

	clock_start();
	if (cipher_start("ref", &why) != 0)
		abort();
	r->now = 1000000;
	if (pair_open(&r->port, &r->client_port, 512, mtu) != 0)
		abort();
	rng_fixed(&r->client_rng, 2);
	r->worker_count = workers;
	if (workers > 1) {
		r->crew = rig_area(r, crew_size(workers));
		if (crew_init(r->crew, workers, key) != 0)
			abort();
	}
	for (uint32_t i = 0; i < workers; i++)
		worker_open(r, i, spread);
	r->w = r->worker[0].w;
	r->meter = r->worker[0].meter;
	r->meter_fd = r->worker[0].meter_fd;
	r->commands = r->worker[0].commands;
	r->events = r->worker[0].events;
	client_start(r);
	return r;
}

struct rig *
rig_open_crew(uint32_t workers, enum rig_spread spread)
{
	return open_with(workers, spread, 1500);
}

struct rig *
rig_open_mtu(uint16_t mtu)
{
	return open_with(1, RIG_ONE_QUEUE, mtu);
}

struct rig *
rig_open(void)
{
	return rig_open_crew(1, RIG_ONE_QUEUE);
}

void
fake_forget(struct fake *f)
{
	for (uint32_t i = 0; i < f->count; i++)
		free(f->log[i].payload);
	f->count = f->read = 0;
}

static void
fake_free(struct fake *f)
{
	if (f->l != NULL) {
		region_close(&f->l->own);
		region_close(&f->l->peer);
		free(f->l);
	}
	slots_close(f->slots);
	region_close(&f->own);
	region_close(&f->other);
	fake_forget(f);
	free(f);
}

void
rig_close(struct rig *r)
{
	for (uint32_t i = 0; i < r->worker_count; i++)
		worker_wipe(r->worker[i].w);
	while (r->fakes != NULL) {
		struct fake *f = r->fakes;

		r->fakes = f->next;
		fake_free(f);
	}
	for (uint32_t i = 0; i < r->worker_count; i++) {
		meter_detach(r->worker[i].meter);
		close(r->worker[i].meter_fd);
	}
	if (r->crew != NULL)
		crew_fini(r->crew);
	r->port->ops->close(r->port);
	r->client_port->ops->close(r->client_port);
	for (uint32_t i = 0; i < r->area_count; i++)
		munmap(r->area[i].at, r->area[i].size);
	free(r);
}

struct cmd *
rig_cmd_to(struct rig *r, uint32_t worker, uint32_t type)
{
	struct cmd *c = cmd_slot(r->worker[worker].commands);

	if (c == NULL)
		abort();
	c->type = type;
	return c;
}

void
rig_push_to(struct rig *r, uint32_t worker)
{
	cmd_push(r->worker[worker].commands);
}

struct cmd *
rig_cmd(struct rig *r, uint32_t type)
{
	return rig_cmd_to(r, 0, type);
}

void
rig_push(struct rig *r)
{
	rig_push_to(r, 0);
}

static void
field(struct put *w, uint8_t number, const void *data, size_t len)
{
	put_u8(w, number);
	put_string(w, data, len);
}

static void
conf_to(struct rig *r, uint32_t worker, uint32_t gates, uint32_t clerks)
{
	struct cmd *c = rig_cmd_to(r, worker, CMD_CONF);
	struct put w = put_of(c->data, sizeof(c->data));
	uint8_t addr[6] = { 4 }, port[2] = { 0, RIG_PORT };
	uint8_t vlan[2] = { (uint8_t)(r->vlan >> 8), (uint8_t)r->vlan };
	uint8_t pools[8] = { 0, 0, 0, (uint8_t)gates, 0, 0, 0, (uint8_t)clerks };
	uint8_t answer[4] = { 0, 0, (uint8_t)(r->answer_s >> 8), (uint8_t)r->answer_s };
	uint8_t tcp[8] = { 1, 0, 0, 0, RIG_TIME_WAIT_S, RIG_DSCP_TERMINAL, RIG_DSCP_BULK, 1 };

	memcpy(addr + 1, server_ip, 4);
	addr[5] = 24;
	field(&w, ATTACH_CONF_ADDRESS, addr, sizeof(addr));
	if (r->vlan != 0)
		field(&w, ATTACH_CONF_VLAN, vlan, sizeof(vlan));
	field(&w, ATTACH_CONF_PORT, port, sizeof(port));
	field(&w, ATTACH_CONF_GATES, pools, sizeof(pools));
	if (r->startups.len > 0)
		field(&w, ATTACH_CONF_STARTUPS, r->startups.data, r->startups.len);
	if (r->answer_s != 0)
		field(&w, ATTACH_CONF_ANSWER, answer, sizeof(answer));
	field(&w, ATTACH_CONF_TCP, tcp, r->paced ? sizeof(tcp) : sizeof(tcp) - 1);
	c->len = (uint32_t)put_len(&w);
	rig_push_to(r, worker);
}

void
rig_conf(struct rig *r, uint32_t gates, uint32_t clerks)
{
	for (uint32_t i = 0; i < r->worker_count; i++)
		conf_to(r, i, gates, clerks);
}

/* ---- events of the workers ---- */

static struct fake *
fake_of(struct rig *r, const struct link *l)
{
	struct fake *f = r->fakes;

	while (f != NULL && f->l != l)
		f = f->next;
	return f;
}

static void
event(struct rig *r, const struct cmd *e)
{
	struct fake *f = e->l != NULL ? fake_of(r, e->l) : NULL;

	switch (e->type) {
	case EV_LINK_ADDED:
		f->id = e->reason == 0 ? e->link : 0;
		f->refused = (int)e->reason;
		break;
	case EV_LINK_GONE:
		f->gone = true;
		f->gone_reason = (int)e->reason;
		break;
	case EV_CONN:
		r->conn_events++;
		r->conn_len = e->len;
		memcpy(r->conn_body, e->data, e->len);
		break;
	case EV_CONN_CLOSED:
		r->closed_events++;
		r->closed_reason = (int)e->reason;
		break;
	case EV_FIRST_HASH_STORED:
		r->hash_reason = e->reason;
		break;
	case EV_GRANT_STORED:
		r->grant_reason = e->reason;
		break;
	case EV_SNAPSHOT_END:
		r->snapshots++;
		break;
	case EV_CAPTURE_ADDED:
		r->capture_reason = e->reason;
		break;
	case EV_CAPTURE_GONE:
		r->captures_gone++;
		break;
	case EV_ROWS:
		r->lists += e->reason;
		r->rows_len = e->len;
		memcpy(r->rows, e->data, e->len);
		break;
	default:
		break;
	}
}

static void
events_of(struct rig *r, struct cmd_queue *q)
{
	struct cmd *e;

	while ((e = cmd_peek(q)) != NULL) {
		event(r, e);
		cmd_pop(q);
	}
}

static void
fake_poll(struct fake *f)
{
	struct link_entry e;
	struct view payload;

	while (!f->gone && !f->deaf && f->id != 0 && f->count < RIG_LOG &&
	    ring_peek(&f->in, &e, &payload) == 1) {
		struct got *g = &f->log[f->count++];

		g->e = e;
		g->payload = malloc(payload.len + 1);
		if (payload.len > 0)
			memcpy(g->payload, payload.data, payload.len);
		ring_take(&f->in);
	}
}

void
rig_run(struct rig *r, uint32_t steps)
{
	while (steps-- > 0) {
		r->now += RIG_STEP_US;
		for (uint32_t i = 0; i < r->worker_count; i++)
			(void)worker_poll(r->worker[i].w, r->now);
		if (r->steward != NULL)
			steward_turn(r->steward, 0);
		for (uint32_t i = 0; r->steward == NULL && i < r->worker_count; i++)
			events_of(r, r->worker[i].events);
		for (struct fake *f = r->fakes; f != NULL; f = f->next)
			fake_poll(f);
		client_poll(r);
	}
}

/* ---- control processes and hosts ---- */

struct fake *
fake_new(struct rig *r, uint32_t role, uint32_t index, uint32_t conn, uint32_t gen)
{
	return fake_at(r, 0, role, index, conn, gen);
}

struct fake *
fake_at(struct rig *r, uint32_t worker, uint32_t role, uint32_t index, uint32_t conn, uint32_t gen)
{
	uint32_t ring = role == LINK_HOST ? LINK_HOST_RING : LINK_CONTROL_RING;
	uint32_t arena = role == LINK_HOST ? LINK_HOST_ARENA : LINK_CONTROL_ARENA;
	struct fake *f = calloc(1, sizeof(*f));
	struct link *l = calloc(1, sizeof(*l));
	struct cmd *c;
	int fd = -1;

	f->rig = r;
	f->worker = worker;
	f->role = role;
	f->l = l;
	l->role = role;
	l->index = index;
	l->conn = conn;
	l->gen = gen;
	l->wait_fd = l->ring_fd = -1;
	if (region_create(&f->own, "fake", ring, arena) != 0 ||
	    region_create(&l->own, "worker", ring, arena) != 0 ||
	    region_attach(&f->other, l->own.fd, ring, arena) != 0 ||
	    region_attach(&l->peer, f->own.fd, ring, arena) != 0)
		abort();
	if (role != LINK_HOST) {
		if (slots_create(&f->slots, &fd) != 0)
			abort();
		close(fd);
		l->slots = f->slots;
	}
	ring_out_init(&f->out, &f->own, &f->other, f->arena_end, true);
	ring_in_init(&f->in, &f->own, &f->other);
	link_setup(l);
	c = rig_cmd_to(r, worker, CMD_LINK_ADD);
	c->l = l;
	rig_push_to(r, worker);
	f->next = r->fakes;
	r->fakes = f;
	return f;
}

void
fake_die(struct fake *f)
{
	rig_cmd_to(f->rig, f->worker, CMD_LINK_DROP)->link = f->id;
	rig_push_to(f->rig, f->worker);
}

struct got *
fake_next(struct fake *f)
{
	for (int tries = 0; tries < 400 && f->read == f->count; tries++)
		rig_run(f->rig, 1);
	return f->read < f->count ? &f->log[f->read++] : NULL;
}

struct got *
fake_find(struct fake *f, uint16_t op)
{
	struct got *g;

	while ((g = fake_next(f)) != NULL)
		if (g->e.op == op)
			return g;
	return NULL;
}

bool
fake_step(struct fake *f, struct step *s)
{
	struct link_entry e;

	step_entry(s, &e);
	return ring_send(&f->out, &e, view_of(s->w.start, put_len(&s->w)));
}

bool
fake_send(struct fake *f, uint16_t op, const struct got *open, uint64_t arg, struct view payload)
{
	struct link_entry e = { .op = op, .conn = open->e.conn, .gen = open->e.gen,
	    .chan = open->e.chan, .seq = open->e.seq, .arg = { arg } };

	return ring_send(&f->out, &e, payload);
}

void
rig_key_set(struct link_keys *k, uint8_t fill)
{
	k->suite = SUITE_AES128_GCM;
	k->key_len = 16;
	k->iv_len = 12;
	memset(k->key, fill, 16);
	memset(k->iv, fill + 1, 12);
}

int
fake_keys(struct fake *f, uint32_t conn, uint32_t gen)
{
	struct link_slot s = { .conn = conn, .gen = gen, .strict = 1 };

	rig_key_set(&s.in, 0x11);
	rig_key_set(&s.out, 0x22);
	return slot_fill(f->slots, &s);
}

/* ---- a whole login ---- */

size_t
rig_grant(uint8_t *dst, size_t size)
{
	static const struct grant g = { .user = "alice", .home = "/home/alice", .shell = "/bin/sh",
	    .methods = "publickey", .key = "ssh-ed25519 SHA256:x", .uid = 1000, .gid = 1000 };
	struct put w = put_of(dst, size);

	return grant_encode(&g, &w) == 0 && !w.bad ? put_len(&w) : 0;
}

static struct step step;

static bool
answer(struct fake *f, const struct got *g)
{
	step_done(&step, g->e.serial);
	return fake_step(f, &step);
}

static bool
key_exchange(struct client *c, struct fake *gate, struct got **last)
{
	static const uint8_t kexinit[17] = { SSH_MSG_KEXINIT };
	static const uint8_t reply[5] = { SSH_MSG_KEX_ECDH_REPLY };
	struct got *g;
	int slot;

	client_record(c, view_of(kexinit, sizeof(kexinit)));
	if ((g = fake_find(gate, LINK_UP_RECORD)) == NULL || g->e.msg != SSH_MSG_KEXINIT)
		return false;
	step_begin(&step, g->e.conn, g->e.gen);
	step_record(&step, view_of(kexinit, sizeof(kexinit)));
	step_hold(&step);
	if (!answer(gate, g) || client_next(c).len != sizeof(kexinit))
		return false;
	client_msg(c, SSH_MSG_KEX_ECDH_INIT);
	if ((g = fake_find(gate, LINK_UP_RECORD)) == NULL || g->e.msg != SSH_MSG_KEX_ECDH_INIT)
		return false;
	slot = fake_keys(gate, g->e.conn, g->e.gen);
	step_begin(&step, g->e.conn, g->e.gen);
	step_record(&step, view_of(reply, sizeof(reply)));
	step_newkeys(&step, (uint32_t)slot);
	step_note(&step, view_of("note", 4));
	if (!answer(gate, g) || client_next(c).len != sizeof(reply) || client_next(c).len != 1)
		return false;
	client_keys_in(c);
	client_msg(c, SSH_MSG_NEWKEYS);
	client_keys_out(c);
	if ((g = fake_find(gate, LINK_UP_NEWKEYS)) == NULL)
		return false;
	step_begin(&step, g->e.conn, g->e.gen);
	*last = g;
	return answer(gate, g);
}

static bool
authenticate(struct client *c, struct fake *gate)
{
	static const uint8_t accept = SSH_MSG_SERVICE_ACCEPT, success = SSH_MSG_USERAUTH_SUCCESS;
	struct rig *r = c->rig;
	struct got *g;
	struct cmd *k;

	client_msg(c, SSH_MSG_SERVICE_REQUEST);
	if ((g = fake_find(gate, LINK_UP_RECORD)) == NULL || g->e.msg != SSH_MSG_SERVICE_REQUEST)
		return false;
	step_begin(&step, g->e.conn, g->e.gen);
	step_record(&step, view_of(&accept, 1));
	step_phase(&step, SSH_PHASE_AUTH);
	if (!answer(gate, g) || client_next(c).len != 1)
		return false;
	client_msg(c, SSH_MSG_USERAUTH_REQUEST);
	if ((g = fake_find(gate, LINK_UP_RECORD)) == NULL || g->e.msg != SSH_MSG_USERAUTH_REQUEST)
		return false;
	k = rig_cmd_to(r, gate->worker, CMD_GRANT);
	k->conn = g->e.conn;
	k->gen = g->e.gen;
	k->len = (uint32_t)rig_grant(k->data, sizeof(k->data));
	rig_push_to(r, gate->worker);
	rig_run(r, 2);
	step_begin(&step, g->e.conn, g->e.gen);
	step_record(&step, view_of(&success, 1));
	step_phase(&step, SSH_PHASE_OPEN);
	return r->grant_reason == 0 && answer(gate, g) && client_next(c).len == 1;
}

bool
rig_login(struct rig *r, struct client *c, struct fake *gate, struct fake *clerk, struct got **adopt)
{
	char line[256];
	struct got *g;

	step_init(&step);
	if (c->tcp == NULL || !client_line(c, line, sizeof(line)))
		return false;
	client_bytes(c, "SSH-2.0-rig\r\n", 13);
	if ((g = fake_find(gate, LINK_UP_IDENT)) == NULL)
		return false;
	step_begin(&step, g->e.conn, g->e.gen);
	if (!answer(gate, g) || !key_exchange(c, gate, &g) || !authenticate(c, gate))
		return false;
	rig_run(r, 5);
	*adopt = fake_find(clerk, LINK_UP_ADOPT);
	return *adopt != NULL;
}

bool
rig_channel(struct rig *r, struct client *c, struct fake *clerk, struct fake *host, uint32_t ours,
    uint32_t peers, struct got **open)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	struct step_chan ch = { .ours = ours, .peers = peers, .peer_window = 1u << 20,
	    .peer_packet = 32768, .window = 1u << 20, .packet = 32768 };
	struct got *g;
	size_t mark;

	put_u8(&w, SSH_MSG_CHANNEL_OPEN);
	client_record(c, view_of(buf, put_len(&w)));
	if ((g = fake_find(clerk, LINK_UP_RECORD)) == NULL)
		return false;
	step_begin(&step, g->e.conn, g->e.gen);
	step_chan_new(&step, &ch);
	w = put_of(buf, sizeof(buf));
	put_u8(&w, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	put_u32(&w, peers);
	put_u32(&w, ours);
	put_u32(&w, ch.window);
	put_u32(&w, ch.packet);
	step_record(&step, view_of(buf, put_len(&w)));
	if (!answer(clerk, g) || client_next(c).len != 17)
		return false;
	w = put_of(buf, sizeof(buf));
	put_u8(&w, SSH_MSG_CHANNEL_REQUEST);
	put_u32(&w, ours);
	put_cstr(&w, "shell");
	put_bool(&w, true);
	client_record(c, view_of(buf, put_len(&w)));
	if ((g = fake_find(clerk, LINK_UP_RECORD)) == NULL || g->e.chan != ours)
		return false;
	step_begin(&step, g->e.conn, g->e.gen);
	mark = step_chan_start_open(&step, ours, host->id, true);
	put_u8(&step.w, LINK_START_SHELL);
	put_cstr(&step.w, "");
	put_cstr(&step.w, r->pty != NULL ? r->pty : "");
	put_u32(&step.w, 0);
	step_chan_start_close(&step, mark);
	if (!answer(clerk, g) || (*open = fake_find(host, LINK_UP_CHAN_OPEN)) == NULL)
		return false;
	rig_run(r, 1);
	return fake_send(host, LINK_DOWN_CHAN_REPLY, *open, 1, view_of(NULL, 0)) &&
	    client_next(c).len == 5;
}
