/* The same connections over the real engines, for every suite. */
#include <stdlib.h>

#include "drivers/cipher/select.h"
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/duo_inner.h"

enum { MB, SSL, REF };

static const struct cipher_engine *
engine_of(uint16_t suite, unsigned which)
{
	const struct cipher_engine *list[8];

	return suite > SUITE_NONE && suite < SUITE_COUNT && cipher_engines(suite, list, 8) == 3 ? list[which]
												 : NULL;
}

static const struct cipher_engine *
mb(uint16_t suite)
{
	return engine_of(suite, MB);
}

static const struct cipher_engine *
ssl(uint16_t suite)
{
	return engine_of(suite, SSL);
}

static const struct cipher_engine *
ref(uint16_t suite)
{
	return engine_of(suite, REF);
}

typedef const struct cipher_engine *engine_fn(uint16_t);

static struct duo *
pair_up(uint16_t suite, engine_fn *server, engine_fn *client, size_t step, bool strict)
{
	struct duo *d = duo_new(suite);

	d->s[SRV].env.engine = server;
	d->s[CLI].env.engine = client;
	d->step = step;
	d->strict = strict;
	duo_login(d);
	CU_ASSERT_EQUAL(d->s[SRV].c.in.engine, server(suite));
	return d;
}

/* Both ways at once, with rekeys by either side. */
static void
transfer(struct duo *d, uint64_t goal)
{
	unsigned turns = 0;
	bool more = true;

	duo_channel(d, 0, 1u << 20, 32768);
	for (int s = 0; s < 2; s++) {
		d->s[s].host[0].goal = goal;
		d->s[s].host[0].eof_at_goal = true;
		d->s[s].room_each = 40000;
	}
	while (more) {
		more = duo_write(d, SRV);
		more |= duo_write(d, CLI);
		if (turns++ % 10 == 0 && d->s[CLI].host[0].got < goal)
			duo_rekey(d, (turns / 10) & 1);
		more |= duo_turn(d);
	}
	for (int s = 0; s < 2; s++) {
		CU_ASSERT_EQUAL(d->s[s].fatal, 0);
		CU_ASSERT_EQUAL(d->s[s].host[0].got, goal);
		CU_ASSERT(!d->s[s].host[0].bad);
		CU_ASSERT(d->s[s].kex_count > 1);
	}
	duo_free(d);
}

static void
test_transfers(void)
{
	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		transfer(pair_up(suite, mb, ssl, 0, true), 600000);
		transfer(pair_up(suite, ssl, mb, 333, true), 50000);
		transfer(pair_up(suite, mb, mb, 0, false), 100000);
		transfer(pair_up(suite, ref, mb, 0, true), 15000);
	}
}

static void
test_byte_by_byte(void)
{
	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		transfer(pair_up(suite, mb, ssl, 1, true), 1500);
		transfer(pair_up(suite, ssl, mb, 1, false), 1500);
	}
}

/* ---- wrong records ---- */

/* PING, whose answer shows that it was accepted, as a sealed record. */
static size_t
sealed(struct duo *d, uint8_t buf[RECORD_MAX], size_t len)
{
	static const uint8_t random[RECORD_RANDOM] = { 1, 2, 3 };
	uint8_t *ping = calloc(1, len);
	int n;

	ping[0] = SSH_MSG_PING;
	n = record_seal(&d->s[CLI].c.out, buf, RECORD_MAX, view_of(ping, len), random);
	free(ping);
	CU_ASSERT_FATAL(n > 0);
	return (size_t)n;
}

static bool
quiet(struct duo *d, uint64_t wire_bytes)
{
	duo_run(d);
	return d->s[SRV].fatal == 0 && d->s[SRV].wire_bytes == wire_bytes;
}

static void
test_truncated(void)
{
	static uint8_t buf[RECORD_MAX];

	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct duo *d = pair_up(suite, mb, mb, 0, true);
		uint64_t before = d->s[SRV].wire_bytes;
		size_t n = sealed(d, buf, 100);

		for (size_t i = 0; i < n; i++) {
			CU_ASSERT(quiet(d, before));
			duo_pipe(&d->s[SRV], buf + i, 1);
		}
		CU_ASSERT(!quiet(d, before));
		CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
		duo_free(d);
	}
}

