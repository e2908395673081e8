/*
 * Link entries as the worker sees them. The first byte chooses who speaks: a
 * gate before the login, a clerk after it, a host with a channel. Then entries:
 *
 *   u8 kind   0: what this role sends, right conn, gen and use; else noise in op
 *   u8 flags, u8 serial behind the last one known, u8 chan, u8 arg
 *   u16 length, and the payload
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/worker/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES_MAX 16

static const uint16_t host_ops[] = { LINK_DOWN_CHAN_DATA, LINK_DOWN_CHAN_TOOK, LINK_DOWN_CHAN_EOF,
	LINK_DOWN_CHAN_REQUEST, LINK_DOWN_CHAN_REPLY, LINK_DOWN_CHAN_CLOSE };

struct scene {
	struct rig *r;
	struct fake *speaker;
	struct got near;
};

static void
must(bool yes)
{
	if (!yes)
		abort();
}

static void
scene_open(struct scene *s, uint8_t who)
{
	struct fake *gate, *clerk;
	struct client *c;
	struct got *g;

	s->r = rig_open();
	rig_conf(s->r, 1, 1);
	gate = fake_new(s->r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	clerk = fake_new(s->r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	rig_run(s->r, 2);
	c = client_open(s->r, 0);
	s->speaker = gate;
	if (who % 3 == 0) {
		client_bytes(c, "SSH-2.0-fuzz\r\n", 14);
		must((g = fake_find(gate, LINK_UP_IDENT)) != NULL);
		(void)fake_keys(gate, g->e.conn, g->e.gen);
		s->near = *g;
		return;
	}
	must(rig_login(s->r, c, gate, clerk, &g));
	s->speaker = clerk;
	if (who % 3 == 2) {
		s->speaker = fake_new(s->r, LINK_HOST, 0, LINK_CONN_NONE, 0);
		rig_run(s->r, 2);
		must(rig_channel(s->r, c, clerk, s->speaker, 0, 9, &g));
	} else {
		(void)fake_keys(clerk, g->e.conn, g->e.gen);
	}
	s->near = *g;
}

static bool
entry(struct scene *s, struct cur *c)
{
	struct link_entry e = { .conn = s->near.e.conn, .gen = s->near.e.gen, .seq = s->near.e.seq };
	uint8_t kind = cur_u8(c);

	e.flags = cur_u8(c);
	e.serial = s->near.e.serial + cur_u8(c);
	e.chan = cur_u8(c);
	e.arg[0] = cur_u8(c);
	if (s->speaker->role == LINK_HOST)
		e.op = host_ops[kind % 6];
	else
		e.op = kind == 0 ? LINK_DOWN_STEP : kind;
	return ring_send(&s->speaker->out, &e, cur_take(c, cur_u16(c))) && !c->bad;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	struct scene s;

	memset(&s, 0, sizeof(s));
	scene_open(&s, cur_u8(&c));
	for (int i = 0; i < ENTRIES_MAX && cur_left(&c) > 0 && !s.speaker->gone; i++) {
		if (!entry(&s, &c))
			break;
		rig_run(s.r, 1);
	}
	rig_run(s.r, 5);
	rig_close(s.r);
	return 0;
}
