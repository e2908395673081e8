/*
 * What must hold at each step: nobody sends beyond the window that was offered (RFC 9293
 * section 3.8.6), no offer is taken back (section 3.8.6.2.1), nothing is acknowledged
 * that has not come, routers may mark new data alone, and each block of the pool is
 * somebody's.
 */
#include "tests/sim/sim.h"

#include "dataplane/tcp/tcp_opt.h"
#include "dataplane/tcp/tcp_seq.h"

static uint32_t
space(uint8_t flags, uint32_t len)
{
	return len + ((flags & TCP_SYN) ? 1u : 0u) + ((flags & TCP_FIN) ? 1u : 0u);
}

/* The window's scale as a SYN says it on the wire, plus one; 0: it does not. */
static uint8_t
shift_of(const uint8_t *options, uint32_t len)
{
	struct tcp_opts o;

	tcp_opt_read(&o, options, len, true);
	return o.shift_on ? (uint8_t)(o.shift + 1) : 0;
}

/* RFC 7323 section 2.2: both or neither. */
static uint32_t
scaled(const struct end *e, uint16_t window, uint8_t shift)
{
	return e->watch.shift_in > 0 && e->watch.shift_out > 0 ? (uint32_t)window << (shift - 1) : window;
}

/* RFC 3168 sections 6.1.1, 6.1.2, 6.1.4 to 6.1.6: new data alone is marked as one that
 * routers may mark, and alone tells that the window was reduced. */
static void
watch_ecn(struct end *e, const struct tcp_seg_out *o, uint32_t len)
{
	struct watch *w = &e->watch;
	bool fresh = o->len > 0 && o->seq == w->sent;

	if ((o->traffic & TCP_ECN_MASK) != 0 && (!fresh || (o->flags & (TCP_SYN | TCP_RST))))
		sim_fail(e->sim, "ECT on what is not new data");
	if ((o->flags & TCP_CWR) && !fresh && !(o->flags & TCP_SYN))
		sim_fail(e->sim, "CWR on what is not new data");
	if (len > 0 && ((o->flags & TCP_SYN) || seq_gt(o->seq + len, w->sent)))
		w->sent = o->seq + len;
}

void
watch_out(struct end *e, const struct tcp_seg_out *o)
{
	struct watch *w = &e->watch;
	uint32_t len = space(o->flags, o->len);
	uint32_t edge;

	watch_ecn(e, o, len);
	if (o->flags & TCP_SYN) {
		w->shift_out = shift_of(o->options, o->options_len);
		return;
	}
	if ((o->flags & TCP_RST) || e->t == NULL || !w->edge_known)
		return;
	/* A window that is too small is probed with one byte behind it. */
	if (len > 0 && seq_gt(o->seq + len, w->edge_in + (len == 1 ? 1u : 0u)))
		sim_fail(e->sim, "sent beyond the window");
	if (seq_gt(o->ack, w->seq_in))
		sim_fail(e->sim, "acknowledged what has not come");
	/* By less than a step of its scale it may seem so (RFC 7323 section 2.4). */
	edge = o->ack + scaled(e, o->window, w->shift_out);
	if (w->offered && seq_lt(edge + scaled(e, 1, w->shift_out) - 1, w->edge_out))
		sim_fail(e->sim, "took a window back");
	if (!w->offered || seq_gt(edge, w->edge_out))
		w->edge_out = edge;
	w->offered = true;
}

void
watch_in(struct end *e, const struct tcp_seg *seg)
{
	struct watch *w = &e->watch;
	uint32_t end = seg->seq + space(seg->flags, seg->data_len);
	uint32_t edge;

	if (seg->flags & TCP_RST)
		return;
	if (seg->flags & TCP_SYN)
		w->shift_in = shift_of(seg->options, seg->options_len);
	if (!w->seq_known || seq_gt(end, w->seq_in))
		w->seq_in = end;
	w->seq_known = true;
	if (!(seg->flags & TCP_ACK))
		return;
	edge = seg->ack + ((seg->flags & TCP_SYN) ? seg->window : scaled(e, seg->window, w->shift_in));
	if (!w->edge_known || seq_gt(edge, w->edge_in))
		w->edge_in = edge;
	w->edge_known = true;
}

void
watch_step(struct end *e, const struct tcp_info *info)
{
	if (e->pool.count - e->pool.free_count - e->others_count != info->blocks)
		sim_fail(e->sim, "blocks that nobody is charged for");
	if (tcp_readable(e->t) > e->rcv_max)
		sim_fail(e->sim, "more was taken in than offered");
}
