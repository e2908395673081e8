/* What one peer may take from the others: blocks, and time of the worker. */
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define WINDOW (1u << 20)
#define PACKET 32768u
#define TURN_MAX 64

static uint8_t zeros[PACKET];

static void
forge_request(struct duo *d, const char *name)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, name);
	put_bool(&w, true);
	duo_forge_chan(d, CLI, SSH_MSG_CHANNEL_REQUEST, 0, buf, put_len(&w));
}

static uint32_t
held_blocks(const struct ssh_conn *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SSH_CHAN_MAX; i++)
		n += (c->used & 1u << i) != 0 ? c->chan[i].held.f.blocks : 0;
	return n;
}

/* Data for channels without a program: a share of the pool, then the peer waits;
 * nothing is lost, and it goes on when the programs are there. */
static void
test_held(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint32_t share = DUO_POOL / SSH_HELD_SHARE;

	duo_login(d);
	for (uint32_t n = 0; n < 4; n++) {
		duo_channel_bare(d, n, WINDOW, PACKET);
		for (uint32_t sent = 0; sent < WINDOW; sent += PACKET)
			duo_forge_data(d, CLI, n, PACKET);
	}
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT(held_blocks(&s->c) > share / 2);
	CU_ASSERT(held_blocks(&s->c) <= share + PACKET / POOL_DATA + 2);
	CU_ASSERT(s->rx_len > WINDOW);
	for (uint32_t n = 0; n < 4; n++) {
		CU_ASSERT_EQUAL(ssh_do_chan_start(&s->c, n, DUO_LINK, false, view_str("start")), 0);
		duo_run(d);
	}
	for (uint32_t n = 0; n < 4; n++)
		CU_ASSERT_EQUAL(s->host[n].got, WINDOW);
	CU_ASSERT_EQUAL(s->rx_len, 0);
	duo_free(d);
}

/* However few blocks there are, some may be held, or nothing would move. */
static void
test_held_least(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	struct block *taken = NULL, *b;

	duo_login(d);
	duo_channel_bare(d, 0, WINDOW, PACKET);
	while (s->pool.free_count > 200) {
		b = pool_get(&s->pool);
		b->next = taken;
		taken = b;
	}
	for (int i = 0; i < 10; i++)
		duo_forge_data(d, CLI, 0, PACKET);
	duo_run(d);
	CU_ASSERT(held_blocks(&s->c) >= SSH_HELD_LEAST);
	CU_ASSERT(held_blocks(&s->c) <= SSH_HELD_LEAST + PACKET / POOL_DATA + 2);
	CU_ASSERT_EQUAL(s->fatal, 0);
	while (taken != NULL) {
		b = taken->next;
		pool_put(&s->pool, taken);
		taken = b;
	}
	duo_free(d);
}

/* A channel's queue toward a peer that does not read shrinks with the pool. */
static void
test_credit(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	struct block *taken = NULL, *b;

	duo_login(d);
	duo_channel(d, 0, WINDOW, PACKET);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->credit, SSH_CHAN_OUT_MAX);
	while (s->pool.free_count > 100) {
		b = pool_get(&s->pool);
		b->next = taken;
		taken = b;
	}
	duo_channel(d, 1, WINDOW, PACKET);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 1)->credit, SSH_CHAN_OUT_LEAST);
	while (taken != NULL) {
		b = taken->next;
		pool_put(&s->pool, taken);
		taken = b;
	}
	duo_free(d);
}

/* Each refused start hands one held request on, and each of these turns the whole
 * queue: so few are held, and one is handed on in a turn. */
static void
test_asks(void)
{
	static const uint8_t failure[] = { SSH_MSG_CHANNEL_FAILURE, 0, 0, 0, 0 };
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	unsigned before;

	duo_login(d);
	duo_channel_bare(d, 0, WINDOW, PACKET);
	s->passive = true;
	forge_request(d, "exec");
	for (uint32_t i = 0; i < SSH_CHAN_ASKS_MAX; i++)
		forge_request(d, "env");
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	before = s->up_count;
	CU_ASSERT_EQUAL(duo_record(d, SRV, failure, sizeof(failure)), 0);
	CU_ASSERT_EQUAL(ssh_input(&s->c, d->now), 1);
	CU_ASSERT_EQUAL(s->up_count, before + 1);
	s->passive = false;
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL(s->c.chan[0].asks_held, 0);
	s->passive = true;
	forge_request(d, "exec");
	for (uint32_t i = 0; i <= SSH_CHAN_ASKS_MAX; i++)
		forge_request(d, "env");
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, -R_SSH_QUEUE);
	s->passive = false;
	duo_free(d);
}

/* A peer whose maximum packet is one byte makes a record of every byte. */
static void
test_output_turn(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct ssh_conn *c = &d->s[SRV].c;
	int n, total = 0;

	duo_login(d);
	duo_channel(d, 0, WINDOW, 1);
	CU_ASSERT_EQUAL(ssh_host_data(c, duo_chan(d, SRV, 0), 0, view_of(zeros, 1000)), 0);
	d->s[SRV].room = 1u << 20;
	while ((n = ssh_output(c, d->now)) > 0) {
		CU_ASSERT(n <= TURN_MAX);
		total += n;
	}
	CU_ASSERT_EQUAL(total, 1000);
	/* and so does one that has thousands of answers queued */
	for (uint32_t i = 0; i < 500; i++) {
		static const uint8_t failure[] = { SSH_MSG_REQUEST_FAILURE };

		CU_ASSERT_EQUAL(duo_record(d, SRV, failure, sizeof(failure)), 0);
	}
	d->s[SRV].room = 1u << 20;
	CU_ASSERT_EQUAL(ssh_output(c, d->now), TURN_MAX);
	duo_run(d);
	duo_free(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "held data is a share of the pool", test_held },
		{ "a little may always be held", test_held_least },
		{ "credit shrinks with the pool", test_credit },
		{ "requests behind a start", test_asks },
		{ "output in turns", test_output_turn },
		CU_TEST_INFO_NULL,
	};

	return suite_run("fair", tests);
}
