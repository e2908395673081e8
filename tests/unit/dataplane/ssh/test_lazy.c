/* A peer that opens all the channels there may be and then reads nothing, or whose
 * channels' hosts take nothing: what its connection holds has a bound. */
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define WINDOW 65536u
#define WIDE (2u << 20)
#define PACKET 32768u
#define PLACES ((SSH_CHAN_MAX + SSH_CHAN_PER - 1) / SSH_CHAN_PER)

static struct duo *
all_channels(uint32_t window)
{
	struct duo *d = duo_new(TOY_CLEAR);

	duo_login(d);
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++)
		duo_channel(d, n, window, PACKET);
	return d;
}

/* What hosts were granted and what they wrote. */
static uint64_t
granted(const struct ssh_conn *c)
{
	uint64_t sum = 0;

	for (struct ssh_chan *ch = ssh_chan_next(c, 0); ch != NULL; ch = ssh_chan_next(c, ch->ours + 1))
		sum += (uint64_t)ch->credit + ch->queued;
	return sum;
}

static void
everything_back(struct duo *d)
{
	struct ssh_conn *c = &d->s[SRV].c;

	ssh_fini(c, 0);
	CU_ASSERT_EQUAL(c->lent, 0);
	CU_ASSERT_EQUAL(c->windows, 0);
	CU_ASSERT_EQUAL(c->let, 0);
	CU_ASSERT_EQUAL(ssh_charge(c), 0);
	duo_free(d);
}

/* 256 hosts write all that they may: a share of the pool, and beyond it 16 KiB each; most
 * of the pool is left for others, and all of it arrives when the peer reads. */
static void
test_never_reads(void)
{
	const uint64_t share = (uint64_t)DUO_POOL * POOL_DATA / SSH_GRANT_SHARE;
	struct duo *d = all_channels(WINDOW);
	struct duo_side *s = &d->s[SRV];
	uint64_t most = share + SSH_CHAN_OUT_MAX + (uint64_t)SSH_CHAN_MAX * SSH_CHAN_OUT_LEAST;

	s->room_each = 0;
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++)
		s->host[n].goal = WINDOW;
	while (duo_write(d, SRV) || duo_turn(d))
		;
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL(granted(&s->c), s->c.lent);
	CU_ASSERT(granted(&s->c) > share);
	CU_ASSERT(granted(&s->c) <= most);
	CU_ASSERT(ssh_charge(&s->c) / POOL_BLOCK <= most / POOL_DATA + 2 * SSH_CHAN_MAX + PLACES);
	CU_ASSERT(s->pool.free_count > DUO_POOL / 2);
	CU_ASSERT(s->stats.grants_short > 0);

	s->room_each = 1u << 20;
	while (duo_write(d, CLI) || duo_write(d, SRV) || duo_turn(d))
		;
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++)
		CU_ASSERT(d->s[CLI].host[n].got == WINDOW && !d->s[CLI].host[n].bad);
	everything_back(d);
}

/* Hosts that are stuck: what is kept for them is a share, a larger one while an exchange
 * runs that the peer does not take part in. */
static void
test_never_taken(void)
{
	struct duo *d = all_channels(WINDOW);
	struct duo_side *s = &d->s[SRV];
	uint32_t share = DUO_POOL / SSH_HELD_SHARE;

	s->host_full = true;
	for (uint32_t n = 0; n < SSH_CHAN_MAX; n++) {
		duo_forge_data(d, CLI, n, PACKET);
		duo_forge_data(d, CLI, n, PACKET);
	}
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT(ssh_charge(&s->c) / POOL_BLOCK <= share + PLACES + PACKET / POOL_DATA + 2);
	CU_ASSERT(s->stats.held_waits > 0);

	d->s[CLI].passive = true;
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	CU_ASSERT_TRUE(s->c.hold);
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT(ssh_charge(&s->c) / POOL_BLOCK > share + PLACES + PACKET / POOL_DATA + 2);
	CU_ASSERT(ssh_charge(&s->c) / POOL_BLOCK <=
	    SSH_HELD_HOLD * share + PLACES + PACKET / POOL_DATA + 2);
	s->host_full = false;
	everything_back(d);
}

/* Windows at first, all together; what ended gives its part back. */
static void
test_windows(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct ssh_conn *c = &d->s[SRV].c;
	uint32_t n = 0;

	duo_login(d);
	for (; n < SSH_WINDOWS_MAX / WIDE; n++)
		CU_ASSERT_EQUAL(ssh_do_chan_new(c, n, n, WIDE, PACKET, WIDE, PACKET), 0);
	CU_ASSERT_EQUAL(c->windows, SSH_WINDOWS_MAX);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, n, n, WIDE, PACKET, 1, PACKET), -R_LINK_ITEM);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, n, n, WIDE, PACKET, 0, PACKET), 0);
	CU_ASSERT_EQUAL(c->chan_count, n + 1);
	everything_back(d);
}

/* What hosts let grow, all together, beside the windows at first. */
static void
test_growth(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];

	duo_login(d);
	duo_channel(d, 0, WINDOW, PACKET);
	duo_channel(d, 1, WINDOW, PACKET);
	ssh_host_grow(&s->c, duo_chan(d, SRV, 0), SSH_GROWTH_MAX - WINDOW, false);
	CU_ASSERT_EQUAL(s->stats.growth_cut, 0);
	ssh_host_grow(&s->c, duo_chan(d, SRV, 1), WIDE, false);
	CU_ASSERT_EQUAL(s->stats.growth_cut, 1);
	CU_ASSERT_EQUAL(s->c.let, SSH_GROWTH_MAX);
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 1)->window_in_max, 2 * WINDOW);
	CU_ASSERT_EQUAL(s->c.windows, 2 * WINDOW);
	everything_back(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a peer that never reads", test_never_reads },
		{ "hosts that never take", test_never_taken },
		{ "windows of all channels", test_windows },
		{ "growth of all channels", test_growth },
		CU_TEST_INFO_NULL,
	};

	return suite_run("lazy", tests);
}
