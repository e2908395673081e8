/*
 * The connection block and the stack: private to this room.
 *
 * Names follow RFC 9293 section 3.3.1 (snd_una is SND.UNA and so on). A
 * connection is found through the table, waits for time in the heap of
 * tcp_timer.c, and stands in the work list while tcp_poll has something to do
 * for it.
 */
#ifndef POSTERN_TCP_CONN_H
#define POSTERN_TCP_CONN_H

#include <string.h>

#include "dataplane/mem/fifo.h"
#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_board.h"
#include "dataplane/tcp/tcp_cc.h"
#include "dataplane/tcp/tcp_fsm.h"
#include "dataplane/tcp/tcp_opt.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_reasm.h"
#include "dataplane/tcp/tcp_rto.h"
#include "dataplane/tcp/tcp_seq.h"

#define TCP_NIL UINT32_MAX
#define TCP_NEVER UINT64_MAX

#define TCP_LISTEN_MAX 16u
#define TCP_BURST 16u            /* segments per connection and poll: nothing below paces us */
#define TCP_RUN_SEGS TCP_BURST   /* handed over together */
#define TCP_DELACK_US 40000u     /* RFC 9293 section 3.8.6.3 allows 500 ms */
#define TCP_IW_MAX 1000u         /* segments */
#define TCP_DELACK_MAX_US 500000u
#define TCP_DELACK_SEGS 2u       /* every second segment: SHLD-19 */
#define TCP_MSS_MIN 256u         /* smaller announcements cost us more than the peer */
#define TCP_MSS_DEFAULT4 536u    /* MUST-15 */
#define TCP_MSS_DEFAULT6 1220u
#define TCP_CHALLENGE_MS 500u    /* per connection: RFC 5961 section 7 */
#define TCP_COOKIE_US 64000000u  /* a key's time; a cookie is good for one to two */
#define TCP_ACTIVE_RETRIES 7u    /* SYN: with back-off 183 s: MUST-23 */
#define TCP_MS_MAX 864000000u    /* ten days: less than half of what milliseconds can say */
#define TCP_HOLD_US 200000u      /* MUST-60, and RFC 9293 section 3.8.6.2.1 (4): 0.1 to 1 s */
#define TCP_PERSIST_MAX_US 60000000u
#define TCP_ROOM_RETRY_US 10000u
#define TCP_TS_TICK_US 1000u
#define TCP_LOW_CAP 65536u       /* per buffer while the pool is nearly empty; a whole record fits */
#define TCP_BUF_MIN 2048u
#define TCP_BUF_MAX (1u << 30)

enum tcp_timer {
	TCP_T_TAIL,    /* tail loss probe; the end of the reordering window (reo_on);
	                * before TCP_T_RTX, which it puts off. With nothing in flight: a
	                * writer waits for blocks of the pool */
	TCP_T_RTX,     /* retransmission, or the probe of a shut window */
	TCP_T_ACK,     /* delayed acknowledgement; the end of a pause (paced) */
	TCP_T_LIFE,    /* keepalive; of an orphan FIN-WAIT-2 and lingering; TIME-WAIT with
	                * a handle: tcp_life.c */
	TCP_TIMER_COUNT
};

struct tcp_listener {
	struct tcp_addr at;
	uint16_t port;
	bool everywhere;
	uint16_t own;        /* set of settings of what is accepted */
};

struct tcp {
	struct tcp_stack *stack;
	void *user;
	struct tcp_tuple tuple;
	uint32_t table_next;
	uint32_t work_next, work_prev;
	uint32_t heap_pos;

