/*
 * Which of what is in flight is lost: RACK (RFC 8985 section 6), or by the count
 * of what is held behind it (RFC 6675), on the same board.
 *
 * Without SACK, or when the pool has no block to spare, there is no board, and
 * duplicate acknowledgements are counted (RFC 5681, RFC 6582).
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_send.h"

#define DUP_THRESHOLD 3u         /* RFC 5681 section 3.2, RFC 8985 section 6.2 step 4 */
#define MIN_RTT_US 300000000u    /* how long a least round trip is believed */
#define REO_PERSIST 16u          /* recoveries until a larger window is given up */
#define REO_MULT_MAX 64u
#define GRAIN_SHIFT 6u           /* a 64th of a round trip, far below its quarter */

void
tcp_loss_sent(struct tcp *t, uint32_t seq, uint32_t end, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);

	if (b == NULL) {
		if (!t->sack_on || seq != t->snd_una || t->snd_max != seq || tcp_pool_low(t->stack))
			return;
		t->board = pool_get(t->stack->pool);
		b = tcp_board(t);
		if (b == NULL)
			return;
		tcp_board_init(b, t->stack->pool, seq);
	}
	tcp_board_sent(b, end, now, t->rto.srtt >> GRAIN_SHIFT);
}

void
tcp_loss_clear(struct tcp *t)
{
	if (t->board == NULL)
		return;
	tcp_board_fini(tcp_board(t));
	pool_put(t->stack->pool, t->board);
	t->board = NULL;
	if (t->reo_on)
		tcp_timer_stop(t, TCP_T_TAIL);
	t->reo_on = false;
}

bool
tcp_dsack_in(const struct tcp_in *in)
{
	const struct tcp_range *r = in->opts.sack;

	if (in->opts.sack_count == 0 || seq_geq(r[0].start, r[0].end))
		return false;
	if (seq_lt(r[0].start, in->seg.ack))
		return true; /* RFC 2883 section 4, case 1 */
	return in->opts.sack_count > 1 && seq_geq(r[0].start, r[1].start) &&
	    seq_leq(r[0].end, r[1].end); /* case 2 */
}

static void
news_init(const struct tcp *t, const struct tcp_in *in, struct tcp_news *n)
{
	uint32_t ms = tcp_ts_now(t, in->now) - in->opts.ts_ecr;
	uint32_t part = (uint32_t)(in->now % TCP_TS_TICK_US);

	*n = (struct tcp_news){ .now = in->now, .min_rtt = UINT32_MAX };
	if (t->min_rtt_on)
		n->min_rtt = t->min_rtt;
	if (!t->ts_on || !in->opts.ts_on || in->opts.ts_ecr == 0 || ms > TCP_RTO_MAX_US / 1000)
		return;
	n->echo_on = true;
	n->echo_age = ms * TCP_TS_TICK_US + part;
	n->echo_age -= n->echo_age < TCP_TS_TICK_US - 1 ? n->echo_age : TCP_TS_TICK_US - 1;
}

static void
take_min_rtt(struct tcp *t, uint32_t rtt, uint64_t now)
{
	if (t->min_rtt_on && rtt > t->min_rtt && (uint32_t)now - t->min_rtt_at < MIN_RTT_US)
		return;
	t->min_rtt_on = true;
	t->min_rtt = rtt;
	t->min_rtt_at = (uint32_t)now;
}

/* The window grows by a quarter round trip in each round in which a D-SACK shows
 * that it was too small (RFC 8985 section 6.2 step 4). */
static void
take_dsack(struct tcp *t, const struct tcp_in *in)
{
	t->dsacks_in++;
	t->stack->loss.dsack_in++;
	tcp_undo_dsack(t, in->opts.sack[0]);
	if (t->reo_round_on)
		return;
	t->reo_round_on = true;
	t->reo_round = t->snd_max;
	t->reo_persist = REO_PERSIST;
	if (t->reo_mult == 0)
		t->reo_mult = 1;
	if (t->reo_mult < REO_MULT_MAX)
		t->reo_mult++;
}

uint32_t
tcp_loss_take(struct tcp *t, const struct tcp_in *in, bool moved)
{
	struct tcp_board *b = tcp_board(t);
	struct tcp_news n;
	uint32_t blocks;

	if (t->reo_round_on && seq_geq(t->snd_una, t->reo_round))
		t->reo_round_on = false;
	if (t->sack_on && tcp_dsack_in(in))
		take_dsack(t, in);
	if (b == NULL)
		return 0;
	news_init(t, in, &n);
	tcp_board_ack(b, t->snd_una, &n);
	blocks = tcp_board_blocks(b);
	if (in->opts.sack_count > 0)
		tcp_board_sack(b, in->opts.sack, in->opts.sack_count, &n);
	t->stack->loss.board_grown += tcp_board_blocks(b) > blocks;
	t->stack->loss.board_full += n.full;
	if (b->rack_on && n.bytes > 0)
		take_min_rtt(t, b->rack_rtt, in->now);
	if (n.reordered && !t->reordered) {
		t->reordered = true;
		t->stack->loss.reordering++;
	}
	if (n.bytes > 0 && (b->probe_len | b->probe_lost) != 0)
		tcp_search_ack(t, in->now);
	tcp_undo_ack(t, in, moved, n.once);
	return n.bytes;
}

void
tcp_loss_recovered(struct tcp *t)
{
	struct tcp_board *b = tcp_board(t);

	if (b != NULL) {
		b->rescued = false;
		t->cc.cwnd = t->cc.ssthresh; /* RFC 9937 section 6.4: what PRR has led to */
	}
	if (t->reo_persist > 0 && --t->reo_persist == 0)
		t->reo_mult = 1;
}

