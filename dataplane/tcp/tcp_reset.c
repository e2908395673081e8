/*
 * RST segments (RFC 9293 section 3.5.2).
 */
#include "dataplane/tcp/tcp_stack.h"
#include "dataplane/tcp/tcp_steps.h"

void
tcp_reset_reply(struct tcp_stack *s, const struct tcp_seg *seg)
{
	struct tcp_seg_out o = { .tuple = seg->tuple, .flags = TCP_RST, .via = seg->via };

	if (seg->flags & TCP_RST)
		return;
	if (seg->flags & TCP_ACK) {
		o.seq = seg->ack;
	} else {
		o.ack = seg->seq + tcp_seg_space(seg);
		o.flags |= TCP_ACK;
	}
	(void)s->ops.emit(s->owner, &o);
}

void
tcp_reset_send(struct tcp *t, uint32_t seq)
{
	struct tcp_seg_out o = { .tuple = t->tuple, .seq = seq, .ack = t->rcv_nxt,
	    .flags = TCP_RST | TCP_ACK, .via = t->via };

	tcp_own_mark(t, &o);
	(void)t->stack->ops.emit(t->stack->owner, &o);
}
