/*
 * What the path carries: what routers say of it, black holes, and what is
 * remembered of each destination.
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_send.h"

#define IP4_TCP_SIZE 40u
#define IP6_TCP_SIZE 60u
#define TS_SIZE 12u

/* RFC 1191 section 7.1: what a router that does not say probably means. */
static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68 };

static uint16_t
tick(uint64_t now)
{
	return (uint16_t)(now >> TCP_PATH_TICK_SHIFT);
}

/* ---- what is remembered ---- */

uint32_t
tcp_path_buckets(const struct tcp_config *c)
{
	uint32_t n = 1;

	while (n * TCP_PATH_WAYS < c->path_entries)
		n <<= 1;
	return n;
}

static struct tcp_path *
bucket(const struct tcp *t)
{
	const struct tcp_stack *s = t->stack;
	uint64_t hash = siphash24(s->hash_key, &t->tuple.remote, sizeof(t->tuple.remote));

	return &s->paths[(hash & s->path_mask) * TCP_PATH_WAYS];
}

static bool
over(const struct tcp_path *p, uint64_t now)
{
	return p->mtu == 0 || (int16_t)(p->until - tick(now)) <= 0;
}

static struct tcp_path *
find(const struct tcp *t)
{
	struct tcp_path *p = bucket(t);

	for (uint32_t i = 0; i < TCP_PATH_WAYS; i++)
		if (p[i].mtu != 0 && memcmp(&p[i].addr, &t->tuple.remote, sizeof(p[i].addr)) == 0)
			return &p[i];
	return NULL;
}

/* Its place; a free one, or that of the oldest. */
void
tcp_path_remember(const struct tcp *t, uint64_t now)
{
	struct tcp_path *p = find(t), *b = bucket(t);

	for (uint32_t i = 0; p == NULL && i < TCP_PATH_WAYS; i++)
		if (over(&b[i], now))
			p = &b[i];
	if (p == NULL) {
		p = b;
		for (uint32_t i = 1; i < TCP_PATH_WAYS; i++)
			if ((int16_t)(b[i].until - p->until) < 0)
				p = &b[i];
	}
	p->addr = t->tuple.remote;
	p->mtu = (uint16_t)(t->mss + tcp_path_overhead(t));
	p->until = tick(now + t->stack->cfg.path_age_us);
}

uint32_t
tcp_path_overhead(const struct tcp *t)
{
	return (tcp_is_v4(&t->tuple.remote) ? IP4_TCP_SIZE : IP6_TCP_SIZE) + (t->ts_on ? TS_SIZE : 0);
}

uint32_t
tcp_path_top(const struct tcp *t)
{
	return t->peer_mss - (t->ts_on ? TS_SIZE : 0);
}

static uint32_t
least(const struct tcp *t)
{
	return tcp_is_v4(&t->tuple.remote) ? t->stack->cfg.path_min4 : TCP_PATH_MIN6;
}

/* `good`: such segments are known to arrive; `at`: from when on a larger one may be
 * tried. */
static void
set_mss(struct tcp *t, uint32_t mss, bool good, uint64_t at)
{
	t->mss = (uint16_t)mss;
	t->path_mode = TCP_PATH_QUIET;
	t->path_fails = 0;
	t->path_top = false;
	t->path_at = tick(at);
	t->path_search = t->sack_on && t->stack->cfg.path_probes > 0 && mss < tcp_path_top(t);
	t->path_good = good;
	if (t->board != NULL)
		tcp_board(t)->probe_len = 0;
}

void
tcp_path_begin(struct tcp *t, uint64_t now)
{
	struct tcp_path *p = find(t);
	uint32_t over_head = tcp_path_overhead(t);
	uint32_t top = tcp_path_top(t);

	set_mss(t, top, false, now);
	if (p == NULL || over(p, now) || p->mtu >= top + over_head)
		return;
	set_mss(t, p->mtu - over_head, false, now);
	t->path_at = p->until;
	t->stack->path.cached++;
}

void
tcp_path_raise(struct tcp *t, uint32_t mss, uint64_t now)
{
	bool top = t->path_top;

	set_mss(t, mss, true, now);
	t->path_top = top;
	tcp_path_remember(t, now);
}

/* ---- packets that were too big ---- */

/* Not congestion: RFC 1191 section 6.4, RFC 8201 section 5.4. What is in flight goes
 * out again in smaller segments, the first at once. */
