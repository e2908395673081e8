#include "drivers/nic/dpdk_fd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#define DPDK_RX_RING 512u
#define DPDK_RX_RING_TAP 8u /* net_tap reads it as scatter segments per packet */
#define DPDK_TX_RING 512u
#define DPDK_CACHE 256u

struct dpdk_port {
	struct port port;
	struct rte_mempool *pool;
	uint16_t id;
	int wait_fd;
};

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
	struct rte_mbuf *m[PORT_BURST];
	uint32_t got, done = 0;

	(void)now_us;
	if (n > PORT_BURST)
		n = PORT_BURST;
	got = rte_eth_rx_burst(self(port)->id, 0, m, (uint16_t)n);
	for (uint32_t i = 0; i < got; i++) {
		if (m[i]->nb_segs > 1 && rte_pktmbuf_linearize(m[i]) != 0) {
			rte_pktmbuf_free(m[i]);
			continue;
		}
		pkts[done] = pkt_of(m[i]);
		if (csum_good(m[i]))
			pkts[done]->flags |= PKT_CSUM_GOOD;
		done++;
	}
	return done;
}

static struct rte_mbuf *
mbuf_of(struct pkt *p)
{
	struct rte_mbuf *m = p->priv;

	m->data_off = (uint16_t)(p->data - p->head);
	m->data_len = (uint16_t)p->len;
	m->pkt_len = p->len;
	m->nb_segs = 1;
	m->ol_flags = 0;
	return m;
}

static uint32_t
dpdk_tx(struct port *port, struct pkt **pkts, uint32_t n, uint64_t now_us)
{
	struct rte_mbuf *m[PORT_BURST];

	(void)now_us;
	if (n > PORT_BURST)
		n = PORT_BURST;
	for (uint32_t i = 0; i < n; i++)
		m[i] = mbuf_of(pkts[i]);
	return rte_eth_tx_burst(self(port)->id, 0, m, (uint16_t)n);
}

static struct pkt *
dpdk_alloc(struct port *port)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(self(port)->pool);

	return m != NULL ? pkt_of(m) : NULL;
}

static void
dpdk_free(struct port *port, struct pkt *p)
{
	(void)port;
	rte_pktmbuf_free(p->priv);
}

static int
dpdk_wait_fd(struct port *port)
{
	return self(port)->wait_fd;
}

static uint64_t
dpdk_next_us(struct port *port)
{
	(void)port;
	return UINT64_MAX;
}

static void
dpdk_close(struct port *port)
{
	struct dpdk_port *s = self(port);

	(void)rte_eth_dev_stop(s->id);
	(void)rte_eth_dev_close(s->id);
	rte_mempool_free(s->pool);
	free(s);
}

static const struct port_ops dpdk_ops = {
	.rx = dpdk_rx,
	.tx = dpdk_tx,
	.alloc = dpdk_alloc,
	.free = dpdk_free,
	.wait_fd = dpdk_wait_fd,
	.next_us = dpdk_next_us,
	.close = dpdk_close,
};

/* Room for a whole frame behind the headroom, never below the 2048 bytes of a
 * packet ring's frame: that driver copies without asking. */
static uint16_t
data_room(uint16_t mtu)
{
	uint32_t room = mtu + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;

	if (room < RTE_MBUF_DEFAULT_DATAROOM)
		room = RTE_MBUF_DEFAULT_DATAROOM;
	return (uint16_t)(PKT_HEADROOM + RTE_ALIGN_CEIL(room, 64u));
}

static struct rte_mempool *
pool_make(const struct nic_config *c)
{
	const uint16_t priv = RTE_ALIGN_CEIL(sizeof(struct pkt), RTE_MBUF_PRIV_ALIGN);

	return rte_pktmbuf_pool_create("postern", c->pkt_count, DPDK_CACHE, priv,
	    data_room(c->mtu), (int)rte_socket_id());
}

static bool
is_tap(const struct rte_eth_dev_info *info)
{
	return strcmp(info->driver_name, "net_tap") == 0;
}

static int
port_configure(struct dpdk_port *s, const struct nic_config *c)
{
	struct rte_eth_conf conf = { .rxmode = { .mtu = c->mtu } };
	struct rte_eth_dev_info info;
	uint16_t rx, tx = DPDK_TX_RING;
	int err;

	if ((err = rte_eth_dev_info_get(s->id, &info)) != 0)
		return err;
	conf.rxmode.offloads = info.rx_offload_capa &
	    (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM);
	if ((err = rte_eth_dev_configure(s->id, 1, 1, &conf)) != 0)
		return err;
	rx = is_tap(&info) ? DPDK_RX_RING_TAP : DPDK_RX_RING;
	if ((err = rte_eth_dev_adjust_nb_rx_tx_desc(s->id, &rx, &tx)) != 0)
		return err;
	if ((err = rte_eth_rx_queue_setup(s->id, 0, rx, rte_socket_id(), NULL, s->pool)) != 0)
		return err;
	if ((err = rte_eth_tx_queue_setup(s->id, 0, tx, rte_socket_id(), NULL)) != 0)
		return err;
	return rte_eth_dev_start(s->id);
}

/* Neighbour discovery needs group frames. Where a driver has no switch for
 * them and no socket of its own that could ask, it must take everything. */
static void
want_groups(const struct dpdk_port *s)
{
	if (rte_eth_allmulticast_enable(s->id) != 0 && s->wait_fd < 0)
		(void)rte_eth_promiscuous_enable(s->id);
}

static int
port_facts(struct dpdk_port *s, const struct nic_config *c)
{
	struct rte_ether_addr mac;
	int err = rte_eth_macaddr_get(s->id, &mac);

	if (err != 0)
		return err;
	memcpy(s->port.mac, mac.addr_bytes, sizeof(s->port.mac));
	s->port.mtu = c->mtu;
	s->port.frame_max = c->mtu + (uint32_t)RTE_ETHER_HDR_LEN;
	return 0;
}

struct port *
nic_open(const struct nic_config *c)
{
	struct dpdk_port *s = calloc(1, sizeof(*s));
	int err;

	if (s == NULL)
		return NULL;
	s->port.ops = &dpdk_ops;
	s->id = (uint16_t)rte_eth_find_next_owned_by(0, RTE_ETH_DEV_NO_OWNER);
	if (s->id >= RTE_MAX_ETHPORTS) {
		fprintf(stderr, "no port: the driver named by --nic did not find its device\n");
		goto fail;
	}
	s->pool = pool_make(c);
	if (s->pool == NULL) {
		fprintf(stderr, "no memory for %u packet buffers: %s\n", c->pkt_count,
		    rte_strerror(rte_errno));
		goto fail;
	}
	err = port_configure(s, c);
	if (err == 0)
		err = port_facts(s, c);
	if (err != 0) {
		fprintf(stderr, "the port cannot be started: %s\n", rte_strerror(-err));
		goto fail_pool;
	}
	s->wait_fd = fd_find_packet();
	want_groups(s);
	return &s->port;

fail_pool:
	rte_mempool_free(s->pool);
fail:
	free(s);
	return NULL;
}

void
nic_stop(struct port *port)
{
	port->ops->close(port);
	(void)rte_eal_cleanup();
}
