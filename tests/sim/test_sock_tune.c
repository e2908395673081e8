/*
 * The socket face: tunables by name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock_rig.h"

static void
every_tunable(void)
{
	struct sock_tune t;
	int64_t v;
	unsigned i;

	hosts_new();
	for (i = 0; sock_tune_at(host[0], i, &t) == 0; i++) {
		CU_ASSERT(t.min <= t.initial && t.initial <= t.max);
		CU_ASSERT_EQUAL(t.value, t.initial);
		CU_ASSERT(sock_tune_get(host[0], t.name, &v) == 0 && v == t.value);
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.min - 1), -ERANGE);
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.max + 1), -ERANGE);
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.min), 0);
		CU_ASSERT(sock_tune_get(host[0], t.name, &v) == 0 && v == t.min);
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.initial), 0);
	}
	CU_ASSERT(i >= 23);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.syn_options", 0x2248), -ERANGE);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.syn_options", 0x2485), -ERANGE);
	CU_ASSERT_EQUAL(sock_tune_get(host[0], "tcp.nothing", &v), -ENOENT);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.nothing", 1), -ENOENT);
	CU_ASSERT_EQUAL(sock_open(host[0], 4), 0);
	for (i = 0; sock_tune_at(host[0], i, &t) == 0; i++)
		CU_ASSERT_EQUAL(sock_tune_set(host[0], t.name, t.min), t.fixed ? -EBUSY : 0);
	hosts_free();
}

/* The window that was announced with a scale goes on being read with it. */
static void
tune_during_a_run(void)
{
	int ls, a, b;

	hosts_new();
	join(0, &ls, &a, &b);
	transfer(0, a, b);
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.receive_buffer", 8 << 20), 0);
	transfer(0, a, b);
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.receive_buffer", 4096), 0);
	transfer(0, a, b);
	hosts_free();
}

/* An option that is off at one end is in neither SYN that follows, be it answered
 * by a cookie, which needs timestamps for the others, or not. */
static void
options_can_be_off(void)
{
	static const char *const names[] = { "tcp.sack", "tcp.timestamps", "tcp.window_scale" };
	static const uint8_t kinds[] = { 4, 8, 3 }; /* RFC 2018, RFC 7323 */

	for (int i = 0; i < 24; i++) {
		int off = i / 3 % 2;
		bool cookies = i >= 12;
		int ls, a, b;

		hosts_new();
		CU_ASSERT_EQUAL(sock_tune_set(host[off], names[i % 3], 0), 0);
		if (cookies)
			CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.syn_cookies_at", 0), 0);
		join(i / 6 % 2, &ls, &a, &b);
		CU_ASSERT_EQUAL(has_option(&syn[0], kinds[i % 3]), off == 1);
		CU_ASSERT_FALSE(has_option(&syn[1], kinds[i % 3]));
		CU_ASSERT(has_option(&syn[0], 2) && has_option(&syn[1], 2));
		for (int k = 1; k < 3; k++)
			CU_ASSERT_EQUAL(has_option(&syn[1], kinds[(i + k) % 3]), !cookies || i % 3 != 1);
		transfer(0, a, b);
		transfer(1, b, a);
		hosts_free();
	}
}

static void
timers_can_be_set(void)
{
	int ls, a, b;

	hosts_new();
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.initial_rto_ms", 3000), 0);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.connect_retries", 1), 0);
	cut = true;
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	CU_ASSERT_EQUAL(sock_next(host[0]), 4 * SECOND);
	run(9 * SECOND - 1);
	CU_ASSERT_EQUAL(sock_error(host[0], a), 0);
	run(1);
	CU_ASSERT_EQUAL(sock_error(host[0], a), -ETIMEDOUT);
	CU_ASSERT_EQUAL(carried[0], 2);
	cut = false;
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.delayed_ack_ms", 123), 0);
	CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.quick_acks", 0), 0);
	join(0, &ls, &a, &b);
	CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
	run(DELAY_US);
	CU_ASSERT_EQUAL(sock_next(host[1]), sock_now(host[1]) + 123000);
	hosts_free();
}

