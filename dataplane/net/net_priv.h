/*
 * What the files of this room share.
 *
 * A frame is cut once, in parse.c, into struct net_frame; what follows reads
 * that. Addresses are 16 bytes everywhere, IPv4 ones v4-mapped.
 */
#ifndef POSTERN_NET_PRIV_H
#define POSTERN_NET_PRIV_H

#include <string.h>

#include "dataplane/net/net.h"

#define ETH_SIZE 14u
#define ETH_IP4 0x0800u
#define ETH_ARP 0x0806u
#define ETH_IP6 0x86ddu

#define IP4_SIZE 20u
#define IP6_SIZE 40u
#define IP_ICMP 1u
#define IP_TCP 6u
#define IP_UDP 17u
#define IP_ICMP6 58u
#define IP_NONE 59u
#define TCP_MIN_SIZE 20u

#define ND_HOP_LIMIT 255u    /* RFC 4861: not forwarded */

#define NET_NEVER UINT64_MAX
#define NET_BUCKETS 1024u
#define NIL 0xffffu
#define NET_VIA_MAX 256u

#define NEIGH_PROBE_US 1000000u      /* RFC 4861 RETRANS_TIMER */
#define NEIGH_PROBES 3u              /* MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */
#define NEIGH_REACHABLE_US 30000000u /* REACHABLE_TIME */

#define ICMP_ECHO_RATE 1000u         /* echo replies per second */
#define ICMP_ECHO_BURST 100u
#define ICMP_ERROR_RATE 100u         /* errors per second: RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 (f) */
#define ICMP_ERROR_BURST 20u

struct net_ip {
	uint8_t b[16];
};

struct route {
	struct net_ip to;
	uint32_t bits;       /* of `to` that count; IPv4 has 96 in front */
	struct net_ip gateway;
};

enum neigh_state {
	NEIGH_FREE,
	NEIGH_INCOMPLETE,    /* asked by broadcast; packets wait */
	NEIGH_REACHABLE,     /* until `due`; then it is asked when it is used */
	NEIGH_PROBE          /* asked by unicast; used meanwhile */
};

struct neigh {
	struct net_ip ip;
	uint8_t mac[6];
	uint8_t state;
	uint8_t probes;
	uint8_t wait_count;
	uint16_t next;       /* in the bucket; in the free list */
	uint64_t due;
	struct net_ip source; /* of ours, to ask from */
	struct pkt *wait[NET_NEIGH_WAIT];
};

/* Tokens that come back with time. */
struct bucket {
	uint32_t tokens;
	uint64_t at;
};

struct net {
	uint8_t mac[6];
	uint16_t mtu;
	bool tx_csum; /* the port completes TCP checksums */
	struct net_ops ops;
	void *owner;
	uint8_t key[16];
	struct net_ip link_local;
	struct net_addr addr[NET_ADDR_MAX];
	struct net_ip addr_ip[NET_ADDR_MAX];
	uint32_t addr_count;
	struct route route[NET_ROUTE_MAX]; /* the longest prefix first */
	uint32_t route_count;
	bool to_sender;
	uint8_t via_hand;    /* the next of via_mac to be given up */
	uint8_t via_mac[NET_VIA_MAX][6]; /* 0 is none; multicast: free */
	bool overhears;      /* the frame was answered elsewhere */
	struct bucket echo;  /* what ICMP may still send */
	struct bucket error;
	struct net_stats stats;
	uint64_t neigh_due;  /* not later than the earliest deadline of a question */
	uint16_t neigh_free;
	uint16_t neigh_fresh;
	uint16_t neigh_hand; /* where the search for something to give up goes on */
	uint16_t buckets[NET_BUCKETS];
	struct neigh neigh[NET_NEIGH_MAX];
};

/* An IP packet for one of our addresses. */
struct net_frame {
	const uint8_t *eth_src;
	bool to_us;          /* the frame came to our own MAC */
	bool csum_good;
	uint8_t proto;
	uint8_t hop_limit;
	struct net_ip src;
	struct net_ip dst;
	const uint8_t *ip;   /* the IP header */
	const uint8_t *data; /* behind it */
	uint32_t len;
};

/* ---- addr.c ---- */
bool ip_is_v4(const struct net_ip *ip);
struct net_ip ip_v4(const uint8_t b[4]);
struct net_ip ip_v6(const uint8_t b[16]);
bool ip_eq(const struct net_ip *a, const struct net_ip *b);
bool ip_multicast(const struct net_ip *ip);
bool ip_unspecified(const struct net_ip *ip);
bool ip_link_local(const struct net_ip *ip);
/* May a packet come from there? */
bool ip_source_good(const struct net *n, const struct net_ip *ip);
bool net_owns(const struct net *n, const struct net_ip *ip);
struct net_ip ip_solicited(const struct net_ip *ip);
/* Are we in this IPv6 multicast group? */
bool net_joined(const struct net *n, const struct net_ip *group);
void mac_of_group(uint8_t mac[6], const struct net_ip *group);
struct net_ip link_local_of(const uint8_t mac[6]);

