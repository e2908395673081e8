/*
 * TCP (RFC 9293) without a clock, a port or an allocator.
 *
 * A `struct tcp_stack` holds the connections of one worker in memory that its
 * owner gave it. Everything that happens is a call with `now` in microseconds:
 *
 *   tcp_input      a parsed segment arrived
 *   tcp_poll       timers fire and what is due goes out
 *   tcp_next       when tcp_poll must be called again
 *
 * and everything it wants is a call of struct tcp_ops. Events are told once per
 * change; the owner reads and writes with tcp_peek/tcp_take and tcp_put.
 *
 * In memory: received bytes in order, received bytes out of order, and bytes
 * sent but not acknowledged are kept in blocks of the worker's pool
 * (mem/pool.h, mem/fifo.h), each charged whole to its connection.
 *
 * Thread: one per stack. Errors: -R_TCP_*.
 */
#ifndef POSTERN_TCP_H
#define POSTERN_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/wire/reason.h"
#include "dataplane/mem/fifo.h"
#include "dataplane/tcp/tcp_info.h"

/* An address: IPv4 ones as ::ffff:a.b.c.d, so that one table serves both. */
struct tcp_addr {
	uint8_t b[16];
};

struct tcp_tuple {
	struct tcp_addr local;
	struct tcp_addr remote;
	uint16_t local_port;   /* host order */
	uint16_t remote_port;
};

/* A received segment, checksum verified, fields in host order. `options` and
 * `data` are borrowed for the call. */
struct tcp_seg {
	struct tcp_tuple tuple;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;         /* TCP_FIN .. */
	uint16_t window;       /* as on the wire */
	uint16_t urgent;
	uint8_t ecn;           /* TCP_ECN_*, of the IP header */
	uint8_t via;           /* the owner's: answers to it carry it too */
	const uint8_t *options;
	uint32_t options_len;
	const uint8_t *data;
	uint32_t data_len;
};

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_RST 0x04u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u
#define TCP_URG 0x20u
#define TCP_ECE 0x40u      /* RFC 3168 section 6.1 */
#define TCP_CWR 0x80u

/* RFC 3168 section 5 */
#define TCP_ECN_NONE 0u
#define TCP_ECN_ECT1 1u
#define TCP_ECN_ECT0 2u
#define TCP_ECN_CE 3u
#define TCP_ECN_MASK 3u

/* What to send: one segment, or a run of them that differ in nothing but what
 * follows from their place: the owner cuts it (tcp_wire.h, net/segment.c) and
 * builds the packets. Payload is read from a queue, borrowed for the call. */
struct tcp_seg_out {
	struct tcp_tuple tuple;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	uint16_t window;
	uint8_t via;           /* of the segment that came last; 0: none did */
	uint32_t options_len;  /* multiple of 4 */
	const struct fifo *from;
	struct fifo_pos at;    /* of the first byte in it */
	uint32_t len;          /* bytes of payload */
	uint32_t mss;          /* and of one segment at most, where len > 0 */
	uint8_t hop_limit;     /* TTL: RFC 9293 MUST-49; 0: the network's own */
	uint8_t traffic;       /* DSCP in the upper six bits (MUST-48), ECN below */
	bool fresh;            /* new data or a new connection: others have the last packet buffers */
	uint8_t options[40];   /* last: what is before them is zero unless said (tcp_emit_init) */
};

#define TCP_EV_CONNECTED 0x01u /* active open completed */
#define TCP_EV_READABLE 0x02u  /* tcp_readable grew */
#define TCP_EV_EOF 0x04u       /* peer's FIN was reached, after all data */
#define TCP_EV_WRITABLE 0x08u  /* tcp_room grew after it had been too small: tcp_want_room */
#define TCP_EV_CLOSED 0x10u    /* gone: the handle is dead when this returns */
#define TCP_EV_DOUBT 0x20u     /* R1: the same segment was sent again and again */
#define TCP_EV_HELD 0x40u      /* of a guest: bytes out of order were kept */

