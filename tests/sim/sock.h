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

/* sock_shutdown(h, s, how): SOCK_SHUT_WR: FIN follows what is queued.
 * SOCK_SHUT_RD: reads are at their end; what arrives waits for sock_close. */
#define SOCK_SHUT_RD 1u
#define SOCK_SHUT_WR 2u
int sock_shutdown(struct sock_host *h, int s, unsigned how);

/* sock_close(h, s): the number is free. What is queued is sent, then FIN; with
 * SOCK_OPT_LINGER 0 a reset instead. Unread bytes are thrown away. */
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

enum sock_option {
	/* served */
	SOCK_OPT_NODELAY,    /* 1 alone: small segments are never held back */
	SOCK_OPT_LINGER,     /* -1: off, 0: close resets; seconds are not served */
	SOCK_OPT_MAXSEG,     /* read: bytes per segment of a connection */
	SOCK_OPT_SNDBUF,     /* read: bytes, as the buffer is now: it grows with the path */
	SOCK_OPT_RCVBUF,
	SOCK_OPT_ACCEPTING,  /* read: 1 for a listener */
	/* not served: -EOPNOTSUPP in both directions */
	SOCK_OPT_CORK,
	SOCK_OPT_KEEPALIVE,
	SOCK_OPT_KEEP_IDLE_S,
	SOCK_OPT_KEEP_INTERVAL_S,
	SOCK_OPT_KEEP_COUNT,
	SOCK_OPT_USER_TIMEOUT_MS,
	SOCK_OPT_SYN_RETRIES,
	SOCK_OPT_TTL,
	SOCK_OPT_DSCP,
	SOCK_OPT_COUNT
};

/* sock_set, sock_get: -EOPNOTSUPP: the service has no such thing, or not with
 * this value; -ENOPROTOOPT: no such option; -ENOTCONN. */
int sock_set(struct sock_host *h, int s, enum sock_option o, int64_t value);
int sock_get(const struct sock_host *h, int s, enum sock_option o, int64_t *value);

/* sock_congestion(h, s, name): the algorithm by its name; -EOPNOTSUPP: another
 * one than the host's, which is for all (sock_tune_congestion). */
int sock_congestion(struct sock_host *h, int s, const char *name);

/* ---- the record of a connection ---- */

struct sock_info {
	char state[16];      /* RFC 9293's name: "ESTABLISHED" */
	uint32_t srtt_us;
	uint32_t min_rtt_us; /* 0: not known */
	uint32_t rto_us;
	uint32_t cwnd;       /* bytes */
	uint32_t ssthresh;   /* bytes */
	uint32_t in_flight;  /* bytes */
	uint32_t mss;        /* payload bytes of a segment */
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint32_t retransmits;
	uint32_t timeouts;
	uint32_t fast_retransmits;
	uint32_t reassembled; /* segments that arrived out of order */
	uint32_t dsacks_in;   /* D-SACKs of the peer */
	uint32_t reo_mult;    /* quarter round trips of the reordering window */
	uint32_t zero_windows; /* times the peer's window was found shut */
	uint32_t blocks;      /* of 2 KiB, charged to the connection */
};

/* sock_get_info: -ENOTCONN; after the end what was last true, state "CLOSED". */
int sock_get_info(const struct sock_host *h, int s, struct sock_info *info);

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
	const char *name;    /* "tcp.rto_min_us" */
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

/* sock_tune_congestion(h, name): "cubic" or "newreno" for new connections;
 * -ENOENT. */
int sock_tune_congestion(struct sock_host *h, const char *name);
const char *sock_tune_get_congestion(const struct sock_host *h);

#ifdef __cplusplus
}
#endif

#endif
