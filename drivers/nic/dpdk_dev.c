#include "drivers/nic/dpdk_dev.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_eth_bond.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "drivers/nic/dpdk_fd.h"
#include "drivers/nic/iface.h"

#define RING_DEFAULT 512u
#define POOL_CACHE 256u
#define BOND_LOOK_US 50000u /* how often a bond's links are looked at */

#define RSS_WANTED (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | \
	RTE_ETH_RSS_NONFRAG_IPV6_TCP)
#define RX_CSUM (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)
#define TX_CSUM RTE_ETH_TX_OFFLOAD_TCP_CKSUM
#define TX_CUT (TX_CSUM | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO | \
	RTE_ETH_TX_OFFLOAD_MULTI_SEGS)
#define CUT_MAX 65535u

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t
queues_wanted(const struct nic_config *c, const struct nic_driver *d)
{
	uint32_t want = least(c->workers, d->queue_max);

	return c->queue_max != 0 ? least(want, c->queue_max) : want;
}

/* Frames that the kernel's interface gives to a queue which nobody reads would
 * be lost to us. */
int
dev_queues(const struct nic_config *c, const struct nic_driver *d)
{
	uint32_t want = queues_wanted(c, d);
	char name[NIC_DEVICE_MAX];
	int queues, pairs;

	if (!d->channels)
		return (int)want;
	nic_device_name(c->device, name, sizeof(name));
	queues = iface_queues(name, &pairs);
	want = least(want, (uint32_t)pairs);
	if ((uint32_t)queues > want && strstr(c->device, "start_queue=") == NULL) {
		fprintf(stderr, "%s receives on %d queues, %u can be served: ethtool -L %s %s %u\n", name,
		    queues, want, name, pairs > 1 ? "combined" : "rx 1 tx", want);
		return -1;
	}
	return (int)want;
}

/* Room for a whole frame behind the headroom, never below what a packet ring's frame
 * holds: that driver copies without asking. */
uint16_t
pool_room(uint16_t mtu)
{
	uint32_t room = mtu + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;

	if (room < nic_frame_room(mtu))
		room = nic_frame_room(mtu);
	return (uint16_t)(PKT_HEADROOM + RTE_ALIGN_CEIL(room, 64u));
}

/* Without huge pages an object may lie across two pages, or each would have one
 * of its own: nothing below looks at physical addresses then. */
