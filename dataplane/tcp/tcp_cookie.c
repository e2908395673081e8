/*
 * SYN cookies (RFC 4987 section 3.6): while many connections are half open, a
 * SYN is answered and forgotten. Everything comes back with the third segment.
 *
 *   sequence number   3 bits: the peer's MSS, masked by the keyed hash of the
 *                     4-tuple and its number; below, 29 other bits of that hash
 *   timestamp         the low 6 bits: window scale, SACK and ECN. A peer without
 *                     timestamps goes without all of them
 *
 * The key is another one every TCP_COOKIE_US; the one before it still counts. To
 * verify costs one hash or two.
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_send.h"

#define MSS_MASK 7u
#define MSS_AT 29u
#define HASH_MASK ((1u << MSS_AT) - 1u)
#define CODE_MASK 63u
#define CODE_ECN 32u
#define CODE_SACK 16u
#define CODE_SHIFT 15u   /* the scale; all ones: none */
#define TICKS_MAX (2u * TCP_COOKIE_US / TCP_TS_TICK_US + CODE_MASK + 1u)

/* What is announced, rounded down to one of these: Ethernet with and without
 * tunnels and PPPoE, the defaults, large frames. */
static const uint16_t mss_table[MSS_MASK + 1] = { TCP_MSS_MIN, TCP_MSS_DEFAULT4, TCP_MSS_DEFAULT6,
	1360, 1400, 1440, 1460, 8940 };

struct message {
	struct tcp_tuple tuple;
	uint32_t irs;
};
_Static_assert(sizeof(struct message) == 40, "hashed as bytes");

/* Derived from the secret, so that it needs no random numbers. */
static const uint8_t *
key_of(struct tcp_stack *s, uint64_t period)
{
	struct tcp_cookie_key *k = &s->cookie_keys[period & 1];
	uint64_t in[2] = { period, 0 };

	if (k->period != period + 1) {
		k->period = period + 1;
		for (in[1] = 0; in[1] < 2; in[1]++) {
			uint64_t word = siphash24(s->isn_key, in, sizeof(in));

			memcpy(k->key + 8 * in[1], &word, sizeof(word));
		}
	}
	return k->key;
}

static uint64_t
hash(struct tcp_stack *s, const struct tcp_tuple *tuple, uint32_t irs, uint64_t period)
{
	struct message m = { *tuple, irs };

	return siphash24(key_of(s, period), &m, sizeof(m));
}

static uint32_t
mss_index(const struct tcp_in *in)
{
	uint32_t mss = tcp_is_v4(&in->seg.tuple.remote) ? TCP_MSS_DEFAULT4 : TCP_MSS_DEFAULT6;
	uint32_t i = MSS_MASK;

	if (in->opts.mss_on)
		mss = in->opts.mss;
	while (i > 0 && mss_table[i] > mss)
		i--;
	return i;
}

static uint32_t
stamp_now(const struct tcp_stack *s, const struct tcp_in *in)
{
	return (uint32_t)(in->now / TCP_TS_TICK_US) + tcp_ts_offset(s, &in->seg.tuple);
}

/* Never later than now: timestamps of the connection go on from there. */
static uint32_t
stamp_with(uint32_t now, const struct tcp_opts *o, bool ecn)
{
	uint32_t code = (ecn ? CODE_ECN : 0) | (o->sack_ok ? CODE_SACK : 0) |
	    (o->shift_on ? o->shift : CODE_SHIFT);
	uint32_t stamp = (now & ~CODE_MASK) | code;

	return seq_gt(stamp, now) ? stamp - (CODE_MASK + 1) : stamp;
}

bool
tcp_cookie_due(const struct tcp_stack *s, bool source_full)
{
	if (s->cfg.cookie_at > s->cfg.half_open_max)
		return false;
	return source_full || s->half_count >= s->cfg.cookie_at || tcp_level(s) != TCP_NORMAL;
}

void
tcp_cookie_send(struct tcp_stack *s, const struct tcp_in *in)
{
	struct tcp_seg_out o = { .tuple = in->seg.tuple, .flags = TCP_SYN | TCP_ACK,
	    .via = in->seg.via, .fresh = true };
	bool v4 = tcp_is_v4(&in->seg.tuple.remote);
	struct tcp_opts opts = { .mss_on = true, .mss = v4 ? s->cfg.mss4 : s->cfg.mss6 };
	uint64_t h = hash(s, &o.tuple, in->seg.seq, in->now / TCP_COOKIE_US);

	if (in->opts.ts_on && s->cfg.timestamps) {
		bool ecn = tcp_ecn_asks(s, in->seg.flags);

		opts.ts_on = true;
		opts.ts_val = stamp_with(stamp_now(s, in), &in->opts, ecn);
		o.flags |= ecn ? TCP_ECE : 0;
		opts.ts_ecr = in->opts.ts_val;
		opts.sack_ok = in->opts.sack_ok && s->cfg.sack;
		opts.shift_on = in->opts.shift_on && s->cfg.window_scale;
		opts.shift = s->rcv_shift;
	}
	o.seq = ((uint32_t)(h >> 32) & HASH_MASK) | (mss_index(in) ^ ((uint32_t)h & MSS_MASK)) << MSS_AT;
	o.ack = in->seg.seq + 1;
	o.window = tcp_rcv_first(s);
	opts.order = (uint16_t)s->cfg.syn_options;
	o.options_len = tcp_opt_write(&opts, o.options);
	(void)s->ops.emit(s->owner, &o);
	s->cookie_until = in->now + 2ull * TCP_COOKIE_US;
	s->guard.cookies_out++;
}

bool
tcp_cookie_out(const struct tcp_stack *s, uint64_t now)
{
	return now < s->cookie_until;
}

static bool
read_stamp(const struct tcp_stack *s, const struct tcp_in *in, struct tcp_opts *o, bool *ecn)
{
	uint32_t code = in->opts.ts_ecr & CODE_MASK;

	if (!in->opts.ts_on)
		return true;
	o->ts_on = true;
	o->ts_val = in->opts.ts_val;
	*ecn = code & CODE_ECN;
	o->sack_ok = code & CODE_SACK;
	o->shift = (uint8_t)(code & CODE_SHIFT);
	o->shift_on = o->shift != CODE_SHIFT;
	if (!o->shift_on)
		o->shift = 0;
	return stamp_now(s, in) - in->opts.ts_ecr <= TICKS_MAX;
}

bool
tcp_cookie_read(struct tcp_stack *s, const struct tcp_in *in, struct tcp_opts *o, bool *ecn)
{
	uint64_t period = in->now / TCP_COOKIE_US;
	uint32_t cookie = in->seg.ack - 1;

	memset(o, 0, sizeof(*o));
	*ecn = false;
	for (uint64_t back = 0; back < 2 && back <= period; back++) {
		uint64_t h = hash(s, &in->seg.tuple, in->seg.seq - 1, period - back);

		if (((cookie ^ (uint32_t)(h >> 32)) & HASH_MASK) != 0)
			continue;
		o->mss_on = true;
		o->mss = mss_table[(cookie >> MSS_AT) ^ ((uint32_t)h & MSS_MASK)];
		return read_stamp(s, in, o, ecn);
	}
	return false;
}