static void
send_smaller(struct tcp *t, uint64_t now)
{
	struct cc_event ev = tcp_cc_event(t, now);
	struct tcp_board *b = tcp_board(t);

	if (b != NULL)
		tcp_board_lose(b, b->una, tcp_board_end(b));
	else
		tcp_snd_rewind(t);
	t->rexmit = b != NULL;
	t->dupacks = 0;
	t->probed = false;
	t->reo_on = false;
	tcp_timer_stop(t, TCP_T_TAIL);
	cc_too_big(&t->cc, &ev);
	tcp_rto_cancel(&t->rto);
	tcp_work_add(t);
}

static void
reduce(struct tcp *t, uint32_t mss, uint64_t now)
{
	struct tcp_board *b = tcp_board(t);

	if (b != NULL) {
		b->undo_on = false;
		b->frto = FRTO_OFF;
	}
	set_mss(t, mss, t->path_good, now + t->stack->cfg.path_age_us);
	tcp_path_remember(t, now);
}

/* RFC 5927 section 7.2: segments larger than what it says have arrived, so that it
 * is true only if the path has changed. Of several the one that quotes the oldest
 * segment counts: that is what the timer is for. */
static void
hold(struct tcp *t, uint32_t seq, uint32_t mss)
{
	if (t->path_mode == TCP_PATH_HELD && seq_leq(t->path_seq, seq))
		return;
	if (t->path_mode != TCP_PATH_HELD)
		t->stack->path.held++;
	t->path_mode = TCP_PATH_HELD;
	t->path_seq = seq;
	t->ptb_mss = (uint16_t)mss;
}

/* Bytes that go through; 0: it says nothing that can be true. */
static uint32_t
said(struct tcp *t, const struct tcp_icmp *e)
{
	uint32_t mtu = e->mtu;

	for (size_t i = 0; mtu == 0 && i < sizeof(plateaus) / sizeof(plateaus[0]); i++)
		if (plateaus[i] < e->size)
			mtu = plateaus[i];
	if (mtu == 0 || (e->size != 0 && mtu >= e->size))
		return 0;
	if (mtu >= least(t))
		return mtu;
	if (!tcp_is_v4(&t->tuple.remote))
		return 0; /* RFC 8201 section 4 */
	t->stack->path.clamped++;
	return least(t);
}

void
tcp_icmp_too_big(struct tcp_stack *s, const struct tcp_icmp *e, uint64_t now)
{
	struct tcp *t = tcp_icmp_find(s, e);
	uint32_t mtu;

	if (t == NULL)
		return;
	mtu = said(t, e);
	if (mtu == 0 || t->state < TCP_ESTABLISHED || mtu >= t->mss + tcp_path_overhead(t)) {
		tcp_drop(s, R_TCP_TOO_BIG);
		return;
	}
	if (t->path_good) {
		hold(t, e->seq, mtu - tcp_path_overhead(t));
		return;
	}
	reduce(t, mtu - tcp_path_overhead(t), now);
	s->path.taken++;
	send_smaller(t, now);
}

void
tcp_path_progress(struct tcp *t)
{
	if (t->path_mode == TCP_PATH_FULL)
		t->path_good = true;
	else
		t->stack->path.refuted++;
	t->path_mode = TCP_PATH_QUIET;
}

/* ---- black holes ---- */

/* RFC 4821 section 7.7: full segments alone time out. First to what nearly every
 * path carries, then, for IPv4, to the least. */
static uint32_t
suspect(const struct tcp *t)
{
	uint32_t limit = t->stack->cfg.path_timeouts;
	uint32_t flight = t->snd_max - t->snd_una;
	uint32_t size = (flight < t->mss ? flight : t->mss) + tcp_path_overhead(t);
	uint32_t count = t->rtx_count + 1u;

	if (limit == 0)
		return 0;
	if (count >= limit && size > TCP_PATH_BASE)
		return TCP_PATH_BASE;
	return count >= 2 * limit && size > least(t) ? least(t) : 0;
}

bool
tcp_path_timeout(struct tcp *t, uint64_t now)
{
	uint32_t mtu;

	tcp_search_timeout(t, now);
	if (t->path_mode == TCP_PATH_HELD && t->path_seq - t->snd_una < t->mss) {
		reduce(t, t->ptb_mss, now);
		t->stack->path.confirmed++;
		return true;
	}
	mtu = suspect(t);
	if (mtu == 0)
		return false;
	/* A peer that is gone for a while looks the same: it is remembered when larger
	 * segments are lost and these arrive (tcp_search.c). */
	set_mss(t, mtu - tcp_path_overhead(t), false, now);
	t->stack->path.black_holes++;
	return false;
}
