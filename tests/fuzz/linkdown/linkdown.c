/*
 * Link entries as the worker sees them. The first byte chooses who speaks: a
 * gate before the login, a clerk after it, a service's host with a channel, a user's
 * host with one, which also was asked two things, a clerk who is asked by a host, a
 * host that was asked to open a channel. Then entries:
 *
 *   u8 kind   of gate and clerk 0: a step, right conn and gen; else noise in op
 *             of a host: which of its ops; its upper half: arg[1] and arg[2]
 *   u8 flags, u8 serial behind the last one known, u8 chan, u8 arg
 *   u16 length, and the payload
 *
 * What a user's host asks for, its clerk allows or refuses, and the client answers.
 * Then what the worker remembers of all that is within its limits and adds up.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/worker/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES_MAX 16

static const uint16_t host_ops[] = { LINK_DOWN_CHAN_DATA, LINK_DOWN_CHAN_TOOK, LINK_DOWN_CHAN_EOF,
	LINK_DOWN_CHAN_REQUEST, LINK_DOWN_CHAN_REPLY, LINK_DOWN_CHAN_CLOSE, LINK_DOWN_CHAN_REKEY,
	LINK_DOWN_CHAN_REFUSE, LINK_DOWN_ASK_OPEN, LINK_DOWN_ASK_GLOBAL, LINK_DOWN_ANSWER, LINK_DOWN_STEP,
	LINK_DOWN_CHAN_TOOK, LINK_DOWN_CHAN_CLOSE, LINK_DOWN_ASK_GLOBAL, LINK_DOWN_ANSWER };

/* Of arg[1]: a reply is wanted, growth of a window. */
static const uint64_t second[] = { 0, 1, 1u << 20, LINK_WINDOW_MAX };

enum scenes { GATE, CLERK, SERVICE, USER, CLERK_ASKED, OPENED, SCENES };

#define QUERY_GLOBAL 5u  /* ids of what a user's host was asked, behind its serial */
#define QUERY_SESSION 6u
#define ASKED_FROM 32u   /* channels toward the peer */
#define ASKED_TO 64u

struct scene {
	struct rig *r;
	struct client *c;
	struct fake *speaker, *clerk;
	struct step step;
	struct got near;
	uint32_t next; /* channel toward the peer */
};

static void
must(bool yes)
{
	if (!yes)
		abort();
}

static void
query(struct scene *s, uint32_t id, uint32_t chan)
{
	step_begin(&s->step, s->near.e.conn, s->near.e.gen);
	step_query(&s->step, s->speaker->id, s->near.e.serial + id, chan, true, view_str("name"), view_str("body"));
	s->step.used = true;
	must(fake_step(s->clerk, &s->step));
	rig_run(s->r, 2);
}

/* Channel 1 of the peer, a session whose program has not started. */
static void
session(struct scene *s)
{
	struct step_chan ch = { 1, 10, 1u << 20, 32768, 1u << 20, 32768 };

	step_begin(&s->step, s->near.e.conn, s->near.e.gen);
	step_chan_new(&s->step, &ch);
	s->step.used = true;
	must(fake_step(s->clerk, &s->step));
	rig_run(s->r, 2);
}

static struct fake *
host(struct scene *s, uint32_t conn, uint32_t gen)
{
	struct fake *f = fake_new(s->r, LINK_HOST, 0, conn, gen);

	rig_run(s->r, 2);
	must(f->id != 0);
	return f;
}

static void
ask(struct scene *s, struct fake *from, uint16_t op, uint32_t number, const char *name)
{
	struct link_entry e = { .op = op, .conn = s->near.e.conn, .gen = s->near.e.gen, .chan = LINK_CHAN_NONE,
		.arg = { number, 1 } };
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, name);
	must(ring_send(&from->out, &e, put_view(&w)));
	rig_run(s->r, 2);
}

/* Two asks of a host; the first of them is the record that clerk's steps are near. */
static void
clerk_asked(struct scene *s)
{
	struct fake *f = host(s, s->near.e.conn, s->near.e.gen);
	struct got *g;

	ask(s, f, LINK_DOWN_ASK_OPEN, 1, "x11");
	ask(s, f, LINK_DOWN_ASK_GLOBAL, 2, "ping");
	must((g = fake_find(s->clerk, LINK_UP_ASKED_OPEN)) != NULL);
	s->near = *g;
}

/* The peer opens a channel of a type that a plugin serves. */
static void
opened(struct scene *s)
{
	struct step_chan ch = { 0, 9, 1u << 20, 32768, 1u << 20, 32768 };
	size_t mark;
	struct got *g;

	step_begin(&s->step, s->near.e.conn, s->near.e.gen);
	step_chan_new(&s->step, &ch);
	mark = step_chan_start_open(&s->step, ch.ours, s->speaker->id, true);
	put_u8(&s->step.w, LINK_START_OPEN);
	put_cstr(&s->step.w, "pipe");
	put_cstr(&s->step.w, "");
	put_u32(&s->step.w, 0);
	step_chan_start_close(&s->step, mark);
	s->step.used = true;
	must(fake_step(s->clerk, &s->step));
	must((g = fake_find(s->speaker, LINK_UP_CHAN_OPEN)) != NULL);
	s->near = *g;
}

static void
host_scene(struct scene *s, enum scenes which)
{
	bool user = which == USER;
	struct got *g;

	s->speaker = host(s, user ? s->near.e.conn : LINK_CONN_NONE, user ? s->near.e.gen : 0);
	if (which == OPENED) {
		opened(s);
		return;
	}
	must(rig_channel(s->r, s->c, s->clerk, s->speaker, 0, 9, &g));
	s->near = *g;
	if (!user)
		return;
	session(s);
	query(s, QUERY_GLOBAL, LINK_CHAN_NONE);
	query(s, QUERY_SESSION, 1);
	must(fake_find(s->speaker, LINK_UP_QUERY) != NULL && fake_find(s->speaker, LINK_UP_QUERY) != NULL);
}

