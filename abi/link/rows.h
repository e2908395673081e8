/*
 * Rows of ATTACH_ROWS: what a worker says of each connection and each channel, or of
 * each connection's TCP, when it is asked. The supervisor passes them on unread: a
 * channel's `what` is text that a peer chose.
 *
 * A row is u8 kind, str body. Bodies grow at their end; unknown kinds are skipped.
 */
#ifndef POSTERN_LINK_ROWS_H
#define POSTERN_LINK_ROWS_H

#include "abi/link/filter.h"
#include "abi/link/layout.h"
#include "abi/wire/cursor.h"

#define ROW_MAX 192u     /* encoded, whole; ROW_TCP excepted */
#define ROW_TCP_MAX 512u

enum row_kind { ROW_CONN = 1, ROW_CHAN = 2, ROW_TCP = 3, ROW_NEXT = 4 };

struct row_conn {
	uint32_t conn;
	uint32_t gen;
	struct view peer;     /* text */
	uint16_t peer_port;
	uint8_t phase;        /* enum ssh_phase */
	uint64_t opened_ms;   /* unix time */
	uint64_t bytes_in;    /* of its TCP stream */
	uint64_t bytes_out;
	uint32_t chans;
	uint32_t rtt_us;
	uint16_t suite_in;    /* algo.def; 0: none yet */
	uint16_t suite_out;
};

#define ROW_CHAN_STARTED 0x01u
#define ROW_CHAN_EOF_IN 0x02u
#define ROW_CHAN_EOF_OUT 0x04u
#define ROW_CHAN_CLOSE_IN 0x08u
#define ROW_CHAN_CLOSE_OUT 0x10u

struct row_chan {
	uint32_t conn;
	uint32_t gen;
	uint32_t ours;
	uint32_t peers;
	uint8_t flags;        /* ROW_CHAN_* */
	uint8_t start;        /* enum link_start; 0: not started */
	struct view what;     /* command or subsystem, or its beginning */
	uint64_t opened_ms;   /* unix time */
	uint64_t bytes_in;    /* payload */
	uint64_t bytes_out;
	uint32_t window_in;   /* what the peer may still send */
	uint64_t window_out;  /* what we may still send */
	uint32_t queued;      /* bytes toward the peer that wait */
	uint32_t held;        /* bytes toward the host that wait */
	uint64_t unread;      /* bytes that the host has and did not take */
};

/*
 * The TCP of one connection, from its first segment on. FIELD(bits, name): bytes,
 * microseconds, and milliseconds where the name ends in _ms; 0 where nothing is
 * known, unless said otherwise. The order is the ABI, append only.
 */
