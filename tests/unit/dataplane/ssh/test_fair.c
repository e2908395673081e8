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

	for (const struct ssh_chan *ch = ssh_chan_next(c, 0); ch != NULL; ch = ssh_chan_next(c, ch->ours + 1))
		n += ch->held.f.blocks;
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
	CU_ASSERT_EQUAL(ssh_chan_at(&s->c, 0)->asks_held, 0);
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

static void
say(struct duo *d, uint32_t n, uint32_t len)
{
	CU_ASSERT_EQUAL(ssh_host_data(&d->s[SRV].c, duo_chan(d, SRV, n), 0, view_of(zeros, len)), 0);
}

static uint64_t
said(struct duo *d, uint32_t n)
{
	return duo_chan(d, SRV, n)->bytes_out;
}

static void
out_some(struct duo *d)
{
	d->s[SRV].room = 2 * (PACKET + 100);
	CU_ASSERT(ssh_output(&d->s[SRV].c, d->now) >= 1);
}

/* What is typed goes before what is copied, however much of that waits. */
static void
test_typed_first(void)
{
	struct duo *d = duo_new(TOY_CLEAR);

	duo_login(d);
	for (uint32_t n = 0; n < 4; n++) {
		duo_channel(d, n, WINDOW, PACKET);
		if (n != 2)
			for (int i = 0; i < 3; i++)
				say(d, n, PACKET);
	}
	for (int i = 0; i < 4; i++)
		out_some(d);
	for (uint32_t i = 1; i < 20; i++) {
		say(d, 2, 10);
		d->s[SRV].room = 64;
		CU_ASSERT_EQUAL(ssh_output(&d->s[SRV].c, d->now), 1);
		CU_ASSERT_EQUAL(said(d, 2), 10 * i);
		/* a turn for the others, after which it may go first again */
		d->s[SRV].room = 3 * (PACKET + 100);
		(void)ssh_output(&d->s[SRV].c, d->now);
		for (uint32_t n = 0; n < 4; n++)
			if (n != 2 && duo_chan(d, SRV, n)->credit >= PACKET)
				say(d, n, PACKET);
	}
	duo_run(d);
	duo_free(d);
}

/* Who always has a little to say has no more than its turns. */
static void
test_no_cheating(void)
{
	struct duo *d = duo_new(TOY_CLEAR);

	duo_login(d);
	for (uint32_t n = 0; n < 2; n++)
		duo_channel(d, n, WINDOW, PACKET);
	for (int i = 0; i < 20; i++) {
		if (duo_chan(d, SRV, 0)->credit >= PACKET)
			say(d, 0, PACKET);
		if (duo_chan(d, SRV, 1)->queued == 0)
			say(d, 1, SSH_FRESH_BYTES - 100);
		out_some(d);
	}
	CU_ASSERT(said(d, 0) >= 15 * PACKET);
	CU_ASSERT(said(d, 1) <= said(d, 0));
	duo_run(d);
	duo_free(d);
}

/* Turns are of bytes: records of one size do not earn more than those of another. */
static void
test_turns_of_bytes(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	uint64_t a, b;

	duo_login(d);
	duo_channel(d, 0, WINDOW, PACKET);
	duo_channel(d, 1, WINDOW, 500);
	for (int i = 0; i < 12; i++) {
		for (uint32_t n = 0; n < 2; n++)
			while (duo_chan(d, SRV, n)->credit >= PACKET)
				say(d, n, PACKET);
		out_some(d);
	}
	a = said(d, 0);
	b = said(d, 1);
	CU_ASSERT(a > 3 * PACKET && b > 3 * PACKET);
	CU_ASSERT((a > b ? a - b : b - a) <= PACKET + SSH_TURN_BYTES + SSH_FRESH_BYTES);
	duo_run(d);
	duo_free(d);
}

/* As many as there may be: every place is found again, and given back. */
static void
test_many(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	size_t charge;

	duo_login(d);
	duo_run(d);
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++)
		duo_channel(d, n, WINDOW / 4, PACKET);
	charge = ssh_charge(&s->c);
	CU_ASSERT(charge >= (SSH_CHAN_MAX - 1) / SSH_CHAN_PER * POOL_BLOCK);
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++) {
		CU_ASSERT_EQUAL(duo_chan(d, SRV, n)->ours, n);
		say(d, n, n + 1);
	}
	duo_run(d);
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++)
		CU_ASSERT_EQUAL(d->s[CLI].host[n].got, n + 1);
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++) { /* in an order that empties blocks late */
		uint32_t at = n * 37 % SSH_CHAN_MAX;

		duo_take(d, CLI, at);
		CU_ASSERT_EQUAL(ssh_host_close(&s->c, duo_chan(d, SRV, at)), 0);
	}
	duo_run(d);
	duo_hosts_close(&d->s[CLI]);
	duo_run(d);
	CU_ASSERT_EQUAL(s->c.chan_count, 0);
	CU_ASSERT_EQUAL(ssh_charge(&s->c), 0);
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
		{ "what is typed goes first", test_typed_first },
		{ "a little, always", test_no_cheating },
		{ "turns of bytes", test_turns_of_bytes },
		{ "as many channels as may be", test_many },
		CU_TEST_INFO_NULL,
	};

	return suite_run("fair", tests);
}
