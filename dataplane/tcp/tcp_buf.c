/*
 * How large the buffers of a connection are.
 *
 * Both begin small and grow with the path, up to a limit of the connection and to
 * one of all connections; neither shrinks, so that no window is taken back. What
 * they may hold is no memory yet: blocks are taken when bytes come.
 *
 * The receive buffer is right when the owner's pace alone limits the peer: twice
 * what is taken in a round trip, and four times that when it is half of the buffer.
 * A round trip is over when the peer echoes a timestamp from after its beginning;
 * without timestamps, when as much time has passed as our own segments take.
 *
 * The send buffer is right when the congestion window can be filled and refilled:
 * twice the window.
 */
#include "dataplane/tcp/tcp_send.h"

void
tcp_buf_init(struct tcp *t)
{
	const struct tcp_config *c = &t->stack->cfg;

	t->rcv_cap = tcp_rcv_cap_init(c);
	t->snd_cap = c->snd_buf_init < c->snd_buf ? c->snd_buf_init : c->snd_buf;
}

void
tcp_buf_fini(struct tcp *t)
{
	t->stack->grown -= t->grown;
	t->grown = 0;
}

uint64_t
tcp_buf_growth_max(const struct tcp_stack *s)
{
	uint64_t half = (uint64_t)s->pool->count / 2 * POOL_BLOCK;

	return half < s->cfg.growth_max ? half : s->cfg.growth_max;
}

static uint32_t
growth_left(const struct tcp_stack *s)
{
	uint64_t max = tcp_buf_growth_max(s);

	return s->grown < max ? (uint32_t)(max - s->grown) : 0;
}

/* `cap` grows to `want`, as far as it may. */
static bool
grow(struct tcp *t, uint32_t *cap, uint64_t want, uint32_t max)
{
	struct tcp_stack *s = t->stack;
	uint32_t left = growth_left(s);
	uint32_t more;

	if (want > max)
		want = max;
	if (want <= *cap || tcp_pool_low(s))
		return false;
	more = (uint32_t)want - *cap;
	if (more > left) {
		s->buf.refused++;
		more = left;
	}
	*cap += more;
	t->grown += more;
	s->grown += more;
	return more > 0;
}

static void
round_start(struct tcp *t, uint64_t now)
{
	t->round_seq = t->rcv_nxt - t->rcv.len;
	/* The tick that runs may have been told before. */
	t->round_mark = t->ts_on ? tcp_ts_now(t, now) + 1 : (uint32_t)now;
}

void
tcp_buf_start(struct tcp *t, uint64_t now)
{
	round_start(t, now);
}

static bool
round_over(const struct tcp *t, const struct tcp_in *in)
{
	if (t->ts_on)
		return in->opts.ts_on && seq_geq(in->opts.ts_ecr, t->round_mark);
	return t->rto.measured && (uint32_t)in->now - t->round_mark >= t->rto.srtt;
}

void
tcp_buf_rcv(struct tcp *t, const struct tcp_in *in)
{
	struct tcp_buf_stats *st = &t->stack->buf;
	uint32_t max = t->stack->cfg.rcv_buf;
	uint32_t taken = t->rcv_nxt - t->rcv.len - t->round_seq;

	if (t->rcv_fixed || !round_over(t, in))
		return;
	if (max > 65535u << t->rcv_shift)
		max = 65535u << t->rcv_shift; /* what the field can say */
	/* Where the window is what limits, or soon will: a peer in slow start sends twice
	 * as much in the next round trip, and twice that in the one after, which the
	 * window that is told now must let out. */
	if (grow(t, &t->rcv_cap, taken >= t->rcv_cap / 2 ? 4ull * taken : 2ull * taken, max)) {
		st->rcv_grown++;
		st->rcv_capped += t->rcv_cap == max;
	}
	round_start(t, in->now);
}

void
tcp_buf_snd(struct tcp *t, bool full)
{
	struct tcp_buf_stats *st = &t->stack->buf;
	uint32_t max = t->stack->cfg.snd_buf;

	if (!full || t->snd_fixed || t->snd_cap / 2 >= t->cc.cwnd)
		return;
	if (!grow(t, &t->snd_cap, 2ull * t->cc.cwnd, max))
		return;
	st->snd_grown++;
	st->snd_capped += t->snd_cap == max;
}

/* Whatever the window lets the peer send, and for each of some runs a block that is not
 * full. Where every second segment is missing, half of the window is here. */
uint32_t
tcp_buf_reasm_blocks(const struct tcp *t)
{
	uint32_t max = t->stack->cfg.reasm_max / POOL_BLOCK;
	uint32_t most = t->rcv_cap / POOL_DATA + TCP_RUN_LEAF + 2;

	return max < most ? max : most;
}

/* What was grown is no longer the path's. */
static int
fix(struct tcp *t, uint32_t *cap, uint32_t bytes)
{
	uint32_t less = bytes < *cap ? *cap - bytes : 0;

	if (bytes < TCP_BUF_MIN || bytes > TCP_BUF_MAX)
		return -R_LIMIT;
	if (less > t->grown)
		less = t->grown;
	t->grown -= less;
	t->stack->grown -= less;
	*cap = bytes;
	return 0;
}

int
tcp_set_rcv_buf(struct tcp *t, uint32_t bytes)
{
	int r = fix(t, &t->rcv_cap, bytes);

	if (r == 0) {
		t->rcv_fixed = true;
		t->take_seen = true;
		tcp_work_add(t);
	}
	return r;
}

int
tcp_set_snd_buf(struct tcp *t, uint32_t bytes)
{
	int r = fix(t, &t->snd_cap, bytes);

	if (r == 0) {
		t->snd_fixed = true;
		if (t->room_wanted && tcp_room(t) > 0)
			t->events |= TCP_EV_WRITABLE;
		tcp_work_add(t);
	}
	return r;
}