/* RFC 8985 section 6.2 step 4. No window is smaller than the clock's step: what
 * left and came back within one tells no order. */
static uint32_t
reo_wnd(const struct tcp *t, const struct tcp_board *b)
{
	uint32_t step = t->stack->cfg.clock_us;
	uint64_t wnd;

	if (!t->reordered && (t->cc.recovery || t->cc.after_rto || b->held >= DUP_THRESHOLD * t->mss))
		return 0;
	wnd = (uint64_t)(t->reo_mult > 0 ? t->reo_mult : 1) * t->min_rtt / 4;
	if (t->rto.measured && wnd > t->rto.srtt)
		wnd = t->rto.srtt;
	return wnd > step ? (uint32_t)wnd : step;
}

static bool
sent_before(const struct tcp_board *b, const struct tcp_sent *s)
{
	return seq_lt(s->at, b->rack_at) || (s->at == b->rack_at && seq_lt(s->end, b->rack_end));
}

/* RFC 8985 section 6.2 step 5. What waits for the window is looked at again by
 * TCP_T_TAIL. Behind what was sent again times only grow. */
static void
rack_detect(struct tcp *t, struct tcp_board *b, uint64_t now)
{
	uint32_t limit = b->rack_rtt + reo_wnd(t, b);
	uint32_t wait = 0, start, end = b->una;

	for (uint32_t i = 0; b->rack_on && i < tcp_board_count(b); i++) {
		const struct tcp_sent *s = tcp_board_at(b, i);
		uint32_t age = (uint32_t)now - s->at;

		start = end;
		end = s->end;
		if (s->flags & (TCP_SENT_HELD | TCP_SENT_LOST))
			continue;
		if (!sent_before(b, s) && seq_geq(start, b->again))
			break;
		if (!sent_before(b, s))
			continue;
		if (age < limit) {
			wait = limit - age > wait ? limit - age : wait;
			continue;
		}
		if (s->flags & TCP_SENT_AGAIN)
			t->stack->loss.lost_again++;
		t->stack->loss.rack_lost++;
		tcp_board_mark(b, i);
	}
	if (t->reo_on || wait > 0)
		tcp_timer_stop(t, TCP_T_TAIL);
	t->reo_on = wait > 0;
	if (wait > 0)
		tcp_timer_set(t, TCP_T_TAIL, now + wait);
}

/* RFC 6675 section 4: IsLost for all below the edge, once. */
static void
count_detect(struct tcp *t, struct tcp_board *b)
{
	uint32_t edge = tcp_board_edge(b, t->mss);

	for (uint32_t i = 0; i < tcp_board_count(b) && seq_leq(tcp_board_at(b, i)->end, edge); i++) {
		if (tcp_board_at(b, i)->flags & ~TCP_SENT_PROBE)
			continue;
		t->stack->loss.count_lost++;
		tcp_board_mark(b, i);
	}
}

static void
enter(struct tcp *t, uint64_t now, uint32_t delivered)
{
	struct cc_event ev = tcp_cc_event(t, now);

	tcp_undo_save(t);
	tcp_prr_start(t, delivered);
	cc_enter(&t->cc, &ev, true);
	tcp_ecn_reduced(t);
	t->fast_retransmits++;
	t->stack->loss.recoveries++;
	t->rexmit = true;
}

void
tcp_loss_detect(struct tcp *t, uint64_t now, uint32_t delivered, bool moved)
{
	struct tcp_board *b = tcp_board(t);
	uint32_t before = b != NULL ? b->lost : 0;

	if (b == NULL || t->persist)
		return;
	/* In order and nothing sent again: nothing can be lost. */
	if (b->held == 0 && t->dupacks == 0 && !t->cc.recovery && !t->cc.after_rto && !t->reo_on)
		return;
	if (t->stack->cfg.rack)
		rack_detect(t, b, now);
	else
		count_detect(t, b);
	if (b->lost > before && b->probe_len != 0)
		tcp_search_lost(t, now);
	/* Answers whose blocks were taken out on the way. */
	if (t->dupacks >= DUP_THRESHOLD && !t->cc.recovery && b->lost == 0 && b->probe_lost == 0 &&
	    (!t->stack->cfg.rack || b->held == 0) && cc_may_enter(&t->cc, t->snd_una, b->held > 0))
		tcp_board_lose(b, t->snd_una, t->snd_una + t->mss);
	if (b->lost > b->probe_lost && !t->cc.recovery && cc_may_enter(&t->cc, t->snd_una, true) &&
	    !(t->cc.after_rto && seq_lt(t->snd_una, t->cc.recover)))
		enter(t, now, delivered);
	if (t->cc.recovery)
		tcp_prr_ack(t, delivered, moved && b->lost <= before);
	if (b->lost > 0)
		tcp_work_add(t);
}

void
tcp_reo_fire(struct tcp *t, uint64_t now)
{
	t->stack->loss.reo_timeouts++;
	tcp_loss_detect(t, now, 0, false);
	tcp_tail_arm(t, now);
}

/* The timer of all (RFC 8985 section 6.3, RFC 5681): everything that is not held
 * goes out again. */
bool
tcp_loss_timeout(struct tcp *t)
{
	struct tcp_board *b = tcp_board(t);

	if (b == NULL || t->snd_wnd == 0) {
		tcp_loss_clear(t);
		return false;
	}
	if (t->rtx_count > 0 || (tcp_board_count(b) > 0 && (tcp_board_at(b, 0)->flags & TCP_SENT_HELD))) {
		if (b->held > 0)
			t->stack->loss.reneged++;
		tcp_board_forget(b);
	}
	tcp_board_lose(b, b->una, tcp_board_end(b));
	b->rescued = false;
	t->reo_on = false;
	return true;
}