struct tcp;

struct tcp_ops {
	/* Send a segment or a run of them. 0: all. The bytes of payload that went
	 * out, whole segments, when there were no packets for the rest. -R_NET_NO_PKT
	 * or -R_NET_TX_FULL when there was none at all: the stack tries again with
	 * the next tcp_poll; any other -R_* counts as a loss on the way. */
	int (*emit)(void *owner, const struct tcp_seg_out *);
	/* A passive open completed (the third segment arrived). Set the user
	 * pointer with tcp_set_user. Non-zero refuses: RST is sent. Inside it the
	 * handle may be written to, but not aborted. */
	int (*accept)(void *owner, struct tcp *, uint64_t now);
	/* TCP_EV_* set; `reason` is with CLOSED, 0 for an orderly end. */
	void (*event)(void *owner, struct tcp *, unsigned events, int reason, uint64_t now);
	/* Count a reason. */
	void (*drop)(void *owner, int reason);
};

struct tcp_config {
	uint32_t conn_max;       /* connections, half-open included */
	uint32_t half_open_max;
	uint32_t half_open_source; /* of one IPv4 address or IPv6 /64, before cookies */
	uint32_t cookie_at;      /* half open: from here on SYN cookies; > half_open_max: never */
	uint32_t timewait_max;
	uint32_t rcv_buf;        /* bytes per connection: window offered, at most */
	uint32_t snd_buf;        /* bytes per connection: unacknowledged and unsent, at most */
	uint32_t rcv_buf_init;   /* bytes: both begin with so much, where that is less */
	uint32_t snd_buf_init;
	uint32_t growth_max;     /* bytes by which the buffers of all connections may have
	                          * grown; half the pool, where that is less */
	uint32_t reasm_max;      /* bytes of blocks per connection out of order */
	uint32_t rto_min_us;     /* 200 ms: a documented deviation from RFC 6298 2.4 */
	uint32_t rto_init_us;    /* before the first measurement: RFC 6298 (2.1) */
	uint32_t delack_us;      /* RFC 9293 section 3.8.6.3: at most 500 ms */
	uint32_t doubt_retries;  /* R1 (RFC 9293 MUST-20): TCP_EV_DOUBT is told */
	uint32_t retries;        /* R2 for established connections */
	uint32_t connect_retries; /* R2 for SYN: with back-off three minutes (MUST-23) */
	uint32_t syn_retries;    /* E2: at most two SYN-ACK retries */
	uint32_t timewait_us;    /* 2 MSL */
	uint32_t challenge_max;  /* challenge ACKs per second of all connections, on average */
	uint32_t finwait2_us;
	uint32_t orphan_max;     /* connections that go on after tcp_close */
	uint32_t keepalive;      /* 1: on (MUST-25: off) */
	uint32_t keep_idle_ms;   /* silence before the first probe: two hours (MUST-28) */
	uint32_t keep_interval_ms; /* between probes */
	uint32_t keep_count;     /* probes without an answer */
	uint32_t user_timeout_ms; /* 0: off; RFC 5482 */
	uint32_t persist_ms;     /* a window stays shut so long, probes answered; 0: for ever */
	uint32_t persist_low_ms; /* and while the pool is nearly empty (RFC 6429) */
	uint32_t nagle;          /* 1: small segments wait for each other */
	uint32_t own_max;        /* different sets of settings of single connections */
	uint32_t shed_idle_us;   /* shedding: who holds blocks and is idle for less is never ended */
	uint32_t clock_us;       /* steps of `now`: no reordering window is smaller */
	uint32_t rack;           /* 1: losses by time, RFC 8985; 0: by count, RFC 6675 */
	uint32_t sack;           /* 1: SACK-permitted is offered and taken (RFC 2018) */
	uint32_t timestamps;     /* 1: as well (RFC 7323 section 3) */
	uint32_t window_scale;   /* 1: as well (RFC 7323 section 2) */
	uint32_t ecn;            /* RFC 3168: 0 off, 1 asked for, 2 only agreed to */
	uint32_t syn_options;    /* their order, kinds as hexadecimal digits: 0x2483 */
	uint32_t pacing;         /* 1: a window leaves in parts, over its round trip */
	uint32_t quick_acks;     /* first data segments that are acknowledged at once */
	uint32_t run_segs;       /* segments that are emitted together */
	uint32_t path_entries;   /* destinations whose path MTU is remembered */
	uint32_t path_age_us;    /* for so long; then larger packets are tried: RFC 8201 section 4 */
	uint32_t path_timeouts;  /* of full segments, in a row: a black hole; 0: never */
	uint32_t path_probes;    /* of one size that may be lost (RFC 8899 MAX_PROBES); 0: no search */
	uint32_t path_min4;      /* no IPv4 path is believed to carry less, bytes of a packet */
	uint32_t initial_window; /* segments; 0: as RFC 6928 says */
	const char *cc;          /* congestion control: "cubic", "newreno" */
	uint16_t mss4;           /* from the port's MTU */
	uint16_t mss6;
};

