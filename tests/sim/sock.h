/*
 * Sockets on a host in virtual time, without a device, a thread or a privilege.
 *
 * A host is the service's own TCP and IP with a clock that its owner moves. A
 * program opens sockets on it, and carries whole IP packets in and out:
 *
 *   sock_inject   a packet arrives, now or later
 *   sock_take     the next packet that was sent, and when
 *   sock_advance  time passes: timers fire, packets that are due arrive
 *   sock_next     when there is something to do
 *
 * Time is in microseconds and begins at struct sock_conf's `start`. What a call
 * causes is done when it returns: a packet that follows from sock_write can be
 * taken at once. The same calls with the same seed give the same packets.
 *
 * Not carried: Ethernet, ARP, neighbour discovery. Every neighbour is known;
 * packets of neighbour discovery are taken in and never given out.
 *
 * Errors: negative numbers of <errno.h>. Nothing ever waits: -EAGAIN.
 * Memory: the host's, freed with it. Thread: one per host.
 *
 * Link with libpostern-sim.a (`make build/libpostern-sim.a`) and nothing else.
 */
#ifndef POSTERN_SIM_SOCK_H
#define POSTERN_SIM_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOCK_NEVER UINT64_MAX

struct sock_host;

struct sock_addr {
	uint8_t family;      /* 4 or 6; 0 in sock_bind: any of the host's */
	uint8_t b[16];       /* the first 4 for IPv4 */
	uint16_t port;       /* host order */
};

struct sock_conf {
	uint8_t addr4[4];    /* 0.0.0.0: no IPv4 */
	uint8_t prefix4;     /* 0: 24 */
	uint8_t addr6[16];   /* ::: none but the link-local one */
	uint8_t prefix6;     /* 0: 64 */
	uint16_t mtu;        /* 0: 1500; 576 to 9216, 1280 or more with IPv6 */
	uint64_t seed;       /* sequence numbers, ports, timestamps follow from it */
	uint64_t start;      /* us: what the clock says at first */
	uint32_t sockets;    /* 0: 1024 */
	uint32_t blocks;     /* of 2 KiB, for all buffers together; 0: 8192 */
};

/* sock_host_new(c): NULL when c makes no sense or memory is out. */
struct sock_host *sock_host_new(const struct sock_conf *c);
void sock_host_free(struct sock_host *h); /* NULL allowed */

/* ---- time and packets ---- */

uint64_t sock_now(const struct sock_host *h);

/* sock_advance(h, to): 0; -EINVAL for a time that is over. */
int sock_advance(struct sock_host *h, uint64_t to);

/* sock_next(h): when sock_advance has something to do next; SOCK_NEVER. */
uint64_t sock_next(const struct sock_host *h);

/* sock_inject(h, packet, len, at): an IP packet, copied, arrives when the clock
 * says `at`, behind those that arrive at the same time. 0; -EINVAL for a time
 * that is over; -EMSGSIZE for 0 or more than 65535 bytes; -ENOMEM. What is wrong
 * with the packet is counted by the host (sock_drops), not told here. */
int sock_inject(struct sock_host *h, const void *packet, size_t len, uint64_t at);

/* sock_take(h, buf, size, at): the oldest packet that was sent and not taken
 * yet: its length; *at (may be NULL) is when it was sent. -EAGAIN: none.
 * -EMSGSIZE: `size` is too small, the packet stays. */
int sock_take(struct sock_host *h, void *buf, size_t size, uint64_t *at);

/* sock_drops(h, name): how often a reason of the service ("TCP_CSUM",
 * "NET_NOT_OURS") was counted; NULL: all of them. -ENOENT. */
int64_t sock_drops(const struct sock_host *h, const char *name);

/* ---- sockets: small numbers, from 0 ---- */

/* sock_open(h, family): 4 or 6. -EAFNOSUPPORT, -EMFILE. */
int sock_open(struct sock_host *h, int family);

/* sock_bind(h, s, a): to an address of the host or, all zero, to any; port 0:
 * one is chosen. -EADDRNOTAVAIL, -EADDRINUSE, -EINVAL: bound already. */
