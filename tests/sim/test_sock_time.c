/*
 * The socket face: packets, time and the seed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/sim/sock_rig.h"

static void
packets_and_time(void)
{
	uint64_t at = 0;
	int a, len;

	hosts_new();
	CU_ASSERT_EQUAL(sock_now(host[0]), SECOND);
	CU_ASSERT_EQUAL(sock_next(host[0]), SOCK_NEVER);
	CU_ASSERT_EQUAL(sock_advance(host[0], SECOND - 1), -EINVAL);
	CU_ASSERT_EQUAL(sock_take(host[0], packet, sizeof(packet), &at), -EAGAIN);
	a = sock_open(host[0], 4);
	CU_ASSERT_EQUAL(sock_advance(host[0], 3 * SECOND), 0);
	CU_ASSERT_EQUAL(sock_connect(host[0], a, &addr[0][1]), -EINPROGRESS);
	CU_ASSERT_EQUAL(sock_next(host[0]), 4 * SECOND); /* RFC 6298 (2.1) */
	CU_ASSERT_EQUAL(sock_take(host[0], packet, 20, &at), -EMSGSIZE);
	len = sock_take(host[0], packet, sizeof(packet), &at);
	CU_ASSERT(len >= 40);
	CU_ASSERT_EQUAL(at, 3 * SECOND);
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, (size_t)len, SECOND - 1), -EINVAL);
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, 0, 5 * SECOND), -EMSGSIZE);
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, 65536, 5 * SECOND), -EMSGSIZE);
	/* a later one first, and a damaged one */
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, (size_t)len, 5 * SECOND), 0);
	packet[len - 1] ^= 1;
	CU_ASSERT_EQUAL(sock_inject(host[1], packet, (size_t)len, 4 * SECOND), 0);
	CU_ASSERT_EQUAL(sock_next(host[1]), 4 * SECOND);
	CU_ASSERT_EQUAL(sock_drops(host[1], NULL), 0);
	CU_ASSERT_EQUAL(sock_advance(host[1], 5 * SECOND - 1), 0);
	CU_ASSERT_EQUAL(sock_drops(host[1], "TCP_CSUM"), 1);
	CU_ASSERT_EQUAL(sock_take(host[1], packet, sizeof(packet), &at), -EAGAIN);
	CU_ASSERT_EQUAL(sock_advance(host[1], 5 * SECOND), 0);
	CU_ASSERT_EQUAL(sock_take(host[1], packet, sizeof(packet), &at), 40); /* RST */
	CU_ASSERT_EQUAL(at, 5 * SECOND);
	CU_ASSERT_EQUAL(sock_drops(host[1], "NO_SUCH_REASON"), -ENOENT);
	hosts_free();
}

static void
rubbish_is_counted(void)
{
	hosts_new();
	memset(packet, 0, sizeof(packet));
	CU_ASSERT_EQUAL(sock_inject(host[0], packet, 1, SECOND), 0);
	CU_ASSERT_EQUAL(sock_inject(host[0], packet, 65535, SECOND), 0);
	packet[0] = 0x60;
	CU_ASSERT_EQUAL(sock_inject(host[0], packet, 39, SECOND), 0);
	CU_ASSERT_EQUAL(sock_inject(host[0], packet, 65535, SECOND), 0);
	CU_ASSERT_EQUAL(sock_drops(host[0], NULL), 4);
	hosts_free();
}

/* The same seed, the same bytes. */
static void
seed_decides(void)
{
	static uint8_t first[128];
	int len[2];

	for (int i = 0; i < 3; i++) {
		hosts_new();
		if (i == 2) {
			sock_host_free(host[0]);
			host[0] = new_host(1, 1500);
		}
		CU_ASSERT_EQUAL(sock_open(host[0], 4), 0);
		CU_ASSERT_EQUAL(sock_connect(host[0], 0, &addr[0][i == 2 ? 0 : 1]), -EINPROGRESS);
		len[i != 0] = sock_take(host[0], i == 0 ? first : packet, sizeof(first), NULL);
		CU_ASSERT_EQUAL(len[0], len[i != 0]);
		if (i > 0)
			CU_ASSERT_EQUAL(memcmp(first, packet, (size_t)len[0]) == 0, i == 1);
		hosts_free();
	}
}

static void
conf_rules(void)
{
	CU_ASSERT_PTR_NULL(new_host(0, 1279));
	CU_ASSERT_PTR_NULL(new_host(0, 9217));
	for (unsigned mtu = 1280; mtu <= 9216; mtu += 3968) {
		struct sock_host *h = new_host(0, (uint16_t)mtu);

		CU_ASSERT_PTR_NOT_NULL(h);
		sock_host_free(h);
	}
	sock_host_free(NULL);
}

static const CU_TestInfo tests[] = {
	{ "packets and time", packets_and_time },
	{ "rubbish is counted", rubbish_is_counted },
	{ "seed decides", seed_decides },
	{ "configuration", conf_rules },
	CU_TEST_INFO_NULL,
};

int
main(void)
{
	return suite_run("sock_time", tests);
}
