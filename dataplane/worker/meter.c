#include "dataplane/worker/worker.h"

#include <string.h>

#include "drivers/clock/clock.h"

#define METER_EVERY_US 100000u

#define LOSS_COUNT (METER_TCP_DSACK_OUT - METER_TCP_RECOVERIES + 1)

_Static_assert(sizeof(struct tcp_loss_stats) == LOSS_COUNT * sizeof(uint64_t),
    "METER_TCP_RECOVERIES.. are struct tcp_loss_stats, in its order");

#define CC_COUNT (METER_TCP_IDLE_RESTARTS - METER_TCP_CSS + 1)

_Static_assert(sizeof(struct tcp_cc_stats) == CC_COUNT * sizeof(uint64_t),
    "METER_TCP_CSS.. are struct tcp_cc_stats, in its order");

/* `count` counters from `first`; `stats` is a struct of nothing else. */
static void
meter_stats(struct worker *w, enum meter_id first, const void *stats, int count)
{
	const uint8_t *at = stats;
	uint64_t v;

	for (int i = 0; i < count; i++) {
		memcpy(&v, at + (size_t)i * sizeof(v), sizeof(v));
		meter_set(w->meter, (enum meter_id)(first + i), v);
	}
}

/* Gauges, and what other rooms count themselves: now and then. */
void
worker_meter(struct worker *w, uint64_t now)
{
	struct tcp_stats st;

	meter_set(w->meter, METER_CONN_OPEN, w->used_slots - w->free_count);
	meter_set(w->meter, METER_POOL_FREE, w->pool.free_count);
	meter_set(w->meter, METER_CHAN_OPEN, w->chan_open);
	if (now - w->metered_us < METER_EVERY_US)
		return;
	w->metered_us = now;
	tcp_get_stats(w->tcp, &st);
	meter_set(w->meter, METER_RETRANSMITS, st.retransmits);
	meter_stats(w, METER_TCP_RECOVERIES, &st.loss, LOSS_COUNT);
	meter_stats(w, METER_TCP_CSS, &st.cc, CC_COUNT);
}

static void
stage_switch(struct worker *w, enum meter_stage to)
{
	uint64_t now = clock_cycles();

	w->stage_cycles[w->stage] += now - w->stage_since;
	w->stage_since = now;
	w->stage = to;
}

enum meter_stage
stage_enter(struct worker *w, enum meter_stage to)
{
	enum meter_stage from = w->stage;

	if (from != to)
		stage_switch(w, to);
	w->stage_calls[to]++;
	return from;
}

void
stage_back(struct worker *w, enum meter_stage to)
{
	if (w->stage != to)
		stage_switch(w, to);
}

void
stage_begin(struct worker *w)
{
	memset(w->stage_cycles, 0, sizeof(w->stage_cycles));
	memset(w->stage_calls, 0, sizeof(w->stage_calls));
	w->stage = STAGE_LINK;
	w->stage_since = clock_cycles();
}

void
stage_end(struct worker *w, bool useful)
{
	uint64_t total = 0;

	stage_switch(w, STAGE_LINK);
	for (int i = 0; i < STAGE_COUNT; i++) {
		total += w->stage_cycles[i];
		if (!useful || w->stage_cycles[i] == 0)
			continue;
		meter_add(w->meter, METER_CYCLES_RX + (enum meter_id)i, w->stage_cycles[i]);
		meter_add(w->meter, METER_CALLS_RX + (enum meter_id)i, w->stage_calls[i]);
	}
	meter_add(w->meter, METER_CYCLES_TOTAL, total);
	if (useful)
		meter_add(w->meter, METER_CYCLES_USEFUL, total);
}