int sock_bind(struct sock_host *h, int s, const struct sock_addr *a);

/* sock_listen(h, s, backlog): connections that nobody accepted yet, at most;
 * those beyond are reset. A SYN for an address that the listener is not bound
 * to is answered, and reset afterwards. -EINVAL: connected or connecting;
 * -ENOBUFS: too many listeners. */
int sock_listen(struct sock_host *h, int s, int backlog);

/* sock_accept(h, s, peer): a socket; *peer (may be NULL) is who. -EAGAIN;
 * -EINVAL: does not listen; -EMFILE. */
int sock_accept(struct sock_host *h, int s, struct sock_addr *peer);

/* sock_connect(h, s, to): -EINPROGRESS, then writable or an error (sock_poll,
 * sock_error). -EALREADY, -EISCONN, -EAFNOSUPPORT, -EADDRINUSE: the four-tuple,
 * -EADDRNOTAVAIL: no port or no own address, -ENETUNREACH, -ENOBUFS, -EINVAL. */
int sock_connect(struct sock_host *h, int s, const struct sock_addr *to);

/* sock_read, sock_peek: bytes, 0 at the end of what the peer sent; what came
 * before a reset is read before the error is told. -EAGAIN, -ENOTCONN, the
 * pending error. */
int64_t sock_read(struct sock_host *h, int s, void *buf, size_t len);
int64_t sock_peek(struct sock_host *h, int s, void *buf, size_t len);

/* sock_write(h, s, data, len): how many bytes were queued. -EAGAIN, -ENOTCONN,
 * -EPIPE: after shutdown or an error that was told. */
int64_t sock_write(struct sock_host *h, int s, const void *data, size_t len);

/* sock_write_more: as well, and more is to come: a segment that is not full waits for
 * the next sock_write, or 200 ms. */
int64_t sock_write_more(struct sock_host *h, int s, const void *data, size_t len);

/* sock_shutdown(h, s, how): SOCK_SHUT_WR: FIN follows what is queued.
 * SOCK_SHUT_RD: a read that finds nothing tells the end, now and later. */
#define SOCK_SHUT_RD 1u
#define SOCK_SHUT_WR 2u
int sock_shutdown(struct sock_host *h, int s, unsigned how);

/* sock_close(h, s): the number is free. What is queued is sent, then FIN; with
 * SOCK_OPT_LINGER 0, or when there are unread bytes (RFC 9293 SHLD-3), a reset
 * instead; with more seconds a reset if it is not over by then. */
int sock_close(struct sock_host *h, int s);

#define SOCK_IN 0x01u    /* bytes, the end, an error, or somebody to accept */
#define SOCK_OUT 0x02u   /* room, or an error */
#define SOCK_ERR 0x04u   /* an error is pending */
#define SOCK_RDHUP 0x08u /* the peer will send no more */
#define SOCK_HUP 0x10u   /* over in both directions */
/* sock_poll(h, s): SOCK_* bits that hold now, or -EBADF. */
int sock_poll(const struct sock_host *h, int s);

/* sock_error(h, s): the pending error as a negative number, which is forgotten
 * by this; 0; -EBADF. */
int sock_error(struct sock_host *h, int s);

/* sock_local, sock_peer: -ENOTCONN. */
int sock_local(const struct sock_host *h, int s, struct sock_addr *a);
int sock_peer(const struct sock_host *h, int s, struct sock_addr *a);

/* ---- options of a socket ---- */

/* Set at any time unless said otherwise; what a listener accepts has its listener's
 * from the SYN on. Reading gives what is in effect. */
