#include "dataplane/tcp/tcp_loss.h"
#include "dataplane/tcp/tcp_path.h"
#include "dataplane/tcp/tcp_send.h"

#define IP4_TCP_SIZE 40u
#define IP6_TCP_SIZE 60u
#define ALIGN 64u

void
tcp_config_default(struct tcp_config *c, uint16_t mtu)
{
	*c = (struct tcp_config){
		.conn_max = 16384,
		.half_open_max = 1024,
		.half_open_source = 64,
		.cookie_at = 768,
		.timewait_max = 16384,
		.rcv_buf = 8u << 20,
		.snd_buf = 8u << 20,
		.rcv_buf_init = 64u << 10,
		.snd_buf_init = 64u << 10,
		.growth_max = 1u << 30,
		.reasm_max = 9u << 20,
		.rto_min_us = 200000,
		.rto_init_us = TCP_RTO_INIT_US,
		.delack_us = TCP_DELACK_US,
		.retries = 12,
		.doubt_retries = 3,
		.connect_retries = TCP_ACTIVE_RETRIES,
		.syn_retries = 2,
		.timewait_us = 60000000,
		.challenge_max = 1000,
		.finwait2_us = 60000000,
		.orphan_max = 4096,
		.keep_idle_ms = 7200000,
		.keep_interval_ms = 75000,
		.keep_count = 9,
		.persist_low_ms = 60000,
		.own_max = 64,
		.shed_idle_us = 10000000,
		.clock_us = 250,
		.rack = 1,
		.sack = 1,
		.timestamps = 1,
		.window_scale = 1,
		.ecn = 2,
		.pacing = 0,
		.syn_options = TCP_SYN_ORDER,
		.quick_acks = 16,
		.run_segs = TCP_RUN_SEGS,
		.path_entries = 1024,
		.path_age_us = 600000000,
		.path_timeouts = 2,
		.path_probes = 3,
		.path_min4 = 552,
		.cc = CC_NAME_DEFAULT,
		.mss4 = (uint16_t)(mtu - IP4_TCP_SIZE),
		.mss6 = (uint16_t)(mtu - IP6_TCP_SIZE),
	};
}

