/*
 * Answers that a forger may ask for as often as it likes (RFC 5961 section 7).
 *
 * Two limits: one in TCP_CHALLENGE_MS to a connection, and so many per second
 * from all of a stack, cfg.challenge_max. What is left of the second can be
 * seen from any connection: whoever knows how many there are in all learns from
 * his own answers whether another connection was hit (CVE-2016-5696). So each
 * period has another length and another number of answers, which nobody can
 * foresee.
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/tcp/tcp_send.h"

#define PERIOD_US 750000u  /* at least; on average a second */
#define PERIOD_SPAN_US 500000u

/* A hash of a count with the secret: not of 36 bytes, as those of tuples are. */
static uint64_t
unforeseen(struct tcp_stack *s)
{
	s->challenge_draws++;
	return siphash24(s->isn_key, &s->challenge_draws, sizeof(s->challenge_draws));
}

/* Half to one and a half times the cap, the cap on average. */
static void
period_start(struct tcp_stack *s, uint64_t now)
{
	uint64_t r = unforeseen(s);

	s->challenge_left = s->cfg.challenge_max / 2 + 1 + (uint32_t)r % s->cfg.challenge_max;
	s->challenge_until = now + PERIOD_US + (uint32_t)(r >> 32) % PERIOD_SPAN_US;
}

static bool
stack_may(struct tcp_stack *s, uint64_t now)
{
	if (now >= s->challenge_until)
		period_start(s, now);
	if (s->challenge_left == 0)
		return false;
	s->challenge_left--;
	return true;
}

void
tcp_challenge(struct tcp *t, uint64_t now)
{
	if (t->challenged && tcp_ms(now) - t->challenge_ms < TCP_CHALLENGE_MS) {
		tcp_drop(t->stack, R_TCP_CHALLENGE_RATE);
		return;
	}
	if (!stack_may(t->stack, now)) {
		tcp_drop(t->stack, R_TCP_CHALLENGE_CAP);
		return;
	}
	t->challenged = true;
	t->challenge_ms = tcp_ms(now);
	t->stack->guard.challenges++;
	tcp_out_ack(t, now);
}