static struct rte_mempool *
pool_make(const struct nic_config *c, uint32_t worker)
{
	const uint16_t priv = RTE_ALIGN_CEIL(sizeof(struct pkt), RTE_MBUF_PRIV_ALIGN);
	struct rte_pktmbuf_pool_private room = { .mbuf_data_room_size = pool_room(c->mtu),
		.mbuf_priv_size = priv };
	unsigned size = (unsigned)sizeof(struct rte_mbuf) + priv + room.mbuf_data_room_size;
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *p;

	snprintf(name, sizeof(name), "worker%u", worker);
	p = rte_mempool_create_empty(name, c->pkt_count, size, POOL_CACHE, sizeof(room),
	    (int)rte_socket_id(), c->huge ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (p == NULL)
		return NULL;
	rte_pktmbuf_pool_init(p, &room);
	if (rte_mempool_populate_default(p) < 0) {
		rte_mempool_free(p);
		return NULL;
	}
	(void)rte_mempool_obj_iter(p, rte_pktmbuf_init, NULL);
	return p;
}

int
dev_pools(struct dpdk_dev *d, const struct nic_config *c)
{
	for (uint32_t i = 0; i < c->workers; i++) {
		d->port[i].pool = pool_make(c, i);
		if (d->port[i].pool == NULL) {
			fprintf(stderr, "no memory for %u packet buffers: %s\n", c->pkt_count,
			    rte_strerror(rte_errno));
			return -1;
		}
	}
	return 0;
}

/* net_af_xdp gives the kernel as many bytes from the first object on as there are
 * objects, without the gaps that keep them from lying across two pages. An object
 * behind that end would block its queue: it is taken out of use. */
static int
pool_trim(struct rte_mempool *p)
{
	const struct rte_mempool_memhdr *memory = STAILQ_FIRST(&p->mem_list);
	size_t size = p->header_size + p->elt_size + p->trailer_size;
	const char *end = (const char *)memory->addr + p->populated_size * size;
	void **all = calloc(p->populated_size, sizeof(*all));
	uint32_t n = 0;

	if (all == NULL)
		return -1;
	while (n < p->populated_size && rte_mempool_get(p, &all[n]) == 0)
		n++;
	for (uint32_t i = 0; i < n; i++)
		if ((const char *)all[i] - p->header_size + size <= end)
			rte_mempool_put(p, all[i]);
	free(all);
	return 0;
}

/* An XDP socket has one piece of memory. 0, or -1 with a line on stderr. */
static int
pools_fit(const struct dpdk_dev *d)
{
	for (uint32_t i = 0; d->driver->channels && i < d->workers; i++) {
		struct rte_mempool *p = d->port[i].pool;

		if (p->nb_mem_chunks != 1 || pool_trim(p) != 0) {
			fprintf(stderr, "packet memory is in %u pieces, an XDP socket needs one\n",
			    p->nb_mem_chunks);
			return -1;
		}
	}
	return 0;
}

/* A frame that is cut has as many packets as the device takes. */
static uint32_t
cut_max(const struct nic_config *c, const struct rte_eth_dev_info *info)
{
	uint32_t room = pool_room(c->mtu) - PKT_HEADROOM;
	uint32_t packets = info->tx_desc_lim.nb_seg_max;

	return packets == 0 || packets > CUT_MAX / room ? CUT_MAX : packets * room;
}

/* What the device offers, and of it what is used. */
static void
conf_fill(struct dpdk_dev *d, const struct nic_config *c, const struct rte_eth_dev_info *info,
    struct rte_eth_conf *conf)
{
	uint32_t want = queues_wanted(c, d->driver);
	uint64_t rss = info->flow_type_rss_offloads & RSS_WANTED;
	bool pci = d->driver->vdev == NULL;

	d->rx_queues = (uint16_t)least(want, info->max_rx_queues);
	d->tx_queues = (uint16_t)least(want, info->max_tx_queues);
	/* Virtual devices pair their queues and spread by a rule of their own. */
	if (!pci)
		d->rx_queues = d->tx_queues = (uint16_t)least(d->rx_queues, d->tx_queues);
	else if (rss == 0)
		d->rx_queues = 1;
	if (!d->driver->blind)
		conf->rxmode.offloads = info->rx_offload_capa & RX_CSUM;
	conf->txmode.offloads = info->tx_offload_capa & TX_CSUM;
	/* A virtual device cuts in software, and net_tap neither full segments nor IPv6. */
	if (pci && (info->tx_offload_capa & TX_CUT) == TX_CUT)
		conf->txmode.offloads = TX_CUT;
	d->rx_csum = conf->rxmode.offloads == RX_CSUM;
	d->tx_csum = (conf->txmode.offloads & TX_CSUM) != 0;
	d->tx_cut = conf->txmode.offloads == TX_CUT ? cut_max(c, info) : 0;
	conf->intr_conf.rxq = d->driver->wait == NIC_WAIT_INTR;
	if (pci && d->rx_queues > 1) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf = rss;
	}
}

static uint16_t
mtu_of(const struct dpdk_dev *d, const struct nic_config *c, const struct rte_eth_dev_info *info)
{
	char name[NIC_DEVICE_MAX];
	uint32_t mtu = c->mtu;

	if (info->max_mtu != 0)
		mtu = least(mtu, info->max_mtu);
	if (d->driver->mtu_max != 0)
		mtu = least(mtu, d->driver->mtu_max);
	if (d->driver->kernel) {
		int below;

		nic_device_name(c->device, name, sizeof(name));
		below = iface_mtu(name);
		if (below > 0)
			mtu = least(mtu, (uint32_t)below);
	}
	return (uint16_t)mtu;
}

