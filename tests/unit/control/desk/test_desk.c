/* Gate and clerk as processes: logins and starts over real rings and sockets,
 * with SIGKILL between any two events, and what they do when keeper, warden, the
 * dataplane or the supervisor goes. */
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/role.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/clerk/clerkbench.h"
#include "tests/unit/control/desk/deskproc.h"
#include "tests/unit/control/gate/gatebench.h"

struct gateproc {
	struct gatebench g; /* first: warden's judge looks into it */
	struct deskproc d;
	struct exchange_env none;
};

static struct gateproc *
gate_new(uint32_t kill_at)
{
	struct gateproc *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	deskproc_init(&p->d, gate_main, &p->g.b);
	exchange_env_init(&p->none, NULL);
	/* The signer is made by bench_init, and asked for keys while it adopts. */
	bench_init(&p->g.b, &deskproc_gate, &p->d, &p->none);
	p->g.b.judge = gatebench_judge;
	p->g.b.kill_at[0] = kill_at;
	return p;
}

static void
gate_end(struct gateproc *p)
{
	bench_fini(&p->g.b);
	deskproc_kill(&p->d);
	exchange_env_fini(&p->none);
	free(p);
}

static uint32_t
login(uint32_t kill_at)
{
	struct gateproc *p = gate_new(kill_at);
	uint32_t events;
	int r = gatebench_keyed(&p->g, true, true);

	if (r == 0)
		r = gatebench_login(&p->g);
	if (r != 0) {
		fprintf(stderr, "killed at %u: %d\n", kill_at, r);
		CU_FAIL("login failed");
	}
	CU_ASSERT_EQUAL(p->d.starts, kill_at == BENCH_NEVER ? 1 : 2);
	events = p->g.b.event;
	gate_end(p);
	return events;
}

static void
test_login(void)
{
	CU_ASSERT_TRUE(login(BENCH_NEVER) > 12);
}

static void
test_killed(void)
{
	uint32_t events = login(BENCH_NEVER);

	for (uint32_t i = 0; i < events; i++)
		login(i);
}

/* Up to message 30, which nobody signs. */
static struct gateproc *
unsigned_exchange(void)
{
	struct gateproc *p = gate_new(BENCH_NEVER);
	uint8_t buf[64], share[32] = { 9 };
	struct put w = put_of(buf, sizeof(buf));

	p->g.b.mute = true;
	bench_ident(&p->g.b);
	bench_client_kexinit(&p->g.b, bench_offer_x25519(), false, true);
	put_u8(&w, SSH_MSG_KEX_ECDH_INIT);
	put_string(&w, share, 32);
	bench_send(&p->g.b, put_view(&w));
	bench_run(&p->g.b);
	CU_ASSERT_EQUAL_FATAL(p->g.b.ask_count, 1);
	return p;
}

static void
test_keeper_replaced(void)
{
	struct gateproc *p = unsigned_exchange();
	struct actions *act = calloc(1, sizeof(*act));

	actions_init(act);
	CU_ASSERT_EQUAL(deskproc_introduce(&p->d, ROLE_KEEPER), 0);
	CU_ASSERT_EQUAL(deskproc_keys(&p->d), 0);
	deskproc_collect(&p->d, act);
	CU_ASSERT_EQUAL(act->ask.to, ASK_KEEPER);
	CU_ASSERT_TRUE(view_eq(put_view(&act->ask.w), view_of(p->g.b.ask[0].bytes, p->g.b.ask[0].len)));
	p->g.b.mute = false;
	bench_run(&p->g.b); /* the new one signs */
	CU_ASSERT_TRUE(p->g.b.keys_pending);
	free(act);
	gate_end(p);
}

static void
test_warden_replaced(void)
{
	struct gateproc *p = gate_new(BENCH_NEVER);
	struct actions *act = calloc(1, sizeof(*act));

	actions_init(act);
	CU_ASSERT_EQUAL(gatebench_auth(&p->g), 0);
	p->g.b.mute = true;
	gatebench_publickey(&p->g, "alice", 'a', true, true);
	bench_run(&p->g.b);
	CU_ASSERT_EQUAL_FATAL(p->g.b.ask_count, 1);
	CU_ASSERT_EQUAL(deskproc_introduce(&p->d, ROLE_WARDEN), 0);
	deskproc_collect(&p->d, act);
	CU_ASSERT_EQUAL(act->ask.type, MSG_AUTH_PROOF);
	p->g.b.mute = false;
	bench_run(&p->g.b);
	CU_ASSERT_EQUAL(p->g.b.phase, SSH_PHASE_OPEN);
	free(act);
	gate_end(p);
}

