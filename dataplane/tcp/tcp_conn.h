/*
 * The connection block: private to this room.
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
#include "dataplane/tcp/tcp_reasm.h"
#include "dataplane/tcp/tcp_rto.h"
#include "dataplane/tcp/tcp_seq.h"

#define TCP_NIL UINT32_MAX
#define TCP_NEVER UINT64_MAX

#define TCP_IW_MAX 1000u         /* segments */
#define TCP_MSS_MIN 256u         /* smaller announcements cost us more than the peer */
#define TCP_MSS_DEFAULT4 536u    /* MUST-15 */
#define TCP_MSS_DEFAULT6 1220u
#define TCP_ACTIVE_RETRIES 7u    /* SYN: with back-off 183 s: MUST-23 */
#define TCP_MS_MAX 864000000u    /* ten days: less than half of what milliseconds can say */
#define TCP_TS_TICK_US 1000u

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

/* ---- tcp_timer.c ---- */
void tcp_timer_set(struct tcp *t, enum tcp_timer which, uint64_t at);
void tcp_timer_stop(struct tcp *t, enum tcp_timer which);
bool tcp_timer_on(const struct tcp *t, enum tcp_timer which);
/* A connection with a timer that is due, or NULL. */
struct tcp *tcp_timer_due(struct tcp_stack *s, uint64_t now);
void tcp_timer_forget(struct tcp *t);
uint64_t tcp_timer_next(const struct tcp_stack *s);

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

/* ---- tcp_reset.c ---- */
void tcp_reset_send(struct tcp *t, uint32_t seq);

static inline struct tcp_board *
tcp_board(const struct tcp *t)
{
	return t->board != NULL ? (struct tcp_board *)(void *)t->board->data : NULL;
}

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

#endif
