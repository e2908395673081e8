#include "dataplane/tcp/tcp_opt.h"

#include "abi/wire/cursor.h"

enum {
	KIND_EOL = 0,        /* RFC 9293 section 3.2 */
	KIND_NOP = 1,
	KIND_MSS = 2,
	KIND_SHIFT = 3,      /* RFC 7323 section 2.2 */
	KIND_SACK_OK = 4,    /* RFC 2018 section 2 */
	KIND_SACK = 5,       /* RFC 2018 section 3 */
	KIND_TS = 8,         /* RFC 7323 section 3.2 */
	KIND_MAX
};

/* What nearly every segment carries, as RFC 7323 appendix A lays it out. */
#define TS_ALONE 0x0101080au
#define TS_ALONE_SIZE 12u
#define SHIFT_MAX 14u

static void
read_mss(struct tcp_opts *o, struct cur *c)
{
	if (!o->mss_on)
		o->mss = cur_u16(c);
	o->mss_on = true;
}

static void
read_shift(struct tcp_opts *o, struct cur *c)
{
	uint8_t v = cur_u8(c);

	if (!o->shift_on)
		o->shift = v > SHIFT_MAX ? SHIFT_MAX : v;
	o->shift_on = true;
}

static void
read_sack_ok(struct tcp_opts *o, struct cur *c)
{
	(void)c;
	o->sack_ok = true;
}

static void
read_sack(struct tcp_opts *o, struct cur *c)
{
	if (o->sack_count > 0)
		return;
	while (cur_left(c) >= 8 && o->sack_count < TCP_OPT_SACK_MAX) {
		struct tcp_range *r = &o->sack[o->sack_count++];

		r->start = cur_u32(c);
		r->end = cur_u32(c);
	}
}

static void
read_ts(struct tcp_opts *o, struct cur *c)
{
	if (o->ts_on)
		return;
	o->ts_val = cur_u32(c);
	o->ts_ecr = cur_u32(c);
	o->ts_on = true;
}

struct row {
	void (*read)(struct tcp_opts *, struct cur *);
	uint8_t len_min;     /* with kind and length bytes */
	uint8_t len_max;
	uint8_t step;        /* (length - 2) is a multiple of it, where not 0 */
	bool syn_only;
};

static const struct row rows[KIND_MAX] = {
	[KIND_MSS] = { read_mss, 4, 4, 0, true },
	[KIND_SHIFT] = { read_shift, 3, 3, 0, true },
	[KIND_SACK_OK] = { read_sack_ok, 2, 2, 0, true },
	[KIND_SACK] = { read_sack, 10, 34, 8, false },
	[KIND_TS] = { read_ts, 10, 10, 0, false },
};

static void
read_one(struct tcp_opts *o, uint8_t kind, uint8_t len, struct view body, bool syn)
{
	const struct row *r = kind < KIND_MAX ? &rows[kind] : NULL;
	struct cur c = cur_view(body);

	if (r == NULL || r->read == NULL || (r->syn_only && !syn))
		return;
	if (len < r->len_min || len > r->len_max || (r->step != 0 && (len - 2) % r->step != 0)) {
		o->bad = true;
		return;
	}
	r->read(o, &c);
}

void
tcp_opt_read(struct tcp_opts *o, const uint8_t *p, uint32_t len, bool syn)
{
	struct cur c = cur_of(p, len);

	memset(o, 0, offsetof(struct tcp_opts, sack));
	if (len == TS_ALONE_SIZE && cur_u32(&c) == TS_ALONE) {
		read_ts(o, &c);
		return;
	}
	c = cur_of(p, len);
	while (cur_left(&c) > 0) {
		uint8_t kind = cur_u8(&c);
		uint8_t size;
		struct view body;

		if (kind == KIND_EOL)
			return;
		if (kind == KIND_NOP)
			continue;
		size = cur_u8(&c);
		if (c.bad || size < 2) {
			o->bad = true;
			return;
		}
		body = cur_take(&c, size - 2u);
		if (c.bad) {
			o->bad = true;
			return;
		}
		read_one(o, kind, size, body, syn);
	}
}

/* Four bytes at a time, so that every number is aligned (RFC 7323 appendix A). */
static void
put_word(struct put *w, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	put_u32(w, (uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
}

static void
write_sack(const struct tcp_opts *o, struct put *w)
{
	size_t fit = ((size_t)(w->end - w->p) - 4) / 8;
	size_t n = o->sack_count < fit ? o->sack_count : fit;

	if (n == 0)
		return;
	put_word(w, KIND_NOP, KIND_NOP, KIND_SACK, (uint8_t)(2 + 8 * n));
	for (size_t i = 0; i < n; i++) {
		put_u32(w, o->sack[i].start);
		put_u32(w, o->sack[i].end);
	}
}

#define DIGIT 4u
#define ORDER_DIGITS 4u

static uint32_t
digit(uint32_t order, uint32_t i)
{
	return order >> DIGIT * (ORDER_DIGITS - 1 - i) & 0xfu;
}

bool
tcp_opt_order_good(uint32_t order)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < ORDER_DIGITS; i++)
		seen |= 1u << digit(order, i);
	return order >> DIGIT * ORDER_DIGITS == 0 &&
	    seen == (1u << KIND_MSS | 1u << KIND_SHIFT | 1u << KIND_SACK_OK | 1u << KIND_TS);
}

static void
write_ts(const struct tcp_opts *o, struct put *w, bool begun)
{
	if (!begun)
		put_word(w, KIND_NOP, KIND_NOP, KIND_TS, 10);
	put_u32(w, o->ts_val);
	put_u32(w, o->ts_ecr);
}

/* SACK-permitted and timestamps share a word where one follows the other. */
static void
write_syn(const struct tcp_opts *o, struct put *w)
{
	uint32_t order = o->order != 0 ? o->order : TCP_SYN_ORDER;
	bool begun = false;

	for (uint32_t i = 0; i < ORDER_DIGITS; i++) {
		uint32_t kind = digit(order, i);

		if (kind == KIND_MSS && o->mss_on) {
			put_word(w, KIND_MSS, 4, (uint8_t)(o->mss >> 8), (uint8_t)o->mss);
		} else if (kind == KIND_SHIFT && o->shift_on) {
			put_word(w, KIND_NOP, KIND_SHIFT, 3, o->shift);
		} else if (kind == KIND_TS && o->ts_on) {
			write_ts(o, w, begun);
		} else if (kind == KIND_SACK_OK && o->sack_ok) {
			begun = o->ts_on && i + 1 < ORDER_DIGITS && digit(order, i + 1) == KIND_TS;
			if (begun)
				put_word(w, KIND_SACK_OK, 2, KIND_TS, 10);
			else
				put_word(w, KIND_NOP, KIND_NOP, KIND_SACK_OK, 2);
		}
	}
}

uint32_t
tcp_opt_write(const struct tcp_opts *o, uint8_t *buf)
{
	struct put w = put_of(buf, 40);

	if (o->mss_on || o->shift_on || o->sack_ok)
		write_syn(o, &w);
	else if (o->ts_on)
		write_ts(o, &w, false);
	if (o->sack_count > 0)
		write_sack(o, &w);
	return (uint32_t)put_len(&w);
}
