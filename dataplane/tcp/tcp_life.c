/*
 * How long a connection lives without progress.
 *
 * Keepalive finds a peer that is gone while nothing is sent (RFC 9293 section
 * 3.8.4). The user timeout is a limit on how long anything may wait for its
 * acknowledgement (RFC 5482 section 3), whatever the number of repetitions; where it
 * is set it takes the place of R2 and of the number of keepalive probes. Lingering is
 * a limit on what is left after tcp_close. All but the user timeout share TCP_T_LIFE:
 * keepalive ends where an orphan or TIME-WAIT begins.
 */
#include "dataplane/tcp/tcp_send.h"

/* ---- keepalive ---- */

static bool
keep_on(const struct tcp *t)
{
	if (!tcp_own_or(tcp_own(t)->keepalive, t->stack->cfg.keepalive) || t->closed)
		return false;
	return t->state == TCP_ESTABLISHED || t->state == TCP_CLOSE_WAIT ||
	    t->state == TCP_FIN_WAIT_1 || t->state == TCP_FIN_WAIT_2;
}

static uint64_t
keep_idle_us(const struct tcp *t)
{
	return tcp_own_or(tcp_own(t)->keep_idle_ms, t->stack->cfg.keep_idle_ms) * 1000ull;
}

static uint64_t
quiet_us(const struct tcp *t, uint64_t now)
{
	return (tcp_ms(now) - t->heard_ms) * 1000ull;
}

void
tcp_keep_arm(struct tcp *t, uint64_t now)
{
	uint64_t idle = keep_idle_us(t);
	uint64_t quiet = quiet_us(t, now);

	if (keep_on(t))
		tcp_timer_set(t, TCP_T_LIFE, now + (quiet < idle ? idle - quiet : 0));
	else if (!t->closed && t->state != TCP_TIME_WAIT)
		tcp_timer_stop(t, TCP_T_LIFE);
}

/* MUST-29: one probe without an answer says nothing, so none of the limits is. */
static bool
keep_over(const struct tcp *t, uint64_t now)
{
	uint64_t limit = tcp_user_timeout_us(t);

	if (limit != 0)
		return t->keep_probes > 0 && quiet_us(t, now) >= limit;
	return t->keep_probes >= tcp_own_or(tcp_own(t)->keep_count, t->stack->cfg.keep_count);
}

static void
keep_fire(struct tcp *t, uint64_t now)
{
	const struct tcp_config *c = &t->stack->cfg;
	struct tcp_seg_out o = { .seq = t->snd_una - 1 };
	uint64_t idle = keep_idle_us(t);

	if (!keep_on(t))
		return;
	/* MUST-26: what is outstanding asks already. */
	if (t->snd_una != t->snd_max || t->persist || t->snd.len > 0) {
		tcp_timer_set(t, TCP_T_LIFE, now + idle);
		return;
	}
	if (quiet_us(t, now) < idle) {
		tcp_keep_arm(t, now);
		return;
	}
	if (keep_over(t, now)) {
		t->stack->live.keep_dead++;
		tcp_life_reset(t, R_TCP_KEEPALIVE);
		return;
	}
	/* SHLD-12: without data. */
	if (tcp_emit(t, &o, now) == 0) {
		t->keep_probes++;
		t->stack->live.keep_probes++;
	}
	tcp_timer_set(t, TCP_T_LIFE,
	    now + tcp_own_or(tcp_own(t)->keep_interval_ms, c->keep_interval_ms) * 1000ull);
}

/* ---- the user timeout ---- */

uint64_t
tcp_user_timeout_us(const struct tcp *t)
{
	return tcp_own_or(tcp_own(t)->user_timeout_ms, t->stack->cfg.user_timeout_ms) * 1000ull;
}

bool
tcp_rtx_over(const struct tcp *t)
{
	return t->rtx_count >= t->stack->cfg.retries && (t->closed || tcp_user_timeout_us(t) == 0);
}

bool
tcp_user_timeout_over(struct tcp *t, uint64_t now)
{
	uint64_t limit = tcp_user_timeout_us(t);

	if (limit == 0 || (tcp_ms(now) - t->una_ms) * 1000ull < limit)
		return false;
	t->stack->live.user_timeouts++;
	tcp_drop(t->stack, R_TCP_USER_TIMEOUT);
	tcp_conn_end(t, TCP_E_TIMEOUT, R_TCP_USER_TIMEOUT);
	return true;
}

/* The timer is never later than the user timeout. */
void
tcp_rtx_set(struct tcp *t, uint64_t now, uint64_t wait)
{
	uint64_t limit = tcp_user_timeout_us(t);
	uint64_t waited = (tcp_ms(now) - t->una_ms) * 1000ull;

	if (limit != 0 && waited + wait > limit)
		wait = waited < limit ? limit - waited : 0;
	tcp_timer_set(t, TCP_T_RTX, now + wait);
}

/* ---- the end ---- */

void
tcp_life_reset(struct tcp *t, int reason)
{
	tcp_drop(t->stack, reason);
	tcp_reset_send(t, tcp_seq_now(t));
	t->ack_now = false;
	tcp_conn_end(t, TCP_E_ABORT, reason);
}

void
tcp_life_fire(struct tcp *t, uint64_t now)
{
	if (t->state == TCP_TIME_WAIT) {
		tcp_fsm(t, TCP_E_2MSL);
	} else if (!t->closed) {
		keep_fire(t, now);
	} else if (t->state == TCP_FIN_WAIT_2) {
		tcp_conn_end(t, TCP_E_TIMEOUT, R_TCP_FIN_WAIT);
	} else {
		t->stack->live.lingered++;
		tcp_life_reset(t, R_TCP_LINGER);
	}
}
