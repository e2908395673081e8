/* The retransmission timer (RFC 6298 section 5), and what shares it. */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_send.h"

void
tcp_snd_rewind(struct tcp *t)
{
	t->snd_nxt = t->snd_una;
	t->snd_pos = fifo_seek(&t->snd, 0);
}

void
tcp_rtx_count(struct tcp *t)
{
	if (t->rtx_count < UINT8_MAX)
		t->rtx_count++;
	if (t->rtx_count != t->stack->cfg.doubt_retries)
		return;
	t->events |= TCP_EV_DOUBT;
	t->stack->live.doubts++;
}

void
tcp_rto_fire(struct tcp *t, uint64_t now)
{
	struct cc_event ev = tcp_cc_event(t, now);

	if (t->ecn_hold) {
		t->ecn_hold = false;
		tcp_work_add(t);
	}
	if (t->hold_timer) {
		t->hold_timer = false;
		t->hold_over = true;
		t->stack->live.held++;
		tcp_work_add(t);
		return;
	}
	if (t->persist) {
		tcp_persist_fire(t, now);
		return;
	}
	if (t->snd_una == t->snd_max)
		return;
	if (!tcp_loss_timeout(t))
		tcp_snd_rewind(t);
	t->dupacks = 0;
	t->rexmit = false;
	t->probed = false;
	tcp_timer_stop(t, TCP_T_TAIL);
	if (t->snd_wnd == 0) {
		/* The window was taken back (MUST-34): probe, do not give up. */
		tcp_persist_start(t, now);
		tcp_persist_fire(t, now);
		return;
	}
	if (tcp_user_timeout_over(t, now))
		return;
	if (tcp_rtx_over(t)) {
		tcp_conn_end(t, TCP_E_TIMEOUT, R_TCP_TIMEOUT);
		return;
	}
	if (tcp_path_timeout(t, now)) {
		ev.mss = t->mss;
		cc_too_big(&t->cc, &ev);
	} else {
		tcp_undo_save(t);
		tcp_frto_start(t);
		ev.mss = t->mss;
		cc_timeout(&t->cc, &ev, t->rtx_count == 0);
		tcp_ecn_reduced(t);
	}
	tcp_rtx_count(t);
	t->timeouts++;
	tcp_rto_cancel(&t->rto);
	tcp_rto_backoff(&t->rto);
	tcp_rtx_set(t, now, t->rto.rto);
	tcp_work_add(t);
}