static void
tunables_change_what_is_sent(void)
{
	int a, len;

	hosts_new();
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.mss4", 1000), 0);
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.receive_buffer", 8 << 20), 0);
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	len = sock_take(host[0], packet, sizeof(packet), NULL);
	CU_ASSERT(len > 44);
	CU_ASSERT_EQUAL(packet[33], TCP_FLAGS_SYN);
	CU_ASSERT(packet[40] == 2 && packet[41] == 4);
	CU_ASSERT_EQUAL(packet[42] << 8 | packet[43], 1000);
	note(0, packet, (uint32_t)len);
	CU_ASSERT_EQUAL(option_value(&syn[0], 3), 8); /* the least that can say so much */
	hosts_free();
}

/* Each order of the four options, with SACK-permitted and timestamps in one word where
 * they are neighbours in this order. */
static void
order_of_syn_options(void)
{
	static const struct {
		int64_t order;
		uint8_t bytes[20];
		uint32_t len;
	} rows[] = {
		{ 0x2483, { [0] = 2, [4] = 4, [6] = 8, [16] = 1, [17] = 3 }, 20 },
		{ 0x2348, { [0] = 2, [4] = 1, [5] = 3, [8] = 4, [10] = 8 }, 20 },
		{ 0x8432, { [0] = 1, [1] = 1, [2] = 8, [12] = 1, [13] = 1, [14] = 4, [16] = 1, [17] = 3 }, 24 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int ls, a, b;

		hosts_new();
		CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.syn_options", rows[i].order), 0);
		CU_ASSERT_EQUAL(sock_tune_set(host[1], "tcp.syn_options", rows[i].order), 0);
		join((int)i % 2, &ls, &a, &b);
		for (int n = 0; n < 2; n++) {
			CU_ASSERT_EQUAL(syn[n].len, rows[i].len);
			for (uint32_t at = 0; at < 20; at++)
				if (rows[i].bytes[at] != 0)
					CU_ASSERT_EQUAL(syn[n].options[at], rows[i].bytes[at]);
			for (uint8_t kind = 2; kind < 5; kind++)
				CU_ASSERT(has_option(&syn[n], kind));
		}
		transfer(0, a, b);
		hosts_free();
	}
}

/* The first flight, and the one after idleness: RFC 5681 section 4.1. */
static void
initial_window(void)
{
	static uint8_t zeros[100000];
	struct sock_info info;
	int ls, a, b;

	hosts_new();
	CU_ASSERT_EQUAL(sock_tune_set(host[0], "tcp.initial_window", 3), 0);
	join(0, &ls, &a, &b);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, sizeof(zeros)) > 0, true);
	run(DELAY_US / 2);
	CU_ASSERT_EQUAL(data_packets[0], 3);
	CU_ASSERT_EQUAL(sock_get_info(host[0], a, &info), 0);
	CU_ASSERT_EQUAL(info.cwnd_segs, 3);
	run(10 * SECOND);
	CU_ASSERT_EQUAL(sock_get_info(host[0], a, &info), 0);
	CU_ASSERT(info.cwnd_segs > 3);
	while (sock_read(host[1], b, zeros, sizeof(zeros)) > 0)
		run(10 * SECOND);
	data_packets[0] = 0;
	CU_ASSERT(sock_write(host[0], a, zeros, sizeof(zeros)) > 0);
	run(DELAY_US / 2);
	CU_ASSERT_EQUAL(data_packets[0], 3);
	hosts_free();
}

static const CU_TestInfo tests[] = {
	{ "every tunable", every_tunable },
	{ "tune during a run", tune_during_a_run },
	{ "options can be off", options_can_be_off },
	{ "timers can be set", timers_can_be_set },
	{ "tunables change what is sent", tunables_change_what_is_sent },
	{ "order of SYN options", order_of_syn_options },
	{ "initial window", initial_window },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("sock_tune", tests);
}
