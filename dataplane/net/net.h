/*
 * Addresses, neighbours and headers of one port: bytes to segments and back.
 *
 * Receive: net_parse checks one frame's headers once and says what it is;
 * ARP, neighbour discovery and ICMP are answered here, TCP goes to the caller.
 * Send: net_output_tcp cuts payload into segments, puts headers in front of each,
 * asks the neighbour table for the address, and hands the frames to `send`.
 *
 * No clock, no port, no allocation: packets come from and go to the callbacks.
 */
#ifndef POSTERN_NET_H
#define POSTERN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/wire/reason.h"
#include "dataplane/mem/fifo.h"
#include "drivers/nic/pkt.h"

#define NET_ADDR_MAX 16u    /* own addresses per port */
#define NET_ROUTE_MAX 32u   /* routes, the defaults among them */
#define NET_NEIGH_MAX 1024u /* neighbour entries */
#define NET_NEIGH_WAIT 4u   /* packets that wait for one neighbour */
#define NET_NEIGH_ASKED_MAX 256u /* of them, entries that wait for a first answer */
#define NET_NEIGH_PER_MAC 64u    /* entries that a station made by asking us */

#define NET_VRRP_MAX 8u          /* virtual routers */
#define NET_VRRP_ADDRS 8u        /* and addresses of each */
#define VRRP_INTERVAL_MAX 4095u  /* centiseconds: RFC 5798 section 5.2.7 */

/* How often each own address is announced, and how far apart: RFC 5227 section 1.1
 * (ANNOUNCE_NUM, ANNOUNCE_INTERVAL), RFC 4861 section 10
 * (MAX_NEIGHBOR_ADVERTISEMENT, RETRANS_TIMER). */
#define NET_ANNOUNCE4 2u
#define NET_ANNOUNCE4_US 2000000u
#define NET_ANNOUNCE6 3u
#define NET_ANNOUNCE6_US 1000000u

/* Datagrams in pieces. The memory is the port's packet buffers, counted whole. */
#define NET_FRAG_MAX 64u
#define NET_FRAG_BYTES (256u * 1024u)       /* of all: beyond it the oldest goes */
#define NET_FRAG_SOURCE_BYTES (32u * 1024u) /* of one IPv4 address or IPv6 /64: as well */
#define NET_FRAG_PIECES 64u  /* of one datagram */
#define NET_FRAG_US4 30000000u /* until it is given up */
#define NET_FRAG_US6 60000000u /* RFC 8200 section 4.5 */

#define NET_EXT_MAX 8u       /* IPv6 extension headers of a packet */
#define NET_EXT_OPTIONS_MAX 8u /* options in them, padding aside */

#define ICMP_ECHO_RATE 1000u         /* echo replies per second */
#define ICMP_ECHO_BURST 100u
#define ICMP_ERROR_RATE 100u         /* errors per second: RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 (f) */
#define ICMP_ERROR_BURST 20u

struct net_addr {
	uint8_t family;    /* 4 or 6 */
	uint8_t prefix;    /* length in bits */
	uint8_t b[16];     /* the first 4 for IPv4 */
};

/* An ICMP error about one of our TCP segments, as it quotes it: addresses as IPv6
 * or v4-mapped, numbers in host order. */
struct net_error {
	uint8_t local[16];
	uint8_t remote[16];
	uint16_t local_port;
	uint16_t remote_port;
	uint32_t seq;
	int reason;      /* what it says: R_TCP_ICMP_* */
	bool hard;
	bool too_big;    /* the packet was too big for the path; */
	uint16_t mtu;    /* so many bytes go through: 0: not said */
	uint16_t size;   /* bytes of the packet, as quoted */
};

/* What is not on the link of an address: the longest prefix wins, among equal
 * ones the first. A default route has prefix length 0. */
struct net_route {
	struct net_addr to;  /* bits behind the prefix do not count */
	uint8_t gateway[16]; /* of the same family, on a link of ours; the first 4 for IPv4 */
};