/* tcp_config_default(c, mtu): every default in one place. */
void tcp_config_default(struct tcp_config *c, uint16_t mtu);

/* Settings of one connection. TCP_HOST: as struct tcp_config says. */
#define TCP_HOST UINT32_MAX
struct tcp_own {
	uint32_t keepalive;      /* 0 or 1 (MUST-24) */
	uint32_t keep_idle_ms;
	uint32_t keep_interval_ms;
	uint32_t keep_count;
	uint32_t user_timeout_ms; /* R2 as a time (MUST-21); 0: R2 is a count */
	uint32_t syn_retries;    /* of SYN or SYN-ACK */
	uint32_t linger_ms;      /* tcp_close: reset after so long; 0: at once; TCP_HOST: never */
	uint32_t nagle;
	uint32_t mss;            /* at most, both ways; before the handshake */
	uint32_t rcv_buf;        /* bytes; as tcp_set_rcv_buf, from the SYN on, which has the
	                          * scale for no more */
	uint32_t snd_buf;
	uint32_t hop_limit;      /* MUST-49 */
	uint32_t dscp;           /* MUST-48; 0 to 63 */
	uint32_t congestion;     /* cc_find(name) */
};

void tcp_own_init(struct tcp_own *o); /* TCP_HOST everywhere */

/* tcp_congestion(name): the number for struct tcp_own, or -1. */
int tcp_congestion(const char *name);

/* tcp_config_good(c): does it make sense? */
bool tcp_config_good(const struct tcp_config *c);

struct tcp_stack;

/* tcp_stack_size(c): bytes of memory a stack needs, 64-byte aligned. */
size_t tcp_stack_size(const struct tcp_config *c);

/* tcp_stack_init(mem, c, ops, pool, owner, secret): build a stack in `mem` (zeroed,
 * of tcp_stack_size bytes). `secret` keys sequence numbers (RFC 6528),
 * timestamps offsets and the table hash. NULL when c makes no sense. */
struct tcp_stack *tcp_stack_init(void *mem, const struct tcp_config *c, const struct tcp_ops *ops,
    struct pool *pool, void *owner, const uint8_t secret[32]);

/* tcp_set_config(s, c): other limits from now on; 0, or -R_LIMIT when c makes no
 * sense or has another conn_max, timewait_max or path_entries. A connection takes what holds
 * when it is made or when it looks; one that completes by a SYN cookie of before
 * reads its window with the scale of after. */
int tcp_set_config(struct tcp_stack *s, const struct tcp_config *c);

/* tcp_listen(s, port): accept connections to any local address at this port. */
int tcp_listen(struct tcp_stack *s, uint16_t port);

