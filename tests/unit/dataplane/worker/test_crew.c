/*
 * Workers that share a port: rings between them, whose connection is where, and
 * that nobody may touch another's.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/worker/rig.h"

static struct step step;

/* ---- rings ---- */

static const uint8_t key[FLOW_KEY_SIZE] = { 1, 2, 3, 4, 5 };

static struct crew *
crew_new(uint32_t count)
{
	struct crew *c = aligned_alloc(64, (crew_size(count) + 63) & ~(size_t)63);

	memset(c, 0, crew_size(count));
	CU_ASSERT_EQUAL_FATAL(crew_init(c, count, key), 0);
	return c;
}

static void
crew_end(struct crew *c)
{
	crew_fini(c);
	free(c);
}

static void
full_and_empty(void)
{
	static struct pkt p[CREW_RING + 2];
	struct crew_item got[CREW_RING];
	struct crew *c = crew_new(2);
	uint32_t wrong = 0;

	CU_ASSERT_EQUAL(crew_take(c, 1, got, CREW_RING), 0);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < CREW_RING / 2; i++)
			CU_ASSERT_TRUE(crew_pass(c, 0, 1, &p[i], CREW_NEWS));
		/* News leave half to the flows. */
		CU_ASSERT_FALSE(crew_pass(c, 0, 1, &p[CREW_RING], CREW_NEWS));
		for (uint32_t i = CREW_RING / 2; i < CREW_RING; i++)
			CU_ASSERT_TRUE(crew_pass(c, 0, 1, &p[i], CREW_FLOW));
		CU_ASSERT_FALSE(crew_pass(c, 0, 1, &p[CREW_RING], CREW_FLOW));
		/* The other way is another ring. */
		CU_ASSERT_TRUE(crew_pass(c, 1, 0, &p[CREW_RING + 1], CREW_FLOW));
		CU_ASSERT_EQUAL(crew_take(c, 0, got, 8), 1);
		CU_ASSERT_PTR_EQUAL(got[0].pkt, &p[CREW_RING + 1]);
		CU_ASSERT_EQUAL(crew_take(c, 1, got, 5), 5);
		CU_ASSERT_EQUAL(crew_take(c, 1, got + 5, CREW_RING), CREW_RING - 5);
		for (uint32_t i = 0; i < CREW_RING; i++)
			wrong += got[i].pkt != &p[i] || got[i].kind != (i < CREW_RING / 2 ? CREW_NEWS : CREW_FLOW);
		CU_ASSERT_EQUAL(wrong, 0);
		CU_ASSERT_EQUAL(crew_take(c, 1, got, 1), 0);
	}
	crew_end(c);
}

/* One sender's flood takes no more than its share. */
static void
each_has_a_share(void)
{
	static struct pkt p;
	struct crew_item got[64];
	struct crew *c = crew_new(4);
	uint32_t flood = 0, n;

	for (uint32_t i = 0; i < CREW_RING; i++)
		(void)crew_pass(c, 0, 3, &p, CREW_FLOW);
	for (uint32_t from = 1; from < 3; from++)
		for (uint32_t i = 0; i < 10; i++)
			(void)crew_pass(c, from, 3, &p, CREW_NEWS);
	n = crew_take(c, 3, got, 64);
	for (uint32_t i = 0; i < n; i++)
		flood += got[i].kind == CREW_FLOW;
	CU_ASSERT_EQUAL(n - flood, 20);
	CU_ASSERT_TRUE(flood > 0);
	for (n = flood; n < CREW_RING;) {
		uint32_t more = crew_take(c, 3, got, 64);

		CU_ASSERT_TRUE_FATAL(more > 0);
		n += more;
	}
	crew_end(c);
}

static void
one_bell_per_sleep(void)
{
	static struct pkt p;
	struct crew_item got[4];
	struct crew *c = crew_new(3);
	eventfd_t rang;

	CU_ASSERT_TRUE(crew_pass(c, 0, 2, &p, CREW_FLOW));
	crew_wake(c, 2);
	CU_ASSERT_NOT_EQUAL(eventfd_read(c->seat[2].bell, &rang), 0); /* awake: nobody rings */
	CU_ASSERT_TRUE(crew_arm(c, 2));                               /* it must not sleep now */
	crew_wake(c, 2);
	CU_ASSERT_NOT_EQUAL(eventfd_read(c->seat[2].bell, &rang), 0);
	CU_ASSERT_EQUAL(crew_take(c, 2, got, 4), 1);
	CU_ASSERT_FALSE(crew_arm(c, 2));
	CU_ASSERT_TRUE(crew_pass(c, 0, 2, &p, CREW_FLOW));
	CU_ASSERT_TRUE(crew_pass(c, 1, 2, &p, CREW_FLOW));
	crew_wake(c, 2);
	crew_wake(c, 2);
	CU_ASSERT_EQUAL(eventfd_read(c->seat[2].bell, &rang), 0);
	CU_ASSERT_EQUAL(rang, 1);
	crew_end(c);
}

