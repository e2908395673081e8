/*
 * A struct net with callbacks that record, and frames built field by field.
 *
 * We are 10.0.0.1/24 and fd00::1/64 behind 02:00:00:00:00:01; the gateways are
 * .254 and fd00::fe; the neighbour is 10.0.0.2 and fd00::2 with ..:02.
 */
#ifndef POSTERN_TEST_NET_RIG_H
#define POSTERN_TEST_NET_RIG_H

#include "dataplane/net/net_priv.h"
#include "tests/lib/suite.h"

#define SENT_MAX 64u
#define BUF_SIZE 2048u

struct rig {
	struct net *net;
	struct net_conf conf; /* as it was started with */
	struct pkt pkts[SENT_MAX];
	uint8_t bufs[SENT_MAX][BUF_SIZE];
	bool busy[SENT_MAX];
	struct pkt *sent[SENT_MAX];
	uint32_t sent_count;
	uint32_t drops[REASON_MAX];
	uint32_t errors;
	struct net_error error;
	bool no_pkt;
	/* the frame that is put in */
	struct pkt in;
	uint8_t in_buf[BUF_SIZE];
	struct net_tcp tcp;
	uint64_t now;
};

extern struct rig rig;
extern const uint8_t mac_us[6], mac_peer[6], mac_other[6], mac_all[6];
extern const uint8_t us4[4], peer4[4], us6[16], peer6[16];

/* rig_start: not the one that speaks for its port; _with: as configured. */
void rig_start(void);
void rig_start_with(const struct net_conf *c);
void rig_stop(void);
/* Gives the sent frames back. */
void rig_clear(void);
/* What net_input gave. */
void rig_free(struct pkt *p);
/* Frames in use by net, waiting for a neighbour. */
uint32_t rig_busy(void);

/* Build a frame: eth, then an IP header with `len` bytes of payload. */
void rig_eth(const uint8_t dst[6], const uint8_t src[6], uint16_t type);
void rig_add(const void *data, size_t len);
void rig_ip4(const uint8_t src[4], const uint8_t dst[4], uint8_t proto, size_t payload);
void rig_ip6(const uint8_t src[16], const uint8_t dst[16], uint8_t proto, uint8_t hop, size_t payload);
/* Fills the checksum of a TCP or ICMPv6 payload at data + off. */
void rig_sum(size_t start, size_t field, const struct net_ip *src, const struct net_ip *dst,
    uint8_t proto);
/* A whole TCP frame with 4 bytes of payload, good in every way. */
void rig_tcp4(void);
void rig_tcp6(void);
void rig_arp(uint16_t op, const uint8_t sha[6], const uint8_t spa[4], const uint8_t tpa[4],
    const uint8_t dst[6]);
void rig_nd(uint8_t type, uint32_t flags, const uint8_t src[16], const uint8_t dst[16],
    const uint8_t target[16], const uint8_t *mac, const uint8_t eth_dst[6]);
int rig_input(void);
/* Sends 20 bytes of TCP header with a port in front. */
int rig_output(const struct net_ip *local, const struct net_ip *remote, uint16_t mark);

#endif
