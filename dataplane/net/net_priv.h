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
#define IP_VRRP 112u         /* RFC 5798 section 5.1.1.4 */
#define TCP_MIN_SIZE 20u

#define IP6_HOP_BY_HOP 0u
#define IP6_ROUTING 43u
#define IP6_FRAGMENT 44u
#define IP6_DEST_OPTIONS 60u
#define IP6_FRAG_SIZE 8u
#define IP6_HBH_SIZE 8u      /* with a router alert and nothing more */

#define VRRP_TTL 255u        /* RFC 5798 sections 5.1.1.3, 5.1.2.3 */
#define ND_HOP_LIMIT 255u    /* RFC 4861: not forwarded */

#define NET_NEVER UINT64_MAX
#define NET_BUCKETS 1024u
#define NIL 0xffffu
#define NET_VIA_MAX 256u
#define NET_CLAIM_BUCKETS 256u

/* RFC 4861 section 10 */
#define NEIGH_RETRANS_US 1000000u    /* RETRANS_TIMER */
#define NEIGH_DELAY_US 5000000u      /* DELAY_FIRST_PROBE_TIME */
#define NEIGH_PROBES 3u              /* MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */
#define NEIGH_REACHABLE_US 30000000u /* REACHABLE_TIME */
#define NEIGH_ASK_RATE 200u          /* questions per second: R_NET_NEIGH_RATE */
#define NEIGH_ASK_BURST 64u

/* RFC 5227 section 1.1, RFC 4862 section 5.1 */
#define OWN_PROBES4 3u               /* PROBE_NUM */
#define OWN_PROBES6 1u               /* DupAddrDetectTransmits */
#define OWN_PROBE_WAIT_US 1000000u   /* PROBE_WAIT; MAX_RTR_SOLICITATION_DELAY */
#define OWN_PROBE_MIN_US 1000000u    /* PROBE_MIN */
#define OWN_PROBE_SPAN_US 1000000u   /* up to PROBE_MAX */
#define OWN_ANNOUNCE_WAIT_US 2000000u /* ANNOUNCE_WAIT */
#define OWN_DEFEND_US 10000000u      /* DEFEND_INTERVAL */
#define OWN_RETRY_US 60000000u       /* RATE_LIMIT_INTERVAL: an address that was taken */

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
	NEIGH_REACHABLE,     /* shown to be, until `due`: STALE from then on */
	NEIGH_STALE,         /* known and not used */
	NEIGH_DELAY,         /* used; TCP has until `due` to confirm it */
	NEIGH_PROBE,         /* asked by unicast; used meanwhile */
	NEIGH_STATES
};

enum neigh_event {
	NEIGH_E_USED,         /* a packet goes there */
	NEIGH_E_ANSWER_SAME,  /* an answer to us, with the MAC that we know */
	NEIGH_E_ANSWER_OTHER, /* with another one */
	NEIGH_E_SAYS_SAME,    /* the same, not asked for */
	NEIGH_E_SAYS_OTHER,
	NEIGH_E_CONFIRM,      /* a connection behind it makes progress */
	NEIGH_E_TIME,         /* `due` of DELAY has come */
	NEIGH_EVENTS
};

enum neigh_action {
	NEIGH_A_NONE,        /* nothing changes */
	NEIGH_A_GO,          /* the new state */
	NEIGH_A_ADOPT,       /* and the new MAC */
	NEIGH_A_WAIT,        /* and a time for TCP to confirm */
	NEIGH_A_ASK,         /* and a question */
	NEIGH_A_DOUBT        /* the same, where one may be asked; else nothing changes */
};

struct neigh_cell {
	uint8_t to;          /* enum neigh_state */
	uint8_t action;
};

enum own_state {
	OWN_TENTATIVE,       /* asked for, not used yet */
	OWN_OPTIMISTIC,      /* the same, used already: RFC 4429 */
	OWN_USED,
	OWN_TAKEN            /* by another station; tried again at `due` */
};

#define OWN_LINK_LOCAL NET_ADDR_MAX /* its place; the others have those of addr[] */
#define OWN_COUNT (NET_ADDR_MAX + 1u)
#define OWN_NONE UINT32_MAX

struct own {
	uint8_t state;
	uint8_t probes;      /* to be sent */
	uint8_t announces;
	uint64_t due;
	uint64_t defend_at;
};

