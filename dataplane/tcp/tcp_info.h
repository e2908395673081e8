/*
 * The record of one connection: what an operator, a test or a program asks for.
 *
 * Filled at the moment it is asked for, without effect on the connection. Bytes,
 * microseconds, and milliseconds where the name ends in _ms. 0 where nothing is
 * known, unless said otherwise.
 */
#ifndef POSTERN_TCP_INFO_H
#define POSTERN_TCP_INFO_H

#include <stdint.h>

struct tcp;

/* How congestion control stands. */
enum tcp_ca {
	TCP_CA_OPEN,         /* nothing is amiss */
	TCP_CA_DISORDER,     /* duplicates, or blocks held: perhaps a loss */
	TCP_CA_REDUCED,      /* the window was taken back without a loss (ECN) */
	TCP_CA_RECOVERY,     /* fast recovery */
	TCP_CA_LOSS,         /* after a timeout */
};

/* What both ends agreed on. */
#define TCP_INFO_TIMESTAMPS 0x01u
#define TCP_INFO_SACK 0x02u
#define TCP_INFO_SCALE 0x04u
#define TCP_INFO_ECN 0x08u
#define TCP_INFO_ECN_SEEN 0x10u  /* and a packet with ECT came */

/* Which limits have been reached. */
#define TCP_LIMIT_PEER_WINDOW 0x01u /* its window was shut, ever */
#define TCP_LIMIT_SHUT 0x02u     /* it is now */
#define TCP_LIMIT_CWND 0x04u     /* what waits to be sent waits for the congestion window */
#define TCP_LIMIT_ROOM 0x08u     /* the owner waits for room in the send buffer */
#define TCP_LIMIT_POOL 0x10u     /* the pool is nearly empty: small buffers for all */

struct tcp_info {
	/* state */
	int state;               /* enum tcp_state, tcp_fsm.h */
	uint8_t ca_state;        /* enum tcp_ca */
	uint8_t options;         /* TCP_INFO_* */
	uint8_t limits;          /* TCP_LIMIT_* */
	uint8_t snd_scale;       /* shift of the windows that the peer tells */
	uint8_t rcv_scale;       /* and of those that we tell */
	uint8_t timeouts_now;    /* of the oldest outstanding byte, in a row */
	uint8_t probes_now;      /* of a shut window, or keepalive probes, not answered yet */
	uint8_t backoff;         /* doublings of the timer that is running */
	const char *congestion;  /* the algorithm's name */

	/* times */
	uint32_t srtt_us;        /* RFC 6298 */
	uint32_t rttvar_us;
	uint32_t min_rtt_us;
	uint32_t rto_us;
	uint32_t ato_us;         /* how long an acknowledgement may be delayed */
	uint32_t rcv_rtt_us;     /* as the receiver sees it */
	uint32_t user_timeout_ms; /* 0: off */
	uint32_t since_sent_ms;  /* since data was sent; UINT32_MAX: never */
	uint32_t since_data_ms;  /* since data came; UINT32_MAX: never */
	uint32_t since_ack_ms;   /* since an acceptable segment came; UINT32_MAX: never */
	uint32_t since_progress_ms; /* since the oldest outstanding byte waits; 0: none does */
	uint32_t rtx_in_us;      /* until the retransmission or window probe timer fires; */
	uint32_t tail_in_us;     /* tail loss probe, or the end of the reordering window; */
	uint32_t ack_in_us;      /* delayed acknowledgement; */
	uint32_t life_in_us;     /* keepalive, lingering, FIN-WAIT-2 or TIME-WAIT; UINT32_MAX
	                          * each: not running */

	/* sending */
	uint32_t mss;            /* payload bytes of a segment, options taken off */
	uint32_t pmtu;           /* bytes of an IP packet on the way there */
	uint32_t cwnd;
	uint32_t ssthresh;       /* UINT32_MAX: the initial slow start */
	uint32_t snd_wnd;        /* what the peer offers */
	uint32_t snd_buf;        /* bytes that may be queued now, sent ones included */
	uint32_t in_flight;      /* sent and not acknowledged */
	uint32_t unsent;         /* queued behind it */
	uint32_t held;           /* of in_flight: the peer has it, out of order (SACK) */
	uint32_t lost;           /* of in_flight: lost, to be sent again */
	uint32_t again;          /* of in_flight: sent again and not answered yet */
	uint64_t pacing_rate;    /* bytes per second; UINT64_MAX: not paced */

	/* receiving */
	uint32_t advmss;         /* what our SYN offered */
	uint32_t rcv_mss;        /* the largest payload that came */
	uint32_t rcv_wnd;        /* what we offer now */
	uint32_t rcv_buf;        /* what we offer at most, as the buffer is now */
	uint32_t unread;         /* in order, the owner has not taken it */
	uint32_t reassembly;     /* bytes of blocks that hold what is out of order */

	/* counts */
	uint64_t bytes_in;       /* payload in order */
	uint64_t bytes_out;      /* payload acknowledged */
	uint32_t segs_in;        /* segments, modulo 2^32 */
	uint32_t segs_out;
	uint32_t retransmits;    /* segments sent again */
	uint32_t timeouts;
	uint32_t fast_retransmits;
	uint32_t reassembled;    /* segments that arrived out of order */
	uint32_t dsacks_in;      /* D-SACKs of the peer: we sent too much */
	uint32_t zero_windows;   /* times the peer's window was found shut */
	uint32_t reordered;      /* 1: the path has changed the order of segments */
	uint32_t reo_mult;       /* RACK: quarter round trips that reordering may take */
	uint32_t blocks;         /* pool blocks charged */
};

/* tcp_get_info(t, now, info): the record. */
void tcp_get_info(const struct tcp *t, uint64_t now, struct tcp_info *info);

/* What is asked for often. */
int tcp_state(const struct tcp *t);
uint32_t tcp_srtt_us(const struct tcp *t);

#endif
