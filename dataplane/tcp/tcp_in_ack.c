/*
 * The ACK step of segment arrival: what it acknowledges, what it says of loss,
 * and the window it offers.
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_send.h"

#define DUP_THRESHOLD 3u /* RFC 5681 section 3.2 */
#define RTT_MAX_MS 60000u

void
tcp_in_window_first(struct tcp *t, const struct tcp_in *in, uint32_t window)
{
	t->snd_wnd = window;
	t->max_wnd = window;
	t->snd_wl1 = in->seg.seq;
	t->snd_wl2 = in->seg.ack;
}

/* MUST-72: an older segment must not undo a newer one's window. What it acknowledges,
 * `moved`, is taken off: the edge stays where it was told (RFC 9293 section 3.8.6). */
static void
tcp_in_window(struct tcp *t, const struct tcp_in *in, uint32_t moved)
{
	uint32_t window = (uint32_t)in->seg.window << t->snd_shift;

	if (seq_gt(t->snd_wl1, in->wire_seq) ||
	    (t->snd_wl1 == in->wire_seq && seq_gt(t->snd_wl2, in->seg.ack))) {
		t->snd_wnd = t->snd_wnd > moved ? t->snd_wnd - moved : 0;
		return;
	}
	if (window == 0 && t->snd_wnd != 0)
		t->zero_windows++;
	if (window > t->snd_wnd)
		tcp_work_add(t);
	t->snd_wnd = window;
	t->snd_wl1 = in->wire_seq;
	t->snd_wl2 = in->seg.ack;
	if (window > t->max_wnd)
		t->max_wnd = window;
}

/* A segment timed by our own clock is exact; the echoed timestamp is there
 * also after a retransmission (RFC 6298 section 3). */
static void
measure(struct tcp *t, const struct tcp_in *in)
{
	uint32_t ms;

	if (tcp_rto_ack(&t->rto, in->seg.ack, in->now) || t->rto.timed)
		return;
	if (!t->ts_on || !in->opts.ts_on || in->opts.ts_ecr == 0)
		return;
	ms = tcp_ts_now(t, in->now) - in->opts.ts_ecr;
	if (ms <= RTT_MAX_MS)
		tcp_rto_sample(&t->rto, ms > 0 ? ms * 1000u : 1000u);
}

/* Gives back what is acknowledged and keeps snd_nxt and its cursor right. */
static void
release(struct tcp *t, uint32_t ack)
{
	uint32_t bytes = ack - t->snd_head;

	if (seq_gt(ack, t->snd_head)) {
		if (bytes > t->snd.len)
			bytes = t->snd.len; /* the rest is our FIN */
		fifo_take(&t->snd, t->stack->pool, bytes);
		t->snd_head += bytes;
		t->bytes_out += bytes;
	}
	t->snd_una = ack;
	if (seq_leq(t->snd_nxt, ack))
		tcp_snd_rewind(t);
}

static void
rearm(struct tcp *t, const struct tcp_in *in, bool partial)
{
	if (t->persist) {
		tcp_persist_progress(t, in->now);
		return;
	}
	if (t->snd_una == t->snd_max) {
		if (!t->ecn_hold)
			tcp_timer_stop(t, TCP_T_RTX);
		return;
	}
	/* Only the first partial ACK: the timer is the way out of a recovery that
	 * takes too long (RFC 6582 section 3.2 step 3). */
	if (partial && t->cc.partial && !t->cc.sack)
		return;
	if (partial)
		t->cc.partial = true;
	tcp_rtx_set(t, in->now, t->rto.rto);
}

/* The round trip of what an ACK has delivered: with a board each tells one. */
static uint32_t
sample(const struct tcp *t, uint32_t delivered)
{
	const struct tcp_board *b = tcp_board(t);

	return b != NULL && b->rack_on && delivered > 0 ? b->rack_rtt : 0;
}

