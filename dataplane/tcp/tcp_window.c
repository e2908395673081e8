/*
 * The window that we offer (RFC 9293 section 3.8.6).
 */
#include "dataplane/tcp/tcp_send.h"

uint32_t
tcp_rcv_space(const struct tcp *t)
{
	uint32_t cap = t->rcv_cap;

	if (cap > 65535u << t->rcv_shift)
		cap = 65535u << t->rcv_shift; /* what the field can say */
	if (tcp_pool_low(t->stack) && cap > TCP_LOW_CAP)
		cap = TCP_LOW_CAP;
	if (t->guest && cap > TCP_GUEST_BUF)
		cap = TCP_GUEST_BUF;
	return t->rcv.len < cap ? cap - t->rcv.len : 0;
}

/* The step below which the edge stays where it is: MUST-39. */
static uint32_t
edge_step(const struct tcp *t)
{
	uint32_t part = t->rcv_cap / 2;

	return part < t->peer_mss ? part : t->peer_mss;
}

/* Rounded up to the scale, because a window that is rounded down takes back
 * what was offered; but not so that single bytes push the edge on for ever. */
uint16_t
tcp_rcv_offer(struct tcp *t)
{
	uint32_t unit = 1u << t->rcv_shift;
	uint32_t window = tcp_rcv_wnd(t);
	uint32_t space = tcp_rcv_space(t);
	uint32_t field;

	if (space > window && space - window >= edge_step(t))
		window = space;
	field = window >> t->rcv_shift;
	if ((field << t->rcv_shift) < window && ((field + 1) << t->rcv_shift) <= space + unit)
		field++;
	if (field > 65535u)
		field = 65535u;
	if (seq_gt(t->rcv_nxt + (field << t->rcv_shift), t->rcv_adv))
		t->rcv_adv = t->rcv_nxt + (field << t->rcv_shift);
	return (uint16_t)field;
}

/* A segment of its own when the window has at least doubled. */
bool
tcp_rcv_update_due(const struct tcp *t)
{
	uint32_t window = tcp_rcv_wnd(t);
	uint32_t space = tcp_rcv_space(t);

	return space > window && space - window >= edge_step(t) && space / 2 >= window;
}

void
tcp_ack_later(struct tcp *t, uint64_t now)
{
	/* A peer whose window is small, or that holds back small segments until the
	 * last is acknowledged (Nagle), does not wait for us at the start. */
	if (t->quick > 0)
		t->quick--;
	if (++t->ack_segs >= TCP_DELACK_SEGS || t->quick > 0) {
		t->ack_now = true;
		tcp_work_add(t);
	} else if (!tcp_timer_on(t, TCP_T_ACK)) {
		tcp_timer_set(t, TCP_T_ACK, now + t->stack->cfg.delack_us);
	}
}

void
tcp_twice(struct tcp *t, uint32_t start, uint32_t end)
{
	if (t->sack_on)
		t->dsack = (struct tcp_range){ start, end };
}
