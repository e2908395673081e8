/*
 * Tunables by name: a row each, in struct tcp_config.
 */
#include "tests/sim/sock_priv.h"

#define CONN_MAX 4096u
#define BUF_MAX (1u << 30)
#define US_MAX 60000000u
#define MS_MAX 60000u
#define DAYS_MS 864000000u
#define SETTINGS_MAX 1024u

struct row {
	const char *name;
	const char *unit;
	uint32_t min;
	uint32_t max;
	uint16_t offset;
	uint8_t size;
	uint16_t scale;      /* of the value, in units of the field */
	bool fixed;
};

#define PLACE(field) offsetof(struct tcp_config, field), sizeof(((struct tcp_config *)0)->field)
#define FIELD(field) PLACE(field), 1
#define FIELD_US(field) PLACE(field), 1000 /* in ms here */

static const struct row rows[] = {
	{ "tcp.connections", "entries", 1, 1u << 20, FIELD(conn_max), true },
	{ "tcp.time_wait_entries", "entries", 1, 1u << 20, FIELD(timewait_max), true },
	{ "tcp.half_open", "entries", 1, 1u << 20, FIELD(half_open_max), false },
	{ "tcp.half_open_source", "entries", 1, 1u << 20, FIELD(half_open_source), false },
	{ "tcp.syn_cookies_at", "entries", 0, 1u << 30, FIELD(cookie_at), false },
	{ "tcp.receive_buffer", "bytes", 2048, BUF_MAX, FIELD(rcv_buf), false },
	{ "tcp.send_buffer", "bytes", 2048, BUF_MAX, FIELD(snd_buf), false },
	{ "tcp.receive_buffer_start", "bytes", 2048, BUF_MAX, FIELD(rcv_buf_init), false },
	{ "tcp.send_buffer_start", "bytes", 2048, BUF_MAX, FIELD(snd_buf_init), false },
	{ "tcp.buffer_growth", "bytes", 0, BUF_MAX, FIELD(growth_max), false },
	{ "tcp.reassembly", "bytes", 0, BUF_MAX, FIELD(reasm_max), false },
	{ "tcp.rto_min_ms", "ms", 1, MS_MAX, FIELD_US(rto_min_us), false },
	{ "tcp.initial_rto_ms", "ms", 1, MS_MAX, FIELD_US(rto_init_us), false },
	{ "tcp.delayed_ack_ms", "ms", 1, 500, FIELD_US(delack_us), false },
	{ "tcp.doubt_retries", "count", 1, 255, FIELD(doubt_retries), false },
	{ "tcp.retries", "count", 1, 200, FIELD(retries), false },
	{ "tcp.connect_retries", "count", 0, 200, FIELD(connect_retries), false },
	{ "tcp.synack_retries", "count", 0, 200, FIELD(syn_retries), false },
	{ "tcp.shed_idle_ms", "ms", 1, 600000, FIELD_US(shed_idle_us), false },
	{ "tcp.time_wait_ms", "ms", 1, 600000, FIELD_US(timewait_us), false },
	{ "tcp.fin_wait2_ms", "ms", 1, 600000, FIELD_US(finwait2_us), false },
	{ "tcp.keepalive", "0 or 1", 0, 1, FIELD(keepalive), false },
	{ "tcp.keep_idle_ms", "ms", 1, DAYS_MS, FIELD(keep_idle_ms), false },
	{ "tcp.keep_interval_ms", "ms", 1, DAYS_MS, FIELD(keep_interval_ms), false },
	{ "tcp.keep_count", "count", 1, 255, FIELD(keep_count), false },
	{ "tcp.user_timeout_ms", "ms", 0, DAYS_MS, FIELD(user_timeout_ms), false },
	{ "tcp.persist_ms", "ms", 0, DAYS_MS, FIELD(persist_ms), false },
	{ "tcp.persist_low_ms", "ms", 0, DAYS_MS, FIELD(persist_low_ms), false },
	{ "tcp.orphans", "entries", 1, 1u << 20, FIELD(orphan_max), false },
	{ "tcp.settings", "entries", 1, 65535, FIELD(own_max), true },
	{ "tcp.nagle", "0 or 1", 0, 1, FIELD(nagle), false },
	{ "tcp.clock_us", "us", 1, US_MAX, FIELD(clock_us), false },
	{ "tcp.rack", "0 or 1", 0, 1, FIELD(rack), false },
	{ "tcp.challenge_acks", "per second", 1, 1u << 30, FIELD(challenge_max), false },
	{ "tcp.sack", "0 or 1", 0, 1, FIELD(sack), false },
	{ "tcp.timestamps", "0 or 1", 0, 1, FIELD(timestamps), false },
	{ "tcp.window_scale", "0 or 1", 0, 1, FIELD(window_scale), false },
	{ "tcp.pacing", "0 or 1", 0, 1, FIELD(pacing), false },
	{ "tcp.ecn", "0 to 2", 0, 2, FIELD(ecn), false },
	{ "tcp.syn_options", "kinds", 0x2348, 0x8432, FIELD(syn_options), false },
	{ "tcp.initial_window", "segments", 0, 1000, FIELD(initial_window), false },
	{ "tcp.quick_acks", "segments", 0, 255, FIELD(quick_acks), false },
	{ "tcp.segment_run", "segments", 1, 16, FIELD(run_segs), false },
	{ "tcp.path_entries", "entries", 1, 1u << 20, FIELD(path_entries), true },
	{ "tcp.path_age_ms", "ms", 1, 3600000, FIELD_US(path_age_us), false },
	{ "tcp.path_timeouts", "count", 0, 100, FIELD(path_timeouts), false },
	{ "tcp.path_probes", "count", 0, 3, FIELD(path_probes), false },
	{ "tcp.path_min4", "bytes", 328, 1280, FIELD(path_min4), false },
	{ "tcp.mss4", "bytes", 256, 9176, FIELD(mss4), false },
	{ "tcp.mss6", "bytes", 256, 9156, FIELD(mss6), false },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static uint32_t
field_get(const struct row *r, const struct tcp_config *c)
{
	const uint8_t *at = (const uint8_t *)c + r->offset;
	uint16_t narrow;
	uint32_t wide;

	if (r->size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

static uint32_t
value_get(const struct row *r, const struct tcp_config *c)
{
	return field_get(r, c) / r->scale;
}

static void
value_set(const struct row *r, struct tcp_config *c, uint32_t value)
{
	uint8_t *at = (uint8_t *)c + r->offset;
	uint16_t narrow = (uint16_t)value;

	value *= r->scale;
	if (r->size == sizeof(narrow))
		memcpy(at, &narrow, sizeof(narrow));
	else
		memcpy(at, &value, sizeof(value));
}

/* No segment is larger than a packet. */
static uint32_t
row_max(const struct sock_host *h, const struct row *r)
{
	struct tcp_config c;

	tune_default(h->conf.mtu, &c);
	return r->size == sizeof(uint16_t) ? field_get(r, &c) : r->max;
}

void
tune_default(uint16_t mtu, struct tcp_config *c)
{
	tcp_config_default(c, mtu);
	c->conn_max = CONN_MAX;
	c->timewait_max = CONN_MAX;
	c->own_max = SETTINGS_MAX;
}

static const struct row *
row_of(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

int
sock_tune_at(const struct sock_host *h, unsigned i, struct sock_tune *t)
{
	struct tcp_config initial;

	if (i >= ROWS)
		return -ENOENT;
	tune_default(h->conf.mtu, &initial);
	*t = (struct sock_tune){
		.name = rows[i].name,
		.unit = rows[i].unit,
		.value = value_get(&rows[i], &h->cfg),
		.initial = value_get(&rows[i], &initial),
		.min = rows[i].min,
		.max = row_max(h, &rows[i]),
		.fixed = rows[i].fixed,
	};
	return 0;
}

int
sock_tune_get(const struct sock_host *h, const char *name, int64_t *value)
{
	const struct row *r = row_of(name);

	if (r == NULL)
		return -ENOENT;
	*value = value_get(r, &h->cfg);
	return 0;
}

int
sock_tune_set(struct sock_host *h, const char *name, int64_t value)
{
	const struct row *r = row_of(name);
	struct tcp_config c = h->cfg;

	if (r == NULL)
		return -ENOENT;
	if (value < r->min || value > row_max(h, r))
		return -ERANGE;
	if (r->fixed && h->stack != NULL)
		return -EBUSY;
	value_set(r, &c, (uint32_t)value);
	if (!tcp_config_good(&c) || (h->stack != NULL && tcp_set_config(h->stack, &c) < 0))
		return -ERANGE;
	h->cfg = c;
	return 0;
}

const char *
sock_tune_get_congestion(const struct sock_host *h)
{
	return h->cfg.cc;
}

int
sock_tune_congestion(struct sock_host *h, const char *name)
{
	static const char *const names[] = { "cubic", "newreno" };
	struct tcp_config c = h->cfg;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		c.cc = names[i];
		if (h->stack != NULL && tcp_set_config(h->stack, &c) < 0)
			return -ENOENT;
		h->cfg = c;
		return 0;
	}
	return -ENOENT;
}
