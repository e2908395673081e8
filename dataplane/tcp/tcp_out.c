/*
 * What to send now.
 *
 * With a board (tcp_board.h) what is lost goes out first (tcp_again.c), then new data,
 * as long as what is under way leaves room in the congestion window. Without one, new
 * data and the repetition after a timeout are the same walk from SND.NXT, and a
 * fast retransmit sends one segment from SND.UNA beside it.
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_send.h"

static bool
may_send(const struct tcp *t)
{
	switch (t->state) {
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
	case TCP_FIN_WAIT_1:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		return true;
	default:
		return false;
	}
}

struct plan {
	uint32_t avail;      /* bytes behind snd_nxt */
	bool fin;            /* our FIN follows them */
	uint32_t usable;     /* window left */
};

/* RFC 6675 section 5. Where the answers name
 * nothing that is held, two segments more for the first two: RFC 3042. */
uint32_t
tcp_cwnd_room(const struct tcp *t)
{
	const struct tcp_board *b = tcp_board(t);
	uint32_t out = b != NULL ? tcp_board_pipe(b) : t->snd_nxt - t->snd_una;
	uint32_t wnd = t->cc.cwnd;

	if (t->ecn_hold)
		return 0;
	if (!t->cc.recovery && t->dupacks > 0 && (b == NULL || b->held == 0))
		wnd += t->mss * (t->dupacks < 2 ? t->dupacks : 2u);
	return wnd > out ? wnd - out : 0;
}

static void
plan_of(const struct tcp *t, struct plan *p)
{
	uint32_t end = tcp_snd_end(t);
	uint32_t flight = t->snd_nxt - t->snd_una;
	uint32_t room = tcp_cwnd_room(t);

	p->avail = seq_lt(t->snd_nxt, end) ? end - t->snd_nxt : 0;
	p->fin = t->fin_queued && seq_leq(t->snd_nxt, end);
	p->usable = t->snd_wnd > flight ? t->snd_wnd - flight : 0;
	/* A FIN alone brings no load: it does not wait for the congestion window. */
	if (p->usable > room && !(p->fin && p->avail == 0))
		p->usable = room;
}

/* All that is queued is a small segment. It waits for more when the owner said that
 * more is to come, or, by Nagle's algorithm (RFC 9293 section 3.7.4), for the one small
 * segment that is in flight; not for what is full, which a peer that delays its
 * acknowledgements answers soon (the variant of draft-minshall-nagle). */
static bool
small_waits(const struct tcp *t, const struct plan *p)
{
	if (p->fin)
		return false;
	if (t->hold && !t->hold_over)
		return true;
	return seq_gt(t->snd_small, t->snd_una) && seq_leq(t->snd_small, t->snd_max) &&
	    tcp_own_or(tcp_own(t)->nagle, t->stack->cfg.nagle);
}

/* MUST-38: no small segment only because the window is small. */
static bool
worth(const struct tcp *t, const struct plan *p, uint32_t len)
{
	if (len == p->avail && len < t->mss && t->snd_nxt == t->snd_max && small_waits(t, p)) {
		t->stack->live.nagled += !t->hold;
		return false;
	}
	return len == p->avail || len >= t->mss || seq_lt(t->snd_nxt, t->snd_max) ||
	    len >= t->max_wnd / 2;
}

static void
count_sent(struct tcp *t, uint32_t end, uint64_t now)
{
	if (seq_lt(t->snd_nxt, t->snd_max)) {
		t->retransmits++;
		t->stack->retransmits++;
		tcp_rto_cancel(&t->rto);
	} else {
		if (t->snd_una == t->snd_max)
			t->una_ms = tcp_ms(now);
		tcp_rto_start(&t->rto, end - t->snd_nxt > t->mss ? t->snd_nxt + t->mss : end, now);
		tcp_loss_sent(t, t->snd_nxt, end, now);
		if (!t->path_good && t->path_mode == TCP_PATH_QUIET && end - t->snd_nxt >= t->mss) {
			t->path_mode = TCP_PATH_FULL;
			t->path_seq = t->snd_nxt + t->mss - 1;
		}
		if (t->dupacks > 0 && !t->cc.recovery)
			t->stack->loss.limited++;
	}
	t->snd_nxt = end;
	if (seq_gt(end, t->snd_max))
		t->snd_max = end;
	t->sent_ms = tcp_ms(now);
	t->sent_on = true;
	if (t->persist || t->hold_timer)
		tcp_persist_stop(t);
	t->hold_timer = false;
	if (!tcp_timer_on(t, TCP_T_RTX))
		tcp_rtx_set(t, now, t->rto.rto);
}