/* tcp_listen_own(s, port, o): connections accepted at this port have these settings
 * from their SYN on. The port listens already. 0, -R_LIMIT, -R_TCP_OWN. */
int tcp_listen_own(struct tcp_stack *s, uint16_t port, const struct tcp_own *o);
/* tcp_listen_at(s, at, port): at this local address alone; ::ffff:0.0.0.0 is every
 * IPv4 one, :: every IPv6 one. 0, or -R_LIMIT. */
int tcp_listen_at(struct tcp_stack *s, const struct tcp_addr *at, uint16_t port);
/* tcp_listen_own(s, port, o): what is accepted at this port, at any address that it
 * listens at already, has these settings from its SYN on, but for `mss` in a SYN
 * cookie. 0, -R_LIMIT, -R_TCP_OWN. */
int tcp_listen_own(struct tcp_stack *s, uint16_t port, const struct tcp_own *o);
/* tcp_unlisten(s, port): at every address. */
void tcp_unlisten(struct tcp_stack *s, uint16_t port);

/* tcp_connect(s, tuple, user, now): active open. NULL when full or in use. */
struct tcp *tcp_connect(struct tcp_stack *s, const struct tcp_tuple *tuple, void *user, uint64_t now);

/* tcp_connect_own(s, tuple, o, user, now): with settings from its SYN on. NULL also
 * when they make no sense or there are too many different ones. */
struct tcp *tcp_connect_own(struct tcp_stack *s, const struct tcp_tuple *tuple,
    const struct tcp_own *o, void *user, uint64_t now);

void tcp_input(struct tcp_stack *s, const struct tcp_seg *seg, uint64_t now);

/* tcp_input_burst(s, seg, count, now): segments that arrived together, in their
 * order: as tcp_input for each, in less time where one repeats the header of the
 * one before it, and with one event for all of those. */
void tcp_input_burst(struct tcp_stack *s, const struct tcp_seg *seg, uint32_t count, uint64_t now);

/* An ICMP error that quotes one of our segments. */
struct tcp_icmp {
	struct tcp_tuple tuple;
	uint32_t seq;        /* of the segment */
	int reason;          /* what it says: R_TCP_ICMP_* */
	bool hard;
	uint16_t mtu;        /* tcp_icmp_too_big: bytes of a packet that go through; 0: not said */
	uint16_t size;       /* and of the packet that is quoted; 0: not known */
};

/* tcp_icmp_error(s, e, now): it must quote what is in flight (RFC 5927 section 4.1).
 * In synchronised states it is counted and nothing else (RFC 5927 section 5.2; RFC
 * 9293 MUST-56). A connection that is being opened ends with its reason, if it is
 * hard; a soft one is the reason if no answer comes at all. */
void tcp_icmp_error(struct tcp_stack *s, const struct tcp_icmp *e, uint64_t now);

/* tcp_icmp_too_big(s, e, now): fragmentation needed, or packet too big, with e->mtu
 * (RFC 1191, RFC 8201): segments become smaller, and what is in flight goes out again;
 * where larger ones have arrived, only when a timeout confirms it (RFC 5927 section
 * 7.2). Not below path_min4; below 1280 for IPv6 it is no such message. */
void tcp_icmp_too_big(struct tcp_stack *s, const struct tcp_icmp *e, uint64_t now);

/* tcp_poll(s, now): fire timers that are due and send for every connection
 * that has something to send. Returns how many segments went out. */
uint32_t tcp_poll(struct tcp_stack *s, uint64_t now);

/* tcp_next(s, now): the earliest time at which tcp_poll has something to do:
 * `now` if there is already; UINT64_MAX for never. */
uint64_t tcp_next(const struct tcp_stack *s, uint64_t now);

void tcp_set_user(struct tcp *t, void *user);
void *tcp_user(const struct tcp *t);
const struct tcp_tuple *tcp_tuple(const struct tcp *t);