/* Two threads: a producer that rings, a consumer that sleeps whenever there is
 * nothing. What it is handed comes in order, and no wake-up is lost. */
#define HANDED 300000u

struct race {
	struct crew *c;
	uint32_t wrong, slept, late;
};

static void *
consume(void *arg)
{
	struct race *r = arg;
	struct crew_item got[32];
	uintptr_t next = 1;

	while (next <= HANDED) {
		uint32_t n = crew_take(r->c, 1, got, 32);
		struct pollfd p = { r->c->seat[1].bell, POLLIN, 0 };
		eventfd_t rang;

		for (uint32_t i = 0; i < n; i++)
			r->wrong += (uintptr_t)got[i].pkt != next++;
		if (n > 0 || crew_arm(r->c, 1))
			continue;
		r->slept++;
		r->late += poll(&p, 1, 5000) == 0;
		(void)eventfd_read(p.fd, &rang);
		crew_disarm(r->c, 1);
	}
	return NULL;
}

static void
nothing_is_slept_through(void)
{
	struct race r = { .c = crew_new(2) };
	pthread_t t;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, consume, &r), 0);
	for (uintptr_t i = 1; i <= HANDED;) {
		if (crew_pass(r.c, 0, 1, (struct pkt *)i, CREW_FLOW))
			i++;
		else
			sched_yield();
		if (i % 64 == 0)
			crew_wake(r.c, 1);
		if (i % 4096 == 0)
			sched_yield();
	}
	crew_wake(r.c, 1);
	pthread_join(t, NULL);
	CU_ASSERT_EQUAL(r.wrong, 0);
	CU_ASSERT_EQUAL(r.late, 0);
	CU_ASSERT_TRUE(r.slept > 0);
	crew_end(r.c);
}

static void
groups_are_even(void)
{
	struct crew *c = crew_new(3);
	uint32_t count[3] = { 0 };

	for (uint32_t g = 0; g < CREW_GROUPS; g++)
		count[crew_owner(c, g)]++;
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_TRUE(count[i] >= CREW_GROUPS / 3);
	crew_end(c);
}

/* ---- two workers ---- */

struct pair_of {
	struct rig *r;
	struct fake *gate[2], *clerk[2], *host[2];
	struct client *c[2];
	struct got *open[2];
	uint32_t conn[2], gen[2];
};

/* One login and one channel at each of two workers. */
static void
set_up(struct pair_of *p, enum rig_spread spread)
{
	step_init(&step);
	memset(p, 0, sizeof(*p));
	p->r = rig_open_crew(2, spread);
	rig_conf(p->r, 1, 1);
	for (uint32_t i = 0; i < 2; i++) {
		p->gate[i] = fake_at(p->r, i, LINK_GATE, 0, LINK_CONN_NONE, 0);
		p->clerk[i] = fake_at(p->r, i, LINK_CLERK, 0, LINK_CONN_NONE, 0);
		p->host[i] = fake_at(p->r, i, LINK_HOST, 0, LINK_CONN_NONE, 0);
	}
	rig_run(p->r, 3);
	for (uint32_t i = 0; i < 2; i++) {
		struct got *adopt;

		CU_ASSERT_EQUAL(p->gate[i]->id >> LINK_WORKER_SHIFT, i);
		p->c[i] = client_open_to(p->r, i, i);
		CU_ASSERT_TRUE_FATAL(p->c[i]->connected);
		CU_ASSERT_TRUE_FATAL(rig_login(p->r, p->c[i], p->gate[i], p->clerk[i], &adopt));
		p->conn[i] = adopt->e.conn;
		p->gen[i] = adopt->e.gen;
		CU_ASSERT_EQUAL(p->conn[i] >> LINK_WORKER_SHIFT, i);
		CU_ASSERT_TRUE_FATAL(rig_channel(p->r, p->c[i], p->clerk[i], p->host[i], 0, 7, &p->open[i]));
	}
}

