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
#include "dataplane/tcp/tcp_config.h"
#include "dataplane/tcp/tcp_info.h"
#include "dataplane/tcp/tcp_stats.h"

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