/* tcp_set_own(t, o, now): other settings from now on: 0, -R_LIMIT when they make no
 * sense, -R_TCP_OWN. tcp_get_own(t): those in effect. */
int tcp_set_own(struct tcp *t, const struct tcp_own *o, uint64_t now);
const struct tcp_own *tcp_get_own(const struct tcp *t);

/* tcp_hold(t, on): more is to come: a segment that is not full waits, until it is,
 * until this is off, or 200 ms after nothing else is in flight. */
void tcp_hold(struct tcp *t, bool on);

/* Bytes that can be peeked now. */
size_t tcp_readable(const struct tcp *t);

/* tcp_peek(t, dst, len): copy up to len of the readable bytes without
 * consuming; returns how many. */
size_t tcp_peek(const struct tcp *t, void *dst, size_t len);

/* tcp_take(t, len): consume; re-opens the window (sent when it is worth it). */
void tcp_take(struct tcp *t, size_t len);

/* Bytes that tcp_put would accept now: send buffer cap and pool permitting. */
size_t tcp_room(const struct tcp *t);

/* tcp_want_room(t): what tcp_room says is too small for what waits: TCP_EV_WRITABLE
 * is told when it has grown. A tcp_put that refuses does the same. */
void tcp_want_room(struct tcp *t);

/* tcp_put(t, data, len): queue all of it, or nothing: 0 or -R_TCP_NO_BLOCK /
 * -R_LIMIT. Copied. Sent by the next tcp_poll. */
int tcp_put(struct tcp *t, const void *data, size_t len);

/* tcp_set_rcv_buf, tcp_set_snd_buf (t, bytes): this size from now on; it no longer
 * grows with the path. What has been offered to the peer stays offered, what is
 * queued stays queued. A window is never larger than the scale of the handshake
 * can say. 0, or -R_LIMIT: less than 2048 or more than 2^30. */
int tcp_set_rcv_buf(struct tcp *t, uint32_t bytes);
int tcp_set_snd_buf(struct tcp *t, uint32_t bytes);

/* tcp_shutdown(t): half close: FIN follows what is queued; the peer's bytes go
 * on arriving. Nothing can be put any more. tcp_close is still owed: until it
 * is called TCP_EV_CLOSED comes only for a failure, so that what has arrived
 * can be read after the peer's FIN. */
void tcp_shutdown(struct tcp *t, uint64_t now);

/* tcp_close(t): orderly close after what is queued; nothing is read any more,
 * unread bytes are thrown away. The handle stays valid until TCP_EV_CLOSED,
 * which is never told inside this call. Bytes that arrive before the peer has
 * our FIN are thrown away; later ones are answered with RST (RFC 9293
 * section 3.6.1). With linger_ms what is not over in time is reset. */
void tcp_close(struct tcp *t, uint64_t now);

/* tcp_abort(t, reason): RST now; the handle is dead. TCP_EV_CLOSED is not told.
 * `reason`, where not 0, is counted. May be called from events other than
 * TCP_EV_CLOSED. */
void tcp_abort(struct tcp *t, int reason, uint64_t now);

/* ---- exhaustion: tcp_shed.c ---- */

enum tcp_resource {
	TCP_RES_BLOCKS,  /* of the pool */
	TCP_RES_SLOTS,   /* connections, half-open included */
	TCP_RES_PACKETS, /* packet buffers, which the owner counts */
	TCP_RES_COUNT
};

enum tcp_level { TCP_NORMAL, TCP_PRESSURE, TCP_SHEDDING, TCP_LEVEL_COUNT };

/* tcp_level_next(level, which, left, count): the level that follows when so many of
 * a resource are left. */
int tcp_level_next(int level, enum tcp_resource which, uint32_t left, uint32_t count);

/* tcp_level(s): the worst of all resources, as of the last tcp_poll or SYN. */
enum tcp_level tcp_level(const struct tcp_stack *s);