static bool
works(struct pair_of *p, uint32_t i)
{
	struct view v;

	if (!fake_send(p->host[i], LINK_DOWN_CHAN_DATA, p->open[i], 0, view_of("alive", 5)))
		return false;
	v = client_next(p->c[i]);
	return v.len == 14 && v.data[0] == SSH_MSG_CHANNEL_DATA && memcmp(v.data + 9, "alive", 5) == 0;
}

static void
one_queue(void)
{
	struct pair_of p;
	struct meter **m;

	set_up(&p, RIG_ONE_QUEUE);
	m = (struct meter *[]){ p.r->worker[0].meter, p.r->worker[1].meter };
	CU_ASSERT_TRUE(works(&p, 0) && works(&p, 1));
	CU_ASSERT_TRUE(m[0]->value[METER_HANDED_OUT] > 10);
	CU_ASSERT_EQUAL(m[1]->value[METER_HANDED_IN], m[0]->value[METER_HANDED_OUT]);
	CU_ASSERT_EQUAL(m[1]->value[METER_RX_PACKETS], 0);
	CU_ASSERT_EQUAL(m[1]->value[METER_HANDED_OUT], 0);
	CU_ASSERT_EQUAL(m[0]->value[METER_CONN_OPEN], 1);
	CU_ASSERT_EQUAL(m[1]->value[METER_CONN_OPEN], 1);
	rig_close(p.r);
}

/* Every frame may come to either: nobody answers what it does not know with RST. */
static void
any_queue(void)
{
	struct pair_of p;
	uint64_t handed[2] = { 0 };

	for (uint32_t round = 0; round < 8; round++) {
		set_up(&p, RIG_LOOSE);
		for (uint32_t i = 0; i < 20; i++)
			CU_ASSERT_TRUE(works(&p, i % 2));
		for (uint32_t i = 0; i < 2; i++)
			handed[i] += p.r->worker[i].meter->value[METER_HANDED_OUT];
		CU_ASSERT_FALSE(p.c[0]->closed || p.c[1]->closed);
		rig_close(p.r);
	}
	CU_ASSERT_TRUE(handed[0] > 20 && handed[1] > 20);
}

/* An ICMP error that quotes a segment of worker 1, received by worker 0. */
static void
errors_find_their_flow(void)
{
	struct pair_of p;
	uint64_t before;
	uint8_t q[14 + 20 + 8 + 28] = { 0 };
	struct pkt *k;
	uint32_t sum = 0;

	set_up(&p, RIG_ONE_QUEUE);
	rig_run(p.r, 4000); /* no ACK is owed any more */
	before = p.r->worker[1].meter->value[METER_HANDED_IN];
	k = p.r->client_port->ops->alloc(p.r->client_port);
	memcpy(q, p.r->port->mac, 6);
	memcpy(q + 6, p.r->client_port->mac, 6);
	q[12] = 8;
	memcpy(q + 14, (uint8_t[]){ 0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 77, 192, 0, 2, 1 }, 20);
	for (uint32_t i = 0; i < 20; i += 2)
		sum += (uint32_t)q[14 + i] << 8 | q[15 + i];
	sum = ~((sum & 0xffff) + (sum >> 16));
	q[24] = (uint8_t)(sum >> 8);
	q[25] = (uint8_t)sum;
	q[34] = 3;
	memcpy(q + 42, (uint8_t[]){ 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2 }, 20);
	q[63] = RIG_PORT;
	{
		uint16_t port = tcp_tuple(p.c[1]->tcp)->local_port;

		q[64] = (uint8_t)(port >> 8);
		q[65] = (uint8_t)port;
	}
	memcpy(k->data, q, sizeof(q));
	k->len = sizeof(q);
	CU_ASSERT_EQUAL(p.r->client_port->ops->tx(p.r->client_port, &k, 1, p.r->now), 1);
	rig_run(p.r, 2);
	CU_ASSERT_EQUAL(p.r->worker[1].meter->value[METER_HANDED_IN], before + 1);
	rig_close(p.r);
}

/* ---- hostile control processes and hosts ---- */

/* A clerk of worker 1 names a connection of worker 0, to worker 1 and to 0. */
static void
steps_for_others(void)
{
	struct pair_of p;
	uint64_t refused;

	set_up(&p, RIG_ONE_QUEUE);
	refused = p.r->worker[1].meter->drop[R_LINK_CONN];
	step_begin(&step, p.conn[0], p.gen[0]);
	step_close(&step, R_KILLED, "other worker's");
	CU_ASSERT_TRUE(fake_step(p.clerk[1], &step));
	rig_run(p.r, 4);
	CU_ASSERT_EQUAL(p.r->worker[1].meter->drop[R_LINK_CONN], refused + 1);
	CU_ASSERT_FALSE(p.clerk[1]->gone);
	CU_ASSERT_TRUE(works(&p, 0) && works(&p, 1));
	/* The same slot and generation are there at worker 1, too. */
	CU_ASSERT_EQUAL(p.conn[0] & LINK_SLOT_MASK, p.conn[1] & LINK_SLOT_MASK);
	CU_ASSERT_EQUAL(p.gen[0], p.gen[1]);
	rig_close(p.r);
}

