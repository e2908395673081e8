/*
 * Settings of single connections, in a table of the stack: a connection holds the
 * number of its set, and connections with the same settings share one. Set 0 is
 * everybody's who has none: all of it is the configuration's.
 */
#include "dataplane/tcp/tcp_send.h"

#define DSCP_MAX 63u         /* RFC 2474 section 3 */
#define DSCP_SHIFT 2u
#define KEEP_MAX 255u
#define BUF_MIN 2048u
#define BUF_MAX (1u << 30)

static const struct tcp_own none = {
	.keepalive = TCP_HOST,
	.keep_idle_ms = TCP_HOST,
	.keep_interval_ms = TCP_HOST,
	.keep_count = TCP_HOST,
	.user_timeout_ms = TCP_HOST,
	.syn_retries = TCP_HOST,
	.linger_ms = TCP_HOST,
	.nagle = TCP_HOST,
	.mss = TCP_HOST,
	.rcv_buf = TCP_HOST,
	.snd_buf = TCP_HOST,
	.hop_limit = TCP_HOST,
	.dscp = TCP_HOST,
	.congestion = TCP_HOST,
};

void
tcp_own_init(struct tcp_own *o)
{
	*o = none;
}

void
tcp_own_start(struct tcp_stack *s)
{
	s->own[0] = (struct tcp_own_set){ .o = none, .users = 1 };
}

static bool
within(uint32_t v, uint32_t min, uint32_t max)
{
	return v == TCP_HOST || (v >= min && v <= max);
}

static bool
good(const struct tcp_own *o)
{
	return within(o->keepalive, 0, 1) && within(o->keep_idle_ms, 1, TCP_MS_MAX) &&
	    within(o->keep_interval_ms, 1, TCP_MS_MAX) && within(o->keep_count, 1, KEEP_MAX) &&
	    within(o->user_timeout_ms, 0, TCP_MS_MAX) && within(o->syn_retries, 0, UINT8_MAX) &&
	    within(o->linger_ms, 0, TCP_MS_MAX) && within(o->nagle, 0, 1) &&
	    within(o->mss, TCP_MSS_MIN, UINT16_MAX) && within(o->hop_limit, 1, UINT8_MAX) &&
	    within(o->rcv_buf, BUF_MIN, BUF_MAX) && within(o->snd_buf, BUF_MIN, BUF_MAX) &&
	    within(o->dscp, 0, DSCP_MAX) &&
	    (o->congestion == TCP_HOST || cc_name((int)o->congestion) != NULL);
}

/* The set that is equal, or one that nobody uses; own_max: none. */
static uint32_t
place(const struct tcp_stack *s, const struct tcp_own *o)
{
	uint32_t unused = s->cfg.own_max;

	for (uint32_t i = 0; i < s->cfg.own_max; i++) {
		if (s->own[i].users == 0)
			unused = i < unused ? i : unused;
		else if (memcmp(&s->own[i].o, o, sizeof(*o)) == 0)
			return i;
	}
	return unused;
}

int
tcp_own_take(struct tcp_stack *s, const struct tcp_own *o)
{
	uint32_t i;

	if (!good(o))
		return -R_LIMIT;
	i = place(s, o);
	if (i == s->cfg.own_max) {
		tcp_drop(s, R_TCP_OWN);
		return -R_TCP_OWN;
	}
	s->own[i].o = *o;
	s->own[i].users++;
	return (int)i;
}

/* A buffer that the limit of all has no room for stays what it is. */
static void
buffers(struct tcp *t, const struct tcp_own *o)
{
	if (o->rcv_buf != TCP_HOST)
		(void)tcp_set_rcv_buf(t, o->rcv_buf);
	if (o->snd_buf != TCP_HOST)
		(void)tcp_set_snd_buf(t, o->snd_buf);
}

void
tcp_own_begin(struct tcp *t, uint16_t set)
{
	const struct tcp_config *c = &t->stack->cfg;
	const struct tcp_own *o;

	t->own = set;
	if (set == 0)
		return;
	o = tcp_own(t);
	buffers(t, o);
	if (o->rcv_buf != TCP_HOST) /* so that it is offered to the byte */
		t->rcv_shift = tcp_window_shift(c, o->rcv_buf);
}

void
tcp_own_give(struct tcp_stack *s, uint16_t set)
{
	if (set != 0)
		s->own[set].users--;
}

int
tcp_congestion(const char *name)
{
	return cc_find(name);
}

const struct tcp_own *
tcp_get_own(const struct tcp *t)
{
	return tcp_own(t);
}

/* What is looked at when it is needed takes effect by itself. */
int
tcp_set_own(struct tcp *t, const struct tcp_own *o, uint64_t now)
{
	struct tcp_stack *s = t->stack;
	uint32_t congestion = tcp_own(t)->congestion;
	int set = tcp_own_take(s, o);

	if (set < 0)
		return set;
	tcp_own_give(s, t->own);
	t->own = (uint16_t)set;
	buffers(t, o);
	if (o->congestion != congestion)
		cc_switch(&t->cc, (int)tcp_own_or(o->congestion, (uint32_t)s->cc_algo));
	tcp_keep_arm(t, now);
	tcp_work_add(t);
	return 0;
}

void
tcp_own_mark(const struct tcp *t, struct tcp_seg_out *o)
{
	const struct tcp_own *own = tcp_own(t);

	if (own->hop_limit != TCP_HOST)
		o->hop_limit = (uint8_t)own->hop_limit;
	if (own->dscp != TCP_HOST)
		o->traffic |= (uint8_t)(own->dscp << DSCP_SHIFT);
}