static void
scene_open(struct scene *s, enum scenes which)
{
	struct fake *gate;
	struct got *g;

	s->next = ASKED_FROM;
	step_init(&s->step);
	s->r = rig_open();
	rig_conf(s->r, 1, 1);
	gate = fake_new(s->r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	s->clerk = fake_new(s->r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	rig_run(s->r, 2);
	s->c = client_open(s->r, 0);
	s->speaker = gate;
	if (which == GATE) {
		client_bytes(s->c, "SSH-2.0-fuzz\r\n", 14);
		must((g = fake_find(gate, LINK_UP_IDENT)) != NULL);
		(void)fake_keys(gate, g->e.conn, g->e.gen);
		s->near = *g;
		return;
	}
	must(rig_login(s->r, s->c, gate, s->clerk, &g));
	s->speaker = s->clerk;
	s->near = *g;
	if (which == CLERK)
		(void)fake_keys(s->clerk, g->e.conn, g->e.gen);
	else if (which == CLERK_ASKED)
		clerk_asked(s);
	else
		host_scene(s, which);
}

/* ---- those who answer a user's host ---- */

static void
clerk_answers(struct scene *s, const struct got *g)
{
	step_begin(&s->step, g->e.conn, g->e.gen);
	if (g->e.op == LINK_UP_ASKED_OPEN && g->e.serial % 4 != 0 && s->next < ASKED_TO)
		step_chan_asked(&s->step, s->next++, 1u << 16, 32768);
	else if (g->e.op == LINK_UP_ASKED_GLOBAL && g->e.serial % 4 != 0)
		step_global_asked(&s->step);
	else if (g->e.op == LINK_UP_ASKED_OPEN || g->e.op == LINK_UP_ASKED_GLOBAL)
		step_refuse(&s->step, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, "no");
	step_done(&s->step, g->e.serial);
	(void)fake_step(s->clerk, &s->step);
}

/* RFC 4254 sections 4 and 5.1. */
static void
client_answers(struct scene *s, struct view record)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	struct cur in = cur_view(record);
	uint8_t msg = cur_u8(&in);
	uint32_t ours;

	(void)cur_string(&in);
	if (msg == SSH_MSG_GLOBAL_REQUEST && cur_bool(&in)) {
		put_u8(&w, record.len % 2 ? SSH_MSG_REQUEST_SUCCESS : SSH_MSG_REQUEST_FAILURE);
	} else if (msg == SSH_MSG_CHANNEL_OPEN) {
		ours = cur_u32(&in);
		put_u8(&w, ours % 4 ? SSH_MSG_CHANNEL_OPEN_CONFIRMATION : SSH_MSG_CHANNEL_OPEN_FAILURE);
		put_u32(&w, ours);
		put_u32(&w, ours % 4 ? ours + 100 : SSH_OPEN_CONNECT_FAILED);
		put_u32(&w, ours % 4 ? 1u << 16 : 0);
		put_u32(&w, ours % 4 ? 32768 : 0);
	}
	if (put_len(&w) > 0 && !in.bad)
		client_record(s->c, put_view(&w));
}

static void
others(struct scene *s)
{
	struct view record;

	while (s->clerk->read < s->clerk->count) {
		const struct got *g = &s->clerk->log[s->clerk->read++];

		if (g->e.serial != 0)
			clerk_answers(s, g);
	}
	rig_run(s->r, 1);
	while (s->c->tcp != NULL && tcp_readable(s->c->tcp) > 0 && (record = client_next(s->c)).len > 0)
		client_answers(s, record);
}

/* ---- entries ---- */

static bool
entry(struct scene *s, struct cur *c)
{
	struct link_entry e = { .conn = s->near.e.conn, .gen = s->near.e.gen, .seq = s->near.e.seq };
	uint8_t kind = cur_u8(c);

	e.flags = cur_u8(c);
	e.serial = s->near.e.serial + cur_u8(c);
	e.chan = cur_u8(c);
	e.arg[0] = cur_u8(c);
	if (s->speaker->role == LINK_HOST) {
		e.op = host_ops[kind % 16];
		e.arg[1] = second[kind >> 4 & 3];
		e.arg[2] = kind >> 6 & 1;
	} else {
		e.op = kind == 0 ? LINK_DOWN_STEP : kind;
	}
	return ring_send(&s->speaker->out, &e, cur_take(c, cur_u16(c))) && !c->bad;
}

static void
judge(const struct scene *s)
{
	for (uint32_t i = 0; i < LINK_MAX; i++)
		must(s->r->w->links[i] == NULL || s->r->w->links[i]->asks <= LINK_ASKS_MAX);
	for (uint32_t i = 0; i < s->r->w->used_slots; i++) {
		const struct queries *q = &s->r->w->conns[i].queries;
		uint32_t count = 0;

		for (uint32_t k = 0; k < LINK_QUERIES_MAX; k++)
			count += q->row[k].id != 0;
		must(q->count == count);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	enum scenes which = cur_u8(&c) % SCENES;
	struct scene s;

	memset(&s, 0, sizeof(s));
	scene_open(&s, which);
	for (int i = 0; i < ENTRIES_MAX && cur_left(&c) > 0 && !s.speaker->gone; i++) {
		if (!entry(&s, &c))
			break;
		rig_run(s.r, 1);
		if (which == USER)
			others(&s);
	}
	rig_run(s.r, 5);
	judge(&s);
	rig_close(s.r);
	return 0;
}
