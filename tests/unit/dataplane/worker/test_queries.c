/*
 * Requests of a peer that hosts answer: from clerk to the host, and its answer back as
 * a record, whoever dies in between; and a host that answers what it was not asked.
 */
#include <stdlib.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/worker/rig.h"

static struct step step;
static struct rig *r;
static struct fake *gate, *clerk, *host;
static struct client *c;
static uint32_t conn, gen, answer_s;

static void
set_up(void)
{
	struct got *adopt;

	r = rig_open();
	r->answer_s = answer_s;
	rig_conf(r, 1, 1);
	gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	clerk = fake_new(r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	rig_run(r, 5);
	c = client_open(r, 0);
	CU_ASSERT_TRUE_FATAL(rig_login(r, c, gate, clerk, &adopt));
	conn = adopt->e.conn;
	gen = adopt->e.gen;
	host = fake_new(r, LINK_HOST, 0, LINK_CONN_NONE, 0);
	rig_run(r, 5);
	step_init(&step);
}

/* Clerk asks; how many entries of the host's ring are queries then. */
static void
ask(uint32_t link, uint32_t id, uint32_t chan)
{
	step_begin(&step, conn, gen);
	step_query(&step, link, id, chan, true, view_str("count"), view_str("body"));
	step.used = true;
	CU_ASSERT_TRUE(fake_step(clerk, &step));
	rig_run(r, 5);
}

static void
say(struct fake *f, uint32_t id, bool success, const char *bytes)
{
	struct link_entry e = { .op = LINK_DOWN_ANSWER, .conn = conn, .gen = gen, .chan = LINK_CHAN_NONE,
		.serial = id, .arg = { success } };

	CU_ASSERT_TRUE(ring_send(&f->out, &e, view_str(bytes)));
	rig_run(r, 5);
}

/* Clerk's next answer is this. */
static bool
answered(struct fake *to, uint32_t id, bool success, const char *bytes)
{
	struct got *g = fake_find(to, LINK_UP_ANSWER);
	struct cur in = cur_of(g != NULL ? g->payload : NULL, g != NULL ? g->e.len : 0);
	bool same = cur_u32(&in) == id && cur_bool(&in) == success && view_is(cur_string(&in), bytes);

	return g != NULL && same && cur_done(&in) && g->e.serial != 0;
}

static void
test_answer(void)
{
	struct got *g;
	struct cur in;

	set_up();
	ask(host->id, 77, LINK_CHAN_NONE);
	g = fake_find(host, LINK_UP_QUERY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->e.serial, 77);
	CU_ASSERT_EQUAL(g->e.arg[0], 1);
	in = cur_of(g->payload, g->e.len);
	CU_ASSERT_TRUE(view_is(cur_string(&in), "count"));
	CU_ASSERT_TRUE(view_is(cur_string(&in), "body"));
	CU_ASSERT_TRUE(cur_string(&in).len > 0);
	CU_ASSERT_TRUE(cur_done(&in));
	say(host, 77, true, "port");
	CU_ASSERT_TRUE(answered(clerk, 77, true, "port"));
	/* Twice, or what was not asked: nothing, and no fault of its link. */
	say(host, 77, true, "again");
	say(host, 78, true, "other");
	CU_ASSERT_PTR_NULL(fake_find(clerk, LINK_UP_ANSWER));
	CU_ASSERT_FALSE(host->gone);
	rig_close(r);
}

/* A clerk that dies before the answer is done: its successor gets it. */
static void
test_clerk_dies(void)
{
	struct fake *next;

	set_up();
	ask(host->id, 5, LINK_CHAN_NONE);
	fake_die(clerk);
	rig_run(r, 5);
	say(host, 5, true, "kept");
	next = fake_new(r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	rig_run(r, 10);
	CU_ASSERT_TRUE(answered(next, 5, true, "kept"));
	rig_close(r);
}

static void
test_host_dies(void)
{
	set_up();
	ask(host->id, 5, LINK_CHAN_NONE);
	ask(host->id, 6, LINK_CHAN_NONE);
	fake_die(host);
	rig_run(r, 5);
	CU_ASSERT_TRUE(answered(clerk, 5, false, ""));
	CU_ASSERT_TRUE(answered(clerk, 6, false, ""));
	/* And one that was dead already. */
	ask(host->id, 7, LINK_CHAN_NONE);
	CU_ASSERT_TRUE(answered(clerk, 7, false, ""));
	rig_close(r);
}

/* Another host cannot answer for it; and one that says too much ends. */
static void
test_hostile(void)
{
	char *long_text = malloc(LINK_ANSWER_MAX + 2);
	struct fake *other;

	memset(long_text, 'x', LINK_ANSWER_MAX + 1);
	long_text[LINK_ANSWER_MAX + 1] = '\0';
	set_up();
	other = fake_new(r, LINK_HOST, 1, LINK_CONN_NONE, 0);
	rig_run(r, 5);
	ask(host->id, 5, LINK_CHAN_NONE);
	say(other, 5, true, "mine");
	CU_ASSERT_PTR_NULL(fake_find(clerk, LINK_UP_ANSWER));
	CU_ASSERT_FALSE(other->gone);
	say(other, 5, true, long_text);
	CU_ASSERT_TRUE(other->gone);
	CU_ASSERT_EQUAL(other->gone_reason, R_LINK_ITEM);
	say(host, 5, true, "");
	CU_ASSERT_TRUE(answered(clerk, 5, true, ""));
	free(long_text);
	rig_close(r);
}

/* More than there is room for: clerk broke the rules, the connection ends. */
static void
test_too_many(void)
{
	set_up();
	for (uint32_t i = 1; i <= LINK_QUERIES_MAX; i++)
		ask(host->id, i, LINK_CHAN_NONE);
	CU_ASSERT_EQUAL(r->closed_events, 0);
	ask(host->id, 100, LINK_CHAN_NONE);
	rig_run(r, 50);
	CU_ASSERT_EQUAL(r->closed_events, 1);
	/* A service learns that the connection is over. */
	CU_ASSERT_PTR_NOT_NULL(fake_find(host, LINK_UP_CONN_END));
	rig_close(r);
}

/* As `answered`, and clerk has done with it. */
static bool
settled(uint32_t id, bool success)
{
	struct got *g = fake_find(clerk, LINK_UP_ANSWER);
	struct cur in = cur_of(g != NULL ? g->payload : NULL, g != NULL ? g->e.len : 0);

	if (g == NULL || cur_u32(&in) != id || cur_bool(&in) != success)
		return false;
	step_begin(&step, conn, gen);
	step_done(&step, g->e.serial);
	CU_ASSERT_TRUE(fake_step(clerk, &step));
	rig_run(r, 5);
	fake_forget(clerk);
	return true;
}

static void
pass(uint64_t us)
{
	r->now += us;
	rig_run(r, 5);
}

/* A host that never answers holds up nothing for longer than its time; what it says
 * later reaches nobody. */
static void
test_never(void)
{
	set_up();
	ask(host->id, 5, LINK_CHAN_NONE);
	pass(WORKER_ANSWER_S * 1000000ull - 100000u);
	CU_ASSERT_PTR_NULL(fake_find(clerk, LINK_UP_ANSWER));
	CU_ASSERT_EQUAL(r->meter->drop[R_CHAN_ANSWER_TIME], 0);
	/* Each has its own time. */
	ask(host->id, 6, LINK_CHAN_NONE);
	pass(100000u);
	CU_ASSERT_TRUE(answered(clerk, 5, false, ""));
	CU_ASSERT_EQUAL(r->meter->drop[R_CHAN_ANSWER_TIME], 1);
	say(host, 5, true, "late");
	CU_ASSERT_PTR_NULL(fake_find(clerk, LINK_UP_ANSWER));
	CU_ASSERT_FALSE(host->gone);
	say(host, 6, true, "");
	CU_ASSERT_TRUE(answered(clerk, 6, true, ""));
	/* In its place others fit, for ever. */
	for (uint32_t i = 10; i < 10 + 2 * LINK_QUERIES_MAX; i++) {
		ask(host->id, i, LINK_CHAN_NONE);
		pass(WORKER_ANSWER_S * 1000000ull);
		CU_ASSERT_TRUE(settled(i, false));
	}
	CU_ASSERT_EQUAL(r->closed_events, 0);
	CU_ASSERT_EQUAL(r->w->conns[0].queries.count, 0);
	rig_close(r);
}

static void
test_configured(void)
{
	answer_s = 300;
	set_up();
	answer_s = 0;
	ask(host->id, 5, LINK_CHAN_NONE);
	pass(299900000u);
	CU_ASSERT_PTR_NULL(fake_find(clerk, LINK_UP_ANSWER));
	pass(100000u);
	CU_ASSERT_TRUE(answered(clerk, 5, false, ""));
	rig_close(r);
}

/* And one whose ring is full: what waits for room there is bounded. */
static void
test_deaf(void)
{
	struct conn *c0;
	uint32_t id = 100, most = 0;

	answer_s = 1;
	set_up();
	answer_s = 0;
	c0 = &r->w->conns[0];
	host->deaf = true;
	for (int i = 0; i < 2000 && r->closed_events == 0; i++) {
		ask(host->id, ++id, LINK_CHAN_NONE);
		pass(1000000u);
		CU_ASSERT_TRUE_FATAL(settled(id, false));
		most = c0->queries.out.len > most ? (uint32_t)c0->queries.out.len : most;
	}
	CU_ASSERT_EQUAL(r->closed_events, 0);
	CU_ASSERT(most > 0);
	CU_ASSERT(most < 2 * WORKER_IMAGE_MAX);
	rig_close(r);
}

/* The same, and a peer that opens and closes sessions without end. */
static void
test_deaf_sessions(void)
{
	struct conn *c0;
	uint32_t most = 0;

	set_up();
	c0 = &r->w->conns[0];
	ask(host->id, 5, LINK_CHAN_NONE);
	host->deaf = true;
	for (uint32_t use = 1; use < 20000 && r->closed_events == 0; use++) {
		queries_chan_free(r->w, c0, 3, use);
		most = c0->queries.out.len > most ? (uint32_t)c0->queries.out.len : most;
		if (use % 100 == 0)
			rig_run(r, 5);
	}
	CU_ASSERT_EQUAL(r->closed_events, 1);
	CU_ASSERT_EQUAL(r->meter->drop[R_SSH_QUEUE], 1);
	CU_ASSERT(most > 0 && most < 2 * WORKER_IMAGE_MAX);
	rig_close(r);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "asked and answered", test_answer },
		{ "clerk dies", test_clerk_dies },
		{ "the host dies", test_host_dies },
		{ "hosts that answer what they were not asked", test_hostile },
		{ "too many", test_too_many },
		{ "never answered", test_never },
		{ "the time that is configured", test_configured },
		{ "a host that takes nothing", test_deaf },
		{ "and sessions without end", test_deaf_sessions },
		CU_TEST_INFO_NULL,
	};

	return suite_run("worker queries", tests);
}
