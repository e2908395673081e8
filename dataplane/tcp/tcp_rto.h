/*
 * The retransmission timer's value (RFC 6298). Microseconds.
 */
#ifndef POSTERN_TCP_RTO_H
#define POSTERN_TCP_RTO_H

#include <stdbool.h>
#include <stdint.h>

#define TCP_RTO_INIT_US 1000000u     /* RFC 6298 (2.1) */
#define TCP_RTO_SYN_LOST_US 3000000u /* (5.7) */
#define TCP_RTO_MAX_US 60000000u     /* (2.5) */
#define TCP_RTO_CLOCK_US 1000u       /* G */

struct tcp_rto {
	uint32_t srtt;
	uint32_t var;
	uint32_t rto;
	uint32_t timed_seq;  /* the segment that is timed ends here */
	uint32_t timed_at;   /* us, modulo 2^32: RTO_MAX is less */
	uint16_t min_ms;
	bool timed;
	bool measured;
};

/* min_us: rounded up to milliseconds, 65 s at most. */
void tcp_rto_init(struct tcp_rto *r, uint32_t init_us, uint32_t min_us);

/* One segment is timed at a time: it is sent now and ends at `end`. */
void tcp_rto_start(struct tcp_rto *r, uint32_t end, uint64_t now);

/* Karn: what was sent twice tells nothing. */
void tcp_rto_cancel(struct tcp_rto *r);

/* `ack` arrived: a sample, when it covers the timed segment. */
bool tcp_rto_ack(struct tcp_rto *r, uint32_t ack, uint64_t now);

void tcp_rto_sample(struct tcp_rto *r, uint32_t rtt_us);

/* The timer fired: back off (5.5). */
void tcp_rto_backoff(struct tcp_rto *r);

#endif
