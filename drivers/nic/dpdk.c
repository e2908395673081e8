#include "drivers/nic/dpdk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "drivers/nic/dpdk_dev.h"

/* Without a descriptor: how long a port is left alone while frames come, and
 * when none came for a while. */
#define NAP_US 100u
#define NAP_LONG_US 2000u
#define QUIET_US 100000u
#define LINK_CHECK_US 10000u
#define IP4_CSUM_OFF 10u

static struct dpdk_dev device;

static struct dpdk_port *
self(struct port *p)
{
	return (struct dpdk_port *)(void *)p;
}

/* The packet's own struct lies in the private area behind its mbuf. */
static struct pkt *
pkt_of(struct rte_mbuf *m)
{
	struct pkt *p = rte_mbuf_to_priv(m);

	p->head = m->buf_addr;
	p->data = rte_pktmbuf_mtod(m, uint8_t *);
	p->size = m->buf_len;
	p->len = m->data_len;
	p->truesize = (uint32_t)sizeof(*m) + (uint32_t)sizeof(*p) + m->buf_len;
	p->flags = 0;
	p->next = NULL;
	p->priv = m;
	return p;
}

static bool
csum_good(const struct rte_mbuf *m)
{
	const uint64_t ip = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	const uint64_t l4 = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	return ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD && l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

static uint32_t
dpdk_rx(struct port *port, struct pkt **pkts, uint32_t n, uint64_t now_us)
{
	struct dpdk_port *s = self(port);
	struct rte_mbuf *m[PORT_BURST];
	uint32_t got, done = 0;

	if (!port->rx)
		return 0;
	if (s->dev->driver->members && dev_look(s->dev, now_us))
		port->moves++;
	if (n > PORT_BURST)
		n = PORT_BURST;
	got = rte_eth_rx_burst(s->dev->id, (uint16_t)port->queue, m, (uint16_t)n);
	if (got > 0)
		s->heard_us = now_us;
	for (uint32_t i = 0; i < got; i++) {
		if (m[i]->nb_segs > 1 && rte_pktmbuf_linearize(m[i]) != 0) {
			rte_pktmbuf_free(m[i]);
			continue;
		}
		pkts[done] = pkt_of(m[i]);
		if (s->dev->rx_csum && csum_good(m[i]))
			pkts[done]->flags |= PKT_CSUM_GOOD;
		done++;
	}
	return done;
}

/* What the device needs to find the field: lengths of the headers. */
static void
csum_ask(struct rte_mbuf *m, const struct pkt *p)
{
	bool v4 = p->data[12] == 0x08;
	uint32_t l3 = v4 ? 20 : 40;

	m->l2_len = RTE_ETHER_HDR_LEN;
	m->l3_len = l3;
	m->l4_len = (p->data[RTE_ETHER_HDR_LEN + l3 + 12] >> 4) * 4u;
	m->ol_flags = RTE_MBUF_F_TX_TCP_CKSUM | (v4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6);
}

static struct rte_mbuf *
mbuf_one(const struct pkt *p)
{
	struct rte_mbuf *m = p->priv;

	m->data_off = (uint16_t)(p->data - p->head);
	m->data_len = (uint16_t)p->len;
	m->pkt_len = p->len;
	m->nb_segs = 1;
	m->ol_flags = 0;
	m->next = NULL;
	return m;
}

/* The device wants to fill IPv4's checksum too, from zero. */
static void
cut_ask(struct rte_mbuf *m, const struct pkt *p)
{
	struct rte_mbuf *last = m;

	csum_ask(m, p);
	m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	m->tso_segsz = (uint16_t)p->cut;
	if ((m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0) {
		m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
		memset(p->data + RTE_ETHER_HDR_LEN + IP4_CSUM_OFF, 0, 2);
	}
	for (const struct pkt *q = p->next; q != NULL; q = q->next) {
		last = last->next = mbuf_one(q);
		m->nb_segs++;
		m->pkt_len += q->len;
	}
}

static struct rte_mbuf *
mbuf_of(const struct pkt *p)
{
	struct rte_mbuf *m = mbuf_one(p);

	if ((p->flags & PKT_CUT) != 0)
		cut_ask(m, p);
	else if ((p->flags & PKT_CSUM_TCP) != 0)
		csum_ask(m, p);
	return m;
}

/* A queue that workers share is left to the one that is at it. */
static uint32_t
tx_shared(const struct dpdk_port *s, struct rte_mbuf **m, uint16_t n)
{
	rte_spinlock_t *lock = &s->dev->tx_lock[s->tx_queue];
	uint16_t sent;

	if (rte_spinlock_trylock(lock) == 0)
		return 0;
	sent = rte_eth_tx_burst(s->dev->id, s->tx_queue, m, n);
	rte_spinlock_unlock(lock);
	return sent;
}

/* A port whose other end is not there takes nothing: what is meant for it is
 * lost as on any wire. A worker that kept it would never sleep. */
static uint32_t
tx_void(struct dpdk_port *s, struct rte_mbuf **m, uint32_t n, uint64_t now_us)
{
	if (!s->dev->driver->link)
		return 0;
	if (now_us >= s->link_us) {
		s->link_us = now_us + LINK_CHECK_US;
		s->link_down = !nic_link_up();
	}
	if (!s->link_down)
		return 0;
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

static uint32_t
dpdk_tx(struct port *port, struct pkt **pkts, uint32_t n, uint64_t now_us)
{
	struct dpdk_port *s = self(port);
	struct rte_mbuf *m[PORT_BURST];
	uint32_t sent;

	if (n > PORT_BURST)
		n = PORT_BURST;
	for (uint32_t i = 0; i < n; i++)
		m[i] = mbuf_of(pkts[i]);
	/* What the driver will not cut is lost, as on any wire: it comes again in pieces. */
	if (s->dev->tx_cut > 0 && n > 0) {
		n = rte_eth_tx_prepare(s->dev->id, s->tx_queue, m, (uint16_t)n);
		if (n == 0) {
			rte_pktmbuf_free(m[0]);
			return 1;
		}
	}
	if (s->dev->tx_shared)
		sent = tx_shared(s, m, (uint16_t)n);
	else
		sent = rte_eth_tx_burst(s->dev->id, s->tx_queue, m, (uint16_t)n);
	return sent > 0 || n == 0 ? sent : tx_void(s, m, n, now_us);
}

static struct pkt *
dpdk_alloc(struct port *port)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(self(port)->pool);

	return m != NULL ? pkt_of(m) : NULL;
}

/* A chain is one for the device only once it was sent. */
static void
dpdk_free(struct port *port, struct pkt *p)
{
	(void)port;
	while (p != NULL) {
		struct pkt *next = p->next;

		rte_pktmbuf_free_seg(p->priv);
		p = next;
	}
}

static int
dpdk_wait_fd(struct port *port)
{
	return self(port)->wait_fd;
}

static void
dpdk_arm(struct port *port)
{
	const struct dpdk_port *s = self(port);

	if (s->intr)
		(void)rte_eth_dev_rx_intr_enable(s->dev->id, (uint16_t)port->queue);
}

/* An error that is left on a socket would end every wait at once. */
static void
dpdk_wake(struct port *port, bool failed)
{
	const struct dpdk_port *s = self(port);
	uint64_t count;
	int error;
	socklen_t len = sizeof(error);

	if (s->intr) {
		(void)rte_eth_dev_rx_intr_disable(s->dev->id, (uint16_t)port->queue);
		(void)!read(s->wait_fd, &count, sizeof(count));
	} else if (failed) {
		(void)getsockopt(s->wait_fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
}

static uint64_t
dpdk_next_us(struct port *port, uint64_t now_us)
{
	const struct dpdk_port *s = self(port);

	if (s->wait_fd >= 0 || !port->rx)
		return UINT64_MAX;
	return now_us + (now_us - s->heard_us < QUIET_US ? NAP_US : NAP_LONG_US);
}

static void
pools_free(struct dpdk_dev *d)
{
	for (uint32_t i = 0; i < d->workers; i++) {
		rte_mempool_free(d->port[i].pool);
		d->port[i].pool = NULL;
	}
}

static void
dpdk_close(struct port *port)
{
	struct dpdk_dev *d = self(port)->dev;

	if (--d->open > 0)
		return;
	/* What needs a right that is gone ends with the process. */
	if (d->driver->keeps && geteuid() != 0)
		return;
	(void)rte_eth_dev_stop(d->id);
	(void)rte_eth_dev_close(d->id);
	pools_free(d);
}

static const struct port_ops dpdk_ops = {
	.rx = dpdk_rx,
	.tx = dpdk_tx,
	.alloc = dpdk_alloc,
	.free = dpdk_free,
	.wait_fd = dpdk_wait_fd,
	.arm = dpdk_arm,
	.wake = dpdk_wake,
	.next_us = dpdk_next_us,
	.close = dpdk_close,
};

int
nic_open(const struct nic_config *c, struct port **ports)
{
	struct dpdk_dev *d = &device;

	memset(d, 0, sizeof(*d));
	d->workers = d->open = c->workers;
	if (dev_pools(d, c) != 0 || dev_start(d, c) != 0) {
		pools_free(d);
		return -1;
	}
	for (uint32_t i = 0; i < c->workers; i++) {
		d->port[i].port.ops = &dpdk_ops;
		ports[i] = &d->port[i].port;
	}
	return 0;
}

bool
nic_link_up(void)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(device.id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

void
nic_stop(struct port **ports, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		ports[i]->ops->close(ports[i]);
	if (device.driver == NULL || !device.driver->keeps || geteuid() == 0)
		(void)rte_eal_cleanup();
}