/* tcp_set_packets(s, left, count): how much is left of the packet buffers that the
 * owner keeps for segments that are not `fresh`. Until told, there are enough. */
void tcp_set_packets(struct tcp_stack *s, uint32_t left, uint32_t count);

/* tcp_set_guest(t, on): nobody has logged in on it yet: no buffer of it is larger
 * than TCP_GUEST_BUF, and TCP_EV_HELD is told. */
#define TCP_GUEST_BUF 65536u
void tcp_set_guest(struct tcp *t, bool on);

/* tcp_blocks(t): blocks of the pool that it holds. */
uint32_t tcp_blocks(const struct tcp *t);

/* How losses were found and repaired, of all connections since the start. */
struct tcp_loss_stats {
	uint64_t recoveries;     /* fast recoveries with a board */
	uint64_t reno;           /* and by counting duplicates, without */
	uint64_t rack_lost;      /* ranges found lost by time */
	uint64_t lost_again;     /* of them, ones that had been sent again */
	uint64_t count_lost;     /* by what was held behind them */
	uint64_t reo_timeouts;   /* reordering windows that ended */
	uint64_t reordering;     /* connections on which the order changed */
	uint64_t reneged;        /* boards forgotten after timeouts */
	uint64_t prr_reduced;    /* acknowledgements that proportional rate reduction counted */
	uint64_t prr_bound;      /* and, when below ssthresh, its bound */
	uint64_t doubt;          /* NextSeg rule 3 */
	uint64_t rescue;         /* NextSeg rule 4 */
	uint64_t limited;        /* limited transmit */
	uint64_t probes;         /* tail loss probes */
	uint64_t probes_fresh;   /* of them, with new data */
	uint64_t probe_losses;   /* losses that they repaired */
	uint64_t frto;           /* timeouts that F-RTO looked at */
	uint64_t undo_frto;      /* reductions undone by it */
	uint64_t undo_eifel;     /* by timestamps */
	uint64_t undo_dsack;     /* by D-SACK */
	uint64_t dsack_in;       /* segments with a D-SACK */
	uint64_t dsack_out;
};

/* How windows were found, of all connections since the start. */
struct tcp_cc_stats {
	uint64_t css;            /* conservative slow starts (HyStart++) */
	uint64_t css_back;       /* of them, ones that were a mistake */
	uint64_t css_done;       /* and ones that ended the initial slow start */
	uint64_t epochs;         /* CUBIC: congestion avoidance begun */
	uint64_t cubic;          /* steps along the cubic */
	uint64_t friendly;       /* and in the Reno-friendly region */
	uint64_t converged;      /* losses below the last one: fast convergence */
	uint64_t shifts;         /* epochs put off by time without growth */
	uint64_t idle_restarts;  /* windows taken back after idleness */
	uint64_t paced;          /* pauses between parts of a window (pacing) */
	uint64_t nvp;            /* non-validated phases (RFC 7661) */
	uint64_t nvp_cuts;       /* windows halved after five minutes of it */
};

/* What was done against forged segments and floods; the meter page has them in this
 * order (METER_TCP_CHALLENGES..). What was refused is counted by reason. */
struct tcp_guard_stats {
	uint64_t challenges;     /* challenge ACKs (RFC 5961) */
	uint64_t cookies_out;    /* SYN cookies */
	uint64_t cookies_in;     /* and connections that they made */
};

/* What routers marked instead of dropping it (RFC 3168), since the start. */
struct tcp_ecn_stats {
	uint64_t agreed;         /* connections with it */
	uint64_t unasked;        /* SYNs sent again without asking */
	uint64_t ce_in;          /* marked segments that came */
	uint64_t cwr_in;
	uint64_t cwr_out;
	uint64_t reduced;        /* windows reduced for marks alone */
	uint64_t holds;          /* of them, ones of a segment, which waited for the timer */
};