struct neigh {
	struct net_ip ip;
	uint8_t mac[6];
	uint8_t state;
	uint8_t probes;
	uint8_t wait_count;
	bool claimed;        /* made by its own word: counted in claims[] */
	uint16_t next;       /* in the bucket; in the free list */
	uint64_t due;
	struct net_ip source; /* of ours, to ask from */
	struct pkt *wait[NET_NEIGH_WAIT];
};

struct vrrp {
	bool v4;
	uint8_t vrid;
	uint8_t priority;
	bool preempt;
	bool accept;
	uint8_t state;       /* enum vrrp_state */
	uint8_t announces;   /* still to be sent with advertisements */
	uint8_t addr_count;
	uint16_t interval;   /* centiseconds, ours */
	uint16_t master_interval; /* and the Master's */
	uint64_t due;        /* Adver_Timer of the Master, Master_Down_Timer of a Backup */
	struct net_ip addr[NET_VRRP_ADDRS];
};

struct vrrp_advert {
	uint8_t vrid;
	uint8_t priority;
	uint8_t addr_count;
	uint16_t interval;
};

/* A datagram of which not all pieces have come. The buffer holds them at their place. */
struct frag {
	struct net_ip src, dst;
	uint32_t id;
	uint8_t proto;       /* of IPv4; 0 */
	bool used;
	bool dead;           /* what comes of it is dropped */
	bool ce;             /* a piece was marked (RFC 3168 section 5.3) */
	uint8_t count;
	uint32_t total;      /* bytes; 0: the last piece has not come */
	uint32_t got;
	uint64_t since;
	uint64_t due;
	struct pkt *pkt;
	struct {
		uint16_t start, end;
	} piece[NET_FRAG_PIECES];
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
	uint32_t cut_max; /* bytes of a frame that the port cuts */
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
	bool speaks;
	enum net_dad probe4, dad6;
	struct own own[OWN_COUNT];
	uint16_t own_generation;
	uint64_t own_due;
	uint64_t face;       /* that was followed last */
	struct vrrp vrrp[NET_VRRP_MAX];
	uint32_t vrrp_count;
	uint64_t vrrp_due;
	uint8_t mld_left;    /* times that a change is still to be said */
	uint64_t mld_due;
	bool overhears;      /* the frame was answered elsewhere */
	struct bucket echo;  /* what ICMP may still send */
	struct bucket error;
	struct bucket asks;  /* questions that neighbours may still be asked */
	struct net_stats stats;
	uint64_t frag_due;
	uint32_t frag_used;
	uint32_t frag_bytes;
	struct frag frag[NET_FRAG_MAX];
	uint64_t neigh_due;  /* not later than the earliest deadline of a question */
	uint16_t neigh_used;
	uint16_t neigh_asked; /* of those, INCOMPLETE */
	uint16_t claims[NET_CLAIM_BUCKETS];
	uint16_t neigh_free;
	uint16_t neigh_fresh;
	uint16_t neigh_last; /* found last */
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
	uint8_t ecn;
	struct net_ip src;
	struct net_ip dst;
	bool frag;           /* a fragment: these say of what */
	bool frag_more;
	uint8_t frag_proto;
	uint32_t frag_off;
	uint32_t frag_id;
	uint16_t next_at;    /* where `proto` stands, for IPv6 */
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
/* The IPv6 groups that we hear, but for that of all nodes; how many. */
#define NET_GROUPS_MAX (NET_ADDR_MAX + 2u + NET_VRRP_MAX * NET_VRRP_ADDRS)
uint32_t net_groups(const struct net *n, struct net_ip groups[NET_GROUPS_MAX]);
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
void eth_push_from(struct pkt *p, const uint8_t src[6], const uint8_t dst[6], uint16_t type);
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
/* One event of the table; `mac` for those that carry one. */
void neigh_step(struct net *n, struct neigh *e, enum neigh_event event, const uint8_t *mac, uint64_t now);
void neigh_poll(struct net *n, uint64_t now);
/* neigh_fsm.c */
const struct neigh_cell *neigh_cell(enum neigh_state state, enum neigh_event event);

/* ---- own.c ---- */
/* The addresses of c; those that were there stay as they are. */
void own_set(struct net *n, const struct net_conf *c, uint64_t now);
/* The place of an address of ours, used or not, or OWN_NONE. */
uint32_t own_find(const struct net *n, const struct net_ip *ip);
bool own_used(const struct net *n, uint32_t i);
/* Another station says that it has it, or is about to. */
void own_conflict(struct net *n, uint32_t i, uint64_t now);
void own_poll(struct net *n, uint64_t now);

/* ---- vrrp.c: virtual routers; the table is in vrrp.h ---- */
int vrrp_check(const struct net_conf *c);
void vrrp_set(struct net *n, const struct net_conf *c, uint64_t now);
void vrrp_poll(struct net *n, uint64_t now);
void vrrp_announce(struct net *n, uint64_t now);
int vrrp_input(struct net *n, const struct net_frame *f, uint64_t now);
/* Where its advertisements come from. */
const struct net_ip *vrrp_primary(const struct net *n, const struct vrrp *v);
/* The one whose Master we are and that has this address, or NULL. */
const struct vrrp *vrrp_answers(const struct net *n, const struct net_ip *ip);
/* Do we take packets to it? */
bool vrrp_accepts(const struct net *n, const struct net_ip *ip);
bool vrrp_frame_to_us(const struct net *n, const uint8_t mac[6]);
/* The MAC that ARP and ND say an address of ours has. */
void net_mac_of(const struct net *n, const struct net_ip *own, uint8_t mac[6]);
/* vrrp_pkt.c */
void vrrp_mac(const struct vrrp *v, uint8_t mac[6]);
bool vrrp_group(const struct net_ip *dst);
void vrrp_send(struct net *n, const struct vrrp *v, uint8_t priority);
/* 0, or -R_NET_VRRP. */
int vrrp_read(const struct net_frame *f, struct vrrp_advert *a);

/* ---- mld.c ---- */
/* Our groups have changed. */
void mld_start(struct net *n, uint64_t now);
void mld_poll(struct net *n, uint64_t now);
int mld_input(struct net *n, const struct net_frame *f, uint64_t now);
/* Does it begin with the options that such messages carry? */
bool mld_head(const struct net_frame *f);

/* ---- arp.c, nd.c, icmp.c ---- */
int arp_input(struct net *n, const uint8_t *p, uint32_t len, bool to_us, uint64_t now);
/* Asks for `ip`; `mac` NULL asks everybody. */
void arp_request(struct net *n, const struct net_ip *ip, const struct net_ip *src, const uint8_t *mac);
void arp_announce(struct net *n, const struct net_ip *own);
void arp_probe(struct net *n, const struct net_ip *own);
int nd_input(struct net *n, const struct net_frame *f, uint64_t now);
void nd_request(struct net *n, const struct net_ip *ip, const struct net_ip *src, const uint8_t *mac);
void nd_announce(struct net *n, const struct net_ip *own);
void nd_probe(struct net *n, const struct net_ip *own);
int icmp4_input(struct net *n, const struct net_frame *f, uint64_t now);
int icmp6_input(struct net *n, const struct net_frame *f, uint64_t now);

/* ---- ip6.c ---- */
struct ip6_chain {
	uint8_t proto;       /* what comes behind the extension headers, */
	uint32_t off;        /* where, from the IP header on, */
	uint32_t next_at;    /* and where that is said */
	uint32_t frag_at;    /* the fragment header; 0: none, or of an atomic fragment */
	uint32_t frag_off;
	uint32_t frag_id;
	bool frag_more;
	bool atomic;
	uint32_t options;
	const struct icmp_say *say; /* with an error: what the sender is told, or NULL, */
	uint32_t say_at;     /* and of what */
};

/* ip6_walk(c, ip, len): through the extension headers of a packet of `len` bytes, at
 * least an IPv6 header. 0 or -R_NET_*. */
int ip6_walk(struct ip6_chain *c, const uint8_t *ip, uint32_t len);

/* ---- frag.c ---- */
/* 2: with this piece a datagram is whole: *whole is its frame, the caller's. */
int frag_input(struct net *n, const struct net_frame *f, struct pkt **whole, uint64_t now);
void frag_poll(struct net *n, uint64_t now);

/* ---- icmp_out.c ---- */
/* One token, if there is one. */
bool bucket_take(struct bucket *b, uint32_t rate, uint32_t burst, uint64_t now);
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
