/*
 * Windows that follow the path: a client's bytes are on their way for 300 ms, what the
 * server gives back is there at once.
 */
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define WINDOW 65536u
#define PACKET 4096u
#define RTT_US 300000u
#define TICK_US 5000u
#define ENDLESS (1ull << 40)

static struct duo *
duo_far(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);

	d->s[SRV].lag_us = RTT_US;
	d->s[SRV].c.rtt_us = RTT_US;
	d->s[CLI].host[0].goal = ENDLESS;
	return d;
}

/* The host takes at most so many bytes in a tick. */
static void
host_takes(struct duo *d, uint64_t most)
{
	struct duo_host *h = &d->s[SRV].host[0];
	uint64_t n = h->unread < most ? h->unread : most;

	if (n == 0)
		return;
	CU_ASSERT_EQUAL(ssh_host_took(&d->s[SRV].c, duo_chan(d, SRV, 0), n), 0);
	h->unread -= n;
}

/* So many round trips; what the server's host got in the last. */
static uint64_t
trips(struct duo *d, unsigned count, uint64_t most)
{
	struct duo_host *h = &d->s[SRV].host[0];
	uint64_t before = 0;

	h->hold_back = true;
	while (count-- > 0) {
		before = h->got;
		for (uint64_t end = d->now + RTT_US; d->now < end; d->now += TICK_US) {
			bool more = true;

			host_takes(d, most);
			while (more) {
				more = duo_write(d, CLI);
				if (most == UINT64_MAX)
					host_takes(d, most);
				more |= duo_turn(d);
			}
		}
	}
	CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
	CU_ASSERT_EQUAL(d->s[CLI].fatal, 0);
	CU_ASSERT(!h->bad);
	return h->got - before;
}

/* What limits in the end is what may be held of a connection: a share of the pool. */
static void
test_follows(void)
{
	struct duo *d = duo_far();
	struct duo_side *s;
	struct ssh_chan *ch;
	uint64_t share = (uint64_t)DUO_POOL * POOL_DATA / SSH_HELD_SHARE, much, little;

	d->s[SRV].c.rtt_us = 0; /* not known: the window stays */
	little = trips(d, 12, UINT64_MAX);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->window_in_max, WINDOW);
	CU_ASSERT(little > 0 && little <= WINDOW);
	duo_free(d);
	d = duo_far();
	s = &d->s[SRV];
	ch = duo_chan(d, SRV, 0);
	much = trips(d, 12, UINT64_MAX);
	CU_ASSERT(ch->window_in_max > 8 * WINDOW && ch->window_in_max <= share);
	CU_ASSERT(much > 8 * little);
	CU_ASSERT_EQUAL(s->host[0].window, ch->window_in_max);
	CU_ASSERT_EQUAL(ch->grown, ch->window_in_max - WINDOW);
	CU_ASSERT_EQUAL(s->c.grown, ch->grown);
	duo_free(d);
}

/* 200000 bytes under way fill the path: two to four times that is enough. */
static void
test_no_further(void)
{
	struct duo *d = duo_far();
	struct ssh_chan *ch = duo_chan(d, SRV, 0);
	uint64_t got;

	d->s[CLI].room_each = 200000;
	got = trips(d, 20, UINT64_MAX);
	CU_ASSERT(got > 150000 && got <= 220000);
	CU_ASSERT_EQUAL(ch->window_in_max, 8 * WINDOW);
	/* What was given is kept when the path becomes narrow. */
	d->s[CLI].room_each = 40000;
	trips(d, 10, UINT64_MAX);
	CU_ASSERT_EQUAL(ch->window_in_max, 8 * WINDOW);
	duo_free(d);
}

/* A host that takes three quarters of the window in a round trip, and always has more. */
static void
test_lags(void)
{
	struct duo *d = duo_far();
	struct ssh_chan *ch = duo_chan(d, SRV, 0);

	d->s[SRV].lag_us = TICK_US; /* the path is no limit, however long it is said to be */
	trips(d, 20, WINDOW / 4 * 3 / (RTT_US / TICK_US));
	CU_ASSERT_EQUAL(ch->window_in_max, WINDOW);
	duo_free(d);
}

