#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/worker/rig.h"

/*
 * Gates, clerks and hosts that write anything. The worker may end their link or
 * the connections that are theirs; a connection that is another's goes on, byte
 * for byte.
 */

#define ROUNDS 300

static uint64_t state;

static uint32_t
dice(uint32_t sides)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % sides;
}

static void
bytes(uint8_t *dst, size_t len)
{
	for (size_t i = 0; i < len; i++)
		dst[i] = (uint8_t)dice(256);
}

/* Ops, items and ids that are near the truth find more than noise does. */
static void
entry_of_dice(struct link_entry *e, const struct got *near)
{
	static const uint16_t ops[] = { LINK_DOWN_STEP, LINK_DOWN_CHAN_DATA, LINK_DOWN_CHAN_TOOK,
		LINK_DOWN_CHAN_EOF, LINK_DOWN_CHAN_REQUEST, LINK_DOWN_CHAN_REPLY, LINK_DOWN_CHAN_CLOSE,
		LINK_DOWN_CHAN_REKEY };

	memset(e, 0, sizeof(*e));
	e->op = dice(12) > 0 ? ops[dice(8)] : (uint16_t)dice(65536);
	e->conn = dice(8) > 0 ? near->e.conn : dice(70);
	e->gen = dice(8) > 0 ? near->e.gen : dice(5);
	e->chan = dice(4);
	e->seq = dice(3);
	e->flags = (uint8_t)dice(3);
	e->serial = near->e.serial + dice(3);
	e->arg[0] = dice(3) > 0 ? dice(4) : (uint64_t)dice(1u << 30) << 20;
}

static uint32_t
items_of_dice(uint8_t *dst, size_t size)
{
	struct put w = put_of(dst, size);

	for (uint32_t n = dice(4); n > 0; n--) {
		uint8_t body[64];
		size_t len = dice(40);

		bytes(body, len);
		if (len > 0 && dice(2) > 0)
			body[0] = (uint8_t)dice(100);
		put_u8(&w, (uint8_t)dice(11));
		put_u32(&w, dice(20) > 0 ? (uint32_t)len : dice(1u << 31));
		put_bytes(&w, body, len);
	}
	return (uint32_t)put_len(&w);
}

static void
publish_anything(struct fake *f, const struct got *near)
{
	struct link_entry e;
	uint8_t payload[512];

	entry_of_dice(&e, near);
	(void)ring_send(&f->out, &e, view_of(payload, items_of_dice(payload, sizeof(payload))));
	/* what the library would not publish: wild offsets and indexes */
	if (dice(10) == 0) {
		uint32_t at = (f->out.head - 1) & (f->own.ring_count - 1);

		region_entries(&f->own)[at].off = dice(1u << 31);
		region_entries(&f->own)[at].len = dice(1u << 21);
	}
	if (dice(40) == 0)
		region_header(&f->own)->head = dice(1u << 31);
	if (dice(40) == 0)
		region_header(&f->own)->tail = dice(1u << 31);
}

/* The probe: data of its channel both ways, checked. */
static void
still_exact(struct client *c, struct fake *host, const struct got *open, uint32_t peers, uint32_t round)
{
	uint8_t text[600], buf[700];
	struct put w = put_of(buf, sizeof(buf));
	struct got *g;
	struct view v;

	memset(text, (int)round, sizeof(text));
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_DATA, open, 0, view_of(text, sizeof(text))));
	do
		v = client_next(c);
	while (v.len > 0 && v.data[0] != SSH_MSG_CHANNEL_DATA);
	CU_ASSERT_EQUAL_FATAL(v.len, 9 + sizeof(text));
	CU_ASSERT_EQUAL(v.data[4], peers);
	CU_ASSERT_EQUAL(memcmp(v.data + 9, text, sizeof(text)), 0);
	put_u8(&w, SSH_MSG_CHANNEL_DATA);
	put_u32(&w, 0);
	put_string(&w, text, sizeof(text));
	client_record(c, view_of(buf, put_len(&w)));
	fake_forget(host);
	g = fake_find(host, LINK_UP_CHAN_DATA);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->e.len, sizeof(text));
	CU_ASSERT_EQUAL(memcmp(g->payload, text, sizeof(text)), 0);
	CU_ASSERT_TRUE(fake_send(host, LINK_DOWN_CHAN_TOOK, open, sizeof(text), view_of(NULL, 0)));
}

/* Two of each pool: the probe is in slot 0 and belongs to the good ones, the
 * victim in slot 1 to those with index 1. */
struct scene {
	struct rig *r;
	struct fake *gate[2], *clerk[2], *host, *bad;
	struct client *probe, *victim;
	struct got open;      /* the probe's channel */
	struct got near;      /* what the bad one knows to be true */
	uint32_t ended, victims;
};

static struct fake *
fresh(struct scene *s, uint32_t role, uint32_t index)
{
	struct fake *f = fake_new(s->r, role, index, LINK_CONN_NONE, 0);

	rig_run(s->r, 2);
	return f;
}

