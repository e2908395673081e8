/*
 * Connections opened, used and closed at random in virtual time, on a wire that loses:
 * when all are over, nothing is left of them, no block, no timer.
 *
 *   test_churn      CHURN connections (environment), 60000 without
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock_rig.h"

#define COUNT 60000u
#define AT_ONCE 64u
#define ACCEPTED 512u
#define CHUNK 3000u

static uint64_t dice = 88172645463325252u;
static int client[AT_ONCE], server[ACCEPTED];
static uint8_t bytes[CHUNK];
static struct {
	uint64_t opened, accepted, closed, reset, half, wrote, got, lost, errors;
} met;

static uint32_t
below(uint32_t n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)((dice >> 32) * n >> 32);
}

/* One in fifty is lost. */
static void
carry_some(int from)
{
	uint64_t at;
	int len;

	while ((len = sock_take(host[from], packet, sizeof(packet), &at)) > 0) {
		if (below(50) == 0)
			met.lost++;
		else
			(void)sock_inject(host[1 - from], packet, (size_t)len, at + 100 + below(DELAY_US));
	}
}

static void
pass(uint64_t us)
{
	uint64_t end = sock_now(host[0]) + us;
	uint64_t at = 0;

	while (at < end) {
		carry_some(0);
		carry_some(1);
		at = sock_next(host[0]) < sock_next(host[1]) ? sock_next(host[0]) : sock_next(host[1]);
		if (at > end)
			at = end;
		(void)sock_advance(host[0], at);
		(void)sock_advance(host[1], at);
	}
}

static void
finish(int n, int *s)
{
	if (below(4) == 0) {
		(void)sock_set(host[n], *s, SOCK_OPT_LINGER, 0);
		met.reset++;
	}
	(void)sock_close(host[n], *s);
	*s = -1;
	met.closed++;
}

static void
open_one(int *s)
{
	int f = (int)below(2);

	*s = sock_open(host[0], families[f]);
	if (*s < 0)
		return;
	if (sock_connect(host[0], *s, &addr[f][1]) == -EINPROGRESS)
		met.opened++;
	else
		finish(0, s);
}

/* What an owner does, one thing at a time. */
static void
use(int n, int *s)
{
	unsigned is = (unsigned)sock_poll(host[n], *s);
	int64_t got;

	if (is & SOCK_ERR) {
		met.errors++;
		finish(n, s);
		return;
	}
	while ((got = sock_read(host[n], *s, bytes, sizeof(bytes))) > 0)
		met.got += (uint64_t)got;
	if (got == 0 && below(3) == 0) {
		finish(n, s);
		return;
	}
	switch (below(12)) {
	case 0:
		finish(n, s);
		break;
	case 1:
		met.half += sock_shutdown(host[n], *s, SOCK_SHUT_WR) == 0;
		break;
	case 2:
	case 3:
	case 4:
		got = sock_write(host[n], *s, bytes, 1 + below(CHUNK));
		met.wrote += got > 0 ? (uint64_t)got : 0;
		break;
	default:
		break;
	}
}

static void
accept_all(int listener)
{
	for (uint32_t i = 0; i < ACCEPTED; i++) {
		if (server[i] >= 0)
			continue;
		server[i] = sock_accept(host[1], listener, NULL);
		if (server[i] < 0)
			return;
		met.accepted++;
	}
}

static void
churn(uint32_t count)
{
	int listener[2] = { listen_on(1, 4, 64), listen_on(1, 6, 64) };
	bool left = true;

	while (met.opened < count || left) {
		left = false;
		for (uint32_t i = 0; i < AT_ONCE; i++) {
			if (client[i] < 0 && met.opened < count && below(8) == 0)
				open_one(&client[i]);
			else if (client[i] >= 0)
				use(0, &client[i]);
			left |= client[i] >= 0;
		}
		accept_all(listener[0]);
		accept_all(listener[1]);
		for (uint32_t i = 0; i < ACCEPTED; i++)
			if (server[i] >= 0) {
				use(1, &server[i]);
				left |= server[i] >= 0;
			}
		pass(1000 + below(8000));
	}
	CU_ASSERT_EQUAL(sock_close(host[1], listener[0]), 0);
	CU_ASSERT_EQUAL(sock_close(host[1], listener[1]), 0);
}

static void
test_churn(void)
{
	const char *text = getenv("CHURN");
	uint32_t count = text != NULL ? (uint32_t)strtoul(text, NULL, 10) : COUNT;

	memset(client, 0xff, sizeof(client));
	memset(server, 0xff, sizeof(server));
	hosts_new();
	for (int n = 0; n < 2; n++)
		CU_ASSERT_EQUAL(sock_tune_set(host[n], "tcp.time_wait_ms", 2000), 0);
	churn(count);
	no_trace();
	printf("\n  opened %" PRIu64 " accepted %" PRIu64 " closed %" PRIu64 " reset %" PRIu64 " half %" PRIu64
	       " bytes %" PRIu64 " of %" PRIu64 " packets lost %" PRIu64 " errors %" PRIu64 " ",
	    met.opened, met.accepted, met.closed, met.reset, met.half, met.got, met.wrote, met.lost, met.errors);
	CU_ASSERT_EQUAL(met.opened, count);
	CU_ASSERT(met.accepted > count / 2);
	CU_ASSERT(met.reset > count / 10 && met.half > count / 10 && met.errors > count / 100);
	CU_ASSERT(met.got > 0 && met.got <= met.wrote && met.lost > count / 10);
	hosts_free();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "opened, used and closed at random: nothing is left", test_churn },
		CU_TEST_INFO_NULL,
	};

	return suite_run("churn", tests);
}