	uint8_t state;
	bool used : 1;
	bool in_table : 1;
	bool in_work : 1;
	bool in_half : 1;
	bool passive : 1;    /* how it was opened: MUST-11 */
	bool app : 1;        /* the owner knows it */
	bool closed : 1;     /* tcp_close: nobody reads any more */
	bool gone : 1;       /* ends with `gone_reason` */
	bool fin_queued : 1; /* FIN follows the last byte of snd */
	bool fin_in : 1;     /* fin_seq is known */
	bool ack_now : 1;
	bool rexmit : 1;     /* send again from snd_una */
	bool probed : 1;     /* a tail loss probe is out; it ended at probe_end */
	bool probe_fresh : 1; /* and was new data */
	bool reo_on : 1;     /* TCP_T_TAIL looks for losses again */
	bool reordered : 1;  /* the path has changed the order */
	bool reo_round_on : 1; /* a D-SACK was taken into account until reo_round */
	bool min_rtt_on : 1;
	bool persist : 1;    /* TCP_T_RTX probes a window that is too small */
	bool ts_on : 1;
	bool scale_on : 1;
	bool sack_on : 1;
	bool room_wanted : 1; /* more than there is, since the last TCP_EV_WRITABLE */
	bool take_seen : 1;  /* tcp_take was called: perhaps a window update */
	bool sent_on : 1;    /* sent_ms, data_ms, heard_ms are known */
	bool data_on : 1;
	bool heard_on : 1;
	bool in_orphan : 1;
	bool hold : 1;       /* tcp_hold: a segment that is not full waits */
	bool hold_over : 1;  /* but goes out with the next tcp_poll */
	bool hold_timer : 1; /* TCP_T_RTX is when that will be */
	bool challenged : 1;
	bool talk : 1;       /* the owner answers: acknowledgements travel with data */
	bool rcv_fixed : 1;  /* the owner has said how large the buffer is */
	bool snd_fixed : 1;
	bool guest : 1;      /* before login */
	bool ecn_on : 1;     /* asked for in our SYN; later: agreed on */
	bool ecn_seen : 1;   /* a packet with ECT came */
	bool ecn_echo : 1;   /* CE came: ECE until CWR does */
	bool cwr_due : 1;    /* the next new segment carries CWR */
	bool ecn_hold : 1;   /* nothing goes out until TCP_T_RTX */
	bool path_good : 1;  /* segments of `mss` are known to arrive */
	bool path_top : 1;   /* the largest has been tried */
	bool path_search : 1; /* segments could be larger */
	uint8_t path_mode : 2; /* enum tcp_path_mode */
	uint8_t path_fails : 2; /* probes of one size that were lost */
	bool paced : 1;      /* nothing new goes out until TCP_T_ACK */
	uint8_t reo_mult : 7; /* quarter round trips of the reordering window */
	uint8_t reo_persist; /* recoveries that it is kept for */
	uint8_t snd_shift : 4;
	uint8_t rcv_shift : 4;
	uint8_t ack_segs;    /* data segments not acknowledged yet */
	uint8_t quick;       /* data segments still to be acknowledged at once */
	uint8_t dupacks;
	uint8_t rtx_count;   /* R2 */
	uint8_t probes;      /* of a shut window: the back-off */
	uint8_t keep_probes; /* without an answer */
	uint8_t events;      /* to tell when the call is over */
	uint8_t via;         /* of the last segment in the window */
	int16_t gone_reason; /* while it is being opened: what ICMP said */
	uint16_t rcv_mss;    /* the largest payload that came */
	uint16_t own;        /* set of settings; 0: none of its own */

	union {
		uint32_t iss;     /* until the handshake is over */
		uint32_t cwr_end; /* later: snd_max when the window was last reduced */
	};
	uint32_t snd_una;
	uint32_t snd_nxt;    /* falls back to snd_una after a timeout */
	uint32_t snd_max;    /* one behind the highest sent */
	uint32_t snd_head;   /* sequence number of the first byte of snd */
	uint32_t snd_wnd;
	uint32_t snd_wl1;
	uint32_t snd_wl2;
	uint32_t max_wnd;    /* MAX.SND.WND of RFC 5961 section 5 */
	uint32_t probe_end;
	uint32_t snd_small;  /* one behind the last small segment sent */
	uint16_t mss;        /* payload per segment, options taken off */
	uint16_t peer_mss;
	uint16_t ptb_mss;    /* what a packet too big says, held back */
	uint16_t path_at;    /* when a larger segment is tried, in ticks of tcp_path.h */
	uint32_t snd_cap;    /* bytes that snd may hold */
	uint32_t moved_ms;   /* when bytes last moved, modulo 2^32 */
	struct fifo snd;
	struct fifo_pos snd_pos; /* of snd_nxt; block NULL: seek */
	struct tcp_cc cc;
	struct block *board; /* struct tcp_board, while something is in flight */
	uint32_t min_rtt;    /* us */
	uint32_t min_rtt_at;
	uint32_t reo_round;
	struct tcp_rto rto;
	uint32_t una_ms;     /* since when the oldest byte waits: sent, or for a window */
	uint32_t sent_ms;    /* last data segment */
	uint32_t data_ms;    /* last one that came */
	uint32_t heard_ms;   /* last acceptable segment that came */

