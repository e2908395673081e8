#include "control/supervisor/beat.h"

#include "control/plugconf.h"

static bool
could_answer(const struct beat *b, const struct beat_sample *now)
{
	switch (now->state) {
	case 'T':
	case 't':
		return false;
	case 'R':
		return now->ticks - b->ticks >= BEAT_STARVED;
	default:
		return true;
	}
}

/* Over a window, so that a burst is nobody's fault. */
static bool
greedy(struct beat *b, const struct plugconf *limits, const struct beat_sample *now, uint64_t ticks_per_beat)
{
	uint64_t used = now->ticks - b->window_ticks;

	if (limits->cpu == 0)
		return false;
	if (b->window++ == 0) {
		b->window_ticks = now->ticks;
		return false;
	}
	if (b->window <= BEAT_CPU_WINDOW)
		return false;
	b->window = 1;
	b->window_ticks = now->ticks;
	return used * 100 > ticks_per_beat * BEAT_CPU_WINDOW * limits->cpu;
}

enum beat_verdict
beat_judge(struct beat *b, const struct plugconf *limits, const struct beat_sample *now, uint64_t ticks_per_beat)
{
	bool counts = b->asked && could_answer(b, now);
	bool asks = !b->asked && ++b->since >= BEAT_IDLE;
	bool takes_much = greedy(b, limits, now, ticks_per_beat);

	b->ticks = now->ticks;
	b->missed += counts;
	b->crowded = now->threads > limits->threads ? b->crowded + 1 : 0;
	if (limits->watchdog > 0 && b->missed >= limits->watchdog)
		return BEAT_HUNG;
	if (b->crowded >= 2)
		return BEAT_CROWDED;
	if (takes_much)
		return BEAT_GREEDY;
	b->asked |= asks;
	return asks ? BEAT_ASK : BEAT_WELL;
}

void
beat_answered(struct beat *b)
{
	b->asked = false;
	b->missed = 0;
	b->since = 0;
}