static void
scene_open(struct scene *s)
{
	struct got *open, *adopt;

	memset(s, 0, sizeof(*s));
	s->r = rig_open();
	rig_conf(s->r, 2, 2);
	s->gate[0] = fresh(s, LINK_GATE, 0);
	s->clerk[0] = fresh(s, LINK_CLERK, 0);
	s->host = fresh(s, LINK_HOST, 0);
	s->probe = client_open(s->r, 0);
	CU_ASSERT_TRUE_FATAL(rig_login(s->r, s->probe, s->gate[0], s->clerk[0], &adopt));
	CU_ASSERT_TRUE_FATAL(rig_channel(s->r, s->probe, s->clerk[0], s->host, 0, 9, &open));
	s->open = *open;
}

/* A connection that the bad one may speak for: before the login for a gate,
 * after it for a clerk, with a channel for a host. */
static void
new_victim(struct scene *s, uint32_t role)
{
	struct got *g = NULL;

	if (s->victim != NULL && s->victim->tcp != NULL)
		tcp_abort(s->victim->tcp, 0, s->r->now);
	rig_run(s->r, 100);
	s->gate[1] = fresh(s, LINK_GATE, 1);
	s->clerk[1] = fresh(s, LINK_CLERK, 1);
	s->victim = client_open(s->r, 1 + s->victims++ % 2);
	if (role == LINK_GATE) {
		s->bad = s->gate[1];
		client_bytes(s->victim, "SSH-2.0-victim\r\n", 16);
		g = fake_find(s->bad, LINK_UP_IDENT);
		CU_ASSERT_PTR_NOT_NULL_FATAL(g);
		s->near = *g;
		return;
	}
	CU_ASSERT_TRUE_FATAL(rig_login(s->r, s->victim, s->gate[1], s->clerk[1], &g));
	s->bad = s->clerk[1];
	if (role == LINK_HOST) {
		s->bad = fresh(s, LINK_HOST, 0);
		CU_ASSERT_TRUE_FATAL(rig_channel(s->r, s->victim, s->clerk[1], s->bad, 2, 7, &g));
	}
	s->near = *g;
}

static bool
victim_gone(const struct scene *s)
{
	return s->bad == NULL || s->bad->gone || s->victim->eof || s->victim->closed;
}

static void
attack(uint32_t role)
{
	struct scene s;

	state = role;
	scene_open(&s);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		if (victim_gone(&s)) {
			s.ended += s.bad != NULL && s.bad->gone;
			new_victim(&s, role);
		}
		publish_anything(s.bad, &s.near);
		rig_run(s.r, 1);
		fake_forget(s.bad);
		if (round % 10 == 0)
			still_exact(s.probe, s.host, &s.open, 9, round);
	}
	CU_ASSERT_TRUE(s.ended > 10);
	CU_ASSERT_TRUE(s.r->meter->drop[R_LINK_ITEM] + s.r->meter->drop[R_LINK_DENIED] +
	    s.r->meter->drop[R_LINK_CREDIT] > 5);
	CU_ASSERT_TRUE(s.r->meter->drop[R_LINK_RANGE] > 0);
	CU_ASSERT_FALSE(s.probe->eof);
	rig_close(s.r);
}

static void
hostile_gate(void)
{
	attack(LINK_GATE);
}

static void
hostile_clerk(void)
{
	attack(LINK_CLERK);
}

static void
hostile_host(void)
{
	attack(LINK_HOST);
}

/* One that stops: its ring fills, others have theirs. */
static void
deaf_host(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk, *host, *deaf;
	struct client *probe;
	struct got *open, *stuck, *adopt, keep;
	static const uint8_t piece[1000];
	uint8_t buf[1100];
	struct put w;

	rig_conf(r, 1, 1);
	gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	clerk = fake_new(r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	deaf = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 3);
	probe = client_open(r, 0);
	CU_ASSERT_TRUE_FATAL(rig_login(r, probe, gate, clerk, &adopt));
	CU_ASSERT_TRUE_FATAL(rig_channel(r, probe, clerk, host, 0, 9, &open));
	keep = *open;
	CU_ASSERT_TRUE_FATAL(rig_channel(r, probe, clerk, deaf, 1, 8, &stuck));
	deaf->deaf = true;
	for (uint32_t i = 0; i < 1000; i++) { /* within its window of 1 MiB */
		w = put_of(buf, sizeof(buf));
		put_u8(&w, SSH_MSG_CHANNEL_DATA);
		put_u32(&w, 1);
		put_string(&w, piece, sizeof(piece));
		client_record(probe, view_of(buf, put_len(&w)));
	}
	for (uint32_t round = 0; round < 5; round++)
		still_exact(probe, host, &keep, 9, round);
	CU_ASSERT_FALSE(deaf->gone);
	CU_ASSERT_FALSE(probe->eof);
	rig_close(r);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a gate that writes anything", hostile_gate },
		{ "a clerk that writes anything", hostile_clerk },
		{ "a host that writes anything", hostile_host },
		{ "a host that stops", deaf_host },
		CU_TEST_INFO_NULL,
	};

	return suite_run("hostile control side", tests);
}