enum sock_option {
	SOCK_OPT_NODELAY,    /* 0: small segments wait for each other (Nagle); tcp.nagle. Setting
	                      * 1 lets out what SOCK_OPT_CORK holds back */
	SOCK_OPT_CORK,       /* 1: segments that are not full wait, for 200 ms at most */
	SOCK_OPT_LINGER,     /* seconds after sock_close until what is left is reset; 0: at
	                      * once; -1: never */
	SOCK_OPT_MAXSEG,     /* bytes, from 256; offered, and sent at most. Before a connection
	                      * (-EISCONN); of one: payload of its segments, options taken off */
	SOCK_OPT_SNDBUF,     /* bytes, from 2048, exactly; unset: grows with the path */
	SOCK_OPT_RCVBUF,     /* as well; of a connection: what the window may be now. Set before
	                      * the SYN, that has the window scale for it and no more */
	SOCK_OPT_KEEPALIVE,  /* 0 or 1 */
	SOCK_OPT_KEEP_IDLE_S, /* silence before the first probe */
	SOCK_OPT_KEEP_INTERVAL_S, /* and between probes */
	SOCK_OPT_KEEP_COUNT, /* probes without an answer: 1 to 255 */
	SOCK_OPT_USER_TIMEOUT_MS, /* how long anything waits for its acknowledgement, instead of
	                      * tcp.retries; 0: off */
	SOCK_OPT_SYN_RETRIES, /* of SYN, of a listener of SYN-ACK: 0 to 255 */
	SOCK_OPT_TTL,        /* or hop limit: 1 to 255; -1: the host's, 64 */
	SOCK_OPT_DSCP,       /* 0 to 63 */
	SOCK_OPT_ACCEPTING,  /* read: 1 for a listener */
	SOCK_OPT_COUNT
};

/* sock_set, sock_get: -EINVAL: not with this value; -ENOPROTOOPT: no such option, or
 * not to be set; -EISCONN; -ENOBUFS: more different sets than tcp.settings. */
int sock_set(struct sock_host *h, int s, enum sock_option o, int64_t value);
int sock_get(const struct sock_host *h, int s, enum sock_option o, int64_t *value);

/* sock_congestion(h, s, name): the algorithm of this socket, at any time: the window
 * stays. -ENOENT: no such name. sock_get_info tells it. */
int sock_congestion(struct sock_host *h, int s, const char *name);

/* ---- the record of a connection ---- */

/* Names in brackets are those of Linux's struct tcp_info. It grows at its end. */
struct sock_info {
	char state[16];      /* RFC 9293's name: "ESTABLISHED" */
	uint32_t srtt_us;    /* [rtt] */
	uint32_t min_rtt_us; /* 0: not known */
	uint32_t rto_us;
	uint32_t cwnd;       /* bytes */
	uint32_t ssthresh;   /* bytes; UINT32_MAX: the initial slow start */
	uint32_t in_flight;  /* bytes; a FIN is one */
	uint32_t mss;        /* payload bytes of a segment [snd_mss] */
	uint64_t bytes_in;   /* payload in order [bytes_received] */
	uint64_t bytes_out;  /* payload acknowledged [bytes_acked] */
	uint32_t retransmits; /* segments sent again [total_retrans] */
	uint32_t timeouts;
	uint32_t fast_retransmits;
	uint32_t reassembled; /* segments that arrived out of order [rcv_ooopack] */
	uint32_t dsacks_in;   /* D-SACKs of the peer [dsack_dups] */
	uint32_t reo_mult;    /* quarter round trips of the reordering window */
	uint32_t zero_windows; /* times the peer's window was found shut */
	uint32_t blocks;      /* of 2 KiB, charged to the connection */

	uint32_t ca_state;   /* 0 open, 1 disorder, 2 reduced by ECN, 3 recovery, 4 loss */
	uint32_t options;    /* 1 timestamps, 2 SACK, 4 window scale, 8 ECN, 16 ECN seen */
	uint32_t snd_wscale; /* shift of the windows that the peer tells */
	uint32_t rcv_wscale; /* and of ours */
	uint32_t timeouts_now; /* in a row, of the oldest byte [retransmits] */
	uint32_t probes_now; /* of a shut window or of keepalive, not answered [probes] */
	uint32_t backoff;    /* doublings of the running timer */

