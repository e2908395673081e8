/*
 * What leaves, when, and what it says of our window: private to this room.
 */
#ifndef POSTERN_TCP_SEND_H
#define POSTERN_TCP_SEND_H

#include "dataplane/tcp/tcp_stack.h"
#include "dataplane/tcp/tcp_steps.h"

#define TCP_BURST 16u            /* segments per connection and poll: nothing below paces us */
#define TCP_RUN_SEGS TCP_BURST   /* handed over together */
#define TCP_HOLD_US 200000u      /* MUST-60, and RFC 9293 section 3.8.6.2.1 (4): 0.1 to 1 s */
#define TCP_PERSIST_MAX_US 60000000u
#define TCP_ROOM_RETRY_US 10000u
#define TCP_DELACK_US 40000u     /* RFC 9293 section 3.8.6.3 allows 500 ms */
#define TCP_DELACK_MAX_US 500000u
#define TCP_DELACK_SEGS 2u       /* every second segment: SHLD-19 */
#define TCP_LOW_CAP 65536u       /* per buffer while the pool is nearly empty; a whole record fits */
#define TCP_BUF_MIN 2048u
#define TCP_BUF_MAX (1u << 30)

/* ---- tcp_out.c, tcp_emit.c, tcp_again.c, tcp_rtx.c, tcp_persist.c, tcp_tail.c ---- */
uint32_t tcp_out(struct tcp *t, uint64_t now);
void tcp_out_ack(struct tcp *t, uint64_t now);
/* All but the options is zero or as said: zeroing them takes as long as writing them. */
static inline void
tcp_emit_init(struct tcp_seg_out *o, uint32_t seq, struct fifo_pos at, uint32_t len)
{
	memset(o, 0, offsetof(struct tcp_seg_out, options));
	o->seq = seq;
	o->at = at;
	o->len = len;
}

/* Sends a segment or a run of this connection, with payload of snd: fills tuple,
 * acknowledgement, window and options. 0; the bytes that went out when not all
 * did; -R_* when it should be tried again later. */
int tcp_emit(struct tcp *t, struct tcp_seg_out *o, uint64_t now);
void tcp_rto_fire(struct tcp *t, uint64_t now);
/* Has the pool room for a writer that was refused? */
void tcp_room_fire(struct tcp *t, uint64_t now);
/* Room is wanted, and no acknowledgement will tell of any: it is the pool that has
 * none. */
static inline bool
tcp_room_alone(const struct tcp *t)
{
	return t->room_wanted && t->snd.len == 0 && t->snd_una == t->snd_max;
}
/* The oldest segment goes out once more: R1, R2. */
void tcp_rtx_count(struct tcp *t);
/* Bytes that congestion control leaves. */
uint32_t tcp_cwnd_room(const struct tcp *t);
/* Without a board: the first segment that is missing. With one: the next that is lost;
 * what may be lost. False: nothing was sent. */
bool tcp_send_first(struct tcp *t, uint64_t now);
bool tcp_send_lost(struct tcp *t, uint64_t now);
bool tcp_send_doubt(struct tcp *t, uint64_t now);
/* Up to a segment from `seq`, which was sent before, again. */
bool tcp_send_again(struct tcp *t, uint32_t seq, uint32_t len, uint64_t now);
void tcp_tail_arm(struct tcp *t, uint64_t now);
void tcp_tail_fire(struct tcp *t, uint64_t now);
/* An ACK arrived; `moved`: of something new. */
void tcp_tail_ack(struct tcp *t, const struct tcp_in *in, bool moved);
/* One segment of new data, whatever the congestion window says. */
bool tcp_send_probe(struct tcp *t, uint64_t now);
/* New data in one segment of `len` bytes, larger than others; false: no room. */
bool tcp_send_larger(struct tcp *t, uint32_t len, uint64_t now);
void tcp_persist_start(struct tcp *t, uint64_t now);
void tcp_persist_stop(struct tcp *t);
void tcp_persist_progress(struct tcp *t, uint64_t now);
void tcp_persist_fire(struct tcp *t, uint64_t now);
void tcp_snd_rewind(struct tcp *t);
uint32_t tcp_ts_now(const struct tcp *t, uint64_t now);
/* A sequence number that the peer will find in its window. */
uint32_t tcp_seq_now(const struct tcp *t);

/* ---- tcp_buf.c ---- */
static inline uint32_t
tcp_rcv_cap_init(const struct tcp_config *c)
{
	return c->rcv_buf_init < c->rcv_buf ? c->rcv_buf_init : c->rcv_buf;
}
/* How much all connections may grow by, together. */
uint64_t tcp_buf_growth_max(const struct tcp_stack *s);
void tcp_buf_init(struct tcp *t);
void tcp_buf_fini(struct tcp *t);
/* The handshake is over: the first round trip begins. */
void tcp_buf_start(struct tcp *t, uint64_t now);
/* Data arrived, before it is taken in. */
void tcp_buf_rcv(struct tcp *t, const struct tcp_in *in);
/* An ACK of new data has been dealt with; `full`: the owner fills the buffer. */
void tcp_buf_snd(struct tcp *t, bool full);
/* Blocks that may hold what is out of order. */
uint32_t tcp_buf_reasm_blocks(const struct tcp *t);

/* ---- tcp_window.c ---- */
/* The shift that a receive buffer of this size needs. */
uint8_t tcp_window_shift(const struct tcp_config *c, uint32_t rcv_buf);
/* Receive window: bytes that may be offered, and whether it is worth a segment
 * of its own. */
uint32_t tcp_rcv_space(const struct tcp *t);
uint16_t tcp_rcv_offer(struct tcp *t);
/* That of a SYN, which is not scaled. */
static inline uint16_t
tcp_rcv_first(const struct tcp_stack *s)
{
	uint32_t cap = tcp_rcv_cap_init(&s->cfg);

	return (uint16_t)(cap < 65535u ? cap : 65535u);
}
bool tcp_rcv_update_due(const struct tcp *t);
/* Data segments that are acknowledged at once, at the start and after silence. */
static inline uint8_t
tcp_quick_first(const struct tcp_stack *s)
{
	return (uint8_t)(s->cfg.quick_acks < UINT8_MAX ? s->cfg.quick_acks : UINT8_MAX);
}
/* [start, end) came once more (RFC 2883). */
void tcp_twice(struct tcp *t, uint32_t start, uint32_t end);
/* Data in order arrived: acknowledge now or soon. */
void tcp_ack_later(struct tcp *t, uint64_t now);

#endif