	uint32_t rcv_nxt;
	uint32_t rcv_adv;    /* right edge told to the peer */
	uint32_t last_ack;   /* Last.ACK.sent of RFC 7323 */
	uint32_t fin_seq;
	uint32_t rcv_cap;    /* bytes that rcv may hold */
	uint32_t grown;      /* of both buffers, bytes charged to stack->grown */
	uint32_t round_seq;  /* what had been taken when the round trip began */
	uint32_t round_mark; /* our timestamp that ends it, or us when it began */
	uint32_t path_seq;   /* with path_mode */
	struct fifo rcv;
	struct tcp_reasm reasm;
	struct tcp_range dsack; /* what came twice, for the next bare ACK; empty: nothing */
	uint32_t ts_recent;
	uint32_t ts_off;
	uint32_t ts_recent_at; /* seconds */
	uint32_t challenge_ms; /* the last challenge ACK; with `challenged` */

	uint64_t due[TCP_TIMER_COUNT];

	union {
		struct {     /* while in_half: neighbours, of all and of its source */
			uint32_t half_next, half_prev;
			uint32_t source_next, source_prev;
		};
		struct {     /* later: payload */
			union {
				uint64_t bytes_in;
				struct { /* of an orphan, which takes none */
					uint32_t orphan_next, orphan_prev;
				};
			};
			uint64_t bytes_out;
		};
	};
	uint32_t retransmits;
	uint32_t timeouts;
	uint32_t fast_retransmits;
	uint32_t reassembled;
	uint32_t zero_windows;
	uint32_t dsacks_in;
	uint32_t segs_in;
	uint32_t segs_out;
};
_Static_assert(sizeof(struct tcp) <= 496, "with its places in the table and among the timers, 512 bytes");

/* TIME-WAIT in 64 bytes: what an answer needs and no more. */
struct tcp_tw {
	struct tcp_tuple tuple;
	uint32_t next;       /* in the bucket; in the free list */
	uint32_t newer;
	uint32_t older;
	uint32_t snd_nxt;
	uint32_t rcv_nxt;
	uint32_t ts_recent;
	uint32_t until : 31; /* ms, modulo 2^31 */
	uint32_t ts_on : 1;
};
_Static_assert(sizeof(struct tcp_tw) == 64, "a TIME-WAIT entry is one cache line");

/* The half-open connections of one source, oldest first. */
struct tcp_source {
	uint32_t first, last;
	uint32_t count;
};

struct tcp_cookie_key {
	uint64_t period;     /* one more than its number: 0 is none */
	uint8_t key[16];
};

/* Packed, because each connection pays for one. */
/* tcp_own.c */
struct tcp_own_set {
	struct tcp_own o;
	uint32_t users;
};

struct tcp_due {
	uint64_t at;
	uint32_t conn;
} __attribute__((packed, aligned(4)));

struct tcp_stack {
	struct tcp_config cfg;
	struct tcp_ops ops;
	struct pool *pool;
	void *owner;
	uint8_t isn_key[16];
	uint8_t hash_key[16];
	uint8_t rcv_shift;

	struct tcp *conns;
	uint32_t free;
	uint32_t fresh;      /* blocks never used yet */
	uint32_t open;

	uint32_t *buckets;
	uint32_t bucket_mask;
	struct tcp *last;    /* the connection of the last segment */

	struct tcp_due *heap;
	uint32_t heap_count;

	uint32_t work_first, work_last, work_count;
	uint32_t half_first, half_last, half_count;
	struct tcp_source *sources;
	uint32_t source_mask;
	struct tcp_cookie_key cookie_keys[2];
	uint64_t cookie_until; /* one that was sent may come back until then */