static void
new_ack(struct tcp *t, struct tcp_in *in)
{
	struct cc_event ev = tcp_cc_event(t, in->now);
	bool was_full = t->snd.len > t->snd_cap / 2 || t->room_wanted;
	bool partial = false;
	uint32_t delivered;

	ev.acked = in->seg.ack - t->snd_una;
	ev.una = in->seg.ack;
	release(t, in->seg.ack);
	t->una_ms = tcp_ms(in->now);
	tcp_moved(t, ev.acked, in->now);
	if (t->path_mode != TCP_PATH_QUIET && seq_gt(t->snd_una, t->path_seq))
		tcp_path_progress(t);
	delivered = tcp_loss_take(t, in, true);
	measure(t, in);
	ev.srtt = t->rto.srtt;
	ev.rtt = sample(t, delivered);
	tcp_tail_ack(t, in, true);
	t->rtx_count = 0;
	t->dupacks = 0;
	if (t->cc.recovery) {
		partial = cc_recovery_ack(&t->cc, &ev);
		t->rexmit = partial && t->board == NULL;
		if (!partial)
			tcp_loss_recovered(t);
	} else if (!tcp_ecn_echoed(t, in)) {
		cc_ack(&t->cc, &ev);
		tcp_buf_snd(t, was_full);
	}
	rearm(t, in, partial);
	if (tcp_ecn_echoed(t, in))
		tcp_ecn_ack(t, &ev);
	else if (seq_gt(t->snd_una, t->cwr_end))
		t->cwr_end = t->snd_una - 1; /* kept near, as in cc_ack */
	if (t->snd_una != t->snd_max)
		tcp_loss_detect(t, in->now, delivered, true);
	tcp_tail_arm(t, in->now);
	if (was_full && tcp_room(t) > 0)
		t->events |= TCP_EV_WRITABLE;
	tcp_work_add(t);
}

/* RFC 5681 section 2, (a) to (e). Where there are SACK blocks, what counts is
 * that they say something new (RFC 6675 section 2): data may come with them,
 * and a reader that takes bytes changes the window. */
static bool
is_duplicate(struct tcp *t, const struct tcp_in *in, uint32_t *delivered)
{
	const struct tcp_seg *seg = &in->seg;

	if (t->sack_on && in->opts.sack_count > 0) {
		*delivered = tcp_loss_take(t, in, false);
		if (t->board != NULL)
			return *delivered > 0;
	}
	if (t->snd_max == t->snd_una)
		return false;
	return !in->stale && !in->late && tcp_seg_space(seg) == 0 &&
	    (uint32_t)seg->window << t->snd_shift == t->snd_wnd;
}

static void
duplicate(struct tcp *t, uint64_t now, uint32_t delivered)
{
	struct cc_event ev;

	if (t->persist)
		return;
	if (t->dupacks < UINT8_MAX)
		t->dupacks++;
	if (t->cc.recovery)
		cc_dupack(&t->cc, t->mss, t->snd_una);
	if (t->board != NULL) {
		tcp_loss_detect(t, now, delivered, false);
		tcp_tail_arm(t, now);
	} else if (t->dupacks == DUP_THRESHOLD && cc_may_enter(&t->cc, t->snd_una, false)) {
		ev = tcp_cc_event(t, now);
		cc_enter(&t->cc, &ev, false);
		tcp_ecn_reduced(t);
		t->fast_retransmits++;
		t->stack->loss.reno++;
		t->rexmit = true;
	}
	tcp_work_add(t);
}

static void
tcp_in_fin_acked(struct tcp *t, uint64_t now)
{
	if (!t->fin_queued || t->snd_una != tcp_snd_end(t) + 1 || !tcp_fsm(t, TCP_E_RCV_ACK_OF_FIN))
		return;
	if (t->state == TCP_FIN_WAIT_2 && t->closed)
		tcp_timer_set(t, TCP_T_LIFE, now + t->stack->cfg.finwait2_us);
	else if (t->state == TCP_TIME_WAIT && !t->closed)
		tcp_timer_set(t, TCP_T_LIFE, now + t->stack->cfg.timewait_us);
}

int
tcp_in_ack(struct tcp *t, struct tcp_in *in)
{
	uint32_t ack = in->seg.ack;
	uint32_t moved = ack - t->snd_una;
	uint32_t delivered = 0;

	/* RFC 5961 section 5.2 */
	if (seq_gt(ack, t->snd_max)) {
		tcp_challenge(t, in->now);
		return -R_TCP_BAD_ACK;
	}
	if (seq_lt(ack, t->snd_una - t->max_wnd)) {
		tcp_challenge(t, in->now);
		return -R_TCP_OLD_ACK;
	}
	t->heard_ms = tcp_ms(in->now);
	t->heard_on = true;
	t->keep_probes = 0;
	if (t->persist)
		t->rtx_count = 0; /* it is alive: probes go on for ever */
	if (seq_gt(ack, t->snd_una)) {
		new_ack(t, in);
		tcp_in_fin_acked(t, in->now);
	} else if (ack == t->snd_una) {
		tcp_tail_ack(t, in, false);
		if (is_duplicate(t, in, &delivered))
			duplicate(t, in->now, delivered);
	}
	if (seq_geq(ack, t->snd_una) && !in->late)
		tcp_in_window(t, in, moved);
	return 0;
}
