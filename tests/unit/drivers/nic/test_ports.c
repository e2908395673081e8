/*
 * Ports on DPDK's own devices that need neither root nor huge pages. EAL starts
 * once in a process, so every test is a process of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/nic/dpdk.h"
#include "tests/lib/suite.h"

#define PKTS 2048u

static struct nic_config config;
static struct port *port[4];
static uint64_t now = 1000000;

#define NEED(what) \
	do { \
		if (!(what)) { \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #what); \
			fflush(stdout); \
			_exit(1); \
		} \
	} while (0)

static void
open_as(const char *device, uint32_t workers, uint16_t mtu)
{
	config = (struct nic_config){ .device = device, .main_cpu = -1, .workers = workers,
		.pkt_count = PKTS, .mtu = mtu };
	NEED(nic_eal_start(&config, "test") == 0);
	NEED(nic_open(&config, port) == 0);
}

static struct pkt *
numbered(struct port *p, uint32_t n)
{
	struct pkt *k = p->ops->alloc(p);

	NEED(k != NULL);
	NEED(k->len == 0 && k->data - k->head >= (ptrdiff_t)PKT_HEADROOM && pkt_tailroom(k) >= 1518);
	memset(k->data, 0, 60);
	memcpy(k->data + 20, &n, sizeof(n));
	k->len = 60;
	return k;
}

static uint32_t
number_of(const struct pkt *k)
{
	uint32_t n;

	memcpy(&n, k->data + 20, sizeof(n));
	return n;
}

/* Each worker's queue of a ring is its own loop. */
static void
ring_body(void)
{
	struct pkt *k[PORT_BURST];

	open_as("ring:a", 2, 1500);
	for (uint32_t w = 0; w < 2; w++) {
		NEED(port[w]->rx && port[w]->queue == w && port[w]->spread == PORT_SPREAD_FLOW);
		NEED(port[w]->mtu == 1500 && port[w]->frame_max == 1518);
		NEED((port[w]->mac[0] & 3) == 2 && memcmp(port[w]->mac, port[0]->mac, 6) == 0);
		NEED(port[w]->ops->wait_fd(port[w]) == -1);
		for (uint32_t i = 0; i < PORT_BURST; i++)
			k[i] = numbered(port[w], 100 * w + i);
		NEED(port[w]->ops->tx(port[w], k, PORT_BURST, now) == PORT_BURST);
	}
	for (uint32_t w = 0; w < 2; w++) {
		NEED(port[w]->ops->rx(port[w], k, PORT_BURST, now) == PORT_BURST);
		for (uint32_t i = 0; i < PORT_BURST; i++) {
			NEED(number_of(k[i]) == 100 * w + i && k[i]->len == 60);
			NEED((k[i]->flags & PKT_CSUM_GOOD) == 0);
			/* by the other worker: packets are handed over */
			port[1 - w]->ops->free(port[1 - w], k[i]);
		}
		NEED(port[w]->ops->rx(port[w], k, PORT_BURST, now) == 0);
	}
}

/* Without a descriptor: soon while frames come, seldom when none came for long. */
static void
nap_body(void)
{
	struct pkt *k;
	uint64_t soon, seldom;

	open_as("ring:a", 1, 1500);
	NEED(port[0]->spread == PORT_SPREAD_NONE);
	k = numbered(port[0], 1);
	NEED(port[0]->ops->tx(port[0], &k, 1, now) == 1);
	NEED(port[0]->ops->rx(port[0], &k, 1, now) == 1);
	port[0]->ops->free(port[0], k);
	soon = port[0]->ops->next_us(port[0], now + 10) - (now + 10);
	seldom = port[0]->ops->next_us(port[0], now + 10000000) - (now + 10000000);
	NEED(soon > 0 && soon <= 200);
	NEED(seldom > soon && seldom <= 5000);
}