/* net_af_packet says that it has room for 1518 bytes, and has what its ring was told; it
 * looks at no MTU. */
static uint16_t
mtu_told(const struct dpdk_dev *d, const struct rte_eth_dev_info *info, uint16_t mtu)
{
	uint32_t most = info->max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN;

	return d->driver->ring && mtu > most ? (uint16_t)most : mtu;
}

static uint16_t
ring_of(uint16_t row, uint16_t recommended)
{
	if (row != 0)
		return row;
	return recommended != 0 ? recommended : RING_DEFAULT;
}

static int
queues_setup(const struct dpdk_dev *d, const struct rte_eth_dev_info *info)
{
	uint16_t rx = ring_of(d->below->rx_ring, info->default_rxportconf.ring_size);
	uint16_t tx = ring_of(d->below->tx_ring, info->default_txportconf.ring_size);
	int err = rte_eth_dev_adjust_nb_rx_tx_desc(d->id, &rx, &tx);

	for (uint16_t q = 0; err == 0 && q < d->rx_queues; q++)
		err = rte_eth_rx_queue_setup(d->id, q, rx, rte_socket_id(), NULL, d->port[q].pool);
	for (uint16_t q = 0; err == 0 && q < d->tx_queues; q++)
		err = rte_eth_tx_queue_setup(d->id, q, tx, rte_socket_id(), NULL);
	return err;
}

static int
configure_with(struct dpdk_dev *d, const struct rte_eth_conf *conf, const struct rte_eth_dev_info *info)
{
	int err = rte_eth_dev_configure(d->id, d->rx_queues, d->tx_queues, conf);

	if (err == 0)
		err = queues_setup(d, info);
	return err != 0 ? err : rte_eth_dev_start(d->id);
}

/* A device that refuses receive interrupts is started without. */
static int
dev_configure(struct dpdk_dev *d, const struct nic_config *c, uint16_t *mtu)
{
	struct rte_eth_conf conf = { .rxmode = { .mtu = 0 } };
	struct rte_eth_dev_info info;
	int err = rte_eth_dev_info_get(d->id, &info);

	if (err != 0)
		return err;
	conf_fill(d, c, &info, &conf);
	*mtu = mtu_of(d, c, &info);
	conf.rxmode.mtu = mtu_told(d, &info, *mtu);
	err = configure_with(d, &conf, &info);
	if (err != 0 && conf.intr_conf.rxq != 0) {
		conf.intr_conf.rxq = 0;
		err = configure_with(d, &conf, &info);
	}
	return err;
}

static int
wait_fd_of(const struct dpdk_dev *d, uint16_t queue)
{
	switch (d->driver->wait) {
	case NIC_WAIT_SOCKET:
		return fd_find_packet(queue);
	case NIC_WAIT_INTR:
		return rte_eth_dev_rx_intr_ctl_q_get_fd(d->id, queue);
	default:
		return -1;
	}
}

/* The address that the device has; one of our own where it has none. */
static void
mac_of(const struct dpdk_dev *d, const struct nic_config *c, uint8_t mac[6])
{
	struct rte_ether_addr at;

	if (rte_eth_macaddr_get(d->id, &at) != 0 || rte_is_zero_ether_addr(&at)) {
		nic_device_mac(c->device, mac);
		return;
	}
	memcpy(mac, at.addr_bytes, 6);
	if (d->below->twin)
		mac[5] ^= 1u;
}

static void
port_facts(struct dpdk_dev *d, uint32_t worker, uint16_t mtu, const uint8_t mac[6])
{
	struct dpdk_port *s = &d->port[worker];

	s->dev = d;
	memcpy(s->port.mac, mac, 6);
	s->port.mtu = mtu;
	s->port.frame_max = mtu + (uint32_t)RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;
	s->port.queue = worker;
	s->port.rx = worker < d->rx_queues;
	s->port.tx_csum = d->tx_csum;
	s->port.cut_max = d->tx_cut;
	s->port.spread = d->rx_queues > 1 ? d->driver->spread : PORT_SPREAD_NONE;
	s->tx_queue = (uint16_t)(worker % d->tx_queues);
	s->wait_fd = s->port.rx ? wait_fd_of(d, (uint16_t)worker) : -1;
	s->intr = s->wait_fd >= 0 && fd_is_event(s->wait_fd);
	if (s->wait_fd >= 0)
		fd_hush(s->wait_fd);
	rte_spinlock_init(&d->tx_lock[worker]);
}

