/*
 * Pacing (cfg.pacing): no queue below spaces what leaves together, so what a window lets
 * out leaves as an eighth of it at a time, at twice the rate of the window per round trip
 * in slow start and at 1.2 times it afterwards. What acknowledgements let out in smaller
 * parts is spaced by them.
 *
 * The pause shares TCP_T_ACK, and is no longer than an acknowledgement may wait.
 */
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_send.h"

#define PART_SHIFT 3u    /* an eighth of the window */
#define PART_MIN 2u      /* segments */
#define PAUSE_MIN_US 100u /* shorter ones are not worth a timer */

static bool
on(const struct tcp *t)
{
	return t->stack->cfg.pacing != 0 && t->rto.measured;
}

uint32_t
tcp_pace_burst(const struct tcp *t)
{
	uint32_t segs;

	if (!on(t))
		return TCP_BURST;
	if (t->paced)
		return 0;
	segs = (t->cc.cwnd >> PART_SHIFT) / t->mss;
	if (segs < PART_MIN)
		return PART_MIN;
	return segs < TCP_BURST ? segs : TCP_BURST;
}

uint64_t
tcp_pace_rate(const struct tcp *t)
{
	uint64_t tenths = t->cc.cwnd < t->cc.ssthresh ? 20 : 12;

	if (!on(t) || t->rto.srtt == 0)
		return UINT64_MAX;
	return t->cc.cwnd * tenths * 100000u / t->rto.srtt;
}

/* A whole part has left: the next one waits. */
void
tcp_pace_sent(struct tcp *t, uint32_t segs, uint64_t now)
{
	uint64_t rate = tcp_pace_rate(t);
	uint64_t pause;

	if (rate == UINT64_MAX || rate == 0)
		return;
	pause = (uint64_t)segs * t->mss * 1000000u / rate;
	if (pause < PAUSE_MIN_US)
		return;
	if (pause > t->stack->cfg.delack_us)
		pause = t->stack->cfg.delack_us;
	t->paced = true;
	t->stack->cc.paced++;
	if (!tcp_timer_on(t, TCP_T_ACK) || t->due[TCP_T_ACK] > now + pause)
		tcp_timer_set(t, TCP_T_ACK, now + pause);
}

/* TCP_T_ACK has fired. True when that was all. */
bool
tcp_pace_fire(struct tcp *t)
{
	if (!t->paced)
		return false;
	t->paced = false;
	tcp_work_add(t);
	return t->ack_segs == 0;
}