/* A virtual router that we take part in: RFC 5798 section 6.1. */
struct net_vrrp {
	uint8_t family;      /* 4 or 6 */
	uint8_t vrid;        /* 1 to 255 */
	uint8_t priority;    /* 1 to 254; 255 is whose own the addresses are */
	uint8_t addr_count;
	bool preempt;
	bool accept;         /* packets to the addresses are taken, not ARP and ND alone */
	uint16_t interval;   /* centiseconds between advertisements */
	uint8_t addr[NET_VRRP_ADDRS][16];
};

/* Whether an address is asked for before others' packets may come to it. */
enum net_dad {
	NET_DAD_OFF,
	NET_DAD_OPTIMISTIC, /* while it is used: RFC 4429; IPv6 alone */
	NET_DAD_FIRST
};

struct net_conf {
	struct net_addr addr[NET_ADDR_MAX];
	uint32_t addr_count;
	struct net_route route[NET_ROUTE_MAX];
	uint32_t route_count;
	bool speaks;    /* it announces, asks for and defends our addresses; one worker of a
	                 * port does, the others follow */
	enum net_dad probe4; /* RFC 5227 */
	enum net_dad dad6;   /* RFC 4862 section 5.4 */
	struct net_vrrp vrrp[NET_VRRP_MAX];
	uint32_t vrrp_count;
	bool to_sender; /* connections answer to the MAC that they hear their peer from */
};

struct net_ops {
	struct pkt *(*alloc)(void *owner);
	/* Takes the frame in every case. */
	void (*send)(void *owner, struct pkt *);
	void (*free)(void *owner, struct pkt *);
	void (*drop)(void *owner, int reason);
	/* An ICMP error that quotes one of our TCP segments; borrowed for the call.
	 * Nobody has shown yet that the segment exists. */
	void (*tcp_error)(void *owner, const struct net_error *);
};

struct net;

size_t net_size(void);
/* net_init(mem, ...): in zeroed caller memory of net_size bytes. A link-local
 * IPv6 address is made from the MAC; `secret` keys the neighbour hash. */
struct net *net_init(void *mem, const uint8_t mac[6], uint16_t mtu, const struct net_ops *ops,
    void *owner, const uint8_t secret[16]);

/* net_offload(n, tx_csum, cut_max): whether the port completes TCP checksums, and the
 * longest frame that it cuts into segments, 0 for none; neither at first. */
void net_offload(struct net *n, bool tx_csum, uint32_t cut_max);

/* net_configure: replace own addresses and routes; 0, or -R_LIMIT and everything is
 * as it was. Who speaks announces each address that was not there before. */
int net_configure(struct net *n, const struct net_conf *c, uint64_t now);

/* net_source(n, remote, local): the address of ours that a connection to `remote`
 * begins from (RFC 6724 section 5, rules 1, 2 and 8): 0, or -R_NET_NO_ROUTE when
 * none of its family is there or nothing leads to it. */
int net_source(const struct net *n, const uint8_t remote[16], uint8_t local[16]);

/* What net_input found: the TCP part of a frame, verified. Addresses v4-mapped. */
struct net_tcp {
	uint8_t local[16];
	uint8_t remote[16];
	const uint8_t *segment; /* TCP header and payload */
	uint32_t len;
	uint8_t ecn;            /* of the IP header: RFC 3168 section 5 */
	uint8_t via;            /* where it came from, for net_output_tcp; 0 without to_sender */
	struct pkt *whole;      /* see net_input */
};

/*
 * net_input(n, p, out, now): look at a frame. 1: `out` is a TCP segment for one
 * of our addresses with a good checksum, borrowing from p. 2: p was the last piece of
 * a datagram: out->whole, which is the caller's, is the frame that it would have been
 * in one piece, to be looked at like any other. 0: dealt with or dropped (counted).
 * The packet stays the caller's in all cases.
 */
int net_input(struct net *n, struct pkt *p, struct net_tcp *out, uint64_t now);

/* net_clear(n): datagrams that are not whole give their buffers back. */
void net_clear(struct net *n);

/* net_overhear(n, p, now): a frame that another worker of this port received and
 * deals with: where a neighbour is, as ARP or neighbour discovery says, is learned,
 * and nothing is answered. The packet stays the caller's. */
void net_overhear(struct net *n, struct pkt *p, uint64_t now);

#define NET_HOP_LIMIT 64u

