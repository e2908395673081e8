/*
 * What the owner calls: RFC 9293 section 3.9.
 */
#include "dataplane/tcp/tcp_send.h"

/* `set` is the connection's from here on. */
static struct tcp *
open_active(struct tcp_stack *s, const struct tcp_tuple *tuple, uint16_t set, void *user,
    uint64_t now)
{
	struct tcp *t = NULL;

	if (tcp_table_find(s, tuple) == NULL && !tcp_tw_find(s, tuple))
		t = tcp_conn_new(s, tuple);
	if (t == NULL) {
		tcp_own_give(s, set);
		return NULL;
	}
	tcp_own_begin(t, set);
	t->app = true;
	t->user = user;
	t->iss = tcp_isn(s, tuple, now);
	t->snd_una = t->snd_nxt = t->snd_max = t->iss;
	t->snd_head = t->iss + 1;
	t->ts_off = tcp_ts_offset(s, tuple);
	t->moved_ms = tcp_ms(now);
	tcp_fsm(t, TCP_E_ACTIVE_OPEN);
	tcp_syn_emit(t, now);
	return t;
}

struct tcp *
tcp_connect(struct tcp_stack *s, const struct tcp_tuple *tuple, void *user, uint64_t now)
{
	return open_active(s, tuple, 0, user, now);
}

struct tcp *
tcp_connect_own(struct tcp_stack *s, const struct tcp_tuple *tuple, const struct tcp_own *o,
    void *user, uint64_t now)
{
	int set = tcp_own_take(s, o);

	return set >= 0 ? open_active(s, tuple, (uint16_t)set, user, now) : NULL;
}

void
tcp_set_user(struct tcp *t, void *user)
{
	t->user = user;
}

void *
tcp_user(const struct tcp *t)
{
	return t->user;
}

void
tcp_set_guest(struct tcp *t, bool on)
{
	t->guest = on;
}

const struct tcp_tuple *
tcp_tuple(const struct tcp *t)
{
	return &t->tuple;
}

size_t
tcp_readable(const struct tcp *t)
{
	return t->rcv.len;
}

size_t
tcp_peek(const struct tcp *t, void *dst, size_t len)
{
	return fifo_copy(&t->rcv, 0, dst, len);
}

void
tcp_take(struct tcp *t, size_t len)
{
	fifo_take(&t->rcv, t->stack->pool, len);
	t->take_seen = true;
	if (t->state != TCP_CLOSED && tcp_rcv_update_due(t))
		tcp_work_add(t);
}

size_t
tcp_room(const struct tcp *t)
{
	const struct pool *p = t->stack->pool;
	size_t cap = t->snd_cap;
	size_t blocks;

	if (t->gone || t->fin_queued || t->state == TCP_CLOSED)
		return 0;
	if (tcp_pool_low(t->stack) && cap > TCP_LOW_CAP)
		cap = TCP_LOW_CAP;
	if (t->guest && cap > TCP_GUEST_BUF)
		cap = TCP_GUEST_BUF;
	if (t->snd.len >= cap || p->free_count <= tcp_pool_kept(t->stack))
		return 0;
	blocks = (size_t)(p->free_count - tcp_pool_kept(t->stack)) * POOL_DATA;
	return cap - t->snd.len < blocks ? cap - t->snd.len : blocks;
}

void
tcp_want_room(struct tcp *t)
{
	t->room_wanted = true;
	tcp_work_add(t); /* nothing may be in flight whose ACK would tell of room */
}

int
tcp_put(struct tcp *t, const void *data, size_t len)
{
	size_t room = tcp_room(t);

	if (len > room || !fifo_put(&t->snd, t->stack->pool, data, len)) {
		bool cap = t->snd.len + len > t->snd_cap;

		if (t->gone || t->fin_queued || t->state == TCP_CLOSED)
			return -R_LIMIT;
		tcp_want_room(t);
		return cap ? -R_LIMIT : -R_TCP_NO_BLOCK;
	}
	tcp_work_add(t);
	return 0;
}

void
tcp_hold(struct tcp *t, bool on)
{
	if (t->hold && !on)
		tcp_work_add(t);
	t->hold = on;
}

void
tcp_shutdown(struct tcp *t, uint64_t now)
{
	(void)now;
	if (t->fin_queued || t->gone)
		return;
	/* SYN-RECEIVED: queued until ESTABLISHED (RFC 9293 section 3.10.4). */
	if (t->state != TCP_SYN_RECEIVED && !tcp_fsm(t, TCP_E_CLOSE))
		return;
	t->fin_queued = true;
	tcp_work_add(t);
}

static bool
is_over(const struct tcp *t)
{
	return t->gone || t->state == TCP_CLOSED || t->state == TCP_TIME_WAIT;
}

/* What is left after tcp_close lives by itself, for a time. */
static void
leave(struct tcp *t, uint64_t now)
{
	uint32_t linger = tcp_own(t)->linger_ms;

	if (t->state == TCP_FIN_WAIT_2)
		tcp_timer_set(t, TCP_T_LIFE, now + t->stack->cfg.finwait2_us);
	else if (linger != TCP_HOST)
		tcp_timer_set(t, TCP_T_LIFE, now + linger * 1000ull);
	else
		tcp_timer_stop(t, TCP_T_LIFE);
	tcp_orphan_add(t);
}

void
tcp_close(struct tcp *t, uint64_t now)
{
	struct pool *p = t->stack->pool;

	if (t->closed || t->gone)
		return;
	if (tcp_own(t)->linger_ms != 0) {
		tcp_shutdown(t, now);
	} else {
		if (t->state >= TCP_SYN_RECEIVED && t->state != TCP_TIME_WAIT)
			tcp_reset_send(t, tcp_seq_now(t));
		tcp_conn_end(t, TCP_E_ABORT, 0);
	}
	t->closed = true;
	fifo_clear(&t->rcv, p);
	tcp_reasm_clear(&t->reasm, p);
	if (!is_over(t))
		leave(t, now);
	/* Where nothing is left to wait for, tcp_poll tells TCP_EV_CLOSED. */
	tcp_work_add(t);
}

void
tcp_abort(struct tcp *t, int reason, uint64_t now)
{
	(void)now;
	if (t->gone)
		return;
	if (reason > 0)
		tcp_drop(t->stack, reason);
	if (t->state >= TCP_SYN_RECEIVED && t->state != TCP_TIME_WAIT)
		tcp_reset_send(t, tcp_seq_now(t));
	tcp_fsm(t, TCP_E_ABORT);
	tcp_conn_free(t);
}
