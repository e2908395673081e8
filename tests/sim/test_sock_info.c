/*
 * The socket face: the record of a connection.
 */
#include <errno.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock_rig.h"

static struct sock_info
info_of(int n, int s)
{
	struct sock_info info;

	memset(&info, 0xa5, sizeof(info));
	CU_ASSERT_EQUAL(sock_get_info(host[n], s, &info), 0);
	return info;
}

static void
after_the_handshake(void)
{
	for (int f = 0; f < 2; f++) {
		struct sock_info i;
		int ls, a, b;

		hosts_new();
		join(f, &ls, &a, &b);
		i = info_of(0, a);
		CU_ASSERT_STRING_EQUAL(i.state, "ESTABLISHED");
		CU_ASSERT_STRING_EQUAL(i.congestion, "cubic");
		CU_ASSERT_EQUAL(i.ca_state, 0);
		CU_ASSERT_EQUAL(i.options & 7, 7);
		CU_ASSERT_EQUAL(i.snd_wscale, i.rcv_wscale);
		CU_ASSERT_EQUAL(i.advmss, f == 0 ? 1460 : 1440);
		CU_ASSERT_EQUAL(i.mss, i.advmss - 12);
		CU_ASSERT_EQUAL(i.pmtu, 1500);
		CU_ASSERT_EQUAL(i.cwnd_segs, i.cwnd / i.mss);
		CU_ASSERT_EQUAL(i.cwnd_segs, 10);
		CU_ASSERT_EQUAL(i.ssthresh_segs, 0x7fffffff);
		CU_ASSERT_EQUAL(i.srtt_us, 2 * DELAY_US);
		CU_ASSERT_EQUAL(i.rttvar_us, DELAY_US);
		CU_ASSERT_EQUAL(i.last_data_sent_ms, UINT32_MAX);
		CU_ASSERT_EQUAL(i.last_data_recv_ms, UINT32_MAX);
		CU_ASSERT_EQUAL(i.last_ack_recv_ms, DELAY_US / 1000 * 2);
		CU_ASSERT_EQUAL(i.segs_out, 2);
		CU_ASSERT_EQUAL(i.segs_in, 1);
		CU_ASSERT_EQUAL(i.waiting_ms, 0);
		CU_ASSERT_EQUAL(i.pacing_rate == 0, 0);
		hosts_free();
	}
}

static void
in_flight(void)
{
	static uint8_t zeros[30000];
	struct sock_info i;
	int ls, a, b;

	hosts_new();
	join(0, &ls, &a, &b);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, sizeof(zeros)), sizeof(zeros));
	run(3000);
	i = info_of(0, a);
	CU_ASSERT_EQUAL(i.in_flight, 10 * i.mss);
	CU_ASSERT_EQUAL(i.unacked_segs, 10);
	CU_ASSERT_EQUAL(i.unsent, sizeof(zeros) - 10 * i.mss);
	CU_ASSERT_EQUAL(i.last_data_sent_ms, 3);
	CU_ASSERT_EQUAL(i.waiting_ms, 3);
	CU_ASSERT_EQUAL(i.held + i.lost + i.again, 0);
	run(DELAY_US);
	i = info_of(1, b);
	CU_ASSERT_EQUAL(i.rcv_mss, 1448);
	CU_ASSERT_EQUAL(i.unread, i.bytes_in);
	CU_ASSERT_EQUAL(i.last_data_recv_ms, 3);
	run(SECOND);
	i = info_of(0, a);
	CU_ASSERT_EQUAL(i.bytes_out, sizeof(zeros));
	CU_ASSERT_EQUAL(i.in_flight + i.unsent + i.unacked_segs + i.waiting_ms, 0);
	hosts_free();
}

