/*
 * HyStart++ (RFC 9406): the initial slow start ends before it has filled the
 * queue of the path. When the least round trip of a round has grown, the window
 * grows at a quarter of the pace for five rounds; when it shrinks again, that was
 * a mistake, and slow start goes on.
 */
#include <string.h>

#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_cc.h"
#include "dataplane/tcp/tcp_seq.h"

/* Section 4.3 */
#define MIN_RTT_THRESH_US 4000u
#define MAX_RTT_THRESH_US 16000u
#define MIN_RTT_DIVISOR 8u
#define N_RTT_SAMPLE 8u
#define CSS_GROWTH_DIVISOR 4u
#define CSS_ROUNDS 5u

void
cc_hystart_init(struct tcp_cc *cc, uint32_t iss)
{
	cc->hystart = (struct cc_hystart){
		.last_min = UINT32_MAX,
		.round_min = UINT32_MAX,
		.round_end = iss,
		.base = UINT32_MAX,
	};
	cc->samples = 0;
	cc->css = false;
	cc->css_rounds = 0;
}

void
cc_hystart_end(struct tcp_cc *cc)
{
	if (cc->ssthresh != UINT32_MAX)
		return;
	memset(&cc->cubic, 0, sizeof(cc->cubic));
	cc->epoch_on = false;
	cc->css = false;
}

/* True when the last conservative round is over. */
static bool
next_round(struct tcp_cc *cc, uint32_t snd_max)
{
	struct cc_hystart *h = &cc->hystart;

	h->last_min = h->round_min;
	h->round_min = UINT32_MAX;
	h->round_end = snd_max;
	cc->samples = 0;
	return cc->css && ++cc->css_rounds >= CSS_ROUNDS;
}

static uint32_t
threshold(uint32_t last_min)
{
	uint32_t part = last_min / MIN_RTT_DIVISOR;

	if (part < MIN_RTT_THRESH_US)
		return MIN_RTT_THRESH_US;
	return part > MAX_RTT_THRESH_US ? MAX_RTT_THRESH_US : part;
}

static void
judge(struct tcp_cc *cc, struct tcp_cc_stats *stats)
{
	struct cc_hystart *h = &cc->hystart;

	if (cc->css) {
		if (h->round_min >= h->base)
			return;
		h->base = UINT32_MAX;
		cc->css = false;
		stats->css_back++;
	} else if (h->last_min != UINT32_MAX && h->round_min >= h->last_min + threshold(h->last_min)) {
		h->base = h->round_min;
		cc->css = true;
		cc->css_rounds = 0;
		stats->css++;
	}
}

uint32_t
cc_hystart_ack(struct tcp_cc *cc, const struct cc_event *ev, uint32_t grow)
{
	struct cc_hystart *h = &cc->hystart;

	if (seq_gt(ev->una, h->round_end) && next_round(cc, ev->snd_max)) {
		cc_hystart_end(cc);
		cc->ssthresh = cc->cwnd;
		ev->stats->css_done++;
		return 0;
	}
	if (ev->rtt > 0) {
		if (ev->rtt < h->round_min)
			h->round_min = ev->rtt;
		if (cc->samples < N_RTT_SAMPLE)
			cc->samples++;
	}
	if (cc->samples >= N_RTT_SAMPLE)
		judge(cc, ev->stats);
	return cc->css ? grow / CSS_GROWTH_DIVISOR : grow;
}
