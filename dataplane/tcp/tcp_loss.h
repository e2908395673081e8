/*
 * Losses, what they cost, and how fast it goes on: private to this room.
 */
#ifndef POSTERN_TCP_LOSS_H
#define POSTERN_TCP_LOSS_H

#include "dataplane/tcp/tcp_stack.h"
#include "dataplane/tcp/tcp_steps.h"

/* ---- tcp_rack.c ---- */
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

#endif
