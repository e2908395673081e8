/*
 * Congestion control: NewReno (RFC 5681, RFC 6582) with byte counting
 * (RFC 3465) and an initial window of ten segments (RFC 6928).
 *
 * The connection tells what happened, each kind by its own function; `flight`
 * is the number of bytes outstanding before the event.
 */
#ifndef POSTERN_TCP_CC_H
#define POSTERN_TCP_CC_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_cc {
	uint32_t cwnd;
	uint32_t ssthresh;
	uint32_t counted;    /* bytes acknowledged since cwnd last grew */
	uint32_t recover;    /* one behind the highest sent when loss was found */
	bool recovery;       /* fast recovery */
	bool sack;           /* of RFC 6675 */
	bool partial;        /* a partial ACK was seen in this recovery */
	bool after_rto;      /* slow start of a timeout, until `recover` */
};

void cc_init(struct tcp_cc *cc, uint32_t mss, uint32_t iss);

/* New data acknowledged outside fast recovery. */
void cc_ack(struct tcp_cc *cc, uint32_t mss, uint32_t una, uint32_t acked, uint32_t flight);

/* May the third duplicate ACK start a fast retransmit? `hole`: the peer's SACK
 * blocks show one. */
bool cc_may_enter(const struct tcp_cc *cc, uint32_t una, bool hole);
/* `sack`: the board says what is under way (RFC 6675), so cwnd is not inflated
 * by duplicates to stand for it. */
void cc_enter(struct tcp_cc *cc, uint32_t mss, uint32_t flight, uint32_t snd_max, bool sack);
void cc_dupack(struct tcp_cc *cc, uint32_t mss);
/* New data acknowledged in fast recovery. True for a partial ACK: the segment
 * at `una` is lost too. */
bool cc_recovery_ack(struct tcp_cc *cc, uint32_t mss, uint32_t una, uint32_t acked, uint32_t flight);

/* A tail loss probe has repaired a loss (RFC 8985 section 7.4.2). */
void cc_tail_loss(struct tcp_cc *cc, uint32_t mss, uint32_t flight);

/* A reduction was for nothing (RFC 4015): back to what was before it. */
void cc_undo(struct tcp_cc *cc, uint32_t una, uint32_t cwnd, uint32_t ssthresh);

/* `first`: of this segment; a second timeout leaves ssthresh (RFC 5681 eq. 4). */
void cc_timeout(struct tcp_cc *cc, uint32_t mss, uint32_t flight, uint32_t snd_max, bool first);
/* Nothing was sent for longer than an RTO (RFC 5681 section 4.1). */
void cc_idle(struct tcp_cc *cc, uint32_t mss);
/* The segment of the handshake was lost (RFC 5681 section 3.1). */
void cc_syn_lost(struct tcp_cc *cc, uint32_t mss);

#endif
