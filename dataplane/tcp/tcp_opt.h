/*
 * TCP options: read into a struct, written from one.
 *
 * Reading never fails: an option that is malformed, unknown or misplaced is
 * skipped (RFC 9293 MUST-5, MUST-6); a length that cannot be trusted ends the
 * list (MUST-7) and sets `bad`. Of an option that comes twice the first counts.
 */
#ifndef POSTERN_TCP_OPT_H
#define POSTERN_TCP_OPT_H

#include <stdbool.h>
#include <stdint.h>

#define TCP_OPT_SACK_MAX 4u

/* The order of a SYN's options: their kinds as hexadecimal digits. */
#define TCP_SYN_ORDER 0x2483u /* MSS, SACK-permitted, timestamps, window scale */
bool tcp_opt_order_good(uint32_t order);

struct tcp_range {
	uint32_t start;
	uint32_t end;
};

struct tcp_opts {
	bool bad;
	bool mss_on;
	bool shift_on;
	bool sack_ok;        /* SACK-permitted */
	bool ts_on;
	uint8_t shift;       /* capped at 14 (RFC 7323 section 2.3) */
	uint8_t sack_count;
	uint16_t mss;
	uint16_t order;      /* for writing; 0: TCP_SYN_ORDER */
	uint32_t ts_val;
	uint32_t ts_ecr;
	struct tcp_range sack[TCP_OPT_SACK_MAX];
};

/* tcp_opt_read(o, p, len, syn): MSS, scale and SACK-permitted count only with
 * `syn`. */
void tcp_opt_read(struct tcp_opts *o, const uint8_t *p, uint32_t len, bool syn);

/* tcp_opt_write(o, buf): what is on in `o`, padded to 32 bits; as many SACK
 * blocks as fit. `buf` is 40 bytes. Returns the length. */
uint32_t tcp_opt_write(const struct tcp_opts *o, uint8_t *buf);

#endif