/* ---- csum.c: RFC 1071; sums are kept unfolded ---- */
uint64_t csum_add(uint64_t sum, const void *data, size_t len);
/* The same, word by word: for headers. */
uint64_t csum_add_slow(uint64_t sum, const uint8_t *data, size_t len);
uint16_t csum_fold(uint64_t sum);
/* Copies the next `len` bytes of a queue, moves `at` behind them, and returns their
 * sum, as csum_add on dst would; 0 with `copy_only`. */
uint64_t csum_copy(uint8_t *dst, const struct fifo *from, struct fifo_pos *at, uint32_t len,
    bool copy_only);
/* The pseudo headers of RFC 9293 section 3.1 and RFC 8200 section 8.1. */
uint64_t csum_pseudo(const struct net_ip *src, const struct net_ip *dst, uint8_t proto, uint32_t len);

/* ---- build.c ---- */
/* A packet with `len` bytes of room behind space for headers, or NULL. */
struct pkt *net_alloc(struct net *n, uint32_t len);
/* Counts the reason and frees the packet: -reason. */
int net_refuse(struct net *n, struct pkt *p, int reason);
void eth_push(struct net *n, struct pkt *p, const uint8_t dst[6], uint16_t type);
/* Puts an IP header in front; ip_push: of no class of traffic. */
void ip_push_mark(struct pkt *p, const struct net_ip *src, const struct net_ip *dst, uint8_t proto,
    struct net_mark mark);
void ip_push(struct pkt *p, const struct net_ip *src, const struct net_ip *dst, uint8_t proto,
    uint8_t hop_limit);

/* ---- route.c ---- */
/* 0 and the address to ask the neighbour table for, or -R_NET_NO_ROUTE. */
int route_next_hop(const struct net *n, const struct net_ip *dst, struct net_ip *hop);
bool route_on_link(const struct net *n, const struct net_ip *dst);
/* route_set(n, c): the routes of c; 0 or -R_LIMIT. */
int route_set(struct net *n, const struct net_conf *c);
/* Do the first `bits` of both agree? */
bool ip_prefix(const struct net_ip *a, const struct net_ip *b, uint32_t bits);
struct net_ip ip_of(uint8_t family, const uint8_t *b);

/* ---- via.c: where segments come from ---- */
uint8_t via_of(struct net *n, const uint8_t mac[6]);
/* NULL: by its route. */
const uint8_t *via_mac(const struct net *n, uint8_t via);
void via_clear(struct net *n);

/* ---- neigh.c ---- */
void neigh_init(struct net *n);
/* Sends an IP packet to a next hop, now or when its address is known. Takes p. */
int neigh_send(struct net *n, struct pkt *p, const struct net_ip *hop, const struct net_ip *src,
    uint64_t now);
/* The address of a next hop, if packets can go there now; NULL: neigh_send. */
const uint8_t *neigh_ready(struct net *n, const struct net_ip *hop, const struct net_ip *src,
    uint64_t now);
/* `ip` says that it has this MAC. `solicited`: as an answer to us; `create`: we
 * are about to talk to it. */
void neigh_learn(struct net *n, const struct net_ip *ip, const uint8_t mac[6], bool solicited,
    bool create, uint64_t now);

/* ---- arp.c, nd.c, icmp.c ---- */
int arp_input(struct net *n, const uint8_t *p, uint32_t len, bool to_us, uint64_t now);
/* Asks for `ip`; `mac` NULL asks everybody. */
void arp_request(struct net *n, const struct net_ip *ip, const struct net_ip *src, const uint8_t *mac);
void arp_announce(struct net *n, const struct net_ip *own);
int nd_input(struct net *n, const struct net_frame *f, uint64_t now);
void nd_request(struct net *n, const struct net_ip *ip, const struct net_ip *src, const uint8_t *mac);
void nd_announce(struct net *n, const struct net_ip *own);
int icmp4_input(struct net *n, const struct net_frame *f, uint64_t now);
int icmp6_input(struct net *n, const struct net_frame *f, uint64_t now);

/* ---- icmp_out.c ---- */
/* What an error of ours says: type and code of either family, and the last word of
 * the head. */
struct icmp_say {
	uint8_t type4, code4;
	uint8_t type6, code6;
	uint32_t word;
};
extern const struct icmp_say icmp_no_port, icmp_no_proto;
void icmp_out_init(struct net *n, uint64_t now);
int icmp_echo(struct net *n, const struct net_frame *f, uint8_t type, uint64_t now);
/* An error about what was received: where one is due, as often as the rate allows. */
void icmp_error(struct net *n, const struct net_frame *f, const struct icmp_say *say, uint64_t now);

#endif
