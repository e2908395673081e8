#include "dataplane/tcp/tcp_rto.h"

#include "dataplane/tcp/tcp_seq.h"

#define US_PER_MS 1000u

static uint32_t
clamp(const struct tcp_rto *r, uint64_t rto)
{
	if (rto < r->min_ms * US_PER_MS)
		return r->min_ms * US_PER_MS;
	return rto > TCP_RTO_MAX_US ? TCP_RTO_MAX_US : (uint32_t)rto;
}

void
tcp_rto_init(struct tcp_rto *r, uint32_t init_us, uint32_t min_us)
{
	*r = (struct tcp_rto){ .rto = init_us, .min_ms = (uint16_t)((min_us + US_PER_MS - 1) / US_PER_MS) };
}

void
tcp_rto_start(struct tcp_rto *r, uint32_t end, uint64_t now)
{
	if (r->timed)
		return;
	r->timed = true;
	r->timed_seq = end;
	r->timed_at = (uint32_t)now;
}

void
tcp_rto_cancel(struct tcp_rto *r)
{
	r->timed = false;
}

bool
tcp_rto_ack(struct tcp_rto *r, uint32_t ack, uint64_t now)
{
	uint32_t rtt = (uint32_t)now - r->timed_at;

	if (!r->timed || seq_lt(ack, r->timed_seq))
		return false;
	r->timed = false;
	tcp_rto_sample(r, rtt > TCP_RTO_MAX_US ? TCP_RTO_MAX_US : rtt);
	return true;
}

void
tcp_rto_sample(struct tcp_rto *r, uint32_t rtt_us)
{
	uint64_t var;

	if (!r->measured) {
		r->srtt = rtt_us; /* (2.2) */
		r->var = rtt_us / 2;
		r->measured = true;
	} else {
		uint32_t diff = r->srtt > rtt_us ? r->srtt - rtt_us : rtt_us - r->srtt;

		r->var = r->var - r->var / 4 + diff / 4; /* (2.3): beta 1/4, alpha 1/8 */
		r->srtt = r->srtt - r->srtt / 8 + rtt_us / 8;
	}
	var = 4ull * r->var;
	r->rto = clamp(r, r->srtt + (var > TCP_RTO_CLOCK_US ? var : TCP_RTO_CLOCK_US));
}

void
tcp_rto_backoff(struct tcp_rto *r)
{
	r->rto = clamp(r, 2ull * r->rto);
}