/* Buffers that grew with the path, of all connections since the start. */
struct tcp_buf_stats {
	uint64_t rcv_grown;      /* times */
	uint64_t rcv_capped;     /* connections that reached rcv_buf */
	uint64_t snd_grown;
	uint64_t snd_capped;     /* and snd_buf */
	uint64_t refused;        /* times that growth_max left no room */
};

/* How connections without progress were dealt with. */
struct tcp_live_stats {
	uint64_t doubts;         /* R1 reached */
	uint64_t keep_probes;
	uint64_t keep_dead;      /* connections ended because none was answered */
	uint64_t user_timeouts;
	uint64_t persist_probes; /* of shut windows */
	uint64_t persist_dead;   /* connections ended because one stayed shut */
	uint64_t lingered;       /* reset because lingering ended */
	uint64_t orphans_shed;   /* reset because there were too many */
	uint64_t held;           /* small segments that waited for more, and left by time */
	uint64_t nagled;         /* and for the one before them */
	uint64_t quick_again;    /* connections whose first data after silence is answered at once */
};

/* How often a resource came under pressure, or to where it is shed.
 * What was refused or given up is counted by reason. */
struct tcp_shed_stats {
	uint64_t pressure;
	uint64_t shedding;
};

/* How the MTU of paths was found, of all connections since the start. */
struct tcp_path_stats {
	uint64_t taken;          /* packets too big that were acted upon at once */
	uint64_t held;           /* and held back, because larger segments had arrived */
	uint64_t confirmed;      /* of them, confirmed by a timeout */
	uint64_t refuted;        /* of them, refuted by progress */
	uint64_t clamped;        /* said less than path_min4 */
	uint64_t black_holes;
	uint64_t probes;         /* larger segments tried */
	uint64_t raised;         /* of them, arrived */
	uint64_t probes_lost;    /* of them, lost */
	uint64_t rests;          /* searches that ended */
	uint64_t cached;         /* connections that began with what was remembered */
};

/* What is counted since the start comes first, in numbers of 64 bits: each has a
 * place in the meter page (worker/meter.c). */
struct tcp_stats {
	uint64_t retransmits;
	struct tcp_loss_stats loss;
	struct tcp_cc_stats cc;
	struct tcp_guard_stats guard;
	struct tcp_live_stats live;
	uint64_t together;       /* segments taken in one pass with the one before */
	struct tcp_buf_stats buf;
	struct tcp_shed_stats shed;
	struct tcp_ecn_stats ecn;
	struct tcp_path_stats path;
	uint32_t conn_open;
	uint32_t half_open;
	uint32_t timewait;
};

/* What of its tables is in use now. */
struct tcp_load {
	uint32_t conn_open;      /* half open ones included */
	uint32_t half_open;
	uint32_t timewait;
	uint64_t grown;          /* bytes by which buffers have grown */
	uint64_t grown_max;      /* and may have: growth_max, or half the pool */
	uint32_t timers;         /* connections that wait for time */
	uint32_t orphans;        /* that go on after tcp_close */
	uint8_t level[TCP_RES_COUNT]; /* enum tcp_level */
};
struct tcp_load tcp_get_load(const struct tcp_stack *s);

void tcp_get_stats(const struct tcp_stack *s, struct tcp_stats *st);

/* tcp_get_config(s): the limits in effect; the stack's. */
const struct tcp_config *tcp_get_config(const struct tcp_stack *s);

/* tcp_places(s), tcp_at(s, i): every connection, half-open ones included, stands at
 * one of the first tcp_places places for its whole life; NULL: nobody does. */
uint32_t tcp_places(const struct tcp_stack *s);
const struct tcp *tcp_at(const struct tcp_stack *s, uint32_t i);

/* tcp_wipe(s): wipe buffers of every connection (end of the process). */
void tcp_wipe(struct tcp_stack *s);

#endif