/* The dataplane goes and comes back: connections are forgotten, the link is new. */
static void
test_link_down(void)
{
	struct gateproc *p = unsigned_exchange();
	struct actions *act = calloc(1, sizeof(*act));
	struct link_entry e = { .op = LINK_UP_RECORD, .conn = 5, .gen = 9, .serial = 50 };
	uint8_t image[64], phase = SSH_PHASE_IDENT;
	struct put w = put_of(image, sizeof(image));

	actions_init(act);
	workend_end(&p->d.w);
	CU_ASSERT_EQUAL(deskproc_say(&p->d, p->d.supervisor, MSG_LINK_DOWN, view_of(NULL, 0)), 0);
	CU_ASSERT_EQUAL_FATAL(deskproc_link(&p->d), 0);
	CU_ASSERT_TRUE(workend_send(&p->d.w, &e, view_of("\x14", 1))); /* of nobody it knows */
	note_begin(&w);
	note_put(&w, ADOPT_PHASE, view_of(&phase, 1));
	e.op = LINK_UP_ADOPT;
	e.serial = 0;
	e.gen = 10;
	CU_ASSERT_TRUE(workend_send(&p->d.w, &e, put_view(&w)));
	e.op = LINK_UP_IDENT;
	e.serial = 51;
	CU_ASSERT_TRUE(workend_send(&p->d.w, &e, view_str("SSH-2.0-x")));
	deskproc_collect(&p->d, act);
	CU_ASSERT_EQUAL(act->step.serial, 51);
	CU_ASSERT_EQUAL(act->step.gen, 10);
	free(act);
	gate_end(p);
}

/* A worker that breaks the rules: its link is given up and asked for anew. */
static void
test_link_broken(void)
{
	struct gateproc *p = unsigned_exchange();
	struct workend old = p->d.w;

	region_header(&old.own)->tail = 12345;
	bell_ring(old.peer_ring_fd);
	CU_ASSERT_EQUAL(deskproc_link(&p->d), 0);
	workend_end(&old);
	gate_end(p);
}

/* The worker gives the link up, without a word from the supervisor. */
static void
test_link_given_up(void)
{
	struct gateproc *p = unsigned_exchange();

	workend_end(&p->d.w);
	CU_ASSERT_EQUAL(deskproc_link(&p->d), 0);
	gate_end(p);
}

static void
test_supervisor_gone(void)
{
	struct gateproc *p = gate_new(BENCH_NEVER);

	shutdown(p->d.supervisor, SHUT_RDWR);
	CU_ASSERT_EQUAL(deskproc_wait(&p->d), 0);
	gate_end(p);
	p = gate_new(BENCH_NEVER);
	CU_ASSERT_EQUAL(deskproc_say(&p->d, p->d.supervisor, MSG_STOP, view_of(NULL, 0)), 0);
	CU_ASSERT_EQUAL(deskproc_wait(&p->d), 0);
	gate_end(p);
}

static void
send_entry(struct deskproc *d, struct link_entry *e, struct view payload)
{
	while (!workend_send(&d->w, e, payload)) {
		if (ring_reclaim(&d->w.out) != 0)
			abort();
		sched_yield();
	}
}

/* Started anew after many connections, when nothing is waited for. */
static void
test_recycled(void)
{
	struct gateproc *p = unsigned_exchange();
	uint8_t image[64], phase = SSH_PHASE_IDENT;
	struct put w = put_of(image, sizeof(image));
	struct link_entry e = { .conn = 6 };
	uint32_t i;

	note_begin(&w);
	note_put(&w, ADOPT_PHASE, view_of(&phase, 1));
	for (i = 0; i < GATE_FINISHED_MAX; i++) {
		e.gen = i;
		e.op = LINK_UP_ADOPT;
		send_entry(&p->d, &e, put_view(&w));
		e.op = LINK_UP_CLOSED;
		send_entry(&p->d, &e, view_of(NULL, 0));
	}
	p->g.b.mute = false;
	bench_run(&p->g.b); /* the exchange that was waited for still ends here */
	CU_ASSERT_TRUE(p->g.b.keys_pending);
	CU_ASSERT_EQUAL(deskproc_wait(&p->d), 0);
	gate_end(p);
}

/* ---- clerk ---- */

struct clerkproc {
	struct clerkbench k;
	struct deskproc d;
	struct exchange_env none;
};

static int
say_workers(struct gateproc *p, uint32_t count)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, count);
	return deskproc_say(&p->d, p->d.supervisor, MSG_WORKERS, put_view(&w));
}

