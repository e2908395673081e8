/*
 * Options of a socket: a row each. They are a struct tcp_own that a connection takes
 * when it is made, or at once when it is there; what a listener accepts has its
 * listener's.
 */
#include "tests/sim/sock_priv.h"

#define HOST_VALUE (-1)      /* where the host's own can be asked for */

struct row {
	int64_t min, max;
	uint32_t scale;      /* of the option, in units of the field */
	uint16_t own;        /* of struct tcp_own */
	uint16_t host;       /* of struct tcp_config: what holds without; NONE */
};

#define NONE UINT16_MAX
#define OWN(field) offsetof(struct tcp_own, field)
#define CFG(field) offsetof(struct tcp_config, field)
#define DAYS_MS 864000000

static const struct row rows[SOCK_OPT_COUNT] = {
	[SOCK_OPT_LINGER] = { -1, DAYS_MS / 1000, 1000, OWN(linger_ms), NONE },
	[SOCK_OPT_SNDBUF] = { 2048, 1 << 30, 1, OWN(snd_buf), CFG(snd_buf_init) },
	[SOCK_OPT_RCVBUF] = { 2048, 1 << 30, 1, OWN(rcv_buf), CFG(rcv_buf_init) },
	[SOCK_OPT_MAXSEG] = { 256, UINT16_MAX, 1, OWN(mss), NONE },
	[SOCK_OPT_KEEPALIVE] = { 0, 1, 1, OWN(keepalive), CFG(keepalive) },
	[SOCK_OPT_KEEP_IDLE_S] = { 1, DAYS_MS / 1000, 1000, OWN(keep_idle_ms), CFG(keep_idle_ms) },
	[SOCK_OPT_KEEP_INTERVAL_S] = { 1, DAYS_MS / 1000, 1000, OWN(keep_interval_ms),
	    CFG(keep_interval_ms) },
	[SOCK_OPT_KEEP_COUNT] = { 1, UINT8_MAX, 1, OWN(keep_count), CFG(keep_count) },
	[SOCK_OPT_USER_TIMEOUT_MS] = { 0, DAYS_MS, 1, OWN(user_timeout_ms), CFG(user_timeout_ms) },
	[SOCK_OPT_SYN_RETRIES] = { 0, UINT8_MAX, 1, OWN(syn_retries), CFG(connect_retries) },
	[SOCK_OPT_TTL] = { -1, UINT8_MAX, 1, OWN(hop_limit), NONE },
	[SOCK_OPT_DSCP] = { 0, 63, 1, OWN(dscp), NONE },
};

static uint32_t
read_at(const void *from, uint16_t offset)
{
	uint32_t v;

	memcpy(&v, (const uint8_t *)from + offset, sizeof(v));
	return v;
}

/* The whole set takes effect, or nothing. */
static int
take(struct sock_host *h, struct sock *k, const struct tcp_own *own)
{
	int r = 0;

	if (k->t != NULL)
		r = tcp_set_own(k->t, own, h->now);
	else if (k->kind == SOCK_LISTENER)
		r = tcp_listen_own(h->stack, k->local.port, own);
	if (r < 0)
		return r == -R_TCP_OWN ? -ENOBUFS : -EINVAL;
	k->own = *own;
	host_run(h);
	return 0;
}

static int
cork(struct sock_host *h, struct sock *k, bool on)
{
	k->cork = on;
	if (k->t != NULL)
		tcp_hold(k->t, on);
	host_run(h);
	return 0;
}

/* What is held back leaves; what is written later is held again. */
static void
push(struct sock_host *h, struct sock *k)
{
	(void)cork(h, k, false);
	(void)cork(h, k, true);
}

int
sock_set(struct sock_host *h, int s, enum sock_option o, int64_t value)
{
	struct sock *k = sock_at(h, s);
	struct tcp_own own;
	const struct row *r;
	uint32_t v;

	if (k == NULL)
		return -EBADF;
	if ((unsigned)o >= SOCK_OPT_COUNT || o == SOCK_OPT_ACCEPTING)
		return -ENOPROTOOPT;
	own = k->own;
	if (o == SOCK_OPT_CORK || o == SOCK_OPT_NODELAY) {
		if (value != 0 && value != 1)
			return -EINVAL;
		if (o == SOCK_OPT_CORK)
			return cork(h, k, value == 1);
		own.nagle = value == 0;
		if (value == 1 && k->cork)
			push(h, k);
		return take(h, k, &own);
	}
	r = &rows[o];
	if (value < r->min || value > r->max || (o == SOCK_OPT_TTL && value == 0))
		return -EINVAL;
	if (o == SOCK_OPT_MAXSEG && k->kind != SOCK_FRESH && k->kind != SOCK_LISTENER)
		return -EISCONN;
	v = value == HOST_VALUE ? TCP_HOST : (uint32_t)value * r->scale;
	memcpy((uint8_t *)&own + r->own, &v, sizeof(v));
	return take(h, k, &own);
}

/* What the connection has, where that is more than what was asked for. */
static bool
measured(const struct sock_host *h, const struct sock *k, enum sock_option o, int64_t *value)
{
	struct tcp_info info;

	if (k->t == NULL || (o != SOCK_OPT_MAXSEG && o != SOCK_OPT_SNDBUF && o != SOCK_OPT_RCVBUF))
		return false;
	tcp_get_info(k->t, h->now, &info);
	if (o == SOCK_OPT_MAXSEG)
		*value = info.mss;
	else
		*value = o == SOCK_OPT_SNDBUF ? info.snd_buf : info.rcv_buf;
	return true;
}

/* Where neither the socket nor the configuration says anything. */
static int64_t
fallback(const struct sock_host *h, const struct sock *k, enum sock_option o)
{
	switch (o) {
	case SOCK_OPT_MAXSEG:
		return k->family == 4 ? h->cfg.mss4 : h->cfg.mss6;
	case SOCK_OPT_TTL:
		return NET_HOP_LIMIT;
	case SOCK_OPT_DSCP:
		return 0;
	default:
		return -1; /* linger: off */
	}
}

static int64_t
setting(const struct sock_host *h, const struct sock *k, enum sock_option o)
{
	const struct row *r = &rows[o];
	uint32_t v = read_at(&k->own, r->own);

	if (v == TCP_HOST && r->host == NONE)
		return fallback(h, k, o);
	if (v == TCP_HOST)
		v = read_at(&h->cfg, r->host);
	return v / r->scale;
}

int
sock_get(const struct sock_host *h, int s, enum sock_option o, int64_t *value)
{
	const struct sock *k = sock_at(h, s);

	if (k == NULL)
		return -EBADF;
	if ((unsigned)o >= SOCK_OPT_COUNT)
		return -ENOPROTOOPT;
	if (o == SOCK_OPT_ACCEPTING)
		*value = k->kind == SOCK_LISTENER;
	else if (o == SOCK_OPT_CORK)
		*value = k->cork;
	else if (o == SOCK_OPT_NODELAY)
		*value = !(k->own.nagle != TCP_HOST ? k->own.nagle : h->cfg.nagle);
	else if (!measured(h, k, o, value))
		*value = setting(h, k, o);
	return 0;
}

int
sock_congestion(struct sock_host *h, int s, const char *name)
{
	struct sock *k = sock_at(h, s);
	int algo = tcp_congestion(name);
	struct tcp_own own;

	if (k == NULL)
		return -EBADF;
	if (algo < 0 || name == NULL)
		return -ENOENT;
	own = k->own;
	own.congestion = (uint32_t)algo;
	return take(h, k, &own);
}