/* How much goes out together: new data alone, `segs` segments at most, and no small one
 * behind full ones unless it is the last of what there is. What is sent a second time,
 * and what is let out for a duplicate acknowledgement, goes one by one. */
static uint32_t
run_len(const struct tcp *t, const struct plan *p, uint32_t segs)
{
	uint32_t len = p->avail < p->usable ? p->avail : p->usable;

	if (seq_lt(t->snd_nxt, t->snd_max) || t->dupacks > 0 || t->cwr_due)
		segs = 1;
	if (len > segs * t->mss)
		len = segs * t->mss;
	if (len <= t->mss || (len == p->avail && !small_waits(t, p)))
		return len;
	return len - len % t->mss;
}

/* Up to `segs` segments from SND.NXT; how many there were. */
static uint32_t
send_planned(struct tcp *t, const struct plan *p, uint32_t segs, uint64_t now)
{
	uint32_t len = run_len(t, p, segs);
	struct tcp_seg_out o;
	bool fin = p->fin && len == p->avail && p->usable > len;
	bool mark;
	int r;

	if ((len == 0 && !fin) || !worth(t, p, len))
		return 0;
	if (t->snd_pos.block == NULL)
		t->snd_pos = fifo_seek(&t->snd, t->snd_nxt - t->snd_head);
	tcp_emit_init(&o, t->snd_nxt, t->snd_pos, len);
	if (len == p->avail)
		o.flags |= len > 0 ? TCP_PSH : 0;
	if (fin)
		o.flags |= TCP_FIN;
	o.fresh = o.seq == t->snd_max;
	/* RFC 3168 sections 6.1.2 and 6.1.5: new data alone. */
	mark = t->ecn_on && len > 0 && o.fresh;
	if (mark)
		o.traffic |= TCP_ECN_ECT0;
	if (mark && t->cwr_due)
		o.flags |= TCP_CWR;
	r = tcp_emit(t, &o, now);
	if (r < 0)
		return 0;
	if (o.flags & TCP_CWR) {
		t->cwr_due = false;
		t->stack->ecn.cwr_out++;
	}
	if (r > 0) {
		len = (uint32_t)r;
		fin = false;
	}
	fifo_skip(&t->snd, &t->snd_pos, len);
	if (len == p->avail && t->snd_nxt == t->snd_max && len % t->mss != 0)
		t->snd_small = t->snd_nxt + len;
	count_sent(t, o.seq + len + (fin ? 1u : 0u), now);
	segs = len > t->mss ? (len + t->mss - 1) / t->mss : 1;
	t->segs_out += segs - 1;
	return segs;
}

static uint32_t
send_next(struct tcp *t, uint32_t segs, uint64_t now)
{
	const struct tcp_board *b = tcp_board(t);
	struct plan p;

	if (b != NULL && b->lost > 0)
		return 0;
	if (t->path_search) {
		enum tcp_search_step step = tcp_search_send(t, now);

		if (step != TCP_SEARCH_NONE)
			return step == TCP_SEARCH_SENT;
	}
	plan_of(t, &p);
	return send_planned(t, &p, segs, now);
}