/* The bell of the link that is asked for, to see it go. */
static int
asked_for(struct gateproc *p, uint32_t worker)
{
	struct msg m;
	struct cur c;
	int bell;

	CU_ASSERT_EQUAL_FATAL(deskproc_expect(&p->d, p->d.supervisor, MSG_LINK, &m), 0);
	c = cur_view(m.body);
	CU_ASSERT_EQUAL(cur_u32(&c), worker);
	CU_ASSERT_TRUE(cur_done(&c));
	bell = msg_take_fd(&m, 1);
	msg_drop_fds(&m);
	return bell;
}

static bool
hung_up(int bell)
{
	struct pollfd p = { .fd = bell, .events = POLLRDHUP };
	bool gone = poll(&p, 1, DESKPROC_WAIT_MS) == 1 && (p.revents & (POLLHUP | POLLRDHUP)) != 0;

	close(bell);
	return gone;
}

/* The dataplane has more workers than the file says, then fewer, then more: a link
 * to each, and the connections of the first know nothing of it. */
static void
test_workers(void)
{
	struct gateproc *p = unsigned_exchange();
	struct actions *act = calloc(1, sizeof(*act));
	int one, two;

	actions_init(act);
	CU_ASSERT_EQUAL(say_workers(p, 3), 0);
	one = asked_for(p, 1);
	two = asked_for(p, 2);
	CU_ASSERT_EQUAL(say_workers(p, 1), 0);
	CU_ASSERT_TRUE(hung_up(one));
	CU_ASSERT_TRUE(hung_up(two));
	CU_ASSERT_EQUAL(say_workers(p, 2), 0);
	one = asked_for(p, 1);
	CU_ASSERT_EQUAL(deskproc_introduce(&p->d, ROLE_KEEPER), 0);
	CU_ASSERT_EQUAL(deskproc_keys(&p->d), 0);
	deskproc_collect(&p->d, act);
	CU_ASSERT_EQUAL(act->ask.to, ASK_KEEPER);
	CU_ASSERT_EQUAL(p->d.starts, 1);
	/* None, or more than can be: not the supervisor's word. */
	CU_ASSERT_EQUAL(say_workers(p, 0), 0);
	CU_ASSERT_TRUE(hung_up(one));
	free(act);
	gate_end(p);
}

static uint32_t
shell(uint32_t kill_at)
{
	struct clerkproc *p = calloc(1, sizeof(*p));
	struct clerk_started s;
	uint8_t image[GRANT_MAX];
	struct put w = put_of(image, sizeof(image));
	struct grant *g = calloc(1, sizeof(*g));
	uint32_t events;

	strcpy(g->user, "alice");
	CU_ASSERT_EQUAL(grant_encode(g, &w), 0);
	free(g);
	deskproc_init(&p->d, clerk_main, &p->k.b);
	exchange_env_init(&p->none, NULL);
	bench_init(&p->k.b, &deskproc_clerk, &p->d, &p->none);
	p->k.b.judge = clerkbench_judge;
	p->k.b.kill_at[0] = kill_at;
	bench_open(&p->k.b, put_view(&w));
	CU_ASSERT_EQUAL(clerkbench_session(&p->k, 5), 0);
	clerkbench_pty(&p->k, 0, true, 80);
	clerkbench_request(&p->k, 0, "shell", true, view_of(NULL, 0));
	bench_run(&p->k.b);
	CU_ASSERT_TRUE(clerkbench_reply(&p->k, 5, true));
	CU_ASSERT_TRUE(clerkbench_started(&p->k, &s));
	bench_client_kexinit(&p->k.b, kex_offer_default(true), false, false);
	CU_ASSERT_EQUAL(bench_client_exchange(&p->k.b, kex_offer_default(true), false), 0);
	CU_ASSERT_TRUE(bench_clean(&p->k.b));
	events = p->k.b.event;
	bench_fini(&p->k.b);
	deskproc_kill(&p->d);
	exchange_env_fini(&p->none);
	free(p);
	return events;
}

static void
test_shell(void)
{
	uint32_t events = shell(BENCH_NEVER);

	CU_ASSERT_TRUE(events > 6);
	for (uint32_t i = 0; i < events; i++)
		shell(i);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a login", test_login },
		{ "gate killed before each event", test_killed },
		{ "keeper is replaced", test_keeper_replaced },
		{ "warden is replaced", test_warden_replaced },
		{ "the dataplane goes", test_link_down },
		{ "the worker breaks the rules", test_link_broken },
		{ "the worker gives the link up", test_link_given_up },
		{ "the supervisor goes", test_supervisor_gone },
		{ "gate is started anew", test_recycled },
		{ "another number of workers", test_workers },
		{ "a shell, clerk killed before each event", test_shell },
		CU_TEST_INFO_NULL,
	};

	return suite_run("gate and clerk as processes", tests);
}