static size_t
round_up(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static uint32_t
bucket_count(uint32_t entries)
{
	uint32_t n = 16;

	while (n < entries && n < 1u << 30)
		n <<= 1;
	return n;
}

size_t
tcp_stack_size(const struct tcp_config *c)
{
	return round_up(sizeof(struct tcp_stack)) + round_up(c->conn_max * sizeof(struct tcp)) +
	    round_up(c->conn_max * sizeof(struct tcp_due)) +
	    round_up(c->timewait_max * sizeof(struct tcp_tw)) +
	    round_up(c->own_max * sizeof(struct tcp_own_set)) +
	    round_up(bucket_count(c->conn_max) * sizeof(uint32_t)) +
	    round_up(bucket_count(4 * c->half_open_max) * sizeof(struct tcp_source)) +
	    round_up(bucket_count(c->timewait_max) * sizeof(uint32_t)) +
	    round_up(tcp_path_buckets(c) * TCP_PATH_WAYS * sizeof(struct tcp_path));
}

static bool
times_good(const struct tcp_config *c)
{
	return c->rto_min_us > 0 && c->rto_min_us <= TCP_RTO_MAX_US && c->rto_init_us > 0 &&
	    c->rto_init_us <= TCP_RTO_MAX_US && c->delack_us > 0 && c->delack_us <= TCP_DELACK_MAX_US &&
	    c->clock_us > 0 && c->clock_us <= TCP_RTO_MAX_US;
}

static bool
buffer_good(uint32_t bytes)
{
	return bytes >= TCP_BUF_MIN && bytes <= TCP_BUF_MAX;
}

static bool
buffers_good(const struct tcp_config *c)
{
	return buffer_good(c->rcv_buf) && buffer_good(c->snd_buf) && buffer_good(c->rcv_buf_init) &&
	    buffer_good(c->snd_buf_init);
}

static bool
life_good(const struct tcp_config *c)
{
	return c->orphan_max > 0 && c->keepalive <= 1 && c->keep_idle_ms > 0 &&
	    c->keep_idle_ms <= TCP_MS_MAX && c->keep_interval_ms > 0 &&
	    c->keep_interval_ms <= TCP_MS_MAX && c->keep_count > 0 && c->keep_count <= UINT8_MAX &&
	    c->user_timeout_ms <= TCP_MS_MAX && c->persist_ms <= TCP_MS_MAX &&
	    c->persist_low_ms <= TCP_MS_MAX && c->nagle <= 1 && c->own_max > 0 &&
	    c->own_max <= UINT16_MAX;
}

static bool
path_good(const struct tcp_config *c)
{
	return c->path_entries > 0 && c->path_entries <= 1u << 20 && c->path_age_us > 0 &&
	    c->path_timeouts <= 100 && c->path_probes <= TCP_PATH_PROBES_MAX &&
	    c->path_min4 >= TCP_MSS_MIN + TCP_PATH_OVERHEAD_MAX && c->path_min4 <= TCP_PATH_BASE;
}

static bool
options_good(const struct tcp_config *c)
{
	return c->sack <= 1 && c->timestamps <= 1 && c->window_scale <= 1 && c->ecn <= 2 && c->pacing <= 1 &&
	    tcp_opt_order_good(c->syn_options) && c->mss4 >= TCP_MSS_MIN && c->mss6 >= TCP_MSS_MIN;
}

bool
tcp_config_good(const struct tcp_config *c)
{
	return c->conn_max > 0 && c->conn_max < 1u << 30 && c->half_open_max > 0 &&
	    c->half_open_max < 1u << 28 && c->half_open_source > 0 &&
	    c->challenge_max > 0 && c->challenge_max <= 1u << 30 && c->timewait_max > 0 &&
	    c->timewait_max < 1u << 30 && buffers_good(c) && times_good(c) && path_good(c) &&
	    life_good(c) && options_good(c) && c->shed_idle_us > 0 && c->retries > 0 &&
	    c->rack <= 1 && c->initial_window <= TCP_IW_MAX && c->run_segs > 0 && c->run_segs <= TCP_RUN_SEGS && cc_find(c->cc) >= 0;
}

static void *
carve(uint8_t **at, size_t size)
{
	void *p = *at;

	*at += round_up(size);
	return p;
}

/* RFC 7323 section 2.3: at most 14. */
uint8_t
tcp_window_shift(const struct tcp_config *c, uint32_t rcv_buf)
{
	uint8_t shift = 0;

	while (c->window_scale && shift < 14 && (65535u << shift) < rcv_buf)
		shift++;
	return shift;
}

struct tcp_stack *
tcp_stack_init(void *mem, const struct tcp_config *c, const struct tcp_ops *ops, struct pool *pool,
    void *owner, const uint8_t secret[32])
{
	uint8_t *at = mem;
	struct tcp_stack *s;
	uint32_t n = bucket_count(c->conn_max);

	if (!tcp_config_good(c))
		return NULL;
	s = carve(&at, sizeof(*s));
	s->cfg = *c;
	s->cc_algo = cc_find(c->cc);
	s->ops = *ops;
	s->pool = pool;
	s->owner = owner;
	memcpy(s->isn_key, secret, 16);
	memcpy(s->hash_key, secret + 16, 16);
	s->rcv_shift = tcp_window_shift(c, c->rcv_buf);
	s->packets_left = 1;
	s->conns = carve(&at, c->conn_max * sizeof(struct tcp));
	s->heap = carve(&at, c->conn_max * sizeof(struct tcp_due));
	s->own = carve(&at, c->own_max * sizeof(struct tcp_own_set));
	s->tw = carve(&at, c->timewait_max * sizeof(struct tcp_tw));
	s->buckets = carve(&at, n * sizeof(uint32_t));
	s->bucket_mask = n - 1;
	memset(s->buckets, 0xff, n * sizeof(uint32_t));
	n = bucket_count(c->timewait_max);
	s->tw_buckets = carve(&at, n * sizeof(uint32_t));
	s->tw_mask = n - 1;
	n = tcp_path_buckets(c);
	s->paths = carve(&at, n * TCP_PATH_WAYS * sizeof(struct tcp_path));
	s->path_mask = n - 1;
	s->free = TCP_NIL;
	s->work_first = s->work_last = TCP_NIL;
	n = bucket_count(4 * c->half_open_max);
	s->sources = carve(&at, n * sizeof(struct tcp_source));
	s->source_mask = n - 1;
	tcp_half_init(s);
	tcp_own_start(s);
	tcp_orphan_init(s);
	tcp_tw_init(s);
	return s;
}

int
tcp_set_config(struct tcp_stack *s, const struct tcp_config *c)
{
	if (!tcp_config_good(c) || c->conn_max != s->cfg.conn_max ||
	    c->timewait_max != s->cfg.timewait_max || c->own_max != s->cfg.own_max ||
	    c->path_entries != s->cfg.path_entries)
		return -R_LIMIT;
	s->cfg = *c;
	s->cc_algo = cc_find(c->cc);
	s->rcv_shift = tcp_window_shift(c, c->rcv_buf);
	return 0;
}

void
tcp_drop(struct tcp_stack *s, int reason)
{
	s->ops.drop(s->owner, reason);
}

static void
fire(struct tcp *t, enum tcp_timer which, uint64_t now)
{
	tcp_timer_stop(t, which);
	switch (which) {
	case TCP_T_RTX:
		if (t->state == TCP_SYN_SENT || t->state == TCP_SYN_RECEIVED)
			tcp_syn_timeout(t, now);
		else
			tcp_rto_fire(t, now);
		break;
	case TCP_T_ACK:
		if (tcp_pace_fire(t))
			break;
		t->talk = false;
		t->ack_now = true;
		tcp_work_add(t);
		break;
	case TCP_T_LIFE:
		tcp_life_fire(t, now);
		break;
	default:
		if (tcp_room_alone(t))
			tcp_room_fire(t, now);
		else if (t->reo_on)
			tcp_reo_fire(t, now);
		else
			tcp_tail_fire(t, now);
		break;
	}
}

static void
run_timers(struct tcp_stack *s, uint64_t now)
{
	struct tcp *t;

	while ((t = tcp_timer_due(s, now)) != NULL) {
		for (int i = 0; i < TCP_TIMER_COUNT; i++)
			if (t->due[i] <= now && !t->gone)
				fire(t, (enum tcp_timer)i, now);
		tcp_settle(t, now);
	}
	tcp_tw_expire(s, now);
}

uint32_t
tcp_poll(struct tcp_stack *s, uint64_t now)
{
	uint32_t sent = 0;
	uint32_t count;

	tcp_shed_run(s, now);
	run_timers(s, now);
	/* What comes back to the list waits for the next poll: connections take
	 * turns. */
	for (count = s->work_count; count > 0 && s->work_first != TCP_NIL; count--) {
		struct tcp *t = &s->conns[s->work_first];

		tcp_work_del(t);
		sent += tcp_out(t, now);
		tcp_settle(t, now);
	}
	return sent;
}

uint64_t
tcp_next(const struct tcp_stack *s, uint64_t now)
{
	uint64_t at = tcp_timer_next(s);
	uint64_t tw = tcp_tw_next(s, now);
	uint64_t shed = tcp_shed_next(s);

	if (s->work_count > 0)
		return now;
	if (shed < at)
		at = shed > now ? shed : now;
	return at < tw ? at : tw;
}

void
tcp_get_stats(const struct tcp_stack *s, struct tcp_stats *st)
{
	st->retransmits = s->retransmits;
	st->loss = s->loss;
	st->cc = s->cc;
	st->guard = s->guard;
	st->live = s->live;
	st->together = s->together;
	st->buf = s->buf;
	st->shed = s->shed;
	st->ecn = s->ecn;
	st->path = s->path;
	st->conn_open = s->open;
	st->half_open = s->half_count;
	st->timewait = s->tw_count;
}

struct tcp_load
tcp_get_load(const struct tcp_stack *s)
{
	struct tcp_load l = { .conn_open = s->open, .half_open = s->half_count, .timewait = s->tw_count,
		.timers = s->heap_count, .orphans = s->orphan_count,
		.grown = s->grown, .grown_max = tcp_buf_growth_max(s) };

	memcpy(l.level, s->level, sizeof(l.level));
	return l;
}

const struct tcp_config *
tcp_get_config(const struct tcp_stack *s)
{
	return &s->cfg;
}

uint32_t
tcp_places(const struct tcp_stack *s)
{
	return s->fresh;
}

const struct tcp *
tcp_at(const struct tcp_stack *s, uint32_t i)
{
	return i < s->fresh && s->conns[i].used ? &s->conns[i] : NULL;
}

static void
wipe_fifo(struct fifo *f, struct pool *p)
{
	f->wipe = true;
	fifo_clear(f, p);
}

void
tcp_wipe(struct tcp_stack *s)
{
	for (uint32_t i = 0; i < s->fresh; i++) {
		struct tcp *t = &s->conns[i];

		if (!t->used)
			continue;
		wipe_fifo(&t->snd, s->pool);
		wipe_fifo(&t->rcv, s->pool);
		tcp_reasm_clear(&t->reasm, s->pool);
		tcp_loss_clear(t);
	}
	explicit_bzero(s->isn_key, sizeof(s->isn_key));
	explicit_bzero(s->hash_key, sizeof(s->hash_key));
	explicit_bzero(s->cookie_keys, sizeof(s->cookie_keys));
}