/* The pool ends, and comes back. */
static void
pool_body(void)
{
	static struct pkt *all[PKTS + 1];
	uint32_t n = 0;

	open_as("ring:a", 1, 1500);
	while (n < PKTS + 1 && (all[n] = port[0]->ops->alloc(port[0])) != NULL)
		n++;
	NEED(n > PKTS / 2 && n <= PKTS);
	while (n > 0)
		port[0]->ops->free(port[0], all[--n]);
	while (n < PKTS + 1 && (all[n] = port[0]->ops->alloc(port[0])) != NULL)
		n++;
	NEED(n > PKTS / 2);
}

/* One queue for two workers: the second sends only. Nobody is at the other end. */
static void
memif_body(void)
{
	char device[64], path[48];
	struct pkt *k[8];

	snprintf(path, sizeof(path), "/tmp/postern-test-%d.sock", (int)getpid());
	snprintf(device, sizeof(device), "memif:%s", path);
	open_as(device, 2, 1500);
	NEED(port[0]->rx && !port[1]->rx);
	NEED(port[0]->spread == PORT_SPREAD_NONE && port[1]->spread == PORT_SPREAD_NONE);
	NEED(port[1]->ops->rx(port[1], k, 8, now) == 0);
	NEED(port[1]->ops->next_us(port[1], now) == UINT64_MAX);
	NEED(port[0]->ops->next_us(port[0], now) < UINT64_MAX);
	NEED(!nic_link_up());
	for (uint32_t w = 0; w < 2; w++)
		for (uint32_t round = 0; round < 2 * PKTS / 8; round++) {
			for (uint32_t i = 0; i < 8; i++)
				k[i] = numbered(port[w], i);
			/* taken and lost, or a worker would never sleep */
			NEED(port[w]->ops->tx(port[w], k, 8, now) == 8);
		}
	unlink(path);
}

/* The MTU is what the device has, and frames of it have room. */
static void
jumbo_body(void)
{
	struct pkt *k;

	open_as("ring:a", 1, 9000);
	NEED(port[0]->mtu == 9000);
	k = port[0]->ops->alloc(port[0]);
	NEED(k != NULL && pkt_tailroom(k) >= 9014);
}

/* A device with a hash of its own, as network cards have: frames for each worker. */
static void
hash_body(void)
{
	struct pkt *k[PORT_BURST];

	open_as("net_null0,size=64", 2, 1500);
	for (uint32_t w = 0; w < 2; w++) {
		NEED(port[w]->rx && port[w]->spread == PORT_SPREAD_LOOSE);
		NEED(port[w]->ops->rx(port[w], k, PORT_BURST, now) == PORT_BURST);
		NEED(k[0]->len == 64 && k[0]->data - k[0]->head >= (ptrdiff_t)PKT_HEADROOM);
		NEED(port[w]->ops->tx(port[w], k, PORT_BURST, now) == PORT_BURST);
	}
}

/* A device that is not there is said, and is no crash. */
static void
missing(const char *device)
{
	config = (struct nic_config){ .device = device, .main_cpu = -1, .workers = 1, .pkt_count = PKTS,
		.mtu = 1500 };
	NEED(nic_eal_start(&config, "test") != 0 || nic_open(&config, port) != 0);
}

static void
no_device_body(void)
{
	missing("af_packet:nosuchif0");
}

static void
no_card_body(void)
{
	missing("pci:ffff:ff:1f.7");
}

static void
run(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	CU_ASSERT_FATAL(pid > 0);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define TEST(name) \
	static void name(void) { run(name##_body); }
TEST(ring)
TEST(nap)
TEST(pool)
TEST(memif)
TEST(jumbo)
TEST(hash)
TEST(no_device)
TEST(no_card)

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "two workers on a ring", ring },
		{ "how long to sleep without a descriptor", nap },
		{ "a pool that ends", pool },
		{ "two workers on one queue without a peer", memif },
		{ "large frames", jumbo },
		{ "a device that spreads by a hash", hash },
		{ "a device that is not there", no_device },
		{ "a card that is not there", no_card },
		CU_TEST_INFO_NULL,
	};

	return suite_run("nic ports", tests);
}
