/*
 * The steps of arrival (RFC 9293 section 3.10.7), private to this room: a segment goes through
 * them in the order of the section.
 */
#ifndef POSTERN_TCP_STEPS_H
#define POSTERN_TCP_STEPS_H

#include "dataplane/tcp/tcp_conn.h"
#include "dataplane/tcp/tcp_opt.h"

/* A segment on its way through the steps of arrival; trimmed as it goes. */
struct tcp_in {
	struct tcp_seg seg;
	struct tcp_opts opts;
	uint32_t wire_seq;   /* before trimming */
	bool stale;          /* all of it had come before */
	bool late;           /* a younger one came first: its window is of before */
	bool syn;            /* a SYN: its window is not scaled */
	uint64_t now;
};

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

/* Sequence space of a segment: SEG.LEN. */
static inline uint32_t
tcp_seg_space(const struct tcp_seg *seg)
{
	return seg->data_len + ((seg->flags & TCP_SYN) ? 1u : 0u) + ((seg->flags & TCP_FIN) ? 1u : 0u);
}

#endif