/* Neighbour discovery needs group frames. Where a driver has no switch for
 * them and no socket of its own that could ask, it must take everything; so it
 * must where our address is not the one that it knows. */
static void
want_groups(const struct dpdk_dev *d, const struct nic_config *c)
{
	bool asked = rte_eth_allmulticast_enable(d->id) == 0 || d->port[0].wait_fd >= 0;

	if (c->promiscuous && fd_promiscuous(d->port[0].wait_fd))
		return;
	if (c->promiscuous || !asked || d->below->twin)
		(void)rte_eth_promiscuous_enable(d->id);
}

static uint16_t
device_find(const struct dpdk_dev *d)
{
	uint16_t id;

	if (!d->driver->members)
		return (uint16_t)rte_eth_find_next_owned_by(0, RTE_ETH_DEV_NO_OWNER);
	return rte_eth_dev_get_port_by_name(d->driver->vdev, &id) == 0 ? id : RTE_MAX_ETHPORTS;
}

static bool
link_is_up(uint16_t id)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

/* The driver of bonds moves to another member when the one that sends tells that its
 * link has gone; net_tap knows that and does not tell. Every port but the bond is a
 * member. */
static void
member_choose(const struct dpdk_dev *d)
{
	int primary = rte_eth_bond_primary_get(d->id);
	uint16_t id;

	if (primary < 0 || link_is_up((uint16_t)primary))
		return;
	RTE_ETH_FOREACH_DEV(id) {
		if (id != d->id && link_is_up(id) && rte_eth_bond_primary_set(d->id, id) == 0)
			return;
	}
}

bool
dev_look(struct dpdk_dev *d, uint64_t now_us)
{
	int primary;

	if (now_us < d->bond_us)
		return false;
	d->bond_us = now_us + BOND_LOOK_US;
	if (rte_eth_bond_mode_get(d->id) == BONDING_MODE_ACTIVE_BACKUP)
		member_choose(d);
	primary = rte_eth_bond_primary_get(d->id);
	if (primary < 0 || primary == d->primary)
		return false;
	d->primary = (uint16_t)primary;
	return true;
}

static const struct nic_driver *
driver_below(const struct nic_config *c, const struct nic_driver *d)
{
	char member[NIC_DEVICE_MAX];
	const char *wrong;

	return d != NULL && d->members && nic_member(c->device, 0, member, sizeof(member)) ?
	    nic_driver_of(member, &wrong) : d;
}

int
dev_start(struct dpdk_dev *d, const struct nic_config *c)
{
	const char *wrong;
	uint8_t mac[6];
	uint16_t mtu;
	int err;

	d->driver = nic_driver_of(c->device, &wrong);
	d->below = driver_below(c, d->driver);
	d->id = d->driver != NULL ? device_find(d) : RTE_MAX_ETHPORTS;
	if (d->below == NULL || d->id >= RTE_MAX_ETHPORTS) {
		fprintf(stderr, "no port: %s was not found by its driver\n", c->device);
		return -1;
	}
	if (pools_fit(d) != 0)
		return -1;
	err = dev_configure(d, c, &mtu);
	if (err != 0) {
		fprintf(stderr, "the port %s cannot be started: %s\n", c->device, rte_strerror(-err));
		return -1;
	}
	d->tx_shared = d->tx_queues < d->workers;
	mac_of(d, c, mac);
	for (uint32_t i = 0; i < d->workers; i++)
		port_facts(d, i, mtu, mac);
	if (d->driver->members)
		d->primary = (uint16_t)rte_eth_bond_primary_get(d->id);
	want_groups(d, c);
	return 0;
}
