/*
 * What is left, and what is given up when it is not enough.
 *
 * Blocks of the pool, places for connections and the owner's packet buffers run
 * out. Each has a level, with hysteresis; the worst is the stack's. What a level
 * asks for goes in this order, so that old work goes on:
 *
 *   pressure   SYNs are answered by cookies; no buffer grows beyond TCP_LOW_CAP, and
 *              nothing is kept out of order
 *   shedding   SYNs are dropped. Without blocks, besides: what is kept out of order
 *              is thrown away (RFC 2018 section 8 allows it), then connections end
 *              that hold blocks and have not moved for long, the longest first
 *
 * Acknowledgements, resets and what is sent again need no block.
 */
#include "dataplane/tcp/tcp_send.h"

#define PARTS 64u           /* shares of the whole */
#define LOOKS 64u           /* connections that one poll looks at */
#define SWEEP_US 100000u    /* from one sweep over all of them to the next */
#define IDLE_FIRST_US 64000000u
#define MOVED_MIN 64u       /* bytes: less is what a hoarder takes to stay */

/* What is left, in PARTS: up to the first it is shed; up to the second it still is,
 * if it was; up to the third there is pressure; up to the fourth there still is. */
enum { BAND_COUNT = 5 };
static const uint8_t bounds[TCP_RES_COUNT][BAND_COUNT - 1] = {
	[TCP_RES_BLOCKS] = { 4, 6, 8, 12 },
	[TCP_RES_SLOTS] = { 0, 1, 4, 6 },
	[TCP_RES_PACKETS] = { 32, 48, 63, 63 },
};

static const uint8_t next_level[TCP_LEVEL_COUNT][BAND_COUNT] = {
	[TCP_NORMAL] = { TCP_SHEDDING, TCP_PRESSURE, TCP_PRESSURE, TCP_NORMAL, TCP_NORMAL },
	[TCP_PRESSURE] = { TCP_SHEDDING, TCP_PRESSURE, TCP_PRESSURE, TCP_PRESSURE, TCP_NORMAL },
	[TCP_SHEDDING] = { TCP_SHEDDING, TCP_SHEDDING, TCP_PRESSURE, TCP_PRESSURE, TCP_NORMAL },
};

int
tcp_level_next(int level, enum tcp_resource which, uint32_t left, uint32_t count)
{
	uint32_t band = BAND_COUNT - 1;

	/* From above: mostly there is plenty. */
	while (band > 0 && (uint64_t)left * PARTS <= (uint64_t)count * bounds[which][band - 1])
		band--;
	return next_level[level][band];
}

static void
look(struct tcp_stack *s, enum tcp_resource which, uint32_t left, uint32_t count)
{
	int before = s->level[which];
	int now = tcp_level_next(before, which, left, count);

	s->level[which] = (uint8_t)now;
	if (now == TCP_PRESSURE && before == TCP_NORMAL)
		s->shed.pressure++;
	if (now == TCP_SHEDDING && before != TCP_SHEDDING)
		s->shed.shedding++;
}

void
tcp_shed_look(struct tcp_stack *s)
{
	look(s, TCP_RES_BLOCKS, s->pool->free_count, s->pool->count);
	look(s, TCP_RES_SLOTS, s->cfg.conn_max - s->open, s->cfg.conn_max);
	look(s, TCP_RES_PACKETS, s->packets_left, s->packets_count);
}

enum tcp_level
tcp_level(const struct tcp_stack *s)
{
	int worst = TCP_NORMAL;

	for (int i = 0; i < TCP_RES_COUNT; i++)
		if (s->level[i] > worst)
			worst = s->level[i];
	return (enum tcp_level)worst;
}

void
tcp_set_packets(struct tcp_stack *s, uint32_t left, uint32_t count)
{
	s->packets_left = left;
	s->packets_count = count;
}

/* A SYN: false when it is refused. */
bool
tcp_shed_syn(struct tcp_stack *s)
{
	tcp_shed_look(s);
	if (s->level[TCP_RES_BLOCKS] == TCP_SHEDDING || s->level[TCP_RES_PACKETS] == TCP_SHEDDING) {
		tcp_drop(s, R_TCP_SHED_SYN);
		return false;
	}
	if (s->level[TCP_RES_SLOTS] == TCP_SHEDDING) {
		tcp_drop(s, R_TCP_CONN_MAX);
		return false;
	}
	return true;
}

void
tcp_moved(struct tcp *t, uint32_t bytes, uint64_t now)
{
	if (bytes >= MOVED_MIN || t->snd.len == 0)
		t->moved_ms = tcp_ms(now);
}

uint32_t
tcp_blocks(const struct tcp *t)
{
	return t->snd.blocks + t->rcv.blocks + tcp_reasm_blocks(&t->reasm) +
	    (t->board != NULL ? tcp_board_blocks(tcp_board(t)) : 0);
}

static bool
idle(const struct tcp *t, uint64_t limit, uint64_t now)
{
	return (uint64_t)(tcp_ms(now) - t->moved_ms) * 1000 >= limit;
}

static void
evict(struct tcp *t, uint64_t now)
{
	tcp_reset_send(t, tcp_seq_now(t));
	tcp_drop(t->stack, R_TCP_EVICTED);
	if (tcp_conn_end(t, TCP_E_ABORT, R_TCP_EVICTED))
		tcp_settle(t, now);
}

static void
relieve(struct tcp *t, uint64_t now)
{
	struct tcp_stack *s = t->stack;

	if (!t->used || t->state < TCP_SYN_RECEIVED)
		return;
	if (t->reasm.count > 0) {
		tcp_reasm_clear(&t->reasm, s->pool);
		tcp_drop(s, R_TCP_PRUNED);
	}
	if (s->sweep_idle != 0 && tcp_blocks(t) > 0 && idle(t, s->sweep_idle, now))
		evict(t, now);
}

/* The first sweep prunes; each one after it asks for less idleness. */
static void
sweep_over(struct tcp_stack *s, uint64_t now)
{
	s->sweep_hand = 0;
	s->sweep_at = now + SWEEP_US;
	s->sweep_idle = s->sweep_idle == 0 ? IDLE_FIRST_US : s->sweep_idle / 2;
	if (s->sweep_idle < s->cfg.shed_idle_us)
		s->sweep_idle = s->cfg.shed_idle_us;
}

void
tcp_shed_run(struct tcp_stack *s, uint64_t now)
{
	tcp_shed_look(s);
	for (uint32_t n = 0; n < LOOKS && s->level[TCP_RES_BLOCKS] == TCP_SHEDDING && now >= s->sweep_at; n++) {
		if (s->sweep_hand < s->fresh)
			relieve(&s->conns[s->sweep_hand++], now);
		else
			sweep_over(s, now);
		tcp_shed_look(s);
	}
	if (s->level[TCP_RES_BLOCKS] != TCP_SHEDDING) {
		s->sweep_hand = 0;
		s->sweep_idle = 0;
		s->sweep_at = 0;
	}
}

uint64_t
tcp_shed_next(const struct tcp_stack *s)
{
	return s->level[TCP_RES_BLOCKS] == TCP_SHEDDING ? s->sweep_at : TCP_NEVER;
}
