/*
 * The life of a connection block, and the lists it stands in.
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_send.h"

struct tcp *
tcp_conn_new(struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	struct tcp *t;

	if (s->free != TCP_NIL) {
		t = &s->conns[s->free];
		s->free = t->table_next;
	} else if (s->fresh < s->cfg.conn_max) {
		t = &s->conns[s->fresh++];
	} else {
		return NULL;
	}
	memset(t, 0, sizeof(*t));
	t->stack = s;
	t->used = true;
	t->tuple = *tuple;
	t->rcv_shift = s->rcv_shift; /* ours; 0 when the peer has none */
	t->heap_pos = TCP_NIL;
	t->quick = tcp_quick_first(s);
	for (int i = 0; i < TCP_TIMER_COUNT; i++)
		t->due[i] = TCP_NEVER;
	fifo_init(&t->snd, false);
	fifo_init(&t->rcv, false);
	tcp_rto_init(&t->rto, s->cfg.rto_init_us, s->cfg.rto_min_us);
	tcp_buf_init(t);
	s->open++;
	tcp_table_add(t);
	return t;
}

void
tcp_conn_free(struct tcp *t)
{
	struct tcp_stack *s = t->stack;

	tcp_table_del(t);
	tcp_timer_forget(t);
	tcp_work_del(t);
	tcp_half_del(t);
	tcp_orphan_del(t);
	tcp_own_give(s, t->own);
	fifo_clear(&t->snd, s->pool);
	fifo_clear(&t->rcv, s->pool);
	tcp_reasm_clear(&t->reasm, s->pool);
	tcp_loss_clear(t);
	tcp_buf_fini(t);
	t->used = false;
	t->state = TCP_CLOSED;
	t->table_next = s->free;
	s->free = tcp_index(t);
	s->open--;
}

bool
tcp_fsm(struct tcp *t, int event)
{
	int next = tcp_fsm_next(t->state, event);

	if (next < 0)
		return false;
	t->state = (uint8_t)next;
	return true;
}

bool
tcp_conn_end(struct tcp *t, int event, int reason)
{
	if (!tcp_fsm(t, event))
		return false;
	t->gone = true;
	t->gone_reason = (int16_t)reason;
	return true;
}

static void
tell(struct tcp *t, uint64_t now)
{
	struct tcp_stack *s = t->stack;
	unsigned events = t->events;
	int reason = t->gone_reason;

	t->events = 0;
	if (events & TCP_EV_WRITABLE)
		t->room_wanted = false;
	if (events != 0 && t->app)
		s->ops.event(s->owner, t, events, reason, now);
}

/* The last call about this connection. Inside it the owner may still read. */
static void
finish(struct tcp *t, uint64_t now)
{
	if (t->state == TCP_TIME_WAIT)
		tcp_tw_enter(t, now);
	t->state = TCP_CLOSED;
	tcp_table_del(t);
	tcp_timer_forget(t);
	tcp_work_del(t);
	t->gone = true;
	t->events |= TCP_EV_CLOSED;
	tell(t, now);
	tcp_conn_free(t);
}

void
tcp_settle(struct tcp *t, uint64_t now)
{
	if (t->gone || (t->closed && (t->state == TCP_CLOSED || t->state == TCP_TIME_WAIT))) {
		finish(t, now);
		return;
	}
	if (t->state == TCP_CLOSED) {
		/* The owner may still have bytes to read: the block waits for its
		 * tcp_close, its 4-tuple does not. */
		tcp_table_del(t);
		tcp_timer_forget(t);
	}
	tell(t, now);
}

void
tcp_work_add(struct tcp *t)
{
	struct tcp_stack *s = t->stack;

	if (t->in_work)
		return;
	t->in_work = true;
	t->work_next = TCP_NIL;
	t->work_prev = s->work_last;
	if (s->work_last != TCP_NIL)
		s->conns[s->work_last].work_next = tcp_index(t);
	else
		s->work_first = tcp_index(t);
	s->work_last = tcp_index(t);
	s->work_count++;
}

void
tcp_work_del(struct tcp *t)
{
	struct tcp_stack *s = t->stack;

	if (!t->in_work)
		return;
	t->in_work = false;
	if (t->work_prev != TCP_NIL)
		s->conns[t->work_prev].work_next = t->work_next;
	else
		s->work_first = t->work_next;
	if (t->work_next != TCP_NIL)
		s->conns[t->work_next].work_prev = t->work_prev;
	else
		s->work_last = t->work_prev;
	s->work_count--;
}