	struct tcp_tw *tw;
	struct tcp_path *paths; /* TCP_PATH_WAYS for each of path_mask + 1 */
	uint32_t path_mask;
	struct tcp_path_stats path;

	uint32_t *tw_buckets;
	uint32_t tw_mask;
	uint32_t tw_free, tw_fresh;
	uint32_t tw_oldest, tw_newest, tw_count;

	struct tcp_listener listener[TCP_LISTEN_MAX];
	uint32_t listener_count;
	uint64_t retransmits;
	struct tcp_loss_stats loss;
	struct tcp_cc_stats cc;
	int cc_algo;

	uint64_t challenge_draws; /* unforeseen numbers taken */
	uint64_t challenge_until; /* the end of the period */
	uint32_t challenge_left;  /* in it */
	struct tcp_guard_stats guard;
	uint64_t together;

	struct tcp_own_set *own;
	uint32_t orphan_first, orphan_last, orphan_count;
	struct tcp_live_stats live;

	uint64_t grown;      /* bytes, of all connections */
	struct tcp_buf_stats buf;
	uint8_t level[TCP_RES_COUNT];
	uint32_t packets_left, packets_count;
	uint32_t sweep_hand; /* the next connection to look at */
	uint32_t sweep_idle; /* us: who is idle for as long is ended; 0: nobody yet */
	uint64_t sweep_at;
	struct tcp_shed_stats shed;
	struct tcp_ecn_stats ecn;
};

/* A segment on its way through the steps of arrival; trimmed as it goes. */
struct tcp_in {
	struct tcp_seg seg;
	struct tcp_opts opts;
	uint32_t wire_seq;   /* before trimming */
	bool stale;          /* all of it had come before */
	bool syn;            /* a SYN: its window is not scaled */
	uint64_t now;
};

/* ---- tcp_stack.c ---- */
struct tcp *tcp_conn_new(struct tcp_stack *s, const struct tcp_tuple *tuple);
/* Ends the block: its place in every structure and its buffers. No event. */
void tcp_conn_free(struct tcp *t);
/* Tells what is due, and ends the connection when it is over. The last thing
 * that a call may do with it. */
void tcp_settle(struct tcp *t, uint64_t now);
/* Over by `event`, with a reason for the owner; tcp_settle does the rest. False
 * when the state refuses the event. */
bool tcp_conn_end(struct tcp *t, int event, int reason);
/* One event of the state table; false when it is refused. */
bool tcp_fsm(struct tcp *t, int event);
void tcp_drop(struct tcp_stack *s, int reason);
void tcp_work_add(struct tcp *t);
void tcp_work_del(struct tcp *t);