#define ROW_TCP_FIELDS(FIELD) \
	FIELD(8, options)           /* ROW_TCP_TIMESTAMPS .. */ \
	FIELD(8, limits)            /* ROW_TCP_PEER_WINDOW .. */ \
	FIELD(8, snd_scale)         /* shift of the windows that the peer tells */ \
	FIELD(8, rcv_scale)         /* and of those that we tell */ \
	FIELD(8, timeouts_now)      /* of the oldest outstanding byte, in a row */ \
	FIELD(8, probes_now)        /* of a shut window or keepalive, not answered yet */ \
	FIELD(8, backoff)           /* doublings of the timer that is running */ \
	FIELD(32, srtt_us)          /* RFC 6298 */ \
	FIELD(32, rttvar_us) \
	FIELD(32, min_rtt_us) \
	FIELD(32, rto_us) \
	FIELD(32, ato_us)           /* how long an acknowledgement may be delayed */ \
	FIELD(32, rcv_rtt_us)       /* as the receiver sees it */ \
	FIELD(32, user_timeout_ms)  /* 0: off */ \
	FIELD(32, since_sent_ms)    /* since data was sent; all bits set: never */ \
	FIELD(32, since_data_ms)    /* since data came; all bits set: never */ \
	FIELD(32, since_ack_ms)     /* since an acceptable segment came; all bits set: never */ \
	FIELD(32, since_progress_ms) /* since the oldest outstanding byte waits */ \
	FIELD(32, rtx_in_us)        /* until the retransmission timer or window probe fires; */ \
	FIELD(32, tail_in_us)       /* tail loss probe, or the end of a reordering window; */ \
	FIELD(32, ack_in_us)        /* delayed acknowledgement; */ \
	FIELD(32, life_in_us)       /* FIN-WAIT-2; all bits set each: not running */ \
	FIELD(32, mss)              /* payload bytes of a segment */ \
	FIELD(32, pmtu)             /* bytes of an IP packet */ \
	FIELD(32, cwnd) \
	FIELD(32, ssthresh)         /* all bits set: the initial slow start */ \
	FIELD(32, snd_wnd)          /* what the peer offers */ \
	FIELD(32, snd_buf)          /* that may be queued, sent ones included */ \
	FIELD(32, in_flight)        /* sent and not acknowledged */ \
	FIELD(32, unsent)           /* queued behind it */ \
	FIELD(32, held)             /* of in_flight: the peer has it (SACK) */ \
	FIELD(32, lost)             /* of in_flight: to be sent again */ \
	FIELD(32, again)            /* of in_flight: sent again and not answered yet */ \
	FIELD(64, pacing_rate)      /* bytes per second; all bits set: not paced */ \
	FIELD(32, advmss)           /* what our SYN offered */ \
	FIELD(32, rcv_mss)          /* the largest payload that came */ \
	FIELD(32, rcv_wnd)          /* what we offer now */ \
	FIELD(32, rcv_buf)          /* what we offer at most */ \
	FIELD(32, unread)           /* in order and not taken yet */ \
	FIELD(32, reassembly)       /* of blocks that hold what is out of order */ \
	FIELD(64, bytes_in)         /* payload in order */ \
	FIELD(64, bytes_out)        /* payload acknowledged */ \
	FIELD(32, segs_in)          /* modulo 2^32 */ \
	FIELD(32, segs_out) \
	FIELD(32, retransmits) \
	FIELD(32, timeouts) \
	FIELD(32, fast_retransmits) \
	FIELD(32, reassembled)      /* segments that arrived out of order */ \
	FIELD(32, dsacks_in)        /* D-SACKs of the peer: we sent too much */ \
	FIELD(32, zero_windows)     /* times the peer's window was found shut */ \
	FIELD(32, reordered)        /* 1: the path has changed the order */ \
	FIELD(32, reo_mult)         /* RACK: quarter round trips of reordering */ \
	FIELD(32, blocks)           /* of memory, charged to it */

#define ROW_TCP_TIMESTAMPS 0x01u
#define ROW_TCP_SACK 0x02u
#define ROW_TCP_SCALE 0x04u
#define ROW_TCP_ECN 0x08u
#define ROW_TCP_ECN_SEEN 0x10u

#define ROW_TCP_PEER_WINDOW 0x01u /* the peer's window was shut, ever */
#define ROW_TCP_SHUT 0x02u        /* it is now */
#define ROW_TCP_CWND 0x04u        /* the congestion window holds back */
#define ROW_TCP_ROOM 0x08u        /* the send buffer is full */
#define ROW_TCP_POOL 0x10u        /* the worker's memory is nearly used up */

struct row_tcp {
	uint32_t conn;             /* LINK_CONN_NONE: half open, or over for all but TCP */
	uint32_t gen;
	struct view peer;          /* text */
	uint16_t peer_port;
	struct view local;
	uint16_t local_port;
	struct view state;         /* RFC 9293's name */
	struct view recovery;      /* "open", "disorder", "reduced", "recovery", "loss" */
	struct view congestion;    /* the algorithm */
#define FIELD(bits, name) uint##bits##_t name;
	ROW_TCP_FIELDS(FIELD)
#undef FIELD
};

/*
 * One page of connections' TCP: where it begins, how many rows at most, and which.
 * `from` is a worker's number in its top bits (layout.h) and a place in its table
 * below. The page ends with ROW_NEXT: where the next one begins, LINK_CONN_NONE when
 * the worker has no more. On the wire: u32 from, u32 count, filter.
 */
#define ROW_PAGE_MAX 1000u

struct row_page {
	uint32_t from;
	uint32_t count;            /* 1..ROW_PAGE_MAX */
	struct link_filter filter;
};

void row_page_put(struct put *w, const struct row_page *p);
int row_page_get(struct cur *c, struct row_page *p);

void row_tcp_put(struct put *w, const struct row_tcp *r);
void row_next_put(struct put *w, uint32_t from);
void row_conn_put(struct put *w, const struct row_conn *r);
void row_chan_put(struct put *w, const struct row_chan *r);

struct row {
	uint8_t kind;
	union {
		struct row_conn conn;
		struct row_chan chan;
		struct row_tcp tcp;
		uint32_t next;
	};
};

/* row_next(c, r): the next row of a known kind; views borrow. 1, 0 at the end, or
 * -R_LINK_NOTE. */
int row_next(struct cur *c, struct row *r);

#endif