	uint32_t rttvar_us;  /* RFC 6298's RTTVAR [rttvar] */
	uint32_t ato_us;     /* how long an acknowledgement may wait */
	uint32_t rcv_rtt_us; /* as the receiver sees it; 0: not known */
	uint32_t user_timeout_ms; /* 0: off */
	uint32_t last_data_sent_ms; /* ago; UINT32_MAX: never */
	uint32_t last_data_recv_ms;
	uint32_t last_ack_recv_ms; /* any acceptable segment */
	uint32_t waiting_ms; /* since the oldest outstanding byte was sent or the last
	                      * progress; 0: nothing is outstanding */

	/* segments of `mss` bytes, rounded up; the window down */
	uint32_t cwnd_segs;  /* [snd_cwnd] */
	uint32_t ssthresh_segs; /* 0x7fffffff: the initial slow start [snd_ssthresh] */
	uint32_t unacked_segs; /* of in_flight [unacked] */
	uint32_t sacked_segs; /* of held [sacked] */
	uint32_t lost_segs;  /* of lost [lost] */
	uint32_t again_segs; /* of again [retrans] */

	/* bytes */
	uint32_t advmss;     /* offered in our SYN */
	uint32_t rcv_mss;    /* largest payload that came; 0: none yet */
	uint32_t pmtu;       /* of an IP packet to the peer */
	uint32_t snd_wnd;    /* offered by the peer, scaled */
	uint32_t rcv_wnd;    /* offered by us now */
	uint32_t snd_buf;    /* what may be queued, sent and unsent, as the buffer is now */
	uint32_t rcv_buf;    /* what may be offered, as the buffer is now [rcv_space] */
	uint32_t unsent;     /* queued behind what is in flight [notsent_bytes] */
	uint32_t unread;     /* readable */
	uint32_t held;       /* in flight, and the peer has it out of order */
	uint32_t lost;       /* in flight, to be sent again */
	uint32_t again;      /* in flight, sent again and under way */
	uint64_t pacing_rate; /* per second; UINT64_MAX: not paced */

	uint32_t segs_in;    /* modulo 2^32 */
	uint32_t segs_out;
	uint32_t reordered;  /* 1: the path has changed the order of segments */
	char congestion[16]; /* "cubic" */
};

/* sock_get_info: -ENOTCONN; after the end what was last true, state "CLOSED". A
 * library that is newer than the caller's header fills what that one knows; an older
 * one leaves zeros at the end. */
int sock_get_info_sized(const struct sock_host *h, int s, struct sock_info *info, size_t size);
static inline int
sock_get_info(const struct sock_host *h, int s, struct sock_info *info)
{
	return sock_get_info_sized(h, s, info, sizeof(*info));
}

struct sock_totals {
	uint32_t connections; /* with a block, half-open ones included */
	uint32_t half_open;
	uint32_t time_wait;
	uint32_t blocks_used;
	uint64_t retransmits;
};
void sock_get_totals(const struct sock_host *h, struct sock_totals *t);

/* ---- tunables of the host ---- */

struct sock_tune {
	const char *name;    /* "tcp.rto_min_ms" */
	const char *unit;
	int64_t value;       /* in sock_tune_at: now */
	int64_t initial;     /* with this MTU */
	int64_t min;
	int64_t max;
	bool fixed;          /* only before the first socket or packet */
};

/* sock_tune_at(h, i, t): row i, from 0; -ENOENT behind the last. */
int sock_tune_at(const struct sock_host *h, unsigned i, struct sock_tune *t);

/* sock_tune_get, sock_tune_set: -ENOENT: no such name; -ERANGE; -EBUSY: fixed by
 * now. Connections take what holds when they are made or when they look. */
int sock_tune_get(const struct sock_host *h, const char *name, int64_t *value);
int sock_tune_set(struct sock_host *h, const char *name, int64_t value);

/* "tcp.syn_options" is the order of the options of SYN and SYN-ACK: their kinds as
 * hexadecimal digits. 0x2483: MSS, SACK-permitted, timestamps, window scale. */

/* sock_tune_congestion(h, name): "cubic" or "newreno" for new connections;
 * -ENOENT. */
int sock_tune_congestion(struct sock_host *h, const char *name);
const char *sock_tune_get_congestion(const struct sock_host *h);

#ifdef __cplusplus
}
#endif

#endif