static void
data_for_others(void)
{
	struct pair_of p;
	struct got other;

	set_up(&p, RIG_ONE_QUEUE);
	other = *p.open[1];
	other.e.conn = p.conn[0];
	CU_ASSERT_TRUE(fake_send(p.host[1], LINK_DOWN_CHAN_DATA, &other, 0, view_of("evil", 4)));
	rig_run(p.r, 4);
	CU_ASSERT_TRUE(p.r->worker[1].meter->drop[R_LINK_CONN] > 0);
	CU_ASSERT_TRUE(works(&p, 0) && works(&p, 1));
	rig_close(p.r);
}

/* A clerk starts a channel on a host that is linked to the other worker only. */
static void
host_of_others(void)
{
	struct pair_of p;
	struct client *c;
	struct got *adopt, *open;

	set_up(&p, RIG_ONE_QUEUE);
	c = client_open_to(p.r, 2, 1);
	CU_ASSERT_TRUE_FATAL(rig_login(p.r, c, p.gate[1], p.clerk[1], &adopt));
	CU_ASSERT_EQUAL(adopt->e.conn >> LINK_WORKER_SHIFT, 1);
	CU_ASSERT_FALSE(rig_channel(p.r, c, p.clerk[1], p.host[0], 0, 7, &open));
	for (struct got *g = p.host[0]->log; g < p.host[0]->log + p.host[0]->count; g++)
		CU_ASSERT_EQUAL(g->e.conn >> LINK_WORKER_SHIFT, 0);
	CU_ASSERT_TRUE(works(&p, 0));
	rig_close(p.r);
}

/* Commands that reach the wrong worker: the connection is unknown there. */
static void
commands_for_others(void)
{
	struct pair_of p;
	struct cmd *k;

	set_up(&p, RIG_ONE_QUEUE);
	k = rig_cmd_to(p.r, 1, CMD_KILL);
	k->conn = p.conn[0];
	k->gen = p.gen[0];
	rig_push_to(p.r, 1);
	k = rig_cmd_to(p.r, 1, CMD_FIRST_HASH);
	k->conn = p.conn[0];
	k->gen = p.gen[0];
	k->len = 32;
	rig_push_to(p.r, 1);
	rig_run(p.r, 4);
	CU_ASSERT_EQUAL(p.r->hash_reason, R_LINK_CONN);
	CU_ASSERT_TRUE(works(&p, 0) && works(&p, 1));
	rig_close(p.r);
}

/* The limit is one for all; it holds wherever the connections are. */
static void
one_limit(void)
{
	struct rig *r = rig_open_crew(2, RIG_LOOSE);
	uint32_t open = 0;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	r->worker[0].w->conn_limit = r->worker[1].w->conn_limit = 3;
	for (unsigned i = 0; i < 4; i++) {
		struct client *c = client_open_to(r, i, i == 0 ? 0 : 1);

		rig_run(r, 20);
		open += c->connected && !c->closed;
	}
	CU_ASSERT_EQUAL(open, 3);
	CU_ASSERT_EQUAL(r->worker[0].meter->value[METER_CONN_OPEN], 1);
	CU_ASSERT_EQUAL(r->worker[1].meter->value[METER_CONN_OPEN], 2);
	rig_close(r);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a ring, full and empty", full_and_empty },
		{ "each sender has its share", each_has_a_share },
		{ "one bell per sleep", one_bell_per_sleep },
		{ "nothing is slept through", nothing_is_slept_through },
		{ "flow groups are spread evenly", groups_are_even },
		{ "two workers, one queue", one_queue },
		{ "two workers, frames come to either", any_queue },
		{ "an ICMP error goes where its segment belongs", errors_find_their_flow },
		{ "steps for another worker's connection", steps_for_others },
		{ "data for another worker's connection", data_for_others },
		{ "a host of another worker", host_of_others },
		{ "commands for another worker's connection", commands_for_others },
		{ "one limit of connections", one_limit },
		CU_TEST_INFO_NULL,
	};

	return suite_run("crew", tests);
}