bool
tcp_send_larger(struct tcp *t, uint32_t len, uint64_t now)
{
	struct plan p;

	uint16_t mss = t->mss;
	bool sent = false;

	plan_of(t, &p);
	t->mss = (uint16_t)len; /* of this one */
	if (p.usable >= len && p.avail >= len)
		sent = send_planned(t, &p, 1, now) > 0;
	t->mss = mss;
	return sent;
}

bool
tcp_send_probe(struct tcp *t, uint64_t now)
{
	struct plan p;
	uint32_t flight = t->snd_nxt - t->snd_una;

	plan_of(t, &p);
	p.usable = t->snd_wnd > flight ? t->snd_wnd - flight : 0;
	if (p.usable > t->mss)
		p.usable = t->mss;
	return send_planned(t, &p, 1, now) > 0;
}

/* What the owner holds back leaves after a while without more. */
static void
hold_start(struct tcp *t, uint64_t now)
{
	t->hold_timer = true;
	tcp_timer_set(t, TCP_T_RTX, now + TCP_HOLD_US);
}

/* Something waits, nothing is outstanding, and no ACK will come for it. */
static void
watch_window(struct tcp *t, uint64_t now)
{
	struct plan p;
	bool waits;

	if (t->paced)
		return;
	plan_of(t, &p);
	waits = p.avail > 0 || p.fin;
	if (t->persist && !waits)
		tcp_persist_stop(t);
	else if (!waits || t->snd_nxt != t->snd_una || tcp_timer_on(t, TCP_T_RTX))
		return;
	else if (t->hold && p.avail <= p.usable)
		hold_start(t, now);
	else
		tcp_persist_start(t, now);
}

static void
idle(struct tcp *t, uint64_t now)
{
	struct cc_event ev = tcp_cc_event(t, now);

	/* RFC 7661 section 4.3 keeps the window, where it does not leave in one burst
	 * (section 4.4.2). */
	cc_idle(&t->cc, &ev, !ev.paced && (tcp_ms(now) - t->sent_ms) * 1000ull > t->rto.rto);
}

void
tcp_room_fire(struct tcp *t, uint64_t now)
{
	if (tcp_room(t) > 0)
		t->events |= TCP_EV_WRITABLE;
	else
		tcp_timer_set(t, TCP_T_TAIL, now + TCP_ROOM_RETRY_US);
}

/* At most `segs` segments: how many went out. */
static uint32_t
send_more(struct tcp *t, uint32_t segs, uint64_t now)
{
	uint32_t max = t->stack->cfg.run_segs;
	uint32_t n;

	if (tcp_send_lost(t, now))
		return 1;
	n = send_next(t, segs < max ? segs : max, now);
	return n > 0 || !tcp_send_doubt(t, now) ? n : 1;
}

uint32_t
tcp_out(struct tcp *t, uint64_t now)
{
	uint32_t burst = tcp_pace_burst(t);
	uint32_t sent = 0, n;

	if (t->gone)
		return 0;
	if (may_send(t)) {
		if (t->snd_max == t->snd_una && t->sent_on)
			idle(t, now);
		sent += tcp_frto_send(t, now);
		if (tcp_send_first(t, now))
			sent++;
		while (sent < burst && (n = send_more(t, burst - sent, now)) > 0)
			sent += n;
		if (sent >= burst && sent > 0)
			tcp_pace_sent(t, sent, now);
		if (sent >= burst && !t->paced)
			tcp_work_add(t);
		if (sent > 0)
			tcp_tail_arm(t, now);
		t->hold_over = false;
		watch_window(t, now);
	}
	/* Only now: more data keeps the board, and what can be undone. */
	if (t->snd_una == t->snd_max)
		tcp_loss_clear(t);
	if (tcp_room_alone(t) && !tcp_timer_on(t, TCP_T_TAIL))
		tcp_timer_set(t, TCP_T_TAIL, now + TCP_ROOM_RETRY_US);
	if (t->ack_now || (t->take_seen && t->state >= TCP_ESTABLISHED && tcp_rcv_update_due(t))) {
		tcp_out_ack(t, now);
		sent++;
	}
	t->take_seen = false;
	return sent;
}
