/*
 * Connections before login: their limit, the die, the limit of a source, and who is not
 * counted any more.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/worker/rig.h"

#define DICE 2000u

static void
put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* ATTACH_CONF_STARTUPS as the supervisor says it. */
static void
limits(struct rig *r, uint32_t begin, uint32_t rate, uint32_t full, uint32_t source_max)
{
	uint8_t body[18];

	put_be32(body, begin);
	put_be32(body + 4, rate);
	put_be32(body + 8, full);
	put_be32(body + 12, source_max);
	body[16] = 24;
	body[17] = 64;
	r->startups = view_of(body, sizeof(body));
	rig_conf(r, 1, 1);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->w->startups.full, full);
	CU_ASSERT_EQUAL(r->w->startups.source_max, source_max);
	r->startups = view_of(NULL, 0);
}

static bool
opens(struct rig *r, unsigned at)
{
	struct client *c = client_open(r, at);

	rig_run(r, 20);
	return c->connected && !c->closed;
}

static void
goes(struct rig *r, unsigned at)
{
	tcp_abort(r->client[at].tcp, 0, r->now);
	rig_run(r, 20);
}

/* Beyond `full` nobody comes in until somebody has gone or has logged in. */
static void
until_full(void)
{
	struct rig *r = rig_open();
	struct fake *gate, *clerk;
	struct got *adopt;

	rig_conf(r, 1, 1);
	gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	clerk = fake_new(r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	limits(r, 2, 100, 2, 0);
	CU_ASSERT_TRUE(opens(r, 0) && opens(r, 1));
	CU_ASSERT_EQUAL(r->w->startups.count, 2);
	CU_ASSERT_FALSE(opens(r, 2));
	CU_ASSERT_EQUAL(r->meter->drop[R_TCP_STARTUPS], 1);
	goes(r, 1);
	CU_ASSERT_TRUE(opens(r, 1));
	goes(r, 1);
	CU_ASSERT_TRUE_FATAL(rig_login(r, &r->client[0], gate, clerk, &adopt));
	CU_ASSERT_EQUAL(r->w->startups.count, 0);
	CU_ASSERT_TRUE(opens(r, 1) && opens(r, 2));
	CU_ASSERT_FALSE(opens(r, 3));
	CU_ASSERT_EQUAL(r->meter->drop[R_TCP_STARTUPS], 2);
	rig_close(r);
}

static void
of_a_source(void)
{
	struct rig *r = rig_open();

	rig_conf(r, 1, 1);
	CU_ASSERT_TRUE(opens(r, 0)); /* there before the limit, and counted */
	limits(r, 0, 0, 0, 2);
	CU_ASSERT_TRUE(opens(r, 1));
	CU_ASSERT_FALSE(opens(r, 2));
	CU_ASSERT_EQUAL(r->meter->drop[R_TCP_STARTUPS_OWN], 1);
	goes(r, 1);
	CU_ASSERT_TRUE(opens(r, 2));
	limits(r, 0, 0, 0, 0);
	CU_ASSERT_TRUE(opens(r, 3) && opens(r, 1));
	rig_close(r);
}

/* ---- without TCP ---- */

static void
address(uint8_t dst[16], const char *hex)
{
	for (int i = 0; i < 16; i++, hex += 2) {
		char two[3] = { hex[0], hex[1], '\0' };

		dst[i] = (uint8_t)strtoul(two, NULL, 16);
	}
}

/* Bits of an address that make a source: 24 and 64 here. */
static void
networks(void)
{
	static const struct {
		const char *one, *other;
		bool same;
	} rows[] = {
		{ "00000000000000000000ffffc0000201", "00000000000000000000ffffc00002fe", true },
		{ "00000000000000000000ffffc0000201", "00000000000000000000ffffc0000301", false },
		{ "20010db8000000010000000000000001", "20010db800000001ffffffffffffffff", true },
		{ "20010db8000000010000000000000001", "20010db8000000020000000000000001", false },
		{ "00000000000000000000ffffc0000201", "00000000000000000000000000000001", false },
	};
	struct rig *r = rig_open();

	rig_conf(r, 1, 1);
	limits(r, 0, 0, 0, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conn c = { .state = CONN_LIVE };
		uint8_t other[16];

		address(c.at.remote, rows[i].one);
		address(other, rows[i].other);
		CU_ASSERT_TRUE(startups_admit(r->w, c.at.remote));
		startups_enter(r->w, &c);
		CU_ASSERT_FALSE(startups_admit(r->w, c.at.remote));
		CU_ASSERT_EQUAL(startups_admit(r->w, other), !rows[i].same);
		startups_leave(r->w, &c);
		startups_leave(r->w, &c);
		CU_ASSERT_EQUAL(r->w->startups.count, 0);
		CU_ASSERT_TRUE(startups_admit(r->w, other));
	}
	/* 25 bits of a byte in the middle count as well. */
	startups_bits(r->w, 25, 64);
	{
		struct conn c = { .state = CONN_LIVE };
		uint8_t other[16];

		address(c.at.remote, "00000000000000000000ffffc0000201");
		address(other, "00000000000000000000ffffc0000281");
		startups_enter(r->w, &c);
		CU_ASSERT_TRUE(startups_admit(r->w, other));
		other[15] = 0x7f;
		CU_ASSERT_FALSE(startups_admit(r->w, other));
		startups_leave(r->w, &c);
	}
	rig_close(r);
}

static unsigned
refused(struct rig *r, const uint8_t from[16])
{
	unsigned n = 0;

	for (unsigned i = 0; i < DICE; i++)
		n += !startups_admit(r->w, from);
	return n;
}

/* 30 % at the beginning, 65 % half way, all at the end; who has no other is let in. */
static void
dice(void)
{
	struct rig *r = rig_open();
	struct conn *crowd = calloc(20, sizeof(*crowd));
	uint8_t stranger[16];
	unsigned n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(crowd);
	rig_conf(r, 1, 1);
	limits(r, 10, 30, 20, 0);
	address(stranger, "00000000000000000000ffffc6336401");
	for (unsigned i = 0; i < 20; i++) {
		CU_ASSERT_TRUE(i >= 10 || refused(r, crowd[0].at.remote) == 0);
		if (i == 10) {
			n = refused(r, crowd[0].at.remote);
			CU_ASSERT_TRUE(n > DICE / 4 && n < DICE * 35 / 100);
		}
		if (i == 15) {
			n = refused(r, crowd[0].at.remote);
			CU_ASSERT_TRUE(n > DICE * 60 / 100 && n < DICE * 70 / 100);
		}
		CU_ASSERT_EQUAL(refused(r, stranger), 0);
		address(crowd[i].at.remote, "00000000000000000000ffffc0000201");
		startups_enter(r->w, &crowd[i]);
	}
	CU_ASSERT_EQUAL(refused(r, crowd[0].at.remote), DICE);
	CU_ASSERT_EQUAL(refused(r, stranger), DICE);
	/* from the middle, from the front, from the end */
	for (unsigned i = 0; i < 20; i++)
		startups_leave(r->w, &crowd[(i + 7) % 20]);
	CU_ASSERT_EQUAL(r->w->startups.count, 0);
	for (unsigned i = 0; i < STARTUP_BUCKETS; i++)
		CU_ASSERT_PTR_NULL(r->w->startups.bucket[i]);
	free(crowd);
	rig_close(r);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "all before login", until_full },
		{ "those of a source", of_a_source },
		{ "what a source is", networks },
		{ "the die, and who has none thrown", dice },
		CU_TEST_INFO_NULL,
	};

	return suite_run("startups", tests);
}