struct net_mark {
	uint8_t hop_limit;   /* TTL; 0: NET_HOP_LIMIT */
	uint8_t traffic;     /* type of service, traffic class: DSCP and ECN (RFC 2474, 3168) */
	uint8_t via;         /* net_tcp.via of a segment of the connection; 0: by its route */
};

/* A stretch of TCP payload that becomes segments. */
struct net_run {
	const uint8_t *local;    /* addresses, v4-mapped */
	const uint8_t *remote;
	const struct fifo *from;
	struct fifo_pos at;      /* where the payload begins in it */
	uint32_t len;            /* bytes of payload; 0 is one segment without */
	uint32_t mss;            /* bytes of it in a segment, at most */
	struct net_mark mark;
};

/* net_packet(n): an empty packet for net_output_tcp, or NULL, which is counted. */
struct pkt *net_packet(struct net *n);

/*
 * net_output_tcp(n, p, r, now): p holds a TCP header with options and a zero
 * checksum, as the run would have it if it were one segment. Cut it into segments,
 * each with its checksum and its TCP, IP and Ethernet headers, resolve the neighbour
 * and send or queue. Takes p, which carries the first. 0: all went out. The bytes of
 * payload that did, whole segments, when there were no packets for the rest; -R_NET_*:
 * what did not go out is lost.
 */
int net_output_tcp(struct net *n, struct pkt *p, const struct net_run *r, uint64_t now);

/* What was answered and refused, since the start. */
struct net_stats {
	uint64_t echoes;         /* echo requests answered */
	uint64_t errors_in;      /* ICMP errors about our segments */
	uint64_t errors_out;     /* and ones that we sent */
	uint64_t frags_in;       /* fragments for us */
	uint64_t frags_whole;    /* datagrams put together */
	uint64_t neigh_asked;    /* questions for neighbours */
	uint64_t neigh_doubted;  /* of them, because somebody else claimed an address in use */
	uint64_t neigh_confirmed; /* times that a connection's progress was taken for an answer */
	uint64_t own_probes;     /* questions for our own addresses */
	uint64_t announced;      /* gratuitous ARP and unsolicited advertisements */
	uint64_t duplicates;     /* frames of others that claim an address of ours */
	uint64_t defended;       /* and announcements that answered them */
	uint64_t mld_reports;
	uint64_t vrrp_in;        /* advertisements of our virtual routers */
	uint64_t vrrp_out;
	uint64_t vrrp_master;    /* times that we became Master, */
	uint64_t vrrp_left;      /* and ceased to be */
};
void net_get_stats(const struct net *n, struct net_stats *st);

/* net_announce(n, now): our addresses are to be announced once more: frames go another
 * way now than the link knows. */
void net_announce(struct net *n, uint64_t now);

/* net_shutdown(n, now): the Master of a virtual router says that it goes. */
void net_shutdown(struct net *n, uint64_t now);

/* net_face(n): which own addresses are in use, and which virtual routers' Master we are, for net_follow of the other workers of
 * the port: it changes seldom. They must have been configured as often, and alike. */
uint64_t net_face(const struct net *n);
void net_follow(struct net *n, uint64_t face);

/* net_confirm(n, remote, now): a connection to `remote` makes progress, so whom it is
 * sent to can be reached (RFC 4861 section 7.3.1). Not for every segment. */
void net_confirm(struct net *n, const uint8_t remote[16], uint64_t now);

/* net_doubt(n, remote, now): a connection to `remote` makes none: whom it is sent to is
 * reachable no longer until that is shown again (RFC 9293 MUST-20 (b)). */
void net_doubt(struct net *n, const uint8_t remote[16], uint64_t now);

/* Entries of the neighbour table, and of those who have not answered yet. */
struct net_load {
	uint32_t neighbours;
	uint32_t asked;
	uint32_t virtual_routers; /* that we take part in, */
	uint32_t masters;         /* and as their Master */
	uint32_t frags;      /* datagrams in pieces */
	uint32_t frag_bytes; /* that they hold */
};
struct net_load net_get_load(const struct net *n);

/* net_poll / net_next: neighbour timers, as tcp_poll / tcp_next. */
void net_poll(struct net *n, uint64_t now);
uint64_t net_next(const struct net *n, uint64_t now);

#endif