static void
test_slow(void)
{
	struct duo *d = duo_far();

	/* All is taken, and less than half of the window comes in a round trip. */
	d->s[CLI].room_each = WINDOW / 3;
	trips(d, 20, UINT64_MAX);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->window_in_max, WINDOW);
	duo_free(d);
}

/* Who is not told, because it does not know such windows, is not sent more. */
static void
test_old_host(void)
{
	struct duo *d = duo_far();

	d->s[SRV].host_old = true;
	CU_ASSERT(trips(d, 10, UINT64_MAX) <= WINDOW);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->window_in_max, WINDOW);
	d->s[SRV].host_old = false;
	trips(d, 3, UINT64_MAX);
	CU_ASSERT(duo_chan(d, SRV, 0)->window_in_max > WINDOW);
	duo_free(d);
}

/* As if the peer had used all of its window and the host taken it, for some round trips. */
static void
used_up(struct duo *d, uint32_t n, unsigned count)
{
	struct ssh_conn *c = &d->s[SRV].c;

	while (count-- > 0) {
		struct ssh_chan *ch = duo_chan(d, SRV, n);
		uint32_t all = ch->window_in;

		ch->window_in -= all;
		ch->unread += all;
		CU_ASSERT_EQUAL(ssh_host_took(c, ch, all), 0);
		duo_chan(d, CLI, n)->window_out -= all;
		d->now += RTT_US;
		duo_run(d);
	}
}

/* With blocks for it, of which only the number is looked at. */
static void
test_caps(void)
{
	struct duo *d = duo_far();
	struct ssh_conn *c = &d->s[SRV].c;
	struct pool *p = &d->s[SRV].pool;
	const uint32_t more = 1u << 20;

	d->s[SRV].lag_us = 0;
	for (uint32_t n = 1; n < 4; n++)
		duo_channel(d, n, WINDOW, PACKET);
	p->free_count += more;
	used_up(d, 0, 2);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->window_in_max, 2 * WINDOW);
	for (uint32_t n = 0; n < 4; n++)
		used_up(d, n, 12);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->window_in_max, SSH_CHAN_GROW_MAX);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 1)->window_in_max, SSH_CHAN_GROW_MAX);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 2)->window_in_max, 3 * WINDOW);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 3)->window_in_max, WINDOW);
	CU_ASSERT_EQUAL(c->grown, SSH_CONN_GROW_MAX);
	CU_ASSERT_EQUAL(duo_chan(d, CLI, 0)->window_out, duo_chan(d, SRV, 0)->window_in);
	/* A plugin's word goes beyond, and the end of a channel leaves room for others. */
	ssh_host_grow(c, duo_chan(d, SRV, 0), 1, true);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->window_in_max, SSH_CHAN_GROW_MAX + 1);
	CU_ASSERT_EQUAL(ssh_host_close(c, duo_chan(d, SRV, 1)), 0);
	CU_ASSERT_EQUAL(ssh_host_close(&d->s[CLI].c, duo_chan(d, CLI, 1)), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(c->grown, SSH_CHAN_GROW_MAX + WINDOW);
	used_up(d, 3, 3);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 3)->window_in_max, 8 * WINDOW);
	p->free_count -= more;
	/* Few blocks: no further than a share of them. */
	used_up(d, 3, 3);
	CU_ASSERT(duo_chan(d, SRV, 3)->window_in_max <= DUO_POOL * POOL_DATA / SSH_HELD_SHARE);
	CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
	duo_free(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "the window follows the path", test_follows },
		{ "no further than the path", test_no_further },
		{ "not for a host that lags", test_lags },
		{ "not for a peer that is slow", test_slow },
		{ "not without the host's knowledge", test_old_host },
		{ "of a channel, a connection and the pool", test_caps },
		CU_TEST_INFO_NULL,
	};

	return suite_run("window", tests);
}
