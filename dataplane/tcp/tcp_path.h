/*
 * The path's MTU: private to this room.
 *
 * Three ways to learn it. A router says that a packet was too big (RFC 1191, RFC
 * 8201); what contradicts segments that have arrived is held back until a timeout
 * confirms it or progress refutes it (RFC 5927 section 7.2). Nobody says anything,
 * and full segments time out again and again: a black hole (RFC 4821 section 7.7).
 * And, where segments are smaller than both ends would have them, a larger one is
 * tried with real data (RFC 4821 section 7, in the states of RFC 8899 section 5.2).
 * What is learned is remembered by destination.
 */
#ifndef POSTERN_TCP_PATH_H
#define POSTERN_TCP_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/tcp/tcp.h"

#define TCP_PATH_MIN6 1280u      /* RFC 8200 section 5 */
#define TCP_PATH_BASE 1280u      /* what nearly every path carries: RFC 8899 section 5.1.2 */
#define TCP_PATH_OVERHEAD_MAX 72u /* of IP, TCP and its options */
#define TCP_PATH_PROBES_MAX 3u
#define TCP_PATH_WAYS 4u         /* places for one destination */
#define TCP_PATH_TICK_SHIFT 24u  /* times in 2^24 us, about 17 s */

struct tcp_path {
	struct tcp_addr addr;
	uint16_t mtu;            /* 0: free */
	uint16_t until;          /* in ticks, modulo 2^16 */
};

enum tcp_path_mode {
	TCP_PATH_QUIET,
	TCP_PATH_FULL,           /* the first full segment is out: path_seq is its last byte */
	TCP_PATH_HELD,           /* a packet too big is held back: it quoted path_seq */
};

enum tcp_search_step { TCP_SEARCH_NONE, TCP_SEARCH_SENT, TCP_SEARCH_WAIT };

/* ---- tcp_path.c ---- */
uint32_t tcp_path_buckets(const struct tcp_config *c);
/* The payload of a segment is known: not more than the path is known to carry. */
void tcp_path_begin(struct tcp *t, uint64_t now);
/* Everything up to SND.UNA has arrived, and that is news to path_mode. */
void tcp_path_progress(struct tcp *t);
/* The retransmission timer has fired. True: a packet was too big, which is no sign
 * of congestion. */
bool tcp_path_timeout(struct tcp *t, uint64_t now);
/* Segments of this payload arrive. */
void tcp_path_raise(struct tcp *t, uint32_t mss, uint64_t now);
/* For the next connection to the same destination: what segments have now. */
void tcp_path_remember(const struct tcp *t, uint64_t now);
/* The payload that both ends would have. */
uint32_t tcp_path_top(const struct tcp *t);
/* Bytes around it. */
uint32_t tcp_path_overhead(const struct tcp *t);

/* ---- tcp_search.c ---- */
/* Before new data is sent: the probe has gone out instead; or nothing goes out
 * until there is room for it. */
enum tcp_search_step tcp_search_send(struct tcp *t, uint64_t now);
/* Blocks and acknowledgements have been taken: has the probe arrived? */
void tcp_search_ack(struct tcp *t, uint64_t now);
/* Something is lost: if it is the probe, that is charged to nobody. */
void tcp_search_lost(struct tcp *t, uint64_t now);
/* Everything in flight is. */
void tcp_search_timeout(struct tcp *t, uint64_t now);

#endif