/* A record with a bit changed at `at`, and zeros behind it up to `size` bytes. */
static struct duo *
spoilt(uint16_t suite, size_t at, size_t len, size_t size)
{
	static uint8_t buf[2 * RECORD_MAX];
	struct duo *d = pair_up(suite, mb, mb, 0, true);
	size_t n;

	memset(buf, 0, sizeof(buf));
	n = sealed(d, buf, len);
	buf[at < n ? at : n - 1] ^= 0x40;
	duo_pipe(&d->s[SRV], buf, size > n ? size : n);
	return d;
}

/* Where the length is encrypted, a changed one and a changed anything else end the
 * connection for the same reason, at the same byte, whatever the length became. */
static void
hidden(uint16_t suite)
{
	static const size_t places[] = { 0, 1, 2, 3, 4, 5, 15, 16, 17, 40, 100, 111, 140, SIZE_MAX };
	static const uint8_t zero = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct duo *d = spoilt(suite, places[i], 100, RECORD_MAX - 1);

		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
		duo_pipe(&d->s[SRV], &zero, 1);
		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_MAC);
		duo_free(d);
		d = spoilt(suite, places[i], 20000, RECORD_MAX);
		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_MAC);
		duo_free(d);
	}
}

/* Where it is in the clear nothing is gained by waiting: the end of the record is
 * the end. */
static void
open_length(uint16_t suite)
{
	static const size_t places[] = { 4, 5, 15, 16, 17, 40, 100, 111, SIZE_MAX };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct duo *d = spoilt(suite, places[i], 100, 0);

		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_MAC);
		duo_free(d);
	}
	/* A length that could be one is waited for. */
	for (size_t at = 1; at < 3; at++) {
		struct duo *d = spoilt(suite, at, 100, 0);

		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, at == 1 ? -R_SSH_LENGTH : 0);
		duo_free(d);
	}
}

static void
test_spoilt(void)
{
	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		if (mb(suite)->length_clear)
			open_length(suite);
		else
			hidden(suite);
	}
}

/* A record that was good is good once. */
static void
test_replayed(void)
{
	static uint8_t buf[RECORD_MAX], junk[RECORD_MAX];

	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct duo *d = pair_up(suite, mb, mb, 0, true);
		size_t n = sealed(d, buf, 33);

		duo_pipe(&d->s[SRV], buf, n);
		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
		duo_pipe(&d->s[SRV], buf, n);
		duo_pipe(&d->s[SRV], junk, RECORD_MAX);
		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_MAC);
		duo_free(d);
	}
}

/* New keys are asked for at the suite's own limit, and no later than that however
 * much the configuration allows. */
static void
test_worn(void)
{
	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		uint64_t limit = suite == SUITE_CHACHA20_POLY1305 ? 1ull << 30 : 1ull << 36;

		for (int past = 0; past < 2; past++) {
			struct duo *d = pair_up(suite, mb, mb, 0, true);
			static const uint8_t ping[] = { SSH_MSG_PING, 0, 0, 0, 0 };

			d->s[SRV].env.rekey_bytes = 1ull << 40;
			d->s[SRV].c.in.bytes = limit - (past ? 1 : 1000);
			duo_forge(d, CLI, ping, sizeof(ping));
			duo_run(d);
			CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
			CU_ASSERT_EQUAL(d->s[SRV].kex_count, past ? 2 : 1);
			duo_free(d);
		}
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "transfers with rekeys", test_transfers },
		{ "byte by byte", test_byte_by_byte },
		{ "truncated records", test_truncated },
		{ "changed records", test_spoilt },
		{ "a record that comes again", test_replayed },
		{ "rekey limits", test_worn },
		CU_TEST_INFO_NULL,
	};
	const char *why;

	if (cipher_start(NULL, &why) != 0)
		return 1;
	return suite_run("suites", tests);
}
