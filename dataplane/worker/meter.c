#include "dataplane/worker/worker.h"

#define METER_EVERY_US 100000u

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
}