/* The second of five segments is lost: what is held, and what went out again. */
static void
after_a_loss(void)
{
	static uint8_t zeros[10 * 1448];
	struct sock_info i;
	int ls, a, b;

	hosts_new();
	join(0, &ls, &a, &b);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, 1448), 1448);
	run(DELAY_US / 2);
	cut = true;
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, 1448), 1448);
	run(1000);
	cut = false;
	for (int n = 0; n < 3; n++)
		CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, 1448), 1448);
	run(2 * DELAY_US + 500);
	i = info_of(0, a);
	CU_ASSERT_EQUAL(i.sacked_segs, 3);
	CU_ASSERT_EQUAL(i.unacked_segs, 4);
	CU_ASSERT_EQUAL(i.ca_state, 3);
	CU_ASSERT_EQUAL(i.lost_segs, 0);
	CU_ASSERT_EQUAL(i.again_segs, 1);
	CU_ASSERT_EQUAL(i.retransmits, 1);
	CU_ASSERT(i.ssthresh_segs < 10);
	run(SECOND);
	i = info_of(0, a);
	CU_ASSERT_EQUAL(i.ca_state, 0);
	CU_ASSERT_EQUAL(info_of(1, b).reassembled, 3);
	hosts_free();
}

static void
after_a_timeout(void)
{
	struct sock_info i;
	int ls, a, b;

	hosts_new();
	join(1, &ls, &a, &b);
	cut = true;
	CU_ASSERT_EQUAL(sock_write(host[0], a, "x", 1), 1);
	run(SECOND);
	i = info_of(0, a);
	CU_ASSERT_EQUAL(i.ca_state, 4);
	CU_ASSERT(i.timeouts_now >= 1 && i.timeouts_now == i.backoff);
	CU_ASSERT_EQUAL(i.timeouts, i.timeouts_now);
	CU_ASSERT(i.rto_us > 400000);
	CU_ASSERT_EQUAL(i.probes_now, 0);
	hosts_free();
}

static void
probes(void)
{
	static uint8_t zeros[5000];
	struct sock_info i;
	int ls, a, b;

	hosts_new();
	ls = listen_on(1, 4, 1);
	CU_ASSERT_EQUAL(sock_set(host[1], ls, SOCK_OPT_RCVBUF, 2048), 0);
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	run(4 * DELAY_US);
	b = sock_accept(host[1], ls, NULL);
	CU_ASSERT_EQUAL(sock_write(host[0], a, zeros, sizeof(zeros)), sizeof(zeros));
	run(SECOND);
	i = info_of(0, a);
	CU_ASSERT_EQUAL(i.snd_wnd, 0);
	CU_ASSERT_EQUAL(i.zero_windows, 1);
	CU_ASSERT_EQUAL(i.timeouts_now, 0);
	cut = true;
	run(3 * SECOND);
	i = info_of(0, a);
	CU_ASSERT(i.probes_now >= 1 && i.backoff >= i.probes_now);
	CU_ASSERT_EQUAL(info_of(1, b).rcv_wnd, 0);
	hosts_free();
}

/* A caller of another size, smaller and larger. */
static void
sizes(void)
{
	union {
		struct sock_info i;
		uint8_t b[sizeof(struct sock_info) + 16];
	} room;
	int ls, a, b;

	hosts_new();
	CU_ASSERT_EQUAL(sock_open(host[0], 4), 0);
	CU_ASSERT_EQUAL(sock_get_info(host[0], 0, &room.i), -ENOTCONN);
	CU_ASSERT_EQUAL(sock_get_info(host[0], 9, &room.i), -EBADF);
	join(0, &ls, &a, &b);
	memset(&room, 0xa5, sizeof(room));
	CU_ASSERT_EQUAL(sock_get_info_sized(host[0], a, &room.i, 20), 0);
	CU_ASSERT_STRING_EQUAL(room.i.state, "ESTABLISHED");
	CU_ASSERT_EQUAL(room.b[20], 0xa5);
	CU_ASSERT_EQUAL(sock_get_info_sized(host[0], a, &room.i, sizeof(room)), 0);
	CU_ASSERT_EQUAL(room.b[sizeof(struct sock_info)], 0);
	CU_ASSERT_STRING_EQUAL(room.i.congestion, "cubic");
	hosts_free();
}

static const CU_TestInfo tests[] = {
	{ "after the handshake", after_the_handshake },
	{ "in flight", in_flight },
	{ "after a loss", after_a_loss },
	{ "after a timeout", after_a_timeout },
	{ "probes of a shut window", probes },
	{ "sizes", sizes },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("sock_info", tests);
}
