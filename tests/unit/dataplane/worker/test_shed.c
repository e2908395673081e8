/*
 * What a worker keeps back when packets and blocks run out, and who gives way.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/worker/rig.h"

#define BUFFERS 4096u
#define HALF 34000u /* of a first packet of 34996 bytes */

/* Acknowledgements and what is sent again leave when the port has no buffer; new data
 * does not, and SYNs get no answer. */
static void
reserve(void)
{
	struct rig *r = rig_open();
	static struct pkt *taken[BUFFERS], *got[WORKER_SPARE];
	uint32_t n = 0, vital = 0;

	rig_conf(r, 1, 1);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(r->w->spare_count, WORKER_SPARE);
	CU_ASSERT_EQUAL(tcp_level(r->w->tcp), TCP_NORMAL);
	while (n < BUFFERS && (taken[n] = r->port->ops->alloc(r->port)) != NULL)
		n++;
	CU_ASSERT_FATAL(n > 0 && n < BUFFERS);
	CU_ASSERT_PTR_NULL(packet_get(r->w, true));
	while (vital < WORKER_SPARE && (got[vital] = packet_get(r->w, false)) != NULL) {
		vital++;
		if (vital == 1) {
			rig_run(r, 1);
			CU_ASSERT_EQUAL(tcp_level(r->w->tcp), TCP_PRESSURE);
		}
	}
	CU_ASSERT_EQUAL(vital, WORKER_SPARE);
	CU_ASSERT_PTR_NULL(packet_get(r->w, false));
	CU_ASSERT_EQUAL(r->meter->value[METER_PACKET_RESERVE], WORKER_SPARE);
	rig_run(r, 1);
	CU_ASSERT_EQUAL(tcp_level(r->w->tcp), TCP_SHEDDING);
	CU_ASSERT_EQUAL(r->meter->value[METER_LEVEL_PACKETS], METER_SHEDDING);
	CU_ASSERT_EQUAL(r->meter->value[METER_LEVEL_BLOCKS], METER_NORMAL);
	CU_ASSERT_EQUAL(r->meter->limit[METER_LIMIT_PACKET_RESERVE].now, WORKER_SPARE);
	while (vital > 0)
		r->port->ops->free(r->port, got[--vital]);
	while (n > 0)
		r->port->ops->free(r->port, taken[--n]);
	rig_run(r, 2);
	CU_ASSERT_EQUAL(tcp_level(r->w->tcp), TCP_NORMAL);
	CU_ASSERT_EQUAL(r->w->spare_count, WORKER_SPARE);
	rig_close(r);
}

static struct client *
half_packet(struct rig *r, unsigned at)
{
	static const uint8_t head[6] = { 0, 0, 0x88, 0xb4, 10, 20 };
	static const uint8_t rest[HALF];
	struct client *c = client_open(r, at);

	rig_run(r, 20);
	client_bytes(c, "SSH-2.0-half\r\n", 14);
	client_bytes(c, head, sizeof(head));
	client_bytes(c, rest, sizeof(rest));
	rig_run(r, 400);
	return c;
}

/* Half packets before login: beyond a quarter of the pool the one that asked first goes,
 * and nobody who has logged in. */
static void
guests(void)
{
	struct rig *r = rig_open();
	uint32_t count = r->w->pool.count;
	struct client *c[4];
	struct fake *gate, *clerk;
	struct got *adopt;

	rig_conf(r, 1, 1);
	gate = fake_new(r, LINK_GATE, 0, LINK_CONN_NONE, 0);
	clerk = fake_new(r, LINK_CLERK, 0, LINK_CONN_NONE, 0);
	rig_run(r, 5);
	c[0] = client_open(r, 0);
	CU_ASSERT_TRUE_FATAL(rig_login(r, c[0], gate, clerk, &adopt));
	CU_ASSERT_EQUAL(r->w->guest_blocks, 0);
	r->w->pool.count = 160; /* a share of 40 */
	c[1] = half_packet(r, 1);
	c[2] = half_packet(r, 2);
	CU_ASSERT_TRUE(r->w->guest_blocks > 24 && r->w->guest_blocks <= 40);
	CU_ASSERT_EQUAL(r->meter->drop[R_TCP_GUESTS], 0);
	c[3] = half_packet(r, 3);
	CU_ASSERT_EQUAL(r->meter->drop[R_TCP_GUESTS], 1);
	CU_ASSERT_TRUE(c[1]->closed);
	CU_ASSERT_FALSE(c[0]->closed || c[2]->closed || c[3]->closed);
	CU_ASSERT_TRUE(r->w->guest_blocks > 24 && r->w->guest_blocks <= 40);
	CU_ASSERT_EQUAL(r->meter->limit[METER_LIMIT_GUEST_BLOCKS].now, r->w->guest_blocks);
	tcp_abort(c[2]->tcp, 0, r->now);
	tcp_abort(c[3]->tcp, 0, r->now);
	rig_run(r, 20);
	CU_ASSERT_EQUAL(r->w->guest_blocks, 0);
	for (int i = 0; i < GUEST_LISTS; i++) {
		CU_ASSERT_PTR_NULL(r->w->guests[i].first);
		CU_ASSERT_PTR_NULL(r->w->guests[i].last);
	}
	r->w->pool.count = count;
	rig_close(r);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "packet buffers kept for what lets old work go on", reserve },
		{ "a share of the pool for connections before login", guests },
		CU_TEST_INFO_NULL,
	};

	return suite_run("worker_shed", tests);
}
