/*
 * A window that is too small to send into (RFC 9293 section 3.8.6.1): probes
 * with back-off, for as long as the peer answers them (MUST-37), unless a limit is
 * configured; and only for a while when the pool is nearly empty, because what waits
 * here holds blocks of it (RFC 6429 section 4). An orphan waits only as long as in
 * FIN-WAIT-2, and some probes more: answers may be lost.
 */
#include "dataplane/tcp/tcp_send.h"

#define ORPHAN_PROBES 8u

static void
arm(struct tcp *t, uint64_t now)
{
	uint64_t wait = (uint64_t)t->rto.rto << (t->probes < 16 ? t->probes : 16);

	tcp_rtx_set(t, now, wait < TCP_PERSIST_MAX_US ? wait : TCP_PERSIST_MAX_US);
}

void
tcp_persist_start(struct tcp *t, uint64_t now)
{
	t->persist = true;
	t->probes = 0;
	t->rtx_count = 0;
	if (t->snd_una == t->snd_max)
		t->una_ms = tcp_ms(now);
	arm(t, now);
}

void
tcp_persist_progress(struct tcp *t, uint64_t now)
{
	t->probes = 0;
	t->una_ms = tcp_ms(now);
	arm(t, now);
}

void
tcp_persist_stop(struct tcp *t)
{
	t->persist = false;
	tcp_timer_stop(t, TCP_T_RTX);
}

/* One byte, or our FIN, or what a window below a segment allows. SND.NXT stays:
 * it is not known to be accepted. */
static void
probe(struct tcp *t, uint64_t now)
{
	struct tcp_seg_out o;
	uint32_t len = t->snd_wnd > 0 ? t->snd_wnd : 1;
	uint32_t end;

	if (len > t->mss)
		len = t->mss;
	if (len > t->snd.len)
		len = t->snd.len;
	tcp_emit_init(&o, t->snd_una, fifo_seek(&t->snd, 0), len);
	end = t->snd_una + len;
	if (len == 0) {
		o.flags = TCP_FIN;
		end++;
	}
	if (tcp_emit(t, &o, now) == 0 && seq_gt(end, t->snd_max))
		t->snd_max = end;
}

static bool
too_long(const struct tcp *t, uint64_t now)
{
	const struct tcp_config *c = &t->stack->cfg;
	uint32_t limit = tcp_pool_low(t->stack) ? c->persist_low_ms : c->persist_ms;
	uint32_t waited = tcp_ms(now) - t->una_ms;

	if (t->closed && t->probes >= ORPHAN_PROBES && waited * 1000ull > c->finwait2_us)
		return true;
	return limit != 0 && waited >= limit;
}

void
tcp_persist_fire(struct tcp *t, uint64_t now)
{
	if (tcp_user_timeout_over(t, now))
		return;
	if (too_long(t, now)) {
		t->stack->live.persist_dead++;
		tcp_life_reset(t, R_TCP_PERSIST);
		return;
	}
	if (tcp_rtx_over(t)) {
		tcp_conn_end(t, TCP_E_TIMEOUT, R_TCP_TIMEOUT);
		return;
	}
	if (t->rtx_count < UINT8_MAX)
		t->rtx_count++;
	t->stack->live.persist_probes++;
	if (t->probes < UINT8_MAX)
		t->probes++;
	tcp_rto_cancel(&t->rto);
	probe(t, now);
	arm(t, now);
}