static inline bool
tcp_is_v4(const struct tcp_addr *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

/* Times that need no more than a millisecond, modulo 49 days. */
static inline uint32_t
tcp_ms(uint64_t now)
{
	return (uint32_t)(now / 1000u);
}

static inline uint32_t
tcp_seconds(uint64_t now)
{
	return (uint32_t)(now / 1000000);
}

static inline uint32_t
tcp_index(const struct tcp *t)
{
	return (uint32_t)(t - t->stack->conns);
}

/* ---- tcp_own.c ---- */
void tcp_own_start(struct tcp_stack *s);
/* The number of an equal set, which has one user more, or -R_*. */
int tcp_own_take(struct tcp_stack *s, const struct tcp_own *o);
void tcp_own_give(struct tcp_stack *s, uint16_t set);
/* A new connection begins with a set that it has become a user of. */
void tcp_own_begin(struct tcp *t, uint16_t set);
static inline void
tcp_own_share(struct tcp_stack *s, uint16_t set)
{
	s->own[set].users += set != 0;
}
/* Hop limit and class of traffic of a segment. */
void tcp_own_mark(const struct tcp *t, struct tcp_seg_out *o);

static inline const struct tcp_own *
tcp_own(const struct tcp *t)
{
	return &t->stack->own[t->own].o;
}

static inline uint32_t
tcp_own_or(uint32_t own, uint32_t host)
{
	return own != TCP_HOST ? own : host;
}

/* ---- tcp_life.c ---- */
/* Keepalive is set going, or stopped, as it is configured. */
void tcp_keep_arm(struct tcp *t, uint64_t now);
void tcp_life_fire(struct tcp *t, uint64_t now);
/* Ends with a reset, counted; tcp_settle does the rest. */
void tcp_life_reset(struct tcp *t, int reason);
/* 0: off */
uint64_t tcp_user_timeout_us(const struct tcp *t);
/* R2 as a count: where no user timeout takes its place, and for who is closed. */
bool tcp_rtx_over(const struct tcp *t);
/* What waits has waited too long: the connection has been ended. */
bool tcp_user_timeout_over(struct tcp *t, uint64_t now);
/* TCP_T_RTX, `wait` us from now. */
void tcp_rtx_set(struct tcp *t, uint64_t now, uint64_t wait);

/* ---- tcp_orphan.c ---- */
void tcp_orphan_init(struct tcp_stack *s);
void tcp_orphan_add(struct tcp *t);
void tcp_orphan_del(struct tcp *t);
/* The oldest is reset; false when there is none. */
bool tcp_orphan_shed(struct tcp_stack *s);

/* ---- tcp_table.c ---- */
uint64_t tcp_tuple_hash(const struct tcp_stack *s, const struct tcp_tuple *tuple);
bool tcp_tuple_eq(const struct tcp_tuple *a, const struct tcp_tuple *b);
struct tcp *tcp_table_find(struct tcp_stack *s, const struct tcp_tuple *tuple);
void tcp_table_add(struct tcp *t);
void tcp_table_del(struct tcp *t);

/* ---- tcp_half.c ---- */
void tcp_half_init(struct tcp_stack *s);
void tcp_half_add(struct tcp *t);
void tcp_half_del(struct tcp *t);
/* A source is at its limit. */
bool tcp_half_source_full(const struct tcp_stack *s, const struct tcp_tuple *tuple);
/* A place for one more: by the oldest of its source, which is full; by the oldest
 * of all, if the table is. */
void tcp_half_source_room(struct tcp_stack *s, const struct tcp_tuple *tuple);
void tcp_half_room(struct tcp_stack *s);

/* ---- tcp_cookie.c ---- */
/* So many are half open, of all or of a source, that a SYN is answered by a
 * cookie. */
bool tcp_cookie_due(const struct tcp_stack *s, bool source_full);
void tcp_cookie_send(struct tcp_stack *s, const struct tcp_in *in);
/* May one come back? */
bool tcp_cookie_out(const struct tcp_stack *s, uint64_t now);
/* An ACK: true when it brings one back, with the options of the SYN; *ecn: that the
 * answer agreed to. */
bool tcp_cookie_read(struct tcp_stack *s, const struct tcp_in *in, struct tcp_opts *o, bool *ecn);

/* ---- tcp_shed.c ---- */
void tcp_shed_look(struct tcp_stack *s);
/* A SYN came: false when it is refused. */
bool tcp_shed_syn(struct tcp_stack *s);
void tcp_shed_run(struct tcp_stack *s, uint64_t now);
uint64_t tcp_shed_next(const struct tcp_stack *s);
/* So many bytes were acknowledged, or arrived. */
void tcp_moved(struct tcp *t, uint32_t bytes, uint64_t now);

/* Nobody's buffers grow any more, so that acknowledgements, retransmissions and
 * other connections go on. Between two looks the count itself says so. */
static inline bool
tcp_pool_low(const struct tcp_stack *s)
{
	return s->level[TCP_RES_BLOCKS] != TCP_NORMAL || s->pool->free_count < s->pool->count / 8;
}

/* The last blocks are for what arrives. */
static inline uint32_t
tcp_pool_kept(const struct tcp_stack *s)
{
	return s->pool->count / 64;
}

/* ---- tcp_timer.c ---- */
void tcp_timer_set(struct tcp *t, enum tcp_timer which, uint64_t at);
void tcp_timer_stop(struct tcp *t, enum tcp_timer which);
bool tcp_timer_on(const struct tcp *t, enum tcp_timer which);
/* A connection with a timer that is due, or NULL. */
struct tcp *tcp_timer_due(struct tcp_stack *s, uint64_t now);
void tcp_timer_forget(struct tcp *t);
uint64_t tcp_timer_next(const struct tcp_stack *s);

/* ---- tcp_isn.c ---- */
uint32_t tcp_isn(const struct tcp_stack *s, const struct tcp_tuple *tuple, uint64_t now);
uint32_t tcp_ts_offset(const struct tcp_stack *s, const struct tcp_tuple *tuple);

/* ---- tcp_timewait.c ---- */
void tcp_tw_init(struct tcp_stack *s);
void tcp_tw_enter(const struct tcp *t, uint64_t now);
/* A segment that no connection takes. True when TIME-WAIT has dealt with it;
 * otherwise *floor is not less than any sequence number of the incarnation
 * that a SYN has just ended, if it did. */
bool tcp_tw_input(struct tcp_stack *s, const struct tcp_in *in, uint32_t *floor, bool *ended);
bool tcp_tw_find(const struct tcp_stack *s, const struct tcp_tuple *tuple);
void tcp_tw_expire(struct tcp_stack *s, uint64_t now);
uint64_t tcp_tw_next(const struct tcp_stack *s, uint64_t now);

/* ---- tcp_listen.c, tcp_syn.c, tcp_in_*.c: the steps of arrival ---- */
/* The connection that the segment goes on to: one that a cookie brought back. */
struct tcp *tcp_listen_input(struct tcp_stack *s, const struct tcp_in *in, bool again, uint32_t floor);
void tcp_syn_options(struct tcp *t, const struct tcp_opts *o, uint64_t now);
/* What our SYN offers: the port's, by family. */
uint16_t tcp_own_mss(const struct tcp *t);
void tcp_syn_emit(struct tcp *t, uint64_t now);
int tcp_syn_sent(struct tcp *t, struct tcp_in *in);
int tcp_syn_received(struct tcp *t, struct tcp_in *in);
void tcp_syn_timeout(struct tcp *t, uint64_t now);
int tcp_in_ack(struct tcp *t, struct tcp_in *in);
int tcp_in_text(struct tcp *t, struct tcp_in *in);
int tcp_in_fin(struct tcp *t, struct tcp_in *in);
/* tcp_burst.c: `seg` came right behind `before`, which went through the steps as `in`,
 * and repeats its header: taken as well. False: it has to go through them too. */
bool tcp_burst_next(struct tcp *t, struct tcp_in *in, const struct tcp_seg *before,
    const struct tcp_seg *seg);
/* The first window, of a segment that completes the handshake. */
void tcp_in_window_first(struct tcp *t, const struct tcp_in *in, uint32_t window);

/* ---- tcp_icmp.c ---- */
/* The connection that has in flight what an ICMP error quotes; counted. */
struct tcp *tcp_icmp_find(struct tcp_stack *s, const struct tcp_icmp *e);

/* ---- tcp_challenge.c ---- */
/* An answer that an attacker may ask for as often as it likes. */
void tcp_challenge(struct tcp *t, uint64_t now);

/* ---- tcp_rack.c ---- */
static inline struct tcp_board *
tcp_board(const struct tcp *t)
{
	return t->board != NULL ? (struct tcp_board *)(void *)t->board->data : NULL;
}

/* New data [seq, end) went out; before snd_max moves. */
void tcp_loss_sent(struct tcp *t, uint32_t seq, uint32_t end, uint64_t now);
/* What an ACK says of what is in flight; after snd_una has moved. Returns the
 * bytes that were delivered. */
uint32_t tcp_loss_take(struct tcp *t, const struct tcp_in *in, bool moved);
/* What is lost by now, after an ACK that delivered so many bytes and has moved
 * snd_una or not; enters recovery. */
void tcp_loss_detect(struct tcp *t, uint64_t now, uint32_t delivered, bool moved);
/* A recovery is over. */
void tcp_loss_recovered(struct tcp *t);
/* The retransmission timer has fired. False: there is no board. */
bool tcp_loss_timeout(struct tcp *t);
/* Nothing is in flight any more. */
void tcp_loss_clear(struct tcp *t);
void tcp_reo_fire(struct tcp *t, uint64_t now);
/* Is the first SACK block one of what came twice (RFC 2883)? */
bool tcp_dsack_in(const struct tcp_in *in);

/* For congestion control, of now; flight is all that is outstanding. */
static inline struct cc_event
tcp_cc_event(const struct tcp *t, uint64_t now)
{
	return (struct cc_event){
		.now = now,
		.mss = t->mss,
		.flight = t->snd_max - t->snd_una,
		.una = t->snd_una,
		.snd_max = t->snd_max,
		.srtt = t->rto.srtt,
		.initial = t->stack->cfg.initial_window,
		.reduced = seq_lt(t->snd_una, t->cwr_end),
		.paced = t->stack->cfg.pacing != 0,
		.round = t->board != NULL ? &tcp_board(t)->round : NULL,
		.stats = &t->stack->cc,
	};
}

/* ---- tcp_prr.c: with a board, in recovery ---- */
void tcp_prr_start(struct tcp *t, uint32_t delivered);
void tcp_prr_ack(struct tcp *t, uint32_t delivered, bool safe);

/* ---- tcp_undo.c: with a board ---- */
/* The window is about to be reduced. */
void tcp_undo_save(struct tcp *t);
void tcp_undo_again(struct tcp *t, uint32_t seq, uint32_t end, uint64_t now);
void tcp_undo_dsack(struct tcp *t, struct tcp_range r);
/* An ACK has moved snd_una or not; `once`: it delivered what was sent once. */
void tcp_undo_ack(struct tcp *t, const struct tcp_in *in, bool moved, bool once);
/* The retransmission timer has fired; before congestion control hears of it. */
void tcp_frto_start(struct tcp *t);
uint32_t tcp_frto_send(struct tcp *t, uint64_t now);

/* ---- tcp_ecn.c ---- */
/* The flags of our SYN or SYN-ACK. */
uint8_t tcp_ecn_syn(struct tcp *t);
/* Does a SYN ask for it, and may it have it? */
bool tcp_ecn_asks(const struct tcp_stack *s, uint8_t flags);
/* A SYN or SYN-ACK in answer to ours, or once more. */
void tcp_ecn_handshake(struct tcp *t, uint8_t flags);
/* The handshake is over. */
void tcp_ecn_start(struct tcp *t);
/* A segment that lies in the window, before anything is trimmed. */
void tcp_ecn_in(struct tcp *t, const struct tcp_seg *seg);
/* Does an ACK say that something was marked? */
bool tcp_ecn_echoed(const struct tcp *t, const struct tcp_in *in);
void tcp_ecn_ack(struct tcp *t, const struct cc_event *ev);
/* The window was reduced, for whatever reason: CWR tells. */
void tcp_ecn_reduced(struct tcp *t);

/* ---- tcp_pace.c ---- */
/* Segments that may leave together now. */
uint32_t tcp_pace_burst(const struct tcp *t);
/* As many have left. */
void tcp_pace_sent(struct tcp *t, uint32_t segs, uint64_t now);
/* TCP_T_ACK has fired. True when no acknowledgement is due. */
bool tcp_pace_fire(struct tcp *t);
/* Bytes per second; UINT64_MAX: not paced. */
uint64_t tcp_pace_rate(const struct tcp *t);

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

/* ---- tcp_out.c, tcp_emit.c, tcp_window.c, tcp_persist.c, tcp_tail.c, tcp_reset.c ---- */
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
void tcp_reset_reply(struct tcp_stack *s, const struct tcp_seg *seg);
void tcp_reset_send(struct tcp *t, uint32_t seq);

/* Sequence number behind the last byte queued: that of our FIN. */
static inline uint32_t
tcp_snd_end(const struct tcp *t)
{
	return t->snd_head + t->snd.len;
}

static inline uint32_t
tcp_rcv_wnd(const struct tcp *t)
{
	return t->rcv_adv - t->rcv_nxt;
}

/* Sequence space of a segment: SEG.LEN. */
static inline uint32_t
tcp_seg_space(const struct tcp_seg *seg)
{
	return seg->data_len + ((seg->flags & TCP_SYN) ? 1u : 0u) + ((seg->flags & TCP_FIN) ? 1u : 0u);
}

#endif
