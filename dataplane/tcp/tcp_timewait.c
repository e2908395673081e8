/*
 * TIME-WAIT in small entries, oldest first: all of them wait equally long.
 *
 * A full table gives up its oldest entry. Resets are ignored (RFC 1337); a SYN
 * that is surely newer starts the next incarnation (RFC 6191, RFC 9293
 * section 3.6.1).
 */
#include "dataplane/tcp/tcp_stack.h"
#include "dataplane/tcp/tcp_steps.h"

#define ISN_STEP 65536u /* between the last number of one incarnation and the next's first */

void
tcp_tw_init(struct tcp_stack *s)
{
	memset(s->tw_buckets, 0xff, (s->tw_mask + (size_t)1) * sizeof(uint32_t));
	s->tw_free = TCP_NIL;
	s->tw_oldest = s->tw_newest = TCP_NIL;
}

static uint32_t *
bucket(const struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	return &s->tw_buckets[tcp_tuple_hash(s, tuple) & s->tw_mask];
}

static struct tcp_tw *
find(const struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	uint32_t i = *bucket(s, tuple);

	while (i != TCP_NIL && !tcp_tuple_eq(&s->tw[i].tuple, tuple))
		i = s->tw[i].next;
	return i != TCP_NIL ? &s->tw[i] : NULL;
}

bool
tcp_tw_find(const struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	return find(s, tuple) != NULL;
}

static void
order_del(struct tcp_stack *s, struct tcp_tw *w)
{
	if (w->older != TCP_NIL)
		s->tw[w->older].newer = w->newer;
	else
		s->tw_oldest = w->newer;
	if (w->newer != TCP_NIL)
		s->tw[w->newer].older = w->older;
	else
		s->tw_newest = w->older;
}

static void
order_add(struct tcp_stack *s, struct tcp_tw *w, uint64_t now)
{
	uint32_t i = (uint32_t)(w - s->tw);

	w->until = (uint32_t)((now + s->cfg.timewait_us) / 1000u) & 0x7fffffffu;
	w->newer = TCP_NIL;
	w->older = s->tw_newest;
	if (s->tw_newest != TCP_NIL)
		s->tw[s->tw_newest].newer = i;
	else
		s->tw_oldest = i;
	s->tw_newest = i;
}

static void
leave(struct tcp_stack *s, struct tcp_tw *w)
{
	uint32_t i = (uint32_t)(w - s->tw);
	uint32_t *at = bucket(s, &w->tuple);

	while (*at != i)
		at = &s->tw[*at].next;
	*at = w->next;
	order_del(s, w);
	w->next = s->tw_free;
	s->tw_free = i;
	s->tw_count--;
}

static struct tcp_tw *
take_free(struct tcp_stack *s)
{
	struct tcp_tw *w;

	if (s->tw_free == TCP_NIL && s->tw_fresh == s->cfg.timewait_max) {
		tcp_drop(s, R_TCP_TIMEWAIT_MAX);
		leave(s, &s->tw[s->tw_oldest]);
	}
	if (s->tw_free != TCP_NIL) {
		w = &s->tw[s->tw_free];
		s->tw_free = w->next;
	} else {
		w = &s->tw[s->tw_fresh++];
	}
	s->tw_count++;
	return w;
}

void
tcp_tw_enter(const struct tcp *t, uint64_t now)
{
	struct tcp_stack *s = t->stack;
	struct tcp_tw *w = take_free(s);
	uint32_t *at = bucket(s, &t->tuple);

	w->tuple = t->tuple;
	w->snd_nxt = t->snd_max;
	w->rcv_nxt = t->rcv_nxt;
	w->ts_on = t->ts_on;
	w->ts_recent = t->ts_recent;
	w->next = *at;
	*at = (uint32_t)(w - s->tw);
	order_add(s, w, now);
}

/* Milliseconds until it is over; negative when it is. 31 bits wrap. */
static int32_t
time_left(const struct tcp_tw *w, uint64_t now)
{
	uint32_t left = ((uint32_t)w->until - (uint32_t)(now / 1000u)) & 0x7fffffffu;

	return left >= 0x40000000u ? (int32_t)(left - 0x80000000u) : (int32_t)left;
}

void
tcp_tw_expire(struct tcp_stack *s, uint64_t now)
{
	while (s->tw_oldest != TCP_NIL && time_left(&s->tw[s->tw_oldest], now) <= 0)
		leave(s, &s->tw[s->tw_oldest]);
}

uint64_t
tcp_tw_next(const struct tcp_stack *s, uint64_t now)
{
	int32_t left;

	if (s->tw_oldest == TCP_NIL)
		return TCP_NEVER;
	left = time_left(&s->tw[s->tw_oldest], now);
	return left <= 0 ? now : (now / 1000u + (uint32_t)left) * 1000u;
}

static void
answer(struct tcp_stack *s, const struct tcp_tw *w, uint8_t via, uint64_t now)
{
	struct tcp_seg_out o = { .tuple = w->tuple, .seq = w->snd_nxt, .ack = w->rcv_nxt,
	    .flags = TCP_ACK, .via = via };
	struct tcp_opts opts = { .ts_on = w->ts_on, .ts_ecr = w->ts_recent };

	opts.ts_val = (uint32_t)(now / 1000u) + tcp_ts_offset(s, &w->tuple);
	o.options_len = tcp_opt_write(&opts, o.options);
	(void)s->ops.emit(s->owner, &o);
}

static bool
syn_is_newer(const struct tcp_tw *w, const struct tcp_in *in)
{
	if (w->ts_on && in->opts.ts_on && in->opts.ts_val != w->ts_recent)
		return seq_gt(in->opts.ts_val, w->ts_recent);
	return seq_gt(in->seg.seq, w->rcv_nxt);
}

bool
tcp_tw_input(struct tcp_stack *s, const struct tcp_in *in, uint32_t *floor, bool *ended)
{
	struct tcp_tw *w = find(s, &in->seg.tuple);

	if (w == NULL)
		return false;
	if ((in->seg.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN && syn_is_newer(w, in)) {
		*floor = w->snd_nxt + ISN_STEP;
		*ended = true;
		leave(s, w);
		return false;
	}
	tcp_drop(s, R_TCP_TIMEWAIT);
	/* Only what occupies sequence space is answered: two ends in TIME-WAIT
	 * would answer each other for ever. */
	if ((in->seg.flags & TCP_RST) || tcp_seg_space(&in->seg) == 0)
		return true;
	if ((in->seg.flags & TCP_FIN) && in->seg.seq + in->seg.data_len + 1 == w->rcv_nxt) {
		order_del(s, w);
		order_add(s, w, in->now);
	}
	answer(s, w, in->seg.via, in->now);
	return true;
}
